"""The oldest TensorFlow that loads a model, and what in it is the reason.

A GraphDef is imported as it is: every attr must be known. Of a MetaGraphDef, TensorFlow drops the attrs that it does
not know where they stand at the default that the op list gives, which is asked for the nodes of the graph and not for
those of functions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.versions import OLDEST, Need, needs_of, version_of


@dataclass(frozen=True)
class Reason:
    """What came with a version: an op, an attr or a value of one, on how many nodes, one of them as an example."""

    since: str
    what: str
    nodes: int
    example: str
    can_go: bool  # whether the nodes mean the same without it


@dataclass(frozen=True)
class OldestTensorFlow:
    """The oldest TensorFlow that loads a model; ``1.15`` means that older ones may too.

    `reasons` have the newest first. `unknown_ops` are of no TensorFlow: a library has to register them.
    """

    version: str
    reasons: list[Reason] = field(default_factory=list)
    unknown_ops: list[str] = field(default_factory=list)


def oldest_tensorflow(model: Model) -> OldestTensorFlow:
    """Find the oldest TensorFlow that loads a model, in O(nodes)."""
    counts: Counter[Need] = Counter()
    examples: dict[Need, str] = {}
    dropped = _dropped(model)
    for function, graph in model.graphs():
        for node in graph:
            for need in needs_of(node):
                if need.is_default and function is None and (node.op, need.attr) in dropped:
                    continue
                counts[need] += 1
                examples.setdefault(need, node.name if function is None else f"{function}/{node.name}")
    ordered = sorted(counts, key=lambda need: version_of(need.since), reverse=True)
    reasons = [Reason(need.since, need.what, counts[need], examples[need], need.can_go) for need in ordered]
    return OldestTensorFlow(reasons[0].since if reasons else OLDEST, reasons, _unknown_ops(model))


def version_notes(model: Model) -> list[str]:
    """Tell what without effect in function bodies keeps older TensorFlows from importing a MetaGraphDef."""
    found = {
        need: name
        for name, function in model.library.functions.items()
        for node in function.body
        for need in needs_of(node)
        if need.can_go
    }
    if not found:
        return []
    newest = max(found, key=lambda need: version_of(need.since))
    where = f"{newest.what} in function {found[newest]!r}"
    return [f"TensorFlow before {newest.since} does not import it: {where}, without effect; downgrade takes it out"]


def _dropped(model: Model) -> set[tuple[str, str]]:
    """Return the attrs, as (op, attr), that who imports the meta graph drops at their default."""
    if model.meta is None:
        return set()
    listed = model.meta.meta_info_def.stripped_op_list.op
    return {(op.name, attr.name) for op in listed for attr in op.attr if attr.HasField("default_value")}


def _unknown_ops(model: Model) -> list[str]:
    def is_unknown(node: Node) -> bool:
        return facts(node.op) is None and node.op not in model.library.functions

    return sorted({node.op for _, graph in model.graphs() for node in graph if is_unknown(node)})
