"""Check every well-formedness rule and every checksum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import count, emit_json, emit_line, remark
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.formats.detect import Detected
    from graphsurgeon.tensor import Tensor


@click.command("verify")
@options.source
@options.common("json", "quiet")
def command(source: str, as_json: bool, quiet: bool) -> int:
    """Check every well-formedness rule of a graph and every checksum of a checkpoint.

    Exits with 1 when there are errors; warnings are what TensorFlow accepts but somebody may not mean.
    """
    from graphsurgeon.formats.detect import detect
    from graphsurgeon.formats.load import load_graph
    from graphsurgeon.verify import verify

    found = detect(source)
    model = load_graph(found)
    rows = [dict(finding._asdict()) for finding in verify(model)] if found.graph is not None else []
    num_tensors = 0
    for name, problem in _check_values(found):
        num_tensors += 1
        if problem:
            rows.append({"severity": "error", "rule": "checksum", "node": name, "function": None, "message": problem})
    rows.sort(key=lambda row: row["severity"] != "error")
    num_errors = sum(row["severity"] == "error" for row in rows)
    if as_json:
        checked = {"nodes": len(model.graph), "tensors": num_tensors}
        emit_json("verify", source=source, ok=not num_errors, findings=rows, checked=checked)
        return int(num_errors > 0)
    for row in rows:
        emit_line(_line(row))
    warnings = count(len(rows) - num_errors, "warning")
    checked_text = f"{count(len(model.graph), 'node')}, {count(num_tensors, 'tensor')}"
    remark(f"{checked_text}: {count(num_errors, 'error')}, {warnings}", quiet=quiet)
    return int(num_errors > 0)


def _check_values(found: Detected) -> Iterator[tuple[str, str]]:
    """Read every tensor of a checkpoint; yield its name and what is wrong with it."""
    if found.prefix is None:
        return
    from graphsurgeon.formats.load import open_checkpoint

    with open_checkpoint(found) as checkpoint:
        for name in checkpoint:
            yield name, _problem(checkpoint[name])


def _problem(tensor: Tensor) -> str:
    from graphsurgeon import dtypes

    try:
        if tensor.dtype is dtypes.STRING:
            for _ in tensor.strings():
                pass
        elif tensor.dtype.itemsize:
            for _ in tensor.chunks():
                pass
    except (CorruptionError, NotFoundError, UnsupportedError) as error:
        return error.message
    return ""


def _line(row: dict[str, object]) -> str:
    where = f"node {row['node']!r}: " if row["node"] else ""
    if row["function"]:
        where = f"function {row['function']!r}, {where}"
    return f"{row['severity']}: {where}{row['message']} [{row['rule']}]"
