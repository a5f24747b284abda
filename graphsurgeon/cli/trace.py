"""``--verbose``: what happens to files, as the interpreter tells it, and what a verb took.

It tells of every file that is opened, made, renamed, linked or removed, whoever does it; modules are left out. Nothing
of the library knows of this, and without ``--verbose`` nothing is listened to.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

import graphsurgeon
import proto_utils
from graphsurgeon.cli.output import format_nbytes, remark

_WRITING = os.O_WRONLY | os.O_RDWR
#: What the interpreter calls what is done to paths, and the word for it; of two paths the second is where it goes.
_WORDS = {
    "os.rename": "rename", "os.link": "link", "os.symlink": "link", "os.remove": "remove", "os.mkdir": "make",
    "os.rmdir": "remove",
}  # fmt: skip
#: Where modules are.
_INSTALLED = tuple(
    os.path.join(os.path.abspath(place), "")
    for place in (
        os.path.join(sys.prefix, "lib"),
        os.path.join(sys.base_prefix, "lib"),
        os.path.dirname(graphsurgeon.__file__),
        os.path.dirname(proto_utils.__file__),
    )
)
_SYSTEM = ("/dev/", "/proc/", "/sys/")

#: What listens; the interpreter never lets go of a hook, which therefore is one and asks here.
_listener: Callable[[str, tuple[object, ...]], None] | None = None
_is_hooked = False


@contextlib.contextmanager
def tracing() -> Iterator[None]:
    """Print a line to stderr for whatever is done to a file meanwhile, and the time and memory used at the end."""
    global _listener, _is_hooked
    start, told = time.perf_counter(), set[str]()

    def listen(event: str, given: tuple[object, ...]) -> None:
        line = describe(event, given)
        if line is not None and line not in told:
            told.add(line)
            remark(f"{time.perf_counter() - start:8.3f} s  {line}")

    if not _is_hooked:
        sys.addaudithook(_hear)
        _is_hooked = True
    before, _listener = _listener, listen
    try:
        yield
    finally:
        _listener = before
        remark(f"{time.perf_counter() - start:8.3f} s  {_used()}")


def describe(event: str, given: tuple[object, ...]) -> str | None:
    """Return a line about what is done to a file; None for any other event, and for modules and the system's files."""
    paths = [os.fsdecode(each) for each in given[:2] if isinstance(each, (str, bytes))]
    if event == "open" and isinstance(given[0], (str, bytes)):
        flags = given[2] if isinstance(given[2], int) else 0
        word = "make" if flags & os.O_CREAT and flags & os.O_EXCL else "write" if flags & _WRITING else "read"
        return None if _is_foreign(paths[0]) else f"{word} {paths[0]}"
    word = _WORDS.get(event, "")
    if not word or not paths or _is_foreign(paths[0]):
        return None
    return f"{word} {' -> '.join(paths)}"


def _hear(event: str, given: tuple[object, ...]) -> None:
    if _listener is not None:
        _listener(event, given)


def _is_foreign(path: str) -> bool:
    place = os.path.abspath(path)
    return place.startswith((*_INSTALLED, *_SYSTEM)) or place.endswith((".py", ".pyc"))


def _used() -> str:
    """Return the processor time of this process, and its largest memory where the system tells it."""
    text = f"{time.process_time():.3f} s of processor time"
    try:
        import resource
    except ImportError:
        return text
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In bytes on macOS, in units of 1024 elsewhere.
    return f"{text}, {format_nbytes(peak if sys.platform == 'darwin' else peak * 1024)} of memory at most"
