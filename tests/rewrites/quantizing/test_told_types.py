"""Types of variables in arguments of functions, and in the objects of a SavedModel."""

from __future__ import annotations

from graphsurgeon.rewrites.quantizing.told_types import keras_notes, tell_arguments, tell_objects
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests import notation
from tests.rewrites.quantizing.test_handle_flow import CALL, HANDLES, READ, flow, function


def test_arguments_and_results_that_say_a_type():
    body = function("f", "a h", "y:product:0 h", READ)
    body.proto.signature.input_arg[1].handle_data.add(dtype=dtypes.FLOAT.number)
    body.proto.signature.output_arg[1].handle_data.add(dtype=dtypes.FLOAT.number)
    types = body.proto.arg_attr[1].attr["_handle_dtypes"].list.type
    types.append(dtypes.FLOAT.number)
    model = notation.model(HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL}", body)
    of = flow(model)
    tell_arguments(model, of, {"w": None}.keys(), dtypes.HALF)
    assert list(types) == [dtypes.FLOAT.number]
    tell_arguments(model, of, {"v": None}.keys(), dtypes.HALF)
    signature = body.proto.signature
    assert [each.handle_data[0].dtype for each in (signature.input_arg[1], signature.output_arg[1])] == [19, 19]
    assert list(body.proto.arg_attr[1].attr["_handle_dtypes"].list.type) == [dtypes.HALF.number]


def test_objects():
    meta = schema.MetaGraphDef()
    variable = meta.object_graph_def.nodes.add().variable
    variable.dtype = dtypes.FLOAT.number
    variable.experimental_distributed_variable_components.add(dtype=dtypes.FLOAT.number)
    tell_objects(meta, [0], dtypes.QUINT8)
    part = variable.experimental_distributed_variable_components[0]
    assert (variable.dtype, part.dtype) == (dtypes.QUINT8.number, dtypes.QUINT8.number)


def test_notes():
    meta = schema.MetaGraphDef()
    assert keras_notes(None) == keras_notes(meta) == []
    meta.object_graph_def.nodes.add().user_object.identifier = "_tf_keras_network"
    (note,) = keras_notes(meta)
    assert "tf.saved_model.load" in note
