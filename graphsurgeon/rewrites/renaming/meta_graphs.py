"""Renaming in what surrounds a graph: everything that `meta_graph.references` finds, and the note of `unfreeze`.

The keys of signatures are the caller's, and the name of a context is a loop's: they stay. A text, or a variable in the
object graph, is renamed when it is the name of a node, or key, that there is.
"""

from __future__ import annotations

from collections.abc import Collection

from graphsurgeon.meta_graph.references import MetaEntry, Reference, message_references, references
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.variables.unfreeze_note import COLLECTION, UnfreezeNote
from proto_utils import schema


def rename_in_meta_graph(
    meta: schema.MetaGraphDef, new: NewNames, nodes: Collection[str], keys: Collection[str]
) -> None:
    """Rename everything that a meta graph names; `nodes` and `keys` are all there are, by their old names."""
    if COLLECTION in meta.collection_def:
        _rename_note(meta, new, nodes)
    for each in references(meta):
        each.set(_new_name(each, new, nodes, keys))


def rename_variable_def(definition: schema.VariableDef, new: NewNames) -> None:
    """Rename what a VariableDef names: tensors, and for a part of a variable the key of the whole."""
    for each in message_references(MetaEntry("variable", message=definition)):
        each.set(_new_name(each, new, (), ()))


def _new_name(reference: Reference, new: NewNames, nodes: Collection[str], keys: Collection[str]) -> str:
    name = reference.name
    if reference.kind == "key":
        return new.key(name)
    if reference.kind == "variable":
        return new(name) if name in nodes or name in keys else name
    if reference.kind == "text" and node_of(name.removeprefix("^")) not in nodes:
        return name
    return new.tensor(name)


def _rename_note(meta: schema.MetaGraphDef, new: NewNames, nodes: Collection[str]) -> None:
    """Rename in the note of `unfreeze`; what it says of function bodies stays."""
    note = UnfreezeNote.read(meta)
    note.constants = {new(name): constant.renamed(new) for name, constant in note.constants.items()}
    note.gradient_op_type = {
        new(where) if where in nodes else where: name for where, name in note.gradient_op_type.items()
    }
    note.passed = {new.tensor(made): new.tensor(before) for made, before in note.passed.items()}
    note.swapped = list(map(new, note.swapped))
    del meta.collection_def[COLLECTION]
    note.write(meta)
