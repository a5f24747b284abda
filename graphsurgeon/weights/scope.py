"""Data-flow analysis of constants: where each one flows in a graph or a function body.

A weight seldom feeds the op that uses it directly. Freezing leaves an Identity between,
loops an Enter, quantization a FakeQuant, a broadcast a Reshape. `Scope.trace` walks
forward through such ops to the inputs where a constant is really used; `Scope.constant`
answers the reverse question in one look-up.

Cost: linear in nodes and edges. Every walk is bounded, whatever the graph.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TypeAlias

from graphsurgeon.ir import ops
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Kind, Node
from graphsurgeon.names import parse_input
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.weights.roles import COMBINE, PASS, PASS_SECOND
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple

#: How far a walk looks past ops that only change a tensor's form.
MAX_STEPS = 24

# How many times a constant may be combined with others, and how many edges are followed after that.
_MAX_COMBINED = 4
_MAX_COMBINED_EDGES = 100

#: Ops that change only the form of a tensor; walked past in both directions where data, not constants, are followed.
FORM = frozenset((
    "Identity", "Snapshot", "StopGradient", "Reshape", "Squeeze", "ExpandDims", "Cast", "Transpose", "Enter",
    "RefEnter", "Exit", "Switch", "RefSwitch", "_SwitchN", "CheckNumerics", "EnsureShape", "BroadcastTo", "Tile",
))  # fmt: skip


# Ops that may hand a constant on; of the others only calls of functions do.
_HANDING_ON = PASS | COMBINE | PASS_SECOND | {"IdentityN", "Merge"}

_FLOATS = {dtypes.FLOAT: "<f", dtypes.DOUBLE: "<d", dtypes.HALF: "<e", dtypes.BFLOAT16: "<f"}


# What an input does: the outputs that hand it on (None: all), and how many more constants are in them.
_Outputs: TypeAlias = tuple[Iterable[int | None], int]
_ENDS: _Outputs = ((), 0)
_PASSED: _Outputs = ((None,), 0)
_JOINED: _Outputs = ((None,), 1)


class Constant(NamedTuple):
    """A constant: a Const node, or an argument (without a node) of a function body that always carries one.

    So is a variable to those who ask what ops make of it: with `is_handle` its handle, by which the value is read.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    node: Node | None
    is_handle: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_scalar(self) -> bool:
        """Whether it is a plain number: an epsilon, a factor, an axis."""
        return not self.shape


class Hop(NamedTuple):
    """A node that passed a constant on, and the step before it."""

    node: Node
    before: Hop | None


class Use(NamedTuple):
    """An input that uses a constant, and the steps between; the nearest to the input comes first."""

    node: Node
    position: int
    last: Hop | None

    def path(self) -> Iterator[Node]:
        """Yield the nodes between, from the input back to the constant."""
        step = self.last
        while step is not None:
            yield step.node
            step = step.before


