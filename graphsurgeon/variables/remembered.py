"""Notes in a frozen graph of what its constants were, and the way back by them.

`freeze` can put a note into each constant that was a variable, and `unfreeze` then makes
the same variable of it: kind, device, attrs, initializer, read, definition, collections,
checkpoint key and slice. The note is an attr that TensorFlow carries along and otherwise
ignores, a list of strings::

    _graphsurgeon: {"version": 1, "key": ..., "slice": ..., "collections": [[...], ...]}
                   a VariableDef for each of these lists of collections
                   the NodeDef of the variable, then those of what belonged to it
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_messages import with_attr
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.collections import VARIABLE_COLLECTIONS
from graphsurgeon.meta_graph.references import name_fields
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.variables.checkpoint_keys import SavedAs, VariableValues
from graphsurgeon.variables.layout import VariableKind
from graphsurgeon.variables.unfreeze_note import ATTR
from proto_utils import schema
from proto_utils.errors import CorruptionError
from proto_utils.named_tuple import NamedTuple

# What belongs to a variable is a handful of small nodes; more is a program.
_MAX_NODES = 64
_FIELDS = name_fields("VariableDef")
_VARIABLES = REF_OPS | RESOURCE_OPS


class Remembered(NamedTuple):
    """What a constant was."""

    key: str  # where the checkpoint had the value, with `slice`; see `saver.SavedVariable`
    slice: str
    variable: schema.NodeDef
    # with the collections that held each
    definitions: list[tuple[schema.VariableDef, list[str]]]
    # initializer, read, and what they needed; empty when that was too much
    nodes: list[schema.NodeDef]

    @property
    def kind(self) -> VariableKind:
        """Whether it was a reference or a resource variable."""
        return "ref" if self.variable.op in REF_OPS else "resource"

    @property
    def is_trainable(self) -> bool:
        """Whether it was in the collection of variables to train."""
        return any("trainable_variables" in collections for _, collections in self.definitions)

    def to_attr(self) -> list[bytes]:
        """Return the note as the value of the attr."""
        facts = {"version": 1, "key": self.key, "slice": self.slice, "collections": [c for _, c in self.definitions]}
        messages: list[Any] = [each for each, _ in self.definitions]
        messages += [self.variable, *self.nodes]
        return [json.dumps(facts, separators=(",", ":")).encode(), *map(schema.serialize, messages)]

    @classmethod
    def of(cls, node: Node) -> Remembered | None:
        """Return the note in a node, None when it has none; a damaged one is a CorruptionError."""
        attr = node.attr(ATTR)
        if attr is None:
            return None
        head, *messages = list(attr.list.s) or [b""]
        try:
            facts = json.loads(head)
            collections = [[str(name) for name in names] for names in facts["collections"]]
            key, part = str(facts["key"]), str(facts["slice"])
        except (ValueError, KeyError, TypeError):
            reason = f"attr {ATTR} of node {node.name!r} is damaged: it begins with no JSON as unfreeze writes it"
            raise CorruptionError(reason) from None
        protos = [schema.parse(schema.NodeDef, message) for message in messages[len(collections) :]]
        if not protos or protos[0].op not in _VARIABLES:
            raise CorruptionError(f"attr {ATTR} of node {node.name!r} is damaged: it tells of no variable")
        parsed = [schema.parse(schema.VariableDef, message) for message in messages[: len(collections)]]
        return cls(key, part, protos[0], list(zip(parsed, collections, strict=True)), protos[1:])


class Memory:
    """Notes on the variables `names` of a graph, taken before they become constants."""

    def __init__(self, model: Model, index: Index, names: Iterable[str]) -> None:
        self._model = model
        self._index = index
        self._position = {node.name: number for number, node in enumerate(model.graph)}
        definitions = _definitions(model.meta)
        values = VariableValues(model, index)
        self._notes: dict[str, Remembered] = {}
        for name in names:
            node = index.producers[name]
            # An initializer's value, or an average, may be frozen where the checkpoint has nothing.
            place = values.place(node) or SavedAs(name)
            listed = definitions.get(name, [])
            parts = self._parts(node, listed)
            self._notes[name] = Remembered(place.key, place.slice, node.proto, listed, parts)

    def write(self, graph: Graph) -> None:
        """Put the notes into the constants."""
        edit = GraphEdit(graph)
        for node in graph:
            if node.name in self._notes and node.op == "Const":
                edit.edit(node).attrs[ATTR] = self._notes[node.name].to_attr()
        edit.apply()

    def _parts(self, variable: Node, listed: Sequence[tuple[schema.VariableDef, list[str]]]) -> list[schema.NodeDef]:
        """Return what sets a variable up and reads it, in the order of the graph."""
        name, producers = variable.name, self._index.producers
        texts = (getattr(each, field) for each, _ in listed for field in _FIELDS)
        wanted = {node_of(text) for text in texts if text} - {name}
        wanted.update(c.name for c, _ in self._index.consumers(name) if c.name.startswith(f"{name}/"))
        needed = ancestors(producers, wanted) - {name}
        nodes = [producers[each] for each in sorted(needed, key=self._position.__getitem__)]
        nodes = [node for node in nodes if node.op not in _VARIABLES]
        if len(nodes) > _MAX_NODES or any(_is_large(node) for node in nodes):
            return []
        return [node.proto for node in nodes]


def remembered_constants(graph: Graph) -> dict[str, Remembered]:
    """Return the notes in a graph, by constant; those that speak of another name are not theirs any more."""
    found = {}
    for node, _ in with_attr(graph.nodes_of(("Const",)), ATTR):
        note = Remembered.of(node)
        if note is not None and note.variable.name == node.name:
            found[node.name] = note
    return found


def usable_parts(note: Remembered, name: str, there: Collection[str]) -> list[Node]:
    """Return what belonged to the variable `name` and is not among nodes `there`, as far as its inputs are."""
    made: dict[str, Node] = {}
    # In the order of a graph, a node may stand before what it reads: Kahn's algorithm.
    readers: dict[str, list[int]] = {}
    nodes = [Node(proto) for proto in note.nodes if proto.name not in there]
    sources = [{source for source in map(node_of_input, node.inputs) if source != name} for node in nodes]
    missing = [sum(source not in there for source in each) for each in sources]
    for position, each in enumerate(sources):
        for source in each:
            readers.setdefault(source, []).append(position)
    ready = [position for position, count in enumerate(missing) if not count]
    while ready:
        node = nodes[ready.pop()]
        if made.setdefault(node.name, node) is node:
            for reader in readers.get(node.name, ()):
                missing[reader] -= 1
                ready += [reader] if not missing[reader] else []
    return [made[proto.name] for proto in note.nodes if proto.name in made]


def _definitions(meta: schema.MetaGraphDef | None) -> dict[str, list[tuple[schema.VariableDef, list[str]]]]:
    """Return the VariableDefs of variables, each with its collections."""
    collections: dict[bytes, list[str]] = {}
    for collection in VARIABLE_COLLECTIONS if meta is not None else ():
        if meta is not None and collection in meta.collection_def:
            for data in meta.collection_def[collection].bytes_list.value:
                collections.setdefault(data, []).append(collection)
    found: dict[str, list[tuple[schema.VariableDef, list[str]]]] = {}
    for data, names in collections.items():
        definition = schema.parse(schema.VariableDef, data)
        found.setdefault(node_of(definition.variable_name), []).append((definition, names))
    return found


def _is_large(node: Node) -> bool:
    return any(node.payloads(key) for key in node.proto.attr) or node.op.startswith("Placeholder")
