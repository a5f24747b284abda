"""Graphs whose batch norms are folded give the same, to rounding, in TensorFlow, no more nodes than by its tool."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

#: What has to stay, and why.
STAY = {
    "by_pixel": "multiplies by something else than one number for each channel",
    "shared_output": "'conv' is read by others too",
    "shared_kernel": "the kernel of 'Conv2D' is read by others too, or computed",
    "in_training": "is in training mode",
    "bad_variance": "its variance is negative or its numbers are not finite",
    "half_overflow": "the kernel of 'Conv2D' times its factors is out of range",
    "gram": "the kernel of 'MatMul' is read by others too, or computed",
    "waits": "waits for others, as others do for 'conv'",
    "by_zero": "its numbers are not finite",
    "parts": "the kernel of 'Conv2D' is read by others too, or computed",
}
NORMS = {
    "FusedBatchNorm",
    "FusedBatchNormV2",
    "FusedBatchNormV3",
    "BatchNormWithGlobalNormalization",
    "Rsqrt",
    "RealDiv",
}
#: What TensorFlow's own tool is asked to fold, too: float32, and a vector behind.
COMPARED = {
    "v1",
    "v2",
    "v3",
    "biased",
    "identities",
    "written_out",
    "product",
    "chain",
    "depthwise",
    "atrous",
    "joined",
}
#: Relative to the greatest value.
CLOSE, HALF = 1e-5, 3e-3


def test_every_kind(tf: TensorFlow, tmp_path: Path):
    paths = tf.call("folding:make", directory=str(tmp_path))
    for name, path in paths.items():
        model, after = gs.load(path), tmp_path / f"{name}-folded.pb"
        before = len(model.graph)
        report = gs.fold_batch_norms(model, outputs="out")
        gs.save(model, after)
        if name in STAY:
            assert report.folded == []
            assert {row.reason for row in report.kept} >= {STAY[name]}, name
        else:
            assert report.folded, name
            assert not {node.op for node in model.graph} & NORMS, name
            assert len(model.graph) < before, name
        answer = tf.call("judging:compare_frozen", pb=path, others=[str(after)], outputs=["out"])
        if tf.is_v1 and name in ("grouped", "depthwise_dilated"):
            continue  # its kernels for the CPU do not
        assert answer["compared"] == ["out:0"] or answer["compared"] == ["out"], name
        for difference in answer[str(after)].values():
            assert difference["relative"] is not None, (name, difference)
            assert difference["relative"] < (HALF if name == "half" else CLOSE), (name, difference)
        tool = ["fold_constants(ignore_errors=true)", "fold_batch_norms", "fold_old_batch_norms"]
        if name in COMPARED:
            theirs = tf.call(
                "transforming:transform", pb=path, target=str(tmp_path / "gtt.pb"), outputs=["out"], inputs=["x"],
                transforms=tool,
            )  # fmt: skip
            assert len(model.graph) <= len(gs.load(theirs).graph), name


@pytest.mark.parametrize("net", ["mobile", "unfused"])
def test_frozen_nets_and_checkpoints(tf: TensorFlow, tmp_path: Path, net: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    model, after = gs.load(made["pb"]), tmp_path / "folded.pb"
    assert gs.fold_batch_norms(model, outputs=outputs).folded
    gs.save(model, after)
    answer = tf.call("judging:compare_frozen", pb=made["pb"], others=[str(after)], outputs=outputs)
    assert all(each["relative"] < CLOSE for each in answer[str(after)].values())
    # The same in a graph with variables: the checkpoint has other values of kernels, and nothing else moves.
    model = gs.load(made["prefix"] + ".meta")
    report = gs.fold_batch_norms(model, outputs=outputs)
    assert report.folded
    assert report.values
    gs.save(model, tmp_path / "folded.ckpt")
    gs.freeze(model, outputs=outputs)
    gs.save(model, tmp_path / "refrozen.pb")
    answer = tf.call("judging:compare_frozen", pb=made["pb"], others=[str(tmp_path / "refrozen.pb")], outputs=outputs)
    assert all(each["relative"] < CLOSE for each in answer[str(tmp_path / "refrozen.pb")].values())
    distance = tf.call("judging:distance", pb=made["pb"], prefix=str(tmp_path / "folded.ckpt"), outputs=made["outputs"])
    assert distance < CLOSE


def test_a_transposed_product_that_the_tool_gets_wrong(tf2: TensorFlow, tmp_path: Path):
    path = tf2.call("folding:make", directory=str(tmp_path))["square"]
    target = str(tmp_path / "gtt.pb")
    transforms = ["fold_constants(ignore_errors=true)", "fold_batch_norms"]
    tf2.call(
        "transforming:transform", pb=path, target=target, outputs=["out"], inputs=["x"], transforms=transforms
    )  # fmt: skip
    answer = tf2.call("judging:compare_frozen", pb=path, others=[target], outputs=["out"])
    assert any(each["relative"] is None or each["relative"] > 0.01 for each in answer[target].values())
