"""``--verbose``: what is done to files, what is left out, and that nothing is heard without it."""

from __future__ import annotations

import os
import sys

import pytest

from graphsurgeon.cli.trace import describe, tracing


def test_a_verb_tells_what_it_reads_writes_and_takes(verb, graph, tmp_path):
    prefix = tmp_path / "m.ckpt"
    done = verb("unfreeze", graph, "-o", prefix, "-v")
    assert done.code == 0
    lines = [line.split(" s  ", 1)[1] for line in done.err.splitlines() if " s  " in line]
    assert f"read {graph}" in lines
    assert any(line.startswith("rename ") and line.endswith(f" -> {prefix}.index") for line in lines)
    assert "of processor time" in lines[-1]
    assert not [line for line in lines if ".py" in line or "schema.binpb" in line]
    assert done.out == verb("unfreeze", graph, "-o", prefix, "-f").out


def test_nothing_is_told_without_it(verb, graph):
    assert " s  " in verb("inspect", graph, "-v").err
    assert verb("inspect", graph).err == ""


def test_a_failure_tells_what_was_done_until_then(verb, tmp_path):
    (tmp_path / "x.pb").write_bytes(b"no graph")
    done = verb("inspect", tmp_path / "x.pb", "-v")
    assert done.code == 3
    assert f"read {tmp_path / 'x.pb'}" in done.err
    assert "error: " in done.err.splitlines()[-2] + done.err.splitlines()[-1]


def test_the_answer_stays_one_object(verb, graph):
    assert verb("inspect", graph, "--json", "-v").answer["nodes"]


def test_each_is_told_once(capsys, tmp_path):
    file = tmp_path / "x"
    with tracing():
        for _ in range(3):
            file.write_text("x")
    assert capsys.readouterr().err.count(f"write {file}") == 1


@pytest.mark.parametrize(
    ("event", "given", "line"),
    [
        ("open", ("/data/x", None, os.O_RDONLY), "read /data/x"),
        ("open", (b"/data/x", "w", os.O_WRONLY | os.O_CREAT), "write /data/x"),
        ("open", ("/data/x", None, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "make /data/x"),
        ("open", (3, "r", 0), None),
        ("open", (os.__file__, "r", 0), None),
        ("open", ("/proc/self/maps", "r", 0), None),
        ("os.rename", ("/data/x", "/data/y", -1, -1), "rename /data/x -> /data/y"),
        ("os.remove", ("/data/x", -1), "remove /data/x"),
        ("os.listdir", ("/data",), None),
        ("import", ("x",), None),
    ],
)
def test_a_line_says_what_is_done(event, given, line):
    assert describe(event, given) == line


def test_places_of_modules_are_no_places_of_data():
    assert describe("open", (os.path.join(sys.prefix, "lib", "x.so"), "r", 0)) is None
