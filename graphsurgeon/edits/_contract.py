"""What makes a function a checkpoint edit: it changes a dict of lazy tensors, or leaves it as it was.

An edit is one public function ``name(tensors, *, options...) -> Remarks`` in the file ``edits/name.py``, under
`checkpoint_edit`. It puts other tensors, keys or both into the dict and reads as little as it can: a tensor that it
does not touch stays the same object, so that whoever saves the result knows that its bytes lie in a file already.
Library call, command line verb and recipe step all derive from its signature.
"""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, Literal, ParamSpec

from graphsurgeon.display import Displayed, Rows
from graphsurgeon.ir.model import Model
from graphsurgeon.options import Option, options_of, tell_result
from graphsurgeon.rewrites.editing.constant_values import constants_of, is_frozen, replace_constants, values_of
from graphsurgeon.tensors.depth import require_shallow
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensors, require_mutable
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_graph_keys import update_object_graph

Action = Literal["renamed", "copied", "changed", "added", "dropped"]
P = ParamSpec("P")


@dataclass(frozen=True)
class Remarks:
    """What an edit reports beyond the difference that it made.

    Attributes
    ----------
    skipped : list of Skipped
    reasons : mapping of str to str
        Why a tensor was changed or dropped, by its name before, where that is not obvious.
    notes : list of str
    """

    skipped: list[Skipped] = field(default_factory=list)
    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """A difference in one tensor.

    Attributes
    ----------
    name : str
        Its key now; of a dropped one, its key before.
    action : str
        ``renamed`` (`was` is gone), ``copied`` (`was` is still there), ``changed`` (another value under the same key),
        ``added``, ``dropped``.
    dtype, shape
        What it is now; of a dropped one, what it was.
    was : str or None
        Its key before, when that is another.
    old_dtype, old_shape
        What was there before, when that was something else.
    reason : str or None
    """

    name: str
    action: Action
    dtype: str
    shape: list[int]
    was: str | None = None
    old_dtype: str | None = None
    old_shape: list[int] | None = None
    reason: str | None = None


@dataclass(frozen=True)
class EditReport(Displayed):
    """What an edit did.

    Attributes
    ----------
    changes : sequence of Change
        In the order of the keys; those that were dropped after the others.
    num_unchanged : int
    skipped : list of Skipped
    notes : list of str
    """

    changes: Sequence[Change]
    num_unchanged: int
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def num_by_action(self) -> Mapping[str, int]:
        """Return how many changes there are of each action, in the order in which these come first."""
        changes = self.changes
        return Counter(changes.column(1) if isinstance(changes, Rows) else [row.action for row in changes])

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        tables = {"changes": [vars(row) for row in self.changes], "skipped": [vars(row) for row in self.skipped]}
        return {**tables, "num_unchanged": self.num_unchanged, "notes": self.notes}


def checkpoint_edit(
    function: Callable[Concatenate[Any, P], Remarks],
) -> Callable[Concatenate[MutableMapping[str, Tensor] | Model, P], EditReport]:
    """Make a function an atomic edit, whose report is the difference between before and after.

    The edit takes a dict of tensors, or a frozen graph, whose constants it edits.

    Parameters
    ----------
    function : callable
        Edits a dict of tensors in place. Its parameters that are `Names` take any sequence of texts, and one, tuples
        one number, and what stands for tensors or checkpoints takes arrays and one checkpoint.
    """

    @functools.wraps(function)
    def run(tensors: MutableMapping[str, Tensor] | Model, /, *args: P.args, **options: P.kwargs) -> EditReport:
        if isinstance(tensors, Model):
            graph: Any = {"model": tensors} if "model" in options_of(function) else {}
            return _of_constants(tensors, lambda found: run(found, *args, **(graph | options)), function.__name__)
        require_mutable(tensors)
        given: dict[str, Any] = dict(options)
        known = options_of(function)
        for name in given.keys() & known.keys():
            given[name] = _as_taken(known[name], given[name])
        others: Any = [_as_checkpoints(value) for value in args]
        before = dict(_as_tensors(tensors))
        after = dict(before)
        # The edit works on a copy: when it fails, nothing was touched.
        remarks = function(after, *others, **given)
        _keep_object_graph_true(before, after)
        for name, tensor in after.items():
            if tensor is not before.get(name):
                require_shallow(name, tensor)
        if not (after.keys() == before.keys() and all(after[name] is before[name] for name in before)):
            tensors.clear()
            tensors.update(after)
        return compare(before, after, remarks)

    signature = inspect.signature(function).replace(return_annotation="EditReport")
    run.__signature__ = signature  # type: ignore[attr-defined]
    tell_result(run, "EditReport", globals())
    return run


