"""The object graph of a TensorFlow 2 checkpoint: which Python object each tensor belongs to.

``tf.train.Checkpoint`` names tensors by the way from the root object to the variable, not by the
variable's name. The graph of objects, as it was when the checkpoint was saved, is the string tensor
``_CHECKPOINTABLE_OBJECT_GRAPH``, a TrackableObjectGraph::

    nodes[0], the root
        children         local_name -> node             cycles and several ways to one object are usual
        attributes       name, full_name, checkpoint_key  a variable has one, VARIABLE_VALUE
        slot_variables   original, slot_name, variable  of an optimizer; only this leads to the slot's variable
        registered_saver

    key of a variable    model/layers/0/kernel/.ATTRIBUTES/VARIABLE_VALUE
    key of a slot        model/layers/0/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE

The way in a key is the shortest, the first of several. In it ``.`` of a local name is doubled and
``/`` is ``.S``. ``full_name`` is what TensorFlow 1 would have called the variable; nothing keeps two
of them from being the same.

Source: TensorFlow's ``core/protobuf/trackable_object_graph.proto`` and ``python/checkpoint/util.py``.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError
from proto_utils.named_tuple import NamedTuple

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"

#: The graph of a million variables takes about as much. Parsed, it is up to thirty times as large.
MAX_NBYTES = 1 << 27
#: A longer way from the root is no program's.
MAX_PATH = 1 << 14

#: In a key, behind the way to the object.
ATTRIBUTES = "/.ATTRIBUTES/"
_SLOT = "/.OPTIMIZER_SLOT/"
#: What Keras 3 calls parts of its optimizers, which have no slots.
_KERAS_OPTIMIZER = frozenset({"_iterations", "_learning_rate"})


class SavedAttribute(NamedTuple):
    """A value that an object saved: usually the only one of a variable."""

    node: int  # the object
    name: str
    full_name: str  # of a variable; else empty
    key: str  # of the tensor; those of tables (two) and iterators begin with it


class SlotVariable(NamedTuple):
    """What an optimizer keeps about a variable: the objects are the optimizer, what it trains, and the slot's own."""

    optimizer: int
    original: int
    slot_name: str  # ``m``, ``momentum`` ...
    variable: int


class RegisteredSaver(NamedTuple):
    """An object (`node`) that a function of the program, the saver of that name, saves and restores."""

    node: int
    name: str
    object_name: str


