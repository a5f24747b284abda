"""Specialization of a model: its graph and the functions that it calls, for known values of inputs.

A function of which all calls take the same known arguments is edited in its place. One that is called otherwise, too,
stays, and the calls with known arguments get a copy of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.function_calls import called_functions, functions_of, named_functions, trim_library
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input, parse_input, unique_name
from graphsurgeon.rewrites.specializing.known_values import Evaluate
from graphsurgeon.rewrites.specializing.resolved import Resolution
from graphsurgeon.rewrites.specializing.specialization import Key, Specialization, Specializer
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

_NOTHING: Mapping[str, Mapping[str, Tensor]] = {}


class NodeChange(NamedTuple):
    """A node that is something else now, or gone: of a body with the function before it."""

    node: str
    op: str
    became: str


class Specialized(NamedTuple):
    """What was done to a model.

    `changes` are conditionals and dropouts, `removed` nodes that went, `functions` those that went; `moved` are tensors
    of the graph that are others now, as ``a:1``, and `pivots` the nodes that told branches of it apart.
    """

    changes: list[NodeChange]
    removed: list[NodeChange]
    functions: list[str]
    moved: dict[str, str]
    pivots: set[str]
    has_other_functions: bool


def specialize(
    model: Model,
    values: Mapping[str, Tensor],
    constants: Mapping[str, Node],
    kept: Collection[str],
    *,
    evaluate: Evaluate,
    operation: str,
    exported: Sequence[str] = (),
    inside: Mapping[str, Mapping[str, Tensor]] = _NOTHING,
) -> Specialized:
    """Specialize a model for values of nodes, which become the `constants`; `kept` nodes stay, but not dead ones.

    So do the functions that are `exported`, as they are. `inside` are values of nodes of bodies, by function, for every
    call of it, those that are exported too.

    What surrounds the graph is the caller's to bring in step. A function that would return what is dead is a PassError.
    """
    library = Specializer(model.library.functions, evaluate, inside)
    main = Specialization(model.graph, values, library, 0)
    copies = _Copies(model, library, main, exported)
    _check_returns(library, copies.uses, operation)
    changes = list(_changes(main, ""))
    removed = []
    resolution = Resolution(main, GraphEdit(model.graph), {*kept, *constants}, operation)
    before = list(model.graph)
    resolution.apply(copies.name_of, constants)
    removed += _removed(before, model.graph, "")
    # Copies are made of functions as they are, so those are edited last.
    for key in sorted(copies.uses, key=lambda each: (each[0], not each[1], each[1])):
        if key in library.made:
            changes += _changes(library.made[key], f"{copies.name_of(key)}/")
            removed += copies.apply(key, operation)
    bodies = (model.library.functions[name].body for name in exported if name in model.library.functions)
    called = called_functions(chain(model.graph, *bodies), model.library)
    functions = trim_library(model.library, called.union(exported))
    moved = {_tensor(old): _tensor(resolution.moved_text(old)) for old in resolution.moved if old.count(":") < 2}
    return Specialized(changes, removed, functions, moved, resolution.pivots, any(key[1] for key in copies.uses))


class _Copies:
    """The functions that specializations are put into."""

    def __init__(self, model: Model, library: Specializer, main: Specialization, exported: Sequence[str]) -> None:
        self._model = model
        self._library = library
        self.uses: set[Key] = set()
        self._find_uses(main, exported)
        self._names: dict[Key, str] = {}
        taken = dict.fromkeys(model.library.functions)
        for key in sorted(self.uses):
            function = key[0]
            is_only = sum(each[0] == function for each in self.uses) == 1
            name = function if is_only or not key[1] else unique_name(function, {**taken})
            taken[name] = None
            self._names[key] = name

    def name_of(self, key: Key) -> str:
        """Return the name of the function that a specialization is."""
        return self._names.get(key, key[0])

    def apply(self, key: Key, operation: str) -> list[NodeChange]:
        """Put a specialization into its function; return the nodes that went."""
        made, name = self._library.made[key], self.name_of(key)
        function = self._model.library.functions[key[0]]
        if name != key[0]:
            function = self._copied(function, name)
        proto = function.proto
        results = {node_of_input(text) for text in proto.ret.values()} | set(proto.control_ret.values())
        resolution = Resolution(made, GraphEdit(function.body), results, operation)
        before = list(function.body)
        resolution.apply(self.name_of, {})
        for result, text in sorted(proto.ret.items()):
            proto.ret[result] = resolution.moved_text(text)
        for end in [end for end, node in proto.control_ret.items() if function.body.get(node) is None]:
            del proto.control_ret[end]
            proto.signature.control_output.remove(end)
        return _removed(before, function.body, f"{name}/")

    def _copied(self, function: Function, name: str) -> Function:
        library = self._model.library
        proto = schema.FunctionDef()
        proto.CopyFrom(function.proto)
        proto.signature.name = name
        made = Function(proto, Graph(node.copy() for node in function.body))
        library.functions = {**library.functions, name: made}
        for entry in list(library.rest.gradient):
            if entry.function_name == function.name:
                library.rest.gradient.add(function_name=name, gradient_func=entry.gradient_func)
        return made

    def _find_uses(self, main: Specialization, exported: Sequence[str]) -> None:
        """Find which specializations are called in the end, and which functions are called as they are."""
        functions = self._model.library.functions
        custom = {
            entry.registered_op_type: entry.gradient_func for entry in self._model.library.rest.registered_gradients
        }
        pending = [*self._calls(main, custom), *((name, "") for name in exported)]
        while pending:
            key = pending.pop()
            if key in self.uses or key[0] not in functions:
                continue
            self.uses.add(key)
            pending += [
                (entry.gradient_func, "")
                for entry in self._model.library.rest.gradient
                if entry.function_name == key[0]
            ]
            made = self._library.made[key] if key[1] else self._library.plain(key[0])
            if made is not None:
                pending += self._calls(made, custom)
            else:
                pending += [(name, "") for name in named_functions(functions[key[0]].body, custom)]

    def _calls(self, made: Specialization, custom: Mapping[str, str]) -> Iterator[Key]:
        for node in made.live_nodes():
            keys = made.calls.get(node.name, {})
            yield from keys.values()
            if node.name in made.conditionals:
                names: set[str] = {func.name for _, func in functions_of(node)}
            else:
                names = set(keys)
            yield from ((name, "") for name in named_functions([node], custom) if name not in names)


def _check_returns(library: Specializer, uses: Collection[Key], operation: str) -> None:
    """Refuse functions that would return what is never computed: TensorFlow fails when it calls them."""
    for name, given in uses:
        for text in library.functions[name].proto.ret.values() if given else ():  # of constants it is seen before
            if library.made[name, given].branches.is_dead(text):
                reason = f"function {name!r} would return {text!r}, which is not computed with this value"
                raise PassError(operation, reason, node=node_of_input(text))


def _changes(made: Specialization, scope: str) -> Iterator[NodeChange]:
    dead = made.branches.dead
    for node in made.live_nodes():
        name = node.name
        if len(made.branches.merges.get(name, ())) == 1:
            at = made.branches.merges[name][0]
            yield NodeChange(scope + name, node.op, f"its input {at}, {node.data_inputs[at]}")
        elif name in made.conditionals:
            yield NodeChange(scope + name, node.op, f"a call of {made.conditionals[name].name}")
        elif name in made.dropouts and name not in dead:
            yield NodeChange(scope + name, node.op, f"no dropout, but {made.dropouts[name]}")
        elif name in made.selects:
            yield NodeChange(scope + name, node.op, f"its input, {made.selects[name]}")


def _removed(before: list[Node], graph: Graph, scope: str) -> list[NodeChange]:
    return [NodeChange(scope + node.name, node.op, "") for node in before if node.name not in graph]


def _tensor(text: str) -> str:
    name, output = parse_input(text)
    return f"{name}:{output}"
