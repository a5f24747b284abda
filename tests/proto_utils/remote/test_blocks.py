"""What is asked for along with small reads, and what is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proto_utils.remote import blocks
from proto_utils.remote.blocks import AHEAD_NBYTES, CACHE_NBYTES, Blocks

DATA = bytes(range(256)) * (1 << 14)


class Asked:
    """Blocks of `DATA`, and what they asked for."""

    def __init__(self, data: bytes = DATA, head: int = 0) -> None:
        self.data = data
        self.ranges: list[tuple[int, int]] = []
        self.blocks = Blocks(self.fetch, len(data), data[:head])

    def fetch(self, start: int, end: int) -> bytes:
        self.ranges.append((start, end))
        return self.data[start:end]

    def read(self, start: int, end: int, until: int = 0) -> bytes:
        buffer = bytearray(end - start)
        self.blocks.fill(memoryview(buffer), start, until)
        return bytes(buffer)


@given(
    st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, 300_000)), max_size=20), st.integers(0, 1 << 17)
)
def test_what_is_read_is_what_is_there(reads: list[tuple[int, int]], head: int):
    asked = Asked(head=head)
    for start, nbytes in reads:
        end = min(start + nbytes, len(DATA))
        assert asked.read(start, end) == DATA[start:end]
    taken = [each for start, end in asked.ranges for each in (start, end)]
    assert all(start < end for start, end in asked.ranges), taken


def test_reads_that_follow_one_another_are_few_requests():
    asked = Asked()
    for start in range(0, len(DATA), 1000):
        asked.read(start, min(start + 1000, len(DATA)))
    assert len(asked.ranges) <= 7
    assert sum(end - start for start, end in asked.ranges) == len(DATA)


def test_reads_here_and_there_take_little():
    asked = Asked()
    for start in (1 << 21, 1 << 18, 3 << 20):
        asked.read(start, start + 8)
    assert [end - start for start, end in asked.ranges] == [AHEAD_NBYTES] * 3


def test_a_short_file_is_one_request():
    asked = Asked(DATA[:1000_000], head=AHEAD_NBYTES)
    asked.read(900_000, 900_008)
    asked.read(70_000, 80_000)
    assert asked.ranges == [(AHEAD_NBYTES, 1000_000)]


def test_all_of_a_file_at_once():
    asked = Asked(head=10)
    asked.blocks.expect_all()
    asked.read(3_000_000, 3_000_008)
    assert asked.ranges == [(10, len(DATA))]
    assert asked.blocks.beginning() == b""


def test_the_beginning_of_a_short_file():
    asked = Asked(DATA[:300_000], head=AHEAD_NBYTES)
    assert asked.blocks.beginning() == DATA[:AHEAD_NBYTES]
    asked.read(100_000, 100_001)
    assert asked.blocks.beginning() == DATA[:300_000]


def test_the_end_comes_along():
    asked = Asked()
    asked.read(len(DATA) - 8, len(DATA))
    asked.read(len(DATA) - 48, len(DATA))
    assert asked.ranges == [(len(DATA) - AHEAD_NBYTES, len(DATA))]


def test_what_will_follow_is_asked_for_at_once():
    asked = Asked()
    asked.read(1 << 20, (1 << 20) + 10, until=(1 << 20) + 500_000)
    assert asked.ranges == [(1 << 20, (1 << 20) + 500_000)]


def test_memory_is_bounded():
    asked = Asked(b"x" * (64 << 20))
    for start in range(0, 64 << 20, 1 << 20):
        asked.read(start, start + (1 << 20))
        assert asked.blocks.nbytes <= CACHE_NBYTES
    assert blocks.MAX_AHEAD_NBYTES < CACHE_NBYTES
    asked.blocks.clear()
    assert asked.blocks.nbytes == 0
