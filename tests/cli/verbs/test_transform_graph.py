"""`transform_graph`: the flags of the Graph Transform Tool, our exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs


@pytest.fixture
def flags(fixtures: Path, tmp_path: Path) -> list[str]:
    return [
        f"--in_graph={fixtures / 'mobile_cnn.pb'}",
        f"--out_graph={tmp_path / 'out.pb'}",
        "--inputs=input",
        "--outputs=Predictions",
    ]


CHAIN = """
  strip_unused_nodes(type=float, shape="1,32,32,3")
  remove_nodes(op=Identity, op=CheckNumerics)
  fold_constants(ignore_errors=true)
  fold_batch_norms
  fold_old_batch_norms"""


def test_a_chain(verb, flags, tmp_path):
    done = verb("transform_graph", *flags, f"--transforms={CHAIN}", "--json")
    assert (done.code, done.err) == (0, "")
    assert (
        done.answer["transforms"]
        == CHAIN.replace('(type=float, shape="1,32,32,3")', "")
        .replace("(op=Identity, op=CheckNumerics)", "")
        .replace("(ignore_errors=true)", "")
        .split()
    )
    model = gs.load(tmp_path / "out.pb")
    assert (done.answer["nodes"], done.answer["outputs"]) == (len(model.graph), [str(tmp_path / "out.pb")])
    assert not {"Identity", "FusedBatchNormV3"} & {node.op for node in model.graph}


@pytest.mark.parametrize("flag", ["--output_as_text", "--output_as_text=true"])
def test_text_is_written_and_read(verb, flags, tmp_path, flag):
    assert verb("transform_graph", *flags, "--transforms=sort_by_execution_order", flag).code == 0
    text = tmp_path / "out.pb"
    assert text.read_bytes().startswith(b"node {")
    again = [f"--in_graph={text}", f"--out_graph={tmp_path / 'again.pb'}", *flags[2:]]
    assert verb("transform_graph", *again, "--transforms=sort_by_execution_order").code == 0
    assert len(gs.load(tmp_path / "again.pb").graph) == 101


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--transforms=fuse_pad_and_conv"], 4, "the transform fuse_pad_and_conv is not offered"),
        (["--transforms=quantize_nodes"], 4, "hint: quantize_weights makes"),
        (["--transforms=fold_constant"], 5, "no transform 'fold_constant'"),
        (["--transforms=fold_constants", "--outputs=Prediction"], 5, "no node 'Prediction'"),
        (["--transforms=fold_constants(ignore_errors=maybe)"], 2, "neither true nor false"),
        (["--transforms=remove_nodes(op=Identity"], 2, "the string ends where"),
        ([], 2, "--transforms is not given"),
        (["--transforms=fold_constants", "--out_graph="], 2, "--out_graph is not given"),
        (["--transforms=fold_constants", "--in_graph=nowhere"], 5, "nowhere"),
    ],
)
def test_errors(verb, flags, tmp_path, more, code, message):
    done = verb("transform_graph", *flags, *more)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert not (tmp_path / "out.pb").exists()


def test_errors_that_are_ignored_are_told(verb, flags):
    done = verb("transform_graph", *flags, "--transforms=fuse_pad_and_conv(ignore_errors=true)")
    assert done.code == 0
    assert "note: transform 1 (fuse_pad_and_conv) is not offered, and was left out" in done.out
