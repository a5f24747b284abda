"""Place nodes on devices, or on none.

For: graphs that were made for other machines: parameter servers, GPUs that are not there, towers.

Prerequisites: none. A node of a function body is called FUNCTION/node.

Leaves behind: the nodes with the device as TensorFlow writes it (``/gpu:0`` is ``/device:GPU:0``), all else as it was.
Nodes that are to share a device with one of them (``_class``), and ask for another, go along: TensorFlow would refuse
the graph. Those that ask for none stay so, for colocation places them. A saver that was made for each device apart
stays as it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.colocation import colocations
from graphsurgeon.ir.device_names import device_name
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenNode, ModelEdit, choose_nodes
from proto_utils.errors import UnsupportedError


@dataclass(frozen=True)
class PlacedRow:
    """A node, the device that it asks for now, and what it asked for."""

    node: str
    device: str
    was: str


@dataclass(frozen=True)
class SetDeviceReport(Displayed):
    """What `set_device` did.

    Attributes
    ----------
    placed : list of PlacedRow
        The chosen nodes whose device is another one now, in graph order.
    colocated : list of PlacedRow
        Nodes that share a device with those, and went along.
    """

    placed: list[PlacedRow]
    colocated: list[PlacedRow] = field(default_factory=list)


@model_pass(obeys=True)
def set_device(model: Model, *, nodes: Names = (".*",), device: str) -> SetDeviceReport:
    """Place nodes on a device, or on none.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    nodes : str or sequence of str
        Names or patterns of nodes, those of function bodies as FUNCTION/node; by default all.
    device : str
        Such as /gpu:0, /job:ps/task:1/device:CPU:0; empty to clear it.

    Raises
    ------
    NotFoundError
        A name or pattern means no node.
    PassError
        That is no name of a device.
    """
    try:
        wanted = device_name(device)
    except UnsupportedError as error:
        raise PassError("set_device", error.reason, hint=error.hint, is_usage=True) from error
    chosen = choose_nodes(model, nodes or (".*",))
    edit = ModelEdit(model)
    placed = _place(edit, chosen, wanted)
    colocated = _place(edit, _near(model, chosen), wanted) if wanted else []
    edit.apply()
    return SetDeviceReport(placed, colocated)


def _place(edit: ModelEdit, chosen: Iterable[ChosenNode], device: str) -> list[PlacedRow]:
    rows = [PlacedRow(each.name, device, before) for each in chosen if (before := each.node.device) != device]
    names = {row.node for row in rows}
    for each in chosen:
        if each.name in names:
            edit.edit(each).device = device
    return rows


def _near(model: Model, chosen: Iterable[ChosenNode]) -> list[ChosenNode]:
    """Return the nodes that ask for a device, and are to share it with one of the chosen."""
    names: dict[str | None, set[str]] = {}
    for each in chosen:
        names.setdefault(each.function, set()).add(each.node.name)
    found = []
    for function, graph in model.graphs():
        if function in names:
            group = _groups(graph, names[function]) - names[function]
            found += [ChosenNode(function, node) for node in graph if node.name in group and node.device]
    return found


def _groups(graph: Graph, names: Iterable[str]) -> set[str]:
    """Return the nodes that are, directly or not, to share a device with some."""
    near: dict[str, list[str]] = {}
    for name, others in colocations(graph).items():
        for other in others:
            near.setdefault(name, []).append(other)
            near.setdefault(other, []).append(name)
    return _reached(names, near)


def _reached(names: Iterable[str], near: Mapping[str, list[str]]) -> set[str]:
    from graphsurgeon.ir.traversal import closure

    return closure(names, lambda name: near.get(name, ()))
