"""Quantized weights in checkpoints: integer codes, and the scales beside them without which they mean nothing.

Keras 3 has ``_kernel`` (int8, or two nibbles of int4 in each byte), ``kernel_scale`` and, where it quantizes in groups,
``kernel_zero`` and ``g_idx``, all of one layer; others call packed codes ``qweight``, their scales ``scales``. What
computes with the scales of several checkpoints and takes the codes from one gets weights that none of them had.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from graphsurgeon.names import some_of
from graphsurgeon.tensors.compare import same_values
from graphsurgeon.tensors.tensor import Tensor

_OF_OBJECT = "/.ATTRIBUTES/VARIABLE_VALUE"
_SCALE = re.compile(r".*(?:scales?|zeros?|zero_points?)(?::0)?", re.IGNORECASE)
_MAX_LISTED = 5


def torn_codes(
    sources: Sequence[Mapping[str, Tensor]], giver: Mapping[str, Tensor], computed: Iterable[str]
) -> list[str]:
    """Return what would be wrong with codes from one checkpoint when the scales beside them are computed from all.

    Codes are integers next to a scale by its name, or of one byte next to anything that is computed; they may be the
    same in all checkpoints. Only the values of such are read.

    Parameters
    ----------
    sources : sequence of mappings of str to Tensor
    giver : mapping of str to Tensor
        The one of them that gives what is not computed.
    computed : iterable of str
        Names.
    """
    beside = _by_parent(computed)
    scales = _by_parent(name for name in giver if _SCALE.fullmatch(name.removesuffix(_OF_OBJECT)))
    chosen = {name for found in beside.values() for name in found}
    problems = []
    for name, tensor in giver.items():
        if name in chosen or not (tensor.dtype.is_integer or tensor.dtype.is_quantized) or not tensor.shape:
            continue
        own = [each for each in scales.get(_parent(name), ()) if each != name and not giver[each].dtype.is_integer]
        what = "quantized weights" if own else "integers, of which it cannot be told whether they are codes"
        unnamed = beside.get(_parent(name), []) if tensor.dtype.itemsize == 1 else []
        torn = [each for each in own if each in chosen] if own else unnamed
        if torn and not all(same_values(tensor, source[name]) for source in sources if name in source):
            listed = some_of([each.removesuffix(_OF_OBJECT)[len(_parent(each)) :] for each in torn], _MAX_LISTED)
            problems.append(f"{name} ({tensor.dtype.name} {list(tensor.shape)}): {what}, beside {listed}")
    return problems


def _parent(name: str) -> str:
    """Return what tensors of one layer have in common: all up to the last part of a path, or of a dotted name."""
    path = name.removesuffix(_OF_OBJECT)
    return path[: max(path.rfind("/"), path.rfind(".")) + 1]


def _by_parent(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_parent(name), []).append(name)
    return found
