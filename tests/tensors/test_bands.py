"""Parts put together and cut out while a stream goes by."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors import bands as tensor_weaving
from graphsurgeon.tensors.bands import bands, cut, in_sequence, intersection, shared_nbytes, weave

WHOLE = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)


def drip(content: bytes, nbytes: int = 7):
    """Give bytes in pieces that fit nothing, through one reused buffer."""
    buffer = bytearray(nbytes)
    for start in range(0, len(content), nbytes):
        piece = content[start : start + nbytes]
        buffer[: len(piece)] = piece
        yield memoryview(buffer)[: len(piece)]


@pytest.fixture(params=[2, 12, 100, 1 << 20])
def band_nbytes(request, monkeypatch) -> int:
    """The size of a band, down to one element."""
    monkeypatch.setattr(tensor_weaving, "CHUNK_NBYTES", request.param)
    return int(request.param)


@pytest.mark.parametrize("shape", [(1,), (7,), (2, 3), (2, 3, 4, 5), (1, 1, 9), (9, 1, 1)], ids=str)
def test_bands_are_consecutive_runs(band_nbytes, shape):
    whole = np.arange(math.prod(shape)).reshape(shape)
    pieces = [whole[tuple(slice(*bounds) for bounds in band)] for band in bands(shape, 2)]
    assert np.concatenate([piece.reshape(-1) for piece in pieces]).tolist() == whole.reshape(-1).tolist()
    assert all(piece.size * 2 <= band_nbytes for piece in pieces)


def test_parts_are_cut_out(band_nbytes):
    for box in (((0, 2), (1, 2), (0, 4), (2, 5)), ((1, 2), (0, 3), (3, 4), (0, 1)), ((0, 2), (0, 3), (0, 4), (0, 5))):
        expected = WHOLE[tuple(slice(*bounds) for bounds in box)]
        pieces = [bytes(piece) for piece in cut(drip(WHOLE.tobytes()), WHOLE.shape, 2, box)]
        assert b"".join(pieces) == expected.tobytes()
        assert max(map(len, pieces)) <= band_nbytes


def test_a_cut_reads_to_the_end(band_nbytes):
    def checked():
        yield WHOLE.tobytes()
        seen.append("end")

    seen: list[str] = []
    list(cut(checked(), WHOLE.shape, 2, ((0, 1),) * 4))
    assert seen == ["end"]


@pytest.mark.parametrize("axis", range(4))
def test_what_is_cut_is_woven_together_again(band_nbytes, axis):
    dim = WHOLE.shape[axis]
    boxes = [tuple(bounds if i == axis else (0, d) for i, d in enumerate(WHOLE.shape)) for bounds in ((1, dim), (0, 1))]
    parts = [(box, cut(drip(WHOLE.tobytes()), WHOLE.shape, 2, box)) for box in boxes]
    assert b"".join(map(bytes, weave(WHOLE.shape, 2, parts))) == WHOLE.tobytes()


@given(*[st.tuples(*[st.tuples(st.integers(0, 3), st.integers(1, 3)).map(lambda p: (p[0], sum(p)))] * 2)] * 2)
def test_an_intersection_is_what_both_have(a, b):
    def points(box):
        return {(x, y) for x in range(*box[0]) for y in range(*box[1])}

    both = intersection(a, b)
    assert (points(both) if both is not None else set()) == points(a) & points(b)


@pytest.mark.parametrize(
    ("boxes", "shape"),
    [
        ([((2, 4), (0, 3)), ((0, 2), (0, 3))], (4, 3)),
        ([((0, 1), (2, 3)), ((0, 1), (0, 2))], (1, 3)),
        ([((0, 1), (0, 1), (0, 2)), ((0, 1), (1, 2), (0, 2))], (1, 2, 2)),
    ],
)
def test_parts_that_follow_one_another(boxes, shape):
    whole = np.arange(math.prod(shape)).reshape(shape)
    ordered = in_sequence([(box, whole[tuple(slice(*bounds) for bounds in box)]) for box in boxes], shape)
    assert ordered is not None
    assert np.concatenate([part.reshape(-1) for part in ordered]).tolist() == whole.reshape(-1).tolist()


def test_columns_do_not_follow_one_another():
    assert in_sequence([(((0, 2), (0, 1)), "a"), (((0, 2), (1, 2)), "b")], (2, 2)) is None


def test_many_streams_share_a_buffer():
    assert shared_nbytes(1) == 1 << 20
    assert shared_nbytes(100) * 100 <= 1 << 20
    assert shared_nbytes(1 << 20) == 4096
