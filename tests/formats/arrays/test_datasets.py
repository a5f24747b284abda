"""Values of HDF5 datasets: in boxes, each chunk unpacked once, and no more memory than that takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphsurgeon.formats.arrays import datasets, hdf5
from proto_utils.errors import LimitError

h5py: Any = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")


def pieces_of(path: Path, shape: tuple[int, ...], chunks: tuple[int, ...] | None) -> list[int]:
    """Lengths of the pieces in which a float32 dataset of zeros is read."""
    with h5py.File(path, "w") as file:
        zeros = np.zeros(shape, np.float32)
        file.create_dataset("a", data=zeros, chunks=chunks, compression="gzip" if chunks else None)
    return [len(chunk) for chunk in hdf5.read(str(path))["a"].chunks()]


MIB = 1 << 20


def test_small_boxes_where_the_cache_holds_a_row_of_chunks(tmp_path):
    assert set(pieces_of(tmp_path / "x", (2048, 1024), None)) == {MIB}
    assert set(pieces_of(tmp_path / "x", (2048, 1024), (512, 128))) == {MIB}


def test_a_box_for_a_row_of_chunks_that_the_cache_does_not_hold(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "CACHE_NBYTES", MIB)
    assert pieces_of(tmp_path / "x", (2048, 1024), (512, 128)) == [2 * MIB] * 4
    monkeypatch.setattr(datasets, "_MAX_ROW_NBYTES", MIB)
    assert set(pieces_of(tmp_path / "x", (2048, 1024), (512, 128))) == {MIB}


def test_chunk_that_takes_all_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "_MAX_CHUNK_NBYTES", MIB)
    assert pieces_of(tmp_path / "x", (512, 512), (512, 512))
    with pytest.raises(LimitError, match="'a': a chunk"):
        pieces_of(tmp_path / "x", (512, 513), (512, 513))


def test_values_that_are_only_claimed(tmp_path):
    with h5py.File(tmp_path / "x", "w") as file:
        file.create_dataset("a", (1 << 50,), "float32", chunks=(1 << 20,))
    with pytest.raises(LimitError, match="'a': 0 bytes in the file"):
        hdf5.read(str(tmp_path / "x"))


def test_one_string_in_many_places(tmp_path, monkeypatch):
    """Strings of any length are kept apart from the dataset, which may name the same one again and again."""
    with h5py.File(tmp_path / "x", "w") as file:
        file.create_dataset("a", data=["x" * 1000] * 50, dtype=h5py.string_dtype())
    seen = []
    values = datasets.DatasetPlace.values

    def spy(place, wanted):
        for found in values(place, wanted):
            seen.append(found.size)
            yield found

    monkeypatch.setattr(datasets.DatasetPlace, "values", spy)
    monkeypatch.setattr(datasets, "_STRINGS_NBYTES", 10 * (tmp_path / "x").stat().st_size)
    assert len(list(hdf5.read(str(tmp_path / "x"))["a"].strings())) == 50
    assert max(seen) < 10
    monkeypatch.setattr(datasets, "_MAX_CLAIMED_NBYTES", 0)
    monkeypatch.setattr(datasets, "_MAX_RATIO", 0.5)
    with pytest.raises(LimitError, match="strings of a file"):
        list(hdf5.read(str(tmp_path / "x"))["a"].strings())


MEMORY = """
import resource, sys
import h5py, numpy as np
from graphsurgeon.formats.arrays import hdf5
with h5py.File(sys.argv[1], "w") as file:
    for n in range(12):
        file.create_dataset(f"w{n}", data=np.zeros((512, 8192), "float32"), chunks=(64, 1024), compression="gzip")
tensors = hdf5.read(sys.argv[1])
for chunk in tensors["w0"].chunks():
    pass
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
for tensor in tensors.values():
    for chunk in tensor.chunks():
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10) - before)
"""


def test_caches_do_not_add_up(tmp_path, root):
    """Twelve datasets of 16 MiB, each of which would stay in a cache."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "x")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 40
