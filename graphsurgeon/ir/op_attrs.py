"""The attrs of TensorFlow's ops: their kinds, defaults, minimums, allowed values, and since when they are there.

In ``op_facts.txt`` they stand behind the ``|`` of an op's line, in the words of TensorFlow's op registration,
without its spaces::

    T:type{float32,float64}=float32     a type, one of two; absent means float32
    N:int>=1                            at least 1; absent is an error
    strides:list(int)>=4                at least four elements
    padding:string{"SAME","VALID"}
    Tk@2.13:type{int32,int16@2.14}=int32    came later than the op, with 2.13, and one of the types later still
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.tensors import tensor_proto
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

_WORD: Final = re.compile(
    r"(?P<name>\w+)(?:@(?P<since>[\d.]+))?:(?P<kind>[a-z]+(?:\([a-z]+\))?)"
    r"(?:\{(?P<allowed>[^}]*)\})?(?:>=(?P<minimum>-?\d+))?(?P<default>=.*)?"
)
# An allowed value, and the first TensorFlow that allows it.
_MARKED: Final = re.compile(r'("(?:[^"\\]|\\.)*"|[^,"@]+)(?:@([\d.]+))?')


class OpAttr(NamedTuple):
    """An attr of an op.

    Attributes
    ----------
    name : str
    kind : str
        ``int``, ``float``, ``bool``, ``string``, ``type``, ``shape``, ``tensor``, ``func``, or ``list(int)`` and so on.
    since : str
        The first TensorFlow that has it, of those that were read; empty when the oldest one, 1.0, does.
    allowed : tuple
        The values that it, or each of its elements, may have; empty when every one is allowed.
    minimum : int or None
        The least value of an int, the least length of a list.
    default : object
        The value that stands when the attr is absent, in the words of `attr_value`; None when a node must have it.
    later : tuple of (object, str)
        The allowed values that came later than the attr, with the first TensorFlow that allows them.
    """

    name: str
    kind: str
    since: str = ""
    allowed: tuple[Any, ...] = ()
    minimum: int | None = None
    default: Any = None
    later: tuple[tuple[Any, str], ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether it holds a list."""
        return self.kind.startswith("list(")

    @property
    def element_kind(self) -> str:
        """What it holds, or holds a list of."""
        return self.kind[5:-1] if self.is_list else self.kind


def parse_attr(word: str, since: str = "") -> OpAttr:
    """Return the attr that a word tells of; `since` is that of its op."""
    found = _WORD.fullmatch(word)
    assert found is not None, word
    name, later, kind, allowed, minimum, default = found.groups()
    element = kind.removeprefix("list(").rstrip(")")
    marked = _MARKED.findall(allowed or "")
    values = _values(element, ",".join([text for text, _ in marked]))
    given = None
    if default is not None:
        elements = _values(element, default[1:])
        given = elements if element != kind else elements[0]
    return OpAttr(
        name,
        kind,
        later or since,
        tuple(values),
        None if minimum is None else int(minimum),
        given,
        tuple([(value, mark) for value, (_, mark) in zip(values, marked, strict=True) if mark]),
    )


def _values(kind: str, text: str) -> list[Any]:
    if kind == "type":
        return [DType.from_name(name) for name in text.split(",") if name]
    if kind == "tensor":
        protos = (schema.TensorProto.FromString(bytes.fromhex(digits)) for digits in text.split(",") if digits)
        return [tensor_proto.decode(proto) for proto in protos]
    found: list[Any] = json.loads(f"[{text.replace('?', 'null') if kind == 'shape' else text}]")
    if kind == "shape":
        return [Shape(dims) for dims in found]
    if kind == "func":
        return [Func(name, {}) for name in found]
    return [each.encode() if kind == "string" else float(each) if kind == "float" else each for each in found]
