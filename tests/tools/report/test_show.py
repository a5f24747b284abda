"""The page in a cell: a frame that holds all of it, and lets nothing out."""

from __future__ import annotations

import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import graphsurgeon as gs
from graphsurgeon.tools.report.browser import Browser, Page
from graphsurgeon.tools.report.html_page import html_page
from graphsurgeon.tools.report.page_data import page_data
from tests.tools.report.conftest import SECONDS
from tests.tools.report.test_html_page import HOSTILE, hostile_model


class Frame(HTMLParser):
    """The tags of a cell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_frame_holds_the_page(fixtures: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    shown = gs.show(model, height=300)
    ((tag, attrs),) = Frame(shown._repr_html_()).tags
    assert (tag, attrs["height"], attrs["sandbox"]) == ("iframe", "300", "allow-scripts")
    assert attrs["srcdoc"] == html_page(page_data(model)) == shown.page


def test_in_a_console_it_is_a_line(fixtures: Path):
    assert repr(gs.show(fixtures / "mobile_cnn.pb")) == "Picture('mobile_cnn.pb': 101 nodes, 37 weights)"


def test_names_do_not_leave_the_frame():
    model = hostile_model()
    model.path = f'/tmp/x" onload="alert(1)"{HOSTILE.replace("/", "")}'
    ((tag, attrs),) = Frame(gs.show(model)._repr_html_()).tags
    assert (tag, set(attrs)) == ("iframe", {"title", "sandbox", "width", "height", "style", "srcdoc"})


def test_options_are_those_of_report(fixtures: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    shown = gs.show(model, against=model.copy(), plan="unfreeze", values=False)
    assert shown.page == html_page(page_data(model, against=model.copy(), plan="unfreeze", values=False))


def test_a_cell_draws_it_in_a_browser(browser: Browser, fixtures: Path, tmp_path: Path):
    """As a notebook puts it into its own page: the frame lays the graph out, and cannot reach what is around it."""
    cell = gs.show(fixtures / "mobile_cnn.pb")._repr_html_()
    file = tmp_path / "notebook.html"
    file.write_text(f"<!doctype html><title>notebook</title><p>around</p>{cell}", encoding="utf-8")
    page = browser.page()
    page.open(file.as_uri())
    frame = framed(page)
    try:
        wait(frame, "document.documentElement?.dataset.ready === 'true'")
        wait(frame, "document.querySelectorAll('#picture .box').length > 1")
        assert frame("document.querySelector('#title').textContent") == "mobile_cnn.pb"
        assert frame("(() => { try { return parent.document.title } catch (error) { return error.name } })()") == (
            "SecurityError"
        )
    finally:
        page.close()
        browser.events.clear()


def framed(page: Page) -> Callable[[str], Any]:
    """Return what evaluates an expression in the frame of a page, which has a process of its own."""
    limit = time.monotonic() + SECONDS
    while not (found := _frames(page)):
        assert time.monotonic() < limit, "there is no frame"
        time.sleep(0.05)
    session = page.browser.send("Target.attachToTarget", targetId=found[0], flatten=True)["sessionId"]
    return Page(page.browser, session, found[0]).evaluate


def _frames(page: Page) -> list[str]:
    # Pages of the browser's own, as that of a new tab, have frames too.
    targets = page.browser.send("Target.getTargets")["targetInfos"]
    return [each["targetId"] for each in targets if (each["type"], each["url"]) == ("iframe", "about:srcdoc")]


def wait(evaluate: Callable[[str], Any], expression: str) -> None:
    limit = time.monotonic() + SECONDS
    while not evaluate(expression):
        assert time.monotonic() < limit, f"never came: {expression}"
        time.sleep(0.05)
