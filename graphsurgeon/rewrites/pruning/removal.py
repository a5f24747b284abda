"""Removal of nodes, as what surrounds their graph is told of it: entries, saver, object graph and note follow."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.assets import asset_files
from graphsurgeon.meta_graph.contexts import CONTEXTS
from graphsurgeon.meta_graph.dangling import Gone, drop_dangling, narrow_signatures
from graphsurgeon.variables.saver import Saver
from graphsurgeon.variables.unfreeze_note import COLLECTION, UnfreezeNote
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

# What Keras knows of the objects.
_KERAS = "keras_metadata.pb"


class Removal(NamedTuple):
    """What a pass took out of a graph."""

    there: Collection[str]  # the nodes that are left
    replaced: Collection[str] = ()  # those of them that are left by name only, being something else now
    # the one made anew, or what became of the old one, if any
    saver: Saver | Literal["none", "kept", "removed"] = "none"
    has_lost: bool = False  # whether values of variables went


def update_meta_graph(model: Model, removal: Removal) -> list[Gone]:
    """Take what surrounds a graph to what is left of it, its library being done; return the entries that went."""
    meta = model.meta
    if meta is None:
        return []
    is_listed = removal.saver != "kept" and unlist_saver(meta)
    assets = set(asset_files(meta).values())
    gone = narrow_signatures(meta, removal.there.__contains__)
    gone += drop_dangling(meta, removal.there.__contains__)
    if isinstance(removal.saver, Saver):
        meta.saver_def.CopyFrom(removal.saver.saver_def)
        if is_listed:
            meta.collection_def["savers"].bytes_list.value.append(schema.serialize(meta.saver_def))
    elif removal.saver == "removed":
        meta.ClearField("saver_def")
    functions = model.library.functions
    if meta.HasField("object_graph_def") and (
        removal.has_lost or any(name not in functions for name in meta.object_graph_def.concrete_functions)
    ):
        meta.ClearField("object_graph_def")
        gone.append(Gone("object graph", ""))
        _leave_files(model, [_KERAS])
    _leave_files(model, [f"assets/{name}" for name in assets.difference(asset_files(meta).values())])
    aliases = meta.meta_info_def.function_aliases
    for name in [name for name in aliases if name not in functions]:
        del aliases[name]
        gone.append(Gone("function alias", name))
    if COLLECTION in meta.collection_def:
        _trim_note(meta, set(removal.there) - set(removal.replaced))
    return gone


def _leave_files(model: Model, names: Collection[str]) -> None:
    """Let files of the SavedModel not go along any more, unless it is for other meta graphs too."""
    parts = model.saved_model
    if parts is not None and not parts.num_others:
        model.saved_model = parts._replace(files={k: v for k, v in parts.files.items() if k not in names})


def unlist_saver(meta: schema.MetaGraphDef) -> bool:
    """Take the saver out of the collection of savers; return whether it was there."""
    if "savers" not in meta.collection_def:
        return False
    values = meta.collection_def["savers"].bytes_list.value
    left = [value for value in values if schema.parse(schema.SaverDef, value) != meta.saver_def]
    is_listed = len(left) < len(values)
    values[:] = left
    if not left:
        del meta.collection_def["savers"]
    return is_listed


def _trim_note(meta: schema.MetaGraphDef, there: set[str]) -> None:
    """Let the note of `unfreeze` speak of what is left only."""
    note = UnfreezeNote.read(meta)
    note.keep(there.__contains__)
    note.contexts &= any(key in meta.collection_def for key in CONTEXTS)
    for constant in note.constants.values():
        if not there.issuperset(constant.anchors):
            constant.anchors, constant.controls = [], []
    del meta.collection_def[COLLECTION]
    if not note.is_empty:
        note.write(meta)
