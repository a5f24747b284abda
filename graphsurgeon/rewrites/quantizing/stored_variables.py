"""Variables that are stored in another type: what sets them up, saves and restores them takes it.

================================  ==========================================================================
what                              becomes
================================  ==========================================================================
the variable or handle            of the new type
Assign of what it begins with     of that type; who makes the edits converts the initial value, which stays as it is
the question if it is initialized of that type
savers                            save and restore that type, where the checkpoint holds the variable under the key;
                                  under other keys, as of averages, they keep the type
================================  ==========================================================================

A variable that anything else changes, as optimizers do, stays as it is, and so does one whose handle a function gets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from graphsurgeon.ir import ops
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_dtype
from graphsurgeon.ir.op_families import ASSIGN_OPS, IS_INITIALIZED_OPS, REF_OPS, RESOURCE_OPS, RESTORE_OPS, SAVE_OPS
from graphsurgeon.ir.versions import IDLE_OPS
from graphsurgeon.meta_graph.collections import VARIABLE_COLLECTIONS, messages
from graphsurgeon.names import node_of, node_of_input, some_of
from graphsurgeon.rewrites.training.trained import object_variables
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues, saved_keys, variable_nodes
from graphsurgeon.variables.saver_calls import THROUGH_OPS, SaverCall, saver_calls
from proto_utils import schema

#: So many nodes are looked at to see whether an initial value depends on the variable itself.
_MAX_INITIAL: Final = 64
_UPDATES: Final = ("ResourceApply", "ResourceSparseApply", "ResourceScatter", "AssignAdd", "AssignSub")
#: What gives values that training or loading set, so that what depends on these alone is none of a layer.
_STORED: Final = REF_OPS | RESOURCE_OPS | {"Const"}
_HAND_ON: Final = frozenset({"Identity", "Reshape"})
_TYPES: Final = {"SaveV2": "dtypes", "Save": "T", "SaveSlices": "T", "RestoreV2": "dtypes"}


class StoredVariables:
    """The variables of a model's graph, of float32, that are to be stored in another type.

    Attributes
    ----------
    chosen : dict of str to None
        Their nodes; empty before `choose`.
    keys : dict of str to None
        Where the checkpoint holds them.
    changed_by : list of str
        Ops that change variables which could be stored so otherwise.
    """

    def __init__(self, model: Model, index: Index) -> None:
        self._model = model
        self._index = index
        self.chosen: dict[str, None] = {}
        self.keys: dict[str, None] = {}
        self.changed_by: list[str] = []

    def candidates(self) -> Iterator[Node]:
        """Yield the variables of float32."""
        for node in variable_nodes(self._model.graph):
            if variable_dtype(node) is dtypes.FLOAT:
                yield node

    def is_around(self, variable: Node, reader: Node, position: int) -> bool:
        """Whether a reader sets a variable, saves it or asks about it, and computes nothing with its value."""
        if reader.op in ASSIGN_OPS:
            return position == 0
        if _is_update(variable, reader, position):
            return True
        if reader.op in IS_INITIALIZED_OPS | IDLE_OPS or reader.op == "VariableShape":
            return True
        return reader.op in SAVE_OPS and variable.op in REF_OPS

    def is_read(self, variable: Node, reader: Node) -> bool:
        """Whether a reader hands on a variable's value, and nothing else."""
        return reader.op == ("Identity" if variable.op in REF_OPS else "ReadVariableOp")

    def choose(self, found: Collection[str], depending: Collection[str]) -> dict[str, str]:
        """Choose those among variables that nothing changes; return why others stay.

        `depending` are the nodes that depend on inputs, which no initial value does.
        """
        kept: dict[str, str] = {}
        self.keys = {}
        for name in found:
            node, readers = self._index.producers[name], self._index.consumers(name)
            changes = [reader for reader, position in readers if _is_update(node, reader, position)]
            if changes:
                kept[name] = f"{changes[0].name!r} ({changes[0].op}) changes it"
                self.changed_by += [reader.name for reader in changes]
                continue
            for reader, position in readers:
                if reader.op in ASSIGN_OPS and position == 0 and not self._is_set_up(name, reader, depending):
                    kept[name] = f"{reader.name!r} ({reader.op}) changes it"
                    break
        chosen = [name for name in found if name not in kept]
        saved, values = saved_keys(self._model, self._index), VariableValues(self._model, self._index)
        places = {node.name: values.place(node) or saved.get(node.name) for node in variable_nodes(self._model.graph)}
        by_key: dict[str, list[str]] = {}
        for name, place in places.items():
            by_key.setdefault(name if place is None else place.key, []).append(name)
        for key, names in by_key.items():
            others = [name for name in names if name in kept or name not in found]
            value = self._model.variables.get(key)
            if value is not None and value.dtype is not dtypes.FLOAT:
                kept |= dict.fromkeys(names, f"the checkpoint has {key!r} in {value.dtype.name}")
            elif not others:
                self.keys[key] = None
            for name in names if others else ():
                kept.setdefault(name, f"{key!r} of the checkpoint has {some_of(others)} as well, in float32")
        self.chosen = dict.fromkeys(name for name in chosen if name not in kept)
        return {name: reason for name, reason in kept.items() if name in found}

    def _is_set_up(self, name: str, assign: Node, depending: Collection[str]) -> bool:
        """Whether an assignment is of an initial value, or of what is restored."""
        pending, seen = [node_of_input(assign.data_inputs[1])], set[str]()
        while pending:
            each = pending.pop()
            node = self._index.producers.get(each)
            if node is None or each == name or len(seen) > _MAX_INITIAL:
                return False
            if each in seen or node.op in RESTORE_OPS:
                continue
            seen.add(each)
            if each in depending and not self._is_restored(node):
                return False
            pending += map(node_of_input, node.data_inputs)
        return True

    def _is_restored(self, node: Node | None) -> bool:
        while node is not None and node.op in THROUGH_OPS:
            node = self._index.producers.get(node_of_input(node.data_inputs[0]))
        return node is not None and node.op in RESTORE_OPS

    def retype(self, edit: GraphEdit, dtype: DType) -> set[str]:
        """Let the variables, what is around them and the savers have a type; return the nodes that were edited."""
        changed: set[str] = set()
        for name in self.chosen:
            edit.edit(edit.graph[name]).attrs["dtype"] = dtype
            changed.add(name)
            for reader, _ in edit.index.consumers(name):
                attr = {"Assign": "T", "AssignVariableOp": "dtype", "IsVariableInitialized": "dtype"}.get(reader.op)
                if attr is not None:
                    edit.edit(reader).attrs[attr] = dtype
                    changed.add(reader.name)
        for call in saver_calls(self._model, self._index) if self.chosen else ():
            types = [dtype if key in self.keys else each for key, _, each in call.entries()]
            if call.function is None and types != call.types:
                node = edit.edit(call.node)
                attr = _TYPES.get(node.op)
                node.attrs[attr or "dt"] = types[0] if attr is None else types
                changed |= {node.name, *self._pass_on(edit, call, types)}
        return changed

    def _pass_on(self, edit: GraphEdit, call: SaverCall, types: list[DType]) -> Iterator[str]:
        """Let what hands on a restored tensor hand on its type; yield those nodes."""
        changed = [i for i, dtype in enumerate(types) if call.is_restore and dtype is not call.types[i]]
        for first in changed:
            pending = [(call.node.name, first)]
            while pending:
                name, output = pending.pop()
                for reader, position in self._index.tensor_consumers(f"{name}:{output}" if output else name):
                    if reader.op in _HAND_ON and position == 0:
                        edit.edit(reader).attrs["T"] = types[first]
                        pending.append((reader.name, 0))
                        yield reader.name

    def finish(self, dtype: DType, convert: Callable[[str, Tensor], Tensor]) -> None:
        """Convert the values by their keys, and let collections and objects know; the graph has its edits."""
        variables, meta = self._model.variables, self._model.meta
        for key in self.keys:
            if key in variables and variables[key].dtype is dtypes.FLOAT:
                variables[key] = convert(key, variables[key])
        for collection in VARIABLE_COLLECTIONS if meta is not None and self.chosen else ():
            _tell(self._model, collection, self.chosen)
        for name, objects in object_variables(meta).items() if meta is not None else ():
            for each in objects if name in self.chosen else ():
                each.dtype = dtype.number


