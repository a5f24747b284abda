"""How much of each weight is pruned, and by what rule: what people ask for, and the thresholds that follow from it.

Source: pruning.py of tf.contrib.model_pruning in TensorFlow 1.15, pruning_impl.py and pruning_utils.py of
tensorflow-model-optimization 0.8.1. Where they differ, the latter: of every weight one element stays at least. Where a
block does not divide a matrix, both take means over blocks that begin half the rest before it, and zero others; here
the last blocks are smaller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from graphsurgeon.errors import PassError
from graphsurgeon.names import Names, matches
from graphsurgeon.rewrites.training.per_pattern import parse_per_pattern
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from graphsurgeon.tensors.pruned import PruningRule

_VERB: Final = "sparsify"


class Decided(NamedTuple):
    """How a tensor is pruned, and the least magnitude that stays where there is one."""

    rule: PruningRule
    threshold: float | None


class Sparsity(NamedTuple):
    """What was asked for."""

    default: float | None  # the share of zeros that stands alone
    shares: Mapping[str, float]  # by pattern; the last that matches counts
    threshold: float | None
    groups: tuple[int, int] | None  # n of m stay
    blocks: tuple[int, int] | None  # height and width

    @property
    def needs_share(self) -> bool:
        """Whether a weight is pruned by a share."""
        return self.threshold is None and self.groups is None

    def share_of(self, names: Sequence[str]) -> tuple[float | None, bool]:
        """Return the share of a weight, and whether it is named, and not only matched by a pattern."""
        found = [share for pattern, share in self.shares.items() if any(matches(pattern, name) for name in names)]
        return found[-1] if found else self.default, any(name in self.shares for name in names)

    def require_fit(self, tensor: Tensor) -> None:
        """Raise UnsupportedError for a tensor that cannot be pruned so."""
        from graphsurgeon.tensors.magnitudes import require_magnitudes
        from graphsurgeon.tensors.pruned import matrix_shape

        require_magnitudes(tensor.dtype)
        if not tensor.size:
            raise UnsupportedError("it has no elements")
        if self.blocks is not None:
            matrix_shape(tensor.shape)
        if self.groups is not None and tensor.ndim < 2:
            raise UnsupportedError(f"shape {list(tensor.shape)} has no axis before the last, along which groups lie")

    def common(self, tensors: Sequence[Tensor]) -> Decided:
        """Decide how tensors are pruned by one threshold; of several dtypes an UnsupportedError."""
        if len({tensor.dtype for tensor in tensors}) > 1:
            names = ", ".join(sorted({tensor.dtype.name for tensor in tensors}))
            raise UnsupportedError(f"weights of dtypes {names} have no threshold together")
        return _by_magnitude(tensors, self.default or 0.0)

    def decide(self, tensor: Tensor, share: float | None) -> Decided:
        """Decide how a tensor is pruned; it is read. UnsupportedError when an element is no number."""
        from graphsurgeon.tensors.magnitudes import as_number, magnitude_chunks, magnitude_of
        from graphsurgeon.tensors.pruned import ByBlocks, ByGroups, ByMagnitude

        if self.blocks is not None:
            least = self.threshold if self.threshold is not None else _least_mean(tensor, self.blocks, share or 0.0)
            return Decided(ByBlocks(*self.blocks, least), least)
        if self.groups is None and self.threshold is None:
            return _by_magnitude([tensor], share or 0.0)
        for _ in magnitude_chunks(tensor):
            pass  # none of them is NaN
        if self.groups is not None:
            return Decided(ByGroups(*self.groups), None)
        magnitude = magnitude_of(self.threshold or 0.0, tensor.dtype)
        return Decided(ByMagnitude(magnitude), as_number(magnitude, tensor.dtype))


def num_kept(size: int, share: float) -> int:
    """Return how many of a weight's elements stay, ties aside: computed in float32, as libraries do."""
    import numpy as np

    wanted = np.rint(np.float32(size) * (np.float32(1) - np.float32(share)))
    return min(max(int(wanted), 1), size)


