"""Making a finding small: whatever can be left out of the changed file while the same still happens."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.fuzz import wire
from tests.fuzz.cases import Case, Finding, run_command, write
from tests.fuzz.mutations import MAX_NBYTES

_MAX_TRIES = 400
#: Of processor time; the process of a campaign is ended when it does not get on.
_MAX_SECONDS = 20.0


def minimized(case: Case, finding: Finding, directory: str) -> tuple[Case, Finding]:
    """Return a smaller case in which the command goes wrong at the same place, and what it says then."""
    tries, end = 0, time.process_time() + _MAX_SECONDS
    latest = finding

    def still(name: str, data: bytes) -> bool:
        nonlocal latest, tries
        tries += 1
        smaller = case._replace(changed={**case.changed, name: data})
        write(smaller, directory)
        again = run_command(finding.command, MAX_NBYTES if finding.kind == "MemoryError" else smaller.nbytes)
        is_same = again is not None and (again.kind, again.place) == (finding.kind, finding.place)
        if is_same and again is not None:
            latest = again
        return is_same

    if finding.kind == "TookTooLongError":
        # Each try takes its whole time.
        return case, finding
    for name, data in case.changed.items():
        smallest = [data]
        for smaller in _steps(smallest):
            if tries >= _MAX_TRIES or time.process_time() > end:
                break
            if len(smaller) < len(smallest[0]) and still(name, smaller):
                smallest[0] = smaller
        case = case._replace(changed={**case.changed, name: smallest[0]})
    write(case, directory)
    return case, latest


def _steps(latest: list[bytes]) -> Iterator[bytes]:
    """Yield what is left without one field, and without ever shorter runs of bytes, of the latest that is good."""
    if wire.decode(latest[0]):
        for depth in range(4):
            position = 0
            while True:
                current = wire.decode(latest[0])
                found = [place for place in wire.places(current or []) if _depth(current or [], place[0]) == depth]
                if position >= len(found):
                    break
                holder, at = found[position]
                record = holder.pop(at)
                before = len(latest[0])
                yield wire.encode(current or [])
                holder.insert(at, record)
                position += len(latest[0]) == before
    size = len(latest[0]) // 2
    while size >= 1:
        start = 0
        while start < len(latest[0]):
            before = len(latest[0])
            yield latest[0][:start] + latest[0][start + size :]
            start += size if len(latest[0]) == before else 0
        size //= 2


def _depth(message: wire.Message, holder: wire.Message, depth: int = 0) -> int:
    if holder is message:
        return depth
    inner = [_depth(each.value, holder, depth + 1) for each in message if isinstance(each.value, list)]
    return max(inner, default=-1)
