"""Reading recipes from files, and applying them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from graphsurgeon import edits
from graphsurgeon.edits._contract import Action, EditReport, Remarks, compare
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import TensorDict, require_mutable
from graphsurgeon.tools.recipe.preparation import Preparation, other_paths
from graphsurgeon.tools.recipe.syntax import Step, parse_recipe, steps_of
from proto_utils.errors import UnsupportedError
from proto_utils.side_files import read_side_file

#: A recipe is written by people.
MAX_NBYTES = 1 << 20


def read_recipe(path: str | os.PathLike[str]) -> list[Step]:
    """Read a recipe from a YAML or JSON file.

    UnsupportedError when it is not text or not a list of steps, LimitError when it is longer than `MAX_NBYTES`.
    """
    name = os.fspath(path)
    data = read_side_file(name, "the recipe", MAX_NBYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnsupportedError("not a text in UTF-8", path=name, offset=error.start) from None
    return parse_recipe(text, name)


def named_checkpoints(
    steps: str | os.PathLike[str] | Sequence[Step | str | Mapping[str, Any]], directory: str = ""
) -> list[str]:
    """Check the steps of a recipe for a checkpoint, and return the paths of other checkpoints in them, each once."""
    path = os.fspath(steps) if isinstance(steps, str | os.PathLike) else None
    given = steps_of(steps) if path is None else read_recipe(path)
    preparation = Preparation(directory, (*edits.names(), "rename"), "edit", path)
    return list(dict.fromkeys(other for step in given for other in other_paths(preparation.prepared(step))))


def apply_recipe(
    tensors: MutableMapping[str, Tensor],
    steps: str | os.PathLike[str] | Sequence[Step | str | Mapping[str, Any]],
    *,
    model: Model | None = None,
    directory: str | None = None,
) -> EditReport:
    """Apply the steps of a recipe atomically: all or none of them; no values are read.

    `steps` are the path of a recipe, or what would stand in it: names, and dicts of a name and its options.
    `tensors`, a checkpoint, is edited in place; `model` is its graph, for the edits that look at one or edit it in
    step. Paths in the recipe are relative to `directory`, by default the recipe's own, else the current one. In the
    report of all steps together, what was skipped has the step before its reason.

    Errors are those of the edits, and an UnsupportedError with the line when a step or an option does not exist or is
    of another kind; nothing was done then.
    """
    path = os.fspath(steps) if isinstance(steps, str | os.PathLike) else None
    if isinstance(steps, str | os.PathLike):
        steps = read_recipe(steps)
        directory = os.path.dirname(os.fspath(path or "")) if directory is None else directory
    preparation = Preparation(directory or "", (*edits.names(), "rename"), "edit", path)
    prepared = [preparation.prepared(step) for step in steps_of(steps)]
    opened = [(each, preparation.opened(each, model)[1]) for each in prepared]
    before = dict(TensorDict(require_mutable(tensors)))
    after = dict(before)
    skipped: list[Skipped] = []
    reasons: dict[str, str] = {}
    notes: list[str] = []
    origins = {name: name for name in before}
    whole = None if model is None else model.snapshot()
    try:
        for (step, kind, function, _), options in opened:
            run = _renamed if kind == "pass" else _edited
            report = run(function, after, options)
            origins = _followed(origins, report, after)
            skipped += [Skipped(row.name, f"{step.name}: {row.reason}") for row in report.skipped]
            reasons |= {row.was or row.name: row.reason for row in report.changes if row.reason}
            notes += [f"{step.name}: {note}" for note in report.notes]
    except BaseException:
        if model is not None and whole is not None:
            model.restore(whole)
        raise
    tensors.clear()
    tensors.update(after)
    return _with_origins(compare(before, after, Remarks(skipped, reasons, notes)), before, origins)


def _followed(origins: Mapping[str, str], report: EditReport, after: Mapping[str, Tensor]) -> dict[str, str]:
    """Return what the tensors were called before the recipe, where they were there, now that a step was done."""
    rows = {row.name: row for row in report.changes if row.action != "dropped"}
    found = {}
    for name in after:
        row = rows.get(name)
        source = name if row is None or row.action == "changed" else row.was or ""
        if source in origins:
            found[name] = origins[source]
    return found


def _with_origins(report: EditReport, before: Mapping[str, Tensor], origins: Mapping[str, str]) -> EditReport:
    """Give tensors that different steps renamed and changed their origin, so that they are not taken for new ones."""
    changes, moved = [], set()
    for row in report.changes:
        was = origins.get(row.name) if row.action == "added" else None
        if was is None:
            changes.append(row)
            continue
        old = before[was]
        moved.add(was)
        action: Action = "copied" if origins.get(was) == was else "renamed"
        old_dtype = old.dtype.name if old.dtype.name != row.dtype else None
        old_shape = list(old.shape) if list(old.shape) != row.shape else None
        changes.append(dataclasses.replace(row, action=action, was=was, old_dtype=old_dtype, old_shape=old_shape))
    changes = [row for row in changes if row.action != "dropped" or row.name not in moved]
    return dataclasses.replace(report, changes=changes)


def _edited(function: Callable[..., Any], tensors: dict[str, Tensor], options: Mapping[str, Any]) -> EditReport:
    report: EditReport = function(tensors, **options)
    return report


def _renamed(function: Callable[..., Any], tensors: dict[str, Tensor], options: Mapping[str, Any]) -> EditReport:
    """Rename keys, which a pass does, and report it as an edit."""
    before = dict(tensors)
    notes = function(tensors, **options, checkpoint_only=True).notes
    return compare(before, tensors, Remarks(notes=list(notes)))
