"""Names by which a session knows what is no node: the frames of while loops, and state that nodes share.

Two loops of one ``frame_name`` would run in one frame, two tables of one ``shared_name`` would be one table. So the
names of what comes into a graph are made different from those that the graph has::

    Enter, RefEnter                 frame_name       a new one, and the context of the loop goes by it
    variable, table, queue ...      shared_name      a new one; without one, the node's own name is it, which is unique
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from graphsurgeon.ir.frames import ENTER_OPS
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_messages import with_attr
from graphsurgeon.meta_graph.collections import messages
from graphsurgeon.meta_graph.contexts import CONTEXTS, contexts, nested
from graphsurgeon.names import bytes_of, text_of, unique_name
from proto_utils import schema

_FRAME, _SHARED = "frame_name", "shared_name"
#: TensorFlow's name for a variable of each node of its own.
_ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"
#: What of a model two nodes of one name share: their container, then that name.
Shared = tuple[bytes, str]
#: Returns a node that may be edited in place of one.
Editor = Callable[[Node], Node]


def frame_names(nodes: Iterable[Node], meta: schema.MetaGraphDef | None) -> set[str]:
    """Return the names of all frames of a graph, and of its contexts."""
    found = {text_of(attr.s) for node, attr in with_attr(nodes, _FRAME) if node.op in ENTER_OPS}
    return found | {context.context_name for context in (contexts(meta) if meta is not None else ())}


def rename_frames(nodes: Iterable[Node], new: Mapping[str, str], edit: Editor) -> None:
    """Give frames other names, by the nodes that enter them."""
    for node, attr in list(with_attr(nodes, _FRAME)) if new else ():
        name = text_of(attr.s)
        if node.op in ENTER_OPS and name in new:
            edit(node).attrs[_FRAME] = bytes_of(new[name])


def rename_contexts(meta: schema.MetaGraphDef | None, new: Mapping[str, str]) -> None:
    """Give contexts the new names of their frames."""
    for key in CONTEXTS if new and meta is not None else ():
        values = meta.collection_def[key].bytes_list.value if meta and key in meta.collection_def else []
        for position, context in enumerate(list(messages(meta, key)) if meta and values else ()):
            _rename_context(context, new)
            values[position] = schema.serialize(context)


def _rename_context(context: Any, new: Mapping[str, str]) -> None:
    context.context_name = new.get(context.context_name, context.context_name)
    for inner in nested(context):
        _rename_context(inner, new)


def shared_names(graphs: Iterable[Graph]) -> set[Shared]:
    """Return under which names state of nodes is known; of what says none, the node's own."""
    found = {_shared(node, attr) for graph in graphs for node, attr in with_attr(graph, _SHARED)}
    return {each for each in found if each[1] != _ANONYMOUS}


def _shared(node: Node, attr: schema.AttrValue) -> Shared:
    container = node.attr("container")
    return (b"" if container is None else container.s, text_of(attr.s) or node.name)


def separate_state(model: Model, taken: Collection[Shared], scope: str) -> None:
    """Give state of a model that would be that of others a name of its own; its nodes are edited in place."""
    graphs = [graph for _, graph in model.graphs()]
    own = shared_names(graphs)
    names = {name for _, name in (*taken, *own)}
    new: dict[Shared, str] = {}
    for container, name in sorted(own & set(taken)):
        new[container, name] = unique_name(f"{scope}/{name}" if scope else name, names)
        names.add(new[container, name])
    for graph in graphs if new else ():
        for node, attr in list(with_attr(graph, _SHARED)):
            if (found := new.get(_shared(node, attr))) is not None:
                node.attrs[_SHARED] = bytes_of(found)


def separate_frames(model: Model, taken: Collection[str]) -> None:
    """Give loops of a model names that no others have; its nodes are edited in place."""
    own = frame_names(model.graph, model.meta)
    names = {*own, *taken}
    new: dict[str, str] = {}
    for name in sorted(own & set(taken)):
        new[name] = unique_name(name, names)
        names.add(new[name])
    rename_frames(model.graph, new, lambda node: node)
    rename_contexts(model.meta, new)
