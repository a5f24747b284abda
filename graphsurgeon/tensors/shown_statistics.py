"""Statistics of tensors as people and programs are shown them: numbers, and a histogram as a line of blocks.

The histogram has bins of one width between the least and the greatest value. What TensorFlow's buckets, which are 10 %
wide, hold is shared out over the bins that they overlap, so that a bin may be off by a part of those at its ends.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from graphsurgeon.tensors.statistics import Statistics, has_statistics, statistics
from graphsurgeon.tensors.tensor import Tensor

#: How many bins a line has.
NUM_BINS = 16
#: From nothing at all to the fullest bin.
_BLOCKS = " ▁▂▃▄▅▆▇█"
_LETTERS = " .:-=+*#@"


def statistics_of(tensor: Tensor) -> dict[str, Any] | None:
    """Return the statistics of a tensor as JSON types, None of one without real numbers; reads it once.

    Numbers that are not finite are None. Errors as `statistics`.
    """
    if not has_statistics(tensor):
        return None
    found = statistics(tensor)
    numbers = {
        "minimum": found.minimum,
        "maximum": found.maximum,
        "mean": found.mean,
        "standard_deviation": found.standard_deviation,
        "norm": found.norm,
    }
    return {
        **{key: number if math.isfinite(number) else None for key, number in numbers.items()},
        "num_zeros": found.num_zeros,
        "num_nan": found.num_nan,
        "num_infinite": found.num_infinite,
        "histogram": histogram(found),
    }


def histogram(found: Statistics, num_bins: int = NUM_BINS) -> list[int]:
    """Return how many finite values lie in bins of one width between the least and the greatest; empty without any.

    Of values that are all the same, one bin.
    """
    low, width = found.minimum, (found.maximum - found.minimum) / num_bins
    if not found.num_finite:
        return []
    if not width or not math.isfinite(width):
        return [found.num_finite]
    # How many values there are below each bound: whole numbers, so that nothing is lost by rounding.
    below = [_below(found, low + number * width) for number in range(1, num_bins)]
    bounds = [0, *below, found.num_finite]
    return [after - before for before, after in itertools.pairwise(bounds)]


def _below(found: Statistics, value: float) -> int:
    """Return about how many values are less: of a bucket as much as lies below."""
    total, start = 0.0, -math.inf
    for limit, count in zip(found.limits, found.counts, strict=True):
        low, high = max(start, found.minimum), min(limit, found.maximum)
        start = limit
        if value >= high:
            total += count
        elif value > low and count:
            total += count * (value - low) / (high - low)
    return round(total)


def sparkline(counts: Sequence[int], *, is_plain: bool = False) -> str:
    """Return a line of blocks, one for each count, or of letters; what is not empty is never blank."""
    blocks = _LETTERS if is_plain else _BLOCKS
    most = max(counts, default=0)
    return "".join(blocks[-(-count * (len(blocks) - 1) // most)] if count else blocks[0] for count in counts)
