"""The catalog: every verb has a group and an example, and every example does what it is there for."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from graphsurgeon import edits, passes
from graphsurgeon.cli import catalog, verbs
from graphsurgeon.cli.options import verb_name
from tests.beam.conftest import HAS_BEAM
from tests.example_files import make_example_files

VERBS = [verb_name(stem) for stem in (*verbs.names(), *passes.names(), *edits.names())]
EXAMPLES = [command for verb in VERBS for command, _ in catalog.examples(verb)]


def test_every_verb_is_in_one_group():
    """A new verb gets its line in graphsurgeon/cli/catalog.txt, below what it is for."""
    listed = [verb for group in catalog.groups().values() for verb in group]
    assert sorted(listed) == sorted(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_of_its_own(verb):
    commands = [command for command, _ in catalog.examples(verb)]
    assert commands
    assert all(command.split()[0] == verb for command in commands)


def test_what_is_in_no_catalog_has_no_example():
    assert catalog.examples("xyzzy") == ()


def test_transforms():
    assert catalog.is_transform("sort")
    assert not catalog.is_transform("unfreeze")


@pytest.fixture(scope="module")
def example_files(tmp_path_factory, fixtures) -> Path:
    """The files that examples name."""
    directory: Path = tmp_path_factory.mktemp("examples")
    make_example_files(fixtures, directory)
    return directory


@pytest.mark.parametrize("command", EXAMPLES)
def test_example_runs(verb, example_files, tmp_path, monkeypatch, command):
    place = tmp_path / "here"
    shutil.copytree(example_files, place)
    monkeypatch.chdir(place)
    before = set(place.rglob("*"))
    words = shlex.split(command)
    if words[0] == "fleet" and not HAS_BEAM and "--dry-run" not in words:
        pytest.skip("Apache Beam is not installed: make test-beam")
    done = verb(*words)
    assert (done.code, done.err.startswith("error:")) == (0, False), done.err
    # What it is told to write is there.
    outputs = [words[i + 1] for i, word in enumerate(words) if word in ("-o", "--front", "--back")]
    outputs = [each.partition("{")[0].rstrip("/") for each in outputs]
    made = {str(path.relative_to(place)) for path in set(place.rglob("*")) - before}
    assert all(any(path.startswith(output) for path in made) for output in outputs) or "--dry-run" in words
    assert done.out or done.err or made