def _of_constants(model: Model, run: Callable[[dict[str, Tensor]], EditReport], operation: str) -> EditReport:
    """Edit the constants of a frozen graph; of a model with variables, what is edited is said."""
    if not is_frozen(model):
        raise TypeError("a dict of tensors is edited, or a frozen graph; of a model with variables, model.variables")
    before = constants_of(model)
    after = dict(before)
    report = run(after)
    replace_constants(model, before, after, operation)
    return report


def _as_taken(option: Option, value: Any) -> Any:
    """Return an option as an edit takes it."""
    if option.name == "dtype" and not isinstance(value, str):
        return DType.of(value).name
    if option.kind.item != "checkpoint":
        return option.normalize(value)
    return _as_checkpoints(value) if option.kind.is_list else _as_tensors(value)


def _as_checkpoints(given: Any) -> list[Any]:
    """Return other checkpoints, of which one may be given alone."""
    return [_as_tensors(each) for each in ([given] if isinstance(given, Mapping | Model) else given)]


def _as_tensors(given: Any) -> Any:
    """Return tensors where arrays are given; of a frozen graph these are its constants."""
    return values_of(given) if isinstance(given, Model) else as_tensors(given)


def _keep_object_graph_true(before: Mapping[str, Tensor], after: dict[str, Tensor]) -> None:
    """Update the object graph of a TensorFlow 2 checkpoint to new keys, unless the edit did so itself."""
    if OBJECT_GRAPH_KEY not in before or after.get(OBJECT_GRAPH_KEY) is not before[OBJECT_GRAPH_KEY]:
        return
    # One that had this tensor before, too, is another variable, whose value may be changed next.
    now = {id(tensor): name for name, tensor in after.items() if before.get(name) is not tensor}
    update_object_graph(after, {name: now.get(id(before[name])) for name in before.keys() - after.keys()})


def compare(before: Mapping[str, Tensor], after: Mapping[str, Tensor], remarks: Remarks) -> EditReport:
    """Return the difference of two checkpoints by identity: the same object is unchanged, and at most renamed."""
    reasons = remarks.reasons
    gone = before.keys() - after.keys()
    names = [name for name, tensor in after.items() if before.get(name) is not tensor]
    num_unchanged = len(after) - len(names)
    wanted = {id(after[name]) for name in names}
    old_names: dict[int, str] = {}
    for name, tensor in before.items() if wanted else ():
        if id(tensor) in wanted:
            old_names.setdefault(id(tensor), name)
    was = [old_names.get(id(after[name])) for name in names]
    actions: list[Action] = [
        ("renamed" if old in gone else "copied") if old is not None else "changed" if name in before else "added"
        for name, old in zip(names, was, strict=True)
    ]
    tensors = [after[name] for name in names]
    moved = set(was)
    dropped = [name for name in before if name in gone and name not in moved]
    told = [reasons.get(name if old is None else old) for name, old in zip(names, was, strict=True)]
    rows = Rows(
        _change,
        [*names, *dropped],
        [*actions, *["dropped"] * len(dropped)],
        [*tensors, *map(before.__getitem__, dropped)],
        [*was, *[None] * len(dropped)],
        [before[name] if action == "changed" else None for name, action in zip(names, actions, strict=True)]
        + [None] * len(dropped),
        [*told, *map(reasons.get, dropped)],
    )
    return EditReport(rows, num_unchanged, remarks.skipped, remarks.notes)


def _change(
    name: str, action: Action, tensor: Tensor, was: str | None, old: Tensor | None, reason: str | None
) -> Change:
    if old is not None:
        return _changed(name, old, tensor, reason)
    return Change(name, action, tensor.dtype.name, list(tensor.shape), was=was, reason=reason)


def _changed(name: str, old: Tensor, new: Tensor, reason: str | None) -> Change:
    return Change(
        name, "changed", new.dtype.name, list(new.shape),
        old_dtype=old.dtype.name if old.dtype is not new.dtype else None,
        old_shape=list(old.shape) if old.shape != new.shape else None,
        reason=reason,
    )  # fmt: skip
