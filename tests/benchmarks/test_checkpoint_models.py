"""The synthetic checkpoints are sound, and their values are holes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.checkpoint_models import checksum_of_zeros, write
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.checksum import crc32c, mask


@pytest.mark.parametrize("nbytes", [4, 1 << 20, (1 << 20) + 12])
def test_every_checksum_holds(tmp_path: Path, nbytes: int):
    write(12, nbytes, str(tmp_path / "x"))
    bundle = Bundle(tmp_path / "x")
    assert len(bundle) == 12
    assert all(not tensor.numpy().any() and tensor.shape == (nbytes // 4,) for tensor in bundle.values())
    assert checksum_of_zeros(nbytes) == mask(crc32c(bytes(nbytes)))


def test_values_take_no_room(tmp_path: Path):
    write(3, 1 << 20, str(tmp_path / "x"))
    status = os.stat(tmp_path / "x.data-00000-of-00001")
    assert status.st_size == 3 << 20
    assert status.st_blocks * 512 < 1 << 20
