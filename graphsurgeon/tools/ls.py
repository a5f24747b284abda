"""The tensors of a checkpoint, or the nodes of a graph, as rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.formats.load import load_graph, open_checkpoint
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, matches, node_of, split_names, split_patterns, texts_of, unmatched
from graphsurgeon.rewrites.shaping.node_shapes import MAX_NODES, NodeShapes
from graphsurgeon.tensors.expected import expect_reading
from proto_utils.errors import NotFoundError, UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.ir.endpoints import Endpoint
    from graphsurgeon.ir.node import Node
    from graphsurgeon.tools.checkpoint_rows import CheckpointRows

Row = dict[str, Any]

_NOT_INFERRED = f"of more than {MAX_NODES:,} nodes, shapes of computed tensors are inferred with `shapes=True` only"


class Listing(Displayed):
    """What `ls` lists: rows to be looped over, as often as one likes.

    Each is a dict with ``name``, ``dtype``, ``shape``; of a tensor with ``nbytes``, ``slices`` of one that is
    partitioned, ``damage`` of one whose values are lost; of a node with ``op``, ``inputs``, ``device``, of an endpoint
    with the ``reason``; ``stats`` where they are asked for. What is not known is None, or not there.

    Attributes
    ----------
    rows : collection of dict
        Those of a checkpoint are made when they are looped over, for there may be millions.
    is_graph : bool
        They are nodes, not tensors.
    notes : list of str
        What of a checkpoint is damaged, and why shapes are not known.
    """

    __slots__ = ("is_graph", "notes", "rows")

    def __init__(self, rows: list[Row] | CheckpointRows, *, is_graph: bool, notes: list[str]) -> None:
        self.rows = rows
        self.is_graph = is_graph
        self.notes = notes

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Listing({len(self):,} {'nodes' if self.is_graph else 'tensors'})"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {"rows": list(self)}


def ls(  # noqa: PLR0913 -- each is one option
    source: str | os.PathLike[str] | Model,
    patterns: Names = (),
    *,
    constants: bool = False,
    variables: bool = False,
    inputs: bool = False,
    outputs: bool = False,
    op: Names = (),
    names: Literal["full", "path"] | None = None,
    shapes: bool = False,
    stats: bool = False,
) -> Listing:
    """List the tensors of a checkpoint, or the nodes of a graph.

    The options are about graphs, except `names`; with one of them, a checkpoint's ``.meta`` is listed.

    Parameters
    ----------
    source : path or Model
        Of a model, the nodes.
    patterns : str or sequence of str
        Names, or regular expressions that match the whole name, of what to list; by default all.
    constants, variables : bool
        Only these.
    inputs, outputs : bool
        Only what seems to be one, and why.
    op : str or sequence of str
        Only nodes of these ops.
    names : {"full", "path"}, optional
        Of a checkpoint that TensorFlow 2 saved by objects, also tell what TensorFlow 1 would call each variable
        (``full_name``), the ``path`` to it from the root object, and of which variable it is an optimizer's slot
        (``slot``, ``slot_of``).
    shapes : bool
        Infer the shapes of computed tensors also of a graph of more than 200,000 nodes.
    stats : bool
        Read the values of tensors and constants, and tell minimum, maximum, mean, zeros ... and a histogram.

    Returns
    -------
    Listing
        Lazy: no values are read, but for `stats`, one tensor at a time.

    Raises
    ------
    NotFoundError
        A pattern names nothing, or there are no nodes of an op.
    UnsupportedError
        There is no graph whose nodes could be listed.
    PassError
        `names` is about the tensors of a checkpoint, and this is a graph.
    """
    given = texts_of(patterns, "patterns")
    found = None if isinstance(source, Model) else detect(source)
    narrows = constants or variables or inputs or outputs or bool(op)
    if found is not None and found.kind in ("checkpoint", "checkpoint_v1") and not narrows:
        return _of_checkpoint(found, given, names, stats)
    if names is not None:
        reason = "`names` is about the tensors of a checkpoint, and this is listed as a graph"
        raise PassError("ls", reason, is_usage=True)
    model = source if isinstance(source, Model) else _graph(found)
    notes: list[str] = []
    if inputs or outputs:
        rows = _endpoint_rows(model, inputs=inputs, outputs=outputs, infer=shapes or None)
    else:
        told = NodeShapes(model, infer=shapes or None)
        notes += [] if told.is_inferred else [_NOT_INFERRED]
        rows = _node_rows(model, texts_of(op, "op"), told, constants=constants, variables=variables)
    where = "the model" if found is None else found.path
    chosen = _matching(rows, given, where)
    if stats:
        _add_stats(model, chosen)
    return Listing(chosen, is_graph=True, notes=notes)


def _add_stats(model: Model, rows: list[Row]) -> None:
    """Add the statistics of constants to their rows."""
    from graphsurgeon.ir.node_facts import constant_value
    from graphsurgeon.tensors.shown_statistics import statistics_of
    from graphsurgeon.tensors.statistics import has_statistics

    nodes = [model.graph.get(row["name"]) for row in rows]
    values = [None if node is None else constant_value(node) for node in nodes]
    expect_reading(value for value in values if value is not None and has_statistics(value))
    for row, value in zip(rows, values, strict=True):
        row["stats"] = None if value is None else statistics_of(value)


def _of_checkpoint(found: Detected, patterns: Sequence[str], names: str | None, stats: bool) -> Listing:
    from graphsurgeon.tools.checkpoint_rows import CheckpointRows, Naming
    from graphsurgeon.variables.object_graph import read_object_graph

    checkpoint = open_checkpoint(found, partial=True)
    naming = None if names is None else Naming(names, read_object_graph(checkpoint))
    rows = CheckpointRows(checkpoint, naming, has_stats=stats)
    rows.choose(patterns, found.path)
    if naming is not None:
        # What cannot be shown is said before the first row.
        naming.check()
    notes = [file.describe(len(checkpoint)) for file in rows.damaged_files]
    return Listing(rows, is_graph=False, notes=notes)


def _graph(found: Detected | None) -> Model:
    assert found is not None
    if found.graph is None and found.not_a_graph is None:
        raise UnsupportedError("a checkpoint without a graph (.meta) beside it has no nodes to list", path=found.path)
    return load_graph(found)


def _endpoint_rows(model: Model, *, inputs: bool, outputs: bool, infer: bool | None) -> list[Row]:
    from graphsurgeon.tools.inspect import endpoints_of

    found, wanted = endpoints_of(model, infer)
    return [_endpoint_row(model, each) for each in (*(found if inputs else ()), *(wanted if outputs else ()))]


def _node_rows(model: Model, op: Sequence[str], shapes: NodeShapes, *, constants: bool, variables: bool) -> list[Row]:
    from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS

    ops = split_names(op)
    wanted = set(ops) | ({"Const"} if constants else set()) | (REF_OPS | RESOURCE_OPS if variables else set())
    _check_ops(model, ops)
    return [_node_row(node, shapes) for node in model.graph if not wanted or node.op in wanted]


def _check_ops(model: Model, ops: Sequence[str]) -> None:
    present = model.graph.ops
    for op in ops:
        if op not in present:
            raise NotFoundError.among("node of op", op, present)


def _endpoint_row(model: Model, endpoint: Endpoint) -> Row:
    node = model.graph.get(node_of(endpoint.name))
    # Of a loose end, what its readers say is all there is.
    row: Row = {"name": "", "op": endpoint.op, "inputs": []} if node is None else _node_row(node, None)
    facts = {"name": endpoint.name, "dtype": endpoint.dtype, "shape": endpoint.shape, "reason": endpoint.reason}
    return {**row, **facts}


def _node_row(node: Node, shapes: NodeShapes | None) -> Row:
    from graphsurgeon.ir.node_facts import constant_value, node_dtype, variable_dtype, variable_shape
    from graphsurgeon.ir.op_families import RESOURCE_OPS

    is_handle = node.op in RESOURCE_OPS
    dtype = variable_dtype(node) if is_handle else node_dtype(node)
    stated = variable_shape(node) if is_handle else None
    dims = None if stated is None or stated.dims is None else list(stated.dims)
    if not is_handle and shapes is not None:
        dims = shapes.dims(node)
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
