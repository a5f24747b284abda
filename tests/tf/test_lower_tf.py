"""What `lower` makes computes the same to the bit, has the nodes of TensorFlow's own lowering, and trains."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

NETS = ["loop", "no_invariants", "until", "cond", "case", "case_out_of_range", "nested", "loop_in_cond"]
NETS += ["case_in_loop", "call_in_loop", "loop_in_call", "map_of_map", "scan"]
KERAS = ["lstm", "bidirectional_gru", "stack"]
FUNCTIONAL = {"While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase"}
CALLS = {"PartitionedCall", "StatefulPartitionedCall"}


def lowered(source: str | Path, target: Path) -> gs.Model:
    model = gs.load(source)
    gs.lower(model)
    assert not {node.op for node in model.graph} & (FUNCTIONAL | CALLS)
    assert not model.library.functions
    gs.save(model, target)
    return model


@pytest.mark.parametrize("net", NETS)
def test_values_are_the_same(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str):
    pb = tf2.call("lowering:make", net=net, directory=str(tmp_path), path=str(tmp_path / "eager.npz"))
    before, after = gs.load(pb), lowered(pb, tmp_path / "after.pb")
    for seed in (7, 8, 9):
        assert same(tf2, Path(pb), tmp_path / "after.pb", net, seed)
    if any(node.op == "StatelessCase" for _, graph in before.graphs() for node in graph):
        return  # which TensorFlow 1.15 has not
    gs.downgrade(before, to="1.15")
    gs.downgrade(after, to="1.15")
    gs.save(before, tmp_path / "old.pb")
    gs.save(after, tmp_path / "old_after.pb")
    assert same(tf1, tmp_path / "old.pb", tmp_path / "old_after.pb", net, 7)


def same(tensorflow: TensorFlow, pb: Path, other: Path, net: str, seed: int) -> bool:
    """Whether two graphs compute the same to the bit, or nearly where one has calls, which run with other kernels."""
    how: dict[str, Any] = {"pb": str(pb), "others": [str(other)], "outputs": ["output:0"], "seed": seed}
    answer = tensorflow.call("judging:compare_frozen", **how)
    assert answer["compared"] == ["output:0"]
    found = answer[str(other)]
    return not found or ("call" in net and found["output:0"]["relative"] < 2e-7)


def test_what_loops_and_branches_change_is_changed_as_often(tf2: TensorFlow, tmp_path: Path):
    source, target = str(tmp_path / "source"), str(tmp_path / "target")
    tf2.call("lowering:make_stateful", directory=source)
    model = gs.load(source)
    gs.lower(model)
    assert not {node.op for node in model.graph} & FUNCTIONAL
    # Those that objects export stay for tf.saved_model.load.
    assert model.library.functions
    gs.save(model, target, to="saved_model")
    wanted = tf2.call("lowering:run_stateful", directory=source)
    assert len({str(each) for each in wanted}) > 3
    assert tf2.call("lowering:run_stateful", directory=target) == wanted


@pytest.mark.parametrize("lower", [False, True])
def test_what_tensorflow_2_froze(tf2: TensorFlow, tmp_path: Path, lower: bool):
    """A Case is always lowered there, and what XLA compiles stays a call."""
    made = tf2.call("functional_nets:make", net="control_flow", directory=str(tmp_path), lower=lower)
    model = gs.load(made["pb"])
    report = gs.lower(model)
    assert {row.op for row in report.lowered} == ({"_SwitchN"} if lower else {"_SwitchN", "While", "If"})
    assert not {node.op for node in model.graph} & (FUNCTIONAL | {"_SwitchN"})
    gs.save(model, tmp_path / "after.pb")
    others = [str(tmp_path / "after.pb")]
    if lower:
        raised = gs.load(made["pb"])
        gs.functionalize(raised)
        assert not {node.op for node in raised.graph} & {"Switch", "Merge", "_SwitchN"}
        others.append(str(tmp_path / "raised.pb"))
        gs.save(raised, others[1])
    how: dict[str, Any] = {"pb": made["pb"], "others": others, "outputs": made["outputs"]}
    for seed in (7, 8, 9, 10):
        answer = tf2.call("judging:compare_frozen", seed=seed, **how)
        assert answer["compared"] == made["outputs"]
        assert all(each["relative"] < 1e-6 for each in answer[others[-1]].values())
        # TensorFlow takes other kernels for what it runs as functions.
        differs = answer[str(tmp_path / "after.pb")]
        assert not differs or (not lower and all(each["relative"] < 1e-6 for each in differs.values()))


def facts(name: str, op: str, inputs: Any) -> tuple[str, str, tuple[str, ...]]:
    """A node without the numbers in names; the order of what a Merge reads is its own matter."""
    texts = [without_numbers(text) for text in inputs if text[0] != "^"]
    return without_numbers(name), op, tuple(sorted(texts) if op == "Merge" else texts)


def without_numbers(text: str) -> str:
    return re.sub(r"/_\d+(?=/|$|:|_switch)", "/_", text)


def test_names_are_those_of_tensorflows_own_lowering(tf2: TensorFlow, tmp_path: Path):
    pb = tf2.call("lowering:make", net="cond", directory=str(tmp_path), path=str(tmp_path / "eager.npz"))
    model = lowered(pb, tmp_path / "after.pb")
    wanted = tf2.call("lowering:own_lowering", pb=pb, outputs=["output:0"])
    assert wanted
    ours = {node.name: node.op for node in model.graph if node.op in {op for op, _ in wanted.values()}}
    # What is only there to be waited for TensorFlow takes out again where nothing waits.
    assert ours.items() >= {name: op for name, (op, _) in wanted.items()}.items()
    assert not [name for name in ours.keys() - wanted.keys() if "executed" not in name]


@pytest.mark.parametrize("net", KERAS)
def test_nodes_are_those_that_tensorflow_freezes(tf2: TensorFlow, tmp_path: Path, net: str):
    """But for what keeps old names, and what waits for constants before a loop."""
    functional, theirs = tf2.call(
        "lowering:make_keras", net=net, directory=str(tmp_path), path=str(tmp_path / "wanted.npz")
    )
    model = lowered(functional, tmp_path / "after.pb")
    loops = {row.node for row in gs.lower(gs.load(functional)).lowered}
    ours = Counter(facts(node.name, node.op, node.inputs) for node in model.graph if node.name not in loops)
    wanted = Counter(
        facts(node.name, node.op, node.inputs)
        for node in gs.load(theirs).graph
        if "unused_control_flow_input" not in node.name and "LoopControlInputs" not in node.name
    )
    assert ours - wanted == wanted - ours == Counter()
    how = {"pb": functional, "others": [str(tmp_path / "after.pb"), theirs]}
    answer = tf2.call("judging:compare_frozen", **how)
    assert answer[str(tmp_path / "after.pb")] == answer[theirs] == {}


def by_weight(path: Path) -> dict[bytes, Any]:
    """Gradients by the values of their weights; those of what is not computed with are not there."""
    kept = np.load(path)
    names = [name.removeprefix("gradient/") for name in kept.files if name.startswith("gradient/")]
    return {kept[f"weight/{name}"].tobytes(): kept[f"gradient/{name}"] for name in names}


def relative(found: Any, wanted: Any) -> float:
    return float(np.max(np.abs(found - wanted)) / max(np.max(np.abs(wanted)), 1e-30))


@pytest.mark.parametrize("net", [*NETS, *KERAS])
def test_gradients_in_version_1_are_those_of_eager_tensorflow_2(
    tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str
):
    call, wanted = "lowering:make_keras" if net in KERAS else "lowering:make", tmp_path / "wanted.npz"
    made = tf2.call(call, net=net, directory=str(tmp_path), path=str(wanted))
    model = lowered(made[0] if net in KERAS else made, tmp_path / "after.pb")
    gs.downgrade(model, to="1.15")
    gs.unfreeze(model)
    gs.save(model, tmp_path / "model.ckpt")
    outputs = [each.name for each in model.graph.outputs] if net in KERAS else ["output"]
    # In functions, which eager TensorFlow calls, it may take other kernels; without oneDNN both give the same bits.
    for tensorflow, limit in ((tf2, 5e-7), (tf1, 2e-6)):
        how: dict[str, Any] = {"prefix": str(tmp_path / "model.ckpt"), "outputs": outputs, "steps": 0}
        path = tmp_path / f"{tensorflow.version}.npz"
        tensorflow.call("loop_training:train", path=str(path), **how)
        found, original = by_weight(path), by_weight(wanted)
        assert original.keys() == found.keys()
        assert {distance for key in original if (distance := relative(found[key], original[key])) > limit} == set()


def test_graphs_of_others(shared_models: Path):
    found = sorted(shared_models.glob("**/functional-*.pbtxt"))
    found += sorted(shared_models.glob("**/model_push/*/saved_model.pb"))
    if not found:
        pytest.skip("no graph with functional control flow is beside this checkout")
    for path in found:
        model = gs.load(path)
        assert gs.lower(model).lowered
        assert not {node.op for node in model.graph} & FUNCTIONAL
        assert not [each for each in gs.verify(model) if each.severity == "error"]
