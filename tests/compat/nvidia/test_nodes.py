"""NodeDefs that stand in for plugins."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.compat.nvidia.nodes import create_node, create_plugin_node, message_class
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from proto_utils import schema


def test_attrs_of_every_kind():
    node = Node(
        create_plugin_node(
            name="p", op="P_TRT", a=1, b=0.5, c=True, d="x", e=[1, 2], f=[1, 0.5], g=["x", "y"], dtype=np.float32,
            shape=(1, -1), h=dtypes.HALF,
        )
    )  # fmt: skip
    attrs = dict(node.attrs)
    assert (attrs["a"], attrs["b"], attrs["c"], attrs["d"]) == (1, 0.5, True, b"x")
    assert (attrs["e"], attrs["f"], attrs["g"]) == ([1, 2], [1.0, 0.5], [b"x", b"y"])
    assert (attrs["dtype"], attrs["h"]) == (dtypes.FLOAT, dtypes.HALF)
    assert attrs["shape"].dims == (1, None)
    assert (node.name, node.op) == ("p", "P_TRT")


def test_the_op_is_the_name_unless_it_is_given():
    assert create_node("ResizeBilinear").op == "ResizeBilinear"


def test_inputs_are_nodes_or_names():
    x = create_node("x")
    assert list(create_node("y", inputs=[x, "z:1"]).input) == ["x", "z:1"]
    assert list(create_node("y", inputs="z").input) == ["z"]
    assert list(create_node("y", inputs=x).input) == ["x"]


def test_arrays_make_constants():
    node = Node(create_node("c", "Const", values=np.array([1, 2], np.int32)))
    assert node.attrs["dtype"] is dtypes.INT32
    assert node.tensor.numpy().tolist() == [1, 2]


def test_what_no_attr_holds():
    with pytest.raises(TypeError, match="no attr holds"):
        create_node("x", a=object())


def test_without_tensorflow_messages_are_ours():
    assert message_class("NodeDef") is schema.NodeDef
