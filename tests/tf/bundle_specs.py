"""Specifications of tensors, which TensorFlow (``scripts/bundles.py``) and the tests here make the same bytes of."""

from __future__ import annotations

import random
from typing import Any

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import RawTensor, StringTensor
from proto_utils.files import BytesSource, Span
from tests.tf.scripts.bundles import content, digest

Spec = dict[str, Any]

ALL_DTYPES = [t for t in vars(dtypes).values() if isinstance(t, DType) and not t.is_ref]
STORABLE = [t for t in ALL_DTYPES if t.itemsize or t is dtypes.STRING]
#: What TensorFlow 1.15 has of them.
STORABLE_V1 = [t for t in STORABLE if t.number <= dtypes.UINT64.number]


def spec(name: str, dtype: DType, shape: list[int], seed: int = 0) -> Spec:
    return {"name": name, "dtype": dtype.name, "itemsize": dtype.itemsize, "shape": shape, "seed": seed}


def tensor(of: Spec) -> Tensor:
    value = content(of)
    if of["dtype"] == "string":
        return StringTensor(of["shape"], value)
    return RawTensor(DType.from_name(of["dtype"]), of["shape"], Span(BytesSource(value), 0, len(value)))


def tensors(specs: list[Spec]) -> dict[str, Tensor]:
    return {of["name"]: tensor(of) for of in specs}


def digest_of(value: Tensor) -> str:
    """The digest of a tensor as we read it."""
    if value.dtype is dtypes.STRING:
        return str(digest(list(value.strings())))
    return str(digest(b"".join(map(bytes, value.chunks()))))


def digests(specs: list[Spec]) -> dict[str, str]:
    return {of["name"]: digest(content(of)) for of in specs}


def by_name(specs: list[Spec]) -> list[Spec]:
    return sorted(specs, key=lambda of: of["name"].encode())


def many(count: int, kinds: list[DType], seed: int = 0) -> list[Spec]:
    """Tensors of many kinds and sizes under names that resemble and do not resemble one another."""
    chosen = random.Random(seed)
    shapes: list[list[int]] = [[], [0], [1], [3], [2, 3], [4, 0, 2], [1, 1, 5, 2], [17]]
    specs = []
    for i in range(count):
        stem = chosen.choice(["model/block", "model/blocks", "m", "optimizer/Adam", "µ/层", "ÿ"])
        long = "/a_long_scope_name" * chosen.choice([0, 0, 0, 1, 12])
        name = f"{stem}_{i // 7}{long}/{chosen.choice(['kernel', 'bias', 'w:0', 'x y', '%'])}_{i}"
        specs.append(spec(name, chosen.choice(kinds), chosen.choice(shapes), i))
    return by_name(specs)
