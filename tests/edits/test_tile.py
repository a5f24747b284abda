"""Repeated tensors."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.tile import tile
from graphsurgeon.errors import PassError
from tests.edits.values import lists, tensors


def test_channels_are_repeated():
    kernel = np.arange(4).reshape(2, 1, 2)
    given = tensors(w=kernel)
    tile(given, multiples=(1, 3, 1), select=("w",))
    assert lists(given) == {"w": np.tile(kernel, (1, 3, 1)).tolist()}


def test_as_many_multiples_as_axes():
    with pytest.raises(PassError, match=r"tile: w: multiples \[2\] for shape \[1, 2\]"):
        tile(tensors(w=[[1, 2]]), multiples=(2,), select=("w",))
