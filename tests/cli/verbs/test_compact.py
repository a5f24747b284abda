"""`compact`: the bytes that are used, and no others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint


def sizes(prefix: Path) -> list[int]:
    return [path.stat().st_size for path in sorted(prefix.parent.glob(f"{prefix.name}.data-*"))]


@pytest.fixture
def gaps(tmp_path: Path) -> Path:
    """A checkpoint with one of two tensors of the file that it shares."""
    save_checkpoint({"a": np.arange(100), "b": np.arange(3)}, tmp_path / "all")
    save_checkpoint({"b": load_checkpoint(tmp_path / "all")["b"]}, tmp_path / "gaps", links="hard")
    assert sizes(tmp_path / "gaps") == [824]
    return tmp_path / "gaps"


def test_only_what_is_used(verb, gaps, tmp_path):
    assert verb("compact", gaps, "-o", tmp_path / "x").code == 0
    assert sizes(tmp_path / "x") == [24]
    assert load_checkpoint(tmp_path / "x")["b"].numpy().tolist() == [0, 1, 2]


def test_in_place_lets_go_of_the_shared_file(verb, gaps, tmp_path):
    assert verb("compact", gaps, "-o", gaps, "--force").code == 0
    assert (sizes(gaps), sizes(tmp_path / "all")) == ([24], [824])


@pytest.mark.parametrize(("size", "wanted"), [("500", [800, 24]), ("1kB", [824]), ("0.8k", [800, 24])])
def test_shards(verb, tmp_path, size, wanted):
    save_checkpoint({"a": np.arange(100), "b": np.arange(3)}, tmp_path / "all")
    assert verb("compact", tmp_path / "all", "-o", tmp_path / "x", "--shard-size", size).code == 0
    assert sizes(tmp_path / "x") == wanted


@pytest.mark.parametrize("size", ["0", "-1", "many", "5 apples"])
def test_sizes_that_are_none(verb, gaps, tmp_path, size):
    done = verb("compact", gaps, "-o", tmp_path / "x", "--shard-size", size)
    assert done.code == 2


def test_byte_order_there_and_back(verb, gaps, tmp_path):
    verb("compact", gaps, "-o", tmp_path / "big", "--byteorder", "big")
    assert (tmp_path / "big.data-00000-of-00001").read_bytes() == np.arange(3).astype(">i8").tobytes()
    verb("compact", tmp_path / "big", "-o", tmp_path / "little")
    assert (tmp_path / "little.data-00000-of-00001").read_bytes() == np.arange(3).tobytes()


def test_damage_is_found(verb, gaps, tmp_path):
    with open(f"{gaps}.data-00000-of-00001", "r+b") as file:
        file.seek(810)
        file.write(b"x")
    assert verb("compact", gaps, "-o", tmp_path / "x").code == 3
    assert not (tmp_path / "x.index").exists()
