"""Tensors whose values are at hand: all kinds say the same."""

from __future__ import annotations

import copy
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import (
    ArrayTensor,
    FillTensor,
    OpaqueTensor,
    RawTensor,
    StringTensor,
    TensorDict,
    as_tensor,
    repeat,
)
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import BytesSource, Span

NUMERIC = [DType.from_number(n) for n in range(1, 34) if n not in (7, 20, 21)]


def span(data: bytes) -> Span:
    return Span(BytesSource(data), 0, len(data))


def raw(tensor: Tensor) -> bytes:
    return b"".join(map(bytes, tensor.chunks()))


def test_other_values_of_the_same_dtype_and_shape():
    tensor = RawTensor(dtypes.INT16, (2,), span(b"abcd"))
    other = tensor.like(span(b"efgh"))
    assert (other.dtype, other.shape, raw(other), raw(tensor)) == (dtypes.INT16, (2,), b"efgh", b"abcd")
    with pytest.raises(CorruptionError, match="2 bytes of values"):
        tensor.like(span(b"ef"))


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0, 3)], ids=str)
def test_every_kind_says_the_same(dtype: DType, shape: tuple[int, ...]):
    size = int(np.prod(shape, dtype=int))
    data = bytes(n % 2 for n in range(size * dtype.itemsize))
    array = np.frombuffer(data, np.uint8).view(dtype.numpy()).reshape(shape)
    kinds = [RawTensor(dtype, shape, span(data)), FillTensor(dtype, shape, data), ArrayTensor(array, dtype)]
    for tensor in kinds:
        assert (tensor.dtype, tensor.shape, tensor.size, tensor.nbytes) == (dtype, shape, size, len(data))
        assert raw(tensor) == data
        values = tensor.numpy()
        assert (values.dtype, values.shape, values.tobytes()) == (dtype.numpy(), shape, data)
        assert values.flags.owndata or values.base is not array


@pytest.mark.parametrize("nbytes", [0, 7, 9])
def test_raw_values_of_another_length_are_corruption(nbytes: int):
    with pytest.raises(CorruptionError, match=f"{nbytes} bytes of values"):
        RawTensor(dtypes.FLOAT, [2], span(bytes(nbytes)))


def test_raw_values_stay_where_they_are():
    where = span(bytes(8))
    assert RawTensor(dtypes.FLOAT, [2], where).span is where
    assert FillTensor(dtypes.FLOAT, [2]).span is None


@pytest.mark.parametrize(
    ("head", "values"), [([], [0, 0, 0]), ([5], [5, 5, 5]), ([5, 6], [5, 6, 6]), ([5, 6, 7, 8], [5, 6, 7])]
)
def test_the_last_of_a_short_list_repeats(head: list[int], values: list[int]):
    tensor = FillTensor(dtypes.INT32, [3], np.array(head, np.int32).tobytes())
    assert tensor.numpy().tolist() == values


@given(st.binary(min_size=1, max_size=16), st.integers(0, 5000))
def test_repeat(item: bytes, count: int):
    assert b"".join(map(bytes, repeat(item, count))) == item * count


def test_repeat_comes_in_pieces():
    assert max(len(piece) for piece in repeat(b"12345678", 1_000_000)) <= 1 << 20
    assert [len(piece) for piece in repeat(b"1234", 10, 16)] == [16, 16, 8]


@pytest.mark.parametrize("nbytes", [16, 48, 1 << 20])
def test_pieces_are_as_long_as_asked_for(nbytes: int):
    data = bytes(range(200)) * 100
    kinds = [RawTensor(dtypes.UINT8, [20_000], span(data)), FillTensor(dtypes.UINT8, [20_000])]
    for tensor in [*kinds, ArrayTensor(np.frombuffer(data, np.uint8))]:
        lengths = {len(piece) for piece in tensor.chunks(nbytes)}
        assert max(lengths) == min(nbytes, 20_000)


