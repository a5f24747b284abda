"""The list of verbs: files and passes, help without importing them, near names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphsurgeon import edits, passes
from graphsurgeon.cli import verbs
from graphsurgeon.cli.group import cli, summary
from graphsurgeon.cli.options import verb_name
from graphsurgeon.cli.verbs import __file__ as verbs_file

VERBS = [verb_name(stem) for stem in (*verbs.names(), *passes.names(), *edits.names())]


def test_verbs_are_files_and_passes():
    files = {path.stem.removesuffix("_") for path in Path(verbs_file).parent.glob("[!_]*.py")}
    assert set(verbs.names()) == files >= {"inspect", "ls", "cat", "convert", "verify", "latest"}
    assert not files & set(passes.names())


def test_every_verb_is_listed_with_a_sentence(verb):
    page = verb("--help").out
    for name in VERBS:
        (text,) = re.findall(rf"^  {name}(?:  +|\n {{20,}})(.+)$", page, re.MULTILINE)
        assert len(text.split()) > 1


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_explains_itself(verb, name):
    done = verb(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Usage: graphsurgeon {name}" in done.out


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_takes_the_common_options(name):
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    flags = {flag for parameter in command.params for flag in parameter.opts}
    assert {"--json", "--force", "--dry-run", "--quiet", "--debug"} <= flags
    assert all(
        getattr(parameter, "help", "") or parameter.param_type_name == "argument" for parameter in command.params
    )


def test_unknown_verb_gets_near_ones(verb):
    done = verb("unfreez", "x")
    assert done.code == 2
    assert done.err.splitlines() == ["error: no verb 'unfreez'", "hint: did you mean 'unfreeze'?"]
    assert verb("xyzzy").code == 2


@pytest.mark.parametrize(("word", "name"), [("reshard", "compact"), ("list", "ls"), ("show", "inspect")])
def test_another_word_for_a_verb_gets_the_verb(verb, word, name):
    done = verb(word, "x")
    assert (done.code, done.err.splitlines()[1]) == (2, f"hint: did you mean '{name}'?")
    assert verb(name, "--help").code == 0


def test_summary_is_the_first_line(tmp_path):
    (tmp_path / "x.py").write_text('r"""Do it well.\n\nMore."""\n')
    assert summary(tmp_path / "x.py") == "Do it well"
    (tmp_path / "y.py").write_text("x = 1\n")
    assert summary(tmp_path / "y.py") == ""


def test_version(verb):
    assert verb("--version").out == "graphsurgeon 0.1.0\n"
