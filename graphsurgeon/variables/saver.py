"""The save/ subgraph and its SaverDef, laid out as `tf.train.Saver` does.

Callers in C++, Java and Go run these nodes by name::

    save/filename/input -> save/filename -> save/Const            the file name, fed
    save/SaveV2 (save/Const, tensor_names, shape_and_slices, values ...)
    save/control_dependency = Identity(save/Const, ^save/SaveV2)  fetched to save
    save/RestoreV2 (save/Const, tensor_names, shape_and_slices) -> one output per variable
    save/Assign, save/Assign_1 ...                                reference variables
    save/Identity, save/AssignVariableOp ...                      resource variables
    save/restore_all = NoOp(^every assignment)                    run to restore

What is no variable has an op of its own in the place of the assignment (see `saved_state`)::

    save/SaveV2 (..., counts/Export:0, counts/Export:1)
    save/counts_table_restore/LookupTableImportV2 (counts, save/RestoreV2:1, save/RestoreV2:2)

An assignment runs where its variable is, and ``save/restore_all`` is a group of them, see `group_op`.

Source: saver.py of TensorFlow 1.15 and 2.21, as seen in the graphs it exports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import NAME, Node
from graphsurgeon.names import bytes_of, free_scope, unique_name
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.group_op import new_group
from graphsurgeon.variables.layout import Variable, new_assignment
from graphsurgeon.variables.saved_state import SavedState, StateTensor
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

_CPU = "/device:CPU:0"
_V2 = 2


class SavedVariable(NamedTuple):
    """A variable and where the checkpoint has its value."""

    key: str
    variable: Variable
    slice: str = ""  # the part of the key's tensor, as in ``"10 4 0,5:0,4"``; empty for all of it
    is_copy: bool = False  # whether it is only restored, for another one is saved under this key

    @property
    def tensors(self) -> tuple[StateTensor, ...]:
        """What is saved of it."""
        variable = self.variable
        source = variable.node if variable.kind == "ref" and not self.slice else variable.snapshot.removesuffix(":0")
        return (StateTensor(variable.node, 1, self.key, self.slice, variable.dtype, source),)

    @property
    def device(self) -> str:
        """Where it is restored."""
        return self.variable.device


Saved = SavedVariable | SavedState


class Saver(NamedTuple):
    """The nodes of a save/ subgraph and the SaverDef that names them."""

    nodes: list[Node]
    saver_def: schema.SaverDef


def with_copies(saved: Iterable[SavedVariable]) -> list[SavedVariable]:
    """Let the first of several variables that are one object of TensorFlow 2, so have one key, be what is saved."""
    seen: set[tuple[str, str]] = set()
    found = []
    for each in saved:
        place = (each.key, each.slice)
        found.append(each._replace(is_copy=True) if place in seen else each)
        seen.add(place)
    return found


def new_saver(graph: Graph, states: Iterable[Saved], *, max_to_keep: int = 5) -> Saver:
    """Make the subgraph that saves and restores variables and other state, in the order of their keys.

    It is not in the graph yet. What is no variable says how it is saved (`SavedState.is_saved`).

    Its scope is the first that is free: ``save``, else ``save_1`` ...; `max_to_keep` is as of `tf.train.Saver`.
    """
    scope = free_scope("save", map(NAME, graph))
    saved = sorted(((each, each.tensors) for each in states), key=lambda pair: pair[1][0].key)
    parts = [part for _, tensors in saved for part in tensors]
    own = [part for each, tensors in saved if not _is_copy(each) for part in tensors]
    restored = _assignments(scope, saved)
    assigns = [node for nodes in restored for node in nodes]
    members = [
        # A node's own device takes a look at its message.
        (node.name, each.device if isinstance(each, SavedVariable) else node.device)
        for (each, _), nodes in zip(saved, restored, strict=True)
        for node in nodes
        if node.op != "Identity"
    ]
    restore_all = new_group(f"{scope}/restore_all", members)
    nodes = [*_file_name(scope), *_save(scope, own), *_restore(scope, parts), *assigns, *restore_all]
    saver_def = schema.SaverDef(
        filename_tensor_name=f"{scope}/Const:0",
        save_tensor_name=f"{scope}/control_dependency:0",
        restore_op_name=f"{scope}/restore_all",
        max_to_keep=max_to_keep,
        keep_checkpoint_every_n_hours=10000.0,
        version=_V2,
    )
    return Saver(nodes, saver_def)


def _is_copy(state: Saved) -> bool:
    return isinstance(state, SavedVariable) and state.is_copy


def install_saver(model: Model, states: Iterable[Saved]) -> None:
    """Give a model a saver for these variables and states and no others.

    What an earlier one kept of old checkpoints stays so. The graph gets the nodes, the meta graph the SaverDef; the
    nodes of an earlier saver stay. Of nothing TensorFlow has no saver either.
    """
    saved = list(states)
    if not saved:
        if model.meta is not None:
            model.meta.ClearField("saver_def")
        return
    saver = new_saver(model.graph, saved)
    model.graph.extend(saver.nodes)
    if model.meta is None:
        model.meta = schema.MetaGraphDef()
    earlier = model.meta.saver_def
    if earlier.restore_op_name:
        saver.saver_def.max_to_keep = earlier.max_to_keep
        saver.saver_def.keep_checkpoint_every_n_hours = earlier.keep_checkpoint_every_n_hours
    earlier.CopyFrom(saver.saver_def)


def _file_name(scope: str) -> list[Node]:
    model = StringTensor((), [b"model"])
    attrs: dict[str, Any] = {"dtype": dtypes.STRING, "shape": Shape(())}
    return [
        Node.new(f"{scope}/filename/input", "Const", attrs={"dtype": dtypes.STRING, "value": model}),
        Node.new(f"{scope}/filename", "PlaceholderWithDefault", [f"{scope}/filename/input"], attrs=attrs),
        Node.new(f"{scope}/Const", "PlaceholderWithDefault", [f"{scope}/filename"], attrs=attrs),
    ]


def _save(scope: str, parts: Sequence[StateTensor]) -> list[Node]:
    save, constant = f"{scope}/SaveV2", f"{scope}/Const"
    values = [part.source for part in parts]
    at = [b"loc:@" + constant.encode()]
    return [
        *_names_and_slices(save, parts),
        Node.new(save, "SaveV2", [*_arguments(scope, save), *values], attrs={"dtypes": _types(parts)}),
        Node.new(
            f"{scope}/control_dependency", "Identity", [constant, f"^{save}"],
            attrs={"T": dtypes.STRING, "_class": at},
        ),
    ]  # fmt: skip


def _restore(scope: str, parts: Sequence[StateTensor]) -> list[Node]:
    restore = f"{scope}/RestoreV2"
    node = Node.new(restore, "RestoreV2", _arguments(scope, restore), device=_CPU, attrs={"dtypes": _types(parts)})
    return [*_names_and_slices(restore, parts, _CPU), node]


def _arguments(scope: str, name: str) -> list[str]:
    return [f"{scope}/Const", f"{name}/tensor_names", f"{name}/shape_and_slices"]


def _types(parts: Sequence[StateTensor]) -> list[DType]:
    return [part.dtype for part in parts if part.dtype is not None]


def _names_and_slices(name: str, parts: Sequence[StateTensor], device: str = "") -> list[Node]:
    return [
        _strings(f"{name}/tensor_names", [bytes_of(part.key) for part in parts], device),
        _strings(f"{name}/shape_and_slices", [part.slice.encode() for part in parts], device),
    ]


def _strings(name: str, elements: Sequence[bytes], device: str) -> Node:
    value = StringTensor((len(elements),), elements)
    return Node.new(name, "Const", device=device, attrs={"dtype": dtypes.STRING, "value": value})


def _assignments(scope: str, saved: Sequence[tuple[Saved, Sequence[StateTensor]]]) -> list[list[Node]]:
    made: dict[int, list[Node]] = {}
    count = {"ref": 0, "resource": 0}
    output = 0
    others: list[tuple[int, SavedState, list[str]]] = []
    for number, (each, tensors) in enumerate(saved):
        end = output + len(tensors)
        restored = [f"{scope}/RestoreV2:{at}" if at else f"{scope}/RestoreV2" for at in range(output, end)]
        output = end
        if isinstance(each, SavedState):
            others.append((number, each, restored))
            continue
        kind = each.variable.kind
        suffix = f"_{count[kind]}" if count[kind] else ""
        count[kind] += 1
        made[number] = _assignment(scope, suffix, each.variable, restored[0])
    taken = {node.name for nodes in made.values() for node in nodes} if others else set()
    for number, state, restored in others:
        made[number] = state.restore_from(unique_name(f"{scope}/{state.local_name}", taken), restored)
        taken.update(node.name for node in made[number])
    return [made[number] for number in range(len(saved))]


def _assignment(scope: str, suffix: str, variable: Variable, restored: str) -> list[Node]:
    target, kind, dtype, device = variable.node, variable.kind, variable.dtype, variable.device
    if kind == "ref":
        return [new_assignment(f"{scope}/Assign{suffix}", target, restored, kind, dtype, device=device)]
    value = Node.new(f"{scope}/Identity{suffix}", "Identity", [restored], device=device, attrs={"T": dtype})
    name = f"{scope}/AssignVariableOp{suffix}"
    return [value, new_assignment(name, target, value.name, kind, dtype, device=device)]
