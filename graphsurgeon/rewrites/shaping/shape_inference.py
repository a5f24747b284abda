"""Shape inference: the static shapes of all tensors of a graph, and of what it calls, from those of its inputs.

It goes over the nodes in topological order. The variables of a loop have the shape that enters it, unless another comes
around, which takes one more pass; then it is not known. What is not known stays so, and is no conflict. Costs
O(nodes + edges), and reads small integers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.ir.frames import MERGE_OPS, NEXT_ITERATION_OPS
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value, node_shape
from graphsurgeon.ir.op_families import CALL_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import OpSignatures, output_number
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.shaping.dims import Dims, ShapeMismatchError, common, merged, text_of_dims
from graphsurgeon.rewrites.shaping.shape_rules import RULES, Value
from graphsurgeon.rewrites.shaping.shape_values import value_of

_MAX_CALLS = 20
_MAX_PASSES = 6
#: Functions that call others twice are entered twice as often with each level.
_MAX_BODIES = 2_000
# What a rule raises when it meets ranks that the op does not take, as in a graph that somebody rewired.
_OTHER_RANKS = (IndexError, TypeError, ValueError, ZeroDivisionError)
_BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
_WHILES = frozenset({"While", "StatelessWhile"})


class Conflict(NamedTuple):
    """Shapes that do not go together at a node; of a body with its call before it."""

    node: str
    reason: str


class ReshapeCall(NamedTuple):
    """What a Reshape is given: the shape of what it reads, and its target, which -1 and None may stand in."""

    node: str
    dims: Dims
    target: Sequence[int | None] | None
    source: str


class ShapeInference:
    """The shapes of one graph or body.

    Parameters
    ----------
    index : Index
    functions : mapping of str to Function
    given : mapping of str to Dims
        Shapes of nodes or arguments that are known otherwise than by attrs.
    trusted : callable
        Of which nodes the attr ``_output_shapes`` counts, by name.
    scope : str
        For the names in conflicts.
    outer : ShapeInference
        That of the graph or body that calls.

    Attributes
    ----------
    conflicts : list of Conflict
    reshapes : dict of str to ReshapeCall
    """

    def __init__(
        self,
        index: Index,
        functions: Mapping[str, Function],
        given: Mapping[str, Dims],
        trusted: Callable[[str], bool] = lambda _: True,
        *,
        scope: str = "",
        outer: ShapeInference | None = None,
    ) -> None:
        self.conflicts: list[Conflict] = []
        self.reshapes: dict[str, ReshapeCall] = {}
        self._index, self._functions, self._given = index, functions, given
        self._trusted, self._scope = trusted, scope
        self._depth: int = 0 if outer is None else outer._depth + 1
        # How many bodies were entered, of this and all around it.
        self._count: list[int] = [0] if outer is None else outer._count
        self._signatures = OpSignatures(functions)
        self._shapes: dict[str, Sequence[Dims]] = {}
        self._values: dict[str, Value] = {}
        self._loops = dict(_loop_variables(index))
        self._open_loops: set[str] = set()
        self._settle()

    def dims(self, text: str) -> Dims:
        """Return the shape of a tensor as an input names it, None when not even its rank is known."""
        name = node_of_input(text)
        node = self._index.producers.get(name)
        if node is None:
            return self._given.get(name)
        number = self._number(node, text.partition(":")[2])
        shapes = self._shapes.get(name, ())
        return shapes[number] if number is not None and number < len(shapes) else None

    def outputs(self, name: str) -> Sequence[Dims]:
        """Return the shapes of a node's outputs as far as they are known; empty when nothing is."""
        return self._shapes.get(name, ())

    def _number(self, node: Node, output: str) -> int | None:
        number = output_number(node, output)
        if number is None:
            wanted, _, at = output.partition(":")
            first = 0
            for each, count in self._signatures.of(node).output_names or ():
                if each == wanted:
                    return first + int(at or 0)
                first += count
        return number

    def _settle(self) -> None:
        """Infer until the variables of all loops have the shape that comes around, or none.

        What did not go together on the way is a conflict all the same.
        """
        for number in range(_MAX_PASSES):
            self._shapes, self._values, self.reshapes = {}, {}, {}
            self._run()
            wrong = [merge for merge, text in self._loops.items() if not _holds(self.dims(merge), self.dims(text))]
            if not wrong:
                break
            self._open_loops.update(wrong if number < _MAX_PASSES - 2 else self._loops)
        self.conflicts = list({each.node: each for each in reversed(self.conflicts)}.values())[::-1]

    def _run(self) -> None:
        producers, done, is_open = self._index.producers, set[str](), set[str]()
        for name in producers:
            waiting = [name]
            while waiting:
                current = waiting[-1]
                if current in done:
                    waiting.pop()
                    continue
                needs = [node_of_input(text) for text in producers[current].data_inputs]
                if current in self._loops:
                    needs.remove(node_of_input(self._loops[current]))
                missing = [each for each in needs if each in producers and each not in done and each not in is_open]
                if missing and current not in is_open:
                    is_open.add(current)
                    waiting += missing
                    continue
                is_open.discard(current)
                done.add(current)
                waiting.pop()
                self._infer(producers[current])

    def _infer(self, node: Node) -> None:
        name = node.name
        texts = node.data_inputs
        shapes = [self.dims(text) for text in texts]
        values = [self._values.get(node_of_input(text)) if self._is_first(text) else None for text in texts]
        try:
            found = self._outputs(node, shapes, values)
        except ShapeMismatchError as conflict:
            self.conflicts.append(Conflict(self._scope + name, str(conflict)))
            found = ()
        except _OTHER_RANKS:
            told = ", ".join(map(text_of_dims, shapes))
            self.conflicts.append(Conflict(self._scope + name, f"op {node.op} takes inputs of other ranks than {told}"))
            self._shapes[name] = ()
            return
        if name in self._given:
            found = [self._given[name], *found[1:]]
        self._shapes[name] = found
        try:
            value = value_of(node, shapes, values)
        except _OTHER_RANKS:
            value = None
        if value is not None:
            self._values[name] = value
        if node.op == "Reshape":
            target = values[1] if isinstance(values[1], tuple) else None
            self.reshapes[self._scope + name] = ReshapeCall(self._scope + name, shapes[0], target, texts[1])

    def _is_first(self, text: str) -> bool:
        return text.partition(":")[2].rpartition(":")[2] in ("", "0")

    def _outputs(self, node: Node, shapes: Sequence[Dims], values: Sequence[Value]) -> Sequence[Dims]:
        if node.op == "Const":
            tensor = constant_value(node)
            return [None if tensor is None else tuple(tensor.shape)]
        if node.name in self._loops:
            forward = [
                dims for dims, text in zip(shapes, node.data_inputs, strict=True) if text != self._loops[node.name]
            ]
            found: list[Dims] = [None if node.name in self._open_loops else common(forward), ()]
        elif node.op in RULES:
            found = list(RULES[node.op](node, shapes, values))
        else:
            found = list(self._called(node, shapes)) or self._arrays(node, shapes)
        # The shape of a handle is a scalar's, and stands for the variable's here.
        if node.op not in RESOURCE_OPS and self._trusted(node.name) and "_output_shapes" in node.attrs:
            count = len(attr_of(node, "_output_shapes") or ())
            found += [None] * (count - len(found))
            found = [merged(dims, _told(node, i)) if i < count else dims for i, dims in enumerate(found)]
        return found

    def _arrays(self, node: Node, shapes: Sequence[Dims]) -> list[Dims]:
        """Hold what is written to a TensorArray against the shape of its elements."""
        if node.op == "TensorArrayScatterV3" and shapes[1] is not None and shapes[2] is not None:
            merged(shapes[1], shapes[2][:1])
        if node.op in ("TensorArrayScatterV3", "TensorArrayWriteV3") and shapes[2] is not None:
            array = self._index.producer(node.inputs[0])
            declared = None if array is None else attr_of(array, "element_shape")
            if isinstance(declared, Shape):
                merged(declared.dims, shapes[2][1:] if node.op == "TensorArrayScatterV3" else shapes[2])
        return []

    def _called(self, node: Node, shapes: Sequence[Dims]) -> Sequence[Dims]:
        """Return the shapes of what a function returns, or of what all functions do of which one is called."""
        functions: Sequence[Func] = ()
        if node.op in _WHILES:
            return self._looped(node, shapes)
        if node.op in self._functions:
            functions = [Func(node.op, {})]
        elif node.op in CALL_OPS:
            functions = [attr_of(node, "f")]
        elif node.op in _BRANCHES:
            branches = attr_of(node, "branches")
            functions = (
                branches if isinstance(branches, list) else [attr_of(node, "then_branch"), attr_of(node, "else_branch")]
            )
            shapes = shapes[1:]
        # In a body an attr may stand for what its call gives.
        if not all(isinstance(each, Func) for each in functions):
            return ()
        results = [self._result(node, each.name, shapes) for each in functions]
        return [common(list(column)) for column in zip(*results, strict=False)] if results else ()

    def _looped(self, node: Node, shapes: Sequence[Dims]) -> Sequence[Dims]:
        """Return the shapes that the variables of a loop keep: nothing of those that come around with another."""
        condition, body = attr_of(node, "cond"), attr_of(node, "body")
        if not (isinstance(condition, Func) and isinstance(body, Func)):
            return ()
        kept = list(shapes)
        for _ in range(_MAX_PASSES):
            results = self._result(node, body.name, kept)
            pairs = [(dims, results[i] if i < len(results) else None) for i, dims in enumerate(kept)]
            if all(_holds(dims, around) for dims, around in pairs):
                self._result(node, condition.name, kept)
                return kept
            kept = [dims if _holds(dims, around) else None for dims, around in pairs]
        return ()

    def _result(self, node: Node, name: str, shapes: Sequence[Dims]) -> Sequence[Dims]:
        function = self._functions.get(name)
        if function is None or self._depth >= _MAX_CALLS or self._count[0] >= _MAX_BODIES:
            return ()
        self._count[0] += 1
        signature = function.proto.signature
        given = {arg.name: dims for arg, dims in zip(signature.input_arg, shapes, strict=False)}
        scope = f"{self._scope}{node.name}/{name}/"
        inner = ShapeInference(
            # What was inferred of a body holds for the arguments that it had then.
            Index(function.body),
            self._functions,
            given,
            lambda _: False,
            scope=scope,
            outer=self,
        )
        self.conflicts += inner.conflicts
        self.reshapes |= inner.reshapes
        return [inner.dims(function.proto.ret[arg.name]) for arg in signature.output_arg]


def _loop_variables(index: Index) -> Iterator[tuple[str, str]]:
    """Yield the Merges of loops, and the input of each that comes around."""
    for node in index.producers.values():
        if node.op in MERGE_OPS:
            for text in node.data_inputs:
                source = index.producer(text)
                if source is not None and source.op in NEXT_ITERATION_OPS:
                    yield node.name, text


def _holds(wide: Dims, narrow: Dims) -> bool:
    """Whether every shape that a tensor may have is one that was taken for it."""
    if wide is None:
        return True
    return (
        narrow is not None
        and len(wide) == len(narrow)
        and all(a is None or a == b for a, b in zip(wide, narrow, strict=True))
    )


def _told(node: Node, output: int) -> Dims:
    shape = node_shape(node, output)
    return None if shape is None else shape.dims
