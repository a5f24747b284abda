"""References: everything in a meta graph that names a node, a tensor or a checkpoint key, in one walk.

Who renames sets names; who takes nodes away removes the entries that name them; who checks only looks. An entry is
what is listed as one: a name in a list, a VariableDef, a signature, an asset. It goes as a whole when what a name in it
stands for goes. Only contexts hold other entries: a tensor inside of one, or a pair of tensors, can go alone. The
SaverDef and the object graph of a meta graph stay, whatever they name; so do texts among the bytes of collections.

Costs O(entries). Source: meta_graph.py of TensorFlow 1.15 and 2.21, and the ``from_proto`` of what it imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Literal

from graphsurgeon.meta_graph.collections import MESSAGES
from graphsurgeon.names import node_of
from proto_utils import schema

#: A node or tensor; a key of the checkpoint; a variable by its name, which may be a key; a text that may be a name.
NameKind = Literal["tensor", "key", "variable", "text"]

# Messages, and their fields that name: by a tensor or a list of such when nothing else is said; below a message, a list
# or map of messages; by names, pairs of names and messages that are entries. A context's own name is no node's.
_NAMES = """
VariableDef           variable_name initializer_name snapshot_name initial_value_name save_slice_info_def.full_name=key
SaverDef              filename_tensor_name save_tensor_name restore_op_name
QueueRunnerDef        queue_name enqueue_op_name close_op_name cancel_op_name
CondContextDef        pred_name pivot_name values_def.values=members values_def.external_values=pairs
                      nested_contexts=entries
WhileContextDef       pivot_name pivot_for_pred_name pivot_for_body_name maximum_iterations_name loop_exit_names=members
                      loop_enter_names=members values_def.values=members values_def.external_values=pairs
                      nested_contexts=entries
ControlFlowContextDef cond_ctxt=message while_ctxt=message
TensorInfo            name coo_sparse.values_tensor_name coo_sparse.indices_tensor_name
                      coo_sparse.dense_shape_tensor_name composite_tensor.components=list
