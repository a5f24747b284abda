"""Results of elements: a file of JSON for each, in a directory that all workers see.

::

    DIRECTORY/00003.json     {"value": ...} or {"error": {...}}

A file appears whole, and tells that its element is done. An error that bad input raised is raised again by whoever
reads it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from typing import Any

from graphsurgeon import errors
from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.tools.fleet.records import write_whole
from proto_utils import disk, places
from proto_utils.opening import open_source
from proto_utils.remote.address import is_elsewhere


class Results:
    """The results in a directory; elements are called by their numbers."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def path(self, number: int, suffix: str = "json") -> str:
        """Return the path of a file of an element."""
        return os.path.join(self.directory, f"{number:05d}.{suffix}")

    def make(self) -> None:
        """Make the directory, where it is not there yet."""
        if not is_elsewhere(self.directory):
            with contextlib.suppress(FileExistsError):
                disk.mkdir(self.directory)

    def remove(self) -> None:
        """Remove the directory with all in it."""
        places.remove(self.directory)

    def work(self, number: int, function: Callable[[], Any]) -> None:
        """Write what a function returns, JSON types, or the error that it raises for bad input or of the system."""
        try:
            facts = {"value": function()}
        except (GraphSurgeonError, OSError, MemoryError) as error:
            facts = {"error": _facts(error)}
        write_whole(self.path(number), json.dumps(facts).encode())

    def forget(self, number: int) -> None:
        """Take back that an element is done."""
        places.remove(self.path(number))

    def is_done(self, number: int) -> bool:
        """Whether there is a result that can be read."""
        return self._read(number) is not None

    def value(self, number: int) -> Any:
        """Return the result of an element, or raise its error; ChildProcessError when there is none."""
        facts = self._read(number)
        if facts is None:
            raise ChildProcessError(f"the engine ended without element {number}")
        if "error" in facts:
            raise _error(facts["error"])
        return facts["value"]

    def _read(self, number: int) -> dict[str, Any] | None:
        places.look_again(self.path(number))
        try:
            source = open_source(self.path(number))
        except FileNotFoundError:
            return None
        with contextlib.closing(source), contextlib.suppress(ValueError):
            facts = json.loads(source.read(0, source.size))
            return facts if isinstance(facts, dict) and facts.keys() & {"value", "error"} else None
        return None


def _facts(error: BaseException) -> dict[str, Any]:
    """Return an error as JSON types."""
    facts: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, GraphSurgeonError):
        plain = {key: value for key, value in vars(error).items() if _is_plain(value)}
        return {**facts, "args": [str(each) for each in error.args], "attributes": plain}
    if isinstance(error, OSError):
        filename = error.filename if isinstance(error.filename, str) else None
        return {**facts, "errno": error.errno, "strerror": error.strerror, "filename": filename}
    return facts


def _is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(isinstance(each, str) for each in value)
    return isinstance(value, (str, int, type(None)))


def _error(facts: dict[str, Any]) -> BaseException:
    """Return the error that these facts are of."""
    kind = getattr(errors, facts["type"], None)
    if isinstance(kind, type) and issubclass(kind, GraphSurgeonError):
        made: GraphSurgeonError = kind.__new__(kind)
        made.args = tuple(facts["args"])
        for key, value in facts["attributes"].items():
            setattr(made, key, tuple(value) if isinstance(value, list) else value)
        return made
    if facts["type"] == "MemoryError":
        return MemoryError(facts["message"])
    if facts.get("errno") is None:
        return OSError(facts["message"])
    return OSError(facts["errno"], facts["strerror"], facts["filename"])
