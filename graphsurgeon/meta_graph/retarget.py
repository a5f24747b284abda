"""Leading names of tensors in a meta graph to where the values are now.

Collections, signatures and the contexts of loops and branches name tensors of the graph.
When a pass moves a value to another node, these names have to follow, or TensorFlow finds
the wrong tensor under them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphsurgeon.meta_graph.references import CONTEXTS
from proto_utils import schema


class Moved(NamedTuple):
    """A node of a loop or branch whose value now comes from outside.

    Attributes
    ----------
    source : str
        The node outside that has the value.
    enters : sequence of str
        The Enter nodes that lead it in, outermost frame first.
    inside : str
        The node that stands in its place inside.
    """

    source: str
    enters: Sequence[str]
    inside: str


def retarget_tensors(meta: schema.MetaGraphDef, tensors: Mapping[str, str]) -> list[str]:
    """Rename tensors in signatures and in collections of names.

    Parameters
    ----------
    meta : MetaGraphDef
        Edited.
    tensors : mapping of str to str
        ``X:0`` to ``Y:0``.

    Returns
    -------
    list of str
        What was renamed, for people.
    """
    notes = []
    for key in sorted(meta.signature_def):
        signature = meta.signature_def[key]
        for info in [*signature.inputs.values(), *signature.outputs.values()]:
            for holder, field in name_fields(info):
                old = getattr(holder, field)
                if old in tensors:
                    setattr(holder, field, tensors[old])
                    notes.append(f"signature {key!r} now names {tensors[old]!r} instead of {old!r}")
    for key in sorted(meta.collection_def):
        values = meta.collection_def[key].node_list.value if _is_node_list(meta, key) else []
        for position, old in enumerate(values):
            if old in tensors:
                values[position] = tensors[old]
                notes.append(f"collection {key!r} now names {tensors[old]!r} instead of {old!r}")
    return notes


def retarget_contexts(meta: schema.MetaGraphDef, moved: Mapping[str, Moved]) -> None:
    """Tell the contexts of loops and branches that nodes of theirs now stand outside.

    Parameters
    ----------
    meta : MetaGraphDef
        Edited.
    moved : mapping of str to Moved
        By node.
    """
    if not moved:
        return
    for key, name in CONTEXTS.items():
        if key in meta.collection_def:
            listed = meta.collection_def[key].bytes_list.value
            contexts = [schema.parse(getattr(schema, name), data) for data in listed]
            for context in contexts:
                _retarget(context, moved)
            listed[:] = [schema.serialize(context) for context in contexts]


def _retarget(context: Any, moved: Mapping[str, Moved]) -> dict[str, int]:
    """Rename in a context and those inside of it; return how many Enters of each moved node lie further out."""
    left: dict[str, int] = {}
    for nested in context.nested_contexts:
        kind = nested.WhichOneof("ctxt")
        if kind is not None:
            left |= _retarget(getattr(nested, kind), moved)
    values = context.values_def.values
    for position, tensor in enumerate(values):
        name = tensor.removesuffix(":0")
        if name in moved:
            values[position] = f"{moved[name].inside}:0"
            left[name] = len(moved[name].enters)
    if isinstance(context, schema.WhileContextDef):
        for name, count in left.items():
            if count:
                _enter(context, moved[name], count - 1)
                left[name] = count - 1
    return left


def _enter(context: schema.WhileContextDef, moved: Moved, level: int) -> None:
    source = moved.enters[level - 1] if level else moved.source
    context.values_def.values.append(f"{moved.enters[level]}:0")
    context.values_def.external_values[f"{source}:0"] = f"{moved.enters[level]}:0"


def _is_node_list(meta: schema.MetaGraphDef, key: str) -> bool:
    return meta.collection_def[key].WhichOneof("kind") == "node_list"


def name_fields(info: schema.TensorInfo) -> Iterator[tuple[Any, str]]:
    """Yield the messages and fields of a TensorInfo that hold a tensor's name."""
    kind = info.WhichOneof("encoding")
    if kind == "coo_sparse":
        for field in ("values_tensor_name", "indices_tensor_name", "dense_shape_tensor_name"):
            yield info.coo_sparse, field
    elif kind == "composite_tensor":
        for part in info.composite_tensor.components:
            yield from name_fields(part)
    elif kind == "name":
        yield info, "name"
