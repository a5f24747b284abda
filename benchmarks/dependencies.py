"""What each runtime dependency costs: time to import it in a fresh process, and its size on disk.

Usage: python -m benchmarks.dependencies (docs/dependencies.md is filled from it by hand)
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from importlib import metadata

#: Distribution -> the import that we do, after an import that we have done by then, and what it brings along.
COSTS = {
    "protobuf": ("google.protobuf.descriptor_pool, google.protobuf.message_factory", "sys", ()),
    "numpy": ("numpy", "sys", ()),
    "crc32c": ("crc32c", "sys", ()),
    "ml_dtypes": ("ml_dtypes", "numpy", ()),
    "cramjam": ("cramjam", "sys", ()),
    "click": ("click", "sys", ()),
    "pyyaml": ("yaml", "sys", ()),
    "rich": ("rich.table, rich.console", "click", ("pygments", "markdown-it-py", "mdurl")),
}
BUFFER = 64 << 20


def seconds(code: str, runs: int = 21) -> float:
    """Return the median wall time of a process that runs this code."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def nbytes(distribution: str) -> int:
    """Return the size of the installed files of a distribution, compiled bytecode included."""
    files = metadata.files(distribution) or []
    return sum(os.path.getsize(path) for file in files if os.path.exists(path := file.locate()))


def crc32c_rate() -> float:
    """Return the bytes per second that `crc32c` checks."""
    import crc32c

    data = bytes(BUFFER)
    start = time.perf_counter()
    crc32c.crc32c(data)
    return BUFFER / (time.perf_counter() - start)


def pure_python_rate() -> float:
    """Return the bytes per second of the usual table loop in Python."""
    table = [0] * 256
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
        table[byte] = crc
    crc, data = 0xFFFFFFFF, bytes(BUFFER >> 6)
    start = time.perf_counter()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return len(data) / (time.perf_counter() - start)


def main() -> None:
    """Print one row per dependency."""
    for distribution, (modules, before, brought) in COSTS.items():
        cost = seconds(f"import {before}, {modules}") - seconds(f"import {before}")
        size = sum(nbytes(one) for one in (distribution, *brought))
        print(f"{distribution:10} {metadata.version(distribution):12} {1000 * cost:5.0f} ms {size / 1e6:6.1f} MB")
    print(f"argparse instead of click: {1000 * (seconds('import argparse') - seconds('pass')):.0f} ms")
    print(f"crc32c: {crc32c_rate() / 1e9:.1f} GB/s; in Python: {pure_python_rate() / 1e9:.3f} GB/s")


if __name__ == "__main__":
    main()
