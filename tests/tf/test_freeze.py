"""What TensorFlow freezes, frozen here: the same graph; and what it refuses or leaves broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.index import Index
from proto_utils import schema
from tests.tf.judge import TensorFlow
from tests.tf.thawing import assert_runs_equal, assert_sound, assert_trains

NETS = ("mobile", "unfused", "transposed", "text", "loop", "branches", "dtypes", "awkward")
FIXTURES = ("cond", "dtypes", "lstm_loop", "mobile_cnn", "partitioned", "resource_cnn")


def frozen(prefix: str | Path, outputs: list[str], **options: Any) -> gs.Model:
    """The model of a meta graph and its checkpoint, frozen."""
    model = gs.load(f"{prefix}.meta")
    gs.freeze(model, outputs=tuple(outputs), **options)
    return model


def serialized(model: gs.Model) -> bytes:
    """The GraphDef with its maps in order."""
    return schema.serialize(model.to_graph_def())


def assert_freezes_alike(tf: TensorFlow, prefix: str | Path, outputs: list[str], directory: Path) -> None:
    """TensorFlow's own frozen graph, byte for byte."""
    tf.call("freezing:freeze", prefix=str(prefix), outputs=outputs, path=str(directory / "tf.pb"))
    ours = frozen(prefix, outputs)
    theirs = schema.GraphDef.FromString((directory / "tf.pb").read_bytes())
    if tf.is_v1:
        # 1.15 drops the versions, and keeps the shapes it had inferred.
        ours.rest.ClearField("versions")
        theirs = _without_shapes(theirs)
    assert serialized(ours) == schema.serialize(theirs)


def _without_shapes(graph: schema.GraphDef) -> schema.GraphDef:
    """2.21 drops `_output_shapes` on the way from a variable; what 1.15 keeps there is taken out."""
    model = gs.Model.from_graph_def(graph)
    index = Index(model.graph)
    waiting = [node.name for node in model.graph if node.op == "Const"]
    while waiting:
        for reader, _ in index.consumers(waiting.pop()):
            if reader.op in ("Identity", "Enter", "Exit", "Switch", "Merge", "NextIteration"):
                reader.attrs.pop("_output_shapes", None)
                waiting.append(reader.name)
    without: schema.GraphDef = model.to_graph_def()
    return without


@pytest.mark.parametrize("resource", [False, True], ids=["ref", "resource"])
@pytest.mark.parametrize("net", NETS)
def test_equals_tensorflows_own(tf2: TensorFlow, tmp_path: Path, net: str, resource: bool):
    made = tf2.call(
        "making:make", net=net, directory=str(tmp_path), resource=resource, trained=net not in ("loop", "dtypes")
    )
    assert_freezes_alike(tf2, made["prefix"], made["outputs"], tmp_path)


@pytest.mark.parametrize("name", FIXTURES)
def test_equals_tensorflows_own_on_the_fixtures(tf2: TensorFlow, tmp_path: Path, fixtures: Path, name: str):
    graph = gs.load(fixtures / f"{name}.pb").graph
    index = Index(graph)
    outputs = [node.name for node in graph if not index.edges(node.name)]
    assert_freezes_alike(tf2, fixtures / f"{name}.ckpt", outputs, tmp_path)


# In the shapes that 1.15 keeps on what were gathers of resources, 2.21 and we differ from it.
@pytest.mark.parametrize(
    ("net", "resource"), [("mobile", False), ("mobile", True), ("text", False), ("branches", False), ("branches", True)]
)
def test_equals_tensorflow_1s_own(tf1: TensorFlow, tmp_path: Path, net: str, resource: bool):
    made = tf1.call("making:make", net=net, directory=str(tmp_path), resource=resource)
    assert_freezes_alike(tf1, made["prefix"], made["outputs"], tmp_path)


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("net", ["loop", "branches"])
def test_functions_take_values(tf2: TensorFlow, tmp_path: Path, net: str, kind: str):
    """That the bytes are TensorFlow's is in `test_freeze_functions`; what the graph computes is too."""
    made = tf2.call("making:make", net=net, directory=str(tmp_path), resource=kind == "resource", control_flow_v2=True)
    model = frozen(made["prefix"], made["outputs"])
    gs.save(model, tmp_path / "ours.pb")
    assert_runs_equal(tf2, tmp_path / "ours.pb", made["prefix"], made["outputs"])


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_partitioned_variables(tf2: TensorFlow, tmp_path: Path, kind: str):
    made = tf2.call("making:make", net="text", directory=str(tmp_path), partitions=2, resource=kind == "resource")
    gs.save(frozen(made["prefix"], made["outputs"]), tmp_path / "ours.pb")
    assert_runs_equal(tf2, tmp_path / "ours.pb", made["prefix"], made["outputs"])


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_kept_variables_are_restored_and_train(tf2: TensorFlow, tmp_path: Path, kind: str):
    made = tf2.call("making:make", net="mobile", directory=str(tmp_path), resource=kind == "resource")
    kept = sorted(made["variables"])[-2:]
    model = frozen(made["prefix"], made["outputs"], keep=tuple(kept))
    assert sorted(model.variables) == kept
    prefix = tmp_path / "part.ckpt"
    gs.save(model, prefix)
    assert_sound(tf2, prefix, kept)
    assert_runs_equal(tf2, made["pb"], prefix, made["outputs"])
    assert_trains(tf2, prefix, made["outputs"])
