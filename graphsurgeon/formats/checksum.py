"""CRC32C as TensorFlow's files carry it: masked, so that a checksum of bytes which hold checksums stays sound.

    masked = rotate_right(crc, 15) + 0xA282EAD8   (mod 2**32)

The polynomial is Castagnoli's; the mask is leveldb's (``util/crc32c.h``).
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from types import ModuleType

_MASK_DELTA = 0xA282EAD8
_UINT32 = 0xFFFFFFFF


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
