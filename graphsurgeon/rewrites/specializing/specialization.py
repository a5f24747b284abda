"""Specialization of a graph and of the functions that it calls: what follows from known inputs, and from arguments.

Nothing is edited here. A function that is called with known arguments is looked at once for all calls with the same
values; in it their conditions are known, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from graphsurgeon.ir.attr_value import Func, Placeholder
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import CALL_OPS, CASE_OPS, IF_OPS, WHILE_OPS
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.specializing.branches import Branches
from graphsurgeon.rewrites.specializing.dropout import SELECT_OPS, Dropouts
from graphsurgeon.rewrites.specializing.known_shapes import KnownShapes
from graphsurgeon.rewrites.specializing.known_values import Evaluate, KnownValues, Outputs, truth
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor

#: A function, and the values of its known arguments by position; an empty text for none.
Key: TypeAlias = "tuple[str, str]"

_MAX_CALLS = 50
_NOTHING: Mapping[str, Mapping[str, Tensor]] = {}
#: In a body these may stand for what its call gives.
_FUNCTION_ATTRS = ("then_branch", "else_branch", "branches", "cond", "body")


class Specialization:
    """What follows in one graph, or body of a function, from the values of `given` nodes or arguments.

    Attributes
    ----------
    graph : Graph
    known : KnownValues
    branches : Branches
    dropouts : dict of str to str
        Nodes that give what they read, and that.
    selects : dict of str to str
        The Selects whose predicate, a scalar, is known, and the tensor that each takes.
    conditionals : dict of str to Func
        The calls that take one of several functions, and the one.
    calls : dict of str to dict of str to Key
        The nodes that call functions with known arguments: by function, which specialization of it.
    """

    def __init__(self, graph: Graph, given: Mapping[str, Tensor], library: Specializer, depth: int) -> None:
        self.graph = graph
        self.conditionals: dict[str, Func] = {}
        self.calls: dict[str, dict[str, Key]] = {}
        self._library, self._depth = library, depth
        self.known = KnownValues(Index(graph), library.signatures, library.evaluate, self._call)
        self.branches = Branches(self.known)
        self.known.add(given)
        self.branches.find()
        shapes = KnownShapes(self.known)
        self.selects = dict(self._find_selects(shapes))
        self.dropouts = Dropouts(self.known, shapes).find()

    @property
    def has_effect(self) -> bool:
        """Whether anything is to be edited."""
        is_other = any(key[1] for keys in self.calls.values() for key in keys.values())
        return is_other or bool(self.branches.switches or self.dropouts or self.selects or self.conditionals)

    def live_nodes(self) -> Iterator[Node]:
        """Yield the nodes that are not dead."""
        return (node for node in self.graph if node.name not in self.branches.dead)

    def _find_selects(self, shapes: KnownShapes) -> Iterator[tuple[str, str]]:
        for node in self.known.visited.values():
            choice = self.known.value(node.data_inputs[0]) if node.op in SELECT_OPS else None
            if choice is None or choice.shape:
                continue
            taken, other = node.data_inputs[1:3] if truth(choice) else node.data_inputs[2:0:-1]
            # The later op broadcasts what it takes to the shape of the other.
            if node.op == "Select" or shapes.is_scalar(other) or shapes.is_same(taken, other):
                yield node.name, taken

    def _call(self, node: Node, operands: Outputs) -> Outputs:
        if all(operand is None for operand in operands) or any(
            isinstance(node.attrs.get(key), Placeholder) for key in _FUNCTION_ATTRS
        ):
            return ()
        if node.op in IF_OPS | CASE_OPS:
            return self._condition(node, operands)
        if node.op in WHILE_OPS:
            return self._loop(node, operands)
        if node.op in CALL_OPS and isinstance(node.attrs.get("f"), Func):
            return self._called(node, [node.attrs["f"]], operands)[0]
        if node.op in self._library.functions:
            return self._called(node, [Func(node.op, {})], operands)[0]
        return ()

    def _condition(self, node: Node, operands: Outputs) -> Outputs:
        choice = operands[0]
        if node.op in IF_OPS:
            functions = [node.attrs["else_branch"], node.attrs["then_branch"]]
            chosen = None if choice is None else int(truth(choice))
        else:
            functions = node.attrs["branches"]
            chosen = None if choice is None or choice.shape else int(choice.numpy())
            if chosen is not None and not 0 <= chosen < len(functions):
                chosen = len(functions) - 1
        if chosen is not None:
            self.conditionals[node.name] = functions[chosen]
            functions = [functions[chosen]]
        found = self._called(node, functions, operands[1:])
        return found[0] if len(found) == 1 else ()

    def _loop(self, node: Node, operands: Outputs) -> Outputs:
        """Follow the variables of a loop that its body returns as they are."""
        body = self._library.functions.get(node.attrs["body"].name)
        if body is None:
            return ()
        same = _passed_on(body)
        invariant = [value if i in same else None for i, value in enumerate(operands)]
        self._called(node, [node.attrs["cond"], node.attrs["body"]], invariant)
        return invariant

    def _called(self, node: Node, functions: Sequence[Func], operands: Outputs) -> list[Outputs]:
        keys, results = {}, []
        for function in functions:
            key, found = self._library.called(function.name, operands, self._depth)
            keys[function.name] = key
            results.append(found)
        self.calls[node.name] = keys
        return results


class Specializer:
    """The specializations of a library of functions, made as they are asked for.

    `constants` are values of nodes of bodies, by function, which hold for every call; those of a function that would
    return what is dead do not count.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        evaluate: Evaluate,
        constants: Mapping[str, Mapping[str, Tensor]] = _NOTHING,
    ) -> None:
        self.functions = functions
        self.signatures = OpSignatures(functions)
        self.evaluate = evaluate
        self.made: dict[Key, Specialization] = {}
        self._constants = dict(constants)
        self._open: set[str] = set()

    def plain(self, name: str, depth: int = 0) -> Specialization | None:
        """Return what follows in a function from its own constants alone, None when nothing does."""
        key = (name, "")
        if key not in self.made and name in self._constants and name not in self._open and depth < _MAX_CALLS:
            function = self.functions[name]
            self._open.add(name)
            made = Specialization(function.body, self._constants[name], self, depth + 1)
            self._open.discard(name)
            if made.has_effect and not any(map(made.branches.is_dead, function.proto.ret.values())):
                self.made[key] = made
            else:
                del self._constants[name]
        return self.made.get(key)

    def called(self, name: str, operands: Outputs, depth: int) -> tuple[Key, Outputs]:
        """Return the specialization of a function for a call, and what is known of its results."""
        plain = (name, "")
        function = self.functions.get(name)
        if function is None or name in self._open or depth >= _MAX_CALLS:
            return plain, ()
        arguments = function.proto.signature.input_arg
        if len(arguments) != len(operands) or any(each.number_attr or each.type_list_attr for each in arguments):
            return plain, ()
        pairs = zip(arguments, operands, strict=True)
        given = {arg.name: value for arg, value in pairs if value is not None and _is_telling(value)}
        if not given:
            return plain, ()
        if self.plain(name, depth) is not None:
            given = {**self._constants[name], **given}
        key = (name, repr([(arg, value.dtype.name, value.shape, _content(value)) for arg, value in given.items()]))
        if key not in self.made:
            self._open.add(name)
            self.made[key] = Specialization(function.body, given, self, depth + 1)
            self._open.discard(name)
        made = self.made[key]
        results = [made.known.value(function.proto.ret[arg.name]) for arg in function.proto.signature.output_arg]
        return (key if made.has_effect else plain), results


def _is_telling(value: Tensor) -> bool:
    return value.dtype.itemsize > 0 or value.dtype is dtypes.STRING


def _content(value: Tensor) -> list[bytes]:
    return list(value.strings()) if value.dtype is dtypes.STRING else [b"".join(map(bytes, value.chunks()))]


def _passed_on(body: Function) -> set[int]:
    """Return the positions of arguments that a function returns at the same position, unchanged."""
    nodes = {node.name: node for node in body.body}
    found = set()
    signature = body.proto.signature
    for at, (argument, result) in enumerate(zip(signature.input_arg, signature.output_arg, strict=False)):
        text = body.proto.ret[result.name]
        while (node := nodes.get(node_of_input(text))) is not None and node.op == "Identity":
            text = node.inputs[0]
        if node is None and node_of_input(text) == argument.name:
            found.add(at)
    return found
