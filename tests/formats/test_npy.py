"""`.npy` files: what `numpy.save` writes for the same array."""

from __future__ import annotations

import io

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.formats.arrays.transfer import import_tensors
from graphsurgeon.formats.npy import NpyHeader, read_header, write_npy
from graphsurgeon.tensors.dtypes import FLOAT8_E5M2
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from tests.formats.bundle_files import MemorySink


def written(tensor) -> bytes:
    sink = MemorySink()
    write_npy(tensor, sink)
    return sink.value()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype="float32").reshape(3, 4),
        np.array(2.5),
        np.zeros((0, 3), dtype="int64"),
        np.array([[True], [False]]),
        np.array([1 + 2j]),
        np.arange(3, dtype="uint8"),
        np.zeros((1,) * 30),
        np.zeros((0, 123_456_789, 7), dtype="bool"),
    ],
)
def test_same_bytes_as_numpy(array):
    file = io.BytesIO()
    np.save(file, array)
    assert written(as_tensor(array)) == file.getvalue()


@pytest.mark.parametrize("name", ["bfloat16", "float8_e5m2", "float8_e4m3fn", "int4"])
def test_types_that_numpy_lacks_come_back_by_a_view(name):
    import ml_dtypes

    array = np.array([1, -2], dtype=getattr(ml_dtypes, name))
    loaded = np.load(io.BytesIO(written(as_tensor(array))))
    assert loaded.view(array.dtype).tolist() == [1, -2]


def test_strings_have_a_fixed_width():
    loaded = np.load(io.BytesIO(written(StringTensor((2, 2), [b"a", b"bcd", b"", b"\xff\x00x"]))))
    assert loaded.tolist() == [[b"a", b"bcd"], [b"", b"\xff\x00x"]]


def test_strings_that_end_in_nul_come_with_their_lengths():
    loaded = np.load(io.BytesIO(written(StringTensor((2,), [b"a\0", b"bcd"]))))
    assert loaded["length"].tolist() == [2, 3]
    assert [bytes(each) for each in loaded["bytes"]] == [b"a\0\0", b"bcd"]


def test_empty_strings():
    assert np.load(io.BytesIO(written(StringTensor((2,), [])))).tolist() == [b"", b""]


def header_of(data: bytes) -> NpyHeader:
    return read_header(io.BytesIO(data).read, "x", "file")


def saved(array, **options) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True, **options)
    return file.getvalue()


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_headers_of_every_version(version):
    array = np.asfortranarray(np.zeros((3, 2), ">f4"))
    data = saved(array, version=version)
    header = header_of(data)
    assert (header.form, header.shape, header.is_fortran) == (np.dtype(">f4"), (3, 2), True)
    assert (header.nbytes, header.values_nbytes) == (len(data) - 24, 24)


def test_header_of_a_record():
    assert header_of(saved(np.zeros(2, [("bfloat16", "<u2")]))).form == np.dtype([("bfloat16", "<u2")])


def test_headers_cut_at_every_length():
    data = saved(np.zeros(2))
    nbytes = header_of(data).nbytes
    for length in range(nbytes):
        with pytest.raises((CorruptionError, UnsupportedError)):
            header_of(data[:length])


def framed(text: bytes, length: int | None = None) -> bytes:
    return b"\x93NUMPY\1\0" + (len(text) if length is None else length).to_bytes(2, "little") + text


GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "exit()",
        "(" * 5000,
        "-" * 9000 + "1",
        "\0",
        GOOD.replace("(1,)", "(-1,)"),
        GOOD.replace("(1,)", "(True,)"),
        GOOD.replace("(1,)", "(1.0,)"),
        GOOD.replace("(1,)", f"({1 << 80},)"),
        GOOD.replace("(1,)", f"({'1,' * 300})"),
        GOOD.replace("(1,)", "[1]"),
        GOOD.replace("False", "0"),
        GOOD.replace("'<f4'", "'<q9'"),
        GOOD.replace("'<f4'", "None"),
        GOOD.replace("'<f4'", "[('a',)]"),
        GOOD.replace("'<f4'", "()"),
        GOOD.replace("'<f4'", "('<f4',)"),
        GOOD.replace("'<f4'", "('|i1', (2,))"),
        GOOD.replace("}", ", 'x': 1}"),
    ],
)
def test_headers_that_make_no_sense(text):
    assert header_of(framed(GOOD.encode())).shape == (1,)
    with pytest.raises(CorruptionError, match="header"):
        header_of(framed(text.encode()))


def test_header_of_python_2():
    assert header_of(framed(GOOD.replace("(1,)", "(3L, 64L)").encode())).shape == (3, 64)


def test_header_longer_than_any_array_needs():
    with pytest.raises(CorruptionError, match="header of 20000 bytes"):
        header_of(framed(b" " * 20000))


@pytest.mark.parametrize("data", [b"\x93NUMPY\x09\0", b"PK\3\4", b""])
def test_no_npy(data):
    with pytest.raises(UnsupportedError):
        header_of(data)


@pytest.mark.parametrize("order", ["C", "F"])
def test_float8_as_numpy_writes_it(tmp_path, order):
    """``numpy.savez`` of a float8_e5m2 says ``<f1``, which numpy itself does not read."""
    array = np.array([[1, 2, 0.5], [-3, 4, np.inf]], dtype=ml_dtypes.float8_e5m2, order=order)
    np.savez(tmp_path / "x.npz", w=array)
    tensor = import_tensors(tmp_path / "x.npz")["w"]
    assert tensor.dtype is FLOAT8_E5M2
    assert tensor.numpy().tolist() == array.tolist()
