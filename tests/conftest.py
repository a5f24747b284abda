"""What every test may use: where things are, and the markers that `make` selects by."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# In CI a failure must be repeatable and a slow machine is no failure.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("default", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# Started in the background or under nohup, the tests would ignore these signals, and their children too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag of `make snapshots`."""
    parser.addoption("--write-snapshots", action="store_true", help="store what tests with snapshots see, and pass")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs TensorFlow, so that `-m` can choose it: by folder, and by the fixtures a test asks for."""
    for item in items:
        if ROOT / "tests" / "tf" in item.path.parents:
            item.add_marker("tf")
        if _asks_for_tf1(item):
            item.add_marker("tf1")


def _asks_for_tf1(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    chosen = callspec.params.values() if callspec else ()
    return "tf1" in getattr(item, "fixturenames", ()) or "tf1" in [value for value in chosen if isinstance(value, str)]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own directory."""
    return ROOT


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The directory of small committed files."""
    return ROOT / "fixtures"
