"""Patterns of nodes as data, and where they occur in a graph.

As text, what is before ``=`` is captured, ``*`` is any tensor, ``...`` all further inputs::

    BiasAdd(x=MatMul|Conv2D(*, w=Const), Const)

As plain data, which a recipe can hold::

    {"op": "BiasAdd", "inputs": [{"op": "MatMul|Conv2D", "as": "x", "inputs": ["*", "w=Const"]}, "Const"]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.output import Output
from graphsurgeon.ir.selection import has_attrs
from graphsurgeon.names import matches

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph

_ANY, _REST = "*", "..."
_MARKS = frozenset("(),=")
_TOKEN = re.compile(r"[(),=]|[^\s(),=]+")
_KEYS = frozenset({"op", "inputs", "name", "attrs", "as"})


class Pattern:
    """What a node is to be, and what it is to read.

    Parameters
    ----------
    op : str
        The op, or a regular expression that matches all of it; ``*`` for any, and for arguments of functions.
    inputs : sequence of patterns, optional
        One for each data input, in order; of a commutative op, in any. ``"..."`` at the end stands for the others.
        Without it, the node may read whatever it does.
    name : str, optional
        The node's name, or a regular expression that matches all of it.
    attrs : mapping, optional
        Attrs with their values.
    capture : str, optional
        How a `Match` calls it; what has one name twice must be one tensor.
    """

    __slots__ = ("attrs", "capture", "has_rest", "inputs", "name", "op")

    def __init__(
        self,
        op: str = _ANY,
        inputs: Sequence[Pattern | str | Mapping[str, Any]] | None = None,
        *,
        name: str | None = None,
        attrs: Mapping[str, Any] | None = None,
        capture: str | None = None,
    ) -> None:
        self.op = op
        self.has_rest = inputs is None or _REST in [each for each in inputs[-1:] if isinstance(each, str)]
        given = [] if inputs is None else inputs[: len(inputs) - self.has_rest]
        self.inputs = tuple(map(Pattern.of, given))
        self.name = name
        self.attrs = dict(attrs or {})
        self.capture = capture

    @classmethod
    def of(cls, given: Any) -> Pattern:
        """Return a pattern that is given as such, as text, or as plain data.

        A GraphError for what is no pattern.
        """
        if isinstance(given, Pattern):
            return given
        if isinstance(given, str):
            return _parsed(given)
        if not isinstance(given, Mapping) or not given.keys() <= _KEYS:
            raise GraphError(f"{given!r:.60} is no pattern", hint=f"its keys are {', '.join(sorted(_KEYS))}")
        found = dict(given)
        return cls(found.get("op", _ANY), found.get("inputs"), name=found.get("name"), attrs=found.get("attrs"),
                   capture=found.get("as"))  # fmt: skip

    def __repr__(self) -> str:
        inputs = [*map(repr, self.inputs), *[_REST] * self.has_rest]
        own = f"{self.capture}={self.op}" if self.capture else self.op
        return own if inputs == [_REST] else f"{own}({', '.join(inputs)})"


class Match:
    """Where a pattern occurs.

    Attributes
    ----------
    node : Node
        What the whole pattern stands for.
    nodes : list of Node
        That and all that it reads by the pattern, once each.
    outputs : dict of str to Output
        The tensors that were captured; for the whole pattern, output 0.
    """

    __slots__ = ("node", "nodes", "outputs")

    def __init__(self, node: Node, nodes: Sequence[Node], outputs: Mapping[str, Output]) -> None:
        self.node = node
        self.nodes = list(dict.fromkeys(nodes))
        self.outputs = dict(outputs)

    def __getitem__(self, capture: str) -> Node:
        """Return the node that was captured; a KeyError where it is an argument of a function."""
        node = self.outputs[capture].node
        if node is None:
            raise KeyError(capture)
        return node

    def __repr__(self) -> str:
        return f"Match({self.node.name!r}, {self.outputs})"


def match(graph: Graph, pattern: Pattern | str | Mapping[str, Any]) -> list[Match]:
    """Return where a pattern occurs, in the order of the graph; at each node once, however often it fits there."""
    whole = Pattern.of(pattern)
    nodes = graph if whole.op == _ANY else graph.nodes_of({op for op in graph.ops if matches(whole.op, op)})
    found = []
    for node in nodes:
        one = next(_fits(whole, Output(node), ([], {})), None)
        if one is not None:
            found.append(Match(node, *one))
    return found


def _fits(pattern: Pattern, tensor: Output, so_far: tuple[list[Node], dict[str, Output]]) -> Iterator[Any]:
    """Yield the nodes and captures of each way in which a tensor is what a pattern says."""
    nodes, captures = so_far
    if pattern.capture is not None:
        if captures.get(pattern.capture, tensor) != tensor:
            return
        captures = {**captures, pattern.capture: tensor}
    node = tensor.node
    if node is None:
        if pattern.op == _ANY and not pattern.inputs and not pattern.attrs and pattern.name is None:
            yield nodes, captures
        return
    if not _is(pattern, node):
        return
    read = node.input_tensors if pattern.inputs or not pattern.has_rest else ()
    if len(read) < len(pattern.inputs) or (len(read) > len(pattern.inputs) and not pattern.has_rest):
        return
    orders = [pattern.inputs]
    if len(pattern.inputs) == 2 and _is_commutative(node.op):
        orders.append(pattern.inputs[::-1])
    for inputs in orders:
        yield from _fit_all(inputs, read, ([*nodes, node], captures))


def _fit_all(patterns: Sequence[Pattern], read: Sequence[Output], so_far: Any) -> Iterator[Any]:
    if not patterns:
        yield so_far
        return
    for each in _fits(patterns[0], read[0], so_far):
        yield from _fit_all(patterns[1:], read[1:], each)


def _is(pattern: Pattern, node: Node) -> bool:
    return (
        (pattern.op == _ANY or matches(pattern.op, node.op))
        and (pattern.name is None or matches(pattern.name, node.name))
        and has_attrs(node, pattern.attrs)
    )


def _is_commutative(op: str) -> bool:
    known = facts(op)
    return known is not None and ("is_commutative" in known.traits or op in ("Add", "AddV2", "Mul"))


def _parsed(text: str) -> Pattern:
    """Parse a pattern that is text, by recursive descent."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise _unreadable(text)
    found, rest = _one(text, tokens)
    if rest or isinstance(found, str):
        raise _unreadable(text)
    return found


def _one(text: str, tokens: Sequence[str]) -> tuple[Pattern | str, Sequence[str]]:
    """Parse one pattern, and return what comes after it."""
    capture = None
    if tokens[1:2] == ["="]:
        capture, tokens = tokens[0], tokens[2:]
    if not tokens or tokens[0] in _MARKS:
        raise _unreadable(text)
    op, tokens = tokens[0], tokens[1:]
    if op == _REST:
        if capture is not None:
            raise _unreadable(text)
        return op, tokens
    if tokens[:1] != ["("]:
        return Pattern(op, capture=capture), tokens
    inputs: list[Pattern | str] = []
    tokens = tokens[1:]
    while tokens[:1] != [")"]:
        each, tokens = _one(text, tokens)
        inputs.append(each)
        if tokens[:1] == [","]:
            tokens = tokens[1:]
        elif tokens[:1] != [")"]:
            raise _unreadable(text)
    return Pattern(op, inputs, capture=capture), tokens[1:]


def _unreadable(text: str) -> GraphError:
    return GraphError(f"{text!r:.80} is no pattern", hint="one looks like BiasAdd(x=MatMul(*, w=Const), ...)")
