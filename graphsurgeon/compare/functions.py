"""Diff of function libraries: matching functions, then the differences of each pair."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from graphsurgeon.compare.graphs import diff_graphs
from graphsurgeon.compare.matching import Matching, match_graphs
from graphsurgeon.compare.messages import diff_messages, message_to_json
from graphsurgeon.compare.plain import ABSENT
from graphsurgeon.compare.report import Difference, FunctionDiff, LibraryDiff
from graphsurgeon.compare.values import Tolerance
from graphsurgeon.ir import ops
from graphsurgeon.ir.function_calls import functions_of
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.names import node_of_input
from proto_utils import schema


class FunctionMatch:
    """The functions of two models that are the same, given the matching of their main graphs.

    A function that only one library has is the same as that which the other model calls at the same place, under
    whatever name. `renamed` has those with another name in `b`; `bodies` are by the name in `a`.
    """

    def __init__(self, a: Model, b: Model, graph: Matching) -> None:
        self._a, self._b = a.library.functions, b.library.functions
        self.renamed: dict[str, str] = {}
        self.bodies = {name: self._match(name, name) for name in self._a if name in self._b}
        self._found: set[str] = set()
        waiting = deque([graph, *self.bodies.values()] if self._a and self._b else [])
        while waiting:
            for name, other in self._calls(waiting.popleft()):
                if self._may_pair(name, other):
                    self.renamed[name] = other
                    self._found.add(other)
                    self.bodies[name] = self._match(name, other)
                    waiting.append(self.bodies[name])

    def _match(self, name: str, other: str) -> Matching:
        a, b = self._a[name], self._b[other]
        arguments = zip(a.proto.signature.input_arg, b.proto.signature.input_arg, strict=False)
        return match_graphs(a.body, b.body, {x.name: y.name for x, y in arguments})

    def _may_pair(self, name: str, other: str) -> bool:
        return (
            name in self._a
            and other in self._b
            and name not in self._b
            and other not in self._a
            and name not in self.renamed
            and other not in self._found
        )

    @staticmethod
    def _calls(match: Matching) -> Iterator[tuple[str, str]]:
        for a, b in match.pairs():
            known = ops.facts(a.op)
            if known is None:
                yield a.op, b.op
            if known is None or known.functions:
                called, others = ([func.name for _, func in functions_of(node)] for node in (a, b))
                yield from zip(called, others, strict=False)


def diff_functions(a: Model, b: Model, match: FunctionMatch, tolerance: Tolerance | None = None) -> LibraryDiff:
    """Compare two function libraries."""
    functions, others = a.library.functions, b.library.functions
    changed, num_equal = [], 0
    for name, body in sorted(match.bodies.items()):
        other = match.renamed.get(name, name)
        graph = diff_graphs(body, match.renamed, tolerance)
        changes = list(_signature_changes(functions[name], others[other], body))
        if changes or not graph.is_equal:
            changed.append(FunctionDiff(name, other, changes, graph))
        elif other == name:
            num_equal += 1
    return LibraryDiff(
        sorted(name for name in functions if name not in match.bodies),
        sorted({*others} - {match.renamed.get(name, name) for name in match.bodies}),
        sorted(match.renamed.items()),
        changed,
        num_equal,
    )


def _signature_changes(a: Function, b: Function, body: Matching) -> Iterator[Difference]:
    """Yield what differs outside of the body: arguments, results, attrs."""
    x, y = a.proto, b.proto
    yield from _argument_changes("argument", x.signature.input_arg, y.signature.input_arg)
    yield from _argument_changes("result", x.signature.output_arg, y.signature.output_arg)
    yield from _result_changes(a, b, body)
    rest = schema.FunctionDef(), schema.FunctionDef()
    for message, whole in zip(rest, (x, y), strict=True):
        message.CopyFrom(whole)
        message.signature.name = ""
        message.signature.ClearField("input_arg")
        message.signature.ClearField("output_arg")
        message.ClearField("ret")
        message.ClearField("control_ret")
    yield from diff_messages("function", *rest)


def _argument_changes(
    field: str, a: Sequence[schema.OpDef.ArgDef], b: Sequence[schema.OpDef.ArgDef]
) -> Iterator[Difference]:
    for i in range(max(len(a), len(b))):
        x, y = (message_to_json(side[i]) if i < len(side) else ABSENT for side in (a, b))
        if x != y:
            yield Difference(field, i, x, y)


def _result_changes(a: Function, b: Function, body: Matching) -> Iterator[Difference]:
    """Yield the results that are other tensors; they are matched by position, control results by name."""
    for x, y in zip(a.proto.signature.output_arg, b.proto.signature.output_arg, strict=False):
        text, other = a.proto.ret.get(x.name, ""), b.proto.ret.get(y.name, "")
        name = node_of_input(text)
        if body.counterpart(name) + text[len(name) :] != other:
            yield Difference("ret", x.name, text, other)
    waits, others = a.proto.control_ret, b.proto.control_ret
    for key in sorted({*waits, *others}):
        if key not in waits or key not in others or body.counterpart(waits[key]) != others[key]:
            yield Difference("control_ret", key, waits.get(key, ABSENT), others.get(key, ABSENT))
