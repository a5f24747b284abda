"""Whether two models are the same: what `verify_source` finds against another one.

The rules are those of `graphsurgeon.compare.equivalence`, or where both sides hold their weights alike:

==================  ==========================================================================
rule                is broken by
==================  ==========================================================================
differs             anything that `graphsurgeon.compare` finds in graphs, functions and values, in
                    other meta graphs of SavedModels and in their assets;
                    (warning) what differs around them
==================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Iterator

from graphsurgeon.checks.finding import ERROR, WARNING, Finding
from graphsurgeon.compare import DiffReport, diff
from graphsurgeon.compare.equivalence import same_model
from graphsurgeon.compare.report import GraphDiff
from graphsurgeon.compare.saved_models import SAVED_MODEL
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.names import some_of
from graphsurgeon.variables.checkpoint_keys import variable_nodes


def compare(model: Model, other: Model) -> list[Finding]:
    """Find what keeps two models from being the same; PassError when only one of them has a graph.

    When only one has variables, or other state in a checkpoint, the other is the frozen graph of
    `graphsurgeon.compare.equivalence.same_model`; else they must not differ by `graphsurgeon.compare`.
    """
    if bool(len(model.graph)) != bool(len(other.graph)):
        which = "the first" if len(other.graph) else "the other"
        raise PassError("verify", f"{which} has no graph to compare", hint="diff compares a checkpoint with a model")
    ours, theirs = (bool(each.variables) or any(True for _ in variable_nodes(each.graph)) for each in (model, other))
    if ours != theirs and len(model.graph):
        frozen, thawed = (other, model) if ours else (model, other)
        _freeze_surroundings(frozen, thawed)
        return same_model(frozen, thawed)
    return list(_differences(diff(model, other)))


def _freeze_surroundings(frozen: Model, thawed: Model) -> None:
    """Do to a model what freezing does beside making constants, as far as the frozen one shows it."""
    meta, there = thawed.meta, {node.name for node in frozen.graph}
    if meta is None:
        return
    from graphsurgeon.meta_graph.dependencies import TABLES_INIT_OP, InitOps, init_ops
    from graphsurgeon.rewrites.freezing.asset_paths import settle_asset_paths
    from graphsurgeon.rewrites.inlining.flattening import flatten_like

    if meta.HasField("object_graph_def"):
        flatten_like(thawed, frozen.graph)
    settle_asset_paths(thawed, "verify", frozen.graph)
    producers = {node.name: node for node in thawed.graph}
    init, edit = InitOps(init_ops(meta), producers), GraphEdit(thawed.graph)
    init.keeps_idle = False
    carried = f"^{TABLES_INIT_OP}"
    for name, inputs in init.cut({name for name in there if name not in init}).items():
        is_added = name in there and carried in frozen.graph[name].inputs and carried not in inputs
        edit.set_inputs(producers[name], (*inputs, carried) if is_added else inputs)
    edit.apply()


def _differences(report: DiffReport) -> Iterator[Finding]:
    if report.graph is not None:
        yield from _graph_differences(report.graph)
    functions, tensors = report.functions, report.tensors
    if functions is not None and not functions.is_equal:
        names = [*functions.removed, *functions.added, *(a for a, _ in functions.renamed)]
        names += [function.a for function in functions.changed]
        yield _differs(None, f"functions differ: {some_of([*map(repr, names)])}")
    values = {"is not in the other": tensors.missing, "is in the other only": tensors.extra}
    for text, rows in values.items():
        yield from (_differs(None, f"value {row.name!r} {text}") for row in rows)
    yield from (_differs(None, f"value {pair.name!r} is another in the other") for pair in tensors.changed)
    beside = [str(change.key) for change in report.model if change.field == SAVED_MODEL]
    yield from (_differs(None, f"{key} differs") for key in beside)
    changes = [change for change in report.model if change.field != SAVED_MODEL]
    if changes or report.collections:
        names = [f"collection {each.name}" for each in report.collections]
        names += [str(change.key or change.field) for change in changes]
        yield Finding(WARNING, "differs", None, None, f"around the graph differs: {some_of([*map(repr, names)])}")


def _graph_differences(graph: GraphDiff) -> Iterator[Finding]:
    yield from (_differs(row.name, "is not in the other") for row in graph.removed)
    yield from (_differs(row.name, "is in the other only") for row in graph.added)
    yield from (_differs(row.a, f"is {row.b!r} in the other") for row in graph.renamed)
    for changed in graph.changed:
        fields = sorted(
            {f"{change.field} {'' if change.key is None else change.key}".strip() for change in changed.changes}
        )
        yield _differs(changed.a, f"has another {', '.join(fields)} in the other")


def _differs(node: str | None, message: str) -> Finding:
    return Finding(ERROR, "differs", node, None, message)
