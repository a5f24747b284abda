"""The save/ subgraph and its SaverDef, laid out as `tf.train.Saver` does.

Callers in C++, Java and Go run these nodes by name::

    save/filename/input -> save/filename -> save/Const            the file name, fed
    save/SaveV2 (save/Const, tensor_names, shape_and_slices, values ...)
    save/control_dependency = Identity(save/Const, ^save/SaveV2)  fetched to save
    save/RestoreV2 (save/Const, tensor_names, shape_and_slices) -> one output per variable
    save/Assign, save/Assign_1 ...                                reference variables
    save/Identity, save/AssignVariableOp ...                      resource variables
    save/restore_all = NoOp(^every assignment)                    run to restore

An assignment runs where its variable is, and ``save/restore_all`` is a group of them, see `group_op`.

Source: saver.py of TensorFlow 1.15 and 2.21, as seen in the graphs it exports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import bytes_of, free_scope
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.group_op import new_group
from graphsurgeon.variables.layout import Variable, new_assignment
from proto_utils import schema

_CPU = "/device:CPU:0"
_V2 = 2


class SavedVariable(NamedTuple):
    """A variable and where the checkpoint has its value."""

    key: str
    variable: Variable
    slice: str = ""  # the part of the key's tensor, as in ``"10 4 0,5:0,4"``; empty for all of it


class Saver(NamedTuple):
    """The nodes of a save/ subgraph and the SaverDef that names them."""

    nodes: list[Node]
    saver_def: schema.SaverDef


def new_saver(graph: Graph, variables: Iterable[SavedVariable], *, max_to_keep: int = 5) -> Saver:
    """Make the subgraph that saves and restores variables, in the order of their keys; it is not in the graph yet.

    Its scope is the first that is free: ``save``, else ``save_1`` ...; `max_to_keep` is as of `tf.train.Saver`.
    """
    scope = free_scope("save", (node.name for node in graph))
    saved = sorted(variables, key=lambda s: s.key)
    assigns = _assignments(scope, [s.variable for s in saved])
    members = [(node.name, node.device) for node in assigns if node.op != "Identity"]
    restore_all = new_group(f"{scope}/restore_all", members)
    nodes = [*_file_name(scope), *_save(scope, saved), *_restore(scope, saved), *assigns, *restore_all]
    saver_def = schema.SaverDef(
        filename_tensor_name=f"{scope}/Const:0",
        save_tensor_name=f"{scope}/control_dependency:0",
        restore_op_name=f"{scope}/restore_all",
        max_to_keep=max_to_keep,
        keep_checkpoint_every_n_hours=10000.0,
        version=_V2,
    )
    return Saver(nodes, saver_def)


def install_saver(model: Model, variables: Iterable[SavedVariable]) -> None:
    """Give a model a saver for these variables and no others; what an earlier one kept of old checkpoints stays so.

    Its graph gets the nodes, its meta graph the SaverDef. The nodes of an earlier saver stay.
    """
    saver = new_saver(model.graph, variables)
    for node in saver.nodes:
        model.graph.append(node)
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


def _save(scope: str, saved: Sequence[SavedVariable]) -> list[Node]:
    save, constant = f"{scope}/SaveV2", f"{scope}/Const"
    values = [s.variable.node if s.variable.kind == "ref" and not s.slice else _read(s.variable) for s in saved]
    at = [b"loc:@" + constant.encode()]
    return [
        *_names_and_slices(save, saved),
        Node.new(save, "SaveV2", [*_arguments(scope, save), *values], attrs={"dtypes": _types(saved)}),
        Node.new(
            f"{scope}/control_dependency", "Identity", [constant, f"^{save}"],
            attrs={"T": dtypes.STRING, "_class": at},
        ),
    ]  # fmt: skip


def _restore(scope: str, saved: Sequence[SavedVariable]) -> list[Node]:
    restore = f"{scope}/RestoreV2"
    node = Node.new(restore, "RestoreV2", _arguments(scope, restore), device=_CPU, attrs={"dtypes": _types(saved)})
    return [*_names_and_slices(restore, saved, _CPU), node]


def _arguments(scope: str, name: str) -> list[str]:
    return [f"{scope}/Const", f"{name}/tensor_names", f"{name}/shape_and_slices"]


def _types(saved: Sequence[SavedVariable]) -> list[DType]:
    return [s.variable.dtype for s in saved]


def _read(variable: Variable) -> str:
    return variable.snapshot.removesuffix(":0")


def _names_and_slices(name: str, saved: Sequence[SavedVariable], device: str = "") -> list[Node]:
    return [
        _strings(f"{name}/tensor_names", [bytes_of(s.key) for s in saved], device),
        _strings(f"{name}/shape_and_slices", [s.slice.encode() for s in saved], device),
    ]


def _strings(name: str, elements: Sequence[bytes], device: str) -> Node:
    value = StringTensor((len(elements),), elements)
    return Node.new(name, "Const", device=device, attrs={"dtype": dtypes.STRING, "value": value})


def _assignments(scope: str, variables: Sequence[Variable]) -> list[Node]:
    nodes: list[Node] = []
    count = {"ref": 0, "resource": 0}
    for output, variable in enumerate(variables):
        number = count[variable.kind]
        count[variable.kind] += 1
        suffix = f"_{number}" if number else ""
        restored = f"{scope}/RestoreV2:{output}" if output else f"{scope}/RestoreV2"
        nodes += _assignment(scope, suffix, variable, restored)
    return nodes


def _assignment(scope: str, suffix: str, variable: Variable, restored: str) -> list[Node]:
    target, kind, dtype, device = variable.node, variable.kind, variable.dtype, variable.device
    if kind == "ref":
        return [new_assignment(f"{scope}/Assign{suffix}", target, restored, kind, dtype, device=device)]
    value = Node.new(f"{scope}/Identity{suffix}", "Identity", [restored], device=device, attrs={"T": dtype})
    name = f"{scope}/AssignVariableOp{suffix}"
    return [value, new_assignment(name, target, value.name, kind, dtype, device=device)]
