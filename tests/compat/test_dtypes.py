"""Dtypes as `tf.DType` shows them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from graphsurgeon.compat.dtypes import DType, as_dtype
from graphsurgeon.tensors import dtypes as own

single = DType(1)


class Theirs:
    """A dtype of another library with TensorFlow's attribute."""

    def __init__(self, number: int) -> None:
        self.as_datatype_enum = number

    def __repr__(self) -> str:  # of the test's name, the same in every process
        return f"Theirs({self.as_datatype_enum})"


@pytest.mark.parametrize(
    "same", [DType(1), 1, "float32", "float", "DT_FLOAT", np.float32, np.dtype("<f4"), own.FLOAT, Theirs(1)], ids=repr
)
def test_equals_what_stands_for_it(same):
    assert single == same
    assert not single != same  # noqa: SIM202 -- the other operator
    assert as_dtype(same) == single


@pytest.mark.parametrize("other", [None, DType(2), 2, 0x7FFF, "float64", "nothing", np.int32, object(), True, [1]])
def test_differs(other):
    assert single != other


def test_a_dict_by_number_finds_it():
    assert {1: "float"}[single] == "float"  # type: ignore[index]
    assert {single: "float"}[DType(1)] == "float"
    assert int(single) == 1


def test_words():
    assert (single.name, repr(single), str(single)) == ("float32", "tf.float32", "<dtype: 'float32'>")
    assert (single.as_datatype_enum, single.size) == (1, 4)
    assert [DType(number).size for number in (7, 20, 21)] == [0, 0, 0]


def test_numpy_types():
    assert single.as_numpy_dtype is np.float32
    assert DType(7).as_numpy_dtype is np.object_
    assert DType(14).as_numpy_dtype.__name__ == "bfloat16"
    assert DType(11).as_numpy_dtype == np.dtype([("qint8", np.int8)])
    assert np.zeros(2, single.as_numpy_dtype).dtype == np.float32


def test_kinds():
    is_what = {
        "is_floating": (1, 14, 24),
        "is_integer": (3, 4, 9),
        "is_unsigned": (4, 17, 30),
        "is_complex": (8, 18),
        "is_quantized": (11, 12),
        "is_bool": (10,),
    }
    for name, numbers in is_what.items():
        assert all(getattr(DType(number), name) for number in numbers), name
        assert not getattr(DType(7), name), name
    assert [DType(number).is_numpy_compatible for number in (1, 7, 20, 21)] == [True, True, False, False]


def test_references():
    reference = DType(101)
    assert reference != single
    assert reference.base_dtype == single
    assert reference.is_compatible_with(single)
    assert single.is_compatible_with("float32")
    assert not single.is_compatible_with("string")
    assert not single.is_compatible_with(object())


def test_parts_of_complex():
    assert [DType(number).real_dtype.name for number in (8, 18, 3)] == ["float32", "float64", "int32"]


def test_copies_are_equal():
    assert pickle.loads(pickle.dumps(single)) == copy.deepcopy(single) == single


def test_no_such_type():
    for wrong in (-1, 99, "floaty", object()):
        with pytest.raises(TypeError):
            as_dtype(wrong)
