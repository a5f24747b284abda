"""`fit`: plans, tables, files and exit codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from tests.tools.fit.targets import target


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    """A graph with variables my/w [6] and my/b [2], and a saver."""
    gs.save(target({"my/w": (6,), "my/b": (2,)}), tmp_path / "target.meta", to="meta_graph")
    return tmp_path / "target.meta"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A checkpoint with other names, another shape and something more."""
    tensors = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(2, np.float32), "step": np.int64(7)}
    gs.save_checkpoint(tensors, tmp_path / "old" / "m.ckpt")
    return tmp_path / "old" / "m.ckpt"


MAP = ("--map", r"([wb])=my/\1", "--mismatch", "my/w=reverse:1+reshape")


def test_a_checkpoint_that_fits_is_written_with_its_graph(verb, meta, weights, tmp_path):
    done = verb("fit", "--graph", meta, "--from", weights, "-o", tmp_path / "new" / "m", *MAP, "--json")
    assert done.code == 0
    facts = done.answer
    assert (facts["schema"], facts["verb"], facts["counts"]) == (1, "fit", {"copy": 1, "change": 1, "extra": 1})
    row = next(row for row in facts["rows"] if row["name"] == "my/w")
    assert row == {
        "name": "my/w", "action": "change", "from": "w", "why": r"map ([wb])=my/\1", "dtype": "float32", "shape": [6],
        "found_dtype": "float32", "found_shape": [2, 3], "steps": ["reverse:1", "reshape"], "candidates": [],
        "suggested": None,
    }  # fmt: skip
    assert [row["name"] for row in facts["extra"]] == ["step"]
    assert [Path(path).name for path in facts["outputs"]] == [
        "m.data-00000-of-00002", "m.data-00001-of-00002", "m.index", "m.meta", "checkpoint",
    ]  # fmt: skip
    assert [Path(path).name for path in facts["linked"]] == ["m.data-00000-of-00002"]
    model = gs.load(tmp_path / "new" / "m")
    assert {name: tensor.numpy().tolist() for name, tensor in model.variables.items()} == {
        "my/b": [1, 1], "my/w": [2, 1, 0, 5, 4, 3],
    }  # fmt: skip
    assert gs.verify(model, consistency=True) == []


def test_what_is_unresolved_is_listed_and_nothing_is_written(verb, meta, weights, tmp_path):
    done = verb("fit", "--graph", meta, "--from", weights, "-o", tmp_path / "m")
    assert done.code == 4
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["my/b", "missing"], ["my/w", "missing"]]
    assert "suggested: b" in lines[1]
    assert lines[-2:] == ["2 tensors wanted: 2 missing, 3 extra", "wrote nothing"]
    assert done.err.startswith("error: fit: 2 of 2 tensors")
    assert "hint: " in done.err
    assert not list(tmp_path.glob("m*"))


def test_json_of_a_refusal(verb, meta, weights):
    done = verb("fit", "--graph", meta, "--from", weights, "--dry-run", "--json")
    assert done.code == 4
    assert {row["action"] for row in done.answer["rows"]} == {"missing"}
    assert done.error["type"] == "PassError"


def test_a_dry_run_shows_the_whole_table(verb, meta, weights, tmp_path):
    done = verb("fit", "--graph", meta, "--from", weights, "-o", tmp_path / "m", "--dry-run", *MAP)
    assert done.code == 0
    rows = [line.split()[0] for line in done.out.splitlines()]
    assert rows[:4] == ["tensor", "my/b", "my/w", "step"]
    assert "[2, 3] -> [6]" in done.out
    assert "reverse:1+reshape" in done.out
    assert not list(tmp_path.glob("m*"))


def test_names_from_a_file(verb, meta, weights, tmp_path):
    (tmp_path / "names.tsv").write_text("# old\tnew\nw\tmy/w\nb\tmy/b\n")
    given = ("--map-file", tmp_path / "names.tsv", "--mismatch", "reshape", "--dry-run", "--json")
    assert verb("fit", "--graph", meta, "--from", weights, *given).answer["counts"]["copy"] == 1


def test_missing_values(verb, meta, weights, tmp_path):
    gs.save_checkpoint({"my/b": np.full(2, 5, np.float32)}, tmp_path / "other")
    given = ("--missing", "init", "--missing-from", tmp_path / "other", "-o", tmp_path / "m")
    assert verb("fit", "--graph", meta, "--from", weights, *given).code == 0
    found = gs.load_checkpoint(tmp_path / "m")
    assert (found["my/b"].numpy().tolist(), found["my/w"].numpy().tolist()) == ([5, 5], [1] * 6)


