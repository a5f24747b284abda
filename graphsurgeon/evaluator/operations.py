"""Numpy kernels of TensorFlow's ops.

==================  ======================================================================
`ELEMENTWISE`       one element of the result for one of each operand, numpy's broadcasting
`WITH_ATTRS`        the same, made of the node
`LAYOUTS`           elements moved about, whatever they are; what is after the first
                    operands are sizes, axes and the like, which are read at once
`WHOLE`             all elements at once; with the shapes of the results
==================  ======================================================================

Functions of `LAYOUTS` and `WHOLE` take the node and numpy arrays. Which are exact, `ir.exact_ops` says.
Source: TensorFlow's op documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphsurgeon.evaluator.kernels.arithmetic import ARITHMETIC, WITH_ATTRS
from graphsurgeon.evaluator.kernels.functions import FUNCTIONS, ROWS
from graphsurgeon.evaluator.kernels.layouts import LAYOUTS, is_main_diagonal
from graphsurgeon.evaluator.kernels.linear import LINEAR
from graphsurgeon.evaluator.kernels.picking import PICKING
from graphsurgeon.evaluator.kernels.reductions import REDUCTIONS
from graphsurgeon.evaluator.kernels.sequences import SEQUENCES
from graphsurgeon.evaluator.kernels.whole import Whole
from graphsurgeon.evaluator.kernels.windows import WINDOWS

__all__ = ["ELEMENTWISE", "LAYOUTS", "WHOLE", "WITH_ATTRS", "is_main_diagonal"]

ELEMENTWISE: dict[str, Callable[..., Any]] = {**ARITHMETIC, **FUNCTIONS}
WHOLE: dict[str, Whole] = {**REDUCTIONS, **LINEAR, **WINDOWS, **PICKING, **SEQUENCES, **ROWS}
