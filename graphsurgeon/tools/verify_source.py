"""Verification of a path: its graph, what is around the graph, and the checksum of every stored value.

To the rules of `graphsurgeon.checks` and `graphsurgeon.checks.consistency` come those of files:

==================  ==========================================================================
rule                is broken by
==================  ==========================================================================
checksum            a tensor whose stored bytes are damaged
missing-shard       a data file that the checkpoint needs and that is not there
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
from graphsurgeon.formats.checkpoint import AnyCheckpoint
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.formats.load import load, load_graph, open_checkpoint
from graphsurgeon.formats.saved_model import list_meta_graphs
from graphsurgeon.formats.state_file import checkpoint_exists, read_state
from graphsurgeon.ir.model import Model
from graphsurgeon.names import some_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import variable_nodes
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError


@dataclass(frozen=True)
class SourceReport:
    """What was found, errors first, and how many nodes and tensors were looked at.

    `same` is whether it is the same model as the other, None without another.
    """

    findings: list[Finding]
    num_nodes: int = 0
    num_tensors: int = 0
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
    model = load_graph(found)
    of_files = [*_state_findings(found), *_value_findings(found, model)]
    findings = [*_model_findings(found, model), *of_files]
    same = None
    if against is not None:
        compared = compare(model, load(against))
        findings += compared
        same = all(finding.severity != ERROR for finding in compared)
    findings.sort(key=lambda finding: finding.severity != ERROR)
    return SourceReport(findings, len(model.graph), len(model.variables), same)


def compare(model: Model, other: Model) -> list[Finding]:
    """Find what keeps two models from being the same; PassError when only one of them has a graph.

    When only one has variables, the other is the frozen graph of `graphsurgeon.compare.equivalence.same_model`; else
    they must not differ by `graphsurgeon.compare`.
    """
    if bool(len(model.graph)) != bool(len(other.graph)):
        which = "the first" if len(other.graph) else "the other"
        raise PassError("verify", f"{which} has no graph to compare", hint="diff compares a checkpoint with a model")
    ours, theirs = (any(True for _ in variable_nodes(each.graph)) for each in (model, other))
    if ours != theirs:
        return same_model(other, model) if ours else same_model(model, other)
    return list(_differences(diff(model, other)))


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


def _value_findings(found: Detected, model: Model) -> list[Finding]:
    """Give a model its values, and read each of them."""
    if found.prefix is None:
        return []
    checkpoint = _open(found)
    if isinstance(checkpoint, Finding):
        return [checkpoint]
    model.variables = dict(checkpoint)
    texts = [f"{path} is not there, and has values" for path in checkpoint.missing_shards()]
    missing = [Finding(ERROR, "missing-shard", None, None, text) for text in texts]
    objects = [] if missing else list(object_graph_findings(model.variables))
    problems = ((name, _problem(tensor, bool(missing))) for name, tensor in model.variables.items())
    damaged = [Finding(ERROR, "checksum", name, None, problem) for name, problem in problems if problem]
    return [*missing, *objects, *damaged]


def _open(found: Detected) -> AnyCheckpoint | Finding:
    try:
        return open_checkpoint(found)
    except NotFoundError as error:
        if not found.is_v1:
            raise
        return Finding(ERROR, "missing-shard", None, None, error.message)


def _problem(tensor: Tensor, is_shard_missing: bool) -> str:
    """Read a tensor; return what is wrong with it."""
    try:
        if tensor.dtype is dtypes.STRING:
            for _ in tensor.strings():
                pass
        elif tensor.dtype.itemsize:
            for _ in tensor.chunks():
                pass
    except NotFoundError as error:
        # The file that is not there is named once, not for every tensor in it.
        return "" if is_shard_missing else error.message
    except (CorruptionError, UnsupportedError) as error:
        return error.message
    return ""
