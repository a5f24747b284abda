"""Three models look as they did: screenshots beside stored ones, compared by the browser with a tolerance."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docs.make import pictures
from tests.tools.report.conftest import Shown

PICTURES = Path(__file__).parent / "pictures"
SIZE = (1000, 700)
#: Both pictures are looked at in fields of so many pixels, so that the edges of letters do not count.
FIELD = 20
#: Mean difference of a field, of 255, over all fields; and of the field that differs most.
MEAN, WORST = 3.0, 36.0
MODELS = [
    ("mobile_cnn.pb", "", "light"),
    ("lstm_loop.pb", "#scope=rnn%2Fwhile", "dark"),
    ("mobile_cnn.pb", "#view=weights", "light"),
]
#: How wide letters are in the font that the stored pictures have, DejaVu Sans: plain and bold.
LETTERS = "MobileNet/Conv2D 0123456789"
WIDTHS = (223.92, 248.32)
MEASURED = """
["400", "700"].map((weight) => {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `${weight} 14px ${getComputedStyle(document.body).fontFamily}`;
  return context.measureText("%s").width;
})
"""
#: The mean differences of fields, two pictures as data addresses given.
COMPARED = """
(async (first, second, field) => {
  const fields = async (address) => {
    const bitmap = await createImageBitmap(await (await fetch(address)).blob());
    const [width, height] = [Math.ceil(bitmap.width / field), Math.ceil(bitmap.height / field)];
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const sums = new Float64Array(width * height);
    for (let place = 0; place < data.length; place += 4) {
      const [x, y] = [(place / 4) % bitmap.width, Math.floor(place / 4 / bitmap.width)];
      const grey = (data[place] + data[place + 1] + data[place + 2]) / 3;
      sums[Math.floor(y / field) * width + Math.floor(x / field)] += grey;
    }
    return sums.map((sum) => sum / (field * field));
  };
  const [a, b] = [await fields(first), await fields(second)];
  const differences = [...a].map((each, place) => Math.abs(each - b[place]));
  const mean = differences.reduce((sum, each) => sum + each, 0) / differences.length;
  return [mean, Math.max(...differences), a.length === b.length];
})
"""


def compared(browser: Any, first: bytes, second: bytes) -> tuple[float, float]:
    page = browser.page()
    addresses = [f"data:image/png;base64,{base64.b64encode(each).decode()}" for each in (first, second)]
    mean, worst, same_size = page.evaluate(f"{COMPARED}({addresses[0]!r}, {addresses[1]!r}, {FIELD})")
    page.close()
    assert same_size
    return mean, worst


def taken(shown: Shown) -> bytes:
    shown.settled()
    return base64.b64decode(shown.page.send("Page.captureScreenshot", format="png")["data"])


@pytest.mark.parametrize(("source", "place", "theme"), MODELS, ids=["network", "loop", "weights"])
def test_it_looks_as_it_did(
    show: Callable[..., Shown], fixtures: Path, browser: Any, source: str, place: str, theme: str,
    request: pytest.FixtureRequest,
):  # fmt: skip
    shown = show(fixtures / source, place, size=SIZE)
    shown.page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    # What it says of the program may change.
    shown.value("document.querySelector('#footer').textContent = ''")
    picture = taken(shown)
    stored = PICTURES / f"{request.node.callspec.id}.png"
    widths = shown.value(MEASURED % LETTERS)
    if widths != pytest.approx(WIDTHS, rel=0.002):
        pytest.skip(f"the stored pictures have another font: {widths}")
    if request.config.getoption("--write-snapshots"):
        stored.parent.mkdir(exist_ok=True)
        stored.write_bytes(picture)
        pytest.skip("they are being written")
    mean, worst = compared(browser, picture, stored.read_bytes())
    assert mean < MEAN
    assert worst < WORST


def test_another_picture_is_told(show: Callable[..., Shown], fixtures: Path, browser: Any):
    """The tolerance is not so large that the boxes could stand elsewhere."""
    stored = (PICTURES / "network.png").read_bytes()
    mean, worst = compared(browser, taken(show(fixtures / "cond.pb", size=SIZE)), stored)
    assert mean > MEAN
    assert worst > WORST


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pictures_of_the_readme_are_current(browser: Any, theme: str):
    page = browser.page(width=pictures.SIZE[0], height=pictures.SIZE[1])
    taken_now = pictures.take(page, theme)
    page.close()
    mean, worst = compared(browser, taken_now, (pictures.DOCS / "pictures" / f"report-{theme}.png").read_bytes())
    assert mean < MEAN, "make pictures"
    assert worst < WORST, "make pictures"
