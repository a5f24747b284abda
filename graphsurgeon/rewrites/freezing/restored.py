"""Variables made again of constants, as the notes of `freeze` tell (see `remembered`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.collections import list_variables
from graphsurgeon.meta_graph.version import stamp_version
from graphsurgeon.names import matches_any, node_of
from graphsurgeon.rewrites.freezing.handle_reads import read_again
from graphsurgeon.rewrites.freezing.held import completed, held_variables
from graphsurgeon.rewrites.freezing.to_variables import VariableRow
from graphsurgeon.tensors.boxes import Box, whole
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import SavedAs
from graphsurgeon.variables.layout import Variable, new_read, new_variable, usual_read
from graphsurgeon.variables.remembered import Remembered, remembered_constants, usable_parts
from graphsurgeon.variables.saved_state import SavedState
from graphsurgeon.variables.saver import SavedVariable, install_saver
from graphsurgeon.variables.shape_and_slice import parse_shape_and_slice
from proto_utils import schema


def restore_variables(
    model: Model, exclude: Sequence[str] = (), only: Sequence[str] = (), *, states: Sequence[SavedState] = ()
) -> list[VariableRow]:
    """Make the variables again that notes tell of, with saver, collections and values.

    `exclude` has names or patterns of constants to leave, `only` of the only ones to restore; `states` are what the
    graph holds besides variables, for the new saver. Returns rows in the
    order of the graph, none when there is no note.
    """
    notes = remembered_constants(model.graph)
    notes = {name: note for name, note in notes.items() if not matches_any(exclude, name)}
    notes = {name: note for name, note in notes.items() if not only or matches_any(only, name)}
    if not notes:
        return []
    values = {name: model.graph[name].tensor for name in notes}
    held = held_variables(model, Index(model.graph))
    restorer = _Restorer(model.graph, notes)
    restorer.edit.apply()
    if model.meta is None:
        model.meta = schema.MetaGraphDef()
    places, stored = _stored(notes, values)
    model.variables.update(stored)
    variables = restorer.variables
    saved = [SavedVariable(places[n].key, v, places[n].slice) for n, v in variables.items()]
    taken = {node.name for node in model.graph}
    saved += [variable for each in held for variable in completed(each, model, taken).saved]
    install_saver(model, [*saved, *states])
    stamp_version(model.meta)
    list_variables(model.meta, [entry for name in notes for entry in restorer.definitions(name)])
    return [_restored(name, places[name].key, values[name], note) for name, note in notes.items()]


def _restored(name: str, key: str, value: Tensor, note: Remembered) -> VariableRow:
    return VariableRow(
        key, name, value.dtype.name, list(value.shape), value.nbytes, note.is_trainable, "variable", ["noted by freeze"]
    )


class _Restorer:
    """Gathers the nodes that take the place of constants, and their readers."""

    def __init__(self, graph: Graph, notes: Mapping[str, Remembered]) -> None:
        self.edit = GraphEdit(graph)
        self._index = Index(graph)
        self._notes = notes
        self._taken = set(self._index.producers)
        self._is_exact: dict[str, bool] = {}
        self.variables: dict[str, Variable] = {}
        for name, note in notes.items():
            self._restore(name, note)
            self._take_up(note)
            if note.kind == "resource":
                self._reread(name)

    def definitions(self, name: str) -> list[tuple[schema.VariableDef, list[str]]]:
        """Return the VariableDefs of a variable and their collections: its own, when all they name is there."""
        note = self._notes[name]
        if self._is_exact[name]:
            return note.definitions
        definition = self.variables[name].to_proto(trainable=note.is_trainable)
        return [(definition, collections) for _, collections in note.definitions]

    def _restore(self, name: str, note: Remembered) -> None:
        node, value = Node(note.variable), self._index.producers[name].tensor
        parts = usable_parts(note, name, self._taken)
        there = self._taken | {part.name for part in parts}
        definition = next((each for each, _ in note.definitions if _is_whole(each, there)), None)
        if definition is None and not note.definitions:
            definition = _definition(name, note, there)
        self._is_exact[name] = definition is not None
        if definition is not None:
            self._taken |= there
            self.edit.replace(name, [node, *parts])
            self.variables[name] = Variable(
                name, note.kind, value.dtype, definition.initializer_name, definition.snapshot_name,
                definition.initial_value_name, node.device,
            )  # fmt: skip
            return
        read_there = self._index.producers.get(usual_read(name, note.kind))
        own = read_there.name if read_there is not None and read_there.op == "Identity" else None
        made = new_variable(name, value, note.kind, self._taken, device=node.device, read=own)
        self.edit.replace(name, [node, *made.nodes[1:]])
        self.variables[name] = made.variable

    def _take_up(self, note: Remembered) -> None:
        """Give nodes that are still there the attrs back that freezing took, such as shapes."""
        for proto in note.nodes:
            now = self._index.producers.get(proto.name)
            if now is not None and now.op in (proto.op, "Identity") and now.inputs == tuple(proto.input):
                self.edit.replace(proto.name, [Node(proto)])

    def _reread(self, name: str) -> None:
        """Let what had read a handle read it again."""
        for consumer, position in self._index.consumers(name):
            now = self.edit.edit(consumer)
            if now.op != "ReadVariableOp" and not read_again(self.edit, now, position):
                self.edit.set_input(now, position, self._read(name))

    def _read(self, name: str) -> str:
        """Return the tensor that reads a variable; one is made when it has none."""
        variable = self.variables[name]
        if not variable.snapshot:
            read = new_read(name, variable.kind, variable.dtype, self._taken, device=variable.device)
            self.edit.add(read, behind=name)
            self.variables[name] = variable = variable._replace(snapshot=f"{read.name}:0")
        return variable.snapshot.removesuffix(":0")


def _definition(name: str, note: Remembered, there: set[str]) -> schema.VariableDef | None:
    """Describe a variable that no collection held by the usual names of its parts."""
    read = usual_read(name, note.kind)
    found = schema.VariableDef(variable_name=f"{name}:0", initializer_name=f"{name}/Assign", snapshot_name=f"{read}:0")
    return found if _is_whole(found, there) else None


def _is_whole(definition: schema.VariableDef, there: set[str]) -> bool:
    names = (definition.initializer_name, definition.snapshot_name, definition.initial_value_name)
    return bool(definition.initializer_name) and all(node_of(name) in there for name in names if name)


def _stored(
    notes: Mapping[str, Remembered], values: Mapping[str, Tensor]
) -> tuple[dict[str, SavedAs], dict[str, Tensor]]:
    """Return where the checkpoint is to have each variable, and its tensors: slices joined, where all are there."""
    parsed = {name: parse_shape_and_slice(note.slice) for name, note in notes.items()}
    parts: dict[str, list[tuple[Box, Tensor]]] = {}
    for name, note in notes.items():
        part, value = parsed[name], values[name]
        parts.setdefault(note.key, []).append((whole(value.shape) if part is None else part[1], value))
    places: dict[str, SavedAs] = {}
    stored: dict[str, Tensor] = {}
    joined: dict[str, Tensor] = {}
    for name, note in notes.items():
        part = parsed[name]
        places[name] = SavedAs(note.key if part is None else name)
        if part is not None:
            shape, box = part
            tensor = JoinedTensor(shape, parts[note.key])
            if tensor.is_complete:
                places[name] = SavedAs(note.key, box, shape)
                joined[note.key] = ReshapedTensor(tensor, shape)
                continue
        stored[places[name].key] = values[name]
    return places, {**stored, **joined}
