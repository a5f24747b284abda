"""The manifest of a fleet: JSON lines, one for each model, sorted by output.

::

    {"source", "output", "digest", "recipe", "outcome", "outputs", "report", "error", "seconds"}

``outcome`` is ``done`` or ``failed``; ``digest`` and ``recipe`` are what the source and the recipe were then,
`outputs` the files written with size and time, ``report`` that of `graphsurgeon.run`, ``error`` what a model failed of.
A model whose line says done is skipped as long as all of that is as it was.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphsurgeon.tools.fleet.models import FleetModel
from proto_utils.errors import CorruptionError
from proto_utils.files import FileSource
from proto_utils.output import Transaction

#: What a line has to have, with its type.
_TYPES: Mapping[str, type] = {"source": str, "output": str, "outcome": str, "outputs": list}
_OUTCOMES = ("done", "failed")
_OUTPUT_TYPES: Mapping[str, type] = {"path": str, "nbytes": int, "mtime_ns": int}


def read_manifest(path: str) -> dict[str, dict[str, Any]]:
    """Return the lines of a manifest by `FleetModel.key`; none when there is no such file.

    CorruptionError, with the line, when it is something else.
    """
    if not os.path.exists(path):
        return {}
    rows = {}
    with contextlib.closing(FileSource(path)) as source:
        for number, line in enumerate(_lines(source), 1):
            row = _row(line)
            if row is None:
                hint = "name another file as `manifest`, or delete this one to have every model done again"
                raise CorruptionError(f"line {number} is not one of a manifest", path=path, hint=hint)
            rows[key_of(row)] = row
    return rows


def write_manifest(path: str, rows: Iterable[Mapping[str, Any]], transaction: Transaction) -> None:
    """Write a manifest; it appears when the transaction ends."""
    sink = transaction.create(path)
    for row in sorted(rows, key=lambda each: (str(each["output"]), key_of(each))):
        sink.write(json.dumps(row).encode() + b"\n")


def key_of(row: Mapping[str, Any]) -> str:
    """Return what tells the model of a line apart from all others."""
    return FleetModel(str(row["source"]), str(row["output"])).key


def _lines(source: FileSource) -> Iterator[bytes]:
    rest = b""
    for block in source.chunks(0, source.size):
        *whole, rest = (rest + bytes(block)).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _row(line: bytes) -> dict[str, Any] | None:
    """Return a line when it has all that is looked at; anybody may have written it."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or not _has(row, _TYPES) or row["outcome"] not in _OUTCOMES:
        return None
    return row if all(isinstance(each, dict) and _has(each, _OUTPUT_TYPES) for each in row["outputs"]) else None


def _has(row: Mapping[str, Any], types: Mapping[str, type]) -> bool:
    return all(isinstance(row.get(name), kind) for name, kind in types.items())
