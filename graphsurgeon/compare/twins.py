"""Exports of Keras 3: twins of the variables, whose order is another in each process.

``keras.Model.export`` keeps every variable a second time, in ``_all_variables``, in the order of a set. Nothing but the
functions that save and restore reads these twins. So two exports of one model differ in the numbers of twins, and with
them in the keys of the checkpoint, in both object graphs, in what the functions that save and restore are given and in
the names inside of these. None of that is a difference, as long as a twin of one name is saved from, and restored to,
the same variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphsurgeon.compare.report import Difference, GraphDiff, LibraryDiff, TensorsDiff
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.names import node_of_input
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, object_graph_text
from graphsurgeon.variables.object_names import TWINS, object_names, twin_keys
from graphsurgeon.variables.saver_calls import SaverCall, saver_calls
from proto_utils import schema

_OBJECT_GRAPH_FIELD = "object_graph_def"
_MAX_STEPS = 32


class Twins:
    """How the twins of one export are those of another.

    Parameters
    ----------
    new_keys : mapping of str to str
        The keys of the first, by those of the second.
    """

    def __init__(self, new_keys: Mapping[str, str]) -> None:
        self._keys = new_keys
        self._numbers = {_number(old): _number(new) for old, new in new_keys.items()}

    @classmethod
    def between(cls, a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> Twins | None:
        """Return how twins correspond; None when not both have the same ones, or both in the same order."""
        first, second = object_names(a), None
        if first is not None and twin_keys(first):
            second = object_names(b)
        if first is None or second is None:
            return None
        ours, theirs = ({each.names[key]: key for key in twin_keys(each)} for each in (first, second))
        keys = {theirs[name]: key for name, key in ours.items() if name in theirs}
        is_same = (
            ours.keys() == theirs.keys() and {*keys} == {*keys.values()} and all(key.startswith(TWINS) for key in keys)
        )
        return cls(keys) if is_same and any(old != new for old, new in keys.items()) else None

    def settle_tensors(self, found: TensorsDiff, a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> TensorsDiff:
        """Return what differs in tensors, without an object graph that has only twins in another order."""
        texts = object_graph_text(a), object_graph_text(b)
        if not self._is_same_text(*texts):
            return found
        changed = [row for row in found.changed if row.name != OBJECT_GRAPH_KEY]
        return replace(found, changed=changed, num_equal=found.num_equal + len(found.changed) - len(changed))

    def settle_messages(self, found: list[Difference], a: Model, b: Model) -> list[Difference]:
        """Return what differs in messages, without an object graph that has only twins in another order."""
        if (
            a.meta is None
            or b.meta is None
            or not self._is_same_graph(a.meta.object_graph_def, b.meta.object_graph_def)
        ):
            return found
        return [row for row in found if not f"{row.key}".startswith(_OBJECT_GRAPH_FIELD)]

    def settle_graphs(
        self, graph: GraphDiff, functions: LibraryDiff, a: Model, b: Model
    ) -> tuple[GraphDiff, LibraryDiff]:
        """Return what differs in graphs, without that which saves and restores when it does so with the same ones."""
        first, second = _Savers(a), _Savers(b)
        if first.places() != second.places(self._keys):
            return graph, functions
        changed = [
            row
            for row in graph.changed
            if not (first.is_own(row.a) and second.is_own(row.b)) and not self._are_texts(a, row.a, b, row.b)
        ]
        rest = [row for row in functions.changed if not (row.a in first.functions and row.b in second.functions)]
        return (
            replace(graph, changed=changed, num_equal=graph.num_equal + len(graph.changed) - len(changed)),
            replace(functions, changed=rest, num_equal=functions.num_equal + len(functions.changed) - len(rest)),
        )

    def _are_texts(self, a: Model, name: str, b: Model, other: str) -> bool:
        """Return whether two constants are the object graphs that saving writes."""
        return self._is_same_text(_text(a.graph.get(name)), _text(b.graph.get(other)))

    def _is_same_text(self, a: bytes | None, b: bytes | None) -> bool:
        if a is None or b is None:
            return False
        return self._is_same_graph(*(schema.parse(schema.TrackableObjectGraph, text) for text in (a, b)))

    def _is_same_graph(self, a: Any, b: Any) -> bool:
        ours, theirs = _members(a), _members(b)
        if ours.keys() != theirs.keys() or not ours.keys() >= {*self._numbers, *self._numbers.values()}:
            return False
        numbers = {theirs[old]: ours[new] for old, new in self._numbers.items()}
        return bool(a == self._reordered(b, numbers)) if numbers.keys() == {*numbers.values()} else False

    def _reordered(self, message: Any, numbers: Mapping[int, int]) -> Any:
        """Return an object graph with its twins in the order of the other."""
        made = type(message)()
        made.CopyFrom(message)
        for number, node in enumerate(message.nodes):
            made.nodes[numbers.get(number, number)].CopyFrom(node)
        for node in made.nodes:
            for child in node.children:
                child.node_id = numbers.get(child.node_id, child.node_id)
            for slot in node.slot_variables:
                for field in ("original_variable_node_id", "slot_variable_node_id"):
                    setattr(slot, field, numbers.get(getattr(slot, field), getattr(slot, field)))
            for attribute in getattr(node, "attributes", ()):
                attribute.checkpoint_key = self._keys.get(attribute.checkpoint_key, attribute.checkpoint_key)
        container = _container(made)
        if container is not None:
            children = sorted(container.children, key=lambda child: child.node_id)
            copies = type(container)(children=children)
            for child in copies.children:
                child.local_name = self._numbers.get(child.local_name, child.local_name)
            del container.children[:]
            container.children.extend(copies.children)
        for function in getattr(made, "concrete_functions", {}).values():
            bound = [numbers.get(number, number) for number in function.bound_inputs]
            del function.bound_inputs[:]
            function.bound_inputs.extend(bound)
        return made


class _Savers:
    """What saves and restores in a model: its functions, and the nodes that call them."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._index = Index(model.graph)
        self._calls = saver_calls(model, self._index)
        self.functions = {call.function for call in self._calls if call.function is not None}

    def is_own(self, name: str) -> bool:
        """Return whether a node calls such a function."""
        node = self._model.graph.get(name)
        function = None if node is None else attr_of(node, "f")
        return isinstance(function, Func) and function.name in self.functions

    def places(self, new_keys: Mapping[str, str] | None = None) -> set[tuple[str, str, str]]:
        """Return what is saved from where, and restored to where, under keys that may be given new ones."""
        keys = new_keys or {}
        found = set()
        for call in self._calls:
            pairs = self._restored(call) if call.is_restore else _saved(call)
            found |= {("restore" if call.is_restore else "save", keys.get(key, key), name) for key, name in pairs}
        return found

    def _restored(self, call: SaverCall) -> Iterator[tuple[str, str]]:
        for key, _, _, targets in call.restored(self._index):
            yield from ((key, node.name) for node, _ in targets)


def _saved(call: SaverCall) -> Iterator[tuple[str, str]]:
    """Yield the keys of an op that saves, each with the node of the graph whose value it is."""
    for key, text in zip(call.keys, call.node.inputs[3:], strict=False):
        name = node_of_input(text)
        for _ in range(_MAX_STEPS):
            node = call.edges.producers.get(name)
            if name in call.arguments or node is None or not node.inputs:
                break
            name = node_of_input(node.inputs[0])
        yield key, call.arguments.get(name, name)


def _container(message: Any) -> Any:
    names = {child.local_name: child.node_id for child in message.nodes[0].children} if message.nodes else {}
    number = names.get(TWINS.rstrip("/"), -1)
    return message.nodes[number] if 0 <= number < len(message.nodes) else None


def _members(message: Any) -> dict[str, int]:
    container = _container(message)
    return {} if container is None else {child.local_name: child.node_id for child in container.children}


def _number(key: str) -> str:
    return key.removeprefix(TWINS).partition("/")[0]


def _text(node: Node | None) -> bytes | None:
    if node is None or node.op != "Const":
        return None
    tensor = node.tensor
    is_text = tensor.dtype is dtypes.STRING and tensor.size == 1
    return next(iter(tensor.strings())) if is_text else None
