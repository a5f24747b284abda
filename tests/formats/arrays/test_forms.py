"""Forms of values: what numpy makes of them, and what becomes of what numpy writes."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.formats.arrays import forms
from graphsurgeon.formats.arrays.forms import FormTensor, dtype_of, form_chunks, form_name, form_of, pieces, plain_descr
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import OpaqueTensor, StringTensor, as_tensor
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from tests.formats.arrays.samples import NUMERIC, every_dtype, sample, values


def stored(form, shape, data: bytes, nbytes: int = 5, **options) -> FormTensor:
    """A tensor read in pieces of a few bytes."""
    cut = [data[start : start + nbytes] for start in range(0, len(data), nbytes)]
    return FormTensor("x", np.dtype(form), shape, lambda: iter(cut), path="file", **options)


@pytest.mark.parametrize("name", every_dtype())
def test_every_dtype_there_and_back(name):
    tensor = every_dtype()[name]
    form = form_of(tensor)
    data = b"".join(map(bytes, form_chunks(tensor, form)))
    assert len(data) == form.itemsize * tensor.size
    assert dtype_of(form) is tensor.dtype
    assert values(stored(form, tensor.shape, data)) == values(tensor)


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda dtype: dtype.name)
def test_form_is_numpys_own_or_a_record_that_views_as_it(dtype):
    form = form_of(sample(dtype, (4,)))
    held = dtype.numpy()
    is_own = held.isbuiltin == 1 and not dtype.is_quantized
    assert (form.names is None) == is_own
    array = np.frombuffer(bytes(4 * dtype.itemsize), dtype=form)
    assert array.view(held).shape == (4,)
    assert form_name(form) == (dtype.name if is_own else f"{dtype.name} as {form[0].name}")


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda dtype: dtype.name)
def test_what_headers_call_a_dtype_is_known_without_numpy(dtype):
    form = form_of(sample(dtype, ()))
    assert plain_descr(dtype) == (form.str if form.names is None else None)


def test_record_of_a_bfloat16():
    array = np.array([1.5, -2], dtype=ml_dtypes.bfloat16)
    form = form_of(as_tensor(array))
    data = b"".join(map(bytes, form_chunks(as_tensor(array), form)))
    assert form.descr == [("bfloat16", "<u2")]
    assert np.frombuffer(data, form).view(ml_dtypes.bfloat16).tolist() == [1.5, -2]


def test_names_of_string_forms():
    assert [form_name(form_of(StringTensor((1,), [text]))) for text in (b"abc", b"a\0")] == [
        "|S3",
        "strings with their lengths",
    ]


@pytest.mark.parametrize("dtype", [dtypes.RESOURCE, dtypes.VARIANT])
def test_no_form_of_what_has_no_values(dtype):
    with pytest.raises(UnsupportedError, match=dtype.name):
        form_of(OpaqueTensor(dtype, ()))


def test_one_long_string_does_not_fill_the_disk(monkeypatch):
    monkeypatch.setattr(forms, "MAX_PADDED_NBYTES", 1000)
    assert form_of(StringTensor((10,), [b"x" * 100])).itemsize == 100
    with pytest.raises(LimitError, match="10 strings"):
        form_of(StringTensor((10,), [b"x" * 101]))


@pytest.mark.parametrize(
    ("form", "match"),
    [
        ("O", "pickled"),
        ([("a", "O")], "pickled"),
        ("M8[s]", "no dtype"),
        ("g", "no dtype"),
        ("V1", "raw bytes"),
        ("V3", "raw bytes"),
        ([("a", "<f4")], "records"),
        ([("bfloat16", "<u4")], "records"),
        ([("float32", "<f4")], "records"),
        ([("bfloat16", "<u2"), ("b", "<u2")], "records"),
        ([("length", "<u4"), ("bytes", "V3")], "records"),
        ([("length", "<u8"), ("bytes", "<f4")], "records"),
    ],
)
def test_arrays_that_are_no_tensors(form, match):
    with pytest.raises(UnsupportedError, match=f"^file: x: .*{match}"):
        stored(form, (1,), b"")


def test_raw_pairs_of_bytes_are_what_numpy_makes_of_bfloat16():
    assert dtype_of(np.dtype("V2")) is dtypes.BFLOAT16


@pytest.mark.parametrize(
    "form", [">f4", ">f8", ">i2", ">u8", ">c8", ">c16", [("bfloat16", ">u2")], [("qint32", ">i4")]]
)
def test_big_endian(form):
    form = np.dtype(form)
    array = np.frombuffer(bytes(range(form.itemsize * 6)), form)
    little = array.astype(form.newbyteorder("<"))
    assert values(stored(form, (2, 3), array.tobytes()))[2] == little.tobytes()  # type: ignore[index]


@pytest.mark.parametrize("form", ["<f4", ">i8", "S3", [("bfloat16", "<u2")]])
def test_fortran_order(form):
    array = np.frombuffer(bytes(range(1, np.dtype(form).itemsize * 24 + 1)), form).reshape(2, 3, 4)
    tensor = stored(form, (2, 3, 4), array.tobytes(order="F"), is_fortran=True)
    assert values(tensor) == values(stored(form, (2, 3, 4), array.tobytes()))


def test_unicode_strings():
    for order in "<>":
        array = np.array(["a", "日本", ""], dtype=f"{order}U3")
        assert list(stored(array.dtype, (3,), array.tobytes()).strings()) == [b"a", "日本".encode(), b""]


def test_strings_that_are_no_unicode():
    with pytest.raises(CorruptionError, match="no Unicode"):
        list(stored("<U1", (1,), b"\xff\xff\xff\xff").strings())


def test_string_longer_than_its_place():
    form = [("length", "<u8"), ("bytes", "V3")]
    assert list(stored(form, (1,), (3).to_bytes(8, "little") + b"abc").strings()) == [b"abc"]
    with pytest.raises(CorruptionError, match="a string of 4 bytes"):
        list(stored(form, (1,), (4).to_bytes(8, "little") + b"abc").strings())


def test_strings_without_bytes():
    assert list(stored("S0", (2,), b"").strings()) == [b"", b""]
    with pytest.raises(LimitError):
        list(stored("S0", (1 << 60,), b"").strings())


@pytest.mark.parametrize("nbytes", [0, 7, 9, 16])
def test_another_number_of_values(nbytes):
    with pytest.raises(CorruptionError, match=f"{nbytes} bytes of values, not 8"):
        list(stored("<f4", (2,), bytes(nbytes)).chunks())


def test_wrong_kind_is_refused():
    with pytest.raises(UnsupportedError, match="holds strings"):
        list(stored("S1", (1,), b"a").chunks())
    with pytest.raises(UnsupportedError, match="has no strings"):
        list(stored("<f4", (1,), bytes(4)).strings())


def test_impossible_shape():
    with pytest.raises(CorruptionError, match=r"^file: x: "):
        stored("<f4", (1 << 40, 1 << 40), b"")


@pytest.mark.parametrize("nbytes", [1, 3, 10, 100])
def test_pieces(nbytes):
    data = bytes(range(50))
    found = list(pieces([data[:7], b"", data[7:8], data[8:]], nbytes))
    assert b"".join(found) == data
    assert len(found) == math.ceil(50 / nbytes)
    assert {len(each) for each in found[:-1]} <= {nbytes}
