"""Which tensors are cast, and which are told not to be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from graphsurgeon.edits.cast import cast
from graphsurgeon.edits.fill import fill
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from tests.edits.values import singles, tensors, told


@pytest.fixture
def given():
    return tensors(
        w=singles(1, 2), b=np.array([0.1], np.float64), step=7, flag=True, name="text", c=np.array([1j], np.complex64)
    )


def test_kinds_of_numbers_stay_kinds(given):
    before = dict(given)
    report = cast(given, dtype="float16")
    assert {name: tensor.dtype.name for name, tensor in given.items() if tensor is not before[name]} == {
        "w": "float16",
        "b": "float16",
    }
    assert told(report) == {
        "step": "of dtype int64; `select` it to cast it",
        "flag": "of dtype bool; `select` it to cast it",
        "name": "of dtype string, which is no numbers",
        "c": "of dtype complex64; `select` it to cast it",
    }
    assert [(row.name, row.old_dtype, row.dtype) for row in report.changes] == [
        ("w", "float32", "float16"),
        ("b", "float64", "float16"),
    ]


@pytest.mark.parametrize("dtype", [np.float16, np.dtype("float16"), DType.of("float16"), "float16", "half"])
def test_a_dtype_is_what_libraries_and_people_call_it(dtype):
    edited = {"w": as_tensor(np.ones(2, np.float32))}
    cast(edited, dtype=dtype)
    assert edited["w"].dtype == "float16"
    fill(edited, value=1, add="b", dtype=dtype)
    assert edited["b"].dtype == "float16"


def test_what_is_selected_is_cast_whatever_it_is(given):
    cast(given, dtype="float32", select=("step", "flag"))
    assert given["step"].numpy() == np.float32(7)
    assert given["flag"].numpy() == np.float32(1)
    assert given["b"].dtype.name == "float64"


def test_exclude_and_what_has_the_dtype_already(given):
    w = given["w"]
    report = cast(given, dtype="float32", exclude=("b",))
    assert given["w"] is w
    assert report.changes == []


def test_the_object_graph_is_left_alone():
    given = tensors(w=singles(1), **{OBJECT_GRAPH_KEY: ""})
    assert told(cast(given, dtype="float16", select=(".*",))) == {}


def test_checked_when_read_or_saturated(given):
    cast(given, dtype="int8", select=("w", "step"))
    given |= tensors(big=singles(300))
    cast(given, dtype="int8", select=("big",))
    with pytest.raises(PassError, match=r"tensor 'big': the value 300.0 at \[0\] has no place in int8"):
        given["big"].numpy()
    given |= tensors(big=singles(300))
    cast(given, dtype="int8", select=("big",), saturate=True)
    assert given["big"].numpy().tolist() == [127]


def test_what_is_refused(given):
    with pytest.raises(NotFoundError, match="no dtype 'float17'"):
        cast(given, dtype="float17")
    for dtype in ("resource", "string", "qint8"):
        with pytest.raises(PassError, match=f"elements of dtype {dtype} are no numbers to cast to"):
            cast(given, dtype=dtype)
    with pytest.raises(PassError, match="c: a cast of complex64 to float32 would drop the imaginary parts"):
        cast(given, dtype="float32", select=("c", "w"))
    assert given["w"].dtype.name == "float32"


def test_a_program_casts_and_says_so(verb, checkpoint, tmp_path):
    done = verb("cast", checkpoint, "-o", tmp_path / "x", "--dtype", "float16", "--json")
    assert done.code == 0
    assert {row["dtype"] for row in json.loads(done.out)["changes"]} == {"float16"}


@pytest.mark.parametrize("select", ["s", "s,w", "s.*"])
def test_what_is_no_numbers_is_refused_when_it_is_asked_for(select):
    mixed = tensors(w=singles(1, 2), s="text")
    with pytest.raises(PassError, match="s: of dtype string, which is no numbers"):
        cast(mixed, dtype="float16", select=select)
    assert [row.name for row in cast(mixed, dtype="float16", select=("[ws]",)).skipped] == ["s"]
