"""The picture of a graph or a scope as SVG or PNG, drawn by the report's own page in a headless browser."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Literal

from graphsurgeon.errors import LimitError, NotFoundError, PassError
from graphsurgeon.tools.report.browser import Browser, Page

PictureKind = Literal["svg", "png"]

#: Pixels of a PNG for one of the page, where it is not too large for that.
SCALE = 2.0
#: Chromium's pictures have no longer side, and no more pixels than make sense in memory.
MAX_SIDE = 16_384
MAX_PIXELS = 1 << 27
#: The page gives a layout up after 20 s; there may be two of them.
_SECONDS = 120


@dataclass(frozen=True)
class DrawnGraph:
    """A picture: the text of an SVG, and its size in the page's pixels."""

    svg: str
    width: int
    height: int


def draw(html: str, *, scope: str = "", graph: str = "", kinds: tuple[PictureKind, ...]) -> dict[PictureKind, bytes]:
    """Return the picture of a report's graph, as the file of each kind.

    Parameters
    ----------
    html : str
        The page, as `html_page` returns it.
    scope : str
        The scope to show alone, opened; else the whole graph, folded as a first look at it.
    graph : str
        The function whose body is shown; else the main graph.
    kinds : tuple of {"svg", "png"}
        What to return.

    Raises
    ------
    NotFoundError
        No such scope or function, no graph, or no browser.
    PassError
        The browser failed.
    """
    with Browser(timeout=_SECONDS) as browser:
        page = browser.page(width=1600, height=1200)
        picture = _picture_of(page, html, scope, graph)
        drawn: dict[PictureKind, bytes] = {}
        for kind in kinds:
            drawn[kind] = _png_of(page, picture) if kind == "png" else _svg_file(picture.svg)
        return drawn


def _picture_of(page: Page, html: str, scope: str, graph: str) -> DrawnGraph:
    # The colours of paper, whatever the system of who runs this prefers.
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
    page.show(html)
    asked = f"graphsurgeon.picture({json.dumps(scope.rstrip('/') or scope)}, {json.dumps(graph)})"
    found = page.evaluate(f"{_SCRIPT_IS_THERE}.then(() => {asked})")
    trouble = found.get("trouble")
    if trouble == "no such scope":
        hint = "scopes are the parts of names before a slash: a/b of a/b/Conv2D"
        if scope.count("/") >= found["depth"]:
            hint = f"a page has scopes of up to {found['depth']} parts; what is deeper stands in those"
        raise NotFoundError("scope", scope, hint=hint)
    if trouble == "no such graph":
        raise NotFoundError("function", graph)
    if trouble:
        raise PassError("report", "a picture shows a graph, and the source has none")
    return DrawnGraph(found["text"], found["width"], found["height"])


#: Scripts of a document that was put in start some time later.
_SCRIPT_IS_THERE = """new Promise((resolve, reject) => {
  let turns = 0;
  const look = () => {
    if (window.graphsurgeon) resolve();
    else if (turns++ < 600) setTimeout(look, 50);
    else reject(new Error("no script ran"));
  };
  look();
})"""


def _svg_file(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _png_of(page: Page, picture: DrawnGraph) -> bytes:
    width, height = picture.width, picture.height
    scale = min(SCALE, MAX_SIDE / max(width, height), (MAX_PIXELS / (width * height)) ** 0.5)
    if scale < 0.1:
        raise LimitError("the picture's longer side", max(width, height), MAX_SIDE * 10, hint="draw a scope of it")
    # Another document: the policy of the report's would hold on.
    page.open("about:blank")
    page.show(f"<!doctype html><style>body{{margin:0}}svg{{display:block}}</style>{picture.svg}")
    page.resize(width, height, scale)
    answer = page.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
    return base64.b64decode(answer["data"])
