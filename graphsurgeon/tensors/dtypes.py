"""Element types: TensorFlow's numbers and names, and what each takes in a file.

One object per type, so types compare with ``is``; ``==`` takes what others call them, too. A reference type (number
above 100) stands for a mutable tensor of its base type; it occurs in node attributes and never in a stored tensor.
Importing this module imports neither numpy nor ml_dtypes; only `DType.numpy`, `DType.of` and a comparison with what may
be theirs do.

Numbers are those of TensorFlow's ``DataType`` enum, names those that TensorFlow gives its dtypes, which are numpy's
where numpy has the type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proto_utils.errors import NotFoundError, UnsupportedError

if TYPE_CHECKING:
    import numpy as np

_REF_OFFSET = 100


class DType:
    """The type of a tensor's elements.

    Not to be constructed: use the constants of this module, `from_number`, `from_name` or `of`. Immutable; copying
    and unpickling give the same object back. numpy and TensorFlow take it where they take a dtype.

    It equals its names, TensorFlow's dtype, and the dtype that arrays of its values have in numpy or ml_dtypes: a
    quantized type equals the plain integer, and string equals object. Its hash is that of its name, so a dict of names
    finds it; a dict of numpy's dtypes does not, as it does not find names.

    Attributes
    ----------
    number : int
        In the ``DataType`` enum; what files hold.
    name : str
        ``"float32"``, ``"bfloat16"``, ``"string"``; ``"float32_ref"`` for a reference type.
    tf_name : str
        The enum's word: ``"DT_FLOAT"``, ``"DT_FLOAT_REF"``.
    itemsize : int
        Bytes per element in ``tensor_content`` and in checkpoint data, where also 4-bit and 2-bit types take one;
        0 for the types without a fixed size (string, resource, variant, invalid).
    kind : str
        ``"f"`` floating, ``"i"`` signed and ``"u"`` unsigned integer, ``"q"`` quantized, ``"c"`` complex, ``"b"``
        bool, ``"O"`` no raw bytes.
    """

    __slots__ = ("itemsize", "kind", "name", "number", "tf_name")

    number: int
    name: str
    tf_name: str
    itemsize: int
    kind: str

    def __init__(self, number: int, name: str, tf_name: str, itemsize: int, kind: str) -> None:
        facts = {"number": number, "name": name, "tf_name": tf_name, "itemsize": itemsize, "kind": kind}
        for key, value in facts.items():
            object.__setattr__(self, key, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"dtypes cannot be changed: {name!r} of {self.name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"dtypes cannot be changed: {name!r} of {self.name}")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DType):
            return self is other
        found = DType.named(other) if isinstance(other, str) else None
        if found is not None:
            return found is self
        number = getattr(other, "as_datatype_enum", None)
        if isinstance(number, int):
            # TensorFlow's own.
            return number == self.number
        return self._is_held_as(other)

    def __hash__(self) -> int:
        return hash(self.name)

    def _is_held_as(self, other: object) -> bool:
        """Return whether something is what numpy calls the dtype of arrays of such elements."""
        import numpy as np

        # What else numpy makes a dtype of, None for example, does not count.
        if not isinstance(other, (str, type, np.dtype)) or self.is_ref or not (self.itemsize or self is STRING):
            return False
        try:
            found: np.dtype[Any] = np.dtype(other)
        except TypeError:
            return False
        if isinstance(other, type) and found.kind in "OSU":
            # It makes object of any class that it does not know.
            return self is STRING and other in (object, bytes, str)
        return found == self.numpy() or (found.names == (self.name,) and found.itemsize == self.itemsize)

    @property
    def is_ref(self) -> bool:
        """True for the type of a reference to a mutable tensor."""
        return self.number > _REF_OFFSET

    @property
    def base(self) -> DType:
        """The type without the reference."""
        return _BY_NUMBER[self.number - _REF_OFFSET] if self.number > _REF_OFFSET else self

    @property
    def is_floating(self) -> bool:
        """True for a real floating-point type, of any width."""
        return self.kind == "f"

    @property
    def is_integer(self) -> bool:
        """True for an integer type; neither the quantized ones nor bool are."""
        return self.kind in ("i", "u")

    @property
    def is_complex(self) -> bool:
        """True for a complex type."""
        return self.kind == "c"

    @property
    def is_quantized(self) -> bool:
        """True for one of the quantized integer types."""
        return self.kind == "q"

    @property
    def is_numpys(self) -> bool:
        """Whether numpy itself has it, and not only what its elements are kept in."""
        return self.kind in "biufc" and self.base not in _ML_DTYPES

    def numpy(self) -> np.dtype[Any]:
        """Return the numpy dtype that holds such elements, in native byte order.

        Returns
        -------
        numpy.dtype
            A quantized type gives the plain integer it is stored as, string gives ``object``, the types numpy lacks
            (bfloat16, float8, 4-bit, 2-bit) come from ml_dtypes. A reference type gives its base's.

        Raises
        ------
        UnsupportedError
            The type has no value outside a session (resource, variant, invalid).
        """
        import numpy as np

        base = self.base
        if base.itemsize == 0 and base is not STRING:
            raise UnsupportedError(f"dtype {self.name} has no values outside a session")
        scalar: Any = _STORED_AS.get(base, base.name)
        if base in _ML_DTYPES:
            import ml_dtypes

            scalar = getattr(ml_dtypes, base.name)
        held: np.dtype[Any] = np.dtype(scalar)
        return held

    @property
    def dtype(self) -> np.dtype[Any]:
        """What `numpy` returns: by this name numpy's functions find it, ``numpy.zeros(3, tensor.dtype)``."""
        return self.numpy()

    @staticmethod
    def from_number(number: int) -> DType:
        """Return the type with a number of the ``DataType`` enum; 0 gives `INVALID`.

        Raises
        ------
        UnsupportedError
            No TensorFlow up to 2.21 has a type of that number.
        """
        try:
            return _BY_NUMBER[number]
        except KeyError:
            raise UnsupportedError(f"dtype number {number} is unknown; the newest known is {_NEWEST}") from None

    @staticmethod
    def from_name(name: str) -> DType:
        """Return the type of a name: ``"float32"``, ``"float32_ref"``, ``"DT_FLOAT"``.

        The aliases ``"half"``, ``"float"`` and ``"double"`` are taken too.

        Raises
        ------
        NotFoundError
            There is no such type; it names the ones that resemble it.
        """
        found = DType.named(name)
        if found is None:
            raise NotFoundError.among("dtype", name, _BY_NAME)
        return found

    @staticmethod
    def named(name: str) -> DType | None:
        """Return the type of a name as `from_name` does, None for an unknown one."""
        return _BY_NAME.get(name)

    @staticmethod
    def of(dtype: Any) -> DType:
        """Return the type for a dtype of numpy, ml_dtypes or TensorFlow, a name, or what ``numpy.dtype()`` takes.

        A name is TensorFlow's first, then numpy's: ``"float"`` is float32. Byte order plays no part. Every string-like
        dtype and ``object`` give `STRING`; dtypes of one field give the type of its name: so TensorFlow's Python marks
        quantized arrays, and our files of arrays what numpy lacks.

        Raises
        ------
        UnsupportedError
            TensorFlow has no such type (longdouble, datetime64, a structure).
        TypeError
            It is not a dtype at all; numpy's own.
        """
        if isinstance(dtype, DType):
            return dtype
        named = DType.named(dtype) if isinstance(dtype, str) else None
        if named is not None:
            return named
        number = getattr(dtype, "as_datatype_enum", None)
        if isinstance(number, int):
            return DType.from_number(number)
        if dtype is None:
            raise TypeError("None is no dtype; numpy takes it for float64")
        import numpy as np

        found = np.dtype(dtype)
        if found.kind in "OSUT":
            return STRING
        name = found.names[0] if found.names is not None and len(found.names) == 1 else found.name
        match = _BY_NAME.get(name)
        if match is None or match.itemsize != found.itemsize or not match._is_spelt(is_marked=found.names is not None):
            raise UnsupportedError(f"TensorFlow has no dtype for numpy's {found}")
        return match

    def _is_spelt(self, *, is_marked: bool) -> bool:
        """Return whether a numpy dtype of its name means it: with the name as its one field, or without."""
        return self.is_quantized or self in _ML_DTYPES if is_marked else not self.is_quantized

    def __reduce__(self) -> tuple[Any, ...]:
        return DType.from_number, (self.number,)

    def __repr__(self) -> str:
        return f"<DType {self.name}>"

    def __str__(self) -> str:
        return self.name


