"""The generator against the known answers that its authors publish, and its sequence."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.evaluator.philox import Philox

ONES = (1 << 32) - 1


def word(*parts: int) -> int:
    return sum(part << 32 * i for i, part in enumerate(parts))


@pytest.mark.parametrize(
    ("counter", "key", "numbers"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, ...], numbers: tuple[int, ...]):
    generator = Philox(word(*key), word(*counter))
    assert generator.numbers(np.zeros(1, np.uint64)).tolist() == [list(numbers)]


def test_any_part_of_the_sequence_is_made_by_itself():
    generator = Philox.of_seeds(1, 2)
    whole = generator.numbers(np.arange(40))
    assert np.array_equal(generator.numbers(np.array([7, 30])), whole[[7, 30]])
    assert np.array_equal(generator.numbers(np.array([8, 4]), 3), whole[[8, 9, 10, 4, 5, 6]].reshape(2, 12))


def test_the_counter_carries():
    before = Philox(5, (1 << 64) - 2)
    assert np.array_equal(before.numbers(np.arange(2, 5)), Philox(5, 1 << 64).numbers(np.arange(3)))


def test_seeds_of_an_op_fill_the_key_and_the_high_half():
    assert Philox.of_seeds(3, -1) == Philox(3, ((1 << 64) - 1) << 64)
    assert Philox.scrambled(3, 4) != Philox.scrambled(4, 3)
