"""A headless Chromium for the tests of the page; without one they are skipped."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.errors import NotFoundError
from graphsurgeon.tools.report.browser import Browser, Page, find_browser
from graphsurgeon.tools.report.html_page import html_page
from graphsurgeon.tools.report.page_data import page_data

#: Keys by their names in the browser, with their codes.
KEYS = {
    "Enter": 13, "Escape": 27, "Backspace": 8, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
    "ArrowDown": 40, "Home": 36, "End": 35,
}  # fmt: skip
#: How long what has to come may take, on whatever machine.
SECONDS = 120


class Shown:
    """A report in a browser, and what a user does with it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def value(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def wait(self, expression: str) -> Any:
        """Return the value of an expression as soon as it is true."""
        limit = time.monotonic() + SECONDS
        while not (found := self.value(expression)):
            assert time.monotonic() < limit, f"never came: {expression}"
            time.sleep(0.02)
        return found

    def count(self, selector: str) -> int:
        found: int = self.value(f"document.querySelectorAll({selector!r}).length")
        return found

    def text(self, selector: str) -> str:
        found: str = self.value(f"document.querySelector({selector!r}).innerText")
        return found

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.value(f"[...document.querySelectorAll({selector!r})].map((each) => each.textContent)")
        return found

    def click(self, selector: str) -> None:
        """Click what a user could: it is in sight and nothing lies over it."""
        x, y = self.value(
            f"(() => {{ const one = document.querySelector({selector!r}); one.scrollIntoView({{ block: 'nearest' }});"
            "const [at] = one.getClientRects(); return [at.x + at.width / 2, at.y + at.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.page.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, *keys: str) -> None:
        for key in keys:
            code = KEYS.get(key, ord(key[0].upper()))
            typed = {"text": "\r" if key == "Enter" else key} if key == "Enter" or len(key) == 1 else {}
            self.page.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **typed)
            self.page.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        self.page.send("Input.insertText", text=text)

    def settled(self) -> None:
        """Wait until a picture is laid out."""
        self.wait("!document.querySelector('#picture')?.hasAttribute('aria-busy')")

    @property
    def status(self) -> str:
        self.settled()
        return self.text("#status")

    def boxes(self, kind: str = "") -> list[str]:
        """The names of the boxes in the picture."""
        selector = f"#picture .box{kind and '.' + kind}"
        return self.texts(f"{selector} > title")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if sys.platform == "win32":
        pytest.skip("the browser is driven over pipes that Windows does not have")
    try:
        path = find_browser()
    except NotFoundError as error:
        pytest.skip(str(error))
    with Browser(path) as running:
        yield running


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Shown]]:
    """Open the report of a source, `show(source, place="#node=x", **options)`; errors of its script fail the test."""
    pages: list[Page] = []

    def opened(source: Any, place: str = "", *, size: tuple[int, int] = (1280, 800), **how: Any) -> Shown:
        data = source if isinstance(source, Mapping) else page_data(source, **how)
        file = tmp_path / f"report-{len(pages)}.html"
        file.write_text(html_page(dict(data)), encoding="utf-8")
        page = browser.page(width=size[0], height=size[1])
        pages.append(page)
        page.send("Log.enable")
        page.open(f"{file.as_uri()}{place}")
        shown = Shown(page)
        shown.wait("document.documentElement?.dataset.ready === 'true'")
        return shown

    yield opened
    troubles = [event for event in browser.events if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]
    browser.events.clear()
    for page in pages:
        page.close()
    assert troubles == []


@pytest.fixture(scope="session")
def char_rnn(root: Path) -> Path:
    """A recurrent network that somebody froze, with a second version beside it."""
    shared = Path(os.environ.get("GRAPHSURGEON_SHARED", root.parent / "shared"))
    found = shared / "models" / "zaneoliver6+char-rnn-lstm-receipts"
    if not found.is_dir():
        pytest.skip("the models beside the checkout (../shared/models) are not there")
    return found
