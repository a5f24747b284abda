"""What a package index shows has no link or picture that leads nowhere."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

pytest.importorskip("hatchling", reason="hatchling is not installed: pip install -e '.[dev]'")

from docs.make.long_description import LongDescription, without_relative


def test_links_become_paths_and_pictures_go():
    text = 'A\n\n<picture>\n  <img src="docs/p.svg">\n</picture>\n\n[B](docs/b.md), [docs/c.md](docs/c.md), [D](https://d)\n'
    assert without_relative(text).startswith("A\n\nB (`docs/b.md`), `docs/c.md`, [D](https://d)\n")


def test_nothing_of_the_readme_leads_nowhere():
    metadata: dict[str, dict[str, str]] = {}
    LongDescription(str(ROOT), {}).update(metadata)
    text = metadata["readme"]["text"]
    assert re.findall(r"\]\((?!https?:|#)", text) + re.findall(r"<(?:img|source)\b", text) == []
    assert text.count("```") == (ROOT / "README.md").read_text(encoding="utf-8").count("```")
