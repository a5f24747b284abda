"""What options take is said in one word, which is not their type."""

from __future__ import annotations

import click
import pytest

from graphsurgeon import edits, passes
from graphsurgeon.cli.group import cli
from graphsurgeon.cli.help_page import metavar, sections
from graphsurgeon.cli.metavars import metavar_of
from graphsurgeon.options import options_of

#: The word of an option whose name says what it takes: no type of Python's.
NO_ANSWER = ("TEXT", "VALUES", "INTEGER", "FLOAT", "STRING", "NUMBERS")


@pytest.mark.parametrize("name", cli.list_commands(None))  # type: ignore[arg-type]
def test_every_option_says_what_it_takes(name):
    """An option of a new name gets a word in graphsurgeon/cli/metavars.py."""
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    options = [option for each in sections(command, click.Context(command)).values() for option in each]
    words = {option.opts[-1]: metavar(option) for option in options if not option.is_flag}
    assert {flag: word for flag, word in words.items() if not word or word.strip(".[]") in NO_ANSWER} == {}


@pytest.mark.parametrize(
    ("function", "option", "word"),
    [
        (passes.load("prune"), "outputs", "NODES"),
        (passes.load("set_shape"), "shape", "INPUT=SHAPE"),
        (edits.load("reshape"), "shape", "N,N..."),
        (passes.load("downgrade"), "to", "VERSION"),
        (edits.load("concat"), "to", "NAME"),
        (edits.load("cast"), "dtype", "DTYPE"),
        (edits.load("partition"), "shards", "N"),
        (edits.load("arithmetic"), "other", "CHECKPOINT"),
    ],
)
def test_word_is_of_the_name_or_the_kind(function, option, word):
    assert metavar_of(options_of(function)[option], function.__name__) == word


def test_an_option_of_no_known_name_is_a_text():
    option = options_of(passes.load("insert"))["name"]._replace(name="xyzzy")
    assert metavar_of(option) == "TEXT"
