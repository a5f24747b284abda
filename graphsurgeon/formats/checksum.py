"""CRC32C as TensorFlow's files carry it: masked, so that a checksum of bytes which hold checksums stays sound.

    masked = rotate_right(crc, 15) + 0xA282EAD8   (mod 2**32)

The polynomial is Castagnoli's; the mask is leveldb's (``util/crc32c.h``).
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, groupby
from types import ModuleType
from typing import TypeAlias

from proto_utils.errors import CorruptionError, GraphSurgeonError, NotFoundError, UnsupportedError
from proto_utils.files import Source, is_on_disk
from proto_utils.threads import in_order

_MASK_DELTA = 0xA282EAD8
_UINT32 = 0xFFFFFFFF
#: Castagnoli's polynomial, the coefficient of x**31 in the lowest bit.
_POLYNOMIAL = 0x82F63B78
#: What one thread sums up at a time, and in what blocks it reads that: they stay in a cache of its core.
_PART_NBYTES = 15 << 20
_BLOCK_NBYTES = 1 << 19
_MAX_PARTS = 1 << 10

#: The bytes ``[start, end)`` of a file; a part of them, and whether they end with it.
Range: TypeAlias = tuple[Source, int, int]
_Part: TypeAlias = tuple[Source, int, int, bool]


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
    crc = next(range_crcs([(source, start, end)]))
    if isinstance(crc, GraphSurgeonError):
        raise crc
    return crc


def range_crcs(ranges: Iterable[Range]) -> Iterator[int | GraphSurgeonError]:
    """Yield the CRC of each range, or what keeps it from being read.

    What is on a disk is read by several threads: long ranges in parts, of short ones many at a time.
    """
    for is_near, group in groupby(ranges, lambda each: is_on_disk(each[0])):
        jobs = _jobs(group, _PART_NBYTES if is_near else sys.maxsize)
        sums = in_order(_sum_up, jobs) if is_near else map(_sum_up, jobs)
        crc: int | GraphSurgeonError | None = None
        for of_part, nbytes, is_last in chain.from_iterable(sums):
            if crc is None:
                crc = of_part
            elif isinstance(crc, int):
                crc = combine(crc, of_part, nbytes) if isinstance(of_part, int) else of_part
            if is_last:
                yield crc
                crc = None


def _jobs(ranges: Iterable[Range], part_nbytes: int) -> Iterator[list[_Part]]:
    """Yield parts of ranges, in order, as many as are worth a thread's turn."""
    job: list[_Part] = []
    nbytes = 0
    for source, start, end in ranges:
        for first in range(start, end, part_nbytes) or (start,):
            last = min(first + part_nbytes, end)
            job.append((source, first, last, last == end))
            nbytes += last - first
            if nbytes >= _PART_NBYTES or len(job) == _MAX_PARTS:
                yield job
                job, nbytes = [], 0
    if job:
        yield job


def _sum_up(job: list[_Part]) -> list[tuple[int | GraphSurgeonError, int, bool]]:
    """Return the CRC of each part or what keeps it from being read, its length, and whether its range ends with it."""
    sums: list[tuple[int | GraphSurgeonError, int, bool]] = []
    for source, start, end, is_last in job:
        crc = 0
        try:
            for chunk in source.chunks(start, end, _BLOCK_NBYTES):
                crc = crc32c(chunk, crc)
        except (CorruptionError, NotFoundError, UnsupportedError) as error:
            sums.append((error, end - start, is_last))
        else:
            sums.append((crc, end - start, is_last))
    return sums


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
