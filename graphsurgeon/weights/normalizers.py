"""Pattern matching of input normalization: the statistics of the data that a net begins by taking out.

The program computes them before training, and no optimizer changes them::

    x - mean      (x - mean) / std      x / max        whatever the constants are called
    (x - mean) * scale                  x + shift      where names say so: scaler/scale, x_shift, input_mean ...

The tensor must come from the inputs, with no weight and no activation before. What is subtracted to measure a distance,
as the centers of a radial basis function, does not count: there a square or an absolute value follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import successors
from graphsurgeon.names import is_control, node_of_input
from graphsurgeon.weights.scope import Constant, Scope

# Ops after which a tensor is no input any more, although they use no weight; and around a loop.
_ENDS: Final = frozenset((
    "Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Softmax", "LogSoftmax",
    "Erf", "NextIteration", "VarHandleOp", "VariableV2", "Variable",
))  # fmt: skip

_DIVS: Final = ("RealDiv", "Div", "DivNoNan", "FloorDiv", "Xdivy")
_INVERSES: Final = ("Reciprocal", "Inv", "Rsqrt")
_DISTANCES: Final = ("Square", "Abs", "SquaredDifference", "Pow", "Norm")
_MAX_VISITED: Final = 40

#: What statistics are called, as the last part of a name, and what the scope is called that takes them out.
_STATISTIC: Final = (
    r"(?i)([a-z\d]+_)*(mean|means|avg|average|mu|std|stdev|stddev|std_dev|sd|sigma|var|variance|min|max|minimum|maximum"
    r"|range|shift|scale|scaler|offset|center|norm|normalizer|inv_std|std_inv|rstd)_?\d*(_\d+)?"
)
_SCOPE: Final = r"(?i)(.*[_/])?(scaler|scaling|normali[sz]\w*|standardi[sz]\w*|preproc\w*|whiten\w*)(_\d+)?/.*"
_LEARNED: Final = r"(.*[/_])?(gamma|beta|bias(es)?|kernel|weights?|w|b|alpha|embeddings?)(_\d+)?"


class Normalizers:
    """Judges whether constants of a scope, all traced, normalize its inputs.

    `touched` are the nodes that use weights, and what else is no input data; they are asked for when first needed.
    """

    def __init__(self, scope: Scope, touched: Iterable[str]) -> None:
        self._scope = scope
        self._seeds = touched

    @cached_property
    def _touched(self) -> set[str]:
        seeds = {*self._seeds, *(node.name for node in self._scope.graph.nodes_of(_ENDS))}
        return seeds | successors(self._scope.index, seeds, by_data=True)

    def is_input(self, text: str) -> bool:
        """Whether a tensor is made of the inputs without a weight."""
        name = node_of_input(text)
        return not is_control(text) and name not in self._scope.static and name not in self._touched

    def judge(self, constant: Constant) -> str | None:
        """Say how a constant normalizes inputs; None when it does not."""
        found = (self._use(constant, *edge) for edge in self._frontier(constant))
        return next((text for text in found if text is not None), None)

    def _frontier(self, constant: Constant) -> Iterator[tuple[Node, int, bool]]:
        """Yield where a constant, or what is computed of constants, meets other data; and whether as its inverse."""
        scope = self._scope
        stack, seen = [(constant.name, False)], {constant.name}
        while stack and len(seen) < _MAX_VISITED:
            name, is_inverse = stack.pop()
            for node, position in scope.index.consumers(name)[:_MAX_VISITED]:
                if node.name not in scope.static:
                    yield node, position, is_inverse
                elif node.name not in seen:
                    seen.add(node.name)
                    turned = node.op in _INVERSES or (node.op in _DIVS and position == 1)
                    stack.append((node.name, is_inverse != turned))

    def _use(self, constant: Constant, node: Node, position: int, is_inverse: bool) -> str | None:
        if position > 1 or len(node.data_inputs) != 2:
            return None
        op, name = node.op, node.name
        done = None
        if op == "Sub" and position == 1:
            done = "is subtracted from"
        elif (op in _DIVS and position == 1) or (op == "Mul" and is_inverse):
            done = "divides"
        elif op in ("Mul", "Add", "AddV2") and _is_named_so(constant.name):
            done = "scales" if op == "Mul" else "shifts"
        if done is None or not self.is_input(node.inputs[1 - position]):
            return None
        if op == "Sub" and any(reader.op in _DISTANCES for reader, _ in self._scope.readers(node)):
            return None
        return f"{done} input data in {name!r}"


def _is_named_so(name: str) -> bool:
    last = name.rpartition("/")[2]
    return not re.fullmatch(_LEARNED, last) and bool(re.fullmatch(_STATISTIC, last) or re.fullmatch(_SCOPE, name))
