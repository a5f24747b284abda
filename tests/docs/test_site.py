"""The documentation builds without a warning, has every public name, and needs no network to be read."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import graphsurgeon as gs
from tests.conftest import ROOT

NEEDED = ("mkdocs", "material", "mkdocstrings", "mkdocstrings_handlers")
#: What a browser fetches by itself; links that people follow are not among it.
FETCHED = re.compile(r"<(?:script|img|link|source|iframe)\b[^>]*?(?:src|href|srcset)=\"?(https?:[^\"\s>]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does, which says where it is."""
    if "GRAPHSURGEON_SITE" in os.environ:
        return ROOT / os.environ["GRAPHSURGEON_SITE"]
    if not (ROOT / "mkdocs.yml").exists():
        pytest.skip("there is no mkdocs.yml beside the tests")
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed: make docs, or pip install -e '.[docs]'")
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


def test_the_library_is_there_whole(site: Path):
    text = (site / "reference" / "api.html").read_text(encoding="utf-8")
    names = {name for name in dir(gs) if not name.startswith("_")} - {"beam", "compat"}
    headings = re.findall(r'<h3 id="([\w.]+)\.(\w+)"', text)
    assert names <= {name for _, name in headings}
    assert set(gs.beam.__all__) == {name for module, name in headings if module.startswith("graphsurgeon.beam.")}


def test_private_names_are_not(site: Path):
    text = (site / "reference" / "api.html").read_text(encoding="utf-8")
    assert re.findall(r'id="[\w.]+\._(?!_)\w+"', text) == []


def test_nothing_is_fetched_from_others(site: Path):
    fetched = {path.name: FETCHED.findall(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert {name: urls for name, urls in fetched.items() if urls} == {}


def test_pictures_are_there(site: Path):
    for path in site.rglob("*.html"):
        sources = re.findall(r"(?:src|srcset)=\"([^\":]+\.svg)\"", path.read_text(encoding="utf-8"))
        assert [source for source in sources if not (path.parent / source).exists()] == [], path.name


def test_what_makes_it_is_no_part_of_it(site: Path):
    assert list(site.rglob("*.py")) == []
