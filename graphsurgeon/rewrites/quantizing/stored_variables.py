"""Variables that are stored in another type: what sets them up, saves and restores them takes it.

================================  ==========================================================================
what                              becomes
================================  ==========================================================================
the variable or handle            of the new type
Assign of what it begins with     of that type; who makes the edits converts the initial value, which stays as it is
the question if it is initialized of that type
savers                            save and restore that type, where the checkpoint holds the variable under the key;
                                  under other keys, as of averages, they keep the type
objects of a SavedModel           say that type, for ``tf.saved_model.load`` makes the variables
arguments that are handles        say that type, where they say one
================================  ==========================================================================

Who takes a variable's handle in function bodies is told by `handle_flow`. A variable that anything else changes, as
optimizers do, stays as it is, and so does one whose handle goes where nothing is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import Final

from graphsurgeon.ir import ops
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_dtype
from graphsurgeon.ir.op_families import ASSIGN_OPS, IS_INITIALIZED_OPS, REF_OPS, RESOURCE_OPS, RESTORE_OPS, SAVE_OPS
from graphsurgeon.ir.versions import IDLE_OPS
from graphsurgeon.names import node_of_input, parse_input, some_of
from graphsurgeon.rewrites.quantizing.handle_flow import HandleFlow, HandleUse
from graphsurgeon.rewrites.quantizing.saver_arguments import SaverArguments
from graphsurgeon.rewrites.quantizing.told_types import tell_arguments, tell_collections, tell_objects
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.captured import captured_variables, named_objects
from graphsurgeon.variables.checkpoint_keys import SavedAs, VariableValues, saved_keys, variable_nodes
from graphsurgeon.variables.object_variables import has_object_variables, object_variables_by_key
from graphsurgeon.variables.saver_calls import THROUGH_OPS, SaverCall, saver_calls

#: So many nodes are looked at to see whether an initial value depends on the variable itself.
_MAX_INITIAL: Final = 64
_UPDATES: Final = ("ResourceApply", "ResourceSparseApply", "ResourceScatter", "AssignAdd", "AssignSub")
#: What gives values that training or loading set, so that what depends on these alone is not a layer's.
_STORED: Final = REF_OPS | RESOURCE_OPS | {"Const"}
_HAND_ON: Final = frozenset({"Identity", "Reshape"})
_TYPES: Final = {"SaveV2": "dtypes", "Save": "T", "SaveSlices": "T", "RestoreV2": "dtypes"}
_TYPE: Final = {"Assign": "T", "AssignVariableOp": "dtype", "IsVariableInitialized": "dtype"}
#: What reads some rows of a variable by its handle.
GATHERS: Final = frozenset({"ResourceGather", "ResourceGatherNd"})

#: The edits of the graph (None) and of function bodies.
Edits = Mapping["str | None", GraphEdit]


class StoredVariables:
    """The variables of a model's graph, of float32, that are to be stored in another type.

    Attributes
    ----------
    flow : HandleFlow
    savers : SaverArguments
    chosen : dict of str to None
        Their nodes; empty before `choose`.
    changed_by : list of str
        Ops of the graph that change variables which could be stored so otherwise.
    """

    def __init__(self, model: Model, index: Index) -> None:
        self._model = model
        self._index = index
        self._calls = saver_calls(model, index)
        self._values = VariableValues(model, index)
        self._depending: dict[str | None, set[str]] = {}
        self.flow = HandleFlow(model, index, self._bound())
        self.savers = SaverArguments(model, self._calls)
        self.chosen: dict[str, None] = {}
        self.changed_by: list[str] = []

    @property
    def keys(self) -> dict[str, None]:
        """Where the checkpoint holds what is chosen."""
        return dict.fromkeys(self.key(name) for name in self.chosen)

    def key(self, name: str) -> str:
        """Return the key of a variable, of one without a place in a checkpoint its name."""
        place = self._places[name]
        return name if place is None else place.key

    def candidates(self) -> Iterator[Node]:
        """Yield the variables of float32."""
        for node in variable_nodes(self._model.graph):
            if variable_dtype(node) is dtypes.FLOAT:
                yield node

    def uses(self, variable: Node) -> list[HandleUse]:
        """Return what takes a variable or its handle, in the graph and in function bodies."""
        if variable.op not in REF_OPS:
            return self.flow.uses[variable.name]
        return [HandleUse(None, *edge) for edge in self._index.consumers(variable.name)]

    def depending(self, function: str | None) -> set[str]:
        """Return the nodes of the graph, or of a body, that depend on anything but constants and variables."""
        if function not in self._depending:
            handles = self.flow.arguments(function)
            self._depending[function] = depending_on_inputs(self.flow.index(function), handles)
        return self._depending[function]

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
        """Whether a reader hands on a variable's value or rows of it, and nothing else."""
        return (
            reader.op == "Identity" if variable.op in REF_OPS else reader.op == "ReadVariableOp" or reader.op in GATHERS
        )

    def against(self, variable: Node) -> str:
        """Return why nobody can tell what becomes of a variable, empty if one can."""
        if variable.name in self.flow.against:
            return self.flow.against[variable.name]
        if variable.op in REF_OPS or not has_object_variables(self._model):
            return ""
        is_known = self.key(variable.name) in self._objects or variable.name in self._named_objects
        if self._places[variable.name] is not None and not is_known:
            return "nothing tells which object of the SavedModel it is"
        return ""

    def choose(self, found: Collection[str]) -> dict[str, str]:
        """Choose those among variables that nothing changes; return why others stay."""
        kept: dict[str, str] = {}
        for name in found:
            reason = self._change(self._index.producers[name])
            if reason:
                kept[name] = reason
        groups = [*self._by_key(kept), *self._by_use()]
        names = {name for name in found if name not in kept}
        before = -1
        while len(names) != before:
            before = len(names)
            for members, has in groups:
                others = [name or "others" for name in members if name not in names]
                if others:
                    reason = f"{has} {some_of(others)} as well, in float32"
                    kept = {**dict.fromkeys(members, reason), **kept}
                    names.difference_update(members)
        self.chosen = dict.fromkeys(name for name in found if name in names)
        return {name: reason for name, reason in kept.items() if name in found}

    def drop(self, names: Collection[str]) -> None:
        """Let variables stay as they are after all; nothing of what is chosen depends on them."""
        self.chosen = {name: None for name in self.chosen if name not in names}

    def copied(self, name: str) -> str:
        """Return the variable whose value another begins with; empty when there is none."""
        for use in self.uses(self._index.producers[name]):
            if use.function is None and use.node.op in ASSIGN_OPS and use.position == 0:
                source = self._index.producer(use.node.data_inputs[1])
                for _ in range(_MAX_INITIAL):
                    if source is None or source.op not in ("Identity", "ReadVariableOp"):
                        break
                    source = self._index.producer(source.data_inputs[0])
                if source is not None and source.op in REF_OPS | RESOURCE_OPS:
                    return source.name
        return ""

    def retype(self, edits: Edits, dtype: DType) -> dict[str | None, set[str]]:
        """Let the variables, what is around them and the savers have a type; return the nodes that were edited."""
        changed: dict[str | None, set[str]] = {function: set() for function in edits}

        def edited(function: str | None, node: Node) -> Node:
            changed[function].add(node.name)
            return edits[function].edit(node)

        for name in self.chosen:
            variable = self._index.producers[name]
            edited(None, variable).attrs["dtype"] = dtype
            for use in self.uses(variable):
                if use.node.op in _TYPE:
                    edited(use.function, use.node).attrs[_TYPE[use.node.op]] = dtype
        keys = self.keys
        for call in self._calls if self.chosen else ():
            types = [dtype if key in keys else each for key, _, each in call.entries()]
            if types != call.types:
                attr = _TYPES.get(call.node.op)
                edited(call.function, call.node).attrs[attr or "dt"] = types[0] if attr is None else types
                for node in self._pass_on(call, types):
                    edited(call.function, node).attrs["T"] = dtype
                for caller in self.savers.retype(call, types, edits[None]):
                    changed[None].add(caller)
        return changed

    def _pass_on(self, call: SaverCall, types: list[DType]) -> Iterator[Node]:
        """Yield what hands on a restored tensor of another type than before."""
        changed = [i for i, dtype in enumerate(types) if call.is_restore and dtype is not call.types[i]]
        pending = [(call.node.name, first) for first in changed]
        while pending:
            name, output = pending.pop()
            for reader, position in call.edges.consumers(name):
                if reader.op in _HAND_ON and position == 0 and parse_input(reader.inputs[0]).output == output:
                    pending.append((reader.name, 0))
                    yield reader

    def finish(self, dtype: DType, convert: Callable[[str, Tensor], Tensor]) -> None:
        """Convert the values by their keys, and let what is around know; graph and bodies have their edits."""
        variables, meta = self._model.variables, self._model.meta
        for key in self.keys:
            if key in variables and variables[key].dtype is dtypes.FLOAT:
                variables[key] = convert(key, variables[key])
        tell_arguments(self._model, self.flow, self.chosen.keys(), dtype)
        if meta is not None and self.chosen:
            tell_collections(self._model, meta, self.chosen)
            objects = [
                self._objects.get(self.key(name), []) or self._named_objects.get(name, []) for name in self.chosen
            ]
            tell_objects(meta, {number for numbers in objects for number in numbers}, dtype)

    @cached_property
    def _places(self) -> dict[str, SavedAs | None]:
        saved = saved_keys(self._model, self._index)
        return {
            node.name: self._values.place(node) or saved.get(node.name) for node in variable_nodes(self._model.graph)
        }

    @cached_property
    def _objects(self) -> dict[str, list[int]]:
        return object_variables_by_key(self._model)

    @cached_property
    def _named_objects(self) -> dict[str, list[int]]:
        return named_objects(self._model)

    def _bound(self) -> dict[str, dict[int, str]]:
        """Return the variables that functions captured, by function and number of the argument."""
        if not self._model.library.functions or not has_object_variables(self._model):
            return {}
        keys = {node.name: self.key(node.name) for node in variable_nodes(self._model.graph)}
        return captured_variables(self._model, keys, self._objects)

    def _change(self, variable: Node) -> str:
        """Return what changes a variable, past setting it up and restoring it; empty when nothing does."""
        uses = self.uses(variable)
        changes = [use for use in uses if _is_update(variable, use.node, use.position)]
        if changes:
            self.changed_by += [use.node.name for use in changes if use.function is None]
            return f"{changes[0]} changes it"
        for use in uses:
            if use.node.op in ASSIGN_OPS and use.position == 0 and not self._is_set_up(variable.name, use):
                return f"{use} changes it"
        return ""

    def _by_key(self, kept: dict[str, str]) -> Iterator[tuple[list[str], str]]:
        """Yield the variables of each key, and who has them; those that have another type there are kept."""
        by_key: dict[str, list[str]] = {}
        for name in self._places:
            by_key.setdefault(self.key(name), []).append(name)
        for key, names in by_key.items():
            value = self._model.variables.get(key)
            if value is not None and value.dtype is not dtypes.FLOAT:
                kept |= dict.fromkeys(names, f"the checkpoint has {key!r} in {value.dtype.name}")
            yield names, f"{key!r} of the checkpoint has"

    def _by_use(self) -> Iterator[tuple[list[str], str]]:
        """Yield the variables that one node takes the handles of, and how to say that."""
        for use, names in self.flow.together():
            yield names, f"{use} takes"

    def _is_set_up(self, name: str, use: HandleUse) -> bool:
        """Whether an assignment is of an initial value, or of what is restored."""
        producers, depending = self.flow.index(use.function).producers, self.depending(use.function)
        pending, seen = [node_of_input(use.node.data_inputs[1])], set[str]()
        while pending:
            each = pending.pop()
            node = producers.get(each)
            if node is None or each == name or len(seen) > _MAX_INITIAL:
                return False
            if each in seen or node.op in RESTORE_OPS:
                continue
            seen.add(each)
            if each in depending and not self._is_restored(use.function, node):
                return False
            pending += map(node_of_input, node.data_inputs)
        return True

    def _is_restored(self, function: str | None, node: Node | None) -> bool:
        producers = self.flow.index(function).producers
        while node is not None and node.op in THROUGH_OPS:
            node = producers.get(node_of_input(node.data_inputs[0]))
        return node is not None and node.op in RESTORE_OPS


def depending_on_inputs(index: Index, handles: Collection[str] = ()) -> set[str]:
    """Return the nodes that depend on anything but constants and variables; `handles` are arguments of a body."""
    known = index.producers.keys() | set(handles)
    pending = [
        name
        for name, node in index.producers.items()
        if node.op not in _STORED
        and not (node.data_inputs and all(node_of_input(text) in known for text in node.data_inputs))
    ]
    found = set(pending)
    while pending:
        for reader, _ in index.consumers(pending.pop()):
            if reader.name not in found:
                found.add(reader.name)
                pending.append(reader.name)
    return found


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
