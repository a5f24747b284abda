"""Layers and ops that the names of readers tell of."""

from __future__ import annotations

import pytest

from graphsurgeon.weights.reader_scopes import has_captures, is_capture, reading_of


@pytest.mark.parametrize(
    "name",
    [
        "unknown",
        "unknown_17",
        "net/unknown_3",
        "a/ReadVariableOp/resource",
        "Gather/resource_1",
        "Func/StatefulPartitionedCall/input/_9",
        "Func/StatefulPartitionedCall/while/body/_3/input_9",
        "statefulpartitionedcall_args_12",
        "while/args_2",
        "while/input_9",
        "captures_4",
    ],
)
def test_names_that_tracing_makes_up(name):
    assert is_capture(name, is_read=False)
    assert has_captures(["w", name])


@pytest.mark.parametrize(
    "name", ["unknown/kernel", "unknowns", "conv1/kernel", "resource/w", "inputs", "my_args", "w_17"]
)
def test_other_names(name):
    assert not is_capture(name, is_read=True)
    assert not has_captures([name])


@pytest.mark.parametrize("name", ["43", "net_1/lay_1/1277"])
def test_numbers_are_made_up_where_a_read_says_so(name):
    assert is_capture(name, is_read=True)
    assert not is_capture(name, is_read=False)


@pytest.mark.parametrize(
    ("reader", "layer", "op"),
    [
        ("model/conv1/Conv2D/ReadVariableOp", "model/conv1", "Conv2D"),
        ("net_1/conv1d_1/convolution/ExpandDims_1/ReadVariableOp", "net_1/conv1d_1", "convolution/ExpandDims_1"),
        ("StatefulPartitionedCall/net/bn/ReadVariableOp_1", "net/bn", ""),
        ("StatefulPartitionedCall/net/d/StatefulPartitionedCall_1/MatMul/ReadVariableOp", "net/d", "MatMul"),
        ("net/ln/batchnorm/mul/ReadVariableOp", "net/ln", "batchnorm/mul"),
        ("net/bn/batchnorm/ReadVariableOp", "net/bn", "batchnorm"),
        ("net/mha/query/einsum/Einsum/ReadVariableOp", "net/mha/query", "einsum/Einsum"),
        ("net/d/Tensordot/ReadVariableOp", "net/d", "Tensordot"),
        ("net/lstm/Read_1/ReadVariableOp", "net/lstm", "Read_1"),
        ("net_1/fc_1/Cast/Cast/ReadVariableOp", "net_1/fc_1", "Cast/Cast"),
        ("MatMul_1/ReadVariableOp", "", "MatMul_1"),
        ("net/my_layer/ReadVariableOp", "net/my_layer", ""),
    ],
)
def test_a_read_is_named_after_its_op_in_its_layer(reader, layer, op):
    reading = reading_of(reader, ())
    assert ("/".join(reading.layer), reading.op) == (layer, op)


def test_a_scope_that_is_a_node_is_no_layer():
    nodes = {"net/sep/separable_conv2d", "net/emb/lookup"}
    assert reading_of("net/sep/separable_conv2d/ReadVariableOp_1", nodes).layer == ("net", "sep")
    assert reading_of("net/emb/lookup", nodes) == ("net/emb/lookup", ("net", "emb"), "lookup")


@pytest.mark.parametrize(
    "reader",
    [
        "m/lstm/while/lstm_cell/MatMul/ReadVariableOp",
        "m/lstm/while/body/_79/m/lstm/while/lstm_cell/MatMul/ReadVariableOp",
        "StatefulPartitionedCall/m/lstm/cond/then/_8/m/lstm/cond/lstm_cell/MatMul/ReadVariableOp",
        "m/lstm/PartitionedCall/while/body/_3/while/lstm_cell/MatMul/ReadVariableOp",
    ],
)
def test_loops_branches_and_functions_are_no_layers(reader):
    assert reading_of(reader, ()).layer == ("m", "lstm", "lstm_cell")
