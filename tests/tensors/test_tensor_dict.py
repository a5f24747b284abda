"""A dict that makes tensors of what is put in."""

from __future__ import annotations

import numpy as np

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import FillTensor, Tensor
from graphsurgeon.tensors.tensor_dict import TensorDict


def test_every_way_in_makes_tensors():
    made = TensorDict({"a": 1})
    made["b"] = np.zeros(2)
    made.update({"c": [1, 2]}, d="text")
    made |= {"e": 2.5}
    assert made.setdefault("f", 3).numpy() == 3
    assert all(isinstance(value, Tensor) for value in made.values())
    assert list(made) == ["a", "b", "c", "d", "e", "f"]


def test_tensors_stay_themselves():
    tensor = FillTensor(dtypes.INT32, [2])
    made = TensorDict({"a": tensor})
    assert made["a"] is made.setdefault("a", 1) is tensor
