"""Edits that change values give TensorFlow's results, bit by bit."""

from __future__ import annotations

import typing

import ml_dtypes
import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.compare import same_values
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.elementwise import CombinedTensor, Operation, ScaledTensor
from graphsurgeon.tensors.padded import PaddedTensor
from graphsurgeon.tensors.rearranged import ReversedTensor, TransposedTensor
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tiled import tile
from graphsurgeon.tensors.values import as_tensor

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
SOURCES = [*FLOATS, *INTEGERS, "complex64", "complex128", "bool"]
ONE_BYTE = ["float8_e5m2", "float8_e4m3fn"]
TARGETS = [*SOURCES, *ONE_BYTE]
RANDOM = np.random.default_rng(11)


@np.errstate(all="ignore")
def samples(dtype: DType):
    """Numbers of a dtype where casts go wrong: ties, ends of ranges, and whatever has no place elsewhere."""
    held = dtype.numpy()
    if dtype.name == "bool":
        return np.array([True, False])
    if dtype.is_integer:
        low, high = int(np.iinfo(held).min), int(np.iinfo(held).max)
        edges = [2**n + d for n in range(63) for d in (-1, 0, 1)]
        return np.array([n for n in [low, high, *edges, *(-e for e in edges)] if low <= n <= high], dtype=held)
    if dtype.is_complex:
        parts = samples(DType.from_name("float32" if dtype.itemsize == 8 else "float64"))
        return (parts + 1j * parts[::-1])[np.isfinite(parts) & np.isfinite(parts[::-1])].astype(held)
    if dtype.itemsize == 2:
        every = np.arange(0, 1 << 16, 37, dtype=np.uint16).view(held)
        # TensorFlow flushes subnormal numbers to zero, and numpy makes other numbers of NaN.
        return every[~(abs(every) < ml_dtypes.finfo(held).smallest_normal) & ~np.isnan(every)]
    powers = 2.0 ** RANDOM.uniform(-60, 70, 500) * RANDOM.choice([-1, 1], 500)
    ties = [(1 + k * 2.0**-n) * s for n in range(2, 30) for k in (1, 3) for s in (1, -1, 300)]
    beyond = [
        1 + 2**-11 + 2**-30,
        65504,
        65519,
        65520,
        448,
        464,
        465,
        57344,
        61440,
        255.9,
        -0.9,
        2.0**31,
        2.0**63,
        3e38,
    ]
    return np.array([*powers, *ties, *beyond, 0.0, -0.0, np.inf, -np.inf], dtype=held)


def in_range(values, source: DType, target: DType):
    """The values that a checked cast takes."""

    def fits(value):
        try:
            CastTensor(as_tensor(value), target).numpy()
        except PassError:
            return False
        return True

    return values[[fits(value) for value in values.reshape(-1, 1)]]


def judged(tf, tmp_path, tensors, steps):
    """What TensorFlow makes of the tensors, by the names of the results."""
    gs.save_checkpoint(tensors, tmp_path / "in")
    tf.call("value_edits:apply", prefix=str(tmp_path / "in"), destination=str(tmp_path / "out"), steps=steps)
    return gs.load_checkpoint(tmp_path / "out")


@pytest.mark.parametrize("source", SOURCES)
def test_casts(tf2, tmp_path, source):
    base = DType.from_name(source)
    targets = [t for t in TARGETS if t != source and not (base.is_complex and not DType.from_name(t).is_complex)]
    if not base.is_floating:
        # TensorFlow casts only floating-point numbers to these.
        targets = [name for name in targets if name not in ONE_BYTE]
    given = {name: as_tensor(in_range(samples(base), base, DType.from_name(name))) for name in targets}
    assert all(tensor.size for tensor in given.values())
    steps = [(name, source, "cast", [name], name) for name in targets]
    expected = judged(tf2, tmp_path, given, steps)
    different = [n for n in targets if not same_values(CastTensor(given[n], DType.from_name(n)), expected[n])]
    assert different == []


