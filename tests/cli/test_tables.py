"""How tables look."""

from __future__ import annotations

import csv
import io

import click
import pytest

from graphsurgeon.cli import output, tables
from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats


def test_table_in_a_pipe_is_columns(capsys):
    tables.emit_table(["name", "nbytes"], [["a", 1234567], ["long", 8]], title="tensors")
    assert capsys.readouterr().out == "tensors\nname   nbytes\na     1234567\nlong        8\n"


def test_columns_have_room_for_what_is_escaped(capsys):
    tables.emit_table(["name", "dtype", "nbytes"], [["a\nb\x1b", "f32", 1], ["abcd", "i64", 12]])
    assert capsys.readouterr().out == ("name      dtype  nbytes\na\\nb\\x1b  f32         1\nabcd      i64        12\n")


def test_table_without_rows(capsys):
    tables.emit_table(["name", "nbytes"], [])
    assert capsys.readouterr().out == "name  nbytes\n"


def test_table_without_columns(capsys):
    tables.emit_table([], [])
    assert capsys.readouterr().out == ""


def test_table_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    tables.emit_table(["name", "nbytes"], [["a[b]", 1234567]], title="tensors")
    shown = capsys.readouterr().out
    assert "a[b]" in shown
    assert "1,234,567" in shown


def narrow(monkeypatch):
    """A terminal of 60 columns."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")


def test_a_table_too_wide_for_the_terminal_has_its_last_column_below(capsys, monkeypatch):
    narrow(monkeypatch)
    evidence = "read by Identity 'scope/kernel/read', colocated with it; b of MatMul 'scope/MatMul'"
    rows = [["scope/" * 8 + "kernel", "float32", 1234, evidence], ["b", "int32", 8, ""]]
    tables.emit_table(["name", "dtype", "nbytes", "evidence"], rows, title="variables")
    assert click.unstyle(capsys.readouterr().out).splitlines() == [
        "variables",
        "name                                       dtype     nbytes",
        "    evidence",
        ".../scope/scope/scope/scope/scope/kernel   float32    1,234",
        "    read by Identity 'scope/kernel/read', colocated with it;",
        "    b of MatMul 'scope/MatMul'",
        "b                                          int32          8",
    ]


def test_cells_below_a_row_share_lines_as_far_as_they_fit(capsys, monkeypatch):
    narrow(monkeypatch)
    evidence = "filter of Conv2D 'conv', and of all that share it: 'conv_1'"
    rows = [
        ["scope/" * 6 + "kernel", "DepthwiseConv2d", "[?, 16, 16, 16]", "   432", "no", evidence, "yes"],
        ["scope", "", "[?, 16, 16, 16]", "      ", "no", "", "in part"],
    ]
    tables.emit_table(["name", "op", "shape", "parameters", "state", "evidence", "trained"], rows)
    assert click.unstyle(capsys.readouterr().out).splitlines()[1:] == [
        "    parameters   state   evidence   trained",
        ".../scope/scope/kernel   DepthwiseConv2d   [?, 16, 16, 16]",
        "    parameters: 432   state: no",
        "    evidence: filter of Conv2D 'conv', and of all that share",
        "    it: 'conv_1'",
        "    trained: yes",
        "scope                                      [?, 16, 16, 16]",
        "    state: no   trained: in part",
    ]


def test_short_columns_are_not_folded(capsys, monkeypatch):
    narrow(monkeypatch)
    tables.emit_table(["name", "op", "dtype"], [["scope/" * 20, "DepthwiseConv2d", "float8_e4m3fnuz"]])
    shown = click.unstyle(capsys.readouterr().out)
    assert "DepthwiseConv2d   float8_e4m3fnuz" in shown
    assert max(map(len, shown.splitlines())) <= 60


class Twice:
    """Rows that can be looped over again, and know how many were held at a time."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self):
        for number in range(self.count):
            yield [f"n{number}", number]


def test_long_table_is_looped_over_and_not_held(capsys, monkeypatch):
    held, batches = [], output.batches

    def counted(rows):
        for batch in batches(rows):
            held.append(len(batch))
            yield batch

    monkeypatch.setattr(tables, "batches", counted)
    tables.emit_table(["name", "number"], Twice(2500))
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[0], lines[-1]) == (2501, "name   number", "n2499    2499")
    assert held == [1000, 1000, 500, 1000, 1000, 500]


