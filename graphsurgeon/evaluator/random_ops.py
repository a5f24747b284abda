"""TensorFlow's random ops: their generators and distributions, as lazy tensors."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

from graphsurgeon.evaluator.distributions import FLOATS, INTEGERS, Distribution
from graphsurgeon.evaluator.lazy import RandomTensor
from graphsurgeon.evaluator.philox import Philox
from graphsurgeon.ir.node import Node
from graphsurgeon.names import bytes_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import MAX_RANK, Tensor

#: Ops with the attrs `seed` and `seed2`: (distribution, the attr of their type).
_SEEDED = {
    "RandomUniform": ("uniform", "dtype"),
    "RandomStandardNormal": ("normal", "dtype"),
    "TruncatedNormal": ("truncated_normal", "dtype"),
    "RandomUniformInt": ("integer", "Tout"),
}
#: Ops whose second operand is two seeds; in version 2, a key and a counter.
_STATELESS = {
    "StatelessRandomUniform": "uniform",
    "StatelessRandomNormal": "normal",
    "StatelessTruncatedNormal": "truncated_normal",
    "StatelessRandomUniformInt": "integer",
    "StatelessRandomUniformFullInt": "full_integer",
}
_STATELESS_V2 = {f"{op}V2": kind for op, kind in _STATELESS.items()}
# What a stateless op asks for its key and counter.
_STARTS = frozenset({"StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg"})
_AUTOMATIC, _PHILOX = 3, 1

#: More numbers than this are no variable, but a damaged graph.
MAX_SIZE = 1 << 34

#: All ops that `random_outputs` knows.
RANDOM_OPS = frozenset({*_SEEDED, *_STATELESS, *_STATELESS_V2, *_STARTS, "StatelessRandomGetAlg"})


def random_outputs(node: Node, operands: Sequence[Tensor], seed: int | str) -> list[Any]:
    """Return the outputs of an op of `RANDOM_OPS`; shape, seeds and bounds are read.

    An op that has no seeds is started from `seed` and its name.

    Raises
    ------
    ValueError
        It is of a kind that only TensorFlow can make; the message says why.
    """
    import numpy as np

    if node.op == "StatelessRandomGetAlg":
        return [np.int32(_PHILOX)]
    if node.op in _STARTS:
        start = Philox.scrambled(*_pair(operands[0]))
        words = np.array([start.counter & (1 << 64) - 1, start.counter >> 64], dtype=np.uint64)
        return [np.array([start.key], dtype=np.uint64), words, np.int32(_PHILOX)]
    shape = dims_of(operands[0])
    if node.op in _SEEDED:
        kind, attr = _SEEDED[node.op]
        generator, bounds = _of_op(node, seed), operands[1:3]
    elif node.op in _STATELESS:
        kind, attr = _STATELESS[node.op], "dtype"
        generator, bounds = Philox.scrambled(*_pair(operands[1])), operands[2:4]
    else:
        kind, attr = _STATELESS_V2[node.op], "dtype"
        generator, bounds = _of_counter(operands), operands[4:6]
    _check_size(shape)
    low, high = (int(bound.numpy()) for bound in bounds) if kind == "integer" else (0, 0)
    return [RandomTensor(_distribution(node, kind, attr, low, high), shape, generator)]


def dims_of(tensor: Tensor) -> list[int]:
    """Read a shape.

    Raises
    ------
    ValueError
        It is not made of integers, or has more dimensions than tensors have.
    """
    if tensor.size > MAX_RANK:
        raise ValueError(f"a shape of {tensor.size:,} dimensions")
    if not tensor.dtype.is_integer:
        raise ValueError(f"a shape made of {tensor.dtype.name}")
    return [int(dim) for dim in tensor.numpy().reshape(-1)]


def _check_size(shape: Sequence[int]) -> None:
    size = math.prod(shape)
    if min(shape, default=0) < 0 or size > MAX_SIZE:
        raise ValueError(f"{size:,} random numbers, of shape {list(shape)}")


def _distribution(node: Node, kind: str, attr: str, low: int, high: int) -> Distribution:
    default = dtypes.FLOAT if kind != "full_integer" else dtypes.UINT64
    dtype = node.attrs.get(attr, default)
    known = INTEGERS if "integer" in kind else FLOATS
    if not isinstance(dtype, DType) or dtype not in known:
        raise ValueError(f"random numbers of type {getattr(dtype, 'name', dtype)}")
    if kind == "integer" and low >= high:
        raise ValueError(f"random integers from {low} to below {high}, of which there are none")
    return Distribution(kind, dtype, low, high)


def _of_op(node: Node, seed: int | str) -> Philox:
    """Return the generator of an op: by its seeds, or by its name when both are 0, which TensorFlow seeds at random."""
    given = node.attrs.get("seed", 0), node.attrs.get("seed2", 0)
    if any(given):
        return Philox.of_seeds(*given)
    digest = hashlib.sha256(bytes_of(f"{seed} {node.name}")).digest()
    return Philox.of_seeds(int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little"))


def _of_counter(operands: Sequence[Tensor]) -> Philox:
    key, words = operands[1].numpy().tolist(), operands[2].numpy().tolist()
    algorithm = int(operands[3].numpy())
    if algorithm not in (_PHILOX, _AUTOMATIC):
        raise ValueError(f"random numbers by algorithm {algorithm}, which is not Philox")
    return Philox(key[0], words[0] | words[1] << 64)


def _pair(tensor: Tensor) -> tuple[int, int]:
    first, second = tensor.numpy().reshape(-1).tolist()
    return first, second
