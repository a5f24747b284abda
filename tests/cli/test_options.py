"""Options that verbs share."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from graphsurgeon.cli import options
from graphsurgeon.cli.options import Numbers, common
from proto_utils.errors import LimitError
from proto_utils.threads import num_threads


@click.command()
@common("json", "quiet")
def verb(**given: object) -> dict[str, object]:
    """Return what is given."""
    return given


def invoke(*arguments: str) -> object:
    return verb.main(list(arguments), standalone_mode=False)


def test_a_verb_is_given_what_it_asks_for():
    assert invoke() == {"as_json": False, "quiet": False}
    assert invoke("--json", "--quiet") == {"as_json": True, "quiet": True}


@pytest.mark.parametrize("flag", ["--force", "--dry-run", "--debug"])
def test_others_are_taken_and_do_nothing(flag):
    assert invoke(flag) == invoke()


def test_threads_are_chosen_for_one_run():
    default = num_threads()

    @click.command()
    @common("threads")
    def count() -> int:
        return num_threads()

    assert count.main(["--threads", "7"], standalone_mode=False) == 7
    assert verb.main(["--threads", "7"], standalone_mode=False) == invoke()
    assert num_threads() == default
    with pytest.raises(click.BadParameter, match="0"):
        count.main(["--threads", "0"], standalone_mode=False)


def test_help_shows_what_has_an_effect():
    text = verb.get_help(click.Context(verb))
    assert "--json" in text
    assert "--debug" in text
    assert "--force" not in text


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [("7,7,512", int, (7, 7, 512)), ("[25088, -1]", int, (25088, -1)), ("", int, ()), ("0.5,2", float, (0.5, 2.0))],
)
def test_numbers_in_one_text(text, kind, expected):
    assert Numbers(kind).convert(text, None, None) == expected
    assert Numbers(kind).convert(expected, None, None) == expected


@pytest.mark.parametrize("text", ["7;7", "1,,2", "0.5", "x"])
def test_what_are_no_numbers(text):
    with pytest.raises(click.UsageError, match="is no list of numbers such as 7,7,512"):
        Numbers(int).convert(text, None, None)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "never"),
        ({"copy": False, "link": False}, "hard"),
        ({"copy": True, "link": False}, "never"),
        ({"copy": False, "link": True}, "always"),
    ],
)
def test_links(given, wanted):
    rest = {**given, "other": 1}
    assert options.links_of(rest) == wanted
    assert rest == {"other": 1}


def test_links_exclude_copies():
    with pytest.raises(click.UsageError, match="exclude each other"):
        options.links_of({"copy": True, "link": True})


@pytest.mark.parametrize(
    ("stem", "verb"),
    [("strip_optimizer", "strip-optimizer"), ("cast", "cast"), ("freeze_graph", "freeze_graph")],
)
def test_verbs_have_dashes_where_tensorflows_have_none(stem, verb):
    assert options.verb_name(stem) == verb


@pytest.mark.parametrize(
    ("arguments", "value"),
    [([], False), (["--on"], True), (["--on=true"], True), (["--on=True"], True), (["--on=1"], False)],
)
def test_a_switch_of_tensorflows(arguments, value):
    command = click.command()(options.switch("on", "Whether.")(lambda on: on))
    assert command.main(arguments, standalone_mode=False) == value


def test_wrong_usage_has_a_hint_of_its_own():
    error = options.wrong_usage("not so", "but so")
    assert (error.message, getattr(error, "hint", None)) == ("not so", "but so")


def test_a_file_of_lines_has_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "map"
    path.write_bytes(b"\xef\xbb\xbfa\tb\r\nc\td\n")
    assert options.lines_of(str(path)) == ["a\tb\n", "c\td\n"]
    monkeypatch.setattr(options, "MAX_LINES_NBYTES", 10)
    with pytest.raises(LimitError, match="is 12, the limit is 10"):
        options.lines_of(str(path))