AWKWARD = ["a,b", 'say "x"', "two\nlines", "carriage\rreturn", "\x1b[31mred", " spaces ", "naïve 名", "", "=1+1", "\t"]


def test_csv_gives_back_every_name(verb, tmp_path):
    save_checkpoint({f"n{name}": floats(1) for name in AWKWARD}, tmp_path / "m")
    done = verb("ls", tmp_path / "m", "--csv")
    header, *rows = csv.reader(io.StringIO(done.out, newline=""))
    assert header == ["name", "dtype", "shape", "nbytes"]
    assert sorted(row[0] for row in rows) == sorted(f"n{name}" for name in AWKWARD)
    assert {tuple(row[1:]) for row in rows} == {("float32", "[1]", "4")}


@pytest.mark.parametrize("cell", AWKWARD)
def test_a_cell_of_csv(cell, capsys, monkeypatch):
    monkeypatch.setattr(tables, "is_csv", lambda: True)
    tables.emit_table(["name", "note"], [[cell, None]])
    assert list(csv.reader(io.StringIO(capsys.readouterr().out, newline=""))) == [["name", "note"], [cell, ""]]


def test_several_tables_are_one_csv(capsys, monkeypatch):
    monkeypatch.setattr(tables, "is_csv", lambda: True)
    rows = [tables.TitledRows(["name", "shape"], [["a", "[2, 3]"]], "variables")]
    tables.emit_tables([*rows, tables.TitledRows(["node", "shape"], [["b", "[]"]], "kept")])
    assert capsys.readouterr().out == 'table,name,shape,node\nvariables,a,"[2, 3]",\nkept,,[],b\n'


def test_as_csv_what_is_said_beside_rows_goes_to_stderr(verb, graph, tmp_path):
    done = verb("unfreeze", graph, "-o", tmp_path / "m", "--csv")
    assert done.code == 0
    assert done.out.splitlines()[0].startswith("table,name,")
    assert {row[0] for row in csv.reader(io.StringIO(done.out))} <= {"table", "variables", "kept"}
    assert f"wrote {tmp_path / 'm.index'}" in done.err


ROWS_OF = {
    "ls": ["ls", "GRAPH"],
    "ls of a checkpoint": ["ls", "CHECKPOINT"],
    "unfreeze": ["unfreeze", "GRAPH", "--dry-run"],
    "cast": ["cast", "CHECKPOINT", "--dtype", "half", "--dry-run"],
    "export": ["export", "CHECKPOINT", "-o", "x.npz", "--dry-run"],
    "fit": ["fit", "--graph", "FIXTURE", "--from", "FIXTURE", "--dry-run"],
    "diff": ["diff", "CHECKPOINT", "GRAPH"],
    "verify": ["verify", "CHECKPOINT", "--against", "CHECKPOINT"],
}


@pytest.mark.parametrize("name", ROWS_OF)
def test_whatever_prints_rows_does_as_csv(name, verb, graph, checkpoint, fixtures):
    where = {"GRAPH": graph, "CHECKPOINT": checkpoint, "FIXTURE": fixtures / "cond.ckpt"}
    done = verb(*[where.get(word, word) for word in ROWS_OF[name]], "--csv")
    assert done.code in (0, 1), done.err
    rows = list(csv.reader(io.StringIO(done.out)))
    assert len({len(row) for row in rows}) == 1, done.out


@pytest.mark.parametrize("forms", [["--csv", "--json"], ["--json", "--csv"], ["--wide", "--csv"], ["--json", "--wide"]])
def test_one_form_at_a_time(forms, verb, graph):
    done = verb("ls", graph, *forms)
    assert (done.code, done.out) == (2, "")
    assert "exclude each other" in done.err


LONG = [
    ["InceptionV3/InceptionV3/Mixed_5b/Branch_1/Conv2d_0a_1x1/weights", "added", "float32", "[1, 1, 192, 48]", 36864],
    ["InceptionV3/InceptionV3/Mixed_5b/Branch_1/Conv2d_0a_1x1/BatchNorm/beta", "kept", "float32", "[48]", 192],
    ["InceptionV3/InceptionV3/Mixed_5b/Branch_2/Conv2d_0a_1x1/weights", "dropped", "float32", "[1, 1, 192, 64]", 49152],
    ["global_step", "kept", "int64", "[]", 8],
    ["a_name_without_any_slash_that_is_longer_than_any_terminal_is_wide_" + "x" * 70, "kept", "int64", "[]", 8],
]
HEADERS = ["name", "action", "dtype", "shape", "nbytes"]


