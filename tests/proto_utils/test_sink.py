"""Bytes arrive in order, whatever their sizes, and no space stays reserved for nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proto_utils import disk
from proto_utils.sink import FileSink, naming_output


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[FileSink]:
    made = FileSink(os.open(tmp_path / "sink", os.O_CREAT | os.O_RDWR))
    yield made
    made.close()


@pytest.mark.parametrize("fallocate", [True, False])
def test_what_was_reserved_but_not_written_is_cut(
    sink: FileSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fallocate: bool
):
    if not fallocate:
        monkeypatch.setattr(disk, "_fallocate", None)
    sink.preallocate(1 << 20)
    sink.write(b"abc")
    sink.finish(sync=True)
    assert (tmp_path / "sink").read_bytes() == b"abc"


def test_a_file_system_that_cannot_reserve_is_no_failure(sink: FileSink, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(disk, "_fallocate", refuse)
    sink.preallocate(100)


def test_the_disk_being_full_shows_when_reserving(sink: FileSink, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(disk, "_fallocate", refuse)
    with pytest.raises(OSError, match="full"):
        sink.preallocate(100)


def test_small_and_large_writes_keep_their_order_and_may_reuse_the_buffer(sink: FileSink, tmp_path: Path):
    wanted = b""
    buffer = bytearray(1 << 19)
    for number, nbytes in enumerate((1, 1000, 1 << 18, 5, (1 << 18) - 1, 1 << 19, 0, 7)):
        view = memoryview(buffer)[:nbytes]
        view[:] = bytes([number]) * nbytes
        sink.write(view)
        wanted += bytes(view)
    sink.finish(sync=False)
    assert sink.offset == len(wanted)
    assert (tmp_path / "sink").read_bytes() == wanted


def test_a_view_of_numbers_counts_in_bytes(sink: FileSink, tmp_path: Path):
    numbers: Any = memoryview(bytes(range(200)) * 4000).cast("d")
    sink.write(numbers[:2])
    sink.write(numbers)
    assert sink.offset == 16 + 800_000
    sink.finish(sync=False)
    assert (tmp_path / "sink").read_bytes() == bytes(numbers[:2]) + bytes(numbers)


def test_short_writes_are_continued(sink: FileSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, view: real(fd, view[:1000]))
    sink.write(b"0123456789" * 1000)
    sink.finish(sync=False)
    assert (tmp_path / "sink").read_bytes() == b"0123456789" * 1000


@pytest.mark.parametrize(
    ("error", "path"),
    [
        (OSError(errno.ENOSPC, "No space left"), "out"),
        (OSError(errno.ENOENT, "No such file", "in"), "in"),
        (OSError("of no kind"), None),
    ],
)
def test_error_that_knows_no_file_gets_the_output(error: OSError, path: str | None):
    with pytest.raises(OSError) as caught, naming_output("out"):  # noqa: PT011 -- the filename tells
        raise error
    assert caught.value.filename == path
