"""Tables in checkpoints: keys, and the values beside them, entry by entry, without which they mean nothing.

TensorFlow 1 saves a table as ``<name>-keys`` and ``<name>-values``, TensorFlow 2 below the path of its object, in
whatever order its entries happen to be. So what computes with the values of several checkpoints mixes those of other
keys, unless the keys are the same in all, in the same order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from graphsurgeon.tensors.compare import same_values
from graphsurgeon.tensors.tensor import Tensor

# In TensorFlow 2 too, where ``table`` stands before them.
_KEYS, _VALUES = "-keys", "-values"


def torn_entries(sources: Sequence[Mapping[str, Tensor]], computed: Collection[str]) -> list[str]:
    """Return what would be wrong with tables when some of their tensors are computed from all sources.

    Only keys of tables whose values are `computed` are read.
    """
    problems = []
    first = sources[0]
    for name in computed:
        keys, values = name.removesuffix(_VALUES) + _KEYS, name.removesuffix(_KEYS) + _VALUES
        if name.endswith(_KEYS) and _is_pair(first, name, values):
            problems.append(f"{name}: the keys of a table, whose values are in {values}")
        is_alone = name.endswith(_VALUES) and keys not in computed and _is_pair(first, keys, name)
        if is_alone and not all(keys in each and same_values(first[keys], each[keys]) for each in sources):
            problems.append(f"{name}: the values of a table, whose keys in {keys} are others")
    return problems


def _is_pair(tensors: Mapping[str, Tensor], keys: str, values: str) -> bool:
    """Whether two tensors are there and could be a table's: entry by entry, and no table has floats as keys."""
    if keys not in tensors or values not in tensors or tensors[keys].dtype.is_floating:
        return False
    shapes = [tensors[name].shape[:1] for name in (keys, values)]
    return bool(shapes[0]) and shapes[0] == shapes[1]
