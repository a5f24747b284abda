"""The attrs of a Const that is made of a value: its dtype is that of the value, which TensorFlow wants too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.given_attrs import given_attr
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema

# Of Python's own numbers, as `tf.constant` has it.
_PLAIN = {"float64": "float32", "int64": "int32", "complex128": "complex128"}


def constant_attrs(node: str, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attrs of a Const, with `dtype` and a `value` of that type.

    Numbers of Python, and lists of them, become what `dtype` says, or float32 and int32; other values have a type.

    Raises
    ------
    GraphError
        The value is of another type than `dtype` says, or cannot be of it.
    """
    value = attrs.get("value")
    if value is None or isinstance(value, schema.AttrValue) or hasattr(value, "SerializeToString"):
        return dict(attrs)
    dtype = None
    if "dtype" in attrs:
        said = given_attr("Const", "dtype", attrs["dtype"], node=node)
        dtype = DType.from_number(said.type) if isinstance(said, schema.AttrValue) else None
    if not isinstance(value, Tensor) and not hasattr(value, "dtype"):
        value = _of_plain(node, value, dtype)
    found = as_tensor(value)
    if dtype is not None and found.dtype is not dtype:
        raise GraphError(f"attr 'value' is {found.dtype.name}, and attr 'dtype' says {dtype.name}", node=node)
    return {**attrs, "dtype": found.dtype, "value": found}


def _of_plain(node: str, value: Any, dtype: DType | None) -> Any:
    """Return Python's numbers as an array of a type; texts as they are."""
    import numpy as np

    natural = as_tensor(value).dtype
    if not natural.itemsize:
        return value
    array = np.asarray(value)
    wanted = dtype
    if wanted is None:
        wanted = DType.from_name(_PLAIN.get(natural.name, natural.name))
        if wanted.is_integer and not np.array_equal(array, array.astype(wanted.numpy())):
            return array
    if not wanted.itemsize:
        return array
    made = array.astype(wanted.numpy())
    is_exact = natural.is_integer or natural.kind == "b"
    loses = not np.array_equal(made, array) if is_exact else not (wanted.is_floating or wanted.is_complex)
    if loses:
        raise GraphError(f"attr 'value' is {value!r:.60}, which {wanted.name} does not hold", node=node)
    return made
