"""The bytes of a Const as most writers lay them out: one `tensor_content` at the end of the attr ``value``.

So of constants of one dtype and shape all is the same but names and the bytes of that: what one of them has been found
to be, all are, and their values are taken out without a parser.
"""

from __future__ import annotations

from graphsurgeon.tensors import dtypes

# Tags in a NodeDef, an AttrValue and a TensorProto, and how the entry of a constant's value begins.
_DEVICE, _ATTR, _TENSOR, _DTYPE, _SHAPE, _CONTENT = 0x22, 0x2A, 0x42, 0x08, 0x12, 0x22
_VALUE = b"\n\x05value\x12"


def content_range(attrs: bytes) -> tuple[int, int] | None:
    """Return where in what is behind a Const's name, op and inputs the bytes of its value begin and end.

    None where they are not all that its value has, where it is a string, and where there is no telling without
    parsing::

        2a LENGTH  0a 05 value  12 LENGTH  42 LENGTH  08 DTYPE  12 LENGTH SHAPE  22 LENGTH CONTENT
    """
    at = 0
    try:
        while (tag := attrs[at]) in (_ATTR, _DEVICE):
            entry, start = _length(attrs, at + 1)
            at = start + entry
            if tag == _ATTR and attrs.startswith(_VALUE, start):
                break
        else:
            return None
        value, start = _length(attrs, start + len(_VALUE))
        tensor, first = _length(attrs, start + 1)
        dtype, shape = attrs[first + 1], attrs[first + 3]
        tags = attrs[start], attrs[first], attrs[first + 2], attrs[first + 4 + shape]
        content, begin = _length(attrs, first + 5 + shape)
    except IndexError:
        return None
    # Long numbers are no dtype and no usual shape; strings have a form of their own.
    if tags != (_TENSOR, _DTYPE, _SHAPE, _CONTENT) or dtype >= 0x80 or dtype == dtypes.STRING.number or shape >= 0x80:
        return None
    # Behind all that, or in another attr of this name, another value would count in its place.
    end = begin + content
    is_last = at == start + value == first + tensor == end <= len(attrs) and attrs.find(_VALUE, end) < 0
    return (begin, end) if is_last else None


def without_content(attrs: bytes) -> bytes | None:
    """Return what is behind a Const's name, op and inputs but for the bytes of its value; None if these are not known.

    The lengths around them tell their number, so of constants of one dtype and shape the same is left.
    """
    found = content_range(attrs)
    return None if found is None else attrs[: found[0]] + attrs[found[1] :]


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length of two bytes at most, and where it ends; an IndexError when it is longer."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    second = data[at + 1]
    if second >= 0x80:
        raise IndexError
    return first & 0x7F | second << 7, at + 2
