"""Values for what is missing."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.tools.fit.filling import InitialValues, part_values, zeros
from proto_utils.errors import UnsupportedError
from tests.tools.fit.targets import requirements, target, wanted

PARTS = {"w/part_0": ("w", "5 2 0,3:0,2"), "w/part_1": ("w", "5 2 3,2:0,2")}


def test_zeros():
    assert zeros(wanted("w", (2, 3))).numpy().tolist() == [[0, 0, 0], [0, 0, 0]]
    assert zeros(wanted("w", (2,), "string")).numpy().tolist() == [b"", b""]
    with pytest.raises(UnsupportedError, match="zeros of what shape"):
        zeros(wanted("w", (None, 3)))


def test_initial_values():
    of = target({"w": (2,)})
    (each,) = requirements(of)
    assert InitialValues(of, 0, {})(each).numpy().tolist() == [1, 1]
    with pytest.raises(PassError, match="no variable is restored"):
        InitialValues(of, 0, {})(wanted("other", (2,)))


def test_parts_are_put_together():
    of = target({"w/part_0": (3, 2), "w/part_1": (2, 2)}, saved=PARTS)
    of.graph["w/part_1/Initializer/zeros"].attrs["value"] = as_tensor(np.full((2, 2), 7, np.float32))
    (each,) = requirements(of)
    assert InitialValues(of, 0, {})(each).numpy().tolist() == [[1, 1]] * 3 + [[7, 7]] * 2
    del each.parts[0]
    with pytest.raises(UnsupportedError, match="do not make up"):
        InitialValues(of, 0, {})(each)


@pytest.mark.parametrize("second", ["6 2 0,3:0,2", "6 2 2,3:0,2", "6 2 4,3:0,2", "6 2 3,3:0,1"])
def test_parts_that_do_not_tile(second):
    saved = {"w/part_0": ("w", "6 2 0,3:0,2"), "w/part_1": ("w", second)}
    of = target({"w/part_0": (3, 2), "w/part_1": (3, 2)}, saved=saved)
    (each,) = requirements(of)
    with pytest.raises(UnsupportedError, match=r"do not make up \[6, 2\]"):
        InitialValues(of, 0, {})(each)


def test_an_initializer_of_another_shape_is_told():
    of = target({"w": (2,)})
    of.graph["w/Initializer/zeros"].attrs["value"] = as_tensor(np.zeros(3, np.float32))
    (each,) = requirements(of)
    with pytest.raises(UnsupportedError, match=r"initializes it to float32 \[3\]"):
        InitialValues(of, 0, {})(each)


def test_values_of_variables():
    of = target({"w/part_0": (3, 2), "w/part_1": (2, 2)}, saved=PARTS)
    (each,) = requirements(of)
    values = part_values(each, as_tensor(np.arange(10, dtype=np.float32).reshape(5, 2)))
    assert values["w/part_1"].numpy().tolist() == [[6, 7], [8, 9]]