def _by_magnitude(tensors: Sequence[Tensor], share: float) -> Decided:
    from graphsurgeon.tensors.magnitudes import as_number, kth_largest, magnitude_chunks
    from graphsurgeon.tensors.pruned import ByMagnitude

    dtype, size = tensors[0].dtype, sum(tensor.size for tensor in tensors)

    def chunks() -> Iterator[np.ndarray[Any, Any]]:
        for tensor in tensors:
            yield from magnitude_chunks(tensor)

    found = kth_largest(chunks, num_kept(size, share), dtype.itemsize * 8)
    return Decided(ByMagnitude(found), as_number(found, dtype))


def _least_mean(tensor: Tensor, blocks: tuple[int, int], share: float) -> float:
    """Return the least mean of the blocks that stay."""
    import numpy as np

    from graphsurgeon.tensors.magnitudes import kth_largest
    from graphsurgeon.tensors.pruned import ByBlocks, matrix_shape

    (rows, columns), (height, width) = matrix_shape(tensor.shape), blocks
    num_blocks = -(-rows // height) * -(-columns // width)
    nbytes = max(4, min(tensor.dtype.itemsize, 8))
    rule = ByBlocks(height, width)

    def chunks() -> Iterator[np.ndarray[Any, Any]]:
        for means in rule.means(tensor):
            yield means.reshape(-1).view(f"<u{nbytes}")

    found = kth_largest(chunks, num_kept(num_blocks, share), nbytes * 8)
    return float(np.array([found], f"<u{nbytes}").view(f"<f{nbytes}")[0])


def parse_sparsity(
    given: Names | float | Mapping[str, Any], pattern: str | None, threshold: float | None, *, together: bool
) -> Sparsity:
    """Return what is asked for; a PassError when that is nothing, or contradicts itself."""
    twice = _usage("two sparsities stand alone", "others are PATTERN=SHARE")
    default, shares = parse_per_pattern(given, "sparsity", _share, twice)
    groups, blocks = _pattern(pattern)
    asked = default is not None or bool(shares)
    if groups is not None and (asked or threshold is not None):
        raise _usage(f"pattern {pattern} says how much is zero: it takes neither sparsity nor threshold")
    if asked and threshold is not None:
        raise _usage("sparsity and threshold exclude each other")
    if not asked and threshold is None and groups is None:
        raise _usage("it is not said how much to prune", 'give `sparsity`, as in `sparsity="0.8"`, or `threshold`')
    if threshold is not None and not threshold >= 0:
        raise _usage(f"threshold {threshold} is no magnitude", "magnitudes are 0 or more")
    if together and (default is None or pattern is not None):
        raise _usage("one threshold for all needs a sparsity that stands alone, and no pattern")
    return Sparsity(default, shares, threshold, groups, blocks)


def _share(value: Any) -> float:
    try:
        share = float(value)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 <= share <= 1:
        raise _usage(f"sparsity {value!r} is no share", "a share is a number from 0 to 1, or PATTERN=SHARE")
    return share


def _pattern(text: str | None) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return n and m, or the height and width of blocks."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*([:xX])\s*(\d{1,6})\s*", text or "")
    if text is None:
        return None, None
    numbers = (int(match[1]), int(match[3])) if match is not None else (0, 0)
    if match is None or not all(numbers):
        raise _usage(f"{text!r} is not a pattern", "2:4 keeps two of four, 4x1 prunes blocks of four rows")
    if match[2] != ":":
        return None, numbers
    if not numbers[0] < numbers[1] <= _LONGEST:
        reason = f"pattern {text!r} keeps {numbers[0]} of each {numbers[1]}"
        raise _usage(reason, f"n is less than m, which is at most {_LONGEST}")
    return numbers, None


def _usage(reason: str, hint: str | None = None) -> PassError:
    return PassError(_VERB, reason, hint=hint, is_usage=True)


#: Elements of a group are compared each with each.
_LONGEST: Final = 64
