"""Contexts that were rebuilt: TensorFlow trains what was unfrozen as it trained what had been frozen.

Each net and each kind of proof once; with GRAPHSURGEON_ALL_MODELS in the environment each proof for each net, and all
public graphs. Tests are parametrized by net with the scope of the module, so that those of a net run together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.variables.layout import VariableKind
from tests.passes.harness import KINDS
from tests.tf.judge import JudgeError, TensorFlow

NETS = (
    "nested", "cond", "nested_cond", "cond_in_while", "while_in_cond", "cond_mixed", "map_fn", "scan", "embedding",
    "array_loop", "lstm", "lstm_last", "lstm_length", "gru_layers", "bidirectional", "lstm_resource", "keras_lstm",
    "keras_bidirectional", "attention", "beam_search",
)  # fmt: skip
#: TensorFlow 1.15 cannot itself train these when their variables are resources, or does not run what it froze of them.
NOT_WITH_RESOURCES = ("beam_search", "cond_in_while", "embedding")
LOWERED = (
    "cond", "cond_false", "cond_in_while", "passing_in_while", "while_in_cond", "nested", "nested_cond", "keras_lstm",
    "keras_bidirectional",
)  # fmt: skip
ALL = "GRAPHSURGEON_ALL_MODELS" in os.environ
#: Where a graph is trained: as it is, and imported into a scope.
SCOPES = ("", "imported")
#: Nets with variables of the other kind than what was frozen, with resources frozen, and in TensorFlow 2.
OTHER_KIND = ("cond_mixed", "cond_in_while", "nested", "lstm_last")
RESOURCES = ("while_in_cond", "lstm_length", "attention")
IN_TENSORFLOW_2 = ("nested", "cond_in_while", "embedding", "lstm_last", "keras_bidirectional")
TRANSFORMS = {"identities": ["remove_nodes(op=Identity)"], "duplicates": ["merge_duplicate_nodes"]}
#: Where removing Identities leaves a constant of a branch to run in any case: another output than before, by chance.
RACING = ("cond_mixed", "identities")
#: Where sums of gradients come in another order, for ways through the graph are shorter.
REORDERED = ("attention", "identities")

#: By net and transform; each transform makes another thing of what a loop or branch was.
TRANSFORMED = (
    ("nested", "identities"), ("cond_mixed", "identities"), ("lstm_last", "identities"), ("attention", "identities"),
    ("cond_in_while", "duplicates"), ("lstm_last", "duplicates"), ("beam_search", "duplicates"),
)  # fmt: skip
#: Bytes of the greatest public graph that is tried each time.
SMALL = 200_000

Trained = Mapping[str, Any]


@pytest.fixture(scope="module")
def original(tf1: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """The facts of a net, with what training it gives, each made once."""
    directory = tmp_path_factory.mktemp("nets")
    found: dict[tuple[str, bool], dict[str, Any]] = {}

    def make(net: str, resource: bool = False) -> dict[str, Any]:
        if (net, resource) not in found:
            facts = tf1.call("loop_training:make", net=net, directory=str(directory), resource=resource)
            facts["trained"] = train(tf1, facts["prefix"], facts, directory / "trained")
            found[net, resource] = facts
        return found[net, resource]

    return make


def train(tf: TensorFlow, prefix: str | Path, facts: dict[str, Any], directory: Path, scope: str = "") -> Trained:
    path = directory / f"{Path(prefix).name}{scope}.npz"
    options = {"trainable": facts["trainable"], "outputs": facts["outputs"], "scope": scope}
    assert tf.call("loop_training:train", prefix=str(prefix), path=str(path), **options) == []
    with np.load(path) as arrays:
        return dict(arrays)


def thawed(pb: str | Path, prefix: Path, kind: VariableKind = "ref") -> Path:
    """Unfreeze a graph; what comes back by freezing is the same to the byte."""
    model = gs.load(str(pb))
    report = gs.unfreeze(model, variables=kind)
    assert report.contexts
    assert not [row for row in report.contexts if row.reason]
    gs.save(model, str(prefix), force=True)
    again = gs.load(str(prefix))
    gs.freeze(again, outputs="output")
    gs.save(again, f"{prefix}.pb")
    assert Path(f"{prefix}.pb").read_bytes() == Path(pb).read_bytes()
    return prefix


def differences(found: Trained, wanted: Trained) -> dict[str, float]:
    """Where two trainings differ, relative to the greatest value."""
    assert found.keys() == wanted.keys()
    unequal = [key for key in wanted if found[key].tobytes() != wanted[key].tobytes()]
    scales = {key: max(float(np.max(np.abs(wanted[key]))), 1e-30) for key in unequal}
    return {key: float(np.max(np.abs(found[key] - wanted[key]))) / scales[key] for key in unequal}


def ways() -> list[tuple[str, VariableKind, str]]:
    """Each net, the kind of its variables, and where it is imported."""
    kinds: tuple[VariableKind, ...] = ("ref", "resource")
    if ALL:
        return [(net, kind, scope) for net in NETS for kind in kinds for scope in SCOPES]
    refs: list[tuple[str, VariableKind, str]] = [(net, "ref", SCOPES[at % 2]) for at, net in enumerate(NETS)]
    return refs + [(net, "resource", SCOPES[at % 2]) for at, net in enumerate(OTHER_KIND)]


@pytest.mark.tf1
@pytest.mark.parametrize(("net", "kind", "scope"), ways(), scope="module")
def test_bit_equal_to_the_graph_that_was_frozen(
    original: Callable[..., dict[str, Any]], tf1: TensorFlow, tmp_path: Path, net: str, kind: VariableKind, scope: str
):
    facts = original(net)
    prefix = thawed(facts["pb"], tmp_path / net, kind)
    assert differences(train(tf1, prefix, facts, tmp_path, scope), facts["trained"]) == {}


@pytest.mark.tf1
@pytest.mark.parametrize(
    "net", [net for net in NETS if net not in NOT_WITH_RESOURCES] if ALL else RESOURCES, scope="module"
)
def test_bit_equal_where_resources_were_frozen(
    original: Callable[..., dict[str, Any]], tf1: TensorFlow, tmp_path: Path, net: str
):
    facts = original(net, resource=True)
    prefix = thawed(facts["pb"], tmp_path / net, "resource")
    assert differences(train(tf1, prefix, facts, tmp_path), facts["trained"]) == {}


@pytest.mark.tf
@pytest.mark.tf1
@pytest.mark.parametrize("net", NETS if ALL else IN_TENSORFLOW_2, scope="module")
def test_tensorflow_2_in_v1_mode(original: Callable[..., dict[str, Any]], tf2: TensorFlow, tmp_path: Path, net: str):
    """Gradients are those of the original meta graph in the same TensorFlow; kernels differ from 1.15 in last bits."""
    facts = original(net)
    prefix = thawed(facts["pb"], tmp_path / net, "resource" if net.startswith("keras") else "ref")
    # TensorFlow 2 does not know an op of the decoder's original graph, which is not needed for the scores.
    own = train(tf2, facts["prefix"], facts, tmp_path) if net != "beam_search" else None
    for scope in SCOPES if ALL else SCOPES[1:]:
        found = train(tf2, prefix, facts, tmp_path, scope)
        assert own is None or differences(found, own) == {}
        for key, difference in differences(found, facts["trained"]).items():
            assert difference <= (2e-5 if key.startswith("weight") else 2.5e-6), key


@pytest.mark.tf1
@pytest.mark.parametrize(
    ("net", "transform"),
    [(net, transform) for net in NETS for transform in TRANSFORMS] if ALL else TRANSFORMED,
    scope="module",
)
def test_what_the_graph_transform_tool_made(
    original: Callable[..., dict[str, Any]], tf1: TensorFlow, tmp_path: Path, net: str, transform: str
):
    facts, pb = original(net), str(tmp_path / "transformed.pb")
    tf1.call("transforming:transform", pb=facts["pb"], target=pb, outputs=["output"], transforms=TRANSFORMS[transform])
    model = gs.load(pb)
    gs.fix(model)
    if (net, transform) == RACING:
        with pytest.raises(gs.PassError, match="does not join the two branches"):
            gs.rebuild_contexts(model)
        return
    gs.unfreeze(model)
    gs.save(model, str(tmp_path / net))
    found = differences(train(tf1, tmp_path / net, facts, tmp_path), facts["trained"])
    assert not found or ((net, transform) == REORDERED and max(found.values()) < 1e-6)


@pytest.mark.tf
@pytest.mark.parametrize(
    ("net", "kind"),
    [(net, kind) for at, net in enumerate(LOWERED) for kind in (KINDS if ALL else KINDS[at % 2 :][:1])],
)
def test_what_tensorflow_2_lowered(tf2: TensorFlow, tmp_path: Path, net: str, kind: VariableKind):
    """Its own Merges have their branches the other way round, and one Switch serves both."""
    made = tf2.call("lowered_nets:make", net=net, directory=str(tmp_path))
    model = gs.load(made["pb"])
    report = gs.unfreeze(model, variables=kind)
    assert report.contexts
    assert not [row for row in report.contexts if row.reason]
    gs.save(model, str(tmp_path / "thawed"))
    options = {"output": made["output"], "gradients": made["gradients"]}
    found = tf2.call("lowered_nets:compare", prefix=str(tmp_path / "thawed"), **options)
    assert max(found.values()) <= (2e-7 if net == "nested" else 0)


@pytest.mark.tf1
def test_public_graphs(shared_models: Path, tf1: TensorFlow, tmp_path: Path):
    """Every graph with loops or conditionals gets contexts, and gradients, but for contrib's LSTMBlockCell."""
    count, failed = 0, {}
    for path in sorted(shared_models.rglob("*.pb")):
        if not ALL and path.stat().st_size > SMALL:
            continue
        try:
            model = gs.load(str(path))
        except GraphSurgeonError:
            continue
        if {"Switch", "Enter"}.isdisjoint(model.graph.ops):
            continue
        assert gs.rebuild_contexts(model).contexts
        gs.save(model, str(tmp_path / "public.meta"), to="meta_graph", drop_values=True, force=True)
        count += 1
        try:
            _, error = tf1.call("loop_training:differentiate", meta=str(tmp_path / "public.meta"))
        except JudgeError as raised:
            error = raised.message
        if error:
            failed[str(path)] = error
    assert count > (30 if ALL else 10)
    allowed = ("cell_size from `cs_prev` should not be None", "Op type not registered")
    assert [error for error in failed.values() if not any(each in error for each in allowed)] == []
