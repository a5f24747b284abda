"""Retries with back-off: what a network or a server fails at now, it may do a moment later."""

from __future__ import annotations

import contextlib
import errno
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

#: How often something is tried, and the pauses between, in seconds: doubled each time, and of random length up to that.
MAX_ATTEMPTS = 6
FIRST_PAUSE, MAX_PAUSE = 0.1, 5.0

#: Errors of libraries below fsspec that it does not make OSErrors of: those of the ones that are loaded count.
_OF_LIBRARIES = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("gcsfs.retry", "ChecksumError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
    ("httpx", "HTTPError"),
)
_OURS = ("proto_utils", "graphsurgeon")
#: Errors that say how things are, and are no faults.
FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)


class StoreError(OSError):
    """An answer that another attempt may better: none at all, a part of it, or that the server is busy."""


def fault_types() -> tuple[type[Exception], ...]:
    """Return what operations of stores raise when something fails on the way."""
    found = [getattr(sys.modules[module], name) for module, name in _OF_LIBRARIES if module in sys.modules]
    # `asyncio.TimeoutError` is that of the language only since Python 3.11.
    asyncio = sys.modules.get("asyncio")
    return (OSError, EOFError, *([] if asyncio is None else [asyncio.TimeoutError]), *found)


def as_fault(error: Exception, path: str) -> OSError:
    """Return an error about a place as one of the system that names it."""
    if isinstance(error, OSError) and error.errno is not None:
        error.filename = error.filename or path
        return error
    text = " ".join(str(error).split()) or type(error).__name__
    return StoreError(errno.EIO, text, path)


def is_fault(error: Exception) -> bool:
    """Return whether an error is of a store or of the way to it, rather than a defect of ours.

    Of a ValueError it is whose code raised it: gcsfs makes one of a request that is refused, and others of an answer
    that they cannot parse.
    """
    if not isinstance(error, ValueError):
        return isinstance(error, fault_types())
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and frame.tb_frame.f_globals.get("__name__", "").partition(".")[0] not in _OURS


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Make errors of a store into those of the system, with the path that it is about."""
    try:
        yield
    except Exception as error:
        if is_fault(error):
            raise as_fault(error, path) from error
        raise


def pause(attempt: int) -> None:
    """Wait before another attempt; the first is number 0."""
    longest = min(FIRST_PAUSE * 2**attempt, MAX_PAUSE)
    # Many who were refused at once would come back at once.
    time.sleep(longest * random.uniform(0.5, 1.0))


def retried(operation: Callable[[], T], path: str) -> T:
    """Do something with a place, again when it fails on the way.

    Raises
    ------
    OSError
        It failed each time, or finally.
    """
    for attempt in range(MAX_ATTEMPTS):
        try:
            return operation()
        except FINAL:
            raise
        except fault_types() as error:
            fault = as_fault(error, path)
            if attempt == MAX_ATTEMPTS - 1:
                raise fault from error
        except ValueError as error:
            if is_fault(error):
                raise as_fault(error, path) from error
            raise
        pause(attempt)
    raise AssertionError(path)
