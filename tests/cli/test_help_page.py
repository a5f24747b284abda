"""Help: what is on the page, that it fits, and that a change of it is seen in review (`make snapshots`)."""

from __future__ import annotations

import re

import click
import pytest

from graphsurgeon.cli.group import cli
from graphsurgeon.cli.help_page import as_json, columns, example_lines, metavar, sections, told, wrap
from tests.cli.conftest import SNAPSHOTS

NAMES = cli.list_commands(None)  # type: ignore[arg-type]
WIDTHS = (60, 80, 120)
#: Of these every width is stored: many options, long flags, a paragraph that is not wrapped, arguments.
AT_EVERY_WIDTH = ("", "edit", "freeze_graph", "join", "unfreeze")
STORED = [(name, width) for name in ("", *NAMES) for width in WIDTHS if width == 80 or name in AT_EVERY_WIDTH]


def command_of(name: str) -> click.Command:
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    return command


def seen(verb, monkeypatch, name: str, width: int) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    done = verb(*filter(None, [name]), "--help")
    assert (done.code, done.err) == (0, "")
    return str(done.out)


@pytest.mark.parametrize(("name", "width"), STORED)
def test_snapshot_of_the_page(verb, monkeypatch, snapshot, name, width):
    snapshot(f"help/{name or 'graphsurgeon'}-{width}", seen(verb, monkeypatch, name, width))


def test_snapshots_are_of_verbs_that_there_are(request):
    if request.config.getoption("--write-snapshots"):
        pytest.skip("they are being written")
    stored = {path.stem for path in (SNAPSHOTS / "help").glob("*.txt")}
    assert stored == {f"{name or 'graphsurgeon'}-{width}" for name, width in STORED}


@pytest.mark.parametrize("name", ["", *NAMES])
def test_page_fits_and_says_the_same_at_every_width(verb, monkeypatch, name):
    pages = {width: seen(verb, monkeypatch, name, width) for width in WIDTHS}
    for width, page in pages.items():
        assert max(map(len, page.splitlines())) <= width
    if name:
        words = [[word for word in page.split() if word != "\\"] for page in pages.values()]
        assert words[0] == words[1] == words[2]
    assert max(map(len, pages[120].splitlines())) > 80


@pytest.mark.parametrize("name", NAMES)
def test_page_ends_with_examples_and_quotes_nothing_in_backquotes(verb, name):
    page = verb(name, "--help").out
    assert re.search(r"\nExamples:\n(  # .*\n)?  \$ graphsurgeon " + name, page)
    assert "`" not in page
    assert "A mapping" not in page


def test_program_begins_with_looking_and_main_verbs(verb):
    page = verb("--help").out
    titles = re.findall(r"^(\w.*):$", page, re.MULTILINE)
    assert titles[:3] == ["Look at files", "Recover a trainable model", "Freeze and deploy"]
    verbs = re.findall(r"^  ([a-z][\w-]*)  ", page, re.MULTILINE)
    assert verbs[0] == "inspect"
    assert {"unfreeze", "freeze"} < set(verbs[:12])
    assert "Other verbs" not in titles


def test_options_are_in_sections():
    command = command_of("unfreeze")
    found = sections(command, click.Context(command, help_option_names=["-h", "--help"]))
    assert list(found) == ["Options", "Input", "Output", "Common options"]
    assert [option.opts[-1] for option in found["Output"]][:2] == ["--output-path", "--to"]
    # Nodes of the pass are its own; those of a signature are about the output.
    assert "--outputs" in [option.opts[0] for option in found["Output"]]
    prune = command_of("prune")
    assert "--outputs" in [option.opts[0] for option in sections(prune, click.Context(prune))["Options"]]
    assert [option.opts[-1] for option in found["Common options"]][-1] == "--help"


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        (click.Option(["--x"], is_flag=True), ""),
        (click.Option(["--x"], multiple=True, metavar="PATTERN"), "PATTERN..."),
        (click.Option(["--x"], metavar="N,N..."), "N,N..."),
        (click.Option(["--x"], type=click.Choice(["a", "b"])), "a|b"),
        (click.Option(["--to"], type=click.Choice(["graph_def", "graph_def_text", "meta_graph"])), "KIND"),
        (click.Option(["--operation"], type=click.Choice(["add", "subtract", "multiply", "divide"])), "OPERATION"),
        (click.Option(["--x"], type=int), "N"),
        (click.Option(["--x"], type=click.IntRange(1)), "N"),
        (click.Option(["--x"], type=float), "NUMBER"),
    ],
)
def test_what_an_option_takes(option, shown):
    assert metavar(option) == shown


def test_defaults_are_shown_where_there_are_some(verb):
    page = " ".join(verb("take", "--help").out.split())
    assert "--axis AXIS Along which axis; a negative one counts from the end. [default: 0]" in page
    assert "[default: ]" not in verb("insert", "--help").out
    assert "None" not in verb("downgrade", "--help").out


def test_choices_that_are_long_are_in_the_text(verb):
    page = " ".join(verb("arithmetic", "--help").out.split())
    assert (
        "--operation OPERATION What to do with two tensors of one name. One of add, subtract, multiply, divide." in page
    )
    assert "[required]" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("those of `select`", "those of --select"),
        ('as `missing="keep"` does', "as --missing keep does"),
        ("what `freeze` does", "what freeze does"),
        (r"``\1`` is a group", r"\1 is a group"),
        ("``w/part_0``, by default.", "w/part_0, by default."),
        ("a name. (A mapping holds texts.)", "a name."),
    ],
)
def test_texts_of_the_library_are_said_in_flags(text, said):
    options: list[click.Parameter] = [click.Option(["--select"]), click.Option(["--missing"])]
    assert told(text, click.Command("x", params=options)) == said


def test_long_command_lines_go_on_as_in_a_shell():
    lines = example_lines([("prune a.pb -o b.pb --outputs " + "x" * 30, "cut it")], 50)
    assert lines == [
        "",
        "Examples:",
        "  # cut it",
        "  $ graphsurgeon prune a.pb -o b.pb \\",
        "      --outputs " + "x" * 30,
    ]
    assert example_lines([], 50) == []


def test_columns_put_what_is_too_wide_on_a_line_of_its_own():
    rows = [("-a", "one two three"), ("--long-flag", "four")]
    assert list(columns(rows, 16, 6)) == ["  -a    one two", "        three", "  --long-flag", "        four"]
    assert wrap("a b c", 3, "> ") == ["> a b", "> c"]


def test_as_json_says_what_the_page_says():
    command = command_of("downgrade")
    answer = as_json(command, click.Context(command, info_name="downgrade"))
    flags = {row["flags"][-1]: row for row in answer["options"]}
    assert flags["--to"]["takes"] == "VERSION"
    assert flags["--kind"]["choices"][0] == "graph_def"
    assert flags["--kind"]["section"] == "Output"
    assert answer["examples"] == [{"command": "graphsurgeon downgrade frozen.pb -o older.pb --to 1.15", "does": None}]
