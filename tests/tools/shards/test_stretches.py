"""Stretches of values: all of them, each once, in the order in which they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphsurgeon as gs
from graphsurgeon.compare.tensors import diff_tensors
from graphsurgeon.compare.values import Tolerance
from graphsurgeon.tools.shards.results import Results
from graphsurgeon.tools.shards.stretches import diff_stretch, find_faults, joined, stretches
from tests.models import floats


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(1, 60))
def test_all_are_dealt_out(sizes, nbytes):
    tensors = {f"w{i:02}": floats(*range(size)) for i, size in enumerate(sizes)}
    dealt = stretches(tensors, nbytes)
    assert [name for _, names in dealt for name in names] == [*tensors]
    assert [number for number, _ in dealt] == [*range(len(dealt))]
    assert all(sum(tensors[n].nbytes for n in names) <= nbytes or len(names) == 1 for _, names in dealt)


def test_they_follow_files(tmp_path: Path):
    pairs = [("z", np.array([1], np.float32)), ("a", np.array([2], np.float32))]
    gs.save_checkpoint(iter(pairs), tmp_path / "m")
    assert stretches(gs.load_checkpoint(tmp_path / "m"), 100) == [(0, ["z", "a"])]


@pytest.fixture
def results(tmp_path: Path) -> Results:
    made = Results(str(tmp_path / "parts"))
    made.make()
    return made


def test_faults_are_found(tmp_path, results):
    gs.save_checkpoint({name: np.array([1, 2], np.float32) for name in "abc"}, tmp_path / "m")
    path = tmp_path / "m.data-00000-of-00001"
    data = bytearray(path.read_bytes())
    data[9] ^= 1
    path.write_bytes(data)
    for stretch in ((0, ["a"]), (1, ["b", "c"])):
        find_faults(results.directory, str(tmp_path / "m"), stretch)
    assert results.value(0) == {}
    assert [*results.value(1)] == ["b"]


@pytest.mark.parametrize("tolerance", [None, (0.0, 0.5)])
def test_differences_are_joined_to_what_one_machine_finds(tmp_path, results, tolerance):
    a = {
        "x": np.array([1, 2], np.float32),
        "n": np.array([np.nan, np.inf, 0], np.float32),
        "s": np.array([b"x", b"y"], object),
    }
    a |= {
        "same": np.array([1], np.int64),
        "shape": np.array([1], np.float32),
        "big": np.array([2**62], np.int64),
        "c": np.array([1 + 2j], np.complex64),
    }
    b = {
        "x": np.array([1, 2.25], np.float32),
        "n": np.array([1, -np.inf, -0.0], np.float32),
        "s": np.array([b"x", b"\xff"], object),
    }
    b |= {
        "same": np.array([1], np.int64),
        "shape": np.array([1, 2], np.float32),
        "big": np.array([-1], np.int64),
        "c": np.array([3j], np.complex64),
    }
    paths = str(tmp_path / "a"), str(tmp_path / "b")
    for path, tensors in zip(paths, (a, b), strict=True):
        gs.save_checkpoint(tensors, path)
    elements = stretches(gs.load_checkpoint(paths[0]), 16)
    assert len(elements) > 3
    for element in elements:
        diff_stretch(results.directory, paths, tolerance, element)
    found = joined([results.value(number) for number, _ in elements])
    limits = None if tolerance is None else Tolerance(*tolerance)
    wanted = diff_tensors(gs.load_checkpoint(paths[0]), gs.load_checkpoint(paths[1]), limits)
    assert repr(found.to_json()) == repr(wanted.to_json())
    assert found.changed
