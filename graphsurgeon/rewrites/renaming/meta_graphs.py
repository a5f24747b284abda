"""Renaming in what surrounds a graph.

================================ =====================================================================
in the meta graph                names
================================ =====================================================================
``saver_def``                    three nodes and tensors of the saver
``signature_def``                tensors; the keys are the caller's, and stay
``asset_file_def``               the tensor that holds the path
``collection_def``, node list    nodes and tensors
... ``variables`` and its kin    VariableDef: four tensors; of a part of a variable the key of the whole
... ``cond_context`` ...         pivots, exits, the tensors inside; the context's own name is a loop's, and stays
... ``queue_runners``, ``savers``  nodes and tensors
... any messages                 the tensor of an asset file or a TensorInfo
... other texts                  a node or tensor, when the whole text is the name of one
... ``graphsurgeon/unfreeze``    what `unfreeze` noted
``object_graph_def``             variables by name, constants by node
================================ =====================================================================

Costs O(entries); a VariableDef that several collections hold is parsed once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from graphsurgeon.meta_graph.references import CONTEXTS, ENDS, MESSAGES, PIVOTS
from graphsurgeon.meta_graph.retarget import name_fields
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.variables.unfreeze_note import COLLECTION, ConstantNote, UnfreezeNote
from proto_utils import schema

_ANY = {"tensorflow.AssetFileDef": schema.AssetFileDef, "tensorflow.TensorInfo": schema.TensorInfo}


def rename_in_meta_graph(
    meta: schema.MetaGraphDef, new: NewNames, nodes: Collection[str], keys: Collection[str]
) -> list[str]:
    """Rename everything that a meta graph names.

    Parameters
    ----------
    meta : MetaGraphDef
        Edited.
    new : NewNames
    nodes, keys : collection of str
        The nodes and checkpoint keys that there are, by their old names.

    Returns
    -------
    list of str
        The collections with messages of types that are not known, which may name tensors too.

    Raises
    ------
    CorruptionError
        An entry of a collection does not parse.
    """
    _rename_fields(meta.saver_def, MESSAGES["savers"][1:], new)
    for signature in meta.signature_def.values():
        _rename_infos([*signature.inputs.values(), *signature.outputs.values()], new)
    _rename_infos([asset.tensor_info for asset in meta.asset_file_def], new)
    if COLLECTION in meta.collection_def:
        _rename_note(meta, new, nodes)
    for key in sorted(meta.collection_def):
        if key != COLLECTION:
            _rename_collection(key, meta.collection_def[key], new, nodes)
    if meta.HasField("object_graph_def"):
        _rename_objects(meta.object_graph_def, new, nodes, keys)
    return [
        key
        for key in sorted(meta.collection_def)
        if any(_any_type(packed) is None for packed in meta.collection_def[key].any_list.value)
    ]


def rename_variable_def(definition: schema.VariableDef, new: NewNames) -> None:
    """Rename what a VariableDef names: tensors, and for a part of a variable the key of the whole."""
    _rename_fields(definition, MESSAGES["variables"][1:], new)
    if definition.HasField("save_slice_info_def"):
        definition.save_slice_info_def.full_name = new.key(definition.save_slice_info_def.full_name)


def _rename_fields(message: Any, fields: Iterable[str], new: NewNames) -> None:
    """Rename in the fields of a message, each of which holds a name, none, or a list of names."""
    for field in fields:
        value = getattr(message, field, "")
        if not isinstance(value, str):
            value[:] = [new.tensor(each) for each in value]
        elif value:
            setattr(message, field, new.tensor(value))


def _rename_infos(infos: Iterable[schema.TensorInfo], new: NewNames) -> None:
    for info in infos:
        for holder, field in name_fields(info):
            _rename_fields(holder, (field,), new)


def _rename_collection(key: str, definition: schema.CollectionDef, new: NewNames, nodes: Collection[str]) -> None:
    kind = definition.WhichOneof("kind")
    if kind == "node_list":
        definition.node_list.value[:] = [new.tensor(each) for each in definition.node_list.value]
    elif kind == "any_list":
        for packed in definition.any_list.value:
            _rename_any(packed, new)
    elif kind == "bytes_list":
        change = _change_of(key, new, nodes)
        known: dict[bytes, bytes] = {}
        values = list(definition.bytes_list.value)
        for value in values:
            if value not in known:
                known[value] = change(value)
        definition.bytes_list.value[:] = [known[value] for value in values]


def _change_of(key: str, new: NewNames, nodes: Collection[str]) -> Callable[[bytes], bytes]:
    """Return how the entries of a collection are renamed."""
    if key in CONTEXTS:
        return _parsed(CONTEXTS[key], lambda message: _rename_context(message, new))
    if key in ("savers", "queue_runners"):
        return _parsed(MESSAGES[key][0], lambda message: _rename_fields(message, MESSAGES[key][1:], new))
    if key in MESSAGES:
        return _parsed(MESSAGES[key][0], lambda message: rename_variable_def(message, new))
    return lambda value: _rename_text(value, new, nodes)


def _parsed(name: str, change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    def run(value: bytes) -> bytes:
        message = schema.parse(getattr(schema, name), value)
        before = schema.serialize(message)
        change(message)
        after = schema.serialize(message)
        # What does not change keeps its bytes, which may be in another order.
        return after if after != before else value

    return run


def _rename_text(value: bytes, new: NewNames, nodes: Collection[str]) -> bytes:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value
    return new.tensor(text).encode() if node_of(text.removeprefix("^")) in nodes else value


def _rename_context(context: Any, new: NewNames) -> None:
    _rename_fields(context, (*PIVOTS, *ENDS), new)
    values = context.values_def
    _rename_fields(values, ("values",), new)
    external = {new.tensor(outside): new.tensor(inside) for outside, inside in values.external_values.items()}
    if external != dict(values.external_values):
        values.external_values.clear()
        values.external_values.update(external)
    for nested in context.nested_contexts:
        kind = nested.WhichOneof("ctxt")
        if kind is not None:
            _rename_context(getattr(nested, kind), new)


def _rename_any(value: schema.AnyMessage, new: NewNames) -> None:
    cls = _any_type(value)
    if cls is not None:
        message: Any = schema.parse(cls, value.value)
        _rename_infos([getattr(message, "tensor_info", message)], new)
        value.value = schema.serialize(message)


def _any_type(value: schema.AnyMessage) -> Any:
    return _ANY.get(value.type_url.rpartition("/")[2])


def _rename_objects(
    objects: schema.SavedObjectGraph, new: NewNames, nodes: Collection[str], keys: Collection[str]
) -> None:
    for each in objects.nodes:
        kind = each.WhichOneof("kind")
        if kind == "constant" and each.constant.operation:
            each.constant.operation = new(each.constant.operation)
        elif kind == "variable":
            for variable in (each.variable, *each.variable.experimental_distributed_variable_components):
                if variable.name in nodes or variable.name in keys:
                    variable.name = new(variable.name)


def _rename_note(meta: schema.MetaGraphDef, new: NewNames, nodes: Collection[str]) -> None:
    """Rename in the note of `unfreeze`; what it says of function bodies stays."""
    note = UnfreezeNote.read(meta)
    note.constants = {new(name): _renamed(constant, new) for name, constant in note.constants.items()}
    note.gradient_op_type = {
        new(where) if where in nodes else where: name for where, name in note.gradient_op_type.items()
    }
    del meta.collection_def[COLLECTION]
    note.write(meta)


def _renamed(constant: ConstantNote, new: NewNames) -> ConstantNote:
    return ConstantNote(
        read=constant.read and new(constant.read),
        rewired=[[new(reader), position] for reader, position in constant.rewired],
        controls=list(map(new.tensor, constant.controls)),
        anchors=list(map(new, constant.anchors)),
        num_typed=constant.num_typed,
    )
