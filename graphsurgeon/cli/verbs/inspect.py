"""Show what a file is and what it holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import count, emit_json, format_nbytes, format_shape
from graphsurgeon.cli.tables import emit_entries
from graphsurgeon.names import some_of
from proto_utils import places

if TYPE_CHECKING:
    from graphsurgeon.formats.detect import Detected
    from graphsurgeon.ir.endpoints import Endpoint
    from graphsurgeon.meta_graph.oldest import OldestTensorFlow
    from graphsurgeon.tools.checkpoint_summary import CheckpointSummary, DamagedObjects, ObjectSummary
    from graphsurgeon.tools.inspect import Inspection, Total, VariableTotal
    from graphsurgeon.tools.main_path import PathStage

_SHOWN = 8
_WIDTH = 13
_MAX_STAGES = 12


@click.command("inspect", cls=Verb)
@options.source
@options.tags
@options.rows
@options.common("json")
def command(source: str, tags: str | None, as_json: bool) -> None:
    """Show what a file is and what it holds.

    Kind, versions, nodes, guessed inputs and outputs with the reason for each, the main path between them, variables
    and weights, dtypes, control flow, functions, signatures, collections, and the checkpoint that belongs to it. No
    values are read.
    """
    from graphsurgeon.tools.file_summary import inspect

    summary = inspect(source, tags=options.split_tags(tags))
    if as_json:
        emit_json("inspect", source=source, **summary.to_json())
        return
    found, graph, fault, checkpoint = summary.source, summary.model, summary.graph_fault, summary.checkpoint
    lines: Iterable[tuple[str, str]] = [] if graph is None else _graph_lines(graph, summary.meta_graphs)
    if fault is not None:
        lines = [("graph", fault)]
    lost = (
        [("damaged", f"{found.lost_index} is not there, and the data files beside it are")] if found.lost_index else []
    )
    emit_entries(_title(found), [*lines, *lost, *_checkpoint_lines(checkpoint)], _WIDTH)


def _title(found: Detected) -> str:
    from graphsurgeon.formats.kinds import KINDS

    form = ""
    if found.graph is not None:
        nbytes = format_nbytes(places.getsize(found.graph))
        form = (
            f", {'text' if found.is_text else 'binary'} graph of {nbytes}"
            if found.graph != found.path
            else (f", {'text' if found.is_text else 'binary'}, {nbytes}")
        )
    return f"{found.path}: {KINDS[found.kind].title}{form}"


def _graph_lines(found: Inspection, meta_graphs: list[list[str]] | None) -> Iterator[tuple[str, str]]:
    stamp = f"TensorFlow {found.tensorflow_version}, " if found.tensorflow_version else ""
    yield "versions", f"{stamp}producer {found.producer}, min consumer {found.min_consumer}"
    yield from _oldest_lines(found.oldest_tensorflow)
    if found.tags or meta_graphs:
        others = len(meta_graphs or [()]) - 1
        yield "tags", ", ".join(found.tags) + (f" (and {count(others, 'other meta graph')})" if others else "")
    frequent = ", ".join(f"{op} {number:,}" for op, number in list(found.ops.items())[:_SHOWN])
    more = ", ..." if len(found.ops) > _SHOWN else ""
    yield "nodes", f"{count(found.nodes, 'node')} of {count(len(found.ops), 'op')}: {frequent}{more}"
    yield from _endpoint_lines("inputs", found.inputs)
    yield from _endpoint_lines("outputs", found.outputs)
    yield from _path_lines(found.main_path)
    yield "variables", _variables(found.variables)
    weights = found.weights
    size = format_nbytes(weights.nbytes)
    yield "constants", f"{weights.count:,} ({weights.larger:,} of more than one element), {size}"
    yield "dtypes", _totals(found.dtypes) or "none"
    flow = [
        f"{kind}: " + ", ".join(f"{op} {n:,}" for op, n in ops.items())
        for kind, ops in found.control_flow.items()
        if ops
    ]
    yield "control flow", "; ".join(flow) or "none"
    functions = found.functions
    names = ", ".join(function.name for function in functions[:3]) + (", ..." if len(functions) > 3 else "")
    yield "functions", f"{len(functions):,}: {names}" if functions else "none"
    yield from _meta_lines(found)


def _oldest_lines(oldest: OldestTensorFlow) -> Iterator[tuple[str, str]]:
    label, reasons = "oldest", oldest.reasons
    yield label, f"TensorFlow {oldest.version}{'' if reasons else ', or older,'} loads it"
    for each in reasons[:_SHOWN]:
        where = f"{count(each.nodes, 'node')}, such as {each.example}" if each.nodes > 1 else each.example
        idle = "; without effect, downgrade takes it out" if each.can_go else ""
        yield "", f"{each.since}: {each.what} ({where}{idle})"
    if len(reasons) > _SHOWN:
        yield "", f"... and {count(len(reasons) - _SHOWN, 'other')}"
    if oldest.unknown_ops:
        more = ", ..." if len(oldest.unknown_ops) > _SHOWN else ""
        yield "", f"a library has to register {', '.join(oldest.unknown_ops[:_SHOWN])}{more}"


def _totals(dtypes: Mapping[str, Total]) -> str:
    return ", ".join(f"{name} {total.count:,} ({format_nbytes(total.nbytes)})" for name, total in dtypes.items())


def _endpoint_lines(label: str, endpoints: Sequence[Endpoint]) -> Iterator[tuple[str, str]]:
    if not endpoints:
        yield label, "none found"
    for i, each in enumerate(endpoints[:_SHOWN]):
        tensor = f"{each.name}  {each.dtype or '?'} {format_shape(each.shape)}"
        yield label if i == 0 else "", f"{tensor}  ({each.op}; {each.reason})"
    if len(endpoints) > _SHOWN:
        yield "", f"... and {count(len(endpoints) - _SHOWN, 'other')}; ls --{label} shows all"


def _path_lines(stages: Sequence[PathStage]) -> Iterator[tuple[str, str]]:
    """Draw the main path: a line for each stage, those in the middle of a long one left out."""
    texts = [format_shape(stage.shape) for stage in stages]
    width = max(map(len, texts), default=0)
    lines = []
    for text, stage in zip(texts, stages, strict=True):
        ops = [op if number == 1 else f"{op} {number:,}" for op, number in stage.ops.items()]
        more = ", ..." if len(ops) > _SHOWN else ""
        lines.append(f"{text:<{width}}  {', '.join(ops[:_SHOWN])}{more}")
    if len(lines) > _MAX_STAGES:
        half = _MAX_STAGES // 2
        lines[half:-half] = [f"... and {count(len(lines) - 2 * half, 'other')} ..."]
    for number, line in enumerate(lines):
        yield ("" if number else "main path"), f"{'> ' if number else '  '}{line}"


def _variables(variables: VariableTotal) -> str:
    if not variables.count:
        return "none"
    trainable = "" if variables.trainable is None else f", {variables.trainable:,} trainable"
    kinds = f", {variables.resource:,} as resources" if variables.resource else ""
    return f"{variables.count:,}{trainable}{kinds}, {format_nbytes(variables.nbytes)}"


def _meta_lines(found: Inspection) -> Iterator[tuple[str, str]]:
    label = "signatures"
    for name, signature in found.signatures.items():
        sides = [
            ", ".join(f"{key} {tensor.dtype} {format_shape(tensor.shape)}" for key, tensor in side.items())
            for side in (signature.inputs, signature.outputs)
        ]
        yield label, f"{name}: {sides[0] or 'nothing'} -> {sides[1] or 'nothing'}"
        label = ""
    for name, state in found.init_ops.items():
        yield "init op", f"{name}: sets up {some_of(state, _SHOWN) or 'nothing'}"
    if found.collections:
        yield "collections", ", ".join(f"{name} {number:,}" for name, number in found.collections.items())
    if found.saver is not None:
        saver = found.saver
        yield "saver", f"{saver.version}, restores by {saver.restore}, file name in {saver.filename}"
    yield from _record_lines(found.records)


def _record_lines(records: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for record in records:
        if "damaged" in record:
            yield "record", str(record["damaged"])
            continue
        sources = ", ".join(f"{each['name']} ({each['sha256'][:12]})" for each in record["sources"])
        yield "record", f"graphsurgeon {record['graphsurgeon']}" + (f", from {sources}" if sources else "")
        for number, step in enumerate(record["steps"], 1):
            yield "", f"{number} {json.dumps(step)}"


def _checkpoint_lines(checkpoint: CheckpointSummary | None) -> Iterator[tuple[str, str]]:
    if checkpoint is None:
        return
    size = f"{count(checkpoint.tensors, 'tensor')}, {format_nbytes(checkpoint.nbytes)}"
    yield "checkpoint", f"{checkpoint.prefix}: {size} in {count(checkpoint.shards, 'shard')}"
    yield "", _totals(checkpoint.dtypes)
    for file in checkpoint.damaged_files:
        yield "damaged", file.describe(checkpoint.tensors)
    if checkpoint.objects is not None:
        yield "objects", _objects(checkpoint.objects)


def _objects(objects: ObjectSummary | DamagedObjects) -> str:
    from graphsurgeon.tools.checkpoint_summary import DamagedObjects

    if isinstance(objects, DamagedObjects):
        return f"the object graph is damaged: {objects.damaged}"
    text = f"{count(objects.count, 'object')} with {count(objects.tensors, 'tensor')}"
    if objects.slots:
        text += f", {count(sum(objects.slots.values()), 'optimizer slot')} ({', '.join(objects.slots)})"
    optimizers = [path for path in objects.optimizers if path]
    text += f", trained by {', '.join(optimizers[:_SHOWN])}" if optimizers else ""
    savers = ", ".join(objects.registered_savers[:_SHOWN])
    return text + (f", saved in part by {savers}" if savers else "")
