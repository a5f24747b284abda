"""Weights rounded to few values: what the Graph Transform Tool gets wrong, and that TensorFlow runs the result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from tests.tf.judge import TensorFlow

NUM_STEPS = 4


def test_against_the_tool(tf: TensorFlow, tmp_path: Path):
    pb, ours, theirs = (tmp_path / f"{name}.pb" for name in ("weights", "ours", "theirs"))
    threes, zeros = [3.0] * 32, [0.0] * 32
    outputs = tf.call("quantizing:make", path=str(pb), threes=threes, zeros=zeros)
    model = gs.load(pb)
    report = gs.round_weights(model, num_steps=NUM_STEPS)
    gs.save(model, ours)
    tf.call(
        "transforming:transform", pb=str(pb), target=str(theirs), outputs=outputs, inputs=[],
        transforms=[f"round_weights(num_steps={NUM_STEPS})"],
    )  # fmt: skip
    before, tool = gs.load(pb), gs.load(theirs)
    names = [row.tensor for row in report.rounded]
    assert len(names) >= 8
    for name in names:
        values, found = before.graph[name].tensor.numpy(), model.graph[name].tensor.numpy()
        assert len(np.unique(found)) <= NUM_STEPS
        assert (found.min(), found.max()) == (values.min(), values.max())
    # The tool has a value too many, moves weights of one value, and takes zeros for others.
    assert len(np.unique(tool.graph["normal"].tensor.numpy())) == NUM_STEPS + 1
    assert tool.graph["threes"].tensor.numpy().tolist() != threes
    assert tool.graph["zeros"].tensor.numpy().tolist() != zeros
    assert model.graph["threes"].tensor.numpy().tolist() == threes
    assert model.graph["zeros"].tensor.numpy().tolist() == zeros
    answer = tf.call("judging:compare_frozen", pb=str(pb), others=[str(ours)], outputs=outputs)
    relative = {row.tensor: row.relative for row in report.rounded}
    assert len(answer["compared"]) == len(outputs)
    for name, difference in answer[str(ours)].items():
        assert difference["relative"] <= relative[name.split("/")[0]] * 1.001


def test_nan_of_which_the_tool_makes_a_number(tf: TensorFlow, tmp_path: Path):
    pb, theirs = tmp_path / "weights.pb", tmp_path / "theirs.pb"
    outputs = tf.call("quantizing:make", path=str(pb), spoiled=[float("nan"), *map(float, range(20))])
    transforms = ["round_weights(num_steps=4)"]
    tf.call(
        "transforming:transform", pb=str(pb), target=str(theirs), outputs=outputs, inputs=[], transforms=transforms
    )  # fmt: skip
    assert np.isfinite(gs.load(theirs).graph["spoiled"].tensor.numpy()).all()
    with pytest.raises(PassError, match="NaN"):
        gs.round_weights(gs.load(pb))


def test_nets_and_checkpoints(tf: TensorFlow, tmp_path: Path):
    made = tf.call("making:make", net="mobile", directory=str(tmp_path))
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    model = gs.load(made["prefix"] + ".meta")
    report = gs.round_weights(model, num_steps=4096)
    assert len(report.rounded) >= 5
    assert all("moving" not in row.tensor for row in report.rounded)
    gs.save(model, tmp_path / "rounded.ckpt")
    distance = tf.call(
        "judging:distance", pb=made["pb"], prefix=str(tmp_path / "rounded.ckpt"), outputs=made["outputs"]
    )
    assert 0 < distance < 1e-2
    frozen = gs.load(made["pb"])
    gs.round_weights(frozen, num_steps=4096)
    gs.save(frozen, tmp_path / "rounded.pb")
    answer = tf.call("judging:compare_frozen", pb=made["pb"], others=[str(tmp_path / "rounded.pb")], outputs=outputs)
    assert all(each["relative"] < 1e-2 for each in answer[str(tmp_path / "rounded.pb")].values())
    # Every weight is found again by its name.
    names = [
        {each.name for each in gs.unfreeze(gs.load(path)).variables} for path in (made["pb"], tmp_path / "rounded.pb")
    ]
    assert names[0] == names[1]
