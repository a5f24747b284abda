"""A plan: for each key that a graph restores, the tensor it gets and why, or what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.fit.alterations import alter
from graphsurgeon.tools.fit.candidates import Candidates
from graphsurgeon.tools.fit.filling import InitialValues, part_values, zeros
from graphsurgeon.tools.fit.likeness import Item
from graphsurgeon.tools.fit.matching import KeyMatch, Weights, matches_by_name, suggested, wanted_item
from graphsurgeon.tools.fit.name_map import Rule
from graphsurgeon.tools.fit.policies import Alteration, MismatchPolicy, Rules
from graphsurgeon.tools.fit.report import UNRESOLVED, Action, FitReport, FitRow
from graphsurgeon.tools.fit.requirements import Requirement, requirements
from graphsurgeon.tools.fit.suggestions import Suggestion, rules_for
from graphsurgeon.variables.saver_calls import saver_calls
from proto_utils.errors import NotFoundError, UnsupportedError

_MAX_TOLD = 3


@dataclass(frozen=True)
class Choices:
    """What the caller asks for, parsed.

    Attributes
    ----------
    map : list of Rule
    transforms, mismatch, missing, casts : Rules
    accept_suggestions : bool
    seed : int
    """

    map: Sequence[Rule]
    transforms: Rules[tuple[Alteration, ...]]
    mismatch: Rules[MismatchPolicy]
    missing: Rules[str]
    casts: Rules[tuple[Alteration, ...]]
    accept_suggestions: bool = False
    seed: int = 0

    def check(self, keys: Sequence[str]) -> None:
        """Raise NotFoundError for a pattern that is about no key."""
        for rules in (self.transforms, self.mismatch, self.missing, self.casts):
            rules.check(keys)


@dataclass
class Fitted:
    """A tensor that fits, or why there is none.

    Attributes
    ----------
    tensor : Tensor or None
    steps : list of Alteration
    problem : str
    is_skipped : bool
        It does not fit, and is to be taken for missing.
    """

    tensor: Tensor | None = None
    steps: list[Alteration] = field(default_factory=list)
    problem: str = ""
    is_skipped: bool = False


class Plan:
    """What becomes of every key.

    Parameters
    ----------
    model : Model
        What is to be fitted for; nothing is done to it.
    weights : mapping of str to Tensor
    choices : Choices
    other : mapping of str to Tensor, optional
        A second checkpoint, for what is missing.
    saver : str, optional
        As `requirements` takes it.

    Attributes
    ----------
    model : Model
        As given.
    index : Index
    calls : list of SaverCall
        Of its graph, and what saves and restores there; none when another saver than its own is to be satisfied.
    wanted : list of Requirement
    tensors : dict of str to Tensor
        What fits, by key.
    report : FitReport

    Raises
    ------
    NotFoundError, PassError
        As `requirements`, `mapped_names` and `Rules.check`.
    """

    def __init__(
        self,
        model: Model,
        weights: Mapping[str, Tensor],
        choices: Choices,
        other: Mapping[str, Tensor] | None = None,
        *,
        saver: str | None = None,
    ) -> None:
        index = Index(model.graph)
        calls = saver_calls(model, index)
        wanted = requirements(model, index, calls, saver=saver)
        choices.check([each.key for each in wanted])
        self.model = model
        self.wanted = wanted
        # The graph as its saver sees it, for who checks the result.
        self.index, self.calls = index, [] if saver is not None else calls
        self._choices = choices
        self._known: dict[str, Tensor] = {}
        self._initial = InitialValues(model, choices.seed, self._known)
        # What pads a value is its own initial value, and must not be what is known of it.
        self._initial_alone = InitialValues(model, choices.seed, {})
        self._weights = Weights(weights)
        self._matches = matches_by_name(wanted, self._weights, choices.map)
        # What the second checkpoint has by name needs no suggestions; what is filled anyway does if they are wanted.
        by_name = {} if other is None else matches_by_name(wanted, Weights(other), ())
        unfilled = [
            each
            for each in wanted
            if each.key not in by_name and (choices.accept_suggestions or self._filling(each) == "error")
        ]
        suggestions = suggested(unfilled, self._weights, self._matches)
        if choices.accept_suggestions:
            self._matches |= {key: KeyMatch(each.found, f"suggested: {each.why}") for key, each in suggestions.items()}
            suggestions = {}
        self.tensors: dict[str, Tensor] = {}
        self._untransposed: list[str] = []
        self._used: set[str] = set()
        rows = self._rows_of_matches(wanted)
        rows |= self._rows_of_others(wanted, rows, other)
        rows |= self._rows_of_filled(wanted, rows, suggestions)
        self.tensors = {each.key: self.tensors[each.key] for each in wanted if each.key in self.tensors}
        notes = [*rules_for(suggestions.values()), *self._notes()]
        self.report = FitReport([rows[each.key] for each in wanted], self._extra(wanted, rows), notes)

    def _rows_of_matches(self, wanted: Iterable[Requirement]) -> dict[str, FitRow]:
        rows = {}
        for each in wanted:
            match = self._matches.get(each.key)
            if match is not None:
                row = self._matched(each, match, self._weights)
                if row is not None:
                    rows[each.key] = row
        return rows

    def _rows_of_others(
        self, wanted: Iterable[Requirement], rows: Mapping[str, FitRow], other: Mapping[str, Tensor] | None
    ) -> dict[str, FitRow]:
        """Take what is missing from the second checkpoint, by name."""
        left = [each for each in wanted if each.key not in rows]
        if other is None or not left:
            return {}
        weights, found = Weights(other), {}
        matches = matches_by_name(left, weights, ())
        for each in left:
            match = matches.get(each.key)
            if match is not None:
                match = match._replace(why=f"missing; {match.why}, in the second checkpoint")
                row = self._matched(each, match, weights)
                if row is not None:
                    found[each.key] = row
        return found

    def _matched(self, wanted: Requirement, match: KeyMatch, weights: Weights) -> FitRow | None:
        """Return the row of a match; None when it does not fit and is to be skipped."""
        tensor = weights.tensors[match.key]
        fitted = self._fit(wanted, tensor)
        if fitted.is_skipped:
            return None
        if weights is self._weights:
            self._used.add(match.key)
        if fitted.tensor is None:
            return _row(wanted, "mismatch", match.key, f"{match.why}; {fitted.problem}", tensor, [], [match.key])
        self._take(wanted, fitted.tensor)
        action: Action = "change" if fitted.steps else "copy"
        return _row(wanted, action, match.key, match.why, tensor, fitted.steps)

    def _fit(self, wanted: Requirement, tensor: Tensor) -> Fitted:
        """Make a tensor fit, as far as the caller allows."""
        choices, key = self._choices, wanted.key
        policy = choices.mismatch.of(key) or "error"
        steps = list(choices.transforms.of(key) or ())
        try:
            result = alter(tensor, steps, wanted, self._initial_alone)
            if result.dtype is not wanted.dtype:
                more = choices.casts.of(key) or ()
                result, steps = alter(result, more, wanted, self._initial_alone), [*steps, *more]
            if not isinstance(policy, str):
                if _is_symmetric(policy, wanted, result):
                    self._untransposed.append(key)
                more = _needed(policy, wanted, result)
                result, steps = alter(result, more, wanted, self._initial_alone), [*steps, *more]
        except (UnsupportedError, PassError, NotFoundError) as error:
            return Fitted(problem=error.message)
        if result.dtype is wanted.dtype and wanted.takes_shape(result.shape):
            return Fitted(result, steps)
        problem = _difference(wanted, result)
        if steps and not wanted.takes_shape(result.shape):
            problem = f"after {'+'.join(map(str, steps))} it {problem}"
        return Fitted(problem=problem, is_skipped=policy == "skip")

    def _notes(self) -> list[str]:
        names = self._untransposed
        if not names:
            return []
        told = ", ".join(names[:_MAX_TOLD]) + (f" and {len(names) - _MAX_TOLD:,} more" if names[_MAX_TOLD:] else "")
        return [f"not transposed, because the shape is the same either way: {told}; `transform` does it"]

    def _take(self, wanted: Requirement, tensor: Tensor) -> None:
        self.tensors[wanted.key] = tensor
        self._known |= part_values(wanted, tensor)

    def _rows_of_filled(
        self, wanted: Iterable[Requirement], rows: Mapping[str, FitRow], suggestions: Mapping[str, Suggestion]
    ) -> dict[str, FitRow]:
        left = [each for each in wanted if each.key not in rows]
        candidates, found = self._candidates(left), {}
        for each in left:
            policy, why = self._filling(each), self._why_missing(each)
            if policy == "error":
                found[each.key] = self._missing(each, why, suggestions.get(each.key), candidates)
                continue
            try:
                tensor = zeros(each) if policy == "zeros" else self._initial(each)
            except (UnsupportedError, PassError, NotFoundError) as error:
                found[each.key] = _row(each, "missing", None, f"{why}; {error.message}")
                continue
            self.tensors[each.key] = tensor
            action: Action = "zeros" if policy == "zeros" else "init"
            found[each.key] = _row(each, action, None, why)
        return found

    def _candidates(self, left: Iterable[Requirement]) -> tuple[Candidates, ...]:
        """Return the tensors that nothing takes, to choose from, and the others; none when nobody will ask."""
        if not any(self._filling(each) == "error" for each in left):
            return ()
        sides: tuple[list[Item], list[Item]] = ([], [])
        for key in self._weights.tensors:
            sides[key in self._used].append(self._weights.item(key))
        return tuple(map(Candidates, sides))

    def _filling(self, wanted: Requirement) -> str:
        return self._choices.missing.of(wanted.key) or "error"

    def _why_missing(self, wanted: Requirement) -> str:
        skipped = self._matches.get(wanted.key)
        if skipped is not None:
            return f"{skipped.key} does not fit, and is skipped"
        if wanted.key in self._weights.names:
            return "a rule took the tensor of that name elsewhere"
        return "not in the checkpoint"

    def _missing(
        self, wanted: Requirement, why: str, suggestion: Suggestion | None, candidates: Iterable[Candidates]
    ) -> FitRow:
        if suggestion is None:
            item = wanted_item(wanted)
            near = next((found for found in (each.of(item) for each in candidates) if found), [])
            return _row(wanted, "missing", None, why, candidates=near)
        tensor = self._weights.tensors[suggestion.found]
        text = f"{why}; suggested: {suggestion.found}, {suggestion.why}"
        return _row(wanted, "missing", None, text, tensor, [], [suggestion.found], suggestion.found)

    def _extra(self, wanted: Iterable[Requirement], rows: Mapping[str, FitRow]) -> list[FitRow]:
        near = Candidates([wanted_item(each) for each in wanted if rows[each.key].action in UNRESOLVED])
        suggested_for = {row.suggested: row.name for row in rows.values()}
        found = []
        for key, tensor in self._weights.tensors.items():
            if key not in self._used:
                facts: dict[str, Any] = {"found_dtype": tensor.dtype.name, "found_shape": list(tensor.shape)}
                text = "nothing in the graph takes it"
                candidates = [suggested_for[key]] if key in suggested_for else near.of(self._weights.item(key))
                found.append(FitRow(key, "extra", key, text, None, None, **facts, candidates=candidates))
        return found


def _needed(policy: tuple[Alteration, ...], wanted: Requirement, tensor: Tensor) -> tuple[Alteration, ...]:
    """Return the steps of a policy that a tensor needs: where its shape is right, none that are for shapes.

    Reversing makes no shape right, so a policy of nothing else is wanted whatever the shape.
    """
    has_dtype, has_shape = tensor.dtype is wanted.dtype, wanted.takes_shape(tensor.shape)
    is_any_shape = all(step.name in ("reverse", "cast") for step in policy)
    return tuple(step for step in policy if not (has_dtype if step.name == "cast" else has_shape and not is_any_shape))


def _is_symmetric(policy: tuple[Alteration, ...], wanted: Requirement, tensor: Tensor) -> bool:
    """Return whether a tensor that is not transposed, because it fits, would fit too if it were."""
    rank = len(tensor.shape)
    orders = [step.numbers or [1, 0] for step in policy if step.name == "transpose"]
    return wanted.takes_shape(tensor.shape) and any(
        sorted(axis + rank * (axis < 0) for axis in order) == list(range(rank))
        and [tensor.shape[axis] for axis in order] == list(tensor.shape)
        for order in orders
        if rank > 1 and len(order) == rank
    )


def _difference(wanted: Requirement, tensor: Tensor) -> str:
    shape = "?" if wanted.shape is None else [("?" if dim is None else dim) for dim in wanted.shape]
    texts = []
    if not wanted.takes_shape(tensor.shape):
        texts.append(f"is {list(tensor.shape)}, wanted is {shape}".replace("'", ""))
    if tensor.dtype is not wanted.dtype:
        texts.append(f"is {tensor.dtype.name}, wanted is {wanted.dtype.name}")
    return ", and ".join(texts)


def _row(
    wanted: Requirement,
    action: Action,
    source: str | None,
    why: str,
    tensor: Tensor | None = None,
    steps: Sequence[Alteration] = (),
    candidates: Sequence[str] = (),
    suggested: str | None = None,
) -> FitRow:
    found: dict[str, Any] = {}
    if tensor is not None:
        found = {"found_dtype": tensor.dtype.name, "found_shape": list(tensor.shape)}
    shape = None if wanted.shape is None else list(wanted.shape)
    facts: dict[str, Any] = {"steps": [str(step) for step in steps], "candidates": list(candidates)}
    return FitRow(wanted.key, action, source, why, wanted.dtype.name, shape, **found, **facts, suggested=suggested)
