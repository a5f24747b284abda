"""Take attrs that stand at their defaults out of nodes.

For: smaller graphs, and graphs that older versions of TensorFlow load: an attr that they do not know is refused even at
its default. TensorFlow's own exporters do it by ``strip_default_attrs``.

Prerequisites: none; ops that are not known stay as they are.

Leaves behind: the nodes without what the reader of the graph would fill in. A gather that `unfreeze` would take for the
read of a frozen variable without its ``batch_dims`` has them still. Nothing is computed otherwise.

What else it meets: function bodies are treated alike; all else stays as it is. Attrs whose defaults hold tensors or
functions stay. `add_default_attributes` is the way back.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphsurgeon.display import Displayed
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_defs import default_value
from graphsurgeon.ir.ops import facts
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.chosen_nodes import ModelEdit, all_nodes
from graphsurgeon.weights.marks import gathers_by_own_axis
from proto_utils import schema


@dataclass(frozen=True)
class ClearedAttrRow:
    """An attr of an op, and out of how many nodes it went."""

    op: str
    attr: str
    nodes: int


@dataclass(frozen=True)
class RemoveDefaultAttributesReport(Displayed):
    """What `remove_default_attributes` did."""

    removed: list[ClearedAttrRow]


@model_pass()
def remove_default_attributes(model: Model) -> RemoveDefaultAttributesReport:
    """Take attrs that stand at their defaults out of nodes.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    """
    edit = ModelEdit(model)
    defaults: dict[str, dict[str, schema.AttrValue]] = {}
    counts: dict[tuple[str, str], int] = {}
    for each in all_nodes(model):
        if each.node.op not in defaults:
            defaults[each.node.op] = _defaults(each.node.op)
        for name, value in defaults[each.node.op].items():
            if each.node.attr(name) == value and not (name == "batch_dims" and gathers_by_own_axis(each.node)):
                del edit.edit(each).attrs[name]
                counts[each.node.op, name] = counts.get((each.node.op, name), 0) + 1
    edit.apply()
    rows = [ClearedAttrRow(op, name, count) for (op, name), count in sorted(counts.items())]
    return RemoveDefaultAttributesReport(rows)


def _defaults(op: str) -> dict[str, schema.AttrValue]:
    """Return the defaults of an op by attr, but for those that hold tensors or functions."""
    known = facts(op)
    attrs = {} if known is None else known.attrs
    plain = {name: attr for name, attr in attrs.items() if attr.element_kind not in ("tensor", "func")}
    return {name: default_value(attr) for name, attr in plain.items() if attr.default is not None}
