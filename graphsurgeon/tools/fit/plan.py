"""An assignment of checkpoint tensors to the keys that a graph restores, with the reason for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.names import some_of
from graphsurgeon.rewrites.renaming.name_map import Entry
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.fit.alterations import alter
from graphsurgeon.tools.fit.filling import InitialValues, part_values, zeros
from graphsurgeon.tools.fit.layer_matching import matches_of_layers
from graphsurgeon.tools.fit.likeness import Candidates, Item
from graphsurgeon.tools.fit.matching import Weights, matches_by_name, suggested, wanted_item
from graphsurgeon.tools.fit.object_matching import KeyMatch, object_notes, slot_matches
from graphsurgeon.tools.fit.part_matching import matches_of_parts
from graphsurgeon.tools.fit.policies import Alteration, MismatchPolicy, Rules
from graphsurgeon.tools.fit.report import UNRESOLVED, Action, FitReport, FitRow
from graphsurgeon.tools.fit.requirements import Requirement, requirements
from graphsurgeon.tools.fit.suggestions import Suggestion, rules_for
from graphsurgeon.variables.saver_calls import SaverCall, saver_calls
from proto_utils.errors import NotFoundError, UnsupportedError

_MAX_TOLD = 3


@dataclass(frozen=True)
class Choices:
    """What the caller asks for, parsed."""

    map: Sequence[Entry]
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
    """A tensor that fits, or the reason why it does not; when `is_skipped`, it is taken for missing.

    One that `is_symmetric` was not transposed, because its shape is the same either way.
    """

    tensor: Tensor | None = None
    steps: list[Alteration] = field(default_factory=list)
    problem: str = ""
    is_skipped: bool = False
    is_symmetric: bool = False


@dataclass(frozen=True)
class Plan:
    """The tensor, and the report row, of every key that a graph restores; `tensors` has only what fits.

    `calls` is what saves and restores there, empty when another saver than the graph's own is to be satisfied.
    """

    model: Model
    index: Index
    calls: list[SaverCall]
    wanted: list[Requirement]
    tensors: dict[str, Tensor]
    report: FitReport


def make_plan(
    model: Model,
    weights: Mapping[str, Tensor],
    choices: Choices,
    other: Mapping[str, Tensor] | None = None,
    *,
    saver: str | None = None,
) -> Plan:
    """Assign a tensor to every key that a graph restores: by name, by a second checkpoint, by what fills it.

    The model is not changed; `other` is the second checkpoint. Errors are those of `requirements`, `matches_by_name`
    and `Choices.check`.
    """
    index = Index(model.graph)
    calls = saver_calls(model, index)
    wanted = requirements(model, index, calls, saver=saver)
    choices.check([each.key for each in wanted])
    assignment = _Assignment(model, wanted, Weights(weights), choices)
    second = Weights(other or {})
    suggestions = assignment.suggest(second)
    assignment.match()
    assignment.match_second(second)
    assignment.fill(suggestions)
    tensors = {each.key: assignment.tensors[each.key] for each in wanted if each.key in assignment.tensors}
    notes = [*rules_for(suggestions.values()), *assignment.notes()]
    report = FitReport([assignment.rows[each.key] for each in wanted], assignment.extra(), notes)
    return Plan(model, index, [] if saver is not None else calls, wanted, tensors, report)


class _Assignment:
    """The rows and tensors of the keys that are settled, and the tensors of the checkpoint that they use."""

    def __init__(self, model: Model, wanted: Sequence[Requirement], weights: Weights, choices: Choices) -> None:
        self.rows: dict[str, FitRow] = {}
        self.tensors: dict[str, Tensor] = {}
        self._wanted, self._weights, self._choices = wanted, weights, choices
        self._by_key = {each.key: each for each in wanted}
        self._matches = matches_by_name(wanted, weights, choices.map)
        self._known: dict[str, Tensor] = {}
        self._initial = InitialValues(model, choices.seed, self._known)
        # What pads a value is its own initial value, and must not be what is known of it.
        self._initial_alone = InitialValues(model, choices.seed, {})
        self._untransposed: list[str] = []
        # The tensors of the checkpoint that are taken, and those that were to be and do not fit.
        self._used: set[str] = set()
        self._unfit: set[str] = set()
        self._matches |= matches_of_parts(wanted, weights, choices.map, self._is_settled)
        self._matches |= matches_of_layers(wanted, weights, self._matches)

    def suggest(self, second: Weights) -> Mapping[str, Suggestion]:
        """Return tensors that look like what no name finds; when they are accepted, match them instead."""
        # What the second checkpoint has by name needs no suggestions; what is filled anyway does if they are wanted.
        by_name = matches_by_name(self._wanted, second, ())
        is_accepted = self._choices.accept_suggestions
        fitting = {each.key: self._matches[each.key] for each in self._wanted if self._is_settled(each)}
        unfilled = [
            each
            for each in self._wanted
            if each.key not in by_name and (is_accepted or self._filling(each) == "error") and self._is_missing(each)
        ]
        found = suggested(unfilled, self._weights, fitting, self._fits)
        if not is_accepted:
            return found
        self._matches |= {key: KeyMatch(each.found, f"suggested: {each.why}") for key, each in found.items()}
        if self._weights.objects is not None:
            self._matches |= slot_matches(self._wanted, self._weights.objects, self._matches)
        return {}

    def match(self) -> None:
        """Settle the keys for which the checkpoint has a tensor."""
        for each in self._wanted:
            if each.key in self._matches:
                self._settle(each, self._matches[each.key], self._weights)

    def match_second(self, second: Weights) -> None:
        """Settle what is left and has a tensor of its name in the second checkpoint."""
        left = self._left()
        matches = matches_by_name(left, second, ())
        for each in left:
            match = matches.get(each.key)
            if match is not None:
                why = f"missing; {match.why}, in the second checkpoint"
                self._settle(each, match._replace(why=why), second)

    def fill(self, suggestions: Mapping[str, Suggestion]) -> None:
        """Settle the rest: with zeros, with initial values, or as missing."""
        left = self._left()
        candidates = self._candidates(left)
        for each in left:
            policy, why = self._filling(each), self._why_missing(each)
            if policy == "error":
                self.rows[each.key] = self._missing(each, why, suggestions.get(each.key), candidates)
                continue
            try:
                self.tensors[each.key] = zeros(each) if policy == "zeros" else self._initial(each)
            except (UnsupportedError, PassError, NotFoundError) as error:
                self.rows[each.key] = _row(each, "missing", None, f"{why}; {error.message}")
                continue
            self.rows[each.key] = _row(each, "zeros" if policy == "zeros" else "init", None, why)

    def notes(self) -> list[str]:
        """Return remarks on the whole."""
        notes = object_notes(self._wanted, self._weights.objects, self._matches) if self._weights.objects else []
        lost = [key for key, tensor in self._weights.tensors.items() if tensor.fault is not None]
        if lost:
            notes.append(f"lost with a data file of the checkpoint ({len(lost):,}): {some_of(lost, _MAX_TOLD)}")
        if self._weights.has_lost_objects:
            notes.append("its object graph is lost, so tensors were matched by their keys, which may say positions")
        if self._untransposed:
            told = some_of(self._untransposed, _MAX_TOLD)
            notes.append(f"not transposed, because the shape is the same either way: {told}; `transform` does it")
        return notes

    def extra(self) -> list[FitRow]:
        """Return rows for the tensors that nothing takes."""
        near = Candidates([wanted_item(each) for each in self._wanted if self.rows[each.key].action in UNRESOLVED])
        suggested_for = {row.suggested: row.name for row in self.rows.values()}
        found = []
        for key, tensor in self._weights.tensors.items():
            if key not in self._used and key not in self._unfit:
                facts: dict[str, Any] = {"found_dtype": tensor.dtype.name, "found_shape": list(tensor.shape)}
                text = "nothing in the graph takes it"
                item = self._weights.item(key)
                fits = partial(self._fits, found=item)
                candidates = [suggested_for[key]] if key in suggested_for else near.of(item, fits=fits)
                found.append(FitRow(key, "extra", key, text, None, None, **facts, candidates=candidates))
        return found

    def _left(self) -> list[Requirement]:
        return [each for each in self._wanted if each.key not in self.rows]

    def _settle(self, wanted: Requirement, match: KeyMatch, weights: Weights) -> None:
        """Take a match, or say why it does not fit; what is to be skipped then stays unsettled."""
        tensor = weights.tensor(match.key, wanted.shape)
        if tensor.fault is not None:
            # Missing, and nothing to be offered to others.
            self._used.update(weights.used_by(match.key) if weights is self._weights else ())
            return
        fitted = self._fit(wanted, tensor)
        if fitted.is_skipped:
            return
        if weights is self._weights:
            (self._unfit if fitted.tensor is None else self._used).update(weights.used_by(match.key))
        if fitted.is_symmetric:
            self._untransposed.append(wanted.key)
        if fitted.tensor is None:
            why = f"{match.why}; {fitted.problem}"
            self.rows[wanted.key] = _row(wanted, "mismatch", match.key, why, tensor, [], [match.key])
            return
        self.tensors[wanted.key] = fitted.tensor
        self._known |= part_values(wanted, fitted.tensor)
        action: Action = "change" if fitted.steps else "copy"
        self.rows[wanted.key] = _row(wanted, action, match.key, match.why, tensor, fitted.steps)

    def _fit(self, wanted: Requirement, tensor: Tensor) -> Fitted:
        """Make a tensor fit, as far as the caller allows."""
        choices, key, is_symmetric = self._choices, wanted.key, False
        policy = choices.mismatch.of(key) or "error"
        steps = list(choices.transforms.of(key) or ())
        try:
            result = alter(tensor, steps, wanted, self._initial_alone)
            if result.dtype is not wanted.dtype:
                more = choices.casts.of(key) or ()
                result, steps = alter(result, more, wanted, self._initial_alone), [*steps, *more]
            if not isinstance(policy, str):
                is_symmetric = _is_symmetric(policy, wanted, result)
                more = _needed(policy, wanted, result)
                result, steps = alter(result, more, wanted, self._initial_alone), [*steps, *more]
        except (UnsupportedError, PassError, NotFoundError) as error:
            return Fitted(problem=error.message)
        if result.dtype is wanted.dtype and wanted.takes_shape(result.shape):
            return Fitted(result, steps, is_symmetric=is_symmetric)
        problem = _difference(wanted, result)
        if steps and not wanted.takes_shape(result.shape):
            problem = f"after {'+'.join(map(str, steps))} it {problem}"
        return Fitted(problem=problem, is_skipped=policy == "skip", is_symmetric=is_symmetric)

    def _is_settled(self, wanted: Requirement) -> bool:
        """Return whether a requirement has a match that fits."""
        match = self._matches.get(wanted.key)
        return match is not None and self._fit(wanted, self._weights.tensor(match.key, wanted.shape)).tensor is not None

    def _is_missing(self, wanted: Requirement) -> bool:
        """Return whether a requirement has no match, or one that does not fit and is skipped."""
        match = self._matches.get(wanted.key)
        return match is None or self._fit(wanted, self._weights.tensor(match.key, wanted.shape)).is_skipped

    def _fits(self, wanted: Item, found: Item) -> bool:
        tensor = self._weights.tensor(found.key)
        return self._fit(self._by_key[wanted.key], tensor).tensor is not None

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
        if skipped is not None and self._weights.tensor(skipped.key, wanted.shape).fault is not None:
            return f"{skipped.key} is lost with its data file"
        if skipped is not None:
            return f"{skipped.key} does not fit, and is skipped"
        if wanted.slot_of is not None and self._weights.objects is not None:
            return f"no slot of the tensor that {wanted.slot_of[0]} gets"
        if wanted.key in self._weights.names and self._weights.objects is not None and wanted.paths:
            return "the tensor under that key is another variable's"
        if wanted.key in self._weights.names:
            return "a rule took the tensor of that name elsewhere"
        return "not in the checkpoint"

    def _missing(
        self, wanted: Requirement, why: str, suggestion: Suggestion | None, candidates: Iterable[Candidates]
    ) -> FitRow:
        if suggestion is None:
            item, candidates = wanted_item(wanted), list(candidates)
            fits = partial(self._fits, item)
            near = next((found for each in candidates if (found := each.of(item, fits=fits))), [])
            alike = [] if near else next((found for each in candidates if (found := each.of(item, 1))), [])
            if alike and (wanted.key not in self._matches or alike != [self._matches[wanted.key].key]):
                why = f"{why}; {alike[0]}, which is near, {self._fit(wanted, self._weights.tensor(alike[0])).problem}"
            return _row(wanted, "missing", None, why, candidates=near)
        tensor = self._weights.tensor(suggestion.found)
        text = f"{why}; suggested: {suggestion.found}, {suggestion.why}"
        return _row(wanted, "missing", None, text, tensor, [], [suggestion.found], suggestion.found)


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
