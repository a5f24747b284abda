from __future__ import annotations

import threading

import pytest

from proto_utils.errors import ChangedError
from proto_utils.read_ahead import chunks_ahead

DATA = bytes(range(100))


def fill(view: memoryview, offset: int) -> None:
    view[:] = DATA[offset : offset + len(view)]


@pytest.mark.parametrize("nbytes", [1, 7, 40, 100, 1000])
def test_chunks_come_in_order(nbytes: int) -> None:
    chunks = [bytes(chunk) for chunk in chunks_ahead(fill, 10, 90, nbytes)]
    assert b"".join(chunks) == DATA[10:90]
    assert max(map(len, chunks)) <= nbytes


@pytest.mark.parametrize("error", [OSError("disk"), ChangedError("was truncated while it was read")])
def test_what_goes_wrong_in_the_thread_is_raised_to_who_reads(error: Exception) -> None:
    def fail(view: memoryview, offset: int) -> None:
        if offset:
            raise error
        fill(view, offset)

    chunks = chunks_ahead(fail, 0, 100, 10)
    assert bytes(next(chunks)) == DATA[:10]
    with pytest.raises(type(error)):
        next(chunks)


def test_who_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    chunks = chunks_ahead(fill, 0, 100, 10)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
