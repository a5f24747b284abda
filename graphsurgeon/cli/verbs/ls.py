"""List the tensors of a checkpoint, or the nodes of a graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import count, emit_json, emit_table, format_nbytes, format_shape, remark
from graphsurgeon.errors import near_names
from graphsurgeon.names import matches, node_of
from proto_utils.errors import NotFoundError, UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.formats.detect import Detected
    from graphsurgeon.model import Model
    from graphsurgeon.node import Node

Row = dict[str, Any]


@click.command("ls")
@options.source
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1)
@click.option("--constants", is_flag=True, help="Only constants.")
@click.option("--variables", is_flag=True, help="Only variables.")
@click.option("--inputs", is_flag=True, help="Only what seems to be an input, and why.")
@click.option("--outputs", is_flag=True, help="Only what seems to be an output, and why.")
@click.option("--op", "ops", multiple=True, metavar="OP", help="Only nodes of this op; repeatable.")
@options.common("json", "quiet")
def command(source: str, patterns: tuple[str, ...], as_json: bool, quiet: bool, **narrowing: Any) -> None:
    """List the tensors of a checkpoint, or the nodes of a graph.

    A PATTERN is a name, or a regular expression that matches the whole name. The options are about graphs; with one of
    them, a checkpoint's .meta is listed.
    """
    from graphsurgeon.formats.detect import detect

    found = detect(source)
    of_graph = found.kind not in ("checkpoint", "checkpoint_v1") or any(narrowing.values())
    rows = _graph_rows(found, **narrowing) if of_graph else _checkpoint_rows(found)
    rows = _matching(rows, patterns, "node" if of_graph else "tensor", source)
    if as_json:
        emit_json("ls", source=source, rows=rows)
        return
    emit_table(*_table(rows))
    remark(_total(rows, "node" if of_graph else "tensor"), quiet=quiet)


def _checkpoint_rows(found: Detected) -> list[Row]:
    from graphsurgeon.formats.load import open_checkpoint, stored_nbytes

    with open_checkpoint(found) as checkpoint:
        rows = []
        for name, entry in checkpoint.entries.items():
            row: Row = {"name": name, "dtype": entry.dtype.name, "shape": list(entry.shape)}
            row["nbytes"] = stored_nbytes(checkpoint, name)
            if entry.slices:
                row["slices"] = len(entry.slices)
            rows.append(row)
        return rows


def _graph_rows(
    found: Detected, *, constants: bool, variables: bool, inputs: bool, outputs: bool, ops: Sequence[str]
) -> list[Row]:
    from graphsurgeon.formats.load import load_graph
    from graphsurgeon.inspect import inspect
    from graphsurgeon.variables.layout import REF_OPS, RESOURCE_OPS

    if found.graph is None:
        raise UnsupportedError("a checkpoint without a graph (.meta) beside it has no nodes to list", path=found.path)
    model = load_graph(found)
    if inputs or outputs:
        inspection = inspect(model)
        endpoints = (inspection.inputs if inputs else []) + (inspection.outputs if outputs else [])
        return [_endpoint_row(model, each.name, each.reason) for each in endpoints]
    wanted = set(ops) | ({"Const"} if constants else set()) | (REF_OPS | RESOURCE_OPS if variables else set())
    if ops:
        _check_ops(model, ops)
    return [_node_row(node) for node in model.graph if not wanted or node.op in wanted]


def _check_ops(model: Model, ops: Sequence[str]) -> None:
    present = {node.op for node in model.graph}
    for op in ops:
        if op not in present:
            raise NotFoundError("node of op", op, near_names(op, present))


def _endpoint_row(model: Model, name: str, reason: str) -> Row:
    return {**_node_row(model.graph[node_of(name)]), "name": name, "reason": reason}


def _node_row(node: Node) -> Row:
    from graphsurgeon.serving.endpoints import (
        constant_value,
        node_dtype,
        node_shape,
        variable_dtype,
        variable_shape,
    )
    from graphsurgeon.variables.layout import RESOURCE_OPS

    is_handle = node.op in RESOURCE_OPS
    dtype = variable_dtype(node) if is_handle else node_dtype(node)
    shape = variable_shape(node) if is_handle else node_shape(node)
    dims = None if shape is None or shape.dims is None else list(shape.dims)
    row: Row = {"name": node.name, "op": node.op, "dtype": None if dtype is None else dtype.name, "shape": dims}
    value = constant_value(node)
    if value is not None:
        row["nbytes"] = value.nbytes
    row["inputs"] = list(node.inputs)
    if node.device:
        row["device"] = node.device
    return row


def _matching(rows: list[Row], patterns: Sequence[str], kind: str, source: str) -> list[Row]:
    """Return the rows that any pattern names; a pattern that names none is an error."""
    if not patterns:
        return rows
    chosen: set[int] = set()
    for pattern in patterns:
        hits = {i for i, row in enumerate(rows) if matches(pattern, row["name"])}
        hits = hits or {i for i, row in enumerate(rows) if row["name"] == node_of(pattern)}
        if not hits:
            names = [row["name"] for row in rows]
            raise NotFoundError(kind, pattern, near_names(node_of(pattern), names), where=source)
        chosen |= hits
    return [rows[i] for i in sorted(chosen)]


_COLUMNS: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("name", str),
    ("op", str),
    ("dtype", lambda value: value or "?"),
    ("shape", format_shape),
    ("nbytes", lambda value: "" if value is None else value),
    ("slices", lambda value: value or ""),
    ("device", lambda value: value or ""),
    ("reason", str),
    # The widest comes last: nothing behind it has to be aligned.
    ("inputs", " ".join),
)


def _table(rows: Iterable[Row]) -> tuple[list[str], list[list[object]]]:
    """Arrange rows in the columns that any of them has."""
    rows = list(rows)
    present = {key for row in rows for key in row}
    columns = [(key, show) for key, show in _COLUMNS if key in present]
    return [key for key, _ in columns], [[show(row.get(key)) for key, show in columns] for row in rows]


def _total(rows: Sequence[Row], kind: str) -> str:
    text = count(len(rows), kind)
    nbytes = sum(row.get("nbytes") or 0 for row in rows)
    if kind == "tensor":
        elements = sum(math.prod(row["shape"]) for row in rows)
        return f"{text}, {count(elements, 'element')}, {format_nbytes(nbytes)}"
    return f"{text}, {format_nbytes(nbytes)} of constants" if nbytes else text
