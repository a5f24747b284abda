"""TensorFlow's tools on one graph: what they read, write and say."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import graphsurgeon as gs
from graphsurgeon.cli.graph_files import emit_graph, read_graph_file, require_flags, type_numbers
from graphsurgeon.errors import PassError


def test_flags():
    require_flags(input="a", output="b")
    with pytest.raises(click.UsageError, match="--output is not given"):
        require_flags(input="a", output="")
    assert type_numbers("1, 4") == [1, 4]
    with pytest.raises(click.UsageError, match="'float': wanted is the number"):
        type_numbers("float")


def test_only_graphs_are_read(fixtures: Path):
    assert len(read_graph_file(str(fixtures / "mobile_cnn.pb"), "v").graph) == 101
    with pytest.raises(PassError, match=r"v: .*mobile_cnn.ckpt.meta is a .*, of which only the graph would be left"):
        read_graph_file(str(fixtures / "mobile_cnn.ckpt.meta"), "v")


@pytest.mark.parametrize("as_text", [False, True])
def test_what_is_written(fixtures: Path, tmp_path: Path, as_text: bool, capsys: pytest.CaptureFixture[str]):
    model, path = gs.load(fixtures / "mobile_cnn.pb"), str(tmp_path / "out.pb")
    emit_graph("v", model, path, {"notes": ["so it is"]}, as_text=as_text)
    first, second = capsys.readouterr().out.splitlines()
    assert (first, second.startswith(f"wrote {path}")) == ("note: so it is", True)
    assert Path(path).read_bytes().startswith(b"node {") is as_text
    emit_graph("v", model, path, {"notes": []}, as_text=as_text, quiet=True)
    assert capsys.readouterr().out == ""
    assert len(gs.load(path).graph) == 101
