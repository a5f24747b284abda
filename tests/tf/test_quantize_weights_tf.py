"""Weights in codes of 8 bits: the Graph Transform Tool's graph, and back what TensorFlow's Dequantize gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from tests.tf.judge import TensorFlow


def _tool(tf: TensorFlow, pb: Path, target: Path, outputs: list[str]) -> gs.Model:
    transforms = ["quantize_weights(minimum_size=4)"]
    tf.call(
        "transforming:transform", pb=str(pb), target=str(target), outputs=outputs, inputs=[], transforms=transforms
    )  # fmt: skip
    return gs.load(target)


def test_the_tools_graph_with_the_tools_codes_and_back(tf: TensorFlow, tmp_path: Path):
    pb, ours, theirs, back = (tmp_path / f"{name}.pb" for name in ("weights", "ours", "theirs", "back"))
    outputs = tf.call("quantizing:make", path=str(pb))
    model = gs.load(pb)
    report = gs.quantize_weights(model, minimum_size=4)
    assert len(report.quantized) == len(outputs)
    gs.save(model, ours)
    found: Any = gs.diff(gs.load(ours), _tool(tf, pb, theirs, outputs)).to_json()
    assert found["graph"]["num_equal"] == len(model.graph), found
    assert [row["key"] for row in found["model"]] == ["versions"], found  # which the tool drops
    # What TensorFlow makes of the codes is what comes back, and no farther from the weights than the report says.
    gs.dequantize_weights(model)
    assert {node.op for node in model.graph} == {"Const", "Identity"}
    gs.save(model, back)
    answer = tf.call("judging:compare_frozen", pb=str(ours), others=[str(back)], outputs=outputs)
    assert len(answer["compared"]) == len(outputs)
    assert answer[str(back)] == {}
    weights = gs.load(pb)
    for row in report.quantized:
        before = weights.graph[row.node].tensor.numpy().astype(np.float64)
        error = np.abs(model.graph[row.node].tensor.numpy().astype(np.float64) - before).max()
        assert error <= row.error * (1 + 1e-6) + 1e-45, row
        assert error > row.error / 3 or before.size < 10 or row.node in ("ones", "halves"), row
        assert row.relative == pytest.approx(row.error / np.abs([row.low, row.high]).max())


def test_zeros_of_which_the_tool_makes_nan(tf: TensorFlow, tmp_path: Path):
    pb, ours, theirs = (tmp_path / f"{name}.pb" for name in ("weights", "ours", "theirs"))
    outputs = tf.call("quantizing:make", path=str(pb), zeros=[0.0] * 1024)
    model = gs.load(pb)
    gs.quantize_weights(model, minimum_size=4)
    gs.save(model, ours)
    _tool(tf, pb, theirs, outputs)
    answer = tf.call("judging:compare_frozen", pb=str(pb), others=[str(ours), str(theirs)], outputs=["zeros/read"])
    assert answer[str(ours)] == {}
    assert answer[str(theirs)] != {}


def test_nan_of_which_the_tool_makes_a_code_without_a_word(tf: TensorFlow, tmp_path: Path):
    pb, theirs = tmp_path / "weights.pb", tmp_path / "theirs.pb"
    outputs = tf.call("quantizing:make", path=str(pb), spoiled=[float("nan"), 1.0, 2.0, -1.0])
    codes = _tool(tf, pb, theirs, outputs).graph["spoiled_quantized_const"].tensor.numpy()
    assert codes.dtype == np.uint8
    with pytest.raises(PassError, match="NaN") as caught:
        gs.quantize_weights(gs.load(pb), minimum_size=4)
    assert caught.value.node == "spoiled"


def test_every_mode_type_and_axis(tf: TensorFlow, tmp_path: Path):
    made = tf.call("quantizing:decode", directory=str(tmp_path))
    model, back = gs.load(made["path"]), tmp_path / "back.pb"
    report = gs.dequantize_weights(model)
    assert report.kept == []
    assert len(report.dequantized) == len(made["outputs"])
    assert not model.graph.nodes_of(("Dequantize",))
    gs.save(model, back)
    answer = tf.call("judging:compare_frozen", pb=made["path"], others=[str(back)], outputs=made["outputs"])
    assert len(answer["compared"]) == len(made["outputs"])
    assert answer[str(back)] == {}


@pytest.mark.parametrize("net", ["mobile", "loop", "branches", "text"])
def test_frozen_nets(tf: TensorFlow, tmp_path: Path, net: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    model, after, back = gs.load(made["pb"]), tmp_path / "codes.pb", tmp_path / "back.pb"
    before = [row.name for row in gs.unfreeze(gs.load(made["pb"])).variables]
    report = gs.quantize_weights(model, minimum_size=4)
    assert report.quantized
    gs.save(model, after)
    # Each weight is found as its codes, and on the way back by its name.
    codes = {row.node: f"{row.node}_quantized_const" for row in report.quantized}
    found = {row.name for row in gs.unfreeze(gs.load(after)).variables}
    assert {codes.get(name, name) for name in before} <= found
    gs.dequantize_weights(model)
    gs.save(model, back)
    assert [row.name for row in gs.unfreeze(gs.load(back)).variables] == before
    answer = tf.call("judging:compare_frozen", pb=made["pb"], others=[str(after)], outputs=outputs)
    assert answer["compared"]
    for difference in answer[str(after)].values():
        assert difference["relative"] is None or difference["relative"] < 0.2, difference
        assert difference["relative"] is not None or "greatest difference" in difference["how"], difference
    same = tf.call("judging:compare_frozen", pb=str(after), others=[str(back)], outputs=outputs)
    assert same[str(back)] == {}


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("net", ["mobile", "text", "transposed", "partitioned"])
def test_variables_hold_codes(tf: TensorFlow, tmp_path: Path, net: str, *, resource: bool):
    how = {"partitions": 2} if net == "partitioned" else {}
    made = tf.call("making:make", net="mobile" if how else net, directory=str(tmp_path), resource=resource, **how)
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    model, prefix, frozen = gs.load(made["prefix"]), str(tmp_path / "codes.ckpt"), tmp_path / "codes.pb"
    report = gs.quantize_weights(model, minimum_size=16, exclude="(save|.*Initializer.*)/.*")
    assert report.quantized
    names = [row.node for row in report.quantized]
    gs.save(model, prefix)
    # The saver restores and saves codes, and initializers run.
    assert tf.call("judging:restore_by_name", prefix=prefix) == tf.call("judging:checkpoint", prefix=prefix)
    assert tf.call("judging:initialize", prefix=prefix)["uninitialized"] == []
    variables = tf.call("judging:variables", prefix=prefix)["variables"]
    assert {name for name, facts in variables.items() if facts["dtype"] == "quint8"} == set(names)
    # TensorFlow gives what it gives of the frozen graph, and of the one whose constants are quantized alike.
    gs.freeze(model, outputs=outputs)
    gs.save(model, frozen)
    answer = tf.call("judging:compare_restored", pb=str(frozen), prefix=prefix, outputs=made["outputs"])
    assert answer["compared"]
    assert answer["differ"] == {}
    if not how:
        constants, other = gs.load(made["pb"]), tmp_path / "constants.pb"
        gs.quantize_weights(constants, minimum_size=16, select=names)
        gs.save(constants, other)
        answer = tf.call("judging:compare_restored", pb=str(other), prefix=prefix, outputs=made["outputs"])
        assert answer["differ"] == {}
    # Constants of codes are numbers again.
    assert len(gs.dequantize_weights(model).dequantized) >= len(names)
