"""What surrounds a graph of which a part is there once more: collections and contexts have it twice, too.

An entry of a collection comes along when what it is about does: a VariableDef, a queue runner, a name. Of what a graph
has once, such as a global step, the original stays the only one. A context comes along when its pivot does; else the
copies of its nodes are inside of the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from graphsurgeon.meta_graph.collections import MESSAGES, messages
from graphsurgeon.meta_graph.contexts import CONTEXTS, contexts, nested
from graphsurgeon.meta_graph.dependencies import INIT_COLLECTIONS
from graphsurgeon.meta_graph.references import MetaEntry, message_references
from graphsurgeon.names import node_of, unique_name
from graphsurgeon.rewrites.renaming.meta_graphs import rename_variable_def
from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.variables.unfreeze_note import COLLECTION, UnfreezeNote
from proto_utils import schema

#: What a graph has one of, or what speaks of the whole graph.
_ONCE = {*INIT_COLLECTIONS, *CONTEXTS, "savers", "global_step", "eval_step", "ready_op", "ready_for_local_init_op"} | {
    "summary_op", "train_op", COLLECTION,
}  # fmt: skip


def copy_surroundings(
    meta: schema.MetaGraphDef, new: NewNames, copied: Collection[str], frames: Mapping[str, str]
) -> None:
    """Let collections and contexts speak of copies too: `copied` are the originals, `frames` the new names of loops."""
    for key in sorted(set(meta.collection_def) - _ONCE):
        _copy_collection(meta, key, new, copied)
    _copy_contexts(meta, new, copied, frames)
    if COLLECTION in meta.collection_def:
        note = UnfreezeNote.read(meta)
        more = {new(name): each.renamed(new) for name, each in note.constants.items() if name in copied}
        passed = {
            new.tensor(made): new.tensor(before) if node_of(before) in copied else before
            for made, before in note.passed.items()
            if node_of(made) in copied
        }
        swapped = [new(name) for name in note.swapped if name in copied]
        if more or passed or swapped:
            note.constants |= more
            note.passed |= passed
            note.swapped += swapped
            del meta.collection_def[COLLECTION]
            note.write(meta)


def _copy_collection(meta: schema.MetaGraphDef, key: str, new: NewNames, copied: Collection[str]) -> None:
    definition = meta.collection_def[key]
    names = definition.node_list.value if definition.WhichOneof("kind") == "node_list" else []
    names.extend([new.tensor(name) for name in names if node_of(name) in copied])
    if MESSAGES.get(key) not in ("VariableDef", "QueueRunnerDef"):
        return
    values = definition.bytes_list.value
    for message in list(messages(meta, key)):
        subject = message.variable_name if MESSAGES[key] == "VariableDef" else message.queue_name
        if node_of(subject) in copied:
            if MESSAGES[key] == "VariableDef":
                rename_variable_def(message, new)
            else:
                _rename(message, new)
            values.append(schema.serialize(message))


def _rename(message: Any, new: NewNames) -> None:
    for each in message_references(MetaEntry("", message=message)):
        each.set(new.tensor(each.name))


def _copy_contexts(
    meta: schema.MetaGraphDef, new: NewNames, copied: Collection[str], frames: Mapping[str, str]
) -> None:
    taken = {context.context_name for context in contexts(meta)} | set(frames.values())
    copier = _ContextCopier(new, copied, frames, taken)
    for key in CONTEXTS:
        values = meta.collection_def[key].bytes_list.value if key in meta.collection_def else []
        for position, context in enumerate(list(messages(meta, key)) if values else ()):
            copy = copier.copy(context)
            values[position] = schema.serialize(context)
            if copy is not None:
                values.append(schema.serialize(copy))


class _ContextCopier:
    def __init__(self, new: NewNames, copied: Collection[str], frames: Mapping[str, str], taken: set[str]) -> None:
        self._new = new
        self._copied = copied
        self._frames = frames
        self._taken = taken

    def copy(self, context: Any) -> Any:
        """Return the copy of a context, None when its nodes are inside of the same one; that is edited."""
        if node_of(context.pivot_name) in self._copied:
            return self._whole(context)
        values = context.values_def.values
        outside = set(context.values_def.external_values)
        values.extend([self._new.tensor(v) for v in values if node_of(v) in self._copied and v not in outside])
        for inner in nested(context):
            copy = self.copy(inner)
            if copy is not None:
                kind = "while_ctxt" if isinstance(copy, schema.WhileContextDef) else "cond_ctxt"
                getattr(context.nested_contexts.add(), kind).CopyFrom(copy)
        return None

    def _whole(self, context: Any) -> Any:
        made = type(context)()
        made.CopyFrom(context)
        self._cut(made)
        _rename(made, self._new)
        self._name(made)
        return made

    def _cut(self, context: Any) -> None:
        """Take out what is not copied, unless it stands outside."""
        values, outside = context.values_def.values, context.values_def.external_values
        for name in [each for each, inside in outside.items() if node_of(inside) not in self._copied]:
            del outside[name]
        values[:] = [value for value in values if node_of(value) in self._copied or value in outside]
        for field in ("loop_exit_names", "loop_enter_names"):
            if hasattr(context, field):
                names = getattr(context, field)
                names[:] = [name for name in names if node_of(name) in self._copied]
        kept = [w for w, inner in zip(context.nested_contexts, nested(context), strict=True) if self._is_copied(inner)]
        copies = type(context)(nested_contexts=kept)
        del context.nested_contexts[:]
        context.nested_contexts.extend(copies.nested_contexts)
        for inner in nested(context):
            self._cut(inner)

    def _is_copied(self, context: Any) -> bool:
        return node_of(context.pivot_name) in self._copied

    def _name(self, context: Any) -> None:
        name = context.context_name
        context.context_name = self._frames.get(name) or unique_name(name, self._taken)
        self._taken.add(context.context_name)
        for inner in nested(context):
            self._name(inner)
