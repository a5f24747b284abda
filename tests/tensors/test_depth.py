"""Tensors made of tensors."""

from __future__ import annotations

import pytest

from graphsurgeon.edits.arithmetic import arithmetic
from graphsurgeon.edits.scale import scale
from graphsurgeon.errors import LimitError
from graphsurgeon.tensors import depth
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from tests.counting import num_calls


def edited(times: int) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {"w": as_tensor([1.0])}
    for _ in range(times):
        scale(tensors, select=("w",), offset=1)
    return tensors


def test_so_many_can_be_read_and_one_more_is_refused():
    tensors = edited(depth.MAX_DEPTH - 1)
    assert tensors["w"].numpy().tolist() == [depth.MAX_DEPTH]
    with pytest.raises(LimitError, match="save in between"):
        scale(tensors, select=("w",), offset=1)
    assert tensors["w"].numpy().tolist() == [depth.MAX_DEPTH]


def test_what_is_shared_is_looked_at_once():
    """Sums of a tensor and itself: the ways to the first are as many as two to their number."""
    tensors: dict[str, Tensor] = {"w": as_tensor([1.0])}
    for _ in range(40):
        arithmetic(tensors, operation="add", other=dict(tensors))
    assert num_calls(lambda: depth.require_shallow("w", tensors["w"])) < 1000


def test_reshaping_counts_too():
    tensor: Tensor = as_tensor([1.0])
    for _ in range(depth.MAX_DEPTH + 1):
        tensor = ReshapedTensor(tensor, (1,))
    with pytest.raises(LimitError, match="'w'"):
        depth.require_shallow("w", tensor)
