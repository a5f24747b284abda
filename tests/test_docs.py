"""The pages of docs/ that need no TensorFlow run, and show what comes out: `make snapshots` writes it anew."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon import edits, passes
from graphsurgeon.cli import verbs
from graphsurgeon.cli.options import verb_name
from tests import documents
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "how-to").glob("*.md"))
HOW_TO = [page for page in PAGES if page.name != "index.md"]
TUTORIALS = [page for page in sorted((DOCS / "tutorials").glob("*.md")) if page.name != "index.md"]

#: What the library has other calls for than the verb's name.
IN_OTHER_WORDS = ("cat", "convert", "export", "import", "optimize_for_inference", "transform_graph")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return documents.prepare(tmp_path_factory.mktemp("docs"))


@pytest.fixture
def directory(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    shutil.copytree(prepared, tmp_path / "try")
    documents.enter(tmp_path / "try", monkeypatch)
    return tmp_path / "try"


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_how_to_shows_what_comes_out(page: Path, directory: Path, pytestconfig: pytest.Config):
    documents.check(page, documents.python_here(), pytestconfig)
    text = page.read_text(encoding="utf-8")
    written = re.search(rf"^\$ graphsurgeon {page.stem} .*-o (\S+)", text, re.MULTILINE)
    in_python = re.search(r'"(python\.(?:pb|pbtxt|ckpt))"', text)
    if written and in_python:
        load = gs.load_checkpoint if "load_checkpoint" in text else gs.load
        assert gs.diff(load(written[1]), load(in_python[1])).is_equal


def test_each_verb_has_its_page():
    every = {verb_name(stem) for room in (verbs, passes, edits) for stem in room.names()}
    assert {page.stem for page in HOW_TO} == every


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_how_to_says_what_it_must(page: Path):
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    assert headings == [page.stem, "What it refuses", "See also"]
    example = text.partition("## What it refuses")[0]
    assert re.search(rf"^\$ graphsurgeon {page.stem} ", example, re.MULTILINE)
    assert "\nerror: " not in example or page.stem == "verify"
    assert "```python" not in example or f"gs.{page.stem.replace('-', '_')}(" in example or page.stem in IN_OTHER_WORDS


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_tutorials_show_what_comes_out(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
):
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    documents.enter(tmp_path, monkeypatch)
    # The others run as a whole in tests/tf/test_docs_tf.py.
    needs_tensorflow = "import tensorflow" in page.read_text(encoding="utf-8")
    documents.check(page, None if needs_tensorflow else documents.python_here(), pytestconfig)


@pytest.mark.parametrize(
    ("text", "fresh"),
    [
        ("```console\n$ echo one\ntwo\n```\n", "```console\n$ echo one\none\n```\n"),
        ("```console\n$ echo one\n$ echo two\n```\n", "```console\n$ echo one\none\n$ echo two\ntwo\n```\n"),
        ("```console\n$ seq 5\n0\n...\n6\n```\n", "```console\n$ seq 5\n1\n...\n5\n```\n"),
        ("```console\n$ echo one 1.5 two\none ... two\n```\n", None),
        ("```console\n$ echo \\\n  one\n```\n", "```console\n$ echo \\\n  one\none\n```\n"),
        ('```console\n$ cat a.txt\nx\n```\n\n```text title="a.txt"\nx\n```\n', None),
        (
            "```console\n$ echo 10 tensors, 0.03 s\n```\n",
            "```console\n$ echo 10 tensors, 0.03 s\n10 tensors, ... s\n```\n",
        ),
    ],
)
def test_pages_get_what_came_out(text: str, fresh: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    documents.enter(tmp_path, monkeypatch)
    assert documents.fresh_text(text, None) == (fresh or text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("```console\n$ graphsurgeon inspect nowhere\n```\n", "ended with 5"),
        ("```console\n$ python -c 'raise SystemExit(3)'\n```\n", "ended with 3"),
        ("```python\nprint(1)\n```\n", "does not show"),
    ],
)
def test_runner_fails_when_a_block_does(text: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    documents.enter(tmp_path, monkeypatch)
    with pytest.raises(AssertionError, match=reason):
        documents.fresh_text(text, documents.python_here())


def test_python_blocks_are_one_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    documents.enter(tmp_path, monkeypatch)
    text = "```python\nx = 1\n```\n\n```python\nprint(x)\n```\n\n```text\n```\n"
    assert documents.fresh_text(text, documents.python_here()) == text.replace("```text\n", "```text\n1\n")


def test_without_python_a_page_ends_at_the_first_block_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    documents.enter(tmp_path, monkeypatch)
    text = "```console\n$ echo 1\n```\n\n```python\nprint(2)\n```\n\n```console\n$ echo 3\n```\n"
    assert documents.fresh_text(text, None) == text.replace("echo 1\n", "echo 1\n1\n")