# TensorFlow has no kernel that clamps uint32 or uint64.
@pytest.mark.parametrize("source", [*FLOATS, *(name for name in INTEGERS if name not in ("uint32", "uint64"))])
def test_saturating_casts(tf2, tmp_path, source):
    base = DType.from_name(source)
    # TensorFlow's own are wrong about where the range of 64-bit integers ends.
    targets = [t for t in TARGETS if "64" not in t and t not in (source, "bool", "complex128")]
    if not base.is_floating:
        targets = [name for name in targets if name not in ONE_BYTE]
    if "int64" in source:
        targets = [t for t in targets if "int" in t and "64" not in t]
    values = samples(base)
    values = values[np.isfinite(values)] if base.is_floating else values
    steps = [("x", source, "saturate_cast", [name], name) for name in targets]
    expected = judged(tf2, tmp_path, {"x": values}, steps)
    made = {name: CastTensor(as_tensor(values), DType.from_name(name), saturate=True) for name in targets}
    assert [name for name in targets if not same_values(made[name], expected[name])] == []


@pytest.mark.parametrize("target", ["float16", "bfloat16", "float32", "int32", "uint8"])
def test_infinities_saturate(tf2, tmp_path, target):
    values = np.array([np.inf, -np.inf], np.float64)
    expected = judged(tf2, tmp_path, {"x": values}, [("x", "float64", "saturate_cast", [target], "y")])
    assert same_values(CastTensor(as_tensor(values), DType.from_name(target), saturate=True), expected["y"])


KINDS = ["float32", "float16", "bfloat16", "float64", "int32", "int8", "int64", "complex128", "bool", "string"]


@pytest.mark.parametrize("kind", KINDS)
def test_arrangements(tf, tmp_path, kind):
    shape = (3, 4, 2, 5)
    numbers = np.arange(120).reshape(shape)
    base = as_tensor(numbers.astype("S" if kind == "string" else DType.from_name(kind).numpy()))
    paddings = [(1, 0), (0, 2), (0, 0), (3, 1)]
    pad = ("pad_strings", [paddings]) if kind in ("string", "bool") else ("pad", [paddings, 7])
    value = None if kind in ("string", "bool") else np.array(7).astype(base.dtype.numpy()).tobytes()
    made = {
        "transpose": TransposedTensor(base, (3, 0, 2, 1)),
        "reverse": ReversedTensor(base, (0, 3)),
        "tile": tile(base, (2, 1, 3, 2)),
        "slice": SlicedTensor(base, [range(1, 3), range(0, 4, 3), range(2), range(1, 5, 2)]),
        "pad": PaddedTensor(base, paddings, value),
    }
    ops = {
        "transpose": ("transpose", [[3, 0, 2, 1]]),
        "reverse": ("reverse", [[0, 3]]),
        "tile": ("tile", [[2, 1, 3, 2]]),
        "slice": ("strided_slice", [[1, 0, 0, 1], [3, 4, 2, 5], [1, 3, 1, 2]]),
        "pad": pad,
    }
    if kind == "string":
        # TensorFlow has no kernel that pads strings.
        del ops["pad"]
    expected = judged(tf, tmp_path, {"x": base}, [("x", kind, *op, name) for name, op in ops.items()])
    assert [name for name in ops if not same_values(made[name], expected[name])] == []


@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "bfloat16", "complex64", "int32", "int64"])
def test_arithmetic(tf, tmp_path, kind):
    dtype = DType.from_name(kind)
    values = {name: (RANDOM.standard_normal(5000) * 30 + 100).astype(dtype.numpy()) for name in "xy"}
    x, y = map(as_tensor, values.values())
    # Complex numbers are divided in more than one way; the last bit may differ.
    operations = typing.get_args(Operation)[: 4 if dtype.is_floating else 3]
    scale, offset = (3, -7) if dtype.is_integer else (0.3, -1.7)
    scalars = [as_tensor(np.array(n).astype(dtype.numpy())) for n in (scale, offset)]
    made = {name: CombinedTensor(name, x, y) for name in operations} | {"scale": ScaledTensor(x, *scalars)}
    steps = [("x", kind, name, ["y"], name) for name in operations] + [("x", kind, "scale", [scale, offset], "scale")]
    expected = judged(tf, tmp_path, {"x": x, "y": y}, steps)
    assert [name for name in made if not same_values(made[name], expected[name])] == []
