"""Who reads tensors around a graph, where others than its nodes do: when these read another tensor, so do they.

The outputs of signatures, the tensors that collections list by name (``losses``, ``endpoints``), and the predicate of a
branch's context. Inputs of signatures are fed, and a VariableDef names what belongs to its variable: these stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphsurgeon.meta_graph.collections import messages
from graphsurgeon.meta_graph.contexts import CONTEXTS, nested
from graphsurgeon.meta_graph.references import MetaEntry, collection_references, message_references
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema


@dataclass(frozen=True)
class FollowedRow:
    """An entry around the graph that names another tensor now."""

    where: str
    name: str
    tensor: str
    was: str


def follow_tensors(
    meta: schema.MetaGraphDef, tensors: Mapping[str, str], dtypes: Mapping[str, DType]
) -> list[FollowedRow]:
    """Let the readers around a graph read others: of ``a:0`` those that `tensors` has for it, of these types."""
    found = []
    for key in sorted(meta.signature_def):
        for name, info in sorted(meta.signature_def[key].outputs.items()):
            for each in message_references(MetaEntry("signature", key, info)):
                if each.name in tensors:
                    found.append(FollowedRow(f"signature {key}", name, tensors[each.name], each.name))
                    each.set(tensors[each.name])
                    if info.name == each.name and each.name in dtypes:
                        info.dtype = dtypes[each.name].base.number
    for key in sorted(meta.collection_def):
        if meta.collection_def[key].WhichOneof("kind") == "node_list":
            for each in collection_references(meta, key):
                if each.name in tensors:
                    found.append(FollowedRow(each.entry.where, each.entry.label, tensors[each.name], each.name))
                    each.set(tensors[each.name])
    _edit_contexts(meta, {}, tensors)
    return found


def join_contexts(meta: schema.MetaGraphDef, made: Mapping[str, str]) -> None:
    """Let tensors that were made stand in the loops and branches in which others stand: each where `made` says."""
    _edit_contexts(meta, made, {})


def _edit_contexts(meta: schema.MetaGraphDef, made: Mapping[str, str], tensors: Mapping[str, str]) -> None:
    for key in CONTEXTS:
        values = meta.collection_def[key].bytes_list.value if key in meta.collection_def else []
        for position, context in enumerate(list(messages(meta, key)) if values else ()):
            if _edit_context(context, made, tensors):
                values[position] = schema.serialize(context)


def _edit_context(
    context: schema.CondContextDef | schema.WhileContextDef, made: Mapping[str, str], tensors: Mapping[str, str]
) -> bool:
    is_edited = False
    for inner in nested(context):
        is_edited |= _edit_context(inner, made, tensors)
    values = context.values_def.values
    there = set(values) if made else set()
    more = [new for new, like in made.items() if like in there and new not in there]
    values.extend(more)
    if isinstance(context, schema.CondContextDef) and context.pred_name in tensors:
        context.pred_name = tensors[context.pred_name]
        is_edited = True
    return is_edited or bool(more)
