"""What says the types of variables beside their nodes: collections, objects of a SavedModel, arguments of functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import Any, Final

from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import ASSIGN_OPS
from graphsurgeon.meta_graph.collections import VARIABLE_COLLECTIONS, messages
from graphsurgeon.names import node_of
from graphsurgeon.rewrites.quantizing.handle_flow import HandleFlow
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema

_HANDLE_TYPES: Final = "_handle_dtypes"
#: How the objects of Keras 2 begin.
_KERAS: Final = "_tf_keras_"


def tell_collections(model: Model, meta: schema.MetaGraphDef, chosen: Collection[str]) -> None:
    """Let VariableDefs name the initial values that are assigned now."""
    for collection in VARIABLE_COLLECTIONS:
        if collection not in meta.collection_def:
            continue
        listed = meta.collection_def[collection].bytes_list.value
        for position, definition in enumerate(list(messages(meta, collection))):
            assign = model.graph.get(node_of(definition.initializer_name))
            is_meant = node_of(definition.variable_name) in chosen and definition.initial_value_name
            if is_meant and assign is not None and assign.op in ASSIGN_OPS:
                text = assign.data_inputs[1]
                definition.initial_value_name = text if ":" in text else f"{text}:0"
                listed[position] = schema.serialize(definition)


def tell_objects(meta: schema.MetaGraphDef, numbers: Iterable[int], dtype: DType) -> None:
    """Let objects that are variables have a type, and what they are made of on several devices."""
    for number in numbers:
        variable = meta.object_graph_def.nodes[number].variable
        for each in (variable, *variable.experimental_distributed_variable_components):
            each.dtype = dtype.number


def keras_notes(meta: schema.MetaGraphDef | None) -> list[str]:
    """Return what there is to say of a SavedModel of Keras 2, of which variables have another type now."""
    objects = () if meta is None else meta.object_graph_def.nodes
    if not any(node.user_object.identifier.startswith(_KERAS) for node in objects if node.HasField("user_object")):
        return []
    return [
        "load it by tf.saved_model.load: Keras 2's load_model makes variables of float32, and refuses the checkpoint"
    ]


def tell_arguments(model: Model, flow: HandleFlow, chosen: AbstractSet[str], dtype: DType) -> None:
    """Let arguments and results of functions that are handles say the type of the variable, where they say one."""
    for function in flow.functions if chosen else ():
        proto = model.library.functions[function].proto
        handles = flow.arguments(function)
        for number, argument in enumerate(proto.signature.input_arg):
            if not chosen.isdisjoint(handles.get(argument.name, ())):
                _tell(argument, dtype)
                attrs = proto.arg_attr[number].attr if number in proto.arg_attr else {}
                if _HANDLE_TYPES in attrs:
                    _tell_attr(attrs[_HANDLE_TYPES], dtype)
        for number, names in flow.results(function).items():
            if not chosen.isdisjoint(names):
                _tell(proto.signature.output_arg[number], dtype)


def _tell(argument: schema.OpDef.ArgDef, dtype: DType) -> None:
    for each in argument.handle_data:
        if each.dtype == dtypes.FLOAT.number:
            each.dtype = dtype.number


def _tell_attr(attr: Any, dtype: DType) -> None:
    attr.list.type[:] = [dtype.number if each == dtypes.FLOAT.number else each for each in attr.list.type]
