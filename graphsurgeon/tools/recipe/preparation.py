"""Steps made ready to run: functions found, options checked, other checkpoints opened once and when they are needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Literal

from graphsurgeon import edits, passes
from graphsurgeon.errors import did_you_mean, near_names
from graphsurgeon.formats.load import load, load_checkpoint
from graphsurgeon.ir.model import Model
from graphsurgeon.options import options_of
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.recipe.options import check_options
from graphsurgeon.tools.recipe.syntax import Step
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple
from proto_utils.remote.address import is_url

#: Passes of which some options are for files, which a recipe has not: by pass.
HIDDEN: Mapping[str, tuple[str, ...]] = {"rename": ("map_file", "checkpoint_only")}


class PreparedStep(NamedTuple):
    """A step whose options are what its function takes, but for checkpoints, which are paths."""

    step: Step
    kind: Literal["pass", "edit"]
    function: Callable[..., Any]
    options: dict[str, Any]


def other_paths(step: PreparedStep) -> Iterator[str]:
    """Yield the paths of other models and checkpoints that a step takes."""
    takes = options_of(step.function)
    for name, given in step.options.items():
        if takes[name].kind.item in ("checkpoint", "model") and given is not None:
            yield from map(os.path.expanduser, [given] if isinstance(given, str) else given)


class Preparation:
    """Prepares the steps of a recipe, in which paths are relative to a directory.

    `known` are the functions that steps may name, and `what` they are in words.
    """

    def __init__(self, directory: str, known: Collection[str], what: str, path: str | None = None) -> None:
        self._directory = directory
        self._known = known
        self._what = what
        self._path = path
        self._opened: dict[str, Mapping[str, Tensor]] = {}

    def prepared(self, step: Step) -> PreparedStep:
        """Check a step; an UnsupportedError with its line when it names nothing that is there, or a wrong option."""
        stem = step.name.replace("-", "_")
        if stem not in self._known:
            hint = did_you_mean(near_names(stem, self._known)) or f"there are {', '.join(sorted(self._known))}"
            raise UnsupportedError(f"line {step.line}: no {self._what} {step.name!r}", path=self._path, hint=hint)
        is_pass = stem in passes.names()
        function = passes.load(stem) if is_pass else edits.load(stem)
        try:
            given = check_options(function, step.options, HIDDEN.get(stem, ()))
        except UnsupportedError as error:
            reason = f"line {step.line}: {step.name}: {error.reason}"
            raise UnsupportedError(reason, path=self._path, hint=error.hint) from None
        return PreparedStep(step, "pass" if is_pass else "edit", function, given)

    def opened(self, step: PreparedStep, model: Model | None) -> tuple[list[Model], dict[str, Any]]:
        """Return other models that a step takes, and its options with checkpoints in the place of their paths.

        `model` is what an edit looks at: the graph beside the checkpoint.
        """
        takes, options = options_of(step.function), dict(step.options)
        for name, given in step.options.items():
            if takes[name].kind.item == "checkpoint" and given is not None:
                options[name] = self._checkpoint(given)
        others = [name for name in options if takes[name].kind.item == "model"]
        models = [load(self._path_of(each)) for name in others for each in options.pop(name)]
        if step.kind == "edit" and "model" in takes:
            options["model"] = model
        if "sources" in takes:
            own = "SRC" if step.kind == "edit" or model is None or model.path is None else model.path
            options["sources"] = (own, *step.options["others"])
        return models, options

    def _checkpoint(self, where: Any) -> Any:
        """Open a checkpoint, or several, once."""
        if not isinstance(where, str):
            return list(map(self._checkpoint, where))
        path = self._path_of(where)
        if path not in self._opened:
            self._opened[path] = load_checkpoint(path)
        return self._opened[path]

    def _path_of(self, where: str) -> str:
        return where if is_url(where) else os.path.join(self._directory, os.path.expanduser(where))