def seen_by(width, monkeypatch, capsys, call):
    """What a terminal of that width gets."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    capsys.readouterr()
    call()
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("scoped", [False, True])
def test_snapshot_of_a_table(width, scoped, snapshot, monkeypatch, capsys):
    call = lambda: tables.emit_table(HEADERS, LONG, scoped=scoped)  # noqa: E731 -- what is called then
    shown = click.unstyle(seen_by(width, monkeypatch, capsys, call))
    assert max(len(line) for line in shown.splitlines() if "xxx" not in line) <= width
    snapshot(f"tables/{'scoped' if scoped else 'plain'}-{width}", shown)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("ls-graph", ["ls", "cond.pb"]),
        ("ls-checkpoint", ["ls", "mobile_cnn.ckpt"]),
        ("unfreeze", ["unfreeze", "cond.pb", "--dry-run", "--explain"]),
        ("rename", ["rename", "mobile_cnn.ckpt", "--dry-run", "--map", "MobileNet/(.*)=a/much/longer/scope/\\1"]),
    ],
)
def test_snapshot_of_the_rows_of_a_verb(name, command, width, verb, snapshot, monkeypatch, fixtures):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    verb_name, file, *more = command
    done = verb(verb_name, fixtures / file, *more)
    assert done.code == 0, done.err
    shown = click.unstyle(done.out)
    assert max(map(len, shown.splitlines())) <= width
    snapshot(f"tables/{name}-{width}", shown)


def test_nothing_is_shortened_when_wide_nor_elsewhere_than_on_a_terminal(monkeypatch, capsys):
    tables.emit_table(HEADERS, LONG)
    assert all(row[0] in capsys.readouterr().out for row in LONG[:1])
    monkeypatch.setattr(tables, "is_wide", lambda: True)
    shown = seen_by(60, monkeypatch, capsys, lambda: tables.emit_table(HEADERS, LONG))
    assert [line.split()[0] for line in shown.splitlines()[1:]] == [row[0] for row in LONG]


def test_colours_say_what_came_and_went(monkeypatch, capsys):
    call = lambda: tables.emit_table(HEADERS, LONG)  # noqa: E731 -- what is called then
    shown = seen_by(120, monkeypatch, capsys, call).splitlines()
    assert [line.startswith(start) for line, start in zip(shown[1:4], ["\x1b[32m", "I", "\x1b[31m"], strict=True)]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in seen_by(120, monkeypatch, capsys, call)


def test_entries_are_wrapped_on_a_terminal(monkeypatch, capsys):
    text = "MobileNet/MobileNet/Conv2d_0/weights float32 [3, 3, 3, 32] (VariableV2; nothing reads it)"
    tables.emit_entries("x.pb", [("outputs", text), ("", "b")], 13)
    assert capsys.readouterr().out == f"x.pb\noutputs      {text}\n             b\n"
    shown = seen_by(60, monkeypatch, capsys, lambda: tables.emit_entries("x.pb", [("outputs", text)], 13))
    assert shown.splitlines() == [
        "x.pb",
        "outputs      MobileNet/MobileNet/Conv2d_0/weights float32",
        "             [3, 3, 3, 32] (VariableV2; nothing reads it)",
    ]


def test_entries_as_csv_have_their_labels(verb, fixtures):
    rows = list(csv.reader(io.StringIO(verb("inspect", fixtures / "cond.pb", "--csv").out)))
    assert rows[0] == ["label", "text"]
    assert rows[1][0] == "file"
    assert [row[0] for row in rows].count("inputs") == 2


def test_csv_of_a_model_names_its_lists(verb, fixtures):
    """Of several tables, each row says of which it is; what is not of its columns is empty."""
    done = verb("unfreeze", fixtures / "mobile_cnn.pb", "--dry-run", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert {row["table"] for row in rows} == {"variables", "kept"} or {row["table"] for row in rows} == {"variables"}
    assert [row["name"] for row in rows if row["table"] == "variables"]
    assert "variables: " in done.err
