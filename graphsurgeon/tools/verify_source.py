"""Verification of a path: its graph, what is around the graph, and the checksum of every stored value.

To the rules of `graphsurgeon.checks` and `graphsurgeon.checks.consistency` come those of files:

==================  ==========================================================================
rule                is broken by
==================  ==========================================================================
checksum            a tensor whose stored bytes are damaged
missing-shard       a data file that is not there, or only as a Git LFS pointer, with what is
                    lost
missing-index       an index that is not there, while data files of its checkpoint are
truncated-shard     a data file that ends too early, with what is lost
graph-file          a graph that cannot be read beside a checkpoint that can: a ``.meta`` that
                    ends too early, or that is none, as a Git LFS pointer in its place
state-file          the ``checkpoint`` file of a directory, when its latest checkpoint is not
                    there; (warning) when older ones that it lists are gone
object-graph        a key that the object graph of a TensorFlow 2 checkpoint notes, and under which
                    there is no tensor; an object graph that cannot be read
==================  ==========================================================================

and, against another model, those of `graphsurgeon.compare.equivalence`, or where both sides hold
their weights alike:

==================  ==========================================================================
differs             anything that `graphsurgeon.compare` finds in graphs, functions and values;
                    (warning) what differs around them
==================  ==========================================================================
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from graphsurgeon.checks import verify
from graphsurgeon.checks.consistency.object_graph import object_graph_findings
from graphsurgeon.checks.finding import ERROR, WARNING, Finding
from graphsurgeon.compare import DiffReport, diff
from graphsurgeon.compare.equivalence import same_model
from graphsurgeon.compare.report import GraphDiff
from graphsurgeon.errors import PassError
from graphsurgeon.formats.checkpoint import AnyCheckpoint, Damage
from graphsurgeon.formats.detect import Detected, detect, missing_index
from graphsurgeon.formats.load import load, load_graph, load_readable, open_checkpoint
from graphsurgeon.formats.saved_model import list_meta_graphs
from graphsurgeon.formats.state_file import checkpoint_exists, read_state
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.names import some_of
from graphsurgeon.tensors.faults import find_fault
from graphsurgeon.variables.checkpoint_keys import variable_nodes
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils.errors import NotFoundError

_RULES: dict[Damage, str] = {
    "missing": "missing-shard",
    "Git LFS pointer": "missing-shard",
    "truncated": "truncated-shard",
}


@dataclass(frozen=True)
class SourceReport:
    """What was found, errors first, and how many nodes and tensors were looked at.

    `num_lost` of the tensors cannot be read. `same` is whether it is the same model as the other, None without another.
    """

    findings: list[Finding]
    num_nodes: int = 0
    num_tensors: int = 0
    num_lost: int = 0
    same: bool | None = None

    @property
    def num_errors(self) -> int:
        """How many of the findings are errors."""
        return sum(finding.severity == ERROR for finding in self.findings)


def verify_source(path: str | os.PathLike[str], *, against: str | os.PathLike[str] | None = None) -> SourceReport:
    """Check what a path names against every rule, and every value against its checksum.

    With `against`, also whether it is the same model. Reads every stored value once, and those that are compared once
    more; memory is flat. Errors are those of `graphsurgeon.formats.load.load`, and a PassError when only one of the two
    has a graph.
    """
    try:
        found = detect(path)
    except NotFoundError as error:
        if error.kind != "checkpoint" or not os.path.exists(path):
            raise
        # Something is there, so it is a state file that leads nowhere.
        return SourceReport([Finding(ERROR, "state-file", None, None, error.message)])
    model, fault = load_readable(found)
    of_values, num_lost = _value_findings(found, model)
    of_files = [*_state_findings(found), *of_values]
    of_graph = _model_findings(found, model) if fault is None else [Finding(ERROR, "graph-file", None, None, fault)]
    findings = [*of_graph, *of_files]
    same = None
    if against is not None:
        compared = compare(model, load(against))
        findings += compared
        same = all(finding.severity != ERROR for finding in compared)
    findings.sort(key=lambda finding: finding.severity != ERROR)
    return SourceReport(findings, len(model.graph), len(model.variables), num_lost, same)


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
    if report.model or report.collections:
        names = [f"collection {each.name}" for each in report.collections]
        names += [str(change.key or change.field) for change in report.model]
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


def _model_findings(found: Detected, model: Model) -> list[Finding]:
    """Check a graph and what is around it; of a SavedModel every meta graph, which share the checkpoint."""
    if found.graph is None:
        return []
    findings = verify(model, consistency=True)
    if model.saved_model is None or not model.saved_model.num_others:
        return findings
    for tags in _other_tags(found, model):
        other = load_graph(found, tags=tags)
        other.variables = model.variables
        name = ",".join(tags)
        of_other = verify(other, consistency=True)
        findings += [each._replace(message=f"meta graph tagged {name!r}: {each.message}") for each in of_other]
    # What one of them does not take is there for another.
    return [each for each in findings if each.rule != "extra-value"]


def _other_tags(found: Detected, model: Model) -> list[tuple[str, ...]]:
    graphs = list_meta_graphs(found.graph or "", is_text=found.is_text)
    own = () if model.meta is None else tuple(model.meta.meta_info_def.tags)
    return [tags for tags in dict.fromkeys(graph.tags for graph in graphs) if set(tags) != set(own)]


def _state_findings(found: Detected) -> Iterator[Finding]:
    """Yield what a state file lists in vain, apart from the latest, by which the checkpoint was found."""
    if found.kind == "saved_model" or not os.path.isdir(found.path):
        return
    state = read_state(found.path)
    gone = [] if state is None else [each for each in state.checkpoints[:-1] if not checkpoint_exists(each)]
    if gone:
        message = f"the state file lists older checkpoints that are not there: {some_of([*map(repr, gone)])}"
        yield Finding(WARNING, "state-file", None, None, message)


def _value_findings(found: Detected, model: Model) -> tuple[list[Finding], int]:
    """Give a model its values, and read each of them; return also how many are lost."""
    if found.lost_index is not None:
        return [Finding(ERROR, "missing-index", None, None, missing_index(found.lost_index).message)], 0
    if found.prefix is None:
        return [], 0
    checkpoint = _open(found)
    if isinstance(checkpoint, Finding):
        return [checkpoint], 0
    model.variables = dict(checkpoint)
    files = checkpoint.damaged_files()
    # What is lost with a file is counted there, not told one by one.
    lost = {name for file in files for name in file.names}
    findings = [Finding(ERROR, _RULES[file.damage], None, None, file.describe(len(checkpoint))) for file in files]
    objects = [] if OBJECT_GRAPH_KEY in lost else list(object_graph_findings(model.variables))
    faults = {name: find_fault(tensor) for name, tensor in model.variables.items() if name not in lost}
    damaged = [Finding(ERROR, "checksum", name, None, fault.message) for name, fault in faults.items() if fault]
    return [*findings, *objects, *damaged], len(lost) + len(damaged)


def _open(found: Detected) -> AnyCheckpoint | Finding:
    try:
        return open_checkpoint(found, partial=True)
    except NotFoundError as error:
        if not found.is_v1:
            raise
        return Finding(ERROR, "missing-shard", None, None, error.message)
