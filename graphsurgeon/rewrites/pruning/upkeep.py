"""What surrounds a graph from which nodes go: what has to stay for the nodes that stay, and what goes with the others.

Before: `set_up` tells which nodes belong to variables, tables and queues although nothing
needs them. After: `bring_in_step` takes collections, signatures, assets, saver, object
graph and the note of `unfreeze` to what is left.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.dangling import Gone, drop_dangling
from graphsurgeon.meta_graph.dependencies import InitOps, companions, init_ops
from graphsurgeon.variables.saver import Saver
from graphsurgeon.variables.unfreeze_note import COLLECTION, UnfreezeNote
from proto_utils import schema

SaverFate = Literal["none", "kept", "remade", "removed"]


def set_up(model: Model, index: Index, without: Collection[str] = ()) -> tuple[dict[str, list[str]], InitOps]:
    """Return what sets stateful nodes up, and the ops that set everything up at once.

    Parameters
    ----------
    model : Model
    index : Index
        Of its graph.
    without : collection of str
        Nodes that need not be set up any more.

    Returns
    -------
    also : dict of str to list of str
        By node, as `reach.ancestors` takes it.
    init : InitOps
    """
    if model.meta is None:
        return {}, InitOps((), {})
    init = InitOps(init_ops(model.meta), index.producers)
    also = companions(model.meta, index.producers)
    for holder, names in init.companions.items():
        also.setdefault(holder, []).extend(names)
    return {holder: names for holder, names in also.items() if holder not in without}, init


def bring_in_step(
    model: Model,
    there: Collection[str],
    *,
    saver_fate: SaverFate,
    saver: Saver | None = None,
    replaced: Collection[str] = (),
    has_lost: bool = False,
) -> list[Gone]:
    """Take what surrounds a graph to what is left of it.

    Parameters
    ----------
    model : Model
        Its meta graph is edited; its library is what it shall be.
    there : collection of str
        The nodes that are left.
    saver_fate : {"none", "kept", "remade", "removed"}
    saver : Saver, optional
        The one made anew.
    replaced : collection of str
        Nodes that are left by name only, being something else now.
    has_lost : bool
        Whether values of variables went.

    Returns
    -------
    list of Gone
        The entries that went.
    """
    meta = model.meta
    if meta is None:
        return []
    old_saver = schema.serialize(meta.saver_def)
    is_listed = _unlist_saver(meta, old_saver) if saver_fate != "kept" else False
    gone = drop_dangling(meta, there.__contains__)
    if saver is not None:
        meta.saver_def.CopyFrom(saver.saver_def)
        if is_listed:
            meta.collection_def["savers"].bytes_list.value.append(schema.serialize(saver.saver_def))
    elif saver_fate == "removed":
        meta.ClearField("saver_def")
    functions = model.library.functions
    if meta.HasField("object_graph_def") and (
        has_lost or any(name not in functions for name in meta.object_graph_def.concrete_functions)
    ):
        meta.ClearField("object_graph_def")
        gone.append(Gone("object graph", "", ""))
    aliases = meta.meta_info_def.function_aliases
    for name in [name for name in aliases if name not in functions]:
        del aliases[name]
        gone.append(Gone("function alias", name))
    if COLLECTION in meta.collection_def:
        _trim_note(meta, set(there) - set(replaced))
    return gone


def _unlist_saver(meta: schema.MetaGraphDef, old_saver: bytes) -> bool:
    """Take the saver out of the collection of savers; return whether it was there."""
    if "savers" not in meta.collection_def:
        return False
    values = meta.collection_def["savers"].bytes_list.value
    left = [value for value in values if schema.serialize(schema.parse(schema.SaverDef, value)) != old_saver]
    is_listed = len(left) < len(values)
    values[:] = left
    if not left:
        del meta.collection_def["savers"]
    return is_listed


def _trim_note(meta: schema.MetaGraphDef, there: set[str]) -> None:
    """Let the note of `unfreeze` speak of what is left only."""
    note = UnfreezeNote.read(meta)
    note.constants = {name: constant for name, constant in note.constants.items() if name in there}
    for constant in note.constants.values():
        if not there.issuperset(constant.anchors):
            constant.anchors, constant.controls = [], []
    del meta.collection_def[COLLECTION]
    if note.constants or note.gradient_op_type:
        note.write(meta)
