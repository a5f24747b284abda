"""Shape inference: the static shapes of all tensors of a graph, and of what it calls, from those of its inputs.

It goes over the nodes in topological order. The variables of a loop have the shape that enters it, unless another comes
around, which takes one more pass; then what is different is not known. What is not known stays so, and is no conflict.
Costs O(nodes + edges). Values are read where a shape depends on them, and small ones only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from graphsurgeon.ir.frames import MERGE_OPS, NEXT_ITERATION_OPS
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import node_shape
from graphsurgeon.ir.node_messages import with_attr
from graphsurgeon.ir.signatures import OpSignatures, output_number
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.shaping.called_shapes import FUNCTIONAL_OPS, Outer, branch_results, loop_results
from graphsurgeon.rewrites.shaping.dims import (
    Dims,
    ShapeMismatchError,
    Told,
    common,
    distinct,
    is_size,
    merged,
    text_of_dims,
    told,
)
from graphsurgeon.rewrites.shaping.input_ranks import check_ranks
from graphsurgeon.rewrites.shaping.op_calls import HandleSource, OpCall, Rule, Value
from graphsurgeon.rewrites.shaping.shape_rules import rule_for
from graphsurgeon.rewrites.shaping.shape_values import is_evaluated, needs_values, values_of
from graphsurgeon.rewrites.shaping.sources import made_of
from proto_utils.named_tuple import NamedTuple

_MAX_CALLS = 20
_MAX_PASSES = 6
#: Functions that call others twice are entered twice as often with each level.
_MAX_BODIES = 2_000
#: What is in them counts as well.
_MAX_BODY_NODES = 1_000_000
# What a rule raises when it meets ranks that the op does not take, as in a graph that somebody rewired.
_OTHER_RANKS = (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError)
_INFERRED = "_output_shapes"


class Conflict(NamedTuple):
    """Shapes that do not go together at a node; of a body with its call before it."""

    node: str
    reason: str


class ReshapeCall(NamedTuple):
    """What a Reshape is given: the shape of what it reads, and its target, which -1 and None may stand in."""

    node: str
    dims: Told
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
        Of which nodes the shapes count that are noted as attrs, by name.
    scope : str
        For the names in conflicts.
    outer : Outer
        The call by which the body is entered.
    keep_bodies : bool
        Whether what is inferred in bodies is kept, as `bodies`.
    open_size : int, optional
        What stands for the first size of the elements of arrays and lists of tensors where it is open; by default it
        stays so.

    Attributes
    ----------
    conflicts : list of Conflict
    reshapes : dict of str to ReshapeCall
    bodies : dict of (str, str) to ShapeInference
        By the calling node and the function, where they are kept.
    """

    def __init__(
        self,
        index: Index,
        functions: Mapping[str, Function],
        given: Mapping[str, Dims],
        trusted: Callable[[str], bool] = lambda _: True,
        *,
        scope: str = "",
        outer: Outer | None = None,
        keep_bodies: bool = False,
        open_size: int | None = None,
    ) -> None:
        self.open_size = open_size
        self.bodies: dict[tuple[str, str], ShapeInference] = {}
        self._keep_bodies = keep_bodies
        self.conflicts: list[Conflict] = []
        self.reshapes: dict[str, ReshapeCall] = {}
        self.producers, self.functions, self.loops = index.producers, functions, dict(_loop_variables(index))
        self._given = {name: None if dims is None else distinct(dims) for name, dims in given.items()}
        self._trusted, self._scope, self.outer = trusted, scope, outer
        self._calls: Collection[str] = () if outer is None else (*outer.inference._calls, outer.function)
        # How many bodies, and nodes in them, were entered, of this and all around it.
        self._count: list[int] = [0, 0] if outer is None else outer.inference._count
        self._signatures = OpSignatures(functions)
        self._rules: dict[str, Rule | None] = dict.fromkeys(functions)
        self._noted = {node.name for node, _ in with_attr(index.producers.values(), _INFERRED) if trusted(node.name)}
        self._shapes: dict[str, Sequence[Dims]] = {}
        self._values: dict[str, Sequence[Value]] = {}
        # What is being evaluated: a node on the path from it to itself is in a cycle.
        self._open: set[str] = set()
        # Which sizes the variables of loops keep, of those that do not keep all; None for those of any rank.
        self._kept: dict[str, Sequence[bool] | None] = {}
        self._settle()

    def dims(self, text: str) -> Told:
        """Return the shape of a tensor as an input names it, None when not even its rank is known."""
        return told(self.shape(text))

    @property
    def order(self) -> Iterable[str]:
        """The nodes in topological order, but for what comes around loops."""
        return self._shapes.keys()

    def outputs(self, name: str) -> Sequence[Told]:
        """Return the shapes of a node's outputs as far as they are known; empty when nothing is."""
        return [told(dims) for dims in self._shapes.get(name, ())]

    def shape(self, text: str) -> Dims:
        """Return the shape of a tensor, with those sizes that are not known told from each other."""
        found = self._shapes.get(text)
        if found is None:
            name, number = self.place(text)
            if name not in self.producers:
                return self._given.get(name)
            found = self._shapes.get(name, ())
            return found[number] if number is not None and number < len(found) else None
        return found[0] if found else None

    def place(self, text: str) -> tuple[str, int | None]:
        """Return the node that a tensor is of, and which output; None of one that it is not known to have."""
        name, _, output = text.partition(":")
        node = self.producers.get(name)
        if not output or node is None:
            return name, 0
        return name, output_number(node, output, self._signatures)

    def source(self, text: str) -> HandleSource | None:
        """Return who made the handle that a tensor is, None when that is not known."""
        return made_of(self, text)

    def value(self, text: str) -> Value:
        """Return the value of a small tensor as far as it is known."""
        name, number = self.place(text)
        if name not in self.producers:
            return None if self.outer is None else self.outer.value(name)
        if name not in self._values and name not in self._open:
            self._evaluate(name)
        values = self._values.get(name, ())
        return values[number] if number is not None and number < len(values) else None

    def _evaluate(self, name: str) -> None:
        """Find the values of a node and of all that it depends on; in a cycle, what comes around is not known."""
        pending, is_open = [name], self._open
        while pending:
            current = pending[-1]
            node = self.producers[current]
            if current not in is_open and is_evaluated(node.op) and needs_values(node.op):
                is_open.add(current)
                needs = map(node_of_input, node.data_inputs)
                pending += [
                    each
                    for each in needs
                    if each in self.producers and each not in self._values and each not in is_open
                ]
                continue
            pending.pop()
            if current not in self._values:
                self._values[current] = self._evaluated(node) if is_evaluated(node.op) else ()
            is_open.discard(current)

    def _evaluated(self, node: Node) -> Sequence[Value]:
        try:
            return values_of(OpCall(node, [self.shape(text) for text in node.data_inputs], self))
        except (*_OTHER_RANKS, ShapeMismatchError):
            return ()

    def _settle(self) -> None:
        """Infer until the variables of all loops keep what is taken for kept of their shapes.

        What did not go together on the way is a conflict all the same.
        """
        for number in range(_MAX_PASSES):
            self._shapes, self._values, self.reshapes = {}, {}, {}
            self._run()
            wrong = [merge for merge, text in self.loops.items() if self._changes(merge, text)]
            if not wrong:
                break
            if number >= _MAX_PASSES - 3:
                self._kept = dict.fromkeys(self.loops)
        self.conflicts = list({each.node: each for each in reversed(self.conflicts)}.values())[::-1]

    def _changes(self, merge: str, text: str) -> bool:
        """Whether another shape comes around a loop than was taken for the variable's; note what it keeps."""
        dims, around = self.shape(merge), self.shape(text)
        if dims is None:
            return False
        if around is None or len(around) != len(dims):
            self._kept[merge] = None
            return True
        before = self._kept.get(merge) or (True,) * len(dims)
        kept = [was and (a is b or (is_size(a) and a == b)) for was, a, b in zip(before, dims, around, strict=True)]
        if kept == list(before):
            return False
        self._kept[merge] = kept
        return True

    def _run(self) -> None:
        producers, done, is_open = self.producers, self._shapes, set[str]()
        for name in producers:
            waiting = [name]
            while waiting:
                current = waiting[-1]
                if current in done:
                    waiting.pop()
                    continue
                node = producers[current]
                around = self.loops.get(current)
                missing = [text for text in node.data_inputs if text not in done and text != around]
                if missing and current not in is_open:
                    needs = [node_of_input(text) for text in missing]
                    needs = [each for each in needs if each in producers and each not in done and each not in is_open]
                    if needs:
                        is_open.add(current)
                        waiting += needs
                        continue
                is_open.discard(current)
                waiting.pop()
                done[current] = ()
                self._infer(node)

    def _infer(self, node: Node) -> None:
        name = node._name
        shapes = self._shapes
        given = [
            (known[0] if known else None) if (known := shapes.get(text)) is not None else self.shape(text)
            for text in node.data_inputs
        ]
        call = OpCall(node, given, self)
        try:
            check_ranks(call)
            found = self._outputs(call)
        except ShapeMismatchError as conflict:
            self.conflicts.append(Conflict(self._scope + name, str(conflict)))
            found = ()
        except _OTHER_RANKS:
            taken = f"of other ranks than {', '.join(map(text_of_dims, given))}" if given else "and the node has none"
            reason = f"op {node.op} takes inputs {taken}"
            self.conflicts.append(Conflict(self._scope + name, reason))
            found = ()
        if name in self._given:
            found = [self._given[name], *found[1:]]
        self._shapes[name] = [dims if dims is None or None not in dims else distinct(dims) for dims in found]
        if node.op == "Reshape" and len(given) > 1:
            value = call.value(1)
            target = told(value) if isinstance(value, tuple) else None
            self.reshapes[self._scope + name] = ReshapeCall(
                self._scope + name, told(given[0]), target, node.data_inputs[1]
            )

    def _outputs(self, call: OpCall) -> Sequence[Dims]:
        node = call.node
        op = node.op
        try:
            rule = self._rules[op]
        except KeyError:
            rule = self._rules[op] = rule_for(op)
        if node._name in self.loops:
            found: Sequence[Dims] = [self._entered(call), ()]
        elif rule is not None:
            found = rule(call)
        else:
            found = self._called(call)
        return self._with_noted(node, found) if node._name in self._noted else found

    def _entered(self, call: OpCall) -> Dims:
        """Return the shape that enters a loop, as far as the variable keeps it."""
        name = call.node.name
        texts = zip(call.shapes, call.node.data_inputs, strict=True)
        dims = common([dims for dims, text in texts if text != self.loops[name]])
        kept = self._kept.get(name, ())
        if dims is None or kept is None:
            return None
        return tuple([size if is_kept else None for size, is_kept in zip(dims, kept, strict=True)]) if kept else dims

    def _with_noted(self, node: Node, found: Sequence[Dims]) -> Sequence[Dims]:
        """Return shapes with what a node's attr tells of them."""
        noted = node.attrs[_INFERRED]
        count = len(noted) if isinstance(noted, list) else 0
        found = [*found, *[None] * (count - len(found))]
        return [merged(dims, _told(node, i)) if i < count else dims for i, dims in enumerate(found)]

    def _called(self, call: OpCall) -> Sequence[Dims]:
        """Return the shapes of what a function returns, or of what all functions do of which one is called."""
        op = call.node.op
        if op not in FUNCTIONAL_OPS and op not in self.functions:
            return ()
        if op in ("While", "StatelessWhile"):
            found = loop_results(self, call)
        else:
            found = branch_results(self, call)
        declared = call.attr("output_shapes") if self._trusted(call.node.name) and op not in self.functions else None
        if not isinstance(declared, list) or len(declared) != max(len(found), len(call.attr("Tout", declared))):
            return found
        found = [*found, *[None] * (len(declared) - len(found))]
        return [merged(dims, each.dims) for dims, each in zip(found, declared, strict=True)]

    def enter(self, call: OpCall, name: str, outer: Outer, shapes: Sequence[Dims]) -> Sequence[Dims]:
        """Return the shapes of what a function returns that a node calls; empty when there is no room for it.

        What a function that calls itself returns in the end is not known.
        """
        function = self.functions.get(name)
        if function is None or name in self._calls or len(self._calls) >= _MAX_CALLS:
            return ()
        if not self._count_in(len(function.body)):
            return ()
        signature = function.proto.signature
        given = {arg.name: dims for arg, dims in zip(signature.input_arg, shapes, strict=False)}
        inner = ShapeInference(
            # What was inferred of a body holds for the arguments that it had then.
            Index(function.body),
            self.functions,
            given,
            lambda _: False,
            scope=f"{self._scope}{call.node.name}/{name}/",
            outer=outer,
            keep_bodies=self._keep_bodies,
            open_size=self.open_size,
        )
        if self._keep_bodies:
            self.bodies[call.node.name, name] = inner
        self.conflicts += inner.conflicts
        self.reshapes |= inner.reshapes
        return [inner.shape(function.proto.ret[arg.name]) for arg in signature.output_arg]

    def _count_in(self, num_nodes: int) -> bool:
        """Count a body in, and return whether there is still room for it."""
        self._count[0] += 1
        self._count[1] += num_nodes
        return self._count[0] <= _MAX_BODIES and self._count[1] <= _MAX_BODY_NODES


def _loop_variables(index: Index) -> Iterator[tuple[str, str]]:
    """Yield the Merges of loops, and the input of each that comes around."""
    for node in index.producers.values():
        if node.op in MERGE_OPS:
            for text in node.data_inputs:
                source = index.producer(text)
                if source is not None and source.op in NEXT_ITERATION_OPS:
                    yield node.name, text


def _told(node: Node, output: int) -> Dims:
    shape = node_shape(node, output)
    return None if shape is None else shape.dims
