"""A graph and the weights of its checkpoints as a log that TensorBoard shows, written without TensorFlow.

The graph goes into the log with devices, functions and inferred shapes. Constants longer than TensorBoard shows are
left out under the name that it has for that, so that the log of a large model is small. Each tensor of numbers becomes
a histogram, at the step of its checkpoint. The values are read once, a piece at a time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphsurgeon.display import Displayed
from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.formats.load import load_graph, open_checkpoint
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.names import Names
from graphsurgeon.passes.infer_shapes import infer_shapes
from graphsurgeon.rewrites.shaping.node_shapes import MAX_NODES
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.selection import Skipped, selected
from graphsurgeon.tensors.statistics import has_statistics, statistics
from graphsurgeon.tools.retention.stored import StoredCheckpoint, age, files_of, stored_in
from graphsurgeon.weights import find_weights
from proto_utils import places
from proto_utils.errors import UnsupportedError
from proto_utils.output import Transaction

if TYPE_CHECKING:
    from graphsurgeon.formats.event_writer import EventWriter
    from graphsurgeon.ir.model import Model
    from graphsurgeon.ir.node import Node
    from graphsurgeon.tensors.tensor import Tensor

#: TensorBoard leaves out attrs that are longer, and puts their names into this attr.
_SHOWN_NBYTES = 1024
_LEFT_OUT = "_too_large_attrs"
_STEP = re.compile(r"-(\d{1,18})$")
_STEP_KEYS = ("global_step", "step/.ATTRIBUTES/VARIABLE_VALUE", "optimizer/iter/.ATTRIBUTES/VARIABLE_VALUE")


@dataclass(frozen=True)
class LoggedStep:
    """The tensors of one checkpoint in a log; `path` is its prefix, or of a frozen graph its file."""

    step: int
    path: str
    tensors: int


@dataclass(frozen=True)
class TensorBoardReport(Displayed):
    """What `tensorboard` wrote.

    Attributes
    ----------
    outputs : list of str
        The event file.
    nodes : int or None
        Of the graph in it; None without one.
    steps : list of LoggedStep
        In ascending order; one for each checkpoint.
    skipped : list of Skipped
        Tensors that have no histogram, and why.
    notes : list of str
    """

    outputs: list[str] = field(default_factory=list)
    nodes: int | None = None
    steps: list[LoggedStep] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Step:
    """Tensors that are to be logged at a step, and the time of the file that they are from."""

    number: int
    path: str
    time: float
    tensors: Mapping[str, Tensor]


def tensorboard(  # noqa: PLR0913 -- each is one option
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    select: Names = (),
    exclude: Names = (),
    graph: bool = True,
    histograms: bool = True,
    force: bool = False,
    sync: bool = False,
    dry_run: bool = False,
) -> TensorBoardReport:
    """Write a graph and histograms of its weights as a log for TensorBoard.

    Parameters
    ----------
    source : path
        A graph, a checkpoint, a SavedModel; a directory of checkpoints has a step for each.
    output : path
        The log directory; other files in it stay.
    select, exclude : str or sequence of str
        Names or patterns of the tensors that become histograms.
    graph, histograms : bool
        Whether they are written.
    force : bool
        Whether an event file of the same name may be replaced.
    sync : bool
        Return only when the output is on the disk.
    dry_run : bool
        Write nothing.

    Returns
    -------
    TensorBoardReport

    Raises
    ------
    NotFoundError
        A pattern names no tensor.
    PassError
        There is nothing to be written, or two checkpoints are of one step.
    CorruptionError
        Values do not match their checksum.
    """
    found = detect(source)
    model = load_graph(found) if found.graph is not None and found.not_a_graph is None else None
    steps = _steps(found, source, model) if histograms else []
    names = selected(dict.fromkeys(name for step in steps for name in step.tensors), select, exclude) if steps else []
    if (model is None or not graph) and not names:
        hint = "a checkpoint without tensors has no histograms, and one without a .meta no graph"
        raise PassError("tensorboard", "there is nothing to be logged: no graph and no tensors", hint=hint)
    began = min([step.time for step in steps] or [places.getmtime(found.graph or os.fspath(source))])
    path = os.path.join(os.fspath(output), f"events.out.tfevents.{int(began):010d}.graphsurgeon")
    report = TensorBoardReport([path], len(model.graph) if model is not None and graph else None)
    wanted = set(names)
    if dry_run:
        report.steps.extend(LoggedStep(each.number, each.path, len(wanted & set(each.tensors))) for each in steps)
        return report
    with Transaction(path, overwrite=force, sync=sync) as transaction:
        from graphsurgeon.formats.event_writer import EventWriter

        writer = EventWriter(transaction.create(path), began)
        if model is not None and graph:
            writer.graph(_shown_graph(model, report.notes).graph_def_pieces(), began)
        every = (tensor for step in steps for name, tensor in step.tensors.items() if name in wanted)
        expect_reading(filter(has_statistics, every))
        for step in steps:
            _log(writer, step, wanted, report)
    return report


def _log(writer: EventWriter, step: _Step, wanted: set[str], report: TensorBoardReport) -> None:
    num_logged = 0
    for name, tensor in step.tensors.items():
        if name not in wanted:
            continue
        try:
            found = statistics(tensor)
        except UnsupportedError as error:
            report.skipped.append(Skipped(name, error.reason))
            continue
        if found.num_finite < found.num_elements:
            what = f"{found.num_nan:,} NaN and {found.num_infinite:,} infinite values"
            report.notes.append(f"{name} at step {step.number}: {what} are in no bucket")
        writer.histogram(name, found, step.number, step.time)
        num_logged += 1
    report.steps.append(LoggedStep(step.number, step.path, num_logged))


def _steps(found: Detected, source: str | os.PathLike[str], model: Model | None) -> list[_Step]:
    """Return the checkpoints of a directory in the order of their steps, or the tensors of the one source."""
    rows = stored_in(os.fspath(source)) if places.isdir(source) and found.kind.startswith("checkpoint") else []
    if len(rows) > 1:
        return list(_numbered(rows))
    if found.prefix is not None:
        opened = open_checkpoint(found)
        time = places.getmtime(next(iter(files_of(found.prefix)), found.path))
        return [_Step(_step_of(found.prefix, opened) or 0, found.prefix, time, opened)]
    if model is None or found.graph is None:
        return []
    weights = {weight.node.name: weight.node.tensor for weight in find_weights(model).weights}
    return [_Step(0, found.path, places.getmtime(found.graph), weights)] if weights else []


def _numbered(rows: list[StoredCheckpoint]) -> Iterator[_Step]:
    """Yield checkpoints by step: what their names say, or a variable that counts steps; else one after the other."""
    opened = {row.prefix: open_checkpoint(detect(row.prefix)) for row in rows}
    steps = {row.prefix: _step_of(row.prefix, opened[row.prefix]) for row in sorted(rows, key=age)}
    if None in steps.values():
        steps = {prefix: number for number, prefix in enumerate(steps)}
    of: dict[int | None, str] = {}
    for prefix, step in steps.items():
        if step in of:
            reason = f"{of[step]} and {prefix} are both of step {step}: TensorBoard would show one of them"
            raise PassError("tensorboard", reason, hint="log them one at a time, into directories of their own")
        of[step] = prefix
    times = {row.prefix: row.time for row in rows}
    for prefix in sorted(steps, key=lambda each: steps[each] or 0):
        yield _Step(steps[prefix] or 0, prefix, times[prefix], opened[prefix])


def _step_of(prefix: str, opened: Mapping[str, Tensor]) -> int | None:
    match = _STEP.search(prefix)
    if match:
        return int(match[1])
    for key in _STEP_KEYS:
        if key in opened and opened[key].size == 1 and opened[key].dtype.is_integer:
            step = int(opened[key].numpy().reshape(-1)[0])
            return step if step >= 0 else None
    return None


def _shown_graph(model: Model, notes: list[str]) -> Model:
    """Return a copy with shapes, and without the constants that TensorBoard does not show; note what it lacks."""
    shown = model.copy()
    if sum(len(graph) for _, graph in shown.graphs()) > MAX_NODES:
        notes.append(f"shapes are those that attrs state: of more than {MAX_NODES:,} nodes they are not inferred")
    else:
        try:
            infer_shapes(shown)
        except GraphError as error:
            # TensorBoard shows any graph, and one that is broken is what somebody wants to look at.
            notes.append(f"shapes are those that attrs state, for the graph is broken: {error}")
    for _, graph in shown.graphs():
        edit = GraphEdit(graph)
        for node in graph:
            long = [key for key in node.attrs if _attr_nbytes(node, key) > _SHOWN_NBYTES]
            if long:
                attrs = edit.edit(node).attrs
                for key in long:
                    del attrs[key]
                attrs[_LEFT_OUT] = long
        edit.apply()
    return shown


def _attr_nbytes(node: Node, key: str) -> int:
    attr = node.attr(key)
    payloads = sum(part.nbytes for parts in node.payloads(key).values() for part in parts)
    return payloads + (0 if attr is None else attr.ByteSize())
