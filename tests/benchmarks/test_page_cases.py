"""What is measured of a page in a browser."""

from __future__ import annotations

import os
import sys

import pytest

from benchmarks import page_cases
from benchmarks.process import Measurement
from graphsurgeon.errors import NotFoundError
from graphsurgeon.tools.report.browser import find_browser

ADDRESS = "data:text/html,<p id=x>one</p>"


@pytest.fixture(autouse=True)
def a_browser():
    try:
        find_browser()
    except NotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_time_and_memory_are_those_of_the_page():
    found = Measurement("a page")
    page_cases.measure_page(found, ADDRESS, "document.querySelector('#x')")
    assert len(found.seconds) == 1
    assert 0 < found.seconds[0] < page_cases.PATIENCE
    assert found.peak > 10 << 20
    assert found.label == "a page"


def test_what_never_shows_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_cases, "PATIENCE", 0.1)
    found = Measurement("a page")
    page_cases.measure_page(found, ADDRESS, "false")
    page_cases.measure_page(found, ADDRESS, "false")
    assert (found.seconds, found.label) == ([0.1, 0.1], "a page, given up")


def test_no_such_browser_has_no_memory():
    assert page_cases.renderer_peak(os.getpid() if os.getpgid(0) != os.getpid() else -1) == 0
