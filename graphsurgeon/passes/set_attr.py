"""Set attrs of nodes, as their ops allow.

For: another padding, axis, seed, data format or option of a kernel, without making the graph anew.

Prerequisites: the attrs of a node are those of its op; ops of other libraries take any. A node of a function body is
called FUNCTION/node.

Leaves behind: the nodes with the attrs, each of the kind that the op is registered with and among the values that it
allows; a type is never that of a reference. An attr that is cleared stands at its default. Inferred shapes
(``_output_shapes``) of the nodes and of all that follows from them are true again, or go where nothing is known, and
signatures say the shapes and types. What makes the graph ill-formed is refused: another type than its neighbours take,
a shape with which what stands behind does not go; and so are type and shape of a variable.

What else it meets: inputs, frames, colocation unless ``_class`` itself is set, devices, collections and the saver stay
as they are. In function bodies, inferred shapes that may be others go. An object graph of TensorFlow 2 whose functions
would go on computing what they did goes; one stays when the edit is in function bodies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir import attr_value, ops
from graphsurgeon.ir.constant_attrs import constant_attrs
from graphsurgeon.ir.given_attrs import given_attr
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.op_defs import default_value
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.names import Names
from graphsurgeon.passes._contract import check_result, model_pass
from graphsurgeon.rewrites.editing.changed_attrs import AttrEdit
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenNode, choose_nodes, named_in_error
from graphsurgeon.rewrites.editing.pairs import parse_pairs
from graphsurgeon.tensors.dtypes import STRING
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema


@dataclass(frozen=True)
class AttrRow:
    """An attr of a node, what it is now, and what it was; empty for none."""

    node: str
    attr: str
    value: str
    was: str


@dataclass(frozen=True)
class SetAttrReport(Displayed):
    """What `set_attr` did.

    Attributes
    ----------
    attrs : list of AttrRow
        Those that are others now.
    shapes : list of str
        Nodes whose inferred static shapes were looked at anew.
    signatures : list of str
        Signatures that tell other shapes or types now.
    notes : list of str
    """

    attrs: list[AttrRow]
    shapes: list[str]
    signatures: list[str]
    notes: list[str] = field(default_factory=list)


@model_pass(obeys=True)
def set_attr(
    model: Model,
    *,
    nodes: Names,
    attr: Names | Mapping[str, Any] = (),
    clear: Names = (),
) -> SetAttrReport:
    """Set attrs of nodes, as their ops allow.

    Parameters
    ----------
    model : Model
        Edited in place.
    nodes : str or sequence of str
        Names or patterns of nodes, those of function bodies as FUNCTION/node.
    attr : str or sequence of str, or mapping of str to value
        Attrs, as in strides=1,2,2,1, padding=SAME, T=float32, shape=[-1,3], value=[1.5,2].
    clear : str or sequence of str
        Attrs that go back to their defaults, and others that go.

    Raises
    ------
    NotFoundError
        A name or pattern means no node.
    PassError
        An op has no such attr, an attr no such value, or the graph would not be well formed.
    """
    pairs = parse_pairs(attr, "attr", "set_attr")
    if not pairs and not clear:
        raise PassError("set_attr", "no attr is named", hint='such as `attr="padding=SAME"`', is_usage=True)
    twice = [name for name in clear if name in pairs]
    if twice:
        raise PassError("set_attr", f"attr {twice[0]!r} is to be set and to be cleared", is_usage=True)
    chosen = choose_nodes(model, nodes)
    values = named_in_error("set_attr", chosen, lambda each: _values(each.node, pairs, clear))
    matters = any(name[:1] != "_" for name in (*pairs, *clear))
    edit = AttrEdit(model, "set_attr", chosen if matters else ())
    rows: list[AttrRow] = []
    for each, wanted in zip(chosen, values, strict=True):
        rows += _set(edit, each, wanted)
    if edit.apply():
        # What is not well formed has no shapes that could be told.
        check_result(model, "set_attr", obeys=True)
    followed = edit.follow()
    return SetAttrReport(rows, followed.shapes, followed.signatures, followed.notes)


def _values(node: Node, pairs: Mapping[str, Any], clear: Iterable[str]) -> dict[str, schema.AttrValue | Tensor | None]:
    """Return the attrs as the node is to hold them; None for what goes."""
    found: dict[str, schema.AttrValue | Tensor | None] = {
        name: given_attr(node.op, name, value, node=node.name) for name, value in _typed(node, pairs).items()
    }
    known = ops.facts(node.op)
    fixed = [name for name in (*pairs, *clear) if name in ("shape", "dtype")]
    if fixed and node.op in REF_OPS | RESOURCE_OPS:
        hint = "cast and reshape edit the checkpoint, and prune can make an input of it"
        raise GraphError(f"attr {fixed[0]!r} is that of a variable, whose value and initializer have it too", hint=hint)
    for name in clear:
        registered = None if known is None else known.attrs.get(name)
        if registered is not None and registered.default is None:
            raise GraphError(f"attr {name!r} of op {node.op} has no default, so it cannot be cleared")
        if registered is None and known is not None and name[:1] != "_" and node.attr(name) is None:
            given_attr(node.op, name, 0, node=node.name)
        found[name] = None if registered is None else default_value(registered)
    return found


def _typed(node: Node, pairs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return attrs of which the value of a constant, where it is numbers, is of the constant's dtype."""
    value = pairs.get("value")
    if node.op != "Const" or value is None:
        return pairs
    dtype = pairs.get("dtype", attr_of(node, "dtype"))
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            if dtype is not STRING:
                return pairs
    return {**pairs, "value": constant_attrs(node.name, {"dtype": dtype, "value": value})["value"]}


def _set(
    edit: AttrEdit, chosen: ChosenNode, wanted: Mapping[str, schema.AttrValue | Tensor | None]
) -> Iterable[AttrRow]:
    for name, value in wanted.items():
        before = chosen.node.attr(name)
        if before == value or (before is None and value is None):
            continue
        was = "" if before is None else _shown(chosen.node.attrs[name])
        node = edit.edit(chosen, name)
        if value is None:
            del node.attrs[name]
        else:
            node.attrs[name] = value
        yield AttrRow(chosen.name, name, "" if value is None else _shown(node.attrs[name]), was)


def _shown(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{value.dtype.name} {list(value.shape)}"
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, attr_value.Shape):
        return "?" if value.dims is None else f"[{','.join('?' if dim is None else str(dim) for dim in value.dims)}]"
    if isinstance(value, attr_value.Func):
        return value.name
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