class Scope:
    """Nodes, edges and constants of a graph or of a function body.

    `forwarded` gives for calls of functions the outputs that only hand input (node, position) on.
    """

    def __init__(
        self,
        graph: Graph,
        index: Index,
        constants: Iterable[Constant],
        forwarded: dict[tuple[str, int], list[int]] | None = None,
    ) -> None:
        self.graph = graph
        self.index = index
        self.constants = {constant.name: constant for constant in constants}
        self._forwarded = forwarded or {}
        self._carried: dict[str, Constant] = dict(self.constants)
        self._carried_output: dict[tuple[str, int], Constant] = {}
        self._by_output: dict[str, dict[int, list[tuple[Node, int]]]] = {}

    def producer(self, text: str) -> Node | None:
        """Return the node that makes the tensor an input names; None for an argument or a dangling input."""
        return self.index.producers.get(_node_name(text))

    def constant(self, text: str) -> Constant | None:
        """Return the constant that an input carries, through ops that only pass it on; it must have been traced."""
        name = _node_name(text)
        found = self._carried.get(name)
        return found if found is not None else self._carried_output.get((name, parse_input(text).output))

    def constant_or_choice(self, text: str) -> Constant | None:
        """Return the constant that an input carries, or carries in one branch of a cond: moving or batch statistics."""
        found = self.constant(text)
        node = self.origin(text) if found is None else None
        if node is None or node.op != "Merge":
            return found
        return next((one for one in map(self.constant, node.data_inputs) if one is not None), None)

    def number(self, text: str) -> float | None:
        """Return the value of a scalar constant that an input carries; None when it is no such float."""
        constant = self.constant(text)
        if constant is None or constant.node is None or constant.shape or constant.dtype not in _FLOATS:
            return None
        raw = b"".join(map(bytes, constant.node.tensor.chunks()))
        if constant.dtype is dtypes.BFLOAT16:
            raw = b"\0\0" + raw
        (value,) = struct.unpack(_FLOATS[constant.dtype], raw)
        return float(value)

    def is_static(self, text: str) -> bool:
        """Whether the tensor an input names depends on constants only."""
        return _node_name(text) in self.static

    def trace(self, constant: Constant) -> tuple[list[Use], list[Node]]:
        """Follow a constant forward to its uses; return them and the nodes it went through."""
        uses: list[Use] = []
        passed: list[Node] = []
        seen: set[tuple[str, int | None]] = set()
        budget = _MAX_COMBINED_EDGES
        # Name and output of a tensor that carries it, the step that made it, how often it was combined.
        stack: list[tuple[str, int | None, Hop | None, int]] = [(constant.name, None, None, 0)]
        while stack and budget:
            name, output, step, combined = stack.pop()
            edges = self._edges(name, output)
            for node, position in edges[:budget] if combined else edges:
                outputs, more = self._outputs(node, position)
                total = combined + more
                budget -= combined > 0
                if not outputs or total > _MAX_COMBINED or (node.name, position) in self._forwarded:
                    uses.append(Use(node, position, step))
                for out in outputs if total <= _MAX_COMBINED else ():
                    if (node.name, out) not in seen:
                        seen.add((node.name, out))
                        passed.append(node)
                        stack.append((node.name, out, Hop(node, step), total))
                        if not total:
                            self._note(node.name, out, constant)
        return uses, passed

    def _edges(self, name: str, output: int | None) -> Sequence[tuple[Node, int]]:
        """Return who reads a tensor, or any tensor of a node."""
        if output is None:
            return self.index.consumers(name)
        if name not in self._by_output:
            by_output: dict[int, list[tuple[Node, int]]] = {}
            for node, position in self.index.consumers(name):
                by_output.setdefault(parse_input(node.inputs[position]).output, []).append((node, position))
            self._by_output[name] = by_output
        return self._by_output[name].get(output, ())

    def _note(self, name: str, output: int | None, constant: Constant) -> None:
        if output is None:
            self._carried.setdefault(name, constant)
        else:
            self._carried_output.setdefault((name, output), constant)

    def _outputs(self, node: Node, position: int) -> _Outputs:
        """Return the outputs that hand an input on, and how many more constants are in them."""
        op = node.op
        if op in _HANDING_ON:
            if op in PASS:
                return _PASSED if position == 0 else _ENDS
            if op in COMBINE:
                return self._combined(node, position)
            if op in PASS_SECOND:
                return _PASSED if position == 1 else _ENDS
            if op == "IdentityN":
                return (position,), 0
            if self._is_invariant(node):
                return _PASSED
        return (self._forwarded.get((node.name, position), ()), 0) if self._forwarded else _ENDS

    def _combined(self, node: Node, position: int) -> _Outputs:
        if node.name not in self.static:
            return _ENDS
        if node.op == "ConcatV2" and position == len(node.data_inputs) - 1:
            return _ENDS
        return _ENDS if node.op == "Concat" and position == 0 else _JOINED

    def _is_invariant(self, merge: Node) -> bool:
        """Whether a loop's Merge gets back from the loop what it gave."""
        if len(merge.inputs) < 2:
            return False
        next_iteration = self.producer(merge.inputs[1])
        if next_iteration is None or next_iteration.op != "NextIteration" or not next_iteration.inputs:
            return False
        text = next_iteration.inputs[0]
        for _ in range(MAX_STEPS):
            node = self.producer(text)
            if node is merge:
                return True
            if node is None or node.op not in ("Identity", "Switch", "RefSwitch") or not node.inputs:
                return False
            text = node.inputs[0]
        return False

    def origin(self, text: str) -> Node | None:
        """Return the node that really makes a tensor, its nearest ancestor that does more than change its form."""
        node = self.producer(text)
        for _ in range(MAX_STEPS):
            if node is None or node.op not in FORM or not node.inputs:
                return node
            node = self.producer(node.inputs[0])
        return node

    def readers(self, node: Node) -> list[tuple[Node, int]]:
        """Return who really reads a node's outputs: looks forward past ops that only change their form."""
        found: list[tuple[Node, int]] = []
        stack, seen = [node.name], {node.name}
        while stack and len(seen) < MAX_STEPS:
            for reader, position in self.index.consumers(stack.pop()):
                if reader.op not in FORM:
                    found.append((reader, position))
                elif position == 0 and reader.name not in seen:
                    seen.add(reader.name)
                    stack.append(reader.name)
        return found

    @cached_property
    def static(self) -> set[str]:
        """The nodes and arguments whose value depends on constants only; costs one look at all that reads them."""
        static = set(self.constants)
        missing: dict[str, int] = {}
        stack = list(self.constants)
        while stack:
            for node, _ in self.index.consumers(stack.pop()):
                name = node.name
                left = missing.get(name)
                if left is None:
                    left = len(node.data_inputs) if _is_pure(node.op) else 0
                missing[name] = left - 1
                if left == 1 and name not in static:
                    static.add(name)
                    stack.append(name)
        return static


@lru_cache(maxsize=4096)
def _is_pure(op: str) -> bool:
    if op in ("Merge", "NextIteration"):
        return False
    if op == "ReadVariableOp":
        return True  # the value counts as a constant where the handle does
    known = ops.facts(op)
    return known is not None and not known.is_stateful and not known.functions


def _node_name(text: str) -> str:
    return text.partition(":")[0]


def constants_of(graph: Graph) -> Iterator[Constant]:
    """Yield what the Const nodes of a graph hold, from the headers of their values; not the unsound, see `verify`."""
    found: dict[Kind, tuple[DType, tuple[int, ...]] | None] = {}
    for node in graph.nodes_of(("Const",)):
        kind = node.kind
        if kind is None:
            header = _header(node)
        elif kind in found:
            header = found[kind]
        else:
            header = found[kind] = _header(node)
        if header is not None:
            yield Constant(node.name, *header, node)


def _header(node: Node) -> tuple[DType, tuple[int, ...]] | None:
    """Return dtype and shape of a constant's value, which all of its kind have; None of one that is not sound."""
    attr = node.attr("value")
    if attr is None:
        return None
    value = attr.tensor
    shape = tuple([dim.size for dim in value.tensor_shape.dim])
    try:
        dtype = DType.from_number(value.dtype).base
    except UnsupportedError:
        return None
    return None if value.tensor_shape.unknown_rank or min(shape, default=0) < 0 else (dtype, shape)
