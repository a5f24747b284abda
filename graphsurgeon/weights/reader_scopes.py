"""What the name of a node that reads a variable tells of the layer that the variable belongs to.

TensorFlow 2 names a read after the op that asked for it, below the scopes of the layers around it. Functions that were
called put their calls before that, loops and branches theirs between:

=========================================================================== ==================== ====================
reader                                                                      layer                op
=========================================================================== ==================== ====================
``model/conv1/Conv2D/ReadVariableOp``                                       model, conv1         ``Conv2D``
``StatefulPartitionedCall/net_1/conv1_1/convolution/ReadVariableOp``        net_1, conv1_1       ``convolution``
``m/lstm/while/body/_79/m/lstm/while/lstm_cell/MatMul_1/ReadVariableOp``    m, lstm, lstm_cell   ``MatMul_1``
``model/embedding/embedding_lookup``                                        model, embedding     ``embedding_lookup``
=========================================================================== ==================== ====================

Source: ``func_graph.py``, ``convert_to_constants.py`` and the function inliner of TensorFlow 2.21, Keras 2 and 3, as
seen in the graphs they make.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Final

from graphsurgeon.ir import ops
from proto_utils.named_tuple import NamedTuple

# What tracing calls the argument that a captured variable becomes: unknown_17, X/resource, X/1277, Func/X/input/_9.
_CAPTURES: Final = (
    r"(.*/)?(unknown(_\d+)?|resource(_\d+)?|(statefulpartitionedcall_)?args_\d+(_\d+)?|captures?_\d+|inputs?_\d+)"
    r"|Func/.*/input(/?_\d+)?"
)
_NUMBER: Final = r"(.*/)?\d+"
_READ: Final = r"ReadVariableOp(_\d+)?"
_CALL: Final = r"(Stateful|Stateless)?PartitionedCall(_\d+)?|(while|cond)(_\d+)?"
_INLINED: Final = r"/_\d+(?:/|$)"
_BRANCHES: Final = r"body|cond|then|else|branch(_?\d+)?"
_COUNT: Final = r"_\d+$"

#: Scopes that functions of TensorFlow open for what they do; of ops they are the names, once without a number.
_FUNCTIONS: Final = frozenset((
    "Tensordot", "batchnorm", "moments", "convolution", "Conv1D", "conv_transpose", "einsum", "embedding_lookup",
    "Cast",
))  # fmt: skip
_OPS: Final = frozenset(
    {"Read", "add", "sub", "mul", "truediv", "split", "matmul", "strided_slice", "concat", "depthwise"}
)


class Reading(NamedTuple):
    """One reader of a variable."""

    reader: str
    layer: tuple[str, ...]  # the scopes of the layer, outermost first, as the graph has them
    op: str  # what asked for the value, below the layer; may be empty


def is_capture(name: str, *, is_read: bool) -> bool:
    """Whether tracing made up the name of a constant; numbers alone are names where a variable's read says so."""
    # Asked of every constant, of which few end like this.
    if not name.endswith(("unknown", "resource", "input")) and not name[-1:].isdecimal():
        return False
    return re.fullmatch(_CAPTURES, name) is not None or (is_read and re.fullmatch(_NUMBER, name) is not None)


def has_captures(names: Iterable[str]) -> bool:
    """Whether some constants may have names that tracing made up, as far as names tell."""
    return any("ReadVariableOp" in name or is_capture(name, is_read=True) for name in names)


def reading_of(reader: str, nodes: Container[str]) -> Reading:
    """Split the name of a reader, a ReadVariableOp's or that of the op which uses a constant; `nodes` are all names."""
    scope, _, last = reader.rpartition("/")
    path = scope if re.fullmatch(_READ, last) else reader
    op: list[str] = []
    while path and path in nodes:
        path, _, last = path.rpartition("/")
        op.append(last)
    if not op and _is_op(_last(path)):
        path, _, last = path.rpartition("/")
        op.append(last)
    while _base(_last(path)) in _FUNCTIONS and (op or _last(path) in _FUNCTIONS):
        path, _, last = path.rpartition("/")
        op.append(last)
    return Reading(reader, scopes_of(path), "/".join(reversed(op)))


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _base(scope: str) -> str:
    return re.sub(_COUNT, "", scope)


def _is_op(scope: str) -> bool:
    base = _base(scope)
    return base in _OPS or (base[:1].isupper() and ops.facts(base) is not None)


def scopes_of(path: str) -> tuple[str, ...]:
    """Return the scopes of layers in a path, across the functions that were inlined."""
    layer: tuple[str, ...] = ()
    parts = re.split(_INLINED, path)
    for position, part in enumerate(parts):
        scopes = part.split("/")
        if position + 1 < len(parts) and re.fullmatch(_BRANCHES, scopes[-1]):
            scopes.pop()
        inner = tuple(scope for scope in scopes if scope and not re.fullmatch(_CALL, scope))
        # Bodies of loops and branches have the names of what is around them, other functions start anew.
        layer = inner if inner[: len(layer)] == layer else layer + inner
    return layer
