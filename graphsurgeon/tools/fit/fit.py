"""A checkpoint that fits a graph, out of one that does not: the way round ``NotFoundError: Key ... not found``.

For: starting a model from weights that were trained in another: under other names, with another head, as
convolutions instead of dense layers, with channels in another order, without optimizer.

Prerequisites: a model whose saver, or whose variables, tell what is to be restored; a checkpoint.

Leaves behind: the model with a value for every key that its saver restores, and for nothing else. The
graph is not changed. Values are lazy, and what goes over unchanged is the same Tensor object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphsurgeon.checks.consistency.checkpoint import checkpoint_findings
from graphsurgeon.checks.consistency.savers import list_findings
from graphsurgeon.checks.finding import ERROR
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, some_of, texts_of
from graphsurgeon.tensors.values import TensorDict
from graphsurgeon.tools.fit.name_map import parse_rules
from graphsurgeon.tools.fit.plan import Choices, Plan, make_plan
from graphsurgeon.tools.fit.policies import parse_casts, parse_mismatch, parse_missing, parse_transforms
from graphsurgeon.tools.fit.report import FitReport, FitRow
from graphsurgeon.tools.fit.requirements import OPERATION
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY

_MAX_TOLD = 3


def fit(  # noqa: PLR0913 -- each is one option
    model: Model,
    weights: Mapping[str, Any],
    *,
    map: Names | Mapping[str, str] = (),  # noqa: A002 -- the option's name
    map_file: Iterable[str] | None = None,
    transform: Names = (),
    mismatch: Names = (),
    missing: Names = (),
    missing_from: Mapping[str, Any] | None = None,
    cast: Names = (),
    accept_suggestions: bool = False,
    seed: int = 0,
    saver: str | None = None,
    dry_run: bool = False,
) -> FitReport:
    r"""Give a model values out of a checkpoint that was made for another one.

    Parameters
    ----------
    model : Model
        Gets the values as its `variables`; those it had are dropped.
    weights : mapping of str to Tensor or array
        As `graphsurgeon.load_checkpoint` gives it. Not modified.
    map : str or sequence of str, or mapping
        ``old=new``: names of the checkpoint, or regular expressions that match all of one, and what the graph calls
        them, with ``\1`` for the first group. Every rule is tried on every name.
    map_file : iterable of str, optional
        Lines of old name, tab and new name, as `rename` takes them.
    transform : str or sequence of str
        ``PATTERN=STEPS``: changes to values whether they fit or not, such as ``conv1/weights=reverse:2``.
    mismatch : str or sequence of str
        ``POLICY`` or ``PATTERN=POLICY``, for values of another shape: ``error``, ``skip`` or steps: ``reshape``,
        ``slice``, ``pad``, ``transpose``, ``reverse``, ``cast``, joined with ``+``. See `policies`.
    missing : str or sequence of str
        ``POLICY`` or ``PATTERN=POLICY``: ``error``, ``zeros`` or ``init``, the graph's own initializers.
    missing_from : mapping of str to Tensor or array, optional
        A second checkpoint, in which missing values are looked for by name first.
    cast : str or sequence of str
        Patterns of keys whose dtype may be changed.
    accept_suggestions : bool
        Take the tensors that are suggested for what is missing, by alike names, equal shapes and order.
    seed : int
        For random initial values whose ops have no seed.
    saver : str, optional
        The scope of the saver to be satisfied, when not the one that the SaverDef names.
    dry_run : bool
        Only report; the model stays as it is, whatever is unresolved.

    Returns
    -------
    FitReport
        Costs O(nodes + keys), and reads no values but small ones.

    Raises
    ------
    PassError
        Something is missing or does not fit; the model is as it was, and the error has the `report`. Or an option is
        not understood.
    NotFoundError
        A pattern or a rule is about nothing, or there is no such saver.
    """
    chosen = choices(
        map=map, map_file=map_file, transform=transform, mismatch=mismatch, missing=missing, cast=cast,
        accept_suggestions=accept_suggestions, seed=seed,
    )  # fmt: skip
    other = None if missing_from is None else TensorDict(missing_from)
    plan = make_plan(model, TensorDict(weights), chosen, other, saver=saver)
    if not dry_run:
        apply(plan)
    return plan.report


def choices(
    *,
    map: Names | Mapping[str, str] = (),  # noqa: A002 -- the option's name
    map_file: Iterable[str] | None = None,
    transform: Names = (),
    mismatch: Names = (),
    missing: Names = (),
    cast: Names = (),
    accept_suggestions: bool = False,
    seed: int = 0,
) -> Choices:
    """Parse the options of `fit`; one that is not understood is a PassError."""
    return Choices(
        parse_rules(map if isinstance(map, Mapping) else texts_of(map, "map"), map_file or ()),
        parse_transforms(texts_of(transform, "transform")), parse_mismatch(texts_of(mismatch, "mismatch")),
        parse_missing(texts_of(missing, "missing")), parse_casts(texts_of(cast, "cast")), accept_suggestions, seed,
    )  # fmt: skip


def refusal(report: FitReport) -> PassError:
    """Return the error for what a report leaves unresolved."""
    rows = report.unresolved
    told = some_of([*map(_told, rows)], _MAX_TOLD, "; ")
    hints = [*report.notes]
    if any(row.action == "missing" for row in rows):
        hints.append('`map="old=new"` says what is meant, `missing="zeros|init"` fills in')
    if any(row.suggested for row in rows):
        hints.append("`accept_suggestions=True` takes what is suggested")
    if any(row.action == "mismatch" for row in rows):
        hints.append('`mismatch="PATTERN=reshape|slice|pad|transpose|skip"` or `cast="PATTERN"` makes it fit')
    reason = f"{len(rows):,} of {len(report.rows):,} tensors have no value that fits: {told}"
    return PassError(OPERATION, reason, hint="; ".join(hints), report=report)


def _told(row: FitRow) -> str:
    if row.action == "mismatch":
        return f"{row.name!r} ({row.why})"
    if row.suggested:
        return f"{row.name!r} (missing; suggested: {row.suggested!r})"
    return f"{row.name!r} ({row.why}{f'; near: {row.candidates[0]!r}' if row.candidates else ''})"


def apply(plan: Plan) -> None:
    """Give the model of a plan its values.

    PassError when something is unresolved, or the result is not what the saver restores: the model is as it was.
    """
    if plan.report.unresolved:
        raise refusal(plan.report)
    model, before = plan.model, plan.model.variables
    kept = {OBJECT_GRAPH_KEY: before[OBJECT_GRAPH_KEY]} if OBJECT_GRAPH_KEY in before else {}
    model.variables = {**plan.tensors, **kept}
    try:
        _check(plan)
    except BaseException:
        model.variables = before
        raise


def _check(plan: Plan) -> None:
    """Make sure that the saver restores all of it, by another way than the one that led here."""
    for each in plan.wanted:
        tensor = plan.model.variables[each.key]
        if tensor.dtype is not each.dtype or not each.takes_shape(tensor.shape):
            raise PassError(OPERATION, f"{each.key!r} is {tensor.describe()}, which the graph does not take")
    if not plan.calls:
        return
    for finding in [*list_findings(plan.calls), *checkpoint_findings(plan.model, plan.index, plan.calls)]:
        if finding.severity == ERROR:
            raise PassError(
                OPERATION, f"what was fitted is not restored: {finding.message}", node=finding.node,
                hint="verify tells what is wrong with the graph and its saver",
            )  # fmt: skip
