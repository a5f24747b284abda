"""Elements at chosen indices along an axis."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.take import take
from graphsurgeon.errors import PassError
from tests.edits.values import tensors

KERNEL = np.arange(24, dtype=np.float32).reshape(2, 12)


def test_gates_in_another_order():
    given = tensors(lstm__kernel=KERNEL, lstm__bias=KERNEL[0])
    take(given, select=("lstm/.*",), indices=(0, 2, 1, 3), axis=-1, blocks=4)
    order = [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]
    assert given["lstm/kernel"].numpy().tolist() == KERNEL[:, order].tolist()
    assert given["lstm/bias"].numpy().tolist() == KERNEL[0][order].tolist()


def test_indices_may_be_fewer_come_again_and_count_from_the_end():
    given = tensors(w=KERNEL, texts=np.array([b"a", b"b"], object))
    take(given, select=("w",), indices=(-1, 0, 0), axis=1)
    take(given, select=("texts",), indices=(1,))
    assert given["w"].numpy().tolist() == KERNEL[:, [-1, 0, 0]].tolist()
    assert given["texts"].numpy().tolist() == [b"b"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"indices": 2}, "no index 2 among 2 along axis 0"),
        ({"indices": 0, "axis": 2}, "no axis 2"),
        ({"indices": 0, "axis": 1, "blocks": 5}, "does not divide into 5 blocks"),
        ({"indices": 0, "blocks": 0}, "does not divide into 0 blocks"),
        ({"indices": ()}, "no indices"),
    ],
)
def test_what_is_refused(options, reason):
    with pytest.raises(PassError, match=reason):
        take(tensors(w=KERNEL), select=("w",), **options)
