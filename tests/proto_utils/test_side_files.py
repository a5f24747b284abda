"""Files that are read as a whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from proto_utils.errors import LimitError
from proto_utils.side_files import read_side_file
from tests.counting import peak_nbytes


def test_one_byte_makes_the_difference(tmp_path: Path):
    path = tmp_path / "names"
    path.write_bytes(b"12345")
    assert read_side_file(path, "the map", 5) == b"12345"
    with pytest.raises(LimitError) as caught:
        read_side_file(path, "the map", 4)
    error = caught.value
    assert (error.what, error.size, error.limit) == (f"the map {path}, in bytes,", 5, 4)


def test_no_more_is_read(tmp_path: Path):
    path = tmp_path / "names"
    path.touch()
    os.truncate(path, 1 << 40)

    def work() -> None:
        with pytest.raises(LimitError, match=f"is {1 << 40:,}"):
            read_side_file(path, "the map", 1 << 10)

    assert peak_nbytes(work) < 1 << 20


def test_room_is_made_for_what_is_there(tmp_path: Path):
    path = tmp_path / "names"
    path.write_bytes(b"12345")
    assert peak_nbytes(lambda: read_side_file(path, "the map", 1 << 40)) < 1 << 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in the file system are wanted")
@pytest.mark.parametrize("nbytes", [0, 1, 1 << 16, (1 << 16) + 1, (1 << 16) + 2, 300_000])
def test_a_pipe_is_read_to_its_end(tmp_path: Path, nbytes: int):
    path, data = tmp_path / "names", os.urandom(nbytes)
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data,))
    writer.start()
    assert read_side_file(path, "the map", 1 << 20) == data
    writer.join()


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="a device without an end is wanted")
def test_what_has_no_size_is_read_as_far():
    with pytest.raises(LimitError):
        read_side_file("/dev/zero", "the map", 10)
