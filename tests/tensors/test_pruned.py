"""Pruned tensors and masks: what rules keep, whatever the size of the pieces that are read."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import UnsupportedError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.magnitudes import magnitude_of
from graphsurgeon.tensors.pruned import ByBlocks, ByGroups, ByMagnitude, MaskTensor, PrunedTensor, count_zeros
from graphsurgeon.tensors.values import as_tensor


def _read(tensor, nbytes):
    return np.frombuffer(b"".join(map(bytes, tensor.chunks(nbytes))), tensor.dtype.numpy()).reshape(tensor.shape)


@pytest.mark.parametrize("nbytes", [8, 1 << 20])
def test_what_is_below_the_threshold_is_zero_and_all_else_as_it_was(nbytes):
    base = as_tensor(np.array([[-3, 1, -0.0], [2, -2, 0.5]], np.float32))
    rule = ByMagnitude(magnitude_of(2.0, dtypes.FLOAT))
    found = _read(PrunedTensor(base, rule), nbytes)
    assert found.tolist() == [[-3, 0, 0], [2, -2, 0]]
    assert not np.signbit(found[0, 1:]).any()
    assert _read(MaskTensor(base, rule), nbytes).tolist() == [[1, 0, 0], [1, 1, 0]]
    assert count_zeros(base, rule) == (1, 3)


@pytest.mark.parametrize("nbytes", [8, 1 << 20])
def test_of_groups_the_largest_stay_and_of_equal_ones_the_first(nbytes):
    base = as_tensor(np.array([[1, 5], [-2, 5], [3, -5], [0.5, 5], [7, 0], [8, 0]], np.float32))
    found = _read(MaskTensor(base, ByGroups(2, 4)), nbytes)
    assert found.tolist() == [[0, 1], [1, 1], [1, 0], [0, 0], [1, 1], [1, 1]]


@pytest.mark.parametrize("nbytes", [8, 1 << 20])
def test_groups_do_not_reach_from_one_kernel_position_to_the_next(nbytes):
    values = np.random.default_rng(0).normal(size=(3, 2, 6, 5)).astype(np.float32)
    found = _read(MaskTensor(as_tensor(values), ByGroups(1, 4)), nbytes)
    assert (found[:, :, :4].sum(2) == 1).all()
    assert (found[:, :, 4:].sum(2) == 1).all()


@pytest.mark.parametrize("nbytes", [8, 1 << 20])
def test_blocks_by_their_mean_smaller_ones_at_the_ends(nbytes):
    values = np.array([[1, 1, 9], [1, -1, 0], [4, -4, 4]], np.float32)
    base = as_tensor(values.reshape(1, 3, 1, 3))
    assert np.concatenate([*ByBlocks(2, 2).means(base)]).tolist() == [[1, 4.5], [4, 4]]
    found = _read(PrunedTensor(base, ByBlocks(2, 2, 4.0)), nbytes)
    assert found.reshape(3, 3).tolist() == [[0, 0, 9], [0, 0, 0], [4, -4, 4]]


def test_what_rules_cannot_be_for():
    with pytest.raises(UnsupportedError, match="no matrix"):
        list(PrunedTensor(as_tensor(np.ones((2, 2, 2), np.float32)), ByBlocks(2, 2)).chunks())
    with pytest.raises(UnsupportedError, match="no axis"):
        list(PrunedTensor(as_tensor(np.ones(4, np.float32)), ByGroups(2, 4)).chunks())
    with pytest.raises(UnsupportedError, match="int32"):
        PrunedTensor(as_tensor(np.ones(4, np.int32)), ByMagnitude(1))
    with pytest.raises(UnsupportedError, match="NaN"):
        list(ByBlocks(1, 2).means(as_tensor(np.full((2, 2), np.nan, np.float32))))
