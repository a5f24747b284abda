"""List the tensors of a checkpoint, or the nodes of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import count, emit_json, emit_json_rows, emit_table, format_nbytes, format_shape, remark
from graphsurgeon.names import matches, node_of, split_names, split_patterns, unmatched
from proto_utils.errors import NotFoundError, UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.formats.detect import Detected
    from graphsurgeon.ir.endpoints import Endpoint
    from graphsurgeon.ir.model import Model
    from graphsurgeon.ir.node import Node

Row = dict[str, Any]


@click.command("ls")
@options.source
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1)
@click.option("--constants", is_flag=True, help="Only constants.")
@click.option("--variables", is_flag=True, help="Only variables.")
@click.option("--inputs", is_flag=True, help="Only what seems to be an input, and why.")
@click.option("--outputs", is_flag=True, help="Only what seems to be an output, and why.")
@click.option("--op", "ops", multiple=True, metavar="OP", help="Only nodes of this op; repeatable.")
@click.option(
    "--names",
    "naming",
    type=click.Choice(["full", "path"]),
    help="Of a checkpoint that TensorFlow 2 saved by objects, also show what TensorFlow 1 would call each variable, or "
    "the path to it from the root object; and of which variable it is an optimizer's slot.",
)
@options.common("json", "quiet")
def command(
    source: str, patterns: tuple[str, ...], naming: str | None, as_json: bool, quiet: bool, **narrowing: Any
) -> None:
    """List the tensors of a checkpoint, or the nodes of a graph.

    A PATTERN is a name, or a regular expression that matches the whole name. The options are about graphs, except
    --names; with one of them, a checkpoint's .meta is listed.
    """
    from graphsurgeon.formats.detect import detect

    found = detect(source)
    if found.kind in ("checkpoint", "checkpoint_v1") and not any(narrowing.values()):
        _list_checkpoint(found, patterns, naming, as_json, quiet)
        return
    if naming is not None:
        raise click.UsageError("--names is about the tensors of a checkpoint; SRC is listed as a graph")
    rows = _matching(_graph_rows(found, **narrowing), patterns, source)
    if as_json:
        emit_json("ls", source=source, rows=rows)
        return
    emit_table(*_table(rows))
    nbytes = sum(row.get("nbytes") or 0 for row in rows)
    remark(count(len(rows), "node") + (f", {format_nbytes(nbytes)} of constants" if nbytes else ""), quiet=quiet)


def _list_checkpoint(found: Detected, patterns: Sequence[str], naming: str | None, as_json: bool, quiet: bool) -> None:
    from graphsurgeon.cli.checkpoint_rows import CheckpointRows, Naming
    from graphsurgeon.formats.load import open_checkpoint
    from graphsurgeon.variables.object_graph import read_object_graph

    with open_checkpoint(found, partial=True) as checkpoint:
        names = None if naming is None else Naming(naming, read_object_graph(checkpoint))
        rows = CheckpointRows(checkpoint, names)
        rows.choose(patterns, found.path)
        if names is not None:
            # What cannot be shown is said before the first row.
            names.check()
        for file in rows.damaged_files:
            remark(f"note: {file.describe(len(checkpoint))}", quiet=quiet)
        if as_json:
            emit_json_rows("ls", rows, source=found.path)
            return
        emit_table(*rows.table())
        total = f"{count(len(rows), 'tensor')}, {count(rows.num_elements(), 'element')}"
        remark(f"{total}, {format_nbytes(rows.nbytes())}", quiet=quiet)


def _graph_rows(
    found: Detected, *, constants: bool, variables: bool, inputs: bool, outputs: bool, ops: Sequence[str]
) -> list[Row]:
    from graphsurgeon.formats.load import load_graph
    from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
    from graphsurgeon.tools.inspect import inspect

    if found.graph is None and found.not_a_graph is None:
        raise UnsupportedError("a checkpoint without a graph (.meta) beside it has no nodes to list", path=found.path)
    model = load_graph(found)
    if inputs or outputs:
        inspection = inspect(model)
        endpoints = (inspection.inputs if inputs else []) + (inspection.outputs if outputs else [])
        return [_endpoint_row(model, each) for each in endpoints]
    ops = split_names(ops)
    wanted = set(ops) | ({"Const"} if constants else set()) | (REF_OPS | RESOURCE_OPS if variables else set())
    if ops:
        _check_ops(model, ops)
    return [_node_row(node) for node in model.graph if not wanted or node.op in wanted]


def _check_ops(model: Model, ops: Sequence[str]) -> None:
    present = model.graph.ops
    for op in ops:
        if op not in present:
            raise NotFoundError.among("node of op", op, present)


def _endpoint_row(model: Model, endpoint: Endpoint) -> Row:
    node = model.graph.get(node_of(endpoint.name))
    # Of a loose end, what its readers say is all there is.
    row: Row = {"name": "", "op": endpoint.op, "inputs": []} if node is None else _node_row(node)
    facts = {"name": endpoint.name, "dtype": endpoint.dtype, "shape": endpoint.shape, "reason": endpoint.reason}
    return {**row, **facts}


def _node_row(node: Node) -> Row:
    from graphsurgeon.ir.node_facts import constant_value, node_dtype, node_shape, variable_dtype, variable_shape
    from graphsurgeon.ir.op_families import RESOURCE_OPS

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


def _matching(rows: list[Row], patterns: Sequence[str], source: str) -> list[Row]:
    """Return the rows that any pattern names; a pattern that names none is an error."""
    if not patterns:
        return rows
    chosen: set[int] = set()
    for pattern in split_patterns(patterns, {row["name"] for row in rows}):
        hits = {i for i, row in enumerate(rows) if matches(pattern, row["name"])}
        hits = hits or {i for i, row in enumerate(rows) if row["name"] == node_of(pattern)}
        if not hits:
            names = [row["name"] for row in rows]
            raise unmatched("node", pattern, names, like=node_of(pattern), where=source)
        chosen |= hits
    return [rows[i] for i in sorted(chosen)]


_COLUMNS: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("name", str),
    ("op", str),
    ("dtype", lambda value: value or "?"),
    ("shape", format_shape),
    ("nbytes", lambda value: "" if value is None else value),
    ("device", lambda value: value or ""),
    ("reason", str),
    # The widest comes last: nothing behind it has to be aligned.
    ("inputs", " ".join),
)


def _table(rows: Sequence[Row]) -> tuple[list[str], list[list[object]]]:
    """Arrange rows in the columns that any of them has."""
    present = {key for row in rows for key in row}
    columns = [(key, show) for key, show in _COLUMNS if key in present]
    return [key for key, _ in columns], [[show(row.get(key)) for key, show in columns] for row in rows]
