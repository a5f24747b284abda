"""The picture of the README is what its script draws, and its colours are those of the page."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from docs.make.picture import DOCS, WIDTH, draw
from docs.make.svg import THEMES


@pytest.mark.parametrize("name", THEMES)
def test_the_picture_is_current(name: str):
    assert (DOCS / f"picture-{name}.svg").read_text(encoding="utf-8") == draw(THEMES[name]), (
        "python -m docs.make.picture"
    )


@pytest.mark.parametrize("name", THEMES)
def test_all_of_it_is_within(name: str):
    root = ET.fromstring(draw(THEMES[name]))
    boxes = [each for each in root if each.tag.endswith("rect")]
    assert boxes
    assert all(0 <= float(each.attrib["x"]) + float(each.attrib["width"]) <= WIDTH for each in boxes)


def test_themes_have_the_same_colours():
    assert len({frozenset(theme) for theme in THEMES.values()}) == 1