@pytest.mark.parametrize("tensor", [FillTensor(dtypes.FLOAT, [1 << 60]), StringTensor([1 << 60], [b"a"])])
def test_what_is_only_claimed_is_not_made(tensor: Tensor):
    assert tensor.nbytes >= 1 << 60
    with pytest.raises(LimitError):
        tensor.numpy()
    with pytest.raises(LimitError):
        next(tensor.strings() if tensor.dtype is dtypes.STRING else tensor.chunks())


@pytest.mark.parametrize("dtype", [dtypes.STRING, dtypes.RESOURCE, dtypes.VARIANT])
def test_some_dtypes_have_no_raw_values(dtype: DType):
    for make in (lambda: FillTensor(dtype, []), lambda: RawTensor(dtype, [], span(b""))):
        with pytest.raises(UnsupportedError, match=dtype.name):
            make()


@pytest.mark.parametrize("dtype", [dtypes.RESOURCE, dtypes.VARIANT], ids=lambda dtype: dtype.name)
def test_opaque_tensors_refuse_their_values_by_name(dtype: DType):
    tensor = OpaqueTensor(dtype, [2])
    assert (tensor.shape, tensor.nbytes) == ((2,), 0)
    for ask in (tensor.numpy, lambda: list(tensor.chunks()), lambda: list(tensor.strings())):
        with pytest.raises(UnsupportedError, match=dtype.name):
            ask()


class TestStrings:
    def test_values(self):
        tensor = StringTensor([2, 2], [b"a", b"", b"\xff"])
        assert list(tensor.strings()) == [b"a", b"", b"\xff", b"\xff"]
        assert tensor.numpy().tolist() == [[b"a", b""], [b"\xff", b"\xff"]]
        assert tensor.numpy().dtype == object
        assert tensor.nbytes == 3

    def test_none_are_empty_ones_and_surplus_is_dropped(self):
        assert list(StringTensor([2], []).strings()) == [b"", b""]
        assert list(StringTensor([1], [b"a", b"b"]).strings()) == [b"a"]
        assert StringTensor([], [b"a"]).numpy().item() == b"a"
        assert list(StringTensor([0], [b"a"]).strings()) == []

    def test_they_have_no_raw_form(self):
        with pytest.raises(UnsupportedError, match="string"):
            list(StringTensor([1], [b"a"]).chunks())

    def test_numbers_have_no_strings(self):
        with pytest.raises(UnsupportedError, match="float32 has no strings"):
            FillTensor(dtypes.FLOAT, []).strings()


