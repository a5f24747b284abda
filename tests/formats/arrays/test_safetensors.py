"""Safetensors: byte for byte what the library writes, as strict as the library in what is read."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.formats.arrays import safetensors as ours
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import OpaqueTensor, StringTensor, as_tensor
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from tests.formats.arrays.samples import NUMERIC, ODD_NAMES, all_values, every_dtype, sample, values

NATIVE = [dtype for dtype in NUMERIC if dtype in ours._WORD_OF]


@pytest.fixture
def library() -> Any:
    """The format's own library, as the judge."""
    return pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")


def written(path: Path, tensors) -> Path:
    assert ours.write(ours.plan(tensors), str(path), overwrite=True) == [str(path)]
    return path


def made(path: Path, header: object, data: bytes = b"") -> str:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return str(path)


def entry(dtype: str = "F32", shape: object = (1,), offsets: object = (0, 4)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_every_dtype_comes_back(tmp_path):
    tensors = every_dtype()
    assert all_values(ours.read(str(written(tmp_path / "x", tensors)))) == all_values(tensors)


def test_odd_names(tmp_path, library):
    tensors: dict[str, Tensor] = {name: as_tensor(np.float32(n)) for n, name in enumerate(ODD_NAMES)}
    path = written(tmp_path / "x", tensors)
    assert all_values(ours.read(str(path))) == all_values(tensors)
    found = dict(library.deserialize(path.read_bytes()))
    assert len(found) == len(ODD_NAMES)
    assert {name for name in ODD_NAMES if name in found} >= {"a//b", "../x", "é", "a\0b", "con", "\n\t\x7f"}


@pytest.mark.parametrize("dtype", NATIVE, ids=lambda dtype: dtype.name)
def test_library_reads_what_we_write(tmp_path, library, dtype):
    if dtype.name.endswith("fnuz") and library.__version__.startswith(("0.5", "0.6", "0.7")):
        pytest.skip("safetensors before 0.8 does not know these words")
    tensor = sample(dtype, (3, 4))
    path = written(tmp_path / "x", {"w": tensor})
    ((name, found),) = library.deserialize(path.read_bytes())
    assert (name, found["shape"], bytes(found["data"])) == ("w", [3, 4], values(tensor)[2])  # type: ignore[index]
    with library.safe_open(path, framework="np") as handle:
        assert handle.metadata() is None


def test_numpy_arrays_of_the_library(tmp_path, library):
    import safetensors.numpy as library_numpy

    arrays = {
        name: np.arange(6).astype(name).reshape(2, 3) for name in ("float32", "int64", "bool", "bfloat16", "complex64")
    }
    path = written(tmp_path / "x", {name: as_tensor(array) for name, array in arrays.items()})
    found = library_numpy.load_file(path)
    assert {name: (array.dtype.name, array.tolist()) for name, array in found.items()} == {
        name: (name, array.tolist()) for name, array in arrays.items()
    }


def test_same_bytes_as_the_library(tmp_path, library):
    import safetensors.numpy as library_numpy

    arrays = {
        "b/w": np.arange(6, dtype="float32").reshape(2, 3),
        "a": np.arange(3, dtype="int64"),
        "c": np.array(1.5),
        "half": np.zeros(3, "float16"),
        "flags": np.array([True, False, True]),
        'é"\n': np.zeros((0, 2), "uint8"),
    }
    path = written(tmp_path / "ours", {name: as_tensor(array) for name, array in arrays.items()})
    library_numpy.save_file(arrays, tmp_path / "theirs")
    assert path.read_bytes() == (tmp_path / "theirs").read_bytes()


def test_what_the_library_writes_comes_in(tmp_path, library):
    import safetensors.numpy as library_numpy

    arrays = {name: np.arange(6).astype(name) for name in ("float64", "uint16", "bool", "bfloat16", "float8_e4m3fn")}
    library_numpy.save_file(arrays, tmp_path / "x", metadata={"format": "pt"})
    found = ours.read(str(tmp_path / "x"))
    assert {name: tensor.dtype.name for name, tensor in found.items()} == {name: name for name in arrays}
    assert {name: tensor.numpy().tolist() for name, tensor in found.items()} == {
        name: array.tolist() for name, array in arrays.items()
    }


@pytest.mark.parametrize(
    ("tensor", "stored", "shape"),
    [
        (sample(dtypes.QINT8, (2,)), "I8", [2]),
        (sample(dtypes.QUINT16, (2,)), "U16", [2]),
        (sample(dtypes.QINT32, (2,)), "I32", [2]),
        (sample(dtypes.INT4, (2,)), "I8", [2]),
        (sample(dtypes.UINT2, (2,)), "U8", [2]),
        (sample(dtypes.FLOAT8_E4M3B11FNUZ, (2,)), "U8", [2]),
        (sample(dtypes.FLOAT4_E2M1FN, ()), "U8", []),
        (sample(dtypes.COMPLEX128, (2,)), "F64", [2, 2]),
        (StringTensor((2,), [b"abc", b""]), "U8", [2, 11]),
    ],
    ids=lambda value: value.dtype.name if isinstance(value, Tensor) else "",
)
def test_what_the_format_lacks_is_told_in_the_metadata(tmp_path, library, tensor, stored, shape):
    path = written(tmp_path / "x", {"w": tensor, "plain": as_tensor(1.5)})
    with library.safe_open(path, framework="np") as handle:
        assert json.loads(handle.metadata()["graphsurgeon.dtypes"]) == {"w": tensor.dtype.name}
        assert (handle.get_slice("w").get_dtype(), handle.get_slice("w").get_shape()) == (stored, shape)
    assert values(ours.read(str(path))["w"]) == values(tensor)


@pytest.mark.parametrize("dtype", [dtypes.FLOAT8_E4M3FNUZ, dtypes.FLOAT8_E5M2FNUZ], ids=str)
def test_dtypes_that_the_format_has_by_now(tmp_path, dtype):
    """They have words of their own; as bytes with metadata, as they were written once, they are read too."""
    word = dtype.name.upper().replace("FLOAT8", "F8")
    tensor = sample(dtype, (4,))
    path = written(tmp_path / "x", {"w": tensor})
    assert f'"dtype":"{word}"'.encode() in path.read_bytes()
    assert b"metadata" not in path.read_bytes()
    old = {"__metadata__": {"graphsurgeon.dtypes": json.dumps({"w": dtype.name})}, "w": entry("U8", [4])}
    for file in (str(path), made(tmp_path / "old", old, values(tensor)[2])):  # type: ignore[index]
        assert values(ours.read(file)["w"]) == values(tensor)


def test_no_values_are_read(tmp_path, monkeypatch):
    path = written(tmp_path / "x", {"w": as_tensor(np.zeros(1 << 18))})
    tensor = ours.read(str(path))["w"]
    span = tensor.span
    assert span is not None
    assert (span.nbytes, span.end) == (1 << 21, path.stat().st_size)
    assert {len(chunk) for chunk in tensor.chunks()} == {1 << 20}


def test_values_are_aligned(tmp_path):
    found = ours.read(str(written(tmp_path / "x", every_dtype())))
    for tensor in found.values():
        if tensor.span is not None:
            assert tensor.span.start % min(8, tensor.dtype.itemsize) == 0


def test_resources_are_refused():
    with pytest.raises(UnsupportedError, match="tensor 'h': a resource"):
        ours.plan({"h": OpaqueTensor(dtypes.RESOURCE, ())})


def test_header_longer_than_readers_take(tmp_path, monkeypatch):
    monkeypatch.setattr(ours, "MAX_HEADER_NBYTES", 100)
    with pytest.raises(LimitError):
        written(tmp_path / "x", {"w" * 100: as_tensor(1)})
    assert list(tmp_path.iterdir()) == []


def test_tensor_that_gives_too_little(tmp_path):
    class Short(Tensor):
        def chunks(self, nbytes=0):
            yield b"abc"

    with pytest.raises(CorruptionError, match=r"tensor 'w': .* gave 3 bytes, not 8"):
        written(tmp_path / "x", {"w": Short(dtypes.FLOAT, (2,))})
    assert list(tmp_path.iterdir()) == []


BAD: dict[str, tuple[object, bytes]] = {
    "no json": (b"{", b""),
    "no object": ([], b""),
    "no utf-8": (b'{"\xff": 1}', b""),
    "utf-16": ("{}".encode("utf-16"), b""),
    "too deep": (b'{"a":' + b"[" * 100_000, b""),
    "a number no one can read": (b'{"a":' + b"9" * 5000 + b"}", b""),
    "nan": (b'{"__metadata__": NaN}', b""),
    "a name twice": (b'{"w": {"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4)),
    "no unicode": (b'{"\\ud800": {"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4)),
    "entry is no object": ({"w": 1}, b""),
    "no dtype": ({"w": {"shape": [], "data_offsets": [0, 4]}}, bytes(4)),
    "shape is a text": ({"w": entry(shape="1")}, bytes(4)),
    "shape is a number": ({"w": entry(shape=1)}, bytes(4)),
    "negative dimension": ({"w": entry(shape=[-1])}, bytes(4)),
    "fractional dimension": ({"w": entry(shape=[1.0])}, bytes(4)),
    "dimension is true": ({"w": entry(shape=[True])}, bytes(4)),
    "immense dimension": ({"w": entry(shape=[0, 1 << 70], offsets=[0, 0])}, b""),
    "too many dimensions": ({"w": entry(shape=[1] * 300)}, bytes(4)),
    "three offsets": ({"w": entry(offsets=[0, 4, 4])}, bytes(4)),
    "offsets backwards": ({"w": entry(offsets=[4, 0])}, bytes(4)),
    "another size": ({"w": entry(offsets=[0, 8])}, bytes(8)),
    "past the end": ({"w": entry(shape=[2], offsets=[0, 8])}, bytes(4)),
    "before the end": ({"w": entry()}, bytes(5)),
    "a gap": ({"w": entry(), "v": entry(offsets=[8, 12])}, bytes(12)),
    "a gap at the start": ({"w": entry(offsets=[4, 8])}, bytes(8)),
    "an overlap": ({"w": entry(), "v": entry(offsets=[2, 6])}, bytes(6)),
    "the same place": ({"w": entry(), "v": entry()}, bytes(4)),
    "no metadata": ({"__metadata__": {"a": 1}}, b""),
    "metadata is a list": ({"__metadata__": []}, b""),
    "two names for one": ({"50%": entry(), "50%25": entry(offsets=[4, 8])}, bytes(8)),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_damaged_files(tmp_path, name):
    header, data = BAD[name]
    with pytest.raises(CorruptionError):
        ours.read(made(tmp_path / "x", header, data))


@pytest.mark.parametrize("name", sorted(BAD.keys() - {"immense dimension", "too many dimensions", "two names for one"}))
def test_library_refuses_them_too(tmp_path, library, name):
    header, data = BAD[name]
    made(tmp_path / "x", header, data)
    with pytest.raises(library.SafetensorError):
        library.deserialize((tmp_path / "x").read_bytes())


def test_keys_to_come_do_not_disturb(tmp_path, library):
    path = made(tmp_path / "x", {"w": {**entry(), "x": 1}}, bytes(4))
    assert [name for name, _ in library.deserialize(Path(path).read_bytes())] == list(ours.read(path))


RECORDS: dict[str, object] = {
    "no json": "{",
    "too deep": "[" * 100_000,
    "no object": "[]",
    "a number": '{"w": 1}',
    "another tensor": '{"v": "qint32"}',
    "stored otherwise": '{"w": "qint8"}',
    "stored as itself": '{"w": "float32"}',
    "no strings": '{"w": "string"}',
    "no pairs": '{"w": "complex128"}',
    "no values": '{"w": "resource"}',
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_that_are_not_true(tmp_path, name):
    header = {"__metadata__": {"graphsurgeon.dtypes": RECORDS[name]}, "w": entry()}
    with pytest.raises(CorruptionError):
        ours.read(made(tmp_path / "x", header, bytes(4)))


def test_record_of_a_dtype_to_come(tmp_path):
    header = {"__metadata__": {"graphsurgeon.dtypes": '{"w": "float1"}'}, "w": entry()}
    with pytest.raises(UnsupportedError, match="float1"):
        ours.read(made(tmp_path / "x", header, bytes(4)))


@pytest.mark.parametrize("word", ["F4", "F8_E8M0", "x"])
def test_dtypes_that_tensorflow_lacks(tmp_path, word):
    with pytest.raises(UnsupportedError, match=word):
        ours.read(made(tmp_path / "x", {"w": entry(word)}, bytes(4)))


def test_header_of_an_immense_length(tmp_path):
    for length in (1 << 63, 100, 3):
        (tmp_path / "x").write_bytes(struct.pack("<Q", length) + b"{}")
        with pytest.raises(CorruptionError):
            ours.read(str(tmp_path / "x"))


def test_header_past_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(ours, "MAX_HEADER_NBYTES", 10)
    with pytest.raises(LimitError):
        ours.read(made(tmp_path / "x", {"w": entry()}, bytes(4)))


def test_cut_at_every_length(tmp_path):
    path = written(tmp_path / "x", {"a": as_tensor([1.0]), "b": as_tensor(b"text"), "c": as_tensor([1j])})
    whole = path.read_bytes()
    for data in [*(whole[:length] for length in range(len(whole))), whole + b"x"]:
        path.write_bytes(data)
        with pytest.raises(CorruptionError):
            ours.read(str(path))


def test_bfloat16_of_ml_dtypes(tmp_path):
    array = np.array([1.5, -2], dtype=ml_dtypes.bfloat16)
    path = written(tmp_path / "x", {"w": as_tensor(array)})
    assert ours.read(str(path))["w"].numpy().tolist() == [1.5, -2]
