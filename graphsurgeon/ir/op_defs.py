r"""OpDefs: the ops that a graph uses, as TensorFlow registers them, for the ``stripped_op_list`` of a MetaGraphDef.

Who imports the meta graph with an older TensorFlow learns from them which attrs stand at their default, and drops those
that it does not know. Beside arguments and attrs an op has traits, in ``op_facts.txt`` the words after the second bar::

    is_commutative is_aggregate          the fields of that name
    deprecation:26="Use\u0020this"        since GraphDef version 26
    full_type:handle=08e90712            of an argument, serialized

Source: ``ops_used_by_graph_def``, ``stripped_op_list_for_graph`` and ``strip_graph_default_valued_attrs`` of
TensorFlow's ``python/framework/meta_graph.py``, 1.15 to 2.21.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from graphsurgeon.ir import attr_value
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_attrs import OpAttr
from graphsurgeon.ir.ops import Arg, OpFacts, facts
from graphsurgeon.tensors import tensor_proto
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph
    from graphsurgeon.ir.library import Library


def op_list(graph: Graph, library: Library, known: schema.OpList) -> schema.OpList:
    """Return the definitions of the ops that a graph uses, in the order of their names.

    Those that are `known` stay: whoever made the graph had them. Unless nodes have attrs that these do not, for then
    somebody newer made such a node. Ops that neither they nor TensorFlow have are left out.
    """
    graphs = list(_used_graphs(graph, library))
    listed = {each.name: each for each in known.op}
    for op in _outdated(graphs, listed):
        del listed[op]
    used = set().union(*(each.ops for each in graphs)) - library.functions.keys()
    found = ((listed.get(op) or op_def(op)) for op in sorted(used))
    return schema.OpList(op=[each for each in found if each is not None])


def _used_graphs(graph: Graph, library: Library) -> Iterator[Graph]:
    """Yield a graph, and the bodies of the functions that are called by their names, as TensorFlow does."""
    seen: set[str] = set()
    pending = [graph]
    while pending:
        each = pending.pop()
        yield each
        new = each.ops - seen
        seen |= new
        pending += [library.functions[op].body for op in new if op in library.functions]


def _outdated(graphs: Iterable[Graph], listed: Mapping[str, schema.OpDef]) -> set[str]:
    """Return the ops of which nodes have attrs that only our definition has."""
    lacking = {}
    for op, definition in listed.items():
        more = set(_attrs_of(op)).difference([attr.name for attr in definition.attr])
        if more:
            lacking[op] = more
    nodes = (node for graph in graphs for node in graph.nodes_of(lacking))
    return {node.op for node in nodes if any(node.attr(name) is not None for name in lacking[node.op])}


def _attrs_of(op: str) -> Iterable[str]:
    known = facts(op)
    return () if known is None else known.attrs


def op_def(op: str) -> schema.OpDef | None:
    """Return the definition of an op; None when no TensorFlow from 1.0 to 2.21 knows it."""
    known = facts(op)
    if known is None:
        return None
    made = schema.OpDef(
        name=op,
        input_arg=[_arg_def(each, known) for each in known.inputs],
        output_arg=[_arg_def(each, known) for each in known.outputs],
        attr=[_attr_def(each) for each in known.attrs.values()],
        is_stateful=known.is_stateful,
    )
    for trait in known.traits:
        _add_trait(made, trait)
    return made


def strip_defaults(node: Node) -> None:
    """Take out the attrs of a node that stand at their default, as TensorFlow's ``strip_default_attrs`` does."""
    known = facts(node.op)
    if known is None:
        return
    held = node.proto.attr
    defaults = ((name, attr) for name, attr in known.attrs.items() if attr.default is not None and name in held)
    for name in [name for name, attr in defaults if held[name] == default_value(attr)]:
        del node.attrs[name]


def default_value(attr: OpAttr) -> schema.AttrValue:
    """Return the default of an attr that has one, as TensorFlow registers it."""
    value = attr.default
    if isinstance(value, Tensor):
        # Registered in text, and so value by value.
        return schema.AttrValue(tensor=tensor_proto.encode(value, num_typed=math.prod(value.shape)))
    return attr_value.encode(value)


def _arg_def(arg: Arg, known: OpFacts) -> schema.OpDef.ArgDef:
    made = schema.OpDef.ArgDef(name=arg.name, number_attr=arg.number, is_ref=arg.is_ref)
    if arg.is_list:
        made.type_list_attr = arg.type
    elif arg.type in known.attrs:
        made.type_attr = arg.type
    else:
        made.type = DType.from_name(arg.type).number
    return made


def _attr_def(attr: OpAttr) -> schema.OpDef.AttrDef:
    made = schema.OpDef.AttrDef(name=attr.name, type=attr.kind)
    if attr.default is not None:
        made.default_value.CopyFrom(default_value(attr))
    if attr.minimum is not None:
        made.has_minimum, made.minimum = True, attr.minimum
    if attr.allowed:
        made.allowed_values.CopyFrom(attr_value.encode(list(attr.allowed)))
    return made


def _add_trait(made: schema.OpDef, trait: str) -> None:
    name, _, rest = trait.partition(":")
    place, _, value = rest.partition("=")
    if name == "deprecation":
        made.deprecation.version, made.deprecation.explanation = int(place), json.loads(value)
    elif name == "full_type":
        arg = next(arg for arg in (*made.input_arg, *made.output_arg) if arg.name == place)
        arg.experimental_full_type.ParseFromString(bytes.fromhex(value))
    else:
        setattr(made, name, True)
