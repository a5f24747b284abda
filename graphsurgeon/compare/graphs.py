"""Diff of two graphs, or two function bodies, node by node, given a matching."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from graphsurgeon.compare.matching import Matching
from graphsurgeon.compare.messages import message_to_json
from graphsurgeon.compare.plain import ABSENT, plain
from graphsurgeon.compare.report import Difference, GraphDiff, NodeDiff, NodeRow, Rename
from graphsurgeon.compare.tensors import has_values
from graphsurgeon.compare.values import Tolerance, diff_values
from graphsurgeon.ir.attr_value import decode
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import meter

_COLOCATION = "loc:@"


def diff_graphs(match: Matching, functions: Mapping[str, str], tolerance: Tolerance | None = None) -> GraphDiff:
    """Compare two graphs whose nodes are matched; `functions` are those with another name on the other side.

    What refers to a renamed node, function or loop frame by its new name is no change, nor is the order of control
    inputs, ``a:0`` for ``a``, or another encoding of the same tensor. Errors of constants are those of `diff_values`.
    """
    nodes = _Nodes(match, functions, tolerance)
    if meter.observer is not None:
        meter.observer.expect(_payload_nbytes(match), written=False)
    changed, renamed, num_equal = [], [], 0
    for a, b in match.pairs():
        changes = nodes.changes(a, b)
        if changes:
            changed.append(NodeDiff(a.name, b.name, a.op, changes))
        if a.name != b.name:
            renamed.append(Rename(a.name, b.name, a.op))
        elif not changes:
            num_equal += 1
    kept = {*match.renamed.values(), *(name for name in match.a if name not in match.renamed)}
    return GraphDiff(
        [NodeRow(n.name, n.op) for n in match.a.values() if match.renamed.get(n.name, n.name) not in match.b],
        [NodeRow(n.name, n.op) for n in match.b.values() if n.name not in kept],
        renamed,
        changed,
        num_equal,
        _is_reordered(match),
    )


def _payload_nbytes(match: Matching) -> int:
    """Return how much of constants is in files, and will be read."""
    payloads = (node.payloads("value").values() for pair in match.pairs() for node in pair)
    return sum(part.nbytes for fields in payloads for parts in fields for part in parts)


def _is_reordered(match: Matching) -> bool:
    position = {name: i for i, name in enumerate(match.b)}
    return any(one > next_ for one, next_ in pairwise(position[b.name] for _, b in match.pairs()))


class _Nodes:
    """Compares the pairs of a match."""

    def __init__(self, match: Matching, functions: Mapping[str, str], tolerance: Tolerance | None) -> None:
        self._match = match
        self._functions = functions
        self._tolerance = tolerance
        self._renamed = match.renamed
        self._frames = _renamed_frames(match) if match.renamed else {}

    def changes(self, a: Node, b: Node) -> list[Difference]:
        """Return what differs between two nodes."""
        if self._match.is_same_language and a.proto == b.proto and not _has_payloads(a) and not _has_payloads(b):
            return []
        changes = [Difference("op", None, a.op, b.op)] if a.op != b.op else []
        if a.device != b.device:
            changes.append(Difference("device", None, a.device, b.device))
        changes += self._input_changes(a, b)
        changes += self._attr_changes(a, b)
        if a.proto.experimental_debug_info != b.proto.experimental_debug_info:
            left, right = (message_to_json(node.proto.experimental_debug_info) for node in (a, b))
            changes.append(Difference("experimental_debug_info", None, left, right))
        return changes

    def _input_changes(self, a: Node, b: Node) -> Iterator[Difference]:
        mapped = a.inputs
        if self._match.renamed or not self._match.is_same_language:
            mapped = tuple([self._renamed.get(text) or self._input(text) for text in mapped])
        if mapped == b.inputs:
            return
        left = [_canonical(text) for text in mapped if not is_control(text)]
        right = [_canonical(text) for text in b.data_inputs]
        if len(left) != len(right):
            yield Difference("inputs", None, list(a.data_inputs), list(b.data_inputs))
        else:
            for i, (x, y) in enumerate(zip(left, right, strict=True)):
                if x != y:
                    yield Difference("input", i, a.data_inputs[i], b.data_inputs[i])
        waits = {there: here for here, there in zip(a.inputs, mapped, strict=True) if is_control(here)}
        others = set(b.control_inputs)
        if waits.keys() != others:
            lost = sorted(here for there, here in waits.items() if there not in others)
            yield Difference("control_inputs", None, lost, sorted(others - waits.keys()))

    def _input(self, text: str) -> str:
        """Return an input as the second graph would write it."""
        mark = "^" if is_control(text) else ""
        name = node_of_input(text)
        return mark + self._match.counterpart(name) + text[len(mark) + len(name) :]

    def _attr_changes(self, a: Node, b: Node) -> Iterator[Difference]:
        left, right = a.proto.attr, b.proto.attr
        keys = [
            key for key in left if key not in right or left[key] != right[key] or a.payloads(key) or b.payloads(key)
        ]
        if not keys and len(left) == len(right):
            return
        for key in sorted({*keys, *(key for key in right if key not in left)}):
            if key not in left:
                yield Difference("attr", key, ABSENT, plain(b.attrs[key]))
            elif key not in right:
                yield Difference("attr", key, plain(a.attrs[key]), ABSENT)
            else:
                change = self._attr_change(key, a, b)
                if change is not None:
                    yield change

    def _attr_change(self, key: str, a: Node, b: Node) -> Difference | None:
        x, y = a.attrs[key], b.attrs[key]
        if isinstance(x, Tensor) and isinstance(y, Tensor):
            meter.at(a.name)
            is_same_message = a.proto.attr[key] == b.proto.attr[key]
            return _tensor_change(key, x, y, self._tolerance, is_same_message=is_same_message)
        left, right = plain(x), plain(y)
        if self._translated(key, left, a, b) == right and _kinds(x) == _kinds(y):
            return None
        return Difference("attr", key, left, right)

    def _translated(self, key: str, value: Any, a: Node, b: Node) -> Any:
        """Return an attr's value as the second graph would write it."""
        if key == "_class" and isinstance(value, list):
            return [self._colocation(text) for text in value]
        if key == "frame_name":
            return self._frames.get(value, value) if isinstance(value, str) else value
        if value == a.name and key != "_class":
            # Such as the shared name of a variable's handle.
            return b.name
        return self._with_functions(value)

    def _colocation(self, text: Any) -> Any:
        if not isinstance(text, str) or not text.startswith(_COLOCATION):
            return text
        return _COLOCATION + self._match.counterpart(text[len(_COLOCATION) :])

    def _with_functions(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._with_functions(element) for element in value]
        if isinstance(value, dict) and "function" in value:
            attrs = {key: self._with_functions(attr) for key, attr in value["attrs"].items()}
            return {"function": self._functions.get(value["function"], value["function"]), "attrs": attrs}
        return value


