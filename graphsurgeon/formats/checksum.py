"""CRC32C as TensorFlow's files carry it: masked, so that a checksum of bytes which hold checksums stays sound.

    masked = rotate_right(crc, 15) + 0xA282EAD8   (mod 2**32)

The polynomial is Castagnoli's; the mask is leveldb's (``util/crc32c.h``).
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from functools import lru_cache
from types import ModuleType

from proto_utils.files import Source, is_on_disk
from proto_utils.threads import in_order

_MASK_DELTA = 0xA282EAD8
_UINT32 = 0xFFFFFFFF
#: Castagnoli's polynomial, the coefficient of x**31 in the lowest bit.
_POLYNOMIAL = 0x82F63B78
#: What one thread sums up at a time, and in what blocks it reads that: they stay in a cache of its core.
_PART_NBYTES = 1 << 23
_BLOCK_NBYTES = 1 << 18


def mask(crc: int) -> int:
    """Return the masked form of a CRC, as it stands in files."""
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _UINT32


def unmask(masked: int) -> int:
    """Return the CRC that `mask` made `masked` of."""
    rotated = (masked - _MASK_DELTA) & _UINT32
    return (rotated >> 17 | rotated << 15) & _UINT32


def crc32c(data: bytes | bytearray | memoryview, crc: int = 0) -> int:
    """Return the CRC32C of what `crc` covers followed by `data`.

    Parameters
    ----------
    data : bytes-like
        Contiguous; read where it is, at memory speed.
    crc : int
        The unmasked CRC so far.

    Returns
    -------
    int
        Unmasked, 32 bits.
    """
    value: int = _crc32c(data, crc)
    return value


def combine(crc: int, after: int, nbytes: int) -> int:
    """Return the CRC of two ranges, one behind the other, given that of each and the length of the second.

    What stands in front of n bytes counts as multiplied by x**8n, modulo the polynomial.
    """
    return _product(_power(nbytes), crc) ^ after


def range_crc(source: Source, start: int, end: int) -> int:
    """Return the CRC of the bytes ``[start, end)`` of a file, which are read by several threads where it is on a disk.

    Raises
    ------
    CorruptionError
        The file ends before `end`.
    """

    def part_crc(part: tuple[int, int]) -> int:
        crc = 0
        for chunk in source.chunks(*part, _BLOCK_NBYTES):
            crc = crc32c(chunk, crc)
        return crc

    part_nbytes = _PART_NBYTES if is_on_disk(source) else max(1, end - start)
    parts = [(first, min(first + part_nbytes, end)) for first in range(start, end, part_nbytes)]
    crc = 0
    for (first, last), of_part in zip(parts, in_order(part_crc, parts), strict=True):
        crc = combine(crc, of_part, last - first)
    return crc


@lru_cache(maxsize=64)
def _power(nbytes: int) -> int:
    """Return x**8n modulo the polynomial, by squaring; the highest bit of a number is the coefficient of x**0."""
    square, power = 1 << 23, 1 << 31
    while nbytes:
        if nbytes & 1:
            power = _product(square, power)
        square = _product(square, square)
        nbytes >>= 1
    return power


def _product(a: int, b: int) -> int:
    """Return a product modulo the polynomial."""
    product, bit = 0, 1 << 31
    while a:
        if a & bit:
            product ^= b
            a ^= bit
        bit >>= 1
        b = b >> 1 ^ _POLYNOMIAL if b & 1 else b >> 1
    return product


def _extension() -> ModuleType:
    """Import the C module of the crc32c package without the package's ``__init__``.

    That one asks importlib.metadata for its own version, which costs 30 ms: as
    much as writing a checkpoint of 20 MB. When the package is laid out otherwise
    it is imported as usual.
    """
    package = sys.modules.get("crc32c")
    if package is None:
        found = importlib.util.find_spec("crc32c")
        locations = found.submodule_search_locations if found is not None else None
        spec = importlib.machinery.PathFinder.find_spec("crc32c._crc32c", locations)
        if spec is not None and spec.loader is not None:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            if hasattr(module, "crc32c"):
                return module
    return importlib.import_module("crc32c")


_crc32c = _extension().crc32c
