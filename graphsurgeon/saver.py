"""The save/ subgraph and its SaverDef, laid out as `tf.train.Saver` does.

Callers in C++, Java and Go run these nodes by name::

    save/filename/input -> save/filename -> save/Const            the file name, fed
    save/SaveV2 (save/Const, tensor_names, shape_and_slices, values ...)
    save/control_dependency = Identity(save/Const, ^save/SaveV2)  fetched to save
    save/RestoreV2 (save/Const, tensor_names, shape_and_slices) -> one output per variable
    save/Assign, save/Assign_1 ...                                reference variables
    save/Identity, save/AssignVariableOp ...                      resource variables
    save/restore_all = NoOp(^every assignment)                    run to restore

Source: saver.py of TensorFlow 1.15 and 2.21, as seen in the graphs it exports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from graphsurgeon import dtypes
from graphsurgeon.attr_value import Shape
from graphsurgeon.graph import Graph
from graphsurgeon.node import Node
from graphsurgeon.tensor import StringTensor
from graphsurgeon.variables import Variable
from proto_utils import schema

_CPU = "/device:CPU:0"
_V2 = 2


class SavedVariable(NamedTuple):
    """A variable and the key its value has in the checkpoint."""

    key: str
    variable: Variable


class Saver(NamedTuple):
    """The nodes of a save/ subgraph and the SaverDef that names them."""

    nodes: list[Node]
    saver_def: schema.SaverDef


def new_saver(graph: Graph, variables: Iterable[SavedVariable], *, max_to_keep: int = 5) -> Saver:
    """Make the subgraph that saves and restores variables.

    Parameters
    ----------
    graph : Graph
        Only asked which scope is free: ``save``, else ``save_1`` ...
    variables : iterable of SavedVariable
        In any order; they are saved in the order of their keys.
    max_to_keep : int
        As of `tf.train.Saver`.

    Returns
    -------
    Saver
        The nodes are not in the graph yet.
    """
    scope = free_scope(graph, "save")
    saved = sorted(variables, key=lambda s: s.key)
    keys = [s.key.encode() for s in saved]
    types = [s.variable.dtype for s in saved]
    constant = f"{scope}/Const"
    nodes = _file_name(scope)
    nodes += [_strings(f"{scope}/SaveV2/tensor_names", keys), _strings(f"{scope}/SaveV2/shape_and_slices", [b""] * len(keys))]
    values = [s.variable.node if s.variable.kind == "ref" else s.variable.snapshot.removesuffix(":0") for s in saved]
    save = f"{scope}/SaveV2"
    nodes.append(
        Node.new(save, "SaveV2", [constant, f"{save}/tensor_names", f"{save}/shape_and_slices", *values], attrs={"dtypes": types})
    )
    done = f"{scope}/control_dependency"
    at = [b"loc:@" + constant.encode()]
    nodes.append(Node.new(done, "Identity", [constant, f"^{save}"], attrs={"T": dtypes.STRING, "_class": at}))
    restore = f"{scope}/RestoreV2"
    nodes += [
        _strings(f"{restore}/tensor_names", keys, _CPU),
        _strings(f"{restore}/shape_and_slices", [b""] * len(keys), _CPU),
        Node.new(
            restore, "RestoreV2", [constant, f"{restore}/tensor_names", f"{restore}/shape_and_slices"],
            device=_CPU, attrs={"dtypes": types},
        ),
    ]  # fmt: skip
    assigns = _assignments(scope, [s.variable for s in saved])
    nodes += assigns
    all_assigned = [f"^{node.name}" for node in assigns if node.op != "Identity"]
    nodes.append(Node.new(f"{scope}/restore_all", "NoOp", all_assigned))
    saver_def = schema.SaverDef(
        filename_tensor_name=f"{constant}:0",
        save_tensor_name=f"{done}:0",
        restore_op_name=f"{scope}/restore_all",
        max_to_keep=max_to_keep,
        keep_checkpoint_every_n_hours=10000.0,
        version=_V2,
    )
    return Saver(nodes, saver_def)


def free_scope(graph: Graph, wanted: str) -> str:
    """Return `wanted`, or with ``_1``, ``_2`` ...: the first name scope no node stands in."""
    taken = {node.name.partition("/")[0] for node in graph}
    number, scope = 0, wanted
    while scope in taken:
        number += 1
        scope = f"{wanted}_{number}"
    return scope


def _file_name(scope: str) -> list[Node]:
    model = StringTensor((), [b"model"])
    attrs: dict[str, Any] = {"dtype": dtypes.STRING, "shape": Shape(())}
    return [
        Node.new(f"{scope}/filename/input", "Const", attrs={"dtype": dtypes.STRING, "value": model}),
        Node.new(f"{scope}/filename", "PlaceholderWithDefault", [f"{scope}/filename/input"], attrs=attrs),
        Node.new(f"{scope}/Const", "PlaceholderWithDefault", [f"{scope}/filename"], attrs=attrs),
    ]


def _strings(name: str, elements: Sequence[bytes], device: str = "") -> Node:
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
        if variable.kind == "ref":
            at = [b"loc:@" + variable.node.encode()]
            attrs = {"T": variable.dtype, "use_locking": True, "validate_shape": True, "_class": at}
            nodes.append(Node.new(f"{scope}/Assign{suffix}", "Assign", [variable.node, restored], attrs=attrs))
        else:
            identity = f"{scope}/Identity{suffix}"
            nodes.append(Node.new(identity, "Identity", [restored], attrs={"T": variable.dtype}))
            attrs = {"dtype": variable.dtype}
            nodes.append(
                Node.new(f"{scope}/AssignVariableOp{suffix}", "AssignVariableOp", [variable.node, identity], attrs=attrs)
            )
    return nodes
