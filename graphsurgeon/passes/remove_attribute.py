"""Take an attr out of nodes.

For: notes of tools that nobody reads any more (``_output_shapes``, ``_grappler_...``), attrs that an older TensorFlow
or another reader of graphs does not know.

Prerequisites: none. TensorFlow's Graph Transform Tool calls it so, too.

Leaves behind: the nodes without the attr, which then stands at its default; where that is another value than it was,
shapes and signatures follow, and what would not be well formed is refused. Where the op has to have it, it stays, and
the report says so.

What else it meets: function bodies are treated alike. Without ``_class`` nodes share no device any more. Inputs,
frames, devices, collections and the saver stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.ir import ops
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import Names, split_names
from graphsurgeon.passes._contract import check_result, model_pass
from graphsurgeon.rewrites.editing.changed_attrs import AttrEdit
from graphsurgeon.rewrites.editing.chosen_nodes import all_nodes
from proto_utils.errors import NotFoundError


@dataclass(frozen=True)
class TakenAttrRow:
    """Of how many nodes of an op an attr went."""

    op: str
    attr: str
    nodes: int


@dataclass(frozen=True)
class NeededAttrRow:
    """A node whose op has to have the attr."""

    node: str
    op: str
    attr: str


@dataclass(frozen=True)
class RemoveAttributeReport(Displayed):
    """What `remove_attribute` did; `kept` are nodes that have the attr still."""

    removed: list[TakenAttrRow]
    kept: list[NeededAttrRow]
    shapes: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@model_pass(obeys=True)
def remove_attribute(model: Model, *, attribute_name: Names, op_name: Names = ()) -> RemoveAttributeReport:
    """Take an attr out of nodes.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    attribute_name : str or sequence of str
        Attrs, such as _output_shapes.
    op_name : str or sequence of str
        Ops whose nodes are meant; by default all.

    Raises
    ------
    NotFoundError
        No node has such an attr.
    PassError
        Without it the graph would not be well formed.
    """
    wanted, found = split_names(attribute_name), set[str]()
    only = frozenset(split_names(op_name)) - {"*"}
    chosen = [each for each in all_nodes(model) if not only or each.node.op in only]
    edit = AttrEdit(model, "remove_attribute", chosen if any(name[:1] != "_" for name in wanted) else ())
    counts: dict[tuple[str, str], int] = {}
    kept = []
    for each in chosen:
        for name in wanted:
            if each.node.attr(name) is None:
                continue
            found.add(name)
            if _has_to_have(each.node, name):
                kept.append(NeededAttrRow(each.name, each.node.op, name))
            else:
                del edit.edit(each, name).attrs[name]
                counts[each.node.op, name] = counts.get((each.node.op, name), 0) + 1
    missing = [name for name in wanted if name not in found]
    if missing:
        raise NotFoundError.among("attr", missing[0], sorted({key for each in chosen for key in each.node.proto.attr}))
    if edit.apply():
        check_result(model, "remove_attribute", obeys=True)
    rows = [TakenAttrRow(op, name, count) for (op, name), count in sorted(counts.items())]
    return RemoveAttributeReport(rows, kept, *edit.follow())


def _has_to_have(node: Node, name: str) -> bool:
    known = ops.facts(node.op)
    registered = None if known is None else known.attrs.get(name)
    return registered is not None and registered.default is None
