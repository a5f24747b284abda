"""Our dtypes are TensorFlow's: numbers, names, sizes, kinds and numpy dtypes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import UnsupportedError
from tests.tf.judge import TensorFlow


@pytest.fixture(scope="module")
def theirs(tf2: TensorFlow) -> dict[int, list[Any]]:
    """TensorFlow's facts by number; see `schema_facts.dtypes`."""
    return {int(number): facts for number, facts in tf2.call("schema_facts:dtypes").items()}


def test_same_numbers(theirs: dict[int, list[Any]]):
    assert len(theirs) == 66
    for number in range(1, 256):
        if number in theirs:
            assert DType.from_number(number).number == number
        else:
            with pytest.raises(UnsupportedError):
                DType.from_number(number)


def test_same_facts(theirs: dict[int, list[Any]]):
    ours = {number: DType.from_number(number) for number in theirs}
    assert {
        number: [
            dtype.tf_name,
            dtype.name,
            dtype.itemsize,
            [dtype.is_floating, dtype.is_integer, dtype.is_complex, dtype.is_quantized],
        ]
        for number, dtype in ours.items()
    } == {number: facts[:4] for number, facts in theirs.items()}


def test_equal_from_both_sides(tf2: TensorFlow, root: Path):
    assert tf2.call("dtype_equality:mistaken", root=str(root)) == []


def test_same_numpy_dtypes(theirs: dict[int, list[Any]]):
    for number, (*_, numpy_name) in theirs.items():
        dtype = DType.from_number(number)
        if numpy_name is None:
            assert dtype.base in (dtypes.RESOURCE, dtypes.VARIANT)
            with pytest.raises(UnsupportedError):
                dtype.numpy()
        else:
            assert dtype.numpy().name == numpy_name