def depending_on_inputs(index: Index) -> set[str]:
    """Return the nodes that depend on anything but constants and variables."""
    pending = [
        name
        for name, node in index.producers.items()
        if node.op not in _STORED
        and not (node.data_inputs and all(node_of_input(text) in index.producers for text in node.data_inputs))
    ]
    found = set(pending)
    while pending:
        for reader, _ in index.consumers(pending.pop()):
            if reader.name not in found:
                found.add(reader.name)
                pending.append(reader.name)
    return found


def _tell(model: Model, collection: str, chosen: Mapping[str, None]) -> None:
    """Let VariableDefs name the initial values that are assigned now."""
    meta = model.meta
    if meta is None or collection not in meta.collection_def:
        return
    listed = meta.collection_def[collection].bytes_list.value
    for position, definition in enumerate(list(messages(meta, collection))):
        assign = model.graph.get(node_of(definition.initializer_name))
        is_meant = node_of(definition.variable_name) in chosen and definition.initial_value_name
        if is_meant and assign is not None and assign.op in ASSIGN_OPS:
            text = assign.data_inputs[1]
            definition.initial_value_name = text if ":" in text else f"{text}:0"
            listed[position] = schema.serialize(definition)


def _is_update(variable: Node, reader: Node, position: int) -> bool:
    """Whether an op changes a variable by what it is, as those of optimizers do."""
    if reader.op in ASSIGN_OPS:
        return False
    if variable.op not in REF_OPS:
        return reader.op.startswith(_UPDATES)
    known = ops.facts(reader.op)
    if known is None or reader.op in IS_INITIALIZED_OPS or not known.ref_inputs:
        return False
    return position < len(known.inputs) and known.inputs[position].is_ref