_BY_NUMBER: dict[int, DType] = {}
_BY_NAME: dict[str, DType] = {}


def _define(number: int, name: str, word: str, itemsize: int, kind: str) -> DType:
    """Register a type and its reference type; return the type."""
    dtype = DType(number, name, f"DT_{word}", itemsize, kind)
    reference = DType(number + _REF_OFFSET, f"{name}_ref", f"DT_{word}_REF", itemsize, kind)
    for each in (dtype, reference):
        _BY_NUMBER[each.number] = each
        _BY_NAME[each.name] = _BY_NAME[each.tf_name] = each
    return dtype


#: The number of an unset field; no tensor has it.
INVALID = _BY_NUMBER[0] = _BY_NAME["DT_INVALID"] = DType(0, "invalid", "DT_INVALID", 0, "O")
FLOAT = _define(1, "float32", "FLOAT", 4, "f")
DOUBLE = _define(2, "float64", "DOUBLE", 8, "f")
INT32 = _define(3, "int32", "INT32", 4, "i")
UINT8 = _define(4, "uint8", "UINT8", 1, "u")
INT16 = _define(5, "int16", "INT16", 2, "i")
INT8 = _define(6, "int8", "INT8", 1, "i")
STRING = _define(7, "string", "STRING", 0, "O")
COMPLEX64 = _define(8, "complex64", "COMPLEX64", 8, "c")
INT64 = _define(9, "int64", "INT64", 8, "i")
BOOL = _define(10, "bool", "BOOL", 1, "b")
QINT8 = _define(11, "qint8", "QINT8", 1, "q")
QUINT8 = _define(12, "quint8", "QUINT8", 1, "q")
QINT32 = _define(13, "qint32", "QINT32", 4, "q")
BFLOAT16 = _define(14, "bfloat16", "BFLOAT16", 2, "f")
QINT16 = _define(15, "qint16", "QINT16", 2, "q")
QUINT16 = _define(16, "quint16", "QUINT16", 2, "q")
UINT16 = _define(17, "uint16", "UINT16", 2, "u")
COMPLEX128 = _define(18, "complex128", "COMPLEX128", 16, "c")
HALF = _define(19, "float16", "HALF", 2, "f")
RESOURCE = _define(20, "resource", "RESOURCE", 0, "O")
VARIANT = _define(21, "variant", "VARIANT", 0, "O")
UINT32 = _define(22, "uint32", "UINT32", 4, "u")
UINT64 = _define(23, "uint64", "UINT64", 8, "u")
FLOAT8_E5M2 = _define(24, "float8_e5m2", "FLOAT8_E5M2", 1, "f")
FLOAT8_E4M3FN = _define(25, "float8_e4m3fn", "FLOAT8_E4M3FN", 1, "f")
FLOAT8_E4M3FNUZ = _define(26, "float8_e4m3fnuz", "FLOAT8_E4M3FNUZ", 1, "f")
FLOAT8_E4M3B11FNUZ = _define(27, "float8_e4m3b11fnuz", "FLOAT8_E4M3B11FNUZ", 1, "f")
FLOAT8_E5M2FNUZ = _define(28, "float8_e5m2fnuz", "FLOAT8_E5M2FNUZ", 1, "f")
INT4 = _define(29, "int4", "INT4", 1, "i")
UINT4 = _define(30, "uint4", "UINT4", 1, "u")
INT2 = _define(31, "int2", "INT2", 1, "i")
UINT2 = _define(32, "uint2", "UINT2", 1, "u")
FLOAT4_E2M1FN = _define(33, "float4_e2m1fn", "FLOAT4_E2M1FN", 1, "f")

#: The numbers of the types that values may have: all but references.
VALUE_TYPES = frozenset(number for number in _BY_NUMBER if 0 < number <= _REF_OFFSET)

_NEWEST = f"{FLOAT4_E2M1FN.number} ({FLOAT4_E2M1FN.tf_name})"
_BY_NAME |= {"half": HALF, "float": FLOAT, "double": DOUBLE}
#: What numpy keeps the elements of a type in, where the name is not the type's own.
_STORED_AS = {STRING: "object", QINT8: "int8", QUINT8: "uint8", QINT16: "int16", QUINT16: "uint16", QINT32: "int32"}
#: The types numpy itself lacks; ml_dtypes has them under the same name.
_ML_DTYPES = frozenset(
    (
        BFLOAT16,
        FLOAT8_E5M2,
        FLOAT8_E4M3FN,
        FLOAT8_E4M3FNUZ,
        FLOAT8_E4M3B11FNUZ,
        FLOAT8_E5M2FNUZ,
        FLOAT4_E2M1FN,
        INT4,
        UINT4,
        INT2,
        UINT2,
    )
)
