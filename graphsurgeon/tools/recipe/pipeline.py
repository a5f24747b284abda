"""Pipelines: passes, transforms and edits of a model, in one declared run.

::

    - set-inputs: {set: {phase_train: false}}
    - prune: {outputs: "${output}"}
    - scale: {select: logits/bias, factor: 0.5}

A recipe is checked as a whole before anything is read, and done as a whole or not at all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from graphsurgeon import edits, passes
from graphsurgeon.checks.consistency import consistency_findings
from graphsurgeon.checks.finding import ERROR
from graphsurgeon.display import Displayed
from graphsurgeon.errors import GraphSurgeonError, PassError
from graphsurgeon.formats.bundle_names import index_path
from graphsurgeon.ir.model import Model, require_model
from graphsurgeon.names import Names, some_of
from graphsurgeon.rewrites.editing.constant_values import is_frozen
from graphsurgeon.tools.recipe.apply import read_recipe
from graphsurgeon.tools.recipe.parameters import filled_in, parameters_of
from graphsurgeon.tools.recipe.preparation import Preparation, PreparedStep, other_paths
from graphsurgeon.tools.recipe.record import add_record, digests
from graphsurgeon.tools.recipe.syntax import Step, steps_of
from proto_utils import places
from proto_utils.errors import UnsupportedError

#: The path of a recipe, or what would stand in it: names, and dicts of a name and its options.
Recipe: TypeAlias = "str | os.PathLike[str] | Sequence[Step | str | Mapping[str, Any]]"

#: What makes two models of one, of which a run has one.
_NO_STEPS = ("split",)

#: What of a checkpoint that does not fit its graph makes it useless.
_RULES = ("missing-value", "value-dtype", "value-shape")


class StepReport(Displayed):
    """A step that was done, and the report of its pass or edit."""

    __slots__ = ("report", "step")

    def __init__(self, step: Step, report: Any) -> None:
        self.step = step
        self.report = report

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {"step": self.step.name, "report": self.report.to_json()}


class RunReport(Displayed):
    """What `run` did.

    Attributes
    ----------
    steps : list of StepReport
    recipe : list
        All steps with their options, parameters filled in, as a recipe has them.
    num_left_out : int
        How many steps stand behind the one to stop after.
    record : dict or None
        What was put into the model about this.
    """

    __slots__ = ("num_left_out", "recipe", "record", "steps")

    def __init__(self, steps: list[StepReport], recipe: list[Any], num_left_out: int, record: Any) -> None:
        self.steps = steps
        self.recipe = recipe
        self.num_left_out = num_left_out
        self.record = record

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        steps = [each.to_json() for each in self.steps]
        return {"steps": steps, "recipe": self.recipe, "num_left_out": self.num_left_out, "record": self.record}


class Pipeline:
    """A recipe that was checked: every step and option, and every parameter; no model was read for it.

    Parameters are those of `run`. UnsupportedError, with the line, for what is wrong in the recipe.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        set: Names | Mapping[str, Any] = (),  # noqa: A002 -- as in `run`
        stop_after: str | int | None = None,
        directory: str | None = None,
    ) -> None:
        path = os.fspath(recipe) if isinstance(recipe, (str, os.PathLike)) else None
        steps: list[Step] = read_recipe(path) if path is not None else steps_of(recipe)
        self.steps = filled_in(steps, parameters_of(set), path)
        where = os.path.dirname(path or "") if directory is None else directory
        known = [name for name in (*passes.names(), *edits.names()) if name not in _NO_STEPS]
        self._preparation = Preparation(where, known, "step", path)
        self._prepared = [self._preparation.prepared(step) for step in self.steps]
        self._count = len(self.steps) if stop_after is None else _last(self.steps, stop_after, path)

    @property
    def recipe(self) -> list[Any]:
        """The steps as a recipe has them, parameters filled in."""
        return [{step.name: step.options} if step.options else step.name for step in self.steps]

    def other_paths(self) -> list[str]:
        """Return the paths of models and checkpoints that steps name, as they are written, each once."""
        found = [path for each in self._prepared for path in other_paths(each)]
        return list(dict.fromkeys(found))

    def __str__(self) -> str:
        """Print it as a recipe, which is read as the same steps."""
        return "[\n" + ",\n".join(f"  {step}" for step in self.steps) + "\n]"

    def run(self, model: Model, *, record: bool = False, in_graph: bool = False) -> RunReport:
        """Do the steps, all or none of them; `in_graph` is of `add_record`."""
        require_model(model)
        before = model.snapshot()
        sources = list(digests(_files_of(model))) if record else []
        try:
            done = [self._done(model, each, i) for i, each in enumerate(self._prepared[: self._count], 1)]
            if any(each.kind == "edit" for each in self._prepared[: self._count]):
                _check_values(model)
            entry = _entry(self.recipe[: self._count], sources) if record else None
            if entry is not None:
                add_record(model, entry, in_graph=in_graph)
        except BaseException:
            model.restore(before)
            raise
        return RunReport(done, self.recipe, len(self.steps) - self._count, entry)

    def _done(self, model: Model, each: PreparedStep, number: int) -> StepReport:
        try:
            others, options = self._preparation.opened(each, model)
            takes_model = each.kind == "pass" or is_frozen(model)
            return StepReport(each.step, each.function(model if takes_model else model.variables, *others, **options))
        except GraphSurgeonError as error:
            # A step works on what those before it left, so its number says more than its name.
            told = error.message.removeprefix(each.step.name.replace("-", "_") + ": ")
            error.message = f"step {number} ({each.step.name}): {told}"
            raise


