"""Loops and branches that became functions compute the same to the bit, and eager TensorFlow 2 differentiates them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.cli.run import run
from tests.tf.judge import TensorFlow

NETS = ["nested", "cond", "nested_cond", "cond_in_while", "while_in_cond", "cond_mixed", "map_fn", "scan", "embedding"]
NETS += ["array_loop", "lstm", "lstm_last", "lstm_length", "gru_layers", "bidirectional", "lstm_resource"]
NETS += ["keras_lstm", "keras_bidirectional", "attention"]
#: With ops of contrib around what is judged, which TensorFlow 2 has not.
FOREIGN = ["beam_search"]
KERAS = ["lstm", "bidirectional_gru", "lstm_stack"]
LOWERED = ["cond", "case", "case_out_of_range", "nested", "loop_in_cond", "case_in_loop", "map_of_map", "scan"]
FROZEN_LOWERED = ["cond", "cond_in_while", "passing_in_while", "while_in_cond", "nested", "nested_cond"]
LIMIT = 2e-6
V1_OPS = {"Enter", "Exit", "Merge", "Switch", "NextIteration", "LoopCond", "TensorArrayV3"}


def functionalized(source: Path, target: Path, **options: Any) -> gs.Model:
    model = gs.load(source)
    if options:
        gs.unfreeze(model, **options)
    gs.functionalize(model)
    assert V1_OPS.isdisjoint(node.op for node in model.graph)
    gs.save(model, target, to="saved_model" if options else None)
    return model


@pytest.mark.parametrize("net", LOWERED)
def test_what_lower_made(tf2: TensorFlow, tmp_path: Path, net: str):
    """It goes back, with the values of the graph that was lowered."""
    pb = tf2.call("lowering:make", net=net, directory=str(tmp_path), path=str(tmp_path / "eager.npz"))
    model = gs.load(pb)
    gs.lower(model)
    gs.functionalize(model)
    assert_equal_values(tf2, pb, model, tmp_path, "output:0")


@pytest.mark.parametrize("net", FROZEN_LOWERED)
def test_what_tensorflow_2_lowered(tf2: TensorFlow, tmp_path: Path, net: str):
    made = tf2.call("lowered_nets:make", net=net, directory=str(tmp_path))
    model = gs.load(made["pb"])
    gs.functionalize(model)
    assert_equal_values(tf2, made["pb"], model, tmp_path, made["output"])


def assert_equal_values(tf2: TensorFlow, pb: str, model: gs.Model, directory: Path, output: str) -> None:
    """Compare with three seeds, so that other branches are taken."""
    assert V1_OPS.isdisjoint(node.op for node in model.graph)
    after = str(directory / "after.pb")
    gs.save(model, after)
    for seed in (7, 8, 9):
        answer = tf2.call("judging:compare_frozen", pb=pb, others=[after], outputs=[output], seed=seed)
        assert (answer["compared"], answer[after]) == ([output], {})


def test_what_lowered_loops_and_branches_change_is_changed_as_often(tf2: TensorFlow, tmp_path: Path):
    """Also where it is only waited for, and in the same order."""
    source, target = str(tmp_path / "source"), str(tmp_path / "target")
    tf2.call("lowering:make_stateful", directory=source)
    model = gs.load(source)
    gs.lower(model)
    gs.functionalize(model)
    assert V1_OPS.isdisjoint(node.op for node in model.graph)
    gs.save(model, target, to="saved_model")
    wanted = tf2.call("lowering:run_stateful", directory=source)
    assert tf2.call("lowering:run_stateful", directory=target) == wanted


def relative(found: Any, wanted: Any) -> float:
    return float(np.max(np.abs(found - wanted)) / max(np.max(np.abs(wanted)), 1e-30))


@pytest.mark.parametrize("net", [*NETS, *FOREIGN])
def test_values_are_the_same(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str):
    made = tf1.call("loop_training:make", net=net, directory=str(tmp_path))
    functionalized(made["pb"], tmp_path / "after.pb")
    how = {"pb": made["pb"], "others": [str(tmp_path / "after.pb")], "outputs": made["outputs"]}
    answer = tf2.call("judging:compare_frozen", **how)
    assert answer["compared"] == made["outputs"]
    assert answer[str(tmp_path / "after.pb")] == {}


@pytest.mark.parametrize("net", [*NETS, *FOREIGN])
def test_gradients_of_what_was_unfrozen(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str):
    """A SavedModel brings functions for eager TensorFlow 2; sessions load the graph, and freezing gives it back."""
    made = tf1.call("loop_training:make", net=net, directory=str(tmp_path))
    saved("unfreeze", made["pb"], tmp_path / "model", "--variables", "resource")
    assert_gradients(tf1 if net in FOREIGN else tf2, tf2, made, tmp_path)
    equal = tf1.call("saved_models:outputs_as_frozen", pb=made["pb"], directory=str(tmp_path / "model"))
    assert equal == ["output"]
    model = gs.load(tmp_path / "model")
    gs.freeze(model, outputs=("output",))
    gs.save(model, tmp_path / "again.pb")
    assert (tmp_path / "again.pb").read_bytes() == Path(made["pb"]).read_bytes()


@pytest.mark.parametrize("net", ["lstm", "cond_in_while", "while_in_cond", "array_loop"])
def test_gradients_of_a_graph_of_functions(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str):
    made = tf1.call("loop_training:make", net=net, directory=str(tmp_path))
    functionalized(made["pb"], tmp_path / "model", variables="resource")
    assert_gradients(tf2, tf2, made, tmp_path)


@pytest.mark.parametrize("net", ["lstm_resource", "nested", "cond_in_while", "while_in_cond", "embedding"])
def test_gradients_with_handles_in_loops(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str):
    """A graph that was never frozen reads its variables inside of its loops."""
    made = tf1.call("loop_training:make", net=net, directory=str(tmp_path), resource=True)
    saved("convert", made["prefix"], tmp_path / "model")
    assert gs.load(tmp_path / "model").library.functions == {}
    assert_gradients(tf2, tf2, made, tmp_path)


def saved(verb: str, source: str, target: Path, *options: str, output: str = "output") -> None:
    """Let a verb write a SavedModel of the one output."""
    assert run([verb, source, "-o", f"{target}/", "--to", "saved_model", "--outputs", output, "--quiet", *options]) == 0


def assert_gradients(judge: TensorFlow, tf2: TensorFlow, made: dict[str, Any], directory: Path) -> None:
    """Those in eager TensorFlow are those in version 1 mode for the graph as its program saved it."""
    found = directory / "eager.npz"
    answer = tf2.call("eager_gradients:gradients", directory=str(directory / "model"), path=str(found))
    assert answer["missing"] == []
    how = {"prefix": made["prefix"], "outputs": made["outputs"], "trainable": made["trainable"], "steps": 0}
    assert judge.call("loop_training:train", path=str(directory / "wanted.npz"), **how) == []
    eager, wanted = np.load(found), np.load(directory / "wanted.npz")
    names = [f"gradient/{name}" for name in made["trainable"]]
    assert {name: d for name in names if (d := relative(eager[name], wanted[name])) > LIMIT} == {}


@pytest.mark.parametrize("net", KERAS)
def test_keras_gradients_are_exact(tf2: TensorFlow, tmp_path: Path, net: str):
    """A Keras model whose loops were lowered when it was frozen."""
    pb = tf2.call("eager_gradients:make_keras", net=net, directory=str(tmp_path), path=str(tmp_path / "wanted.npz"))
    saved("unfreeze", pb, tmp_path / "model", "--variables", "resource", output="Identity")
    answer = tf2.call("eager_gradients:gradients", directory=str(tmp_path / "model"), path=str(tmp_path / "eager.npz"))
    assert answer["missing"] == []
    found, original = by_weight(tmp_path / "eager.npz"), by_weight(tmp_path / "wanted.npz")
    assert found.keys() == original.keys()
    assert {key for key in found if not np.array_equal(found[key], original[key])} == set()


def by_weight(path: Path) -> dict[bytes, Any]:
    """Gradients by the values of their weights."""
    kept = np.load(path)
    names = [name.removeprefix("weight/") for name in kept.files if name.startswith("weight/")]
    return {kept[f"weight/{name}"].tobytes(): kept[f"gradient/{name}"] for name in names}


CHUNKS = 4


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_public_graphs(tf2: TensorFlow, shared_models: Path, tmp_path: Path, chunk: int):
    """Those with loops or branches that TensorFlow runs give the same to the bit."""
    differ, declined, num_compared = {}, {}, 0
    for number, path in enumerate(sorted(shared_models.rglob("*.pb"))[chunk::CHUNKS]):
        if path.name == "saved_model.pb":
            continue
        try:
            model = gs.load(path)
        except gs.GraphSurgeonError:
            continue
        if V1_OPS.isdisjoint(node.op for node in model.graph):
            continue
        read = {text.lstrip("^").partition(":")[0] for node in model.graph for text in node.inputs}
        outputs = [f"{node.name}:0" for node in model.graph if node.name not in read and node.outputs]
        name, after = str(path.relative_to(shared_models)), tmp_path / f"{number}.pb"
        try:
            gs.functionalize(model)
        except gs.PassError as error:
            declined[name] = error.message
            continue
        gs.save(model, after)
        answer = tf2.call("judging:compare_frozen", pb=str(path), others=[str(after)], outputs=outputs)
        num_compared += bool(answer["compared"])
        if answer[str(after)]:
            differ[name] = answer[str(after)]
    assert (differ, declined) == ({}, {})
    assert num_compared > 0
