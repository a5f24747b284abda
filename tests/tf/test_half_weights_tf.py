"""Graphs that compute in half precision, run by TensorFlow before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

#: How far apart outputs may be, relative to the greatest; float16 has 11 bits, bfloat16 8.
NETS = ["mobile", "unfused", "transposed", "text", "loop", "branches", "normalized", "awkward"]
#: Nets whose weights are all read through branches, and too small to be cast there.
WITHOUT = {"branches"}
CLOSE: dict[Literal["float16", "bfloat16"], float] = {"float16": 1e-2, "bfloat16": 1e-1}


@pytest.mark.parametrize("net", NETS)
def test_frozen_nets(tf: TensorFlow, tmp_path: Path, net: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    others = {}
    for dtype, bound in CLOSE.items():
        model = gs.load(made["pb"])
        report = gs.half_weights(model, dtype=dtype, outputs=outputs)
        assert report.weights or net in WITHOUT, report.kept
        assert not [row for row in report.weights if "moving" in row.node]
        path = tmp_path / f"{dtype}.pb"
        gs.save(model, path)
        others[str(path)] = bound
        # Every weight is found again by its name.
        names = [{each.name for each in gs.unfreeze(gs.load(each)).variables} for each in (made["pb"], path)]
        assert names[0] == names[1]
    answer = tf.call("judging:compare_frozen", pb=made["pb"], others=list(others), outputs=outputs)
    assert answer["compared"]
    for after, bound in others.items():
        for name, difference in answer[after].items():
            if "bfloat16" in after and "No OpKernel" in difference["how"]:
                continue  # TensorFlow 1.15 has few kernels for it
            assert difference["relative"] is not None, (after, name, difference)
            assert difference["relative"] < bound, (after, name, difference)
        if "/float16" in after:
            assert answer[after] or net in WITHOUT


def test_layers_with_norms_and_scales(tf: TensorFlow, tmp_path: Path):
    paths = tf.call("folding:make", directory=str(tmp_path))
    # Without layers that are float32 and can be half, or with one that the oldest TensorFlow cannot run; with NaN.
    unchanged = {"half", "half_overflow", "double", "gram", "volumes_transposed", "depthwise_dilated"}
    for name in paths.keys() - {"bad_variance", "grouped"}:
        path = paths[name]
        model, after = gs.load(path), tmp_path / f"{name}-half.pb"
        report = gs.half_weights(model, outputs="out")
        gs.save(model, after)
        answer = tf.call("judging:compare_frozen", pb=path, others=[str(after)], outputs=["out"])
        assert answer["compared"], name
        assert bool(report.num_nodes) == (name not in unchanged), name
        for difference in answer[str(after)].values():
            assert difference["relative"] is not None, (name, difference)
            assert difference["relative"] < CLOSE["float16"], (name, difference)


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("net", NETS)
def test_graphs_with_their_checkpoints(tf: TensorFlow, tmp_path: Path, net: str, *, resource: bool):
    made = tf.call("making:make", net=net, directory=str(tmp_path), resource=resource)
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    frozen = gs.load(made["pb"])
    constants = {row.node for row in gs.half_weights(frozen, outputs=outputs).weights}
    for wanted in (outputs, []):
        model, prefix = gs.load(made["prefix"]), str(tmp_path / "half" / f"{len(wanted)}.ckpt")
        report = gs.half_weights(model, outputs=wanted)
        gs.save(model, prefix)
        halves = {row.node for row in report.weights}
        # What is half in the frozen graph is so where the weights are variables, but for what no variable is, and what
        # contexts of loops name.
        assert constants & {row.node for row in report.kept if "named around the graph" not in row.reason} == set()
        answer = tf.call("judging:compare_restored", pb=made["pb"], prefix=prefix, outputs=made["outputs"])
        assert answer["compared"]
        for name, difference in answer["differ"].items():
            assert difference["relative"] is not None, (name, difference)
            assert difference["relative"] < CLOSE["float16"], (name, difference)
        # The saver restores and saves all of it, initializers run, and the variables are of their types.
        assert tf.call("judging:restore_by_name", prefix=prefix) == tf.call("judging:checkpoint", prefix=prefix)
        assert tf.call("judging:initialize", prefix=prefix) == {"uninitialized": [], "not_zero": []}
        variables = tf.call("judging:variables", prefix=prefix)["variables"]
        typed = {name for name, facts in variables.items() if facts["dtype"] == "float16"}
        assert typed == halves - {node.name for node in gs.load(made["prefix"]).graph.nodes_of(("Const",))}
        # Freezing gives what half-weights makes of the frozen graph.
        gs.freeze(model, outputs=outputs)
        again = tmp_path / "again.pb"
        gs.save(model, again, force=True)
        answer = tf.call("judging:compare_restored", pb=str(again), prefix=prefix, outputs=made["outputs"])
        assert answer["compared"]
        assert answer["differ"] == {}


def test_training_goes_first(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="mobile", directory=str(tmp_path), trained=True)
    model = gs.load(made["prefix"])
    with pytest.raises(gs.PassError, match="are still changed"):
        gs.half_weights(model)
    gs.strip_optimizer(model.variables, model=model)
    prefix = str(tmp_path / "half.ckpt")
    assert gs.half_weights(model, outputs=made["outputs"]).weights
    gs.save(model, prefix)
    answer = tf.call("judging:compare_restored", pb=made["pb"], prefix=prefix, outputs=made["outputs"])
    assert answer["compared"]
    assert all(each["relative"] < CLOSE["float16"] for each in answer["differ"].values())


def test_weights_in_function_bodies(tf2: TensorFlow, tmp_path: Path):
    before, after = tmp_path / "net.pb", tmp_path / "half.pb"
    outputs = tf2.call("functional_nets:make_with_inner_weights", path=str(before))
    model = gs.load(before)
    report = gs.half_weights(model, outputs=outputs)
    assert len(report.weights) == 4, report
    gs.save(model, after)
    answer = tf2.call("judging:compare_frozen", pb=str(before), others=[str(after)], outputs=outputs)
    assert answer["compared"]
    (difference,) = answer[str(after)].values()
    assert difference["relative"] is not None, difference
    assert difference["relative"] < CLOSE["float16"], difference