def run(
    model: Model,
    recipe: Recipe,
    *,
    set: Names | Mapping[str, Any] = (),  # noqa: A002 -- what users type: --set, and set= here
    stop_after: str | int | None = None,
    record: bool = False,
    directory: str | None = None,
) -> RunReport:
    """Do the steps of a recipe: passes, transforms and edits, each on what the one before left; all or none of them.

    Parameters
    ----------
    model : Model
        Edited in place. Edits work on its variables, those of a frozen graph on its constants.
    recipe : path, or sequence of steps
        A YAML or JSON file, or what would stand in it: names, and dicts of a name and its options.
    set : mapping of str to value, or texts
        What stands for ``${name}`` in options.
    stop_after : str or int
        The last step to be done, by its number from 1, or its name where only one step has it.
    record : bool
        Put into the model what was done to it: steps, version, and digests of its files.
    directory : path
        Where paths in the recipe are relative to; by default where it is.

    Returns
    -------
    RunReport
        steps : list[StepReport]
            The steps that were done: each has step, report.
        recipe : list
            All steps with their options, parameters filled in, as a recipe has them.
        num_left_out : int
            How many steps stand behind the one to stop after.
        record : dict or None
            What was put into the model about this.

    Raises
    ------
    UnsupportedError
        A step or option does not exist, or a parameter has no value; nothing was done or read then.
    PassError
        A step declines, or a graph would not fit its values any more.
    """
    pipeline = Pipeline(recipe, set=set, stop_after=stop_after, directory=directory)
    return pipeline.run(model, record=record)


def _last(steps: Sequence[Step], stop_after: str | int, path: str | None) -> int:
    """Return how many steps are to be done."""
    text = str(stop_after)
    if text.isdecimal() and 1 <= int(text) <= len(steps):
        return int(text)
    found = [i for i, step in enumerate(steps, 1) if step.name.replace("-", "_") == text.replace("-", "_")]
    if len(found) != 1:
        numbers = ", ".join(f"{i} {step.name}" for i, step in enumerate(steps, 1))
        what = f"steps {', '.join(map(str, found))} are called so" if found else "there is no such step"
        raise UnsupportedError(f"`stop_after` is {text!r}, and {what}", path=path, hint=f"the steps are {numbers}")
    return found[0]


def _check_values(model: Model) -> None:
    """Refuse a graph that cannot restore what edits made of its variables."""
    if not len(model.graph) or not model.variables:
        return
    problems = [each for each in consistency_findings(model) if each.severity == ERROR and each.rule in _RULES]
    if problems:
        some = some_of([f"{each.node}: {each.message}" for each in problems], 1, "; ")
        hint = "edit writes such values as a checkpoint without a graph; rename keeps names in step in both"
        raise PassError("run", f"the graph's saver cannot restore the values any more ({some})", hint=hint)


def _entry(recipe: list[Any], sources: list[dict[str, Any]]) -> dict[str, Any]:
    # The package itself stands above its rooms; who runs this has it.
    version = sys.modules[__name__.partition(".")[0]].__version__
    return {"version": 1, "graphsurgeon": version, "sources": sources, "steps": recipe}


def _files_of(model: Model) -> list[str]:
    """Return the files that tell a model apart: of the graph, and the index of the checkpoint beside it."""
    if model.path is None:
        return []
    root = model.path.removesuffix(".meta")
    beside = (index_path(root), index_path(os.path.join(os.path.dirname(root), "variables", "variables")))
    return [path for path in (model.path, *beside) if places.isfile(path)]