def _tensor_change(
    key: str, a: Tensor, b: Tensor, tolerance: Tolerance | None, *, is_same_message: bool
) -> Difference | None:
    if a.dtype is not b.dtype or a.shape != b.shape:
        return Difference("attr", key, plain(a), plain(b))
    if not has_values(a):
        return None if is_same_message else Difference("attr", key, plain(a), plain(b))
    values = diff_values(a, b, tolerance)
    return None if values is None else Difference("attr", key, plain(a), plain(b), values)


def _renamed_frames(match: Matching) -> dict[str, str]:
    """Return the loop frames that have another name on the other side, wherever they occur."""
    there: dict[str, set[str]] = {}
    back: dict[str, set[str]] = {}
    for a, b in match.pairs():
        if "frame_name" in a.proto.attr and "frame_name" in b.proto.attr:
            x, y = plain(decode(a.proto.attr["frame_name"])), plain(decode(b.proto.attr["frame_name"]))
            if isinstance(x, str) and isinstance(y, str):
                there.setdefault(x, set()).add(y)
                back.setdefault(y, set()).add(x)
    return {x: y for x, (y, *others) in there.items() if not others and len(back[y]) == 1}


def _has_payloads(node: Node) -> bool:
    return any(node.payloads(key) for key in node.proto.attr)


def _kinds(value: Any) -> object:
    """Return what tells values apart that are equal as JSON types: a flag and a number, a dtype and its name."""
    return (
        [element if isinstance(element, Tensor) else type(element) for element in value]
        if isinstance(value, list)
        else type(value)
    )


def _canonical(text: str) -> str:
    return text.removesuffix(":0") if text.count(":") == 1 else text
