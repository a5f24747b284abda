"""Tell what a file is and what it holds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import count, emit_json, emit_line, format_nbytes, format_shape
from proto_utils.errors import GraphSurgeonError

if TYPE_CHECKING:
    from graphsurgeon.formats.bundle_reader import Bundle
    from graphsurgeon.formats.detect import Detected
    from graphsurgeon.formats.v1 import V1Checkpoint

_KINDS = {
    "graph_def": "GraphDef",
    "meta_graph": "MetaGraphDef",
    "saved_model": "SavedModel",
    "checkpoint": "checkpoint",
    "checkpoint_v1": "V1 checkpoint",
}
_SHOWN = 8
_WIDTH = 13


@click.command("inspect")
@options.source
@options.tags
@options.common("json")
def command(source: str, tags: str | None, as_json: bool) -> None:
    """Tell what a file is and what it holds.

    Kind, versions, nodes, guessed inputs and outputs with the reason for each, variables and weights, dtypes, control
    flow, functions, signatures, collections, and the checkpoint that belongs to it. No values are read.
    """
    from graphsurgeon.formats.detect import detect
    from graphsurgeon.formats.load import load_graph
    from graphsurgeon.tools.inspect import inspect

    found = detect(source)
    checkpoint = _checkpoint_facts(found)
    facts: dict[str, Any] = {}
    if found.graph is not None:
        facts = inspect(load_graph(found, tags=options.split_tags(tags))).to_json()
        facts["meta_graphs"] = _meta_graphs(found)
    if as_json:
        nbytes = os.path.getsize(found.graph) if found.graph is not None else 0
        file = {"kind": found.name, "graph": found.graph, "is_text": found.is_text, "nbytes": nbytes}
        emit_json("inspect", source=source, **file, **facts, checkpoint=checkpoint)
        return
    emit_line(_title(found))
    if facts:
        for label, text in _graph_lines(facts):
            emit_line(f"{label:<{_WIDTH}}{text}")
    for label, text in _checkpoint_lines(checkpoint):
        emit_line(f"{label:<{_WIDTH}}{text}")


def _title(found: Detected) -> str:
    form = ""
    if found.graph is not None:
        nbytes = format_nbytes(os.path.getsize(found.graph))
        form = (
            f", {'text' if found.is_text else 'binary'} graph of {nbytes}"
            if found.graph != found.path
            else (f", {'text' if found.is_text else 'binary'}, {nbytes}")
        )
    return f"{found.path}: {_KINDS[found.kind]}{form}"


def _meta_graphs(found: Detected) -> list[list[str]] | None:
    if found.kind != "saved_model" or found.graph is None:
        return None
    from graphsurgeon.formats.saved_model import list_meta_graphs

    return [list(graph.tags) for graph in list_meta_graphs(found.graph, is_text=found.is_text)]


def _checkpoint_facts(found: Detected) -> dict[str, Any] | None:
    """Return what the index of the checkpoint tells, None when there is none."""
    if found.prefix is None:
        return None
    from graphsurgeon.formats.load import open_checkpoint

    with open_checkpoint(found) as checkpoint:
        by_dtype: dict[str, dict[str, int]] = {}
        for name, entry in checkpoint.entries.items():
            total = by_dtype.setdefault(entry.dtype.name, {"count": 0, "nbytes": 0})
            total["count"] += 1
            total["nbytes"] += checkpoint.stored_nbytes(name) or 0
        return {
            "prefix": found.prefix,
            "format": "V1" if found.is_v1 else "V2",
            "tensors": len(checkpoint),
            "nbytes": sum(total["nbytes"] for total in by_dtype.values()),
            "dtypes": by_dtype,
            "shards": checkpoint.num_shards,
            "missing_shards": _missing_shards(checkpoint),
            "objects": _object_facts(checkpoint),
        }


def _object_facts(checkpoint: Bundle | V1Checkpoint) -> dict[str, Any] | None:
    """Return what the object graph tells, None of a checkpoint that was saved by name."""
    from graphsurgeon.variables.object_graph import read_object_graph

    try:
        objects = read_object_graph(checkpoint)
    except GraphSurgeonError as error:
        return {"damaged": error.message}
    if objects is None:
        return None
    slots = Counter(slot.slot_name for slot in objects.slots.values())
    return {
        "count": len(objects),
        "tensors": sum(objects.attribute(key) is not None for key in checkpoint),
        "slots": dict(slots.most_common()),
        "optimizers": [objects.path(number) for number in objects.optimizers()],
        "registered_savers": sorted({saver.name for saver in objects.registered_savers()}),
    }


def _missing_shards(checkpoint: Bundle | V1Checkpoint) -> list[str]:
    """Return the data files that are not there; a V1 checkpoint is opened with all of its files."""
    from graphsurgeon.formats.bundle_reader import Bundle

    if not isinstance(checkpoint, Bundle):
        return []
    paths = [checkpoint.shard_path(shard_id) for shard_id in checkpoint.shard_ids()]
    return [path for path in paths if not os.path.exists(path)]


def _graph_lines(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    stamp = f"TensorFlow {facts['tensorflow_version']}, " if facts["tensorflow_version"] else ""
    yield "versions", f"{stamp}producer {facts['producer']}, min consumer {facts['min_consumer']}"
    if facts["tags"] or facts["meta_graphs"]:
        others = len(facts["meta_graphs"] or [()]) - 1
        yield "tags", ", ".join(facts["tags"]) + (f" (and {count(others, 'other meta graph')})" if others else "")
    frequent = ", ".join(f"{op} {number:,}" for op, number in list(facts["ops"].items())[:_SHOWN])
    more = ", ..." if len(facts["ops"]) > _SHOWN else ""
    yield "nodes", f"{count(facts['nodes'], 'node')} of {count(len(facts['ops']), 'op')}: {frequent}{more}"
    yield from _endpoint_lines("inputs", facts["inputs"])
    yield from _endpoint_lines("outputs", facts["outputs"])
    yield "variables", _variables(facts["variables"])
    weights = facts["weights"]
    yield (
        "constants",
        (f"{weights['count']:,} ({weights['larger']:,} of more than one element), {format_nbytes(weights['nbytes'])}"),
    )
    dtypes = [
        f"{name} {total['count']:,} ({format_nbytes(total['nbytes'])})" for name, total in facts["dtypes"].items()
    ]
    yield "dtypes", ", ".join(dtypes) or "none"
    flow = [
        f"{kind}: " + ", ".join(f"{op} {n:,}" for op, n in ops.items())
        for kind, ops in facts["control_flow"].items()
        if ops
    ]
    yield "control flow", "; ".join(flow) or "none"
    functions = facts["functions"]
    names = ", ".join(function["name"] for function in functions[:3]) + (", ..." if len(functions) > 3 else "")
    yield "functions", f"{len(functions):,}: {names}" if functions else "none"
    yield from _meta_lines(facts)


def _endpoint_lines(label: str, endpoints: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    if not endpoints:
        yield label, "none found"
    for i, each in enumerate(endpoints[:_SHOWN]):
        tensor = f"{each['name']}  {each['dtype'] or '?'} {format_shape(each['shape'])}"
        yield label if i == 0 else "", f"{tensor}  ({each['op']}; {each['reason']})"
    if len(endpoints) > _SHOWN:
        yield "", f"... and {count(len(endpoints) - _SHOWN, 'other')}; ls --{label} shows all"


def _variables(variables: Mapping[str, Any]) -> str:
    if not variables["count"]:
        return "none"
    trainable = "" if variables["trainable"] is None else f", {variables['trainable']:,} trainable"
    kinds = f", {variables['resource']:,} as resources" if variables["resource"] else ""
    return f"{variables['count']:,}{trainable}{kinds}, {format_nbytes(variables['nbytes'])}"


def _meta_lines(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    label = "signatures"
    for name, signature in facts["signatures"].items():
        sides = [
            ", ".join(f"{key} {_info(info)}" for key, info in signature[side].items()) for side in ("inputs", "outputs")
        ]
        yield label, f"{name}: {sides[0] or 'nothing'} -> {sides[1] or 'nothing'}"
        label = ""
    if facts["collections"]:
        yield "collections", ", ".join(f"{name} {number:,}" for name, number in facts["collections"].items())
    if facts["saver"]:
        saver = facts["saver"]
        yield "saver", f"{saver['version']}, restores by {saver['restore']}, file name in {saver['filename']}"


def _info(info: Mapping[str, Any]) -> str:
    return f"{info['dtype']} {format_shape(info['shape'])}"


def _checkpoint_lines(checkpoint: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    if checkpoint is None:
        return
    size = f"{count(checkpoint['tensors'], 'tensor')}, {format_nbytes(checkpoint['nbytes'])}"
    yield "checkpoint", f"{checkpoint['prefix']}: {size} in {count(checkpoint['shards'], 'shard')}"
    dtypes = checkpoint["dtypes"].items()
    yield "", ", ".join(f"{name} {total['count']:,} ({format_nbytes(total['nbytes'])})" for name, total in dtypes)
    for path in checkpoint["missing_shards"]:
        yield "", f"missing: {path}"
    if checkpoint["objects"] is not None:
        yield "objects", _objects(checkpoint["objects"])


def _objects(objects: Mapping[str, Any]) -> str:
    if "damaged" in objects:
        return f"the object graph is damaged: {objects['damaged']}"
    text = f"{count(objects['count'], 'object')} with {count(objects['tensors'], 'tensor')}"
    if objects["slots"]:
        names = ", ".join(objects["slots"])
        text += f", {count(sum(objects['slots'].values()), 'optimizer slot')} ({names})"
    optimizers = [path for path in objects["optimizers"] if path]
    text += f", trained by {', '.join(optimizers[:_SHOWN])}" if optimizers else ""
    savers = ", ".join(objects["registered_savers"][:_SHOWN])
    return text + (f", saved in part by {savers}" if savers else "")
