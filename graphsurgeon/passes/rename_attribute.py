"""Give an attr of nodes another name.

For: ops of libraries that call an attr otherwise in their next version, and graphs that were made for such.

Prerequisites: the op takes an attr of the new name. TensorFlow's Graph Transform Tool calls it so, too.

Leaves behind: the nodes with the value under the new name; where that is an attr of the op, shapes and signatures
follow, and what would not be well formed is refused, such as an attr that the op must have, or has not.

What else it meets: function bodies are treated alike. Inputs, frames, devices, collections and the saver stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, split_names
from graphsurgeon.passes._contract import check_result, model_pass
from graphsurgeon.rewrites.editing.changed_attrs import AttrEdit
from graphsurgeon.rewrites.editing.chosen_nodes import all_nodes
from proto_utils.errors import NotFoundError


@dataclass(frozen=True)
class RenamedAttrRow:
    """A node whose attr has another name."""

    node: str
    op: str


@dataclass(frozen=True)
class RenameAttributeReport(Displayed):
    """What `rename_attribute` did."""

    renamed: list[RenamedAttrRow]
    shapes: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@model_pass(obeys=True)
def rename_attribute(
    model: Model, *, old_attribute_name: str, new_attribute_name: str, op_name: Names = ()
) -> RenameAttributeReport:
    """Give an attr of nodes another name.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    old_attribute_name : str
        What it is called.
    new_attribute_name : str
        What it is to be called.
    op_name : str or sequence of str
        Ops whose nodes are meant; by default all.

    Raises
    ------
    NotFoundError
        No node has such an attr.
    PassError
        A node has an attr of the new name, too, or the graph would not be well formed.
    """
    old, new = old_attribute_name, new_attribute_name
    only = frozenset(split_names(op_name)) - {"*"}
    every = [each for each in all_nodes(model) if not only or each.node.op in only]
    chosen = [each for each in every if each.node.attr(old) is not None]
    if not chosen:
        raise NotFoundError.among("attr", old, sorted({key for each in every for key in each.node.proto.attr}))
    if not new or new == old:
        raise PassError("rename_attribute", f"{new!r} is no new name", is_usage=True)
    matters = old[:1] != "_" or new[:1] != "_"
    edit = AttrEdit(model, "rename_attribute", chosen if matters else ())
    for each in chosen:
        if each.node.attr(new) is not None:
            raise PassError("rename_attribute", f"has an attr {new!r}, too", node=each.name)
        node = edit.edit(each, new if old[:1] == "_" else old)
        edit.require_known(each, node, [new])
        node.attrs[new] = node.attrs[old]
        del node.attrs[old]
    if edit.apply():
        check_result(model, "rename_attribute", obeys=True)
    return RenameAttributeReport([RenamedAttrRow(each.name, each.node.op) for each in chosen], *edit.follow())
