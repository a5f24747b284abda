"""Write out the defaults of attrs that nodes do not have.

For: readers of graphs that know no defaults: converters, other languages, old TensorFlow Lite. TensorFlow's Graph
Transform Tool calls it so, too.

Prerequisites: none; ops that are not known stay as they are.

Leaves behind: the nodes with every attr that their op had in a version of TensorFlow, at its default; later attrs are
not written, for that TensorFlow would not know them. A gather that tells `unfreeze` of a frozen variable by having no
``batch_dims`` gets none. Nothing is computed otherwise.

What else it meets: function bodies are treated alike; all else stays as it is. `remove_default_attributes` is the way
back.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphsurgeon.display import Displayed
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_defs import default_value
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.versions import OLDEST, Version, version_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.chosen_nodes import ModelEdit, all_nodes
from graphsurgeon.rewrites.editing.given_versions import given_version
from graphsurgeon.weights.marks import is_resource_gather
from proto_utils import schema


@dataclass(frozen=True)
class DefaultAttrRow:
    """An attr of an op, and on how many nodes it is written out now."""

    op: str
    attr: str
    nodes: int


@dataclass(frozen=True)
class AddDefaultAttributesReport(Displayed):
    """What `add_default_attributes` did."""

    added: list[DefaultAttrRow]


@model_pass()
def add_default_attributes(model: Model, *, version: str = OLDEST) -> AddDefaultAttributesReport:
    """Write out the defaults of attrs that nodes do not have.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    version : str
        The TensorFlow whose attrs are written, such as 1.15 or 2.4; later ones are not.

    Raises
    ------
    PassError
        That is no version from 1.0 on.
    """
    limit = given_version(version, "add_default_attributes", "version")
    edit = ModelEdit(model)
    defaults: dict[str, dict[str, schema.AttrValue]] = {}
    counts: dict[tuple[str, str], int] = {}
    for each in all_nodes(model):
        if each.node.op not in defaults:
            defaults[each.node.op] = _defaults(each.node.op, limit)
        for name, value in defaults[each.node.op].items():
            if each.node.attr(name) is None and not (name == "batch_dims" and is_resource_gather(each.node)):
                edit.edit(each).attrs[name] = value
                counts[each.node.op, name] = counts.get((each.node.op, name), 0) + 1
    edit.apply()
    return AddDefaultAttributesReport([DefaultAttrRow(op, name, count) for (op, name), count in sorted(counts.items())])


def _defaults(op: str, limit: Version) -> dict[str, schema.AttrValue]:
    """Return the defaults that an op had in a version of TensorFlow, by attr."""
    known = facts(op)
    attrs = {} if known is None else known.attrs
    is_there = {name: not attr.since or version_of(attr.since) <= limit for name, attr in attrs.items()}
    return {name: default_value(attr) for name, attr in attrs.items() if attr.default is not None and is_there[name]}
