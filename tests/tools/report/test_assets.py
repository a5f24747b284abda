"""The bundled library is the one that is pinned, with its licence; every script of the page has its place."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from graphsurgeon.tools.report import html_page

PAGE = Path(html_page.__file__).parent / "page"
PIN = PAGE / "elk-worker.pin"
MAX_LINES = 400


def rows() -> list[list[str]]:
    return [line.split() for line in PIN.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def test_the_library_is_what_the_pin_says():
    (package, _, integrity), *files = rows()
    assert package == "elkjs"
    assert integrity.startswith("sha512-")
    assert {name: hashlib.sha256((PAGE / name).read_bytes()).hexdigest() for _, _, name in files} == {
        name: digest for digest, _, name in files
    }


def test_its_licence_is_beside_it_and_the_page_names_it():
    assert "Eclipse Public License - v 2.0" in (PAGE / "elk-worker.LICENSE.md").read_text(encoding="utf-8")
    version = rows()[0][1]
    assert f"elkjs {version}" in (PAGE / "views.js").read_text(encoding="utf-8")
    assert (PAGE / "elk-worker.min.js").stat().st_size < 2_000_000


def test_every_script_is_in_the_page():
    listed = (PAGE / "scripts.txt").read_text(encoding="utf-8").split()
    assert sorted(listed) == sorted(path.name for path in PAGE.glob("*.js") if path.name != "elk-worker.min.js")


@pytest.mark.parametrize("path", [*PAGE.glob("[!e]*.js"), *PAGE.glob("*.css")], ids=lambda path: path.name)
def test_scripts_are_one_idea_each_and_make_no_markup(path: Path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    for banned in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert banned not in text
