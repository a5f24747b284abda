"""Axes in another order."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.transpose import transpose
from graphsurgeon.errors import PassError
from tests.edits.values import tensors

WHOLE = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize(("perm", "axes"), [((), (2, 1, 0)), ((1, 0, 2), (1, 0, 2)), ((-1, 0, 1), (2, 0, 1))])
def test_orders(perm, axes):
    given = tensors(w=WHOLE, v=WHOLE)
    report = transpose(given, select=("w",), perm=perm)
    assert given["w"].numpy().tolist() == WHOLE.transpose(axes).tolist()
    assert [(row.name, row.old_shape) for row in report.changes] == [("w", [2, 3, 4])]


def test_all_or_nothing():
    given = tensors(w=WHOLE, v=WHOLE[0])
    before = dict(given)
    with pytest.raises(PassError, match=r"transpose: v: \[0, 2, 1\]|transpose: v: no axis 2 in a tensor of rank 2"):
        transpose(given, select=(".*",), perm=(0, 2, 1))
    assert given == before