AssetFileDef          tensor_info=message
SignatureDef          inputs=map outputs=map
SavedObjectGraph      nodes=list
SavedObject           constant.operation variable=message
SavedVariable         name=variable experimental_distributed_variable_components=list
"""


def _table(text: str) -> dict[str, list[tuple[str, str, Any]]]:
    """Return the table by message: the way to what has the field, the field, and how it names."""
    table: dict[str, list[tuple[str, str, Any]]] = {}
    for line in text.strip().replace("\n ", " ").splitlines():
        message, *fields = line.split()
        parts = [field.partition("=") for field in fields]
        table[message] = [(*way.rpartition(".")[::2], how or "tensor") for way, _, how in parts]
    return table


_FIELDS = _table(_NAMES)


class MetaEntry:
    """What a meta graph lists as one."""

    def __init__(
        self,
        where: str,  # ``collection variables``, ``signature`` ...
        name: str = "",  # of a name itself, of a signature its key, of an asset its file; empty for messages
        message: Any = None,  # None for names
        within: MetaEntry | None = None,  # the context that it stands in
        *,
        stays: bool = False,  # whether it stays, whatever becomes of what it names
    ) -> None:
        self.where = where
        self.name = name
        self.message = message
        self.within = within
        self.stays = stays
        self.num_names = 0  # of a context, how many names there are in its lists
        self.is_changed = False  # it, or what stands in it
        self.is_removed = False

    @property
    def label(self) -> str:
        """What people know it by."""
        if self.name or self.message is None:
            return self.name
        own: str = getattr(self.message, "context_name", "")
        return own or next((node_of(each.name) for each in message_references(MetaEntry("", "", self.message))), "")

    @property
    def root(self) -> MetaEntry:
        """Itself, or the outermost context that it stands in."""
        return self if self.within is None else self.within.root

    def change(self) -> None:
        """Let it be written back."""
        self.is_changed = True
        if self.within is not None:
            self.within.change()

    def remove(self) -> None:
        """Take it out of the meta graph."""
        self.is_removed = True
        self.change()


class Reference:
    """A name in a meta graph; its `field` is what TensorFlow calls its place: ``snapshot_name``, ``values`` ..."""

    __slots__ = ("_holder", "_place", "entry", "field", "kind", "name")

    def __init__(self, entry: MetaEntry, field: str, name: str, kind: NameKind, holder: Any, place: str | int) -> None:
        self.entry = entry
        self.field = field
        self.name = name
        self.kind: NameKind = kind
        self._holder = holder
        self._place = place

    @property
    def is_vital(self) -> bool:
        """Whether its entry goes with what it names."""
        return self.kind == "tensor" and not self.entry.stays

    def set(self, name: str) -> None:
        """Name something else."""
        if name != self.name:
            self.name = name
            self.entry.change()
            if isinstance(self._place, str):
                setattr(self._holder, self._place, name)
            else:
                self._holder[self._place] = name


def references(meta: schema.MetaGraphDef) -> Iterator[Reference]:
    """Yield everything that a meta graph names; an entry of a collection that does not parse is a CorruptionError.

    A name is set, or its entry removed, while the walk stands at it: what lies behind it has been written back. An
    entry that nothing is done to keeps its bytes; a collection that is emptied goes.
    """
    for key in sorted(meta.collection_def):
        yield from collection_references(meta, key)
    yield from signature_references(meta)
    yield from _entries(meta.asset_file_def, [MetaEntry("asset", each.filename, each) for each in meta.asset_file_def])
    if meta.HasField("saver_def"):
        yield from message_references(MetaEntry("saver", message=meta.saver_def, stays=True))
    if meta.HasField("object_graph_def"):
        yield from message_references(MetaEntry("object graph", message=meta.object_graph_def, stays=True))


def collection_references(meta: schema.MetaGraphDef, key: str) -> Iterator[Reference]:
    """Yield what a collection names, as `references` does."""
    where, definition = f"collection {key}", meta.collection_def[key]
    kind = definition.WhichOneof("kind")
    values = getattr(definition, kind).value if kind is not None else ()
    is_filled = bool(values)
    if kind == "node_list":
        yield from _names(values, kind, [MetaEntry(where, name) for name in values])
    elif kind == "any_list":
        yield from _packed(where, values)
    elif kind == "bytes_list":
        yield from _messages(where, MESSAGES[key], values) if key in MESSAGES else _texts(where, values)
    if is_filled and not values:
        del meta.collection_def[key]


def signature_references(meta: schema.MetaGraphDef) -> Iterator[Reference]:
    """Yield what signatures name, as `references` does."""
    for key in sorted(meta.signature_def):
        entry = MetaEntry("signature", key, meta.signature_def[key])
        yield from message_references(entry)
        if entry.is_removed:
            del meta.signature_def[key]


def message_references(entry: MetaEntry, message: Any = None) -> Iterator[Reference]:
    """Yield what the message of an entry names, or a message below that; it is edited."""
    message = entry.message if message is None else message
    for way, field, how in _FIELDS[message.DESCRIPTOR.name]:
        if entry.is_removed:
            return
        holder = getattr(message, way) if way else message
        value = getattr(holder, field)
        if isinstance(value, str):
            if value:
                yield Reference(entry, field, value, how, holder, field)
        elif how in ("message", "list", "map"):
            # Maps come in any order.
            for each in (value,) if how == "message" else map(value.get, sorted(value)) if how == "map" else value:
                yield from message_references(entry, each)
        elif how in _ENTRIES:
            yield from _ENTRIES[how](entry, field, value)
        else:
            for position, name in enumerate(value):
                yield Reference(entry, field, name, how, value, position)


def name_fields(message: str) -> list[str]:
    """Return the fields of a type of message that hold the names of nodes and tensors, or lists of them."""
    return [field for way, field, how in _FIELDS[message] if how == "tensor" and not way]


def retarget_tensors(meta: schema.MetaGraphDef, tensors: Mapping[str, str]) -> list[str]:
    """Rename tensors (``X:0`` to ``Y:0``) in signatures and in collections of names; return what was, for people."""
    lists = [key for key in sorted(meta.collection_def) if meta.collection_def[key].WhichOneof("kind") == "node_list"]
    notes = []
    for each in chain(signature_references(meta), *(collection_references(meta, key) for key in lists)):
        old = each.name
        if old in tensors:
            each.set(tensors[old])
            word, _, key = each.entry.where.partition(" ")
            notes.append(f"{word} {(key or each.entry.label)!r} now names {tensors[old]!r} instead of {old!r}")
    return notes


def tensor_names(info: schema.TensorInfo) -> list[str]:
    """Return the names in a TensorInfo: one, or those of a composite tensor's parts; none is an empty one."""
    return [each.name for each in message_references(MetaEntry("", message=info))] or [""]


