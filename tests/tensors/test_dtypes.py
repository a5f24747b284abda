"""Element types: one object each, found by number, name or numpy dtype."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from proto_utils.errors import NotFoundError, UnsupportedError
from tests.encodings import reference_to

EVERY = [DType.from_number(number) for number in range(1, 34)]


def test_import_loads_no_numpy(root: Path):
    code = "import sys; from graphsurgeon.tensors import dtypes; print({'numpy', 'ml_dtypes'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=dict(os.environ, PYTHONPATH=str(root)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


def test_numbers_are_those_of_the_schema():
    enum = schema.TensorProto.DESCRIPTOR.fields_by_name["dtype"].enum_type
    for value in enum.values:
        assert DType.from_number(value.number).tf_name == value.name


@pytest.mark.parametrize("number", [-1, 34, 100, 134, 2**31])
def test_unknown_number(number: int):
    with pytest.raises(UnsupportedError, match=str(number)):
        DType.from_number(number)


@pytest.mark.parametrize("dtype", EVERY, ids=str)
def test_printed(dtype: DType):
    assert f"{dtype}" == str(dtype) == dtype.name
    assert repr(dtype) == f"<DType {dtype.name}>"


@pytest.mark.parametrize("dtype", EVERY, ids=str)
def test_reference_and_back(dtype: DType):
    reference = reference_to(dtype)
    assert reference.is_ref
    assert not dtype.is_ref
    assert reference.base is dtype
    assert dtype.base is dtype


@pytest.mark.parametrize("dtype", EVERY, ids=str)
def test_one_object_per_type(dtype: DType):
    for each in (dtype, reference_to(dtype)):
        assert DType.from_number(each.number) is each
        assert DType.from_name(each.name) is each
        assert DType.from_name(each.tf_name) is each
        assert copy.deepcopy(each) is each
        assert copy.copy(each) is each
        assert pickle.loads(pickle.dumps(each)) is each


def test_immutable():
    with pytest.raises(AttributeError, match="cannot be changed"):
        dtypes.FLOAT.itemsize = 8
    with pytest.raises(AttributeError, match="cannot be changed"):
        del dtypes.FLOAT.name
    assert (dtypes.FLOAT.itemsize, dtypes.FLOAT.name) == (4, "float32")


def test_invalid():
    assert DType.from_number(0) is dtypes.INVALID
    with pytest.raises(UnsupportedError):
        reference_to(dtypes.INVALID)
    with pytest.raises(UnsupportedError):
        dtypes.INVALID.numpy()


@pytest.mark.parametrize(
    ("alias", "dtype"), [("half", dtypes.HALF), ("float", dtypes.FLOAT), ("double", dtypes.DOUBLE)]
)
def test_aliases(alias: str, dtype: DType):
    assert DType.from_name(alias) is dtype


def test_unknown_name_offers_near_ones():
    with pytest.raises(NotFoundError) as caught:
        DType.from_name("bfloat61")
    assert caught.value.near[0] == "bfloat16"


@pytest.mark.parametrize("dtype", [dtype for dtype in EVERY if dtype.itemsize], ids=str)
def test_numpy_holds_one_element_per_item(dtype: DType):
    held = dtype.numpy()
    assert held.itemsize == dtype.itemsize
    assert held.isnative
    assert reference_to(dtype).numpy() == held
    if not dtype.is_quantized:
        assert DType.of(held) is dtype


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (dtypes.QINT8, np.int8),
        (dtypes.QUINT8, np.uint8),
        (dtypes.QINT16, np.int16),
        (dtypes.QUINT16, np.uint16),
        (dtypes.QINT32, np.int32),
        (dtypes.BFLOAT16, ml_dtypes.bfloat16),
        (dtypes.INT4, ml_dtypes.int4),
        (dtypes.FLOAT8_E4M3B11FNUZ, ml_dtypes.float8_e4m3b11fnuz),
        (dtypes.STRING, object),
        (dtypes.HALF, np.float16),
    ],
)
def test_numpy(dtype: DType, kind: type):
    assert dtype.numpy() == np.dtype(kind)


@pytest.mark.parametrize("dtype", [dtypes.RESOURCE, reference_to(dtypes.VARIANT)])
def test_numpy_of_what_lives_in_a_session(dtype: DType):
    with pytest.raises(UnsupportedError, match=dtype.name):
        dtype.numpy()


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (">f4", dtypes.FLOAT),
        (float, dtypes.DOUBLE),
        (bool, dtypes.BOOL),
        ("<U5", dtypes.STRING),
        ("S3", dtypes.STRING),
        (object, dtypes.STRING),
        (np.longlong, dtypes.INT64),
        ([("qint8", "i1")], dtypes.QINT8),
        ([("quint16", "<u2")], dtypes.QUINT16),
        ([("bfloat16", "<u2")], dtypes.BFLOAT16),
        ([("int4", "i1")], dtypes.INT4),
        (ml_dtypes.uint4, dtypes.UINT4),
        (dtypes.QINT32, dtypes.QINT32),
    ],
)
def test_of(given: object, dtype: DType):
    assert DType.of(given) is dtype


def test_of_names_is_tensorflows_first():
    assert DType.of("float") is DType.of("DT_FLOAT") is dtypes.FLOAT
    assert DType.of("bfloat16") is dtypes.BFLOAT16
    assert DType.of("string") is dtypes.STRING


def test_of_none_is_not_float64():
    with pytest.raises(TypeError, match="None is no dtype"):
        DType.of(None)


class TensorFlowsDType:
    """As theirs, which has this number."""

    def __init__(self, number: int) -> None:
        self.as_datatype_enum = number


@pytest.mark.parametrize("dtype", EVERY, ids=str)
def test_equal_to_what_others_call_it(dtype: DType):
    for each in (dtype, reference_to(dtype)):
        assert each == each.name
        assert each == each.tf_name
        assert each == TensorFlowsDType(each.number)
        assert DType.of(TensorFlowsDType(each.number)) is each
        assert each != TensorFlowsDType(each.number + 1)
        assert {each.name: 1}[each] == 1  # type: ignore[index] # found by hash and equality
        assert hash(each) == hash(each.name)
    assert dtype != reference_to(dtype)
    if dtype.itemsize or dtype is dtypes.STRING:
        held = np.dtype(dtype)
        assert held == dtype.numpy()
        assert dtype == held
        assert held == dtype
        assert dtype == held.type or dtype is dtypes.STRING
        assert np.zeros(2, dtype).dtype == held
        assert reference_to(dtype) != held


OTHERS: list[object] = [None, 1, 1.0, "flaot32", "S3", np.float64, np.dtype(">f4"), ">f4", dict, DType, [], ()]


@pytest.mark.parametrize("other", OTHERS, ids=repr)
@pytest.mark.parametrize("dtype", [dtypes.FLOAT, dtypes.STRING, dtypes.RESOURCE], ids=str)
def test_equal_to_nothing_else(dtype: DType, other: object):
    assert dtype != other


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (float, dtypes.DOUBLE),
        (bool, dtypes.BOOL),
        (str, dtypes.STRING),
        (bytes, dtypes.STRING),
        (object, dtypes.STRING),
        (ml_dtypes.bfloat16, dtypes.BFLOAT16),
        (ml_dtypes.int4, dtypes.INT4),
    ],
)
def test_equal_to_types_as_numpys(kind: type, dtype: DType):
    assert [each for each in EVERY if each == kind] == [dtype]


@pytest.mark.parametrize(
    "given", ["M8[s]", "m8[s]", "V3", [("a", "i4"), ("b", "i4")], [("int8", "i1")], [("qint8", "i4")], [("a", "i1")]]
)
def test_of_what_tensorflow_lacks(given: object):
    with pytest.raises(UnsupportedError):
        DType.of(given)


def test_of_longdouble():
    if np.dtype(np.longdouble).itemsize == 8:
        assert DType.of(np.longdouble) is dtypes.DOUBLE
    else:
        with pytest.raises(UnsupportedError):
            DType.of(np.longdouble)


def test_kinds_do_not_overlap():
    traits = [(d.is_floating, d.is_integer, d.is_complex, d.is_quantized) for d in EVERY]
    assert all(sum(each) <= 1 for each in traits)
    assert [d.name for d, each in zip(EVERY, traits, strict=True) if not any(each)] == [
        "string",
        "bool",
        "resource",
        "variant",
    ]
