"""NodeDefs that stand in for plugins: their attrs are whatever the plugin takes, of ops that TensorFlow has not.

Source: the public reference of NVIDIA's graphsurgeon, TensorRT 5 to 8.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from graphsurgeon.ir import attr_value
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema


def message_class(name: str) -> Any:
    """Return the class of a message: TensorFlow's own where TensorFlow is loaded, else ours."""
    loaded = sys.modules.get("tensorflow.core.framework.graph_pb2")
    return getattr(schema, name) if loaded is None else schema.message_class_like(name, loaded.GraphDef())


def create_node(name: str, op: str | None = None, trt_plugin: bool = False, **kwargs: Any) -> Any:  # noqa: ARG001
    """Make a NodeDef that is in no graph yet.

    Parameters
    ----------
    name : str
    op : str, optional
        By default the name.
    trt_plugin : bool
        Taken for the sake of scripts: an op that TensorFlow does not have is one of a plugin.
    **kwargs
        ``inputs`` are nodes or names, ``dtype`` a type, ``shape`` a list; all others are attrs: int, float, bool, str,
        lists of these, types, and arrays, which go into the attr ``value``.

    Returns
    -------
    NodeDef

    Raises
    ------
    TypeError
        No attr holds a value.
    """
    node = message_class("NodeDef")(name=name, op=op or name)
    inputs = kwargs.pop("inputs", ())
    for each in [inputs] if isinstance(inputs, str) or hasattr(inputs, "attr") else inputs:
        node.input.append(each if isinstance(each, str) else each.name)
    for key, value in kwargs.items():
        for attr, held in _attrs(key, value):
            node.attr[attr].ParseFromString(schema.serialize(attr_value.encode(held)))
    return node


def create_plugin_node(name: str, op: str | None = None, **kwargs: Any) -> Any:
    """Make a NodeDef that stands for a plugin: as `create_node` does."""
    return create_node(name, op, trt_plugin=True, **kwargs)


def _attrs(key: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Yield the attrs that an argument stands for."""
    if key == "dtype":
        yield key, _dtype(value)
    elif key == "shape":
        dims = value.as_list() if hasattr(value, "as_list") else value
        yield key, Shape(None if dims is None else dims)
    elif type(value).__name__ == "ndarray":
        tensor = as_tensor(value)
        yield "dtype", tensor.dtype
        yield "value", tensor
    else:
        yield key, _in_one_kind(attr_value.plain(value))


def _dtype(value: Any) -> DType:
    if isinstance(value, str):
        return DType.from_name(value)
    found = attr_value.plain(value)
    return (
        found if isinstance(found, DType) else DType.from_number(value) if isinstance(value, int) else DType.of(value)
    )


def _in_one_kind(value: Any) -> Any:
    """Return a list of ints and floats as floats: ``[1, 0.5]``."""
    if isinstance(value, list) and {type(each) for each in value} == {int, float}:
        return [float(each) for each in value]
    return value
