"""Names that TensorFlow 2 lost: those that readers imply are Keras's own, and Keras's weights go in and out by them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow
from tests.tf.thawing import assert_runs_equal

NETS = (
    "named", "residual", "convolutions", "dense", "attention", "gru", "lstm", "shared", "nested", "sequential", "steps",
    "subclassed", "transfer", "mixed",
)  # fmt: skip
#: What scopes do not tell: models in models that were built alone, and what is in a TimeDistributed.
UNREADABLE = {
    "nested": {f"{layer}/": f"inner/{layer}/" for layer in "cd"},
    "lstm": {"time_distributed/dense/": "time_distributed/"},
    "steps": {
        "time_distributed/conv/": "time_distributed/",
        "time_distributed_1/batch_normalization/": "time_distributed_1/",
        "time_distributed_3/both/": "time_distributed_3/",
    },
}
#: What of these `fit` does not find without `accept_suggestions`, by the form of the file.
SUGGESTED = {("nested", ".h5"), ("nested", "checkpoint"), ("steps", ".h5"), ("steps", "checkpoint")}
#: Layouts that nothing tells: attributes are not in the graph, and one layer or two in a TimeDistributed look alike.
UNTOLD = {"subclassed": "functional or sequential", "steps": "have no place in that layout"}
LOOPS = ("gru", "lstm")


def thawed(pb: str, prefix: Path, **options: Any) -> gs.Model:
    model = gs.load(pb)
    gs.unfreeze(model, **options)
    gs.save(model, str(prefix), force=True)
    return gs.load(str(prefix))


def bits_of(tensors: Mapping[str, gs.Tensor]) -> dict[str, Any]:
    """What the scripts say of the values of weights."""
    return {
        name: [each.dtype.name, [*each.shape], hashlib.sha256(b"".join(map(bytes, each.chunks()))).hexdigest()]
        for name, each in tensors.items()
    }


def named(net: str, weights: Mapping[str, Any]) -> dict[str, Any]:
    """Weights by the names that we give them."""
    found = {}
    for name, facts in weights.items():
        there, here = next((each for each in UNREADABLE.get(net, {}).items() if name.startswith(each[0])), ("", ""))
        found[here + name.removeprefix(there)] = facts
    return found


@pytest.mark.parametrize("net", NETS)
def test_names_are_keras_own_and_what_keras_saved_goes_in_and_out(tf2: TensorFlow, tmp_path: Path, net: str):
    """One test, for making a net takes most of its time."""
    pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    ways = [("traced", True), ("saved_model", False), *([("saved_model", True)] if net in LOOPS else [])]
    made = tf2.call("named_nets:make", net=net, directory=str(tmp_path), ways=ways)
    prefix = tmp_path / "thawed.ckpt"
    for frozen in made["frozen"]:
        _require_named(net, frozen, made["weights"], prefix)
    assert_runs_equal(tf2, frozen["pb"], prefix, frozen["outputs"])
    written = []
    for form, path in made["saved"].items():
        if (net, form) == ("subclassed", "checkpoint"):
            continue  # Keras saves no list of layers in it
        for frozen in made["frozen"]:
            model = thawed(frozen["pb"], prefix)
            weights = gs.load_checkpoint(path) if form == "checkpoint" else gs.import_tensors(path)
            gs.fit(model, weights, accept_suggestions=(net, form) in SUGGESTED)
            assert bits_of(model.variables) == named(net, made["others"])
        gs.save(model, str(prefix), force=True)
        if form != "checkpoint" and (net, form) != ("steps", ".h5"):
            written.append(str(tmp_path / ("exported.h5" if form == ".h5" else f"exported{form}.weights.h5")))
            gs.export_tensors(gs.load_checkpoint(prefix), written[-1], to="keras_h5", like=path)
    if net in UNTOLD:
        with pytest.raises(gs.PassError, match=UNTOLD[net]):
            gs.export(prefix, str(tmp_path / "alone.weights.h5"))
    else:
        written.append(str(tmp_path / "alone.weights.h5"))
        gs.export(prefix, written[-1])
    assert tf2.call("named_nets:loaded", net=net, paths=written) == [made["others"]] * len(written)


def _require_named(net: str, frozen: dict[str, Any], weights: Mapping[str, Any], prefix: Path) -> None:
    """Require Keras's names, and that freezing gives the frozen graph again."""
    model = thawed(frozen["pb"], prefix)
    assert bits_of(model.variables) == named(net, weights)
    outputs = [name.partition(":")[0] for name in frozen["outputs"]]
    gs.freeze(model, outputs=outputs)
    pruned = gs.load(frozen["pb"])
    gs.prune(pruned, outputs=outputs)
    assert model.to_graph_def().SerializeToString() == pruned.to_graph_def().SerializeToString()


def test_keras_of_tensorflow_1_keeps_its_names(tf1: TensorFlow, tmp_path: Path):
    pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    made = tf1.call("named_nets_v1:make", directory=str(tmp_path))
    prefix = tmp_path / "thawed.ckpt"
    model = gs.load(made["pb"])
    report = gs.unfreeze(model)
    assert bits_of(model.variables) == made["weights"]
    assert not [note for note in report.notes if "named after" in note]
    assert not [text for row in report.variables for text in row.evidence if "named after" in text]
    gs.save(model, str(prefix))
    assert_runs_equal(tf1, made["pb"], prefix, made["outputs"])
    exported = str(tmp_path / "exported.h5")
    gs.fit(model, gs.import_tensors(made["saved"]))
    assert bits_of(model.variables) == made["others"]
    gs.export_tensors(model.variables, exported, to="keras_h5", like=made["saved"])
    assert tf1.call("named_nets_v1:loaded", path=exported) == made["others"]
