"""How answers look."""

from __future__ import annotations

import json
import sys

import pytest

from graphsurgeon.cli import output


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (553_444_846, "553.4 MB"),
    ],
)
def test_sizes(nbytes, text):
    assert output.format_nbytes(nbytes) == text


@pytest.mark.parametrize(("shape", "text"), [(None, "?"), ([], "[]"), ([None, 3], "[?, 3]")])
def test_shapes(shape, text):
    assert output.format_shape(shape) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 nodes"), (1, "1 node"), (1234, "1,234 nodes")])
def test_counts(number, text):
    assert output.count(number, "node") == text


def test_json_is_one_object_with_its_version(capsys):
    output.emit_json("ls", rows=[1])
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "verb": "ls", "rows": [1]}


def test_remarks_go_to_stderr_unless_quiet(capsys):
    output.remark("a")
    output.remark("b", quiet=True)
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "a\n")


@pytest.mark.parametrize("count", [0, 1, 1000, 1001])
def test_rows_as_json_are_one_object(capsys, count):
    rows = [{"name": f"n{number}", "shape": [number]} for number in range(count)]
    output.emit_json_rows("ls", iter(rows), source="x")
    out = capsys.readouterr().out
    assert json.loads(out) == {"schema": 1, "verb": "ls", "source": "x", "rows": rows}
    assert out == json.dumps(json.loads(out)) + "\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv/weights", "conv/weights"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines\tof", "two\\nlines\\tof"),
        ("\udcff\u202e", "\\udcff\\u202e"),
        ("naïve 名", "naïve 名"),
    ],
)
def test_names_do_not_steer_the_terminal(text, shown, capsys):
    assert output.printable(text) == shown
    output.emit_line(text)
    assert capsys.readouterr().out.replace("\n", "\\n") == f"{shown}\\n"


def test_lines_stay_lines(capsys):
    output.emit_line("one\n\x1b[2Jtwo")
    assert capsys.readouterr().out == "one\n\\x1b[2Jtwo\n"


def test_a_line_for_each_file(tmp_path):
    (tmp_path / "a").write_bytes(b"1234")
    path = f"{tmp_path}/a"
    assert list(output.written_lines([path])) == [f"wrote {path} (4 B)"]
    assert list(output.written_lines([path], linked=[path])) == [f"linked {path} (4 B)"]
    assert list(output.written_lines([path], linked=[path], kept=[path])) == [f"kept {path} (4 B)"]
    assert list(output.written_lines([])) == ["wrote nothing"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`slot_name` names another", "--slot-name names another"),
        ('`missing="zeros|init"` fills in', "--missing zeros|init fills in"),
        ("keep it: `exclude='a/b'`", "keep it: --exclude 'a/b'"),
        ('leave some, `keep=("a", "b")`, or all', "leave some, --keep a --keep b, or all"),
        (r"`map=r'a\-b/(.*)=c/\1'` says 3", r"--map 'a\-b/(.*)=c/\1' says 3"),
        ("`accept_suggestions=True` takes it", "--accept-suggestions takes it"),
        ("`force=True` replaces it", "--force replaces it"),
        ('or `save(to="saved_model")`', "or convert --to saved_model"),
        ('copy (`links="never"`)', "copy (--copy)"),
        ("`gs.set_shape` says it, or `gs.verify(model)`", "set-shape says it, or verify"),
        ("no node '`x`', fetch it with `git lfs pull`", "no node '`x`', fetch it with `git lfs pull`"),
    ],
)
def test_advice_of_the_library_in_flags(text, told):
    assert output.in_flags(text) == told


def test_notes_that_are_alike_are_one_line():
    assert list(output.note_lines(["same"] * 50)) == ["note: same (50 times)"]
    alike = [f"w{i}: 'v{i}' of 3 bytes" for i in range(50)]
    assert list(output.note_lines(["first", *alike, "last"])) == [
        "note: first",
        "note: w0: 'v0' of 3 bytes (50 alike: w0, w1, w2, ...; --json has all)",
        "note: last",
    ]
    assert list(output.note_lines(alike[:3], "skipped")) == [f"skipped {text}" for text in alike[:3]]
    assert list(output.note_lines(["a word", "another word"])) == ["note: a word", "note: another word"]
    of_names = [f"node '{name}' has lost what it waited for" for name in ("a/b", "c", "d", "e")]
    told = "note: node 'a/b' has lost what it waited for"
    assert list(output.note_lines(of_names[:2])) == [f"{told} (2 alike: 'a/b', 'c')"]
    assert list(output.note_lines(of_names)) == [f"{told} (4 alike: 'a/b', 'c', 'd', ...; --json has all)"]


def test_paths_are_bytes_for_programs_and_escaped_for_people(capfd, monkeypatch):
    output.emit_path("caf\udce9\x1b[2J")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    output.emit_path("caf\udce9\x1b[2J")
    sys.stdout.flush()
    assert capfd.readouterr().out.splitlines()[1] == "caf\\udce9\\x1b[2J"
