"""What every test may use: where things are, and the markers that `make` selects by."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

ROOT = Path(__file__).resolve().parents[1]

# A test's processes have no use for the threads of numpy's OpenBLAS, which spin for a while when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if "PYTEST_XDIST_WORKER" in os.environ:
    # The last that a worker does, for what ends before was registered later: freeing its memory takes it seconds.
    atexit.register(os._exit, 0)

# In CI a failure must be repeatable and a slow machine is no failure.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("default", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# Started in the background or under nohup, the tests would ignore these signals, and their children too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _is_open(fd: FileDescriptorLike) -> None:
    """Stand in for `os.fsync`: waiting for the disk shows nothing, for no test here takes the power away.

    A simulated disk does, see `tests/test_power_cuts.py`, and processes that tests start sync for real.
    """
    os.fstat(fd if isinstance(fd, int) else fd.fileno())


os.fsync = _is_open


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag of `make snapshots`."""
    parser.addoption("--write-snapshots", action="store_true", help="store what tests with snapshots see, and pass")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let the collector of cycles leave alone what is collected: millions of objects that stay until the end."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    # It looks after every 700 new objects otherwise, at little but what a test still holds.
    gc.set_threshold(10_000)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let the scheduler of `--dist loadfile` forget files that are done, which it counts through at each test's end."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    scheduler: Any = LoadFileScheduling(config, log)
    count = scheduler._pending_of

    def forget_and_count(workload: dict[str, dict[str, bool]]) -> Any:
        for file in [file for file, tests in workload.items() if all(tests.values())]:
            del workload[file]
        return count(workload)

    scheduler._pending_of = forget_and_count
    return scheduler


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


@pytest.fixture
def tmp_path_in_memory(tmp_path: Path) -> Iterator[Path]:
    """A directory for small files that are written again and again: in memory, where the system has such a place."""
    if not os.access("/dev/shm", os.W_OK | os.X_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="graphsurgeon-test-") as directory:
        yield Path(directory)