class TestArrays:
    def test_are_shared_until_asked_for(self):
        array = np.arange(4, dtype=np.float32)
        tensor = as_tensor(array)
        array[0] = 9
        assert raw(tensor) == array.tobytes()
        tensor.numpy()[0] = 5
        assert array[0] == 9

    @pytest.mark.parametrize(
        "array",
        [np.arange(6, dtype=">f4").reshape(2, 3), np.arange(6.0).reshape(3, 2).T, np.arange(12)[::2], np.array(5)],
    )
    def test_any_layout(self, array: Any):
        tensor = as_tensor(array)
        assert tensor.shape == array.shape
        assert tensor.numpy().tolist() == array.tolist()
        assert raw(tensor) == np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))).tobytes()

    @pytest.mark.parametrize(
        ("value", "dtype"),
        [
            (True, dtypes.BOOL),
            (1.5, dtypes.DOUBLE),
            ([1, 2], dtypes.INT64),
            (1j, dtypes.COMPLEX128),
            (np.float16(1), dtypes.HALF),
            (np.ones(2, ml_dtypes.bfloat16), dtypes.BFLOAT16),
            (np.ones(2, ml_dtypes.float8_e5m2), dtypes.FLOAT8_E5M2),
            (np.ones(2, ml_dtypes.int4), dtypes.INT4),
            (np.ones(2, [("qint8", np.int8)]), dtypes.QINT8),
            ("text", dtypes.STRING),
            ([b"a", "b"], dtypes.STRING),
            (np.array(["a", "bc"]), dtypes.STRING),
        ],
    )
    def test_the_dtype_is_what_numpy_says(self, value: Any, dtype: DType):
        assert as_tensor(value).dtype is dtype

    def test_text_is_utf_8(self):
        assert as_tensor("é").numpy().item() == "é".encode()

    @pytest.mark.parametrize("value", [b"a\0", [b"a\0", b"\0"], [["a\0"], ["\0\0"]], "a\0"], ids=repr)
    def test_zeros_at_the_end_of_strings_are_theirs(self, value):
        made = as_tensor(value)
        as_bytes = np.array(value, dtype=object)
        assert made.shape == as_bytes.shape
        assert [len(element) for element in made.strings()] == [len(element) for element in as_bytes.reshape(-1)]

    def test_quantized_elements_are_plain_numbers(self):
        assert as_tensor(np.ones(2, [("qint8", np.int8)])).numpy().tolist() == [1, 1]
        assert ArrayTensor(np.ones(2, np.int8), dtypes.QINT8).dtype is dtypes.QINT8

    def test_a_tensor_is_itself(self):
        tensor = FillTensor(dtypes.FLOAT, [])
        assert as_tensor(tensor) is tensor

    @pytest.mark.parametrize(
        "value",
        [
            object(),
            np.array(["2020"], "M8[D]"),
            [None],
            np.longdouble(1),
            {"a": 1},
            2**70,
            [[1], [1, 2]],
            ["\ud800"],
        ],
    )
    def test_other_things_are_refused(self, value: Any):
        with pytest.raises(UnsupportedError):
            as_tensor(value)

    def test_a_dtype_of_another_size_is_refused(self):
        with pytest.raises(UnsupportedError, match="are not qint8"):
            ArrayTensor(np.ones(2, np.int16), dtypes.QINT8)


class TestDicts:
    def test_every_way_in_makes_tensors(self):
        made = TensorDict({"a": 1})
        made["b"] = np.zeros(2)
        made.update({"c": [1, 2]}, d="text")
        made |= {"e": 2.5}
        assert made.setdefault("f", 3).numpy() == 3
        assert all(isinstance(value, Tensor) for value in made.values())
        assert list(made) == ["a", "b", "c", "d", "e", "f"]

    def test_tensors_stay_themselves(self):
        tensor = FillTensor(dtypes.INT32, [2])
        made = TensorDict({"a": tensor})
        assert made["a"] is made.setdefault("a", 1) is tensor


def test_numpy_strings_of_any_length():
    kind = getattr(getattr(np, "dtypes", None), "StringDType", None)
    if kind is None:
        pytest.skip("numpy before 2.0 has no StringDType")
    tensor = as_tensor(np.array([["a", "b\u00e9"], ["x\0", ""]], dtype=kind()))
    assert (tensor.dtype, tensor.shape) == (dtypes.STRING, (2, 2))
    assert list(tensor.strings()) == [b"a", b"b\xc3\xa9", b"x\0", b""]
    missing = np.array(["a", None], dtype=kind(na_object=None))
    with pytest.raises(UnsupportedError, match="NoneType"):
        as_tensor(missing)


class TestShownDicts:
    def test_a_few_tensors_are_shown(self):
        assert repr(TensorDict({"a": [1, 2]})) == "{'a': ArrayTensor(int64, [2], [1, 2])}"
        assert repr(TensorDict({str(n): n for n in range(99)})).endswith("'9': ArrayTensor(int64, [], 9), ... 89 more}")

    def test_html(self):
        html = TensorDict({f"<b>{n}": n for n in range(99)})._repr_html_()
        assert "<strong>TensorDict: 99 tensors</strong>" in html
        assert "<td>&lt;b&gt;3</td><td>int64</td><td>[]</td>" in html
        assert "... 79 more" in html
        assert "<b>" not in html

    def test_copies_take_arrays_too(self):
        made = TensorDict({"a": 1})
        for other in (made.copy(), made | {"b": [1]}, copy.copy(made)):
            other["c"] = [2, 3]
            assert other["c"].shape == (2,)
        assert list(made) == ["a"]
