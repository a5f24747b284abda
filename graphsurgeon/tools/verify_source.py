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

and, against another model, those of `graphsurgeon.tools.sameness`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
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
from graphsurgeon.tensors.faults import find_fault
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import places
from proto_utils.errors import NotFoundError
from proto_utils.threads import beside

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

_RULES: dict[Damage, str] = {
    "missing": "missing-shard",
    "Git LFS pointer": "missing-shard",
    "truncated": "truncated-shard",
}


@dataclass(frozen=True)
class SourceReport(Displayed):
    """What was found, errors first, and how many nodes and tensors were looked at.

    `num_lost` of the tensors cannot be read. `same` is whether it is the same model as the other, None without another.
    """

    findings: list[Finding]
    num_nodes: int = 0
    num_tensors: int = 0
    num_lost: int = 0
    same: bool | None = None

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self), "findings": [finding.to_json() for finding in self.findings]}

    @property
    def num_errors(self) -> int:
        """How many of the findings are errors."""
        return sum(finding.severity == ERROR for finding in self.findings)


#: Reads tensors of the checkpoint at a path; returns what is wrong with those that cannot be read.
FaultFinder = Callable[[str, Mapping[str, Tensor]], Mapping[str, str]]


def verify_source(
    path: str | os.PathLike[str],
    *,
    against: str | os.PathLike[str] | None = None,
    find_faults: FaultFinder | None = None,
) -> SourceReport:
    """Check what a path names against every rule, and every value against its checksum.

    `find_faults` reads the values, such as by other processes; without it they are read by threads while the graph is
    checked. With `against`, also whether it is the same model. Reads every stored value once, and those that are
    compared once more; memory is flat. Errors are those of `graphsurgeon.formats.load.load`, and a PassError when only
    one of the two has a graph.
    """
    try:
        found = detect(path)
    except NotFoundError as error:
        if error.kind != "checkpoint" or not places.exists(path):
            raise
        # Something is there, so it is a state file that leads nowhere.
        return SourceReport([Finding(ERROR, "state-file", None, None, error.message)])
    values = _Values(found, find_faults)
    try:
        model, of_graph = _checked_graph(found, values.tensors)
    except BaseException:
        values.close()
        raise
    of_values = values.findings()
    findings = [*of_graph, *_state_findings(found), *of_values]
    same = None
    if against is not None:
        # Most are compared with nothing, and what compares is as much as all else here.
        from graphsurgeon.tools.sameness import compare

        model = _with_values(load_graph(found), values.tensors) if model is None else model
        compared = compare(model, load(against))
        findings += compared
        same = all(finding.severity != ERROR for finding in compared)
    findings.sort(key=lambda finding: finding.severity != ERROR)
    num_nodes = 0 if model is None else len(model.graph)
    return SourceReport(findings, num_nodes, len(values.tensors), values.num_lost, same)


def _checked_graph(found: Detected, tensors: Mapping[str, Tensor]) -> tuple[Model | None, list[Finding]]:
    """Load the graph, give it its values, and check it; of a checkpoint alone there is none."""
    if found.graph is None and found.not_a_graph is None:
        return None, []
    model, fault = load_readable(found)
    _with_values(model, tensors)
    if fault is not None:
        return model, [Finding(ERROR, "graph-file", None, None, fault)]
    return model, _model_findings(found, model)


def _with_values(model: Model, tensors: Mapping[str, Tensor]) -> Model:
    model.variables = tensors
    return model


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


class _Values:
    """The values of a checkpoint, which are read from its making on.

    Attributes
    ----------
    tensors : mapping of str to Tensor
        Of all that the checkpoint lists; empty without one.
    num_lost : int
        How many cannot be read, when the findings are there.
    """

    def __init__(self, found: Detected, find_faults: FaultFinder | None) -> None:
        self.tensors: Mapping[str, Tensor] = {}
        self.num_lost = 0
        self._findings: list[Finding] = []
        self._checkpoint: AnyCheckpoint | None = None
        self._faults: Callable[[], Mapping[str, str]] = dict
        if found.lost_index is not None:
            self._findings.append(Finding(ERROR, "missing-index", None, None, missing_index(found.lost_index).message))
        elif found.prefix is not None:
            self._begin(found, found.prefix, find_faults)

    def _begin(self, found: Detected, prefix: str, find_faults: FaultFinder | None) -> None:
        checkpoint = _open(found)
        if isinstance(checkpoint, Finding):
            self._findings.append(checkpoint)
            return
        self._checkpoint, self.tensors = checkpoint, checkpoint.tensors()
        files = checkpoint.damaged_files()
        # What is lost with a file is counted there, not told one by one.
        lost = {name for file in files for name in file.names}
        self.num_lost = len(lost)
        for file in files:
            message = file.describe(len(checkpoint))
            self._findings.append(Finding(ERROR, _RULES[file.damage], None, None, message))
        there = {name: tensor for name, tensor in self.tensors.items() if name not in lost}
        if find_faults is None:
            self._faults = beside(partial(_find_faults, there))
        else:
            self._faults = partial(find_faults, prefix, there)
        if OBJECT_GRAPH_KEY in there:
            # Imported here: what most checkpoints have no use for.
            from graphsurgeon.checks.consistency.object_graph import object_graph_findings

            self._findings += object_graph_findings(self.tensors)

    def findings(self) -> list[Finding]:
        """Wait until all is read, and return what is wrong with it; to be called once."""
        damaged = [Finding(ERROR, "checksum", name, None, fault) for name, fault in self._faults().items()]
        self.num_lost += len(damaged)
        return [*self._findings, *damaged]

    def close(self) -> None:
        """Have the reading end."""
        if self._checkpoint is not None:
            self._checkpoint.close()


def _find_faults(tensors: Mapping[str, Tensor]) -> Mapping[str, str]:
    """Return what keeps tensors from being read, by name, in their order; all are read."""
    expect_reading(tensors.values())
    faults = {name: find_fault(tensor) for name, tensor in tensors.items()}
    return {name: fault.message for name, fault in faults.items() if fault is not None}


def _open(found: Detected) -> AnyCheckpoint | Finding:
    try:
        return open_checkpoint(found, partial=True)
    except NotFoundError as error:
        if not found.is_v1:
            raise
        return Finding(ERROR, "missing-shard", None, None, error.message)
