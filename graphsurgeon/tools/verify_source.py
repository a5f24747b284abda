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
                    ends too early, or is not one, as a Git LFS pointer in its place
state-file          the ``checkpoint`` file of a directory, when its latest checkpoint is not
                    there; (warning) when older ones that it lists are gone
object-graph        a key that the object graph of a TensorFlow 2 checkpoint notes, and under which
                    there is no tensor; an object graph that cannot be read
==================  ==========================================================================

and, against another model, those of `graphsurgeon.tools.sameness`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from graphsurgeon.checks import verify
from graphsurgeon.checks.finding import ERROR, WARNING, Finding
from graphsurgeon.display import Displayed
from graphsurgeon.formats.checkpoint import AnyCheckpoint, Damage
from graphsurgeon.formats.detect import Detected, detect, missing_index
from graphsurgeon.formats.load import load, load_graph, load_readable, open_checkpoint
from graphsurgeon.formats.state_file import checkpoint_exists, read_state
from graphsurgeon.names import some_of
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.faults import faults_in
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import places
from proto_utils.errors import NotFoundError

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

_RULES: dict[Damage, str] = {
    "missing": "missing-shard",
    "Git LFS pointer": "missing-shard",
    "truncated": "truncated-shard",
}


class SourceReport(Displayed):
    """What was found, errors first, and how many nodes and tensors were looked at.

    `num_lost` of the tensors cannot be read. `same` is whether it is the same model as the other, None without another.
    """

    # No dataclass: to import what makes these and to make one takes longer than to check a small graph.
    def __init__(
        self,
        findings: list[Finding],
        num_nodes: int = 0,
        num_tensors: int = 0,
        num_lost: int = 0,
        same: bool | None = None,
    ) -> None:
        self.findings = findings
        self.num_nodes = num_nodes
        self.num_tensors = num_tensors
        self.num_lost = num_lost
        self.same = same

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SourceReport) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self), "findings": [finding.to_json() for finding in self.findings]}

    @property
    def num_errors(self) -> int:
        """How many of the findings are errors."""
        return sum(finding.severity == ERROR for finding in self.findings)


#: Reads tensors of the checkpoint at a path; returns what is wrong with those that cannot be read.
FaultFinder = Callable[[str, Mapping[str, Tensor]], Mapping[str, str]]


def find_faults(_: str, tensors: Mapping[str, Tensor]) -> Mapping[str, str]:
    """Return what keeps tensors from being read, by name, in their order; all are read."""
    expect_reading(tensors.values())
    return {name: fault.message for name, fault in faults_in(tensors).items()}


def verify_source(
    path: str | os.PathLike[str],
    *,
    against: str | os.PathLike[str] | None = None,
    find_faults: FaultFinder = find_faults,
) -> SourceReport:
    """Check what a path names against every rule, and every value against its checksum.

    `find_faults` reads the values, such as by other processes. With `against`, also whether it is the same model. Reads
    every stored value once, and those that are compared once more; memory is flat. Errors are those of
    `graphsurgeon.formats.load.load`, and a PassError when only one of the two has a graph.
    """
    try:
        found = detect(path)
    except NotFoundError as error:
        if error.kind != "checkpoint" or not places.exists(path):
            raise
        # Something is there, so it is a state file that leads nowhere.
        return SourceReport([Finding(ERROR, "state-file", None, None, error.message)])
    is_alone = found.graph is None and found.not_a_graph is None
    model, fault = (None, None) if is_alone else load_readable(found)
    tensors, of_values, num_lost = _value_findings(found, find_faults)
    of_graph = [] if fault is None else [Finding(ERROR, "graph-file", None, None, fault)]
    if model is not None:
        model.variables = tensors
        of_graph += _model_findings(found, model) if fault is None else []
    findings = [*of_graph, *_state_findings(found), *of_values]
    same = None
    if against is not None:
        # Most are compared with nothing, and what compares is as much as all else here.
        from graphsurgeon.tools.sameness import compare

        if model is None:
            model = load_graph(found)
            model.variables = tensors
        compared = compare(model, load(against))
        findings += compared
        same = all(finding.severity != ERROR for finding in compared)
    findings.sort(key=lambda finding: finding.severity != ERROR)
    return SourceReport(findings, 0 if model is None else len(model.graph), len(tensors), num_lost, same)


def _model_findings(found: Detected, model: Model) -> list[Finding]:
    """Check a graph and what is around it; of a SavedModel every meta graph, which share the checkpoint."""
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
    from graphsurgeon.formats.saved_model import list_meta_graphs

    graphs = list_meta_graphs(found.graph or "", is_text=found.is_text)
    own = () if model.meta is None else tuple(model.meta.meta_info_def.tags)
    return [tags for tags in dict.fromkeys(graph.tags for graph in graphs) if set(tags) != set(own)]


def _state_findings(found: Detected) -> Iterator[Finding]:
    """Yield what a state file lists in vain, apart from the latest, by which the checkpoint was found."""
    if found.kind == "saved_model" or not places.isdir(found.path):
        return
    state = read_state(found.path)
    gone = [] if state is None else [each for each in state.checkpoints[:-1] if not checkpoint_exists(each)]
    if gone:
        message = f"the state file lists older checkpoints that are not there: {some_of([*map(repr, gone)])}"
        yield Finding(WARNING, "state-file", None, None, message)


def _value_findings(found: Detected, find_faults: FaultFinder) -> tuple[Mapping[str, Tensor], list[Finding], int]:
    """Return the tensors of a checkpoint, what is wrong with them, for which each is read, and how many are lost."""
    if found.lost_index is not None:
        return {}, [Finding(ERROR, "missing-index", None, None, missing_index(found.lost_index).message)], 0
    if found.prefix is None:
        return {}, [], 0
    checkpoint = _open(found)
    if isinstance(checkpoint, Finding):
        return {}, [checkpoint], 0
    tensors = checkpoint.tensors()
    files = checkpoint.damaged_files()
    # What is lost with a file is counted there, not told one by one.
    lost = {name for file in files for name in file.names}
    findings = [Finding(ERROR, _RULES[file.damage], None, None, file.describe(len(checkpoint))) for file in files]
    there = {name: tensor for name, tensor in tensors.items() if name not in lost}
    if OBJECT_GRAPH_KEY in there:
        # Imported here, as what graphs need: most checkpoints have no use for it.
        from graphsurgeon.checks.consistency.object_graph import object_graph_findings

        findings += object_graph_findings(tensors)
    damaged = [
        Finding(ERROR, "checksum", name, None, fault) for name, fault in find_faults(found.prefix, there).items()
    ]
    return tensors, [*findings, *damaged], len(lost) + len(damaged)


def _open(found: Detected) -> AnyCheckpoint | Finding:
    try:
        return open_checkpoint(found, partial=True)
    except NotFoundError as error:
        if not found.is_v1:
            raise
        return Finding(ERROR, "missing-shard", None, None, error.message)
