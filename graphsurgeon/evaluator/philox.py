"""The counter-based random generator Philox 4x32-10, as TensorFlow's random ops use it.

A key and a 128-bit counter give four 32-bit numbers; the next counter gives the next four::

    counter  [low, .., .., high]   four words of 32 bits; an op's seeds fill the key and the high half
    key      [low, high]

so that any part of a sequence can be made without what comes before it.

Source: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); TensorFlow's
lib/random/philox_random.h, and kernels/stateless_random_ops.cc for `scrambled`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

#: Numbers that one counter gives.
WIDTH = 4

_MASK = (1 << 32) - 1
_MASK64 = (1 << 64) - 1
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_NUM_ROUNDS = 10
_SCRAMBLING_KEY = 0x02461E29_3EC8F720


class Philox(NamedTuple):
    """A generator at the begin of its sequence: a key of 64 bits, a counter of 128."""

    key: int
    counter: int

    @classmethod
    def of_seeds(cls, seed: int, seed2: int) -> Philox:
        """Return the generator of an op with the attrs `seed` and `seed2`."""
        return cls(seed & _MASK64, (seed2 & _MASK64) << 64)

    @classmethod
    def scrambled(cls, seed: int, seed2: int) -> Philox:
        """Return the generator of a stateless op with the seeds ``[seed, seed2]``."""
        import numpy as np

        start = cls(_SCRAMBLING_KEY, seed & _MASK64 | (seed2 & _MASK64) << 64)
        (mixed,) = start.numbers(np.zeros(1, np.uint64)).tolist()
        return cls(mixed[0] | mixed[1] << 32, (mixed[2] | mixed[3] << 32) << 64)

    def numbers(self, starts: np.ndarray[Any, Any], each: int = 1) -> np.ndarray[Any, Any]:
        """Return uint32 numbers ``[len(starts), each * 4]``: row i of `each` counters from ``starts[i]`` on."""
        import numpy as np

        steps = (starts.astype(np.uint64)[:, None] + np.arange(each, dtype=np.uint64)).reshape(-1)
        low = steps + np.uint64(self.counter & _MASK64)
        high = np.uint64(self.counter >> 64) + (low < steps)
        half, mask = np.uint64(32), np.uint64(_MASK)
        words = _rounds([low & mask, low >> half, high & mask, high >> half], self.key)
        return words.reshape(len(starts), each * WIDTH)


def _rounds(words: list[np.ndarray[Any, Any]], key: int) -> np.ndarray[Any, Any]:
    import numpy as np

    a, b, c, d = words
    half, mask = np.uint64(32), np.uint64(_MASK)
    factors = [np.uint64(factor) for factor in _MULTIPLIERS]
    keys = [key & _MASK, key >> 32]
    for _ in range(_NUM_ROUNDS):
        first, second = a * factors[0], c * factors[1]
        a, b = second >> half ^ b ^ np.uint64(keys[0]), second & mask
        c, d = first >> half ^ d ^ np.uint64(keys[1]), first & mask
        keys = [key + step & _MASK for key, step in zip(keys, _WEYL, strict=True)]
    return np.stack([a, b, c, d], axis=1).astype(np.uint32)
