"""Data-flow analysis of resource handles: who reads, sets or passes on a variable, in the graph and in function bodies.

A handle comes into a body as an argument. Which one, the calls of the function tell, and of a SavedModel of TensorFlow
2 the objects: a function that a program calls has the variables that it captured behind its other arguments
(``bound_inputs``). From there it goes on through Identity nodes, further calls, branches, and the loops that hand it
around unchanged. What else takes it is a use.

A body that several calls share may get other handles from each: all of these have a use together. Handles of which
nothing is known, as of what nobody captured, count as `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from graphsurgeon.ir import ops
from graphsurgeon.ir.function_calls import functions_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import RESOURCE_OPS, WHILE_OPS
from graphsurgeon.names import spellings, text_of
from graphsurgeon.rewrites.freezing.converted_functions import CALLERS
from graphsurgeon.rewrites.serving.object_functions import functions_in_use
from graphsurgeon.variables.captured import UNKNOWN
from proto_utils.named_tuple import NamedTuple

_GRADIENT: Final = "_gradient_op_type"
_INTERFACE: Final = "api_implements"

#: A tensor, as its readers write it, of the graph (None) or of a function's body.
_Place = tuple[str | None, str]


class HandleUse(NamedTuple):
    """A node that takes a handle, and at which input; `function` is whose body it is in, None in the graph."""

    function: str | None
    node: Node
    position: int

    @property
    def name(self) -> str:
        """The node, of function bodies as FUNCTION/node."""
        return self.node.name if self.function is None else f"{self.function}/{self.node.name}"

    def __str__(self) -> str:
        return f"{self.name!r} ({self.node.op})"


class HandleFlow:
    """Where the handles of a model's graph go.

    `bound` are the variables that functions captured: by function and number of the argument. Costs O(nodes and edges)
    of the bodies that get handles, times how many handles get to each.

    Attributes
    ----------
    uses : dict of str to list of HandleUse
        By variable.
    against : dict of str to str
        Why a variable's handle cannot be followed everywhere.
    """

    def __init__(self, model: Model, index: Index, bound: Mapping[str, Mapping[int, str]]) -> None:
        self._functions = model.library.functions
        self._graph = model.graph
        self._indexes: dict[str | None, Index] = {None: index}
        self._reached: dict[_Place, dict[str, None]] = {}
        self._by_use: dict[tuple[str | None, str, int], dict[str, None]] = {}
        self.uses: dict[str, list[HandleUse]] = {node.name: [] for node in model.graph.nodes_of(RESOURCE_OPS)}
        self.against: dict[str, str] = {}
        rest = model.library.rest
        self._gradients = {each.function_name: each.gradient_func for each in rest.gradient}
        self._registered = {each.registered_op_type: each.gradient_func for each in rest.registered_gradients}
        waiting: list[tuple[_Place, str]] = [((None, name), name) for name in self.uses]
        if self.uses and self._functions:
            self._live = functions_in_use(model)
            self._interfaces = self._implementations()
            self._exported = {} if model.meta is None else model.meta.object_graph_def.concrete_functions
            waiting += [
                ((function, self._argument(function, number)), name)
                for function, arguments in bound.items()
                for number, name in arguments.items()
            ]
            while waiting:
                self._spread(waiting)
                waiting = [*self._returned(), *self._unknown(bound)]
            self._look_into_bodies()
        else:
            self._live = set()
            self._interfaces = {}
            self._spread(waiting)

    def index(self, function: str | None) -> Index:
        """Return the index of the graph, or of a function's body."""
        if function not in self._indexes:
            self._indexes[function] = Index(self._body(function))
        return self._indexes[function]

    def together(self) -> Iterator[tuple[HandleUse, list[str]]]:
        """Yield the uses of more than one variable, with these; `UNKNOWN` may be among them."""
        by_key = {(use.function, use.node.name, use.position): use for uses in self.uses.values() for use in uses}
        for key, names in self._by_use.items():
            if len(names) > 1 and key in by_key:
                yield by_key[key], list(names)

    def arguments(self, function: str | None) -> Mapping[str, Iterable[str]]:
        """Return the arguments of a function that are handles, with the variables that these are of."""
        found = self._functions.get(function or "")
        arguments = [] if found is None else [arg.name for arg in found.proto.signature.input_arg]
        return {name: self._reached[function, name] for name in arguments if (function, name) in self._reached}

    def results(self, function: str) -> Mapping[int, Iterable[str]]:
        """Return the results of a function that are handles, by number, with the variables that these are of."""
        proto = self._functions[function].proto
        named = [self._names(function, proto.ret.get(arg.name, "")) for arg in proto.signature.output_arg]
        return {number: names for number, names in enumerate(named) if names}

    @property
    def functions(self) -> list[str]:
        """The functions to which handles get."""
        return list(dict.fromkeys(function for function, _ in self._reached if function is not None))

    def _body(self, function: str | None) -> Graph:
        return self._graph if function is None else self._functions[function].body

    def _argument(self, function: str, number: int) -> str:
        name: str = self._functions[function].proto.signature.input_arg[number].name
        return name

    def _has(self, function: str, number: int) -> bool:
        return 0 <= number < len(self._functions[function].proto.signature.input_arg)

    def _implementations(self) -> dict[str, list[str]]:
        """Return the functions that TensorFlow may put in the place of each: those of the same interface."""
        found: dict[bytes, list[str]] = {}
        for name, function in self._functions.items():
            if _INTERFACE in function.proto.attr:
                found.setdefault(function.proto.attr[_INTERFACE].s, []).append(name)
        return {name: names for names in found.values() for name in names}

    def _spread(self, waiting: list[tuple[_Place, str]]) -> None:
        while waiting:
            place, name = waiting.pop()
            reached = self._reached.setdefault(place, {})
            if name in reached:
                continue
            reached[name] = None
            function, text = place
            for node, position in self.index(function).tensor_consumers(text):
                waiting += ((place, name) for place in self._through(HandleUse(function, node, position), name))

    def _through(self, use: HandleUse, name: str) -> Iterator[_Place]:
        """Yield the tensors that a node makes of a handle; note what is not one as a use."""
        function, node, position = use
        called = self._called(node)
        if node.op in ("Identity", "IdentityN") and _GRADIENT not in node.proto.attr:
            yield function, self._output(function, node, position)
        elif called and (node.op in CALLERS or node.op in self._functions):
            number = position - CALLERS.get(node.op, (0,))[0]
            if node.op in WHILE_OPS:
                yield function, self._output(function, node, number)
            for each in called:
                reason = self._obstacle(each, number)
                if reason:
                    self.against.setdefault(name, f"{use} gives its handle to {each!r}, {reason}")
                else:
                    yield each, self._argument(each, number)
        else:
            self._by_use.setdefault((function, node.name, position), {})[name] = None
            self.uses.setdefault(name, []).append(use)

    def _called(self, node: Node) -> list[str]:
        """Return the functions of the library that a node may run."""
        if not self._functions:
            return []
        names = [node.op] if node.op in self._functions else [func.name for _, func in functions_of(node)]
        if any(name not in self._functions for name in names):
            return []
        return list(dict.fromkeys(each for name in names for each in self._interfaces.get(name, [name])))

    def _obstacle(self, name: str, number: int) -> str:
        """Return why an argument of a function cannot be followed, empty if it can."""
        arguments = self._functions[name].proto.signature.input_arg
        if not self._has(name, number) or any(arg.number_attr or arg.type_list_attr for arg in arguments):
            return "which has no such argument"
        if name in self._gradients:
            return f"whose gradient is {self._gradients[name]!r}, which reads it too"
        return ""

    def _output(self, function: str | None, node: Node, number: int) -> str:
        if function is not None:
            return f"{node.name}:output:{number}"
        return f"{node.name}:{number}" if number else node.name

    def _names(self, function: str | None, text: str) -> dict[str, None]:
        found: dict[str, None] = {}
        for spelled in spellings(text):
            found |= self._reached.get((function, spelled), {})
        return found

    @cached_property
    def _calls(self) -> list[tuple[str | None, Node, list[str]]]:
        """The nodes that run functions of the library, with these, in what is run at all."""
        found: list[tuple[str | None, Node, list[str]]] = []
        for function in (None, *sorted(self._live)):
            body = self._body(function)
            able = {op for op in body.ops if (known := ops.facts(op)) is None or known.functions}
            found += [(function, node, called) for node in body.nodes_of(able) if (called := self._called(node))]
        return found

    def _returned(self) -> list[tuple[_Place, str]]:
        """Return where handles come that functions return: around loops, and out of these; elsewhere it is noted."""
        found: list[tuple[_Place, str]] = []
        results = {name: self.results(name) for name in self.functions}
        for function, node, called in self._calls:
            is_loop = node.op in WHILE_OPS
            for each in called:
                for number, names in results.get(each, {}).items():
                    places: list[_Place] = []
                    if is_loop:
                        places.append((function, self._output(function, node, number)))
                        places += [
                            (other, self._argument(other, number)) for other in called if self._has(other, number)
                        ]
                    found += [(place, name) for place in places for name in names if name not in self._at(place)]
                    for name in () if is_loop else names:
                        self.against.setdefault(name, f"function {each!r} returns its handle")
        for name in results.keys() & self._exported.keys():
            for names in results[name].values():
                self.against |= dict.fromkeys(names, f"function {name!r} returns its handle")
        return found

    def _at(self, place: _Place) -> dict[str, None]:
        return self._reached.get(place, {})

    def _unknown(self, bound: Mapping[str, Mapping[int, str]]) -> list[tuple[_Place, str]]:
        """Return the arguments that are handles, and in another call something of which nothing is known."""
        found: dict[_Place, None] = {}
        for function, node, called in self._calls:
            first = CALLERS.get(node.op, (0,))[0]
            is_known = node.op in CALLERS or node.op in self._functions
            inputs = node.data_inputs[first:]
            for each in called:
                for number, arg in enumerate(self._functions[each].proto.signature.input_arg):
                    text = inputs[number] if is_known and number < len(inputs) else None
                    if text is None or not self._names(function, text):
                        found[each, arg.name] = None
        outside = {*self._gradients.values(), *self._registered.values()}
        for name in sorted(self._live & (outside | self._exported.keys())):
            for number, arg in enumerate(self._functions[name].proto.signature.input_arg):
                if number not in bound.get(name, {}):
                    found[name, arg.name] = None
        return [(place, UNKNOWN) for place in found if self._at(place) and UNKNOWN not in self._at(place)]

    def _look_into_bodies(self) -> None:
        """Note the variables that a body opens by their shared names, of which nobody gives it the handles."""
        own = {_shared_name(node): node.name for node in self._graph.nodes_of(RESOURCE_OPS)}
        for function in sorted(self._live):
            for node in self._functions[function].body.nodes_of(RESOURCE_OPS):
                name = own.get(_shared_name(node))
                if name is not None:
                    self.against.setdefault(name, f"{function + '/' + node.name!r} opens it by its shared name")


def _shared_name(node: Node) -> str:
    attr = node.attr("shared_name")
    return (text_of(attr.s) if attr is not None else "") or node.name