class ObjectGraph:
    """The objects of a checkpoint, by number; 0 is the root.

    Made of a TrackableObjectGraph; a number of no object in it is a CorruptionError. Costs O(objects and references),
    whatever the cycles.
    """

    def __init__(self, message: Any) -> None:
        self._nodes = message.nodes
        # The tree of shortest ways: whom each object was found by, and as what.
        self._parents = array("q", [-1]) * len(self._nodes)
        self._names: dict[int, str] = {}
        self._slots: dict[int, SlotVariable] = {}
        self._attributes: dict[str, SavedAttribute] = {}
        self._owners: dict[str, SavedAttribute] = {}
        self._saved: dict[int, list[SavedAttribute]] = {}
        self._spread()
        for number, node in enumerate(self._nodes):
            self._add(number, node)

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def attributes(self) -> Mapping[str, SavedAttribute]:
        """What is saved, by key."""
        return self._attributes

    @property
    def slots(self) -> Mapping[int, SlotVariable]:
        """The slot variables, by their own object."""
        return self._slots

    def children(self, number: int) -> Iterator[tuple[str, int]]:
        """Yield what an object refers to: a local name, and the other object."""
        return ((child.local_name, child.node_id) for child in self._nodes[number].children)

    def registered_savers(self) -> Iterator[RegisteredSaver]:
        """Yield the objects that functions of the program save."""
        for number, node in enumerate(self._nodes):
            if node.HasField("registered_saver"):
                yield RegisteredSaver(number, node.registered_saver.name, node.registered_saver.object_name)

    def optimizers(self) -> list[int]:
        """Return the objects that have slots, have what Keras 3's have, or are called ``optimizer``; in order."""
        found = {slot.optimizer for slot in self._slots.values()}
        for number, node in enumerate(self._nodes):
            names = {child.local_name: child.node_id for child in node.children}
            if names.keys() >= _KERAS_OPTIMIZER:
                found.add(number)
            if "optimizer" in names and self._is_reached(number):
                found.add(names["optimizer"])
        return sorted(found)

    def trained(self) -> set[int]:
        """Return what optimizers keep values about: variables with slots, and those that Keras 3's list."""
        found = {slot.original for slot in self._slots.values()}
        for number in self.optimizers():
            for child in self._nodes[number].children:
                if child.local_name == "_trainable_variables":
                    found.update(each.node_id for each in self._nodes[child.node_id].children)
        return found

    def attribute(self, key: str) -> SavedAttribute | None:
        """Return what a tensor is a value of, None for keys of no object."""
        return self._attributes.get(key) or self._owners.get(key.partition(ATTRIBUTES)[0])

    def saved_by(self, number: int) -> Sequence[SavedAttribute]:
        """Return what an object saved: of a variable one value, of most other objects none."""
        return self._saved.get(number, ())

    def slot(self, key: str) -> SlotVariable | None:
        """Return the slot whose value a tensor is, None of other tensors."""
        attribute = self.attribute(key)
        return None if attribute is None else self._slots.get(attribute.node)

    def path(self, number: int) -> str | None:
        """Return the shortest way from the root to an object, None without one; a LimitError beyond `MAX_PATH`."""
        slot = self._slots.get(number)
        if slot is None or self._is_reached(number):
            return self._way(number)
        original, optimizer = self._way(slot.original), self._way(slot.optimizer)
        return None if original is None or optimizer is None else f"{original}{_SLOT}{_join(optimizer, slot.slot_name)}"

    def references(self, number: int) -> list[tuple[int, str]]:
        """Return the shortest way from the root: each object on it, and what it calls the next; none without a way."""
        found = []
        while number > 0 and self._is_reached(number):
            found.append((self._parents[number], self._names[number]))
            number = self._parents[number]
        return found[::-1]

    def path_of_reference(self, number: int, name: str) -> str | None:
        """Return the way to what an object calls so, by way of that object; errors as `path`."""
        way = self._way(number)
        return None if way is None else _join(way, name)

    def paths(self, number: int) -> list[str]:
        """Return a way to an object by each reference to it, the shortest first; costs a look at every reference.

        Errors as `path`.
        """
        first = self.path(number)
        found = [] if first is None else [first]
        for parent, node in enumerate(self._nodes):
            names = [child.local_name for child in node.children if child.node_id == number]
            way = self._way(parent) if names else None
            if way is not None:
                found += [_join(way, name) for name in names]
        return sorted(dict.fromkeys(found), key=len)

    def find(self, name: str) -> list[str]:
        """Return the keys of what has a full name, or is at a path: any way from the root, not only the shortest."""
        keys = [each.key for each in self._attributes.values() if name and each.full_name == name]
        if not keys and name:
            number = self._at(name)
            keys = [] if number is None else [each.key for each in self.saved_by(number)]
        return keys

    def full_names(self) -> dict[str, str]:
        """Return the keys by full name, without the names that several variables have."""
        found: dict[str, str] = {}
        several = set()
        for attribute in self._attributes.values():
            if attribute.full_name and found.setdefault(attribute.full_name, attribute.key) != attribute.key:
                several.add(attribute.full_name)
        return {name: key for name, key in found.items() if name not in several}

    def _spread(self) -> None:
        """Find the shortest ways: outwards from the root, as TensorFlow does when it makes the keys."""
        waiting = deque([0] if len(self._nodes) else [])
        while waiting:
            number = waiting.popleft()
            for child in self._nodes[number].children:
                found = self._checked(child.node_id, number)
                if not self._is_reached(found):
                    self._parents[found] = number
                    self._names[found] = child.local_name
                    waiting.append(found)

    def _add(self, number: int, node: Any) -> None:
        for child in node.children:
            self._checked(child.node_id, number)
        for each in node.attributes:
            attribute = SavedAttribute(number, each.name, each.full_name, each.checkpoint_key)
            self._attributes[attribute.key] = attribute
            self._saved.setdefault(number, []).append(attribute)
            self._owners.setdefault(attribute.key.partition(ATTRIBUTES)[0], attribute)
        for each in node.slot_variables:
            original = self._checked(each.original_variable_node_id, number)
            variable = self._checked(each.slot_variable_node_id, number)
            self._slots[variable] = SlotVariable(number, original, each.slot_name, variable)

    def _checked(self, number: int, by: int) -> int:
        if not 0 <= number < len(self._nodes):
            raise CorruptionError(f"object graph: object {by} refers to object {number} of {len(self._nodes)}")
        return number

    def _is_reached(self, number: int) -> bool:
        return number == 0 or self._parents[number] >= 0

    def _way(self, number: int) -> str | None:
        if not self._is_reached(number):
            return None
        names, length = [], 0
        while number:
            names.append(_escape(self._names[number]))
            length += len(names[-1]) + 1
            if length > MAX_PATH:
                raise LimitError("the path of an object, in characters,", length, MAX_PATH)
            number = self._parents[number]
        return "/".join(reversed(names))

    def _at(self, path: str) -> int | None:
        """Return the object at a path, None when there is none."""
        before, found, behind = path.partition(_SLOT)
        if not found:
            return self._walk(path)
        optimizer, _, name = behind.rpartition("/")
        wanted = (self._walk(optimizer), self._walk(before), name)
        slots = self._slots.values()
        return next((s.variable for s in slots if (s.optimizer, s.original, _escape(s.slot_name)) == wanted), None)

    def _walk(self, path: str) -> int | None:
        number: int | None = 0 if len(self._nodes) else None
        for name in path.split("/") if path else []:
            if number is None:
                break
            children = self._nodes[number].children
            number = next((child.node_id for child in children if _escape(child.local_name) == name), None)
        return number


def read_object_graph(tensors: Mapping[str, Tensor]) -> ObjectGraph | None:
    """Read the object graph of a checkpoint, None of one that is saved by name.

    Reads no other value; raises as `object_graph_text`, and CorruptionError when the graph is damaged.
    """
    text = object_graph_text(tensors)
    return None if text is None else ObjectGraph(schema.parse(schema.TrackableObjectGraph, text))


def object_graph_text(tensors: Mapping[str, Tensor]) -> bytes | None:
    """Return the serialized object graph of a checkpoint, None of one that is saved by name.

    It is a LimitError when it is longer than `MAX_NBYTES`.
    """
    tensor = tensors.get(OBJECT_GRAPH_KEY)
    if tensor is None or tensor.dtype is not dtypes.STRING or tensor.size != 1:
        return None
    nbytes = tensor.nbytes
    if nbytes > MAX_NBYTES:
        raise LimitError("the object graph of a checkpoint, in bytes,", nbytes, MAX_NBYTES)
    return next(iter(tensor.strings()))


def _escape(name: str) -> str:
    """Return a local name as keys have it."""
    return name.replace(".", "..").replace("/", ".S")


def _join(way: str, name: str) -> str:
    return f"{way}/{_escape(name)}" if way else _escape(name)
