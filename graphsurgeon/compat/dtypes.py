"""`tf.DType` for the drop-ins: the same attributes and comparisons, without TensorFlow.

A dtype equals whatever stands for the same type: TensorFlow's own object, either way round, its number, its names,
numpy's type or dtype::

    dtype == tf.float32    tf.float32 == dtype    dtype == np.float32    dtype == "float32"    dtype == 1

Like TensorFlow's it hashes as its number, so in a dict it finds the keys that are dtypes or numbers.

Source: TensorFlow's ``python/framework/dtypes.py``.
"""

from __future__ import annotations

from typing import Any

from graphsurgeon.errors import NotFoundError, UnsupportedError
from graphsurgeon.tensors import dtypes as own

__all__ = ["DType", "as_dtype"]


class DType:
    """The type of a tensor's elements, as `tf.DType` shows it.

    Parameters
    ----------
    type_enum : int
        Its number in the ``DataType`` enum.

    Raises
    ------
    TypeError
        There is no such type.
    """

    __slots__ = ("_own",)

    def __init__(self, type_enum: int) -> None:
        try:
            self._own = own.DType.from_number(int(type_enum))
        except UnsupportedError as error:
            raise TypeError(error.message) from error

    @property
    def name(self) -> str:
        """``"float32"``."""
        return self._own.name

    @property
    def as_datatype_enum(self) -> int:
        """The number in the ``DataType`` enum."""
        return self._own.number

    @property
    def as_numpy_dtype(self) -> Any:
        """The numpy type of its elements: ``numpy.float32``; a dtype of one field for quantized ones.

        Raises
        ------
        UnsupportedError
            It has no numpy type (resource, variant).
        """
        import numpy as np

        held = self._own.numpy()
        if self.is_quantized:
            return np.dtype([(self._own.base.name, held)])
        return held.type

    @property
    def base_dtype(self) -> DType:
        """The type without the reference."""
        return DType(self._own.base.number)

    @property
    def real_dtype(self) -> DType:
        """The type of a complex one's parts; itself for others."""
        parts = {own.COMPLEX64: own.FLOAT, own.COMPLEX128: own.DOUBLE}.get(self._own.base)
        return self if parts is None else DType(parts.number)

    @property
    def size(self) -> int:
        """Bytes of an element; 0 for strings, resources and variants, as since TensorFlow 2."""
        return self._own.itemsize

    @property
    def is_bool(self) -> bool:
        """Whether it is bool."""
        return self._own.base is own.BOOL

    @property
    def is_floating(self) -> bool:
        """Whether it is a real floating-point type."""
        return self._own.is_floating

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer type that is not quantized."""
        return self._own.is_integer

    @property
    def is_unsigned(self) -> bool:
        """Whether it is an unsigned integer type that is not quantized."""
        return self._own.kind == "u"

    @property
    def is_complex(self) -> bool:
        """Whether it is a complex type."""
        return self._own.is_complex

    @property
    def is_quantized(self) -> bool:
        """Whether it is a quantized integer type."""
        return self._own.is_quantized

    @property
    def is_numpy_compatible(self) -> bool:
        """Whether numpy has a form for it."""
        return bool(self._own.itemsize) or self._own.base is own.STRING

    def is_compatible_with(self, other: Any) -> bool:
        """Return whether `other` is the same type, or a reference to it or the other way round."""
        try:
            return self._own.base is as_dtype(other)._own.base
        except TypeError:
            return False

    def __eq__(self, other: object) -> bool:
        if other is None:
            return False
        try:
            return self._own is as_dtype(other)._own
        except TypeError:
            return False

    def __hash__(self) -> int:
        return self._own.number

    def __int__(self) -> int:
        return self._own.number

    def __reduce__(self) -> tuple[Any, ...]:
        return DType, (self._own.number,)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"


def as_dtype(type_value: Any) -> DType:
    """Return the type that something stands for.

    Raises
    ------
    TypeError
        It stands for none.
    """
    if isinstance(type_value, DType):
        return type_value
    if isinstance(type_value, own.DType):
        return DType(type_value.number)
    number = getattr(type_value, "as_datatype_enum", type_value)
    if isinstance(number, int) and not isinstance(number, bool):
        return DType(number)
    try:
        found = own.DType.from_name(number) if isinstance(number, str) else own.DType.of(number)
    except (NotFoundError, UnsupportedError) as error:
        raise TypeError(f"no dtype of TensorFlow: {type_value!r}") from error
    return DType(found.number)
