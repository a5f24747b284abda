"""A TensorFlow 2 model's graph without the calls that its outputs are behind, as TensorFlow's v2 freezing leaves it.

In its SavedModel each signature is one call, and what it computes is in the library::

    serving_default_x = Placeholder
    StatefulPartitionedCall = StatefulPartitionedCall(serving_default_x, w)      outputs 0, 1

Flat, the only signature has the names that TensorFlow's `convert_variables_to_constants_v2`
gives, with an output node for each result; of several, each has its call's scope::

    StatefulPartitionedCall/MatMul = MatMul(serving_default_x, ...)
    Identity = Identity(...)
    Identity_1 = Identity(...)
"""

from __future__ import annotations

from collections.abc import Collection

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index, find_node
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import CALL_OPS
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE, init_ops
from graphsurgeon.meta_graph.references import retarget_tensors, tensor_names
from graphsurgeon.names import parse_input
from graphsurgeon.rewrites.inlining.calls import CallInliner
from graphsurgeon.rewrites.inlining.twins import merge_twins
from proto_utils.named_tuple import NamedTuple


class FlatGraph(NamedTuple):
    """What became of the outputs, each a node or tensor, and the calls that stay, with the reason."""

    outputs: list[str]
    left: dict[str, str]


def flatten(model: Model, outputs: Collection[str]) -> FlatGraph:
    """Inline the calls that outputs and initializers need; signatures follow.

    An output that a node does not have is a NotFoundError; names of no node are passed over.
    """
    index = Index(model.graph)
    there = [text for text in outputs if parse_input(text).node in index.producers]
    roots = list(dict.fromkeys(find_node(index.producers, text).name for text in there))
    meta = model.meta
    needed = ancestors(index.producers, [*roots, *(init_ops(meta) if meta is not None else ())])
    inliner = CallInliner(model)
    calls = [node for node in model.graph if node.name in needed and inliner.is_call(node)]
    of_outputs = [node.name for node in calls if node.name in roots]
    results: dict[str, list[str]] = {}
    for node in calls:
        is_only = of_outputs == [node.name] and node.op in CALL_OPS
        results[node.name] = inliner.inline(node.name, scope="" if is_only else None)
    inliner.apply()
    if meta is not None:
        tensors = {f"{call}:{i}": f"{new}:0" for call, found in results.items() for i, new in enumerate(found)}
        retarget_tensors(meta, tensors)
    return FlatGraph([new for text in outputs for new in _results(text, results)], inliner.left)


def flatten_like(model: Model, flat: Graph) -> None:
    """Flatten an object-based model to the graph that a flat one was made of: of one signature, or of all.

    The model stays as it is unless the graph is one of these.
    """
    before = model.snapshot()
    best: tuple[int, bool, list[str]] = (0, False, [])
    for is_merged in (True, False):
        if is_merged and not merge_twins(model):
            continue
        signatures = _outputs(model)
        merged = model.snapshot()
        for names in ([name for each in signatures for name in each], *signatures):
            found = flatten(model, dict.fromkeys(names)).outputs
            if found != names and all(name in flat for name in found):
                score = sum(node.name in model.graph for node in flat)
                best = max(best, (score, is_merged, names), key=lambda each: each[0])
            model.restore(merged)
        model.restore(before)
    if best[2]:
        if best[1]:
            merge_twins(model)
        flatten(model, dict.fromkeys(best[2]))


def _outputs(model: Model) -> list[list[str]]:
    """Return the tensors that each signature gives."""
    signatures = {} if model.meta is None else model.meta.signature_def
    infos = [sorted(signatures[key].outputs.items()) for key in sorted(signatures) if key != INIT_SIGNATURE]
    return [[name for _, info in each for name in tensor_names(info) if name] for each in infos]


def _results(text: str, results: dict[str, list[str]]) -> list[str]:
    """Return what an output is now: of a call that is named without an output, all its results."""
    name, output = parse_input(text)
    found = results.get(name)
    if not found:
        return [text]
    return [found[output]] if text != name else found
