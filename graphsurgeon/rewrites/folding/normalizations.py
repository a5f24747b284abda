"""Batch normalizations at inference: what each does to a channel, as a factor and a summand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

FUSED_OPS: Final = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
GLOBAL_OPS: Final = frozenset({"BatchNormWithGlobalNormalization"})


def affine_of(node: Node, numbers: Sequence[Array]) -> tuple[Array, Array, int]:
    """Return the factors and summands of a node whose four inputs behind the first are known.

    Which of the four is what is added (the offset) comes third. What is not finite is the caller's to look at.
    """
    import numpy as np

    a, b, c, d = (each.astype(np.float64).reshape(-1) for each in numbers)
    if node.op in GLOBAL_OPS:
        mean, variance, offset, scale = a, b, c, d
        scale = scale if attr_of(node, "scale_after_normalization") else np.ones_like(scale)
        epsilon, number = attr_of(node, "variance_epsilon"), 2
    else:
        scale, offset, mean, variance = a, b, c, d
        epsilon, number = attr_of(node, "epsilon"), 1
    epsilon = 1e-4 if epsilon is None else float(epsilon)
    with np.errstate(all="ignore"):
        factors = scale / np.sqrt(variance + epsilon)
        return factors, offset - mean * factors, number
