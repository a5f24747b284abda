"""Models that are loaded hold few files open, and none when they are gone: in a loop, in threads, behind a `with`."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import UnsupportedError

DESCRIPTORS = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(not DESCRIPTORS.exists(), reason="needs /proc, where descriptors are listed")


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    """Nothing here waits for the collector of cycles, which the command line runs without."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def num_open() -> int:
    return len(list(DESCRIPTORS.iterdir()))


def resident_nbytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def used(path: Path) -> None:
    """Load a model, read, check and edit it, and fail at another."""
    model = gs.load(path)
    for tensor in list(model.variables.values())[:1]:
        tensor.numpy()
    gs.verify(model)
    if not model.variables:
        gs.unfreeze(model)
    with pytest.raises(gs.GraphSurgeonError):
        gs.load(path.with_name("nothing"))


@pytest.fixture
def paths(fixtures: Path) -> list[Path]:
    return [fixtures / "mobile_cnn.ckpt", fixtures / "mobile_cnn.pb", fixtures / "cond.pb"]


def test_300_loads_stay_flat(paths: list[Path]):
    for path in paths * 10:
        used(path)
    before, nbytes = num_open(), resident_nbytes()
    for path in paths * 100:
        used(path)
        assert num_open() == before
    assert resident_nbytes() - nbytes < 16 << 20


def test_loads_in_threads(paths: list[Path]):
    before, failures = num_open(), []

    def work() -> None:
        try:
            for path in paths * 5:
                used(path)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test tells it
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert num_open() == before


def test_files_are_closed_behind_a_with(paths: list[Path], tmp_path: Path):
    before = num_open()
    with gs.load(paths[0]) as model:
        assert num_open() == before + 2
        tensor = next(iter(model.variables.values()))
        kept = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
        tensor.numpy()
    for each in (tensor, next(iter(kept[0].variables.values()))):
        with pytest.raises(UnsupportedError, match="was closed before this was read from it"):
            each.numpy()
    with pytest.raises(UnsupportedError, match="was closed before this was read from it"):
        gs.save(model, tmp_path / "m")
    # What was pickled has opened the files itself.
    gs.save(kept[1], tmp_path / "m")
    del kept, tensor, model, each
    assert num_open() == before


def test_freezing_leaves_no_file_open(paths: list[Path]):
    before = num_open()
    for _ in range(3):
        model = gs.load(paths[0])
        gs.freeze(model, outputs=tuple(output.name for output in model.graph.outputs))
        del model
    assert num_open() == before
