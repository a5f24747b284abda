"""What verbs that write share: the options of an output, whether it is written, and what is said."""

from __future__ import annotations

import json

import click
import pytest

from graphsurgeon.cli.answer import Answer


@pytest.fixture(autouse=True)
def frozen_clock(monkeypatch):
    monkeypatch.setattr("time.perf_counter", lambda: 7.0)


def answer(path: str | None = "x", **given: object) -> Answer:
    return Answer("verb", path, given)


def test_options_are_taken_out():
    keys = ("explain", "dry_run", "force", "as_json", "quiet")
    given = {**dict.fromkeys(keys, False), "copy": False, "link": True, "more": 1}
    made = Answer("verb", "x", given)
    assert (made.path, made.links, made.force, made.is_shown, given) == ("x", "always", False, True, {"more": 1})


def test_something_says_where_to_write():
    assert answer(None, dry_run=True).write(str.upper, lambda path: [path], list) is None
    with pytest.raises(click.UsageError, match="give -o"):
        answer(None)
    with pytest.raises(click.UsageError, match="exclude each other"):
        answer(copy=True, link=True)


def test_written_or_told_what_is_there(capsys):
    assert answer().write(str.upper, lambda path: [path], list) == "X"
    assert answer(dry_run=True).write(str.upper, lambda path: [path, "y"], list) is None
    assert capsys.readouterr() == ("", "x: exists already; to write, --force will be needed\n")


@pytest.mark.parametrize(("given", "existing"), [({"force": True}, ["x"]), ({"quiet": True}, ["x"]), ({}, [])])
def test_nothing_is_told_that_is_known(capsys, given, existing):
    answer(dry_run=True, **given).write(str.upper, lambda _: existing, list)
    assert capsys.readouterr() == ("", "")


def test_a_dry_run_lists_what_it_would_write(capsys):
    made = answer(dry_run=True)
    made.write(str.upper, lambda _: [], lambda path: [path, "y"])
    made.finish({}, ["line"])
    assert capsys.readouterr().out == "line\nwould write x\nwould write y\n"
    made.as_json = True
    made.finish({}, ["line"])
    assert json.loads(capsys.readouterr().out)["would_write"] == ["x", "y"]


def test_json_is_one_object_with_the_seconds(capsys):
    answer(as_json=True).finish({"a": 1}, ["line"])
    out, err = capsys.readouterr()
    assert json.loads(out) == {"schema": 1, "verb": "verb", "a": 1, "seconds": 0.0}
    assert err == ""


@pytest.mark.parametrize(
    ("given", "closing", "is_asked_for", "told"),
    [
        ({}, "", False, ("line\n", "0.00 s\n")),
        ({}, "2 tensors, ", False, ("line\n", "2 tensors, 0.00 s\n")),
        ({}, None, False, ("line\n", "")),
        ({"quiet": True}, "", False, ("", "")),
        ({"quiet": True}, "", True, ("line\n", "")),
    ],
)
def test_lines_and_the_seconds(capsys, given, closing, is_asked_for, told):
    answer(**given).finish({}, ["line"], closing, is_asked_for=is_asked_for)
    assert capsys.readouterr() == told
