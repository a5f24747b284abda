"""Tensors of every dtype, checkpoints by hypothesis, and the values of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import RawTensor, StringTensor
from proto_utils.files import BytesSource, Span

#: Every dtype with raw values.
NUMERIC = [DType.from_number(n) for n in range(1, dtypes.FLOAT4_E2M1FN.number + 1) if DType.from_number(n).itemsize]

#: Names that some format or file system has trouble with.
ODD_NAMES = [
    *("a", "a/b", "A", "A/b", "a//b", "/a", "a/", "/", "//", "../x", ".", "..", "a/../b", "./a", ".hidden"),
    *("a.npy", "a.npy/b", "a.NPY", "con", "CON", "con.x", "lpt1", "x ", " x", "x.", "k:0", 'q"<>|?*', "a\\b", "a\0b"),
    *(
        "50%",
        "%41",
        "a%20b",
        "a%2Fb",
        "%",
        "%/x",
        "é",
        "É",
        "e\u0301",
        "\udcff",
        "é/\udcc3",
        "日本",
        "\u2028",
        "\n\t\x7f",
    ),
    *("__metadata__", "x" * 199 + "%%%", "." * 300, "A" * 300, "a" * 300, "b" * 250 + "/" + "c" * 450, "file", "arr_0"),
]


def raw(dtype: DType, shape: tuple[int, ...], data: bytes) -> RawTensor:
    return RawTensor(dtype, shape, Span(BytesSource(data), 0, len(data)))


def sample(dtype: DType, shape: tuple[int, ...]) -> RawTensor:
    """A tensor of all sorts of bytes: NaN of every kind, bools that are neither 0 nor 1."""
    nbytes = math.prod(shape) * dtype.itemsize
    return raw(dtype, shape, bytes((n * 89 + 7 * (n >> 8) + 251) % 256 for n in range(nbytes)))


def every_dtype() -> dict[str, Tensor]:
    """Tensors of every dtype and several shapes."""
    found: dict[str, Tensor] = {
        f"{dtype.name}/{len(shape)}/{math.prod(shape)}": sample(dtype, shape)
        for dtype in NUMERIC
        for shape in [(), (1,), (3, 4), (0, 2), (5, 1, 7)]
    }
    found["strings/plain"] = StringTensor((2, 2), [b"a", b"bcd", b"", b"\xff\0x"])
    found["strings/nul"] = StringTensor((3,), [b"a\0", b"\0\0\0", b"long enough"])
    found["strings/scalar"] = StringTensor((), [b"only"])
    found["strings/empty"] = StringTensor((2,), [b"", b""])
    found["strings/none"] = StringTensor((0, 3), [])
    return found


def values(tensor: Tensor) -> object:
    """Everything there is to compare about a tensor."""
    is_string = tensor.dtype is dtypes.STRING
    content = list(tensor.strings()) if is_string else b"".join(map(bytes, tensor.chunks()))
    return tensor.dtype, tensor.shape, content


def all_values(tensors: Mapping[str, Tensor]) -> dict[str, object]:
    return {name: values(tensor) for name, tensor in tensors.items()}


def names() -> st.SearchStrategy[str]:
    """Names of checkpoints: bytes that are UTF-8 or not, likely to begin with one another."""
    parts = st.sampled_from([*"aAbB/./%.-", "/", "..", ".npy", "%2F", "é", "\udcff", "con", "x" * 210, "\0", " "])
    odd = st.lists(parts, min_size=1, max_size=6).map("".join)
    either = odd | st.sampled_from(ODD_NAMES) | st.text(min_size=1, max_size=8, alphabet=st.characters(codec="utf-8"))
    # As they are read from a checkpoint: surrogates where the bytes are no UTF-8.
    return either.map(lambda name: name.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"))


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """A small tensor of any dtype."""
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    size = math.prod(shape)
    if draw(st.integers(0, 4)) == 0:
        elements = st.binary(max_size=5) | st.sampled_from([b"\0", b"a\0\0"])
        return StringTensor(shape, draw(st.lists(elements, min_size=size, max_size=size)))
    dtype = draw(st.sampled_from(NUMERIC))
    nbytes = size * dtype.itemsize
    return raw(dtype, shape, draw(st.binary(min_size=nbytes, max_size=nbytes)))


def checkpoints() -> st.SearchStrategy[dict[str, Tensor]]:
    return st.dictionaries(names(), tensors(), min_size=1, max_size=8)


def files_of(prefix: Path) -> list[bytes]:
    """The bytes of a checkpoint's index and data."""
    return [Path(f"{prefix}{suffix}").read_bytes() for suffix in (".index", ".data-00000-of-00001")]
