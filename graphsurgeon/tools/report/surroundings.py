"""What is around a graph, for a page: facts as `inspect` has them, collections, signatures, saver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphsurgeon.compare.collection_defs import items_of
from graphsurgeon.display import count, format_nbytes, format_shape
from graphsurgeon.ir.endpoints import Endpoint
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.collections import MESSAGES
from graphsurgeon.tools.checkpoint_summary import CheckpointSummary
from graphsurgeon.tools.inspect import Inspection, SignatureShape, Total
from graphsurgeon.tools.report.texts import named, shortened
from proto_utils import schema

#: Of a collection, and of facts that are lists, so many items are shown.
MAX_ITEMS = 1_000
_FEW = 12


def graph_facts(found: Inspection) -> Iterator[list[str]]:
    """Yield label and text of what is known of a graph."""
    if found.tensorflow_version:
        yield ["TensorFlow", named(found.tensorflow_version)]
    yield ["producer", f"{found.producer}, min consumer {found.min_consumer}"]
    oldest = found.oldest_tensorflow
    yield ["oldest TensorFlow", oldest.version + ("" if oldest.reasons else " or older")]
    if oldest.unknown_ops:
        yield ["ops of no TensorFlow", _listed(oldest.unknown_ops)]
    if found.tags:
        yield ["tags", _listed(found.tags)]
    yield ["nodes", f"{found.nodes:,} of {count(len(found.ops), 'op')}"]
    yield ["ops", _listed([f"{op} {number:,}" for op, number in found.ops.items()])]
    for label, endpoints in (("inputs", found.inputs), ("outputs", found.outputs)):
        yield [label, _listed(list(map(_endpoint, endpoints)), "; ")]
    variables, weights = found.variables, found.weights
    trained = "" if variables.trainable is None else f", {variables.trainable:,} trainable"
    yield ["variables", f"{variables.count:,}{trained}, {format_nbytes(variables.nbytes)}"]
    larger = f"{weights.larger:,} of more than one element"
    yield ["constants", f"{weights.count:,} ({larger}), {format_nbytes(weights.nbytes)}"]
    yield ["dtypes", _totals(found.dtypes)]
    flow = [f"{op} {number:,}" for ops in found.control_flow.values() for op, number in ops.items()]
    yield ["control flow", _listed(flow)]
    yield ["functions", f"{len(found.functions):,}"]
    for name in found.init_ops:
        yield ["init op", named(name)]
    for record in found.records:
        yield ["record", named(shortened(json.dumps(record)))]


def checkpoint_facts(found: CheckpointSummary | None) -> Iterator[list[str]]:
    """Yield label and text of what is known of a checkpoint."""
    if found is None:
        return
    size = f"{count(found.tensors, 'tensor')}, {format_nbytes(found.nbytes)}"
    yield ["checkpoint", named(f"{found.prefix}: {found.format}, {size} in {count(found.shards, 'shard')}")]
    yield ["dtypes of the checkpoint", _totals(found.dtypes)]


def _endpoint(each: Endpoint) -> str:
    return f"{each.name} {each.dtype or '?'} {format_shape(each.shape)} ({each.reason})"


def _totals(dtypes: Mapping[str, Total]) -> str:
    return _listed([f"{name} {each.count:,} ({format_nbytes(each.nbytes)})" for name, each in dtypes.items()])


def _listed(texts: list[str], separator: str = ", ") -> str:
    more = [f"... ({len(texts):,})"] if len(texts) > _FEW else []
    return named(separator.join([*map(shortened, texts[:_FEW]), *more])) or "none"


def collection_rows(model: Model) -> Iterator[dict[str, Any]]:
    """Yield the collections of a model, their items as texts; of very long ones the first."""
    if model.meta is None:
        return
    for name in sorted(model.meta.collection_def):
        kind = model.meta.collection_def[name].WhichOneof("kind") or "empty"
        items = items_of(name, model.meta)
        texts = [_item_text(item) for item in items[:MAX_ITEMS]]
        if len(items) > MAX_ITEMS:
            texts.append(f"... {len(items) - MAX_ITEMS:,} more")
        yield {"name": named(name), "kind": MESSAGES.get(name, kind), "items": texts}


def _item_text(item: Any) -> str:
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
    return named(shortened(text))


def signature_rows(signatures: Mapping[str, SignatureShape]) -> Iterator[dict[str, Any]]:
    """Yield the signatures of a model, each input and output as argument, tensor, dtype and shape."""
    for key, found in signatures.items():
        sides = {
            side: [
                [named(argument), named(each.name), f"{each.dtype or '?'} {format_shape(each.shape)}"]
                for argument, each in getattr(found, side).items()
            ]
            for side in ("inputs", "outputs")
        }
        yield {"key": named(key), "method": named(found.method), **sides}


def saver_facts(model: Model) -> dict[str, Any] | None:
    """Return the SaverDef of a model; None without one."""
    if model.meta is None or not model.meta.HasField("saver_def"):
        return None
    saver: schema.SaverDef = model.meta.saver_def
    return {
        "filename_tensor": named(saver.filename_tensor_name),
        "restore_op": named(saver.restore_op_name),
        "save": named(saver.save_tensor_name),
        "version": {0: "LEGACY", 1: "V1", 2: "V2"}.get(saver.version, str(saver.version)),
        "max_to_keep": saver.max_to_keep,
    }