def unknown_messages(meta: schema.MetaGraphDef) -> list[str]:
    """Return the collections with messages of types that are not known here, which may name tensors too."""
    return [
        key
        for key in sorted(meta.collection_def)
        if any(_type_name(packed) not in _FIELDS for packed in meta.collection_def[key].any_list.value)
    ]


def _members(context: MetaEntry, field: str, values: Any) -> Iterator[Reference]:
    context.num_names += len(values)
    return _names(values, field, [MetaEntry(context.where, name, within=context) for name in values])


def _names(values: Any, field: str, entries: list[MetaEntry]) -> Iterator[Reference]:
    """Yield the names of a list, each an entry of its own."""
    for position, entry in enumerate(entries):
        yield Reference(entry, field, entry.name, "tensor", values, position)
    _take_out(values, entries)


def _pairs(context: MetaEntry, field: str, values: Any) -> Iterator[Reference]:
    """Yield what stands inside of a context for something outside."""
    pairs = {MetaEntry(context.where, within=context): list(pair) for pair in values.items()}
    for entry, pair in pairs.items():
        for place, name in enumerate(pair):
            yield Reference(entry, field, name, "tensor", pair, place)
    if any(entry.is_changed for entry in pairs):
        values.clear()
        values.update({outside: inside for entry, (outside, inside) in pairs.items() if not entry.is_removed})


def _nested(context: MetaEntry, _: str, values: Any) -> Iterator[Reference]:
    return _entries(values, [MetaEntry(context.where, message=each, within=context) for each in values])


_ENTRIES = {"members": _members, "pairs": _pairs, "entries": _nested}


def _entries(values: Any, entries: list[MetaEntry]) -> Iterator[Reference]:
    """Yield what the messages of a list name, each an entry of its own."""
    for entry in entries:
        yield from message_references(entry)
    _take_out(values, entries)


def _messages(where: str, name: str, values: Any) -> Iterator[Reference]:
    """Yield what messages that a list holds as bytes name."""
    cls, left, is_changed = getattr(schema, name), [], False
    for value in values:
        entry = MetaEntry(where, "", schema.parse(cls, value))
        yield from message_references(entry)
        if not entry.is_removed:
            left.append(schema.serialize(entry.message) if entry.is_changed else value)
        is_changed |= entry.is_changed
    if is_changed:
        values[:] = left


def _packed(where: str, values: Any) -> Iterator[Reference]:
    """Yield what messages of any kind name."""
    entries = [MetaEntry(where) for _ in values]
    for entry, packed in zip(entries, values, strict=True):
        if _type_name(packed) in _FIELDS:
            entry.message = schema.parse(getattr(schema, _type_name(packed)), packed.value)
            entry.name = next((each.name for each in message_references(entry)), "")
            yield from message_references(entry)
            if entry.is_changed:
                packed.value = schema.serialize(entry.message)
    _take_out(values, entries)


def _texts(where: str, values: Any) -> Iterator[Reference]:
    for position, value in enumerate(list(values)):
        try:
            text = [value.decode()]
        except UnicodeDecodeError:
            continue
        entry = MetaEntry(where, text[0], stays=True)
        yield Reference(entry, "bytes_list", text[0], "text", text, 0)
        if entry.is_changed:
            values[position] = text[0].encode()


def _type_name(packed: schema.AnyMessage) -> str:
    return packed.type_url.rpartition("/")[2].removeprefix("tensorflow.")


def _take_out(values: Any, entries: list[MetaEntry]) -> None:
    """Take what was removed out of a list."""
    left = [value for value, entry in zip(values, entries, strict=True) if not entry.is_removed]
    if len(left) < len(values):
        del values[:]
        values.extend(left)