def test_suggestions(verb, meta, weights, tmp_path):
    given = ("--accept-suggestions", "--mismatch", "reshape", "--missing", "my/w=zeros", "-o", tmp_path / "m")
    done = verb("fit", "--graph", meta, "--from", weights, *given)
    assert done.code == 0
    assert gs.load_checkpoint(tmp_path / "m")["my/b"].numpy().tolist() == [1, 1]


def test_copies_share_no_file(verb, meta, weights, tmp_path):
    done = verb("fit", "--graph", meta, "--from", weights, "-o", tmp_path / "m", *MAP, "--copy", "--json")
    assert done.answer["linked"] == []
    assert (tmp_path / "m.data-00000-of-00001").stat().st_nlink == 1


def test_existing_output_stays(verb, meta, weights, tmp_path):
    command = ("fit", "--graph", meta, "--from", weights, "-o", tmp_path / "m", *MAP)
    assert verb(*command).code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.glob("m.*")}
    assert verb(*command, "--missing", "zeros").code == 6
    assert {path.name: path.read_bytes() for path in tmp_path.glob("m.*")} == before
    assert verb(*command, "--force").code == 0
    assert "--force will be needed" in verb(*command, "--dry-run").err


def test_the_source_may_be_the_destination(verb, meta, weights):
    assert verb("fit", "--graph", meta, "--from", weights, "-o", weights, *MAP, "--force").code == 0
    assert gs.load_checkpoint(weights)["my/w"].numpy().tolist() == [2, 1, 0, 5, 4, 3]


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        (("--mismatch", "flip"), 2, "'flip' is not understood"),
        (("--map", "w"), 2, "has no '='"),
        (("--transform", "reverse:1"), 2, "needs a pattern"),
        (("--missing", "ones"), 2, "'ones' is not understood"),
        (("--map", "x=y"), 5, "'x=y'"),
        (("--cast", "x/.*"), 5, "--cast"),
        (("--saver", "save_7"), 5, "save_7"),
        (("--missing-from", "nowhere"), 5, "nowhere"),
    ],
)
def test_mistakes(verb, meta, weights, given, code, text):
    done = verb("fit", "--graph", meta, "--from", weights, "--dry-run", *given)
    assert (done.code, text in done.err) == (code, True)


def test_nowhere_to_write(verb, meta, weights):
    assert verb("fit", "--graph", meta, "--from", weights).code == 2


def test_values_that_have_no_place_leave_nothing_behind(verb, tmp_path):
    gs.save(target({"w": (2,)}, dtype="int32"), tmp_path / "t.meta", to="meta_graph")
    gs.save_checkpoint({"w": np.array([1.0, 1e20])}, tmp_path / "old")
    done = verb("fit", "--graph", tmp_path / "t.meta", "--from", tmp_path / "old", "-o", tmp_path / "m", "--cast", "w")
    assert done.code == 4
    assert not list(tmp_path.glob("m*"))


def test_a_directory_is_no_prefix(verb, meta, weights, tmp_path):
    done = verb("fit", "--graph", meta, "--from", weights, "-o", tmp_path, *MAP)
    assert (done.code, "is a directory" in done.err) == (2, True)


def test_a_saved_model_becomes_one_again(verb, meta, weights, tmp_path):
    verb("fit", "--graph", meta, "--from", weights, "-o", tmp_path / "m", *MAP)
    served = verb(
        "convert", tmp_path / "m", "-o", f"{tmp_path}/served", "--to", "saved_model", "--outputs", "my/w/read"
    )
    assert served.code == 0
    gs.save_checkpoint({"my/w": np.full(6, 8, np.float32), "my/b": np.full(2, 9, np.float32)}, tmp_path / "new")
    done = verb("fit", "--graph", tmp_path / "served", "--from", tmp_path / "new", "-o", f"{tmp_path}/fitted/")
    assert done.code == 0
    assert gs.load(tmp_path / "fitted").variables["my/w"].numpy().tolist() == [8] * 6
    assert gs.load(tmp_path / "fitted").saved_model is not None
    done = verb("fit", "--graph", tmp_path / "served", "--from", tmp_path / "new", "-o", f"{tmp_path}/both")
    assert (tmp_path / "both.meta").is_file()


def test_a_dry_run_lists_what_is_written(verb, meta, weights, tmp_path):
    command = ("fit", "--graph", meta, "--from", weights, "-o", tmp_path / "m", "--json", *MAP)
    listed = verb(*command, "--dry-run").answer["would_write"]
    assert listed
    assert verb(*command).answer["outputs"] == listed
