"""The processes of Beam's workers, found by their command lines."""

from __future__ import annotations

from pathlib import Path


def workers_of(parent: int) -> list[int]:
    """The workers below a process."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes().split(b"\0")
            is_below = _is_below(int(place.name), parent)
        except OSError:
            continue
        if b"apache_beam.runners.worker.sdk_worker_main" in command and is_below:
            found.append(int(place.name))
    return found


def _is_below(number: int, parent: int) -> bool:
    while number > 1:
        if number == parent:
            return True
        number = int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])
    return False
