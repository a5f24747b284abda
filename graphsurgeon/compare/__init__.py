"""Graph and checkpoint diff: what differs between two models, two checkpoints, or one of each.

============== ====================================================================
compared       how
============== ====================================================================
nodes          by name; where names differ by structure, so that a renamed scope
               is a renaming and not a removal of everything
functions      the same, bodies too; by name, or by the calls that name them
values         of constants and variables: streamed, exact, see `graphsurgeon.compare.values`;
               by key, or where two object graphs disagree with keys, by name
collections    as multisets of items
the rest       versions, gradients, signatures, saver, assets: field by field
SavedModels    of two of them also the other meta graphs, and the bytes of assets
============== ====================================================================

What says the same in other words is no difference: ``a:0`` and ``a``, the order of
control inputs, attrs and nodes, another encoding of equal tensor values, a reference to
a renamed node by its new name, the order of twins in exports of Keras. Everything is linear in nodes, edges and bytes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.compare import text
from graphsurgeon.compare.collection_defs import diff_collections
from graphsurgeon.compare.functions import FunctionMatch, diff_functions
from graphsurgeon.compare.graphs import diff_graphs
from graphsurgeon.compare.matching import match_graphs
from graphsurgeon.compare.messages import diff_messages
from graphsurgeon.compare.report import CollectionDiff, Difference, GraphDiff, LibraryDiff, Part, TensorsDiff
from graphsurgeon.compare.saved_models import diff_saved_models
from graphsurgeon.compare.tensors import diff_tensors, tensors_of
from graphsurgeon.compare.twins import Twins
from graphsurgeon.compare.values import Tolerance
from graphsurgeon.display import MAX_ROWS, html_table
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model, require_model
from graphsurgeon.names import some_of
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensors
from graphsurgeon.variables.object_names import with_keys_of
from proto_utils import schema

_MAX_MOVED = 3
__all__ = ["DiffReport", "diff", "diff_by"]


@dataclass(frozen=True)
class DiffReport(Part):
    """The differences between two models, two checkpoints, or a model and a checkpoint.

    `graph` and `functions` are None where one side has no graph. `model` is about versions, gradients, signatures,
    saver and everything else of the two messages, and of SavedModels about other meta graphs and assets; `notes` say
    what was not compared, and why.
    """

    graph: GraphDiff | None
    functions: LibraryDiff | None
    model: list[Difference]
    collections: list[CollectionDiff]
    tensors: TensorsDiff
    notes: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether no difference was found."""
        parts = (self.graph, self.functions, self.tensors)
        return all(part is None or part.is_equal for part in parts) and not (self.model or self.collections)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types: exact, nothing left out."""
        return {"equal": self.is_equal, **super().to_json()}

    def lines(self, limit: int | None = 20) -> Iterator[str]:
        """Render the report as text, with `limit` rows of a kind, the rest being counted; None shows all."""
        if self.graph is not None:
            yield from text.graph_lines("graph", self.graph, limit)
        if self.functions is not None:
            yield from text.library_lines(self.functions, limit)
        yield from text.model_lines(self.model, limit)
        yield from text.collection_lines(self.collections, limit)
        yield from text.tensor_lines(self.tensors, limit)
        yield from (f"note: {note}" for note in self.notes)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return not self.is_equal

    def __repr__(self) -> str:
        heads = [line for line in self.lines() if not line.startswith((" ", "note: "))]
        return f"DiffReport({'; '.join(heads) or 'no difference'})"

    def __str__(self) -> str:
        return "\n".join(self.lines()) or "no difference"

    def _repr_html_(self) -> str:
        from graphsurgeon.compare.rows import HEADERS, diff_rows

        rows = [*diff_rows(self)]
        title = "DiffReport" if self else "DiffReport: no difference"
        return html_table(title, HEADERS, rows[:MAX_ROWS], len(rows))


def diff(
    a: Model | Mapping[str, Any],
    b: Model | Mapping[str, Any],
    *,
    rtol: float | None = None,
    atol: float | None = None,
) -> DiffReport:
    """Compare two models, two checkpoints, or a model and a checkpoint.

    Parameters
    ----------
    a, b : Model or Mapping of str to Tensor or array
        A model without nodes counts as the checkpoint that its variables are. Of a
        model beside a checkpoint the variables are compared; where it has no values
        for them, what its nodes say of them; a frozen one by the constants that have
        the names of tensors. Neither is modified.
    rtol, atol : float, optional
        Numbers count as equal when ``|a - b| <= atol + rtol * |b|``, as in `numpy.isclose`, and NaN counts as
        equal to NaN; what is not given is 0. Without either, values are compared bit by bit.

    Returns
    -------
    DiffReport
        Plain data. ``str(report)`` is for people, ``report.to_json()`` exact.

    Raises
    ------
    CorruptionError, NotFoundError
        Values that must be compared cannot be read.
    PassError
        A tolerance is negative or not finite.
    TypeError
        One of them is neither a model nor a checkpoint, but a path for example.
    """
    return diff_by(diff_tensors, a, b, rtol=rtol, atol=atol)


#: Compares tensors of one name with each other, as `diff_tensors`.
TensorDiffer = Callable[[Mapping[str, Tensor], Mapping[str, Tensor], "Tolerance | None"], TensorsDiff]


def diff_by(
    differ: TensorDiffer,
    a: Model | Mapping[str, Any],
    b: Model | Mapping[str, Any],
    *,
    rtol: float | None = None,
    atol: float | None = None,
) -> DiffReport:
    """Compare as `diff` does, with values compared in another way, such as by other processes."""
    for side in (a, b):
        if not isinstance(side, Mapping):
            require_model(side)
    a, b = (side if isinstance(side, Model) else as_tensors(side) for side in (a, b))
    first, second = (side if isinstance(side, Model) and len(side.graph) else None for side in (a, b))
    tolerance = _tolerance(rtol, atol)
    tensors, notes = _diff_values(a, b, tolerance, differ)
    twins = Twins.between(_values(a), _values(b))
    if twins is not None:
        tensors = twins.settle_tensors(tensors, _values(a), _values(b))
    if first is None or second is None:
        return DiffReport(None, None, [], [], tensors, notes)
    match = match_graphs(first.graph, second.graph)
    matched = FunctionMatch(first, second, match)
    graph = diff_graphs(match, matched.renamed, tolerance)
    functions = diff_functions(first, second, matched, tolerance)
    changes = list(_model_changes(first, second))
    changes += diff_saved_models(first, second, functools.partial(diff_by, differ, rtol=rtol, atol=atol))
    if twins is not None:
        graph, functions = twins.settle_graphs(graph, functions, first, second)
        changes = twins.settle_messages(changes, first, second)
    collections = diff_collections(_meta(first), _meta(second))
    return DiffReport(graph, functions, changes, collections, tensors, notes)


def _tolerance(rtol: float | None, atol: float | None) -> Tolerance | None:
    if rtol is None and atol is None:
        return None
    tolerance = Tolerance(rtol or 0.0, atol or 0.0)
    for name, value in tolerance._asdict().items():
        if not 0 <= value < math.inf:
            raise PassError("diff", f"{name} is {value}", hint="wanted: a finite number, 0 or more", is_usage=True)
    return tolerance


def _values(side: Model | Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    return side.variables if isinstance(side, Model) else side


def _diff_values(
    a: Model | Mapping[str, Tensor], b: Model | Mapping[str, Tensor], tolerance: Tolerance | None, differ: TensorDiffer
) -> tuple[TensorsDiff, list[str]]:
    left, right = _values(a), _values(b)
    notes: list[str] = []
    if not left and right and isinstance(a, Model) and len(a.graph):
        left, notes = tensors_of(a, right)
    elif not right and left and isinstance(b, Model) and len(b.graph):
        right, notes = tensors_of(b, left)
    paired, moved = with_keys_of(left, right)
    if moved:
        told = some_of(moved, _MAX_MOVED, "; ")
        notes.append(f"compared by the names of variables, which keys do not agree with ({len(moved):,}): {told}")
    if tolerance is not None:
        notes.append(f"numbers within {tolerance.atol:g} + {tolerance.rtol:g} * |b| count as equal, and NaN as NaN")
    return differ(left, paired, tolerance), notes


def _model_changes(a: Model, b: Model) -> Iterator[Difference]:
    """Yield what differs outside of graph, functions and collections."""
    yield from diff_messages("graph_def", a.rest, b.rest)
    yield from diff_messages("library", a.library.rest, b.library.rest)
    rest = schema.MetaGraphDef(), schema.MetaGraphDef()
    for message, model in zip(rest, (a, b), strict=True):
        message.CopyFrom(_meta(model))
        message.ClearField("collection_def")
    yield from diff_messages("meta_graph_def", *rest)


def _meta(model: Model) -> schema.MetaGraphDef:
    return schema.MetaGraphDef() if model.meta is None else model.meta
