"""The README's pictures of a report: screenshots of its page, light and dark.

Usage: python -m docs.make.pictures (needs Chromium)
"""

from __future__ import annotations

import base64
import time
from pathlib import Path

from graphsurgeon.tools.report.browser import Browser, Page
from graphsurgeon.tools.report.html_page import html_page
from graphsurgeon.tools.report.page_data import page_data

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "fixtures" / "mobile_cnn.pb"
#: What is chosen in it: a weight, by its constant.
CHOSEN = "MobileNet/Block_1/pointwise_weights"
SIZE = (1180, 700)
READY = "document.documentElement?.dataset.ready === 'true' && !document.querySelector('#picture').ariaBusy"


def take(page: Page, theme: str) -> bytes:
    """Return a screenshot of the report in the colours of a theme."""
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    page.open("about:blank")
    page.show(html_page(page_data(SOURCE)))
    while not page.evaluate(READY):
        time.sleep(0.05)
    page.evaluate(f"graphsurgeon.go('#node=' + encodeURIComponent({CHOSEN!r}))")
    # The evidence is what no other picture shows.
    page.evaluate("document.querySelectorAll('#panel details').forEach((each) => { each.open = true; })")
    return base64.b64decode(page.send("Page.captureScreenshot", format="png")["data"])


def main() -> None:
    """Write the pictures for light and for dark pages."""
    (DOCS / "pictures").mkdir(exist_ok=True)
    with Browser() as browser:
        page = browser.page(width=SIZE[0], height=SIZE[1])
        for theme in ("light", "dark"):
            (DOCS / "pictures" / f"report-{theme}.png").write_bytes(take(page, theme))


if __name__ == "__main__":
    main()
