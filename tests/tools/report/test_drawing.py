"""Pictures of a graph and of a scope, as files."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import LimitError, NotFoundError, PassError
from graphsurgeon.tools.report.browser import Browser
from graphsurgeon.tools.report.drawing import MAX_SIDE, DrawnGraph, _png_of, draw
from graphsurgeon.tools.report.html_page import html_page
from graphsurgeon.tools.report.page_data import page_data
from tests import notation

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str]:
    return [each.text or "" for each in ET.fromstring(svg).iter(f"{SVG}text")]


def png_size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.usefixtures("browser")
def test_a_graph_as_both_kinds(fixtures: Path):
    page = html_page(page_data(fixtures / "mobile_cnn.pb"))
    drawn = draw(page, kinds=("svg", "png"))
    root = ET.fromstring(drawn["svg"])
    assert png_size(drawn["png"]) == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))
    shown = texts(drawn["svg"])
    assert "DepthwiseConv2dNative" in shown
    assert "conv filter 3x3x3x16" in [each.replace("\N{MULTIPLICATION SIGN}", "x") for each in shown]
    assert shown.count("Relu6") >= 1
    assert not {each.tag for each in root.iter()} - {
        f"{SVG}{tag}" for tag in ("svg", "g", "rect", "path", "text", "title", "circle")
    }


@pytest.mark.usefixtures("browser")
def test_a_scope_is_shown_alone(fixtures: Path):
    page = html_page(page_data(fixtures / "lstm_loop.pb"))
    drawn = draw(page, scope="rnn/while", kinds=("svg",))
    assert set(drawn) == {"svg"}
    shown = texts(drawn["svg"])
    assert {"LoopCond", "lstm_output", "input"} <= set(shown)
    assert shown.count("outside") == 3


@pytest.mark.usefixtures("browser")
def test_a_scope_with_one_box(tmp_path: Path):
    """Elsewhere what is alone in a scope stands for it: `a/b/y` beside its constant, and a scope of constants alone."""
    text = "x = Placeholder {dtype: f32}; a/b/w = Const {f32 [2]}; a/b/y = Add(x, a/b/w); c/w = Const {f32 [2]}"
    page = html_page(page_data(notation.model(f"{text}; z = Add(a/b/y, c/w)")))
    for scope in ("a/b", "a/b/", "a"):
        assert {"Add", "x", "z"} <= set(texts(draw(page, scope=scope, kinds=("svg",))["svg"]))
    assert "Const" in texts(draw(page, scope="c", kinds=("svg",))["svg"])
    with pytest.raises(NotFoundError):
        draw(page, scope="a/c", kinds=("svg",))


@pytest.mark.usefixtures("browser")
def test_a_function_by_its_name(fixtures: Path):
    data = page_data(fixtures / "lstm_calls.pb")
    name = data["graphs"][1]["name"]
    assert texts(draw(html_page(data), graph=name, kinds=("svg",))["svg"])
    with pytest.raises(NotFoundError, match="function"):
        draw(html_page(data), graph="none", kinds=("svg",))


@pytest.mark.usefixtures("browser")
def test_no_such_scope(fixtures: Path):
    with pytest.raises(NotFoundError, match=r"no scope .*; a page has scopes of up to 32 parts"):
        draw(html_page(page_data(fixtures / "mobile_cnn.pb")), scope="/".join("x" * 33), kinds=("png",))


@pytest.mark.usefixtures("browser")
def test_a_checkpoint_has_no_graph(tmp_path: Path):
    gs.save_checkpoint({"a": np.zeros(3, np.float32)}, tmp_path / "c")
    with pytest.raises(PassError, match="the source has none"):
        draw(html_page(page_data(tmp_path / "c")), kinds=("svg",))


def test_a_large_picture_is_scaled_down(browser: Browser):
    page = browser.page()
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="{0}"><rect width="10" height="{0}"/></svg>'
    png = _png_of(page, DrawnGraph(svg.format(40_000), 10, 40_000))
    assert png_size(png)[1] <= MAX_SIDE
    with pytest.raises(LimitError, match="side"):
        _png_of(page, DrawnGraph(svg.format(400_000), 10, 400_000))
    page.close()
