"""A walk over all that a model computes: the nodes that its results need, in the graph and in what it calls.

Each function is entered anew by each call of it. A body's nodes are called as in the body, below the scope of the call
where they do not say that scope themselves; so a SavedModel of Keras shows its layers, not the functions around them.
Costs O(nodes + edges) of the graph and of every body as often as it is called.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.frames import ENTER_OPS, Frame, frames_of
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value
from graphsurgeon.ir.op_families import CALL_OPS
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.traversal import closure
from graphsurgeon.names import node_of_input, scope_of
from graphsurgeon.rewrites.shaping.dims import Dims, Size
from graphsurgeon.rewrites.shaping.multiply_adds import counts, multiply_adds
from graphsurgeon.rewrites.shaping.op_calls import OpCall
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.tools.summary.parameters import Parameter
from graphsurgeon.tools.summary.trip_counts import frame_trips, function_trips
from graphsurgeon.weights.roles import COMBINE, PASS, PASS_SECOND, STRONG, input_roles, is_trainable

#: What lowering puts before the names of a body's nodes, which say their own scope.
_LOWERED = re.compile(r".*/(?:body|cond|then|else|branch\d*)/_\d+/", re.DOTALL)
_MAX_STEPS = 50
#: Of so many parameters in one tensor, as of one that is partitioned, each is followed.
_MAX_COMBINED = 256
_LOOPS = frozenset({"While", "StatelessWhile"})
_READS = PASS | {"RefIdentity"}


@dataclass(slots=True)
class Visit:
    """A node that is run: its name with the scopes of calls before it, and what it does.

    `multiply_adds` are None where sizes are not known; `parameters` are the nodes of those that it uses, `is_static`
    what depends on parameters and constants alone.
    """

    path: str
    node: Node
    place: RunGraph
    multiply_adds: int | None
    parameters: tuple[str, ...]
    is_static: bool


@dataclass(slots=True)
class RunGraph:
    """A graph or body as it is run: its shapes as they are, and with sizes for all that can be had.

    `trips` is how often it is run, as far as that is known; `loops` are those around it of which it is not, `branches`
    the conditions that run it or something else. `given` are the arguments that are parameters.
    """

    sized: ShapeInference
    shown: ShapeInference
    is_body: bool = False
    scope: str = ""
    trips: int = 1
    loops: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class ModelWalk:
    """Everything that a model computes.

    Parameters
    ----------
    model : Model
    index : Index
        Of its graph.
    parameters : dict of str to Parameter
        By their nodes. Those in bodies are added.
    batch : collection of Size
        The sizes that stand for one example.

    Attributes
    ----------
    loops : dict of str to None
        The loops with multiply-adds of which nobody knows how often they run: their bodies count once.
    branches : dict of str to None
        The conditions that run one of several functions with multiply-adds, all of which count.
    unentered : list of str
        The calls whose functions were not looked into.
    """

    def __init__(
        self, model: Model, index: Index, parameters: dict[str, Parameter], batch: Collection[Size] = ()
    ) -> None:
        self._functions = model.library.functions
        self._batch = batch
        self._graph, self._index = model.graph, index
        self.parameters = parameters
        self.loops: dict[str, None] = {}
        self.branches: dict[str, None] = {}
        self.unentered: list[str] = []
        self._frames: Mapping[str, tuple[Frame, ...]] = {}
        self._trips: Mapping[str, int | None] = {}

    def run(self, results: Iterable[str], sized: ShapeInference, shown: ShapeInference) -> Iterator[Visit]:
        """Yield the nodes that results need, each behind what it reads."""
        if not ENTER_OPS.isdisjoint(self._graph.ops):
            self._frames = frames_of(self._graph, self._index)
            self._trips = frame_trips(self._graph, self._index, sized)
        yield from self._visit(RunGraph(sized, shown), results)

    def _visit(self, place: RunGraph, results: Iterable[str]) -> Iterator[Visit]:
        producers = place.sized.producers
        needed = closure(map(node_of_input, results), lambda name: _needs(producers, name))
        flow = _Flow(place.given, {} if place.is_body else self.parameters)
        for name in place.sized.order:
            if name not in needed:
                continue
            node = producers[name]
            flow.add(node)
            bodies = list(self._called(node))
            if bodies:
                yield from self._enter(self._within(place, name), node, bodies, flow)
            elif name not in flow.carried and node.op != "Const":
                yield self._visited(self._within(place, name), node, flow)

    def _within(self, place: RunGraph, name: str) -> RunGraph:
        """Return the place with the frames around a node."""
        stack = () if place.is_body else self._frames.get(name, ())
        if not stack:
            return place
        known = [self._trips.get(frame.name) for frame in stack]
        loops = [frame.name for frame, count in zip(stack, known, strict=True) if count is None]
        trips = math.prod(1 if count is None else count for count in known)
        return replace(place, trips=trips, loops=tuple(loops))

    def _visited(self, place: RunGraph, node: Node, flow: _Flow) -> Visit:
        count: int | None = 0
        if counts(node.op):
            shapes = [self._of_one(place.sized.shape(text)) for text in node.data_inputs]
            found = multiply_adds(OpCall(node, shapes, place.sized), self._of_one(place.sized.shape(node.name)))
            count = None if found is None else found * place.trips
            self.loops.update(dict.fromkeys(place.loops))
            self.branches.update(dict.fromkeys(place.branches))
        path = _path(place.scope, node.name)
        own = self._constants(place, node) if place.is_body else ()
        return Visit(path, node, place, count, (*flow.used(node), *own), node.name in flow.static)

    def _of_one(self, dims: Dims) -> Dims:
        """Return a shape for one example."""
        if dims is None or not self._batch:
            return dims
        return tuple([1 if size in self._batch and not isinstance(size, int) else size for size in dims])

    def _constants(self, place: RunGraph, node: Node) -> Iterator[str]:
        """Yield the kernels and the like among the constants of a body, which the search for weights leaves."""
        for position, role in input_roles(node).items():
            texts = node.data_inputs
            made = place.sized.producers.get(node_of_input(texts[position])) if position < len(texts) else None
            value = None if made is None else constant_value(made)
            if role in STRONG and made is not None and value is not None and value.shape and value.dtype.is_floating:
                key = _path(place.scope, made.name)
                trained = is_trainable(role, value.dtype)
                self.parameters.setdefault(f"^{key}", Parameter(key, value.size, value.nbytes, trained))
                yield f"^{key}"

    def _called(self, node: Node) -> Iterator[Function]:
        """Yield the functions that a call runs; of a loop its body."""
        if not self._functions:
            return
        known = facts(node.op)
        if node.op in self._functions:
            yield self._functions[node.op]
        elif known is not None and known.functions:
            keys = ("body",) if node.op in _LOOPS else known.functions
            values = [attr_of(node, key) for key in keys]
            for value in values:
                for each in value if isinstance(value, list) else [value]:
                    if isinstance(each, Func) and each.name in self._functions:
                        yield self._functions[each.name]

    def _enter(self, place: RunGraph, node: Node, bodies: list[Function], flow: _Flow) -> Iterator[Visit]:
        path = _path(place.scope, node.name)
        is_loop, is_call = node.op in _LOOPS, node.op in CALL_OPS or node.op in self._functions
        trips, loops, branches = place.trips, place.loops, place.branches
        if is_loop:
            count = self._body_trips(place, node, bodies[0])
            trips, loops = (trips, (*loops, path)) if count is None else (trips * count, loops)
        elif not is_call and len(bodies) > 1:
            branches = (*branches, path)
        texts = node.data_inputs[0 if is_loop or is_call else 1 :]
        for body in bodies:
            sized = place.sized.bodies.get((node.name, body.name))
            if sized is None:
                self.unentered.append(path)
                continue
            signature = body.proto.signature
            names = [arg.name for arg in signature.input_arg]
            results = [body.proto.ret.get(arg.name, "") for arg in signature.output_arg]
            sources = zip(names, map(node_of_input, texts), strict=False)
            given = {
                name: flow.carried[source]
                for name, source in sources
                if source in flow.carried and (not is_loop or _is_kept(sized, names, results, name))
            }
            shown = place.shown.bodies.get((node.name, body.name), sized)
            inner = RunGraph(sized, shown, True, scope_of(path), trips, loops, branches, given)
            yield from self._visit(inner, results)

    def _body_trips(self, place: RunGraph, node: Node, body: Function) -> int | None:
        condition = attr_of(node, "cond")
        test = self._functions.get(condition.name) if isinstance(condition, Func) else None
        return None if test is None else function_trips(place.sized, node, test, body)


def _is_kept(body: ShapeInference, names: list[str], results: list[str], name: str) -> bool:
    """Whether a loop hands an argument on as it is."""
    number = names.index(name)
    text = results[number] if number < len(results) else ""
    for _ in range(_MAX_STEPS):
        node = body.producers.get(node_of_input(text))
        if node is None or node.op != "Identity" or not node.data_inputs:
            break
        text = node.data_inputs[0]
    return node_of_input(text) == name


def _needs(producers: Mapping[str, Node], name: str) -> Iterable[str]:
    node = producers.get(name)
    return () if node is None else map(node_of_input, node.data_inputs)


def _path(scope: str, name: str) -> str:
    """Return the name of a node below the scope of the call, unless it says that itself, or was lowered."""
    lowered = _LOWERED.match(name) if "/_" in name else None
    if lowered is not None:
        return name[lowered.end() :]
    return f"{scope}/{name}" if scope and not name.startswith(f"{scope}/") else name


class _Flow:
    """Where parameters go in a graph or body, through what only hands them on."""

    def __init__(self, given: Mapping[str, tuple[str, ...]], parameters: Mapping[str, Parameter]) -> None:
        # Nodes and arguments that are parameters, perhaps in another form, and which.
        self.carried: dict[str, tuple[str, ...]] = dict(given)
        self.static: set[str] = set(given)
        self._parameters = parameters

    def add(self, node: Node) -> None:
        """Note what a node does with parameters; what it reads comes first."""
        name = node.name
        if name in self._parameters:
            self.carried[name] = (name,)
            self.static.add(name)
            return
        sources = [node_of_input(text) for text in node.data_inputs]
        if node.op == "Const" or (sources and self.static.issuperset(sources) and _is_pure(node.op)):
            self.static.add(name)
        at = 1 if node.op in PASS_SECOND else 0
        if node.op in _READS or node.op in PASS_SECOND:
            if at < len(sources) and sources[at] in self.carried:
                self.carried[name] = self.carried[sources[at]]
        elif node.op in COMBINE and name in self.static:
            found = dict.fromkeys(each for source in sources for each in self.carried.get(source, ()))
            if 0 < len(found) <= _MAX_COMBINED:
                self.carried[name] = tuple(found)

    def used(self, node: Node) -> tuple[str, ...]:
        """Return the parameters that a node reads."""
        found: dict[str, None] = {}
        for text in node.data_inputs:
            found.update(dict.fromkeys(self.carried.get(node_of_input(text), ())))
        return tuple(found)


def _is_pure(op: str) -> bool:
    known = facts(op)
    return known is not None and (not known.is_stateful or op in ("ReadVariableOp", "VarHandleOp"))
