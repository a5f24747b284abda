"""Parsing of numpy's basic indexing, as people write it: ``w[0:10, :]``.

=========== ==============================================================
``3``       one index; its axis is gone from the part's shape
``2:5``     a range, cut off at the tensor's ends; either end may be left out
``-1``      counts from the end, also in ranges
``...``     all of as many axes as are not spoken of
=========== ==============================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import NotFoundError

_INDEXED = re.compile(r"(?P<name>.+)\[(?P<index>[^\[\]]*)\]", re.DOTALL)
_NUMBER = r"\s*([+-]?\d{1,19})\s*"
_INTEGER = re.compile(_NUMBER)
_RANGE = re.compile(rf"(?:{_NUMBER})?\s*:\s*(?:{_NUMBER})?(?::\s*(?:{_NUMBER})?)?")
_HINT = "a part is written [0:10, :] or [3, ..., -1]"
_ONES = f"{_HINT}; ranges go in steps of 1"


def split_index(text: str) -> tuple[str, str] | None:
    """Return ``("w", "0:10, :")`` of ``w[0:10, :]``, None of a name without brackets at its end."""
    match = _INDEXED.fullmatch(text)
    return None if match is None else (match["name"], match["index"])


def take_part(tensor: Tensor, index: str) -> Tensor:
    """Return a part of a tensor.

    Parameters
    ----------
    tensor : Tensor
    index : str
        What stands between the brackets.

    Returns
    -------
    Tensor
        Lazy. Of a tensor that lies raw in a file it reads only the rows it needs, and no checksum vouches for them:
        that is of the whole tensor. Strings, compressed and packed values are read whole.

    Raises
    ------
    NotFoundError
        There is no such part, or that is no index.
    """
    ranges, shape = parse_index(index, tensor.shape)
    if any(indices.step != 1 for indices in ranges):
        raise _no_part(index, tensor.shape, _ONES)
    return SlicedTensor(tensor, ranges, shape=shape, checked=False)


def parse_index(text: str, shape: Sequence[int]) -> tuple[list[range], tuple[int, ...]]:
    """Return the indices along every axis that a text speaks of, and the shape of that part.

    Parameters
    ----------
    text : str
        As in `take_part`; a range may also have a step, which may be negative.
    shape : sequence of int
        Of the tensor.

    Raises
    ------
    NotFoundError
        There is no such part, or that is no index.
    """
    items = [item.strip() for item in text.split(",")]
    if len(items) > 1 and not items[-1]:
        items.pop()
    if "..." in items:
        at = items.index("...")
        items[at : at + 1] = [":"] * (len(shape) - len(items) + 1)
    if len(items) > len(shape) or "..." in items:
        raise _no_part(text, shape)
    items += [":"] * (len(shape) - len(items))
    ranges, kept = [], []
    for item, dim in zip(items, shape, strict=True):
        integer, bounds = _INTEGER.fullmatch(item), _RANGE.fullmatch(item)
        if integer is not None and -dim <= int(item) < dim:
            ranges.append(range(int(item) % dim, int(item) % dim + 1))
        elif bounds is not None and int(bounds[3] or 1):
            start, stop, step = (None if end is None else int(end) for end in bounds.group(1, 2, 3))
            ranges.append(range(*slice(start, stop, step).indices(dim)))
            kept.append(len(ranges[-1]))
        else:
            raise _no_part(text, shape)
    return ranges, tuple(kept)


def _no_part(text: str, shape: Sequence[int], hint: str = _HINT) -> NotFoundError:
    return NotFoundError("part", f"[{text}]", where=f"a tensor of shape {list(shape)}", hint=hint)
