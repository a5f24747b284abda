"""Verbs derived from edits: what they take, write and tell."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from graphsurgeon import edits
from graphsurgeon.cli.edit_verb import command_of
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.formats.state_file import latest_checkpoint
from graphsurgeon.tensors import dtypes
from tests.formats.v1_files import one, write_v1
from tests.models import floats


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """One more checkpoint."""
    save_checkpoint({"v": floats(8), "w": floats(9, 9)}, tmp_path / "other")
    return tmp_path / "other"


def test_what_is_written_and_told(verb, checkpoint, tmp_path):
    done = verb("select", checkpoint, "-o", tmp_path / "x", "--keep", "w")
    assert done.code == 0
    assert done.out.splitlines()[0] == "tensors: 1 dropped, 1 as before"
    assert f"linked {tmp_path}/x.data-00000-of-00001" in done.out
    assert f"wrote {tmp_path}/x.index" in done.out
    assert list(load_checkpoint(tmp_path / "x")) == ["w"]


def test_json(verb, checkpoint, tmp_path):
    answer = verb("select", checkpoint, "-o", tmp_path / "x", "--drop", "w", "--json").answer
    assert {key: answer[key] for key in ("schema", "verb", "source", "num_unchanged", "skipped")} == {
        "schema": 1,
        "verb": "select",
        "source": str(checkpoint),
        "num_unchanged": 1,
        "skipped": [],
    }
    assert [(row["name"], row["action"], row["dtype"], row["shape"]) for row in answer["changes"]] == [
        ("w", "dropped", "float32", [2])
    ]
    assert answer["linked"] == [f"{tmp_path}/x.data-00000-of-00001"]
    assert answer["outputs"][:2] == [f"{tmp_path}/x.data-00000-of-00001", f"{tmp_path}/x.index"]


def test_dry_run_shows_and_writes_nothing(verb, checkpoint, tmp_path):
    done = verb("select", checkpoint, "-o", tmp_path / "x", "--keep", "w", "--dry-run")
    assert done.code == 0
    assert "dense/kernel  dropped" in done.out
    assert "wrote nothing" in done.out
    assert not (tmp_path / "x.index").exists()
    assert verb("select", checkpoint, "--keep", "w", "--dry-run").code == 0


def test_several_sources(verb, checkpoint, other, tmp_path):
    done = verb("merge", checkpoint, other, "-o", tmp_path / "x", "--prefix", f"{other}=my", "--json")
    assert done.answer["source"] == [str(checkpoint), str(other)]
    assert list(load_checkpoint(tmp_path / "x")) == ["dense/kernel", "my/v", "my/w", "w"]
    assert len(done.answer["linked"]) == 2


def test_an_edit_that_declines_writes_nothing(verb, checkpoint, other, tmp_path):
    done = verb("merge", checkpoint, other, "-o", tmp_path / "x")
    assert done.code == 4
    assert "stands for different values: w" in done.err
    assert not (tmp_path / "x.index").exists()


def test_copies_and_links(verb, checkpoint, tmp_path):
    verb("select", checkpoint, "-o", tmp_path / "copy", "--keep", "w", "--copy")
    verb("select", checkpoint, "-o", tmp_path / "link", "--keep", "w", "--link")
    assert (tmp_path / "copy.data-00000-of-00001").stat().st_size == 8
    assert os.path.samefile(tmp_path / "link.data-00000-of-00001", f"{checkpoint}.data-00000-of-00001")


def test_in_place_needs_force(verb, checkpoint):
    assert verb("select", checkpoint, "-o", checkpoint, "--keep", "w").code == 6
    assert sorted(load_checkpoint(checkpoint)) == ["dense/kernel", "w"]
    assert verb("select", checkpoint, "-o", checkpoint, "--keep", "w", "--force").code == 0
    assert list(load_checkpoint(checkpoint)) == ["w"]


def test_dry_run_tells_of_what_is_there(verb, checkpoint):
    done = verb("select", checkpoint, "-o", checkpoint, "--keep", "w", "--dry-run")
    assert "exists already; to write, --force will be needed" in done.err


@pytest.mark.parametrize("options", [["--keep", "w"], ["--keep", "w", "-o", "x", "--copy", "--link"]])
def test_usage(verb, checkpoint, options):
    assert verb("select", checkpoint, *options).code == 2


@pytest.mark.parametrize("suffix", ["", "/", "/new/"])
@pytest.mark.parametrize("words", [["select", "--keep", "w"], ["convert"], ["compact"]], ids=lambda words: words[0])
def test_a_directory_is_no_prefix(verb, checkpoint, tmp_path, words, suffix):
    done = verb(words[0], checkpoint, *words[1:], "-o", f"{tmp_path}{suffix}")
    assert (done.code, "is a directory: name a " in done.err) == (2, True)
    assert not [path.name for path in tmp_path.rglob("*.index") if path.name != f"{checkpoint.name}.index"]


def test_a_prefix_that_is_there_may_be_called_like_a_directory(verb, checkpoint):
    checkpoint.mkdir()
    assert verb("select", checkpoint.with_name(f"{checkpoint.name}.index"), "--keep", "w", "-o", checkpoint).code == 6


@pytest.mark.parametrize(
    "words",
    [["select"], ["pad", "--select", "w"], ["scale", "--select", "w"], ["fill", "--value", "1"], ["rename"],
     ["rename", "--map", "w"], ["duplicate", "--map", "w"]],
    ids=" ".join,
)  # fmt: skip
def test_what_says_nothing_is_wrong_usage(verb, checkpoint, tmp_path, words):
    done = verb(words[0], checkpoint, *words[1:], "-o", tmp_path / "x")
    assert done.code == 2
    assert "hint: " in done.err


def test_quiet(verb, checkpoint, tmp_path):
    assert verb("select", checkpoint, "-o", tmp_path / "x", "--keep", "w", "--quiet")[:2] == (0, "")


@pytest.mark.parametrize("name", edits.names())
def test_every_edit_is_a_verb_with_help(verb, name):
    command = command_of(name)
    assert command.name == name.replace("_", "-")
    assert command.get_short_help_str()
    done = verb(command.name, "--help")
    assert done.code == 0
    assert all(option.help for option in command.params if isinstance(option, click.Option) and not option.hidden)


def test_a_graph_that_was_there_before_is_told_of(verb, other, tmp_path):
    (tmp_path / "x.meta").write_text("of another model")
    done = verb("select", other, "-o", tmp_path / "x", "--drop", "w", "--force")
    assert f"{tmp_path}/x.meta, which was there before, stays as it is" in done.out


def test_an_edit_does_not_move_the_latest_checkpoint(verb, checkpoint):
    def latest():
        return latest_checkpoint(checkpoint.parent)

    for name in ("scale", "compact"):
        more = ("--select", "w", "--factor", 2) if name == "scale" else ()
        done = verb(name, checkpoint, "-o", checkpoint.with_name(name), *more)
        assert (done.code, latest()) == (0, str(checkpoint))
        assert "note: 'm.ckpt' stays the latest checkpoint of the directory; --update-state moves it" in done.out
        assert verb(name, checkpoint, "-o", checkpoint.with_name(name), *more, "--force", "--update-state").code == 0
        assert latest() == str(checkpoint.with_name(name))
        given = ("scale", checkpoint, "-o", checkpoint, "--select", "w", "--offset", 1)
        assert verb(*given, "--force", "--update-state").code == 0
    assert verb("scale", checkpoint, "-o", checkpoint.with_name("d") / "x", "--select", "w", "--factor", 2).code == 0
    assert latest_checkpoint(checkpoint.with_name("d")) == str(checkpoint.with_name("d") / "x")


def test_constants_of_a_frozen_graph(verb, fixtures, tmp_path):
    done = verb("cast", fixtures / "mobile_cnn.pb", "-o", tmp_path / "half.pb", "--dtype", "float16", "--json")
    assert (done.code, done.answer["outputs"]) == (0, [f"{tmp_path}/half.pb"])
    assert verb("verify", tmp_path / "half.pb").code == 0
    refused = verb("rename", tmp_path / "half.pb", "--map", "nothing=else")
    assert refused.code != 0


@pytest.mark.parametrize("command", [("select", "x"), ("export", "x.npz")])
def test_what_is_there_of_a_v1_checkpoint(verb, tmp_path, command):
    """Not without being asked: nobody knows what was in the shard that is missing."""
    write_v1(tmp_path / "m-00000-of-00002", {"w": one(dtypes.UINT8, [1], b"a")})
    given = (command[0], tmp_path / "m", "-o", tmp_path / command[1])
    assert verb(*given, *(["--keep", ".*"] if command[0] == "select" else [])).code == 5
    done = verb(*given, "--readable")
    assert done.code == 0
    assert "m-00001-of-00002 is not there, and with it the list of the tensors in it" in done.out
    assert "m-00001-of-00002" in verb("ls", tmp_path / "m").err
