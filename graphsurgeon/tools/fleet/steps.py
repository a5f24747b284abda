"""The steps of a recipe as workers get them: checked, parameters filled in, without the file that they are from."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from graphsurgeon.names import Names
from graphsurgeon.tools.fleet.digests import plain_digest, source_digest
from graphsurgeon.tools.recipe.pipeline import Pipeline, Recipe
from proto_utils import places
from proto_utils.named_tuple import NamedTuple


class SharedSteps(NamedTuple):
    """Steps for workers.

    Attributes
    ----------
    steps : list
        As a recipe has them.
    directory : str
        Where paths in them are relative to.
    digest : str
        Of the steps, of other models and checkpoints that they name, and of the version of this library.
    """

    steps: list[Any]
    directory: str
    digest: str


def shared_steps(recipe: Recipe, values: Names | Mapping[str, Any] = ()) -> SharedSteps:
    """Check a recipe as `Pipeline` does, with its errors, and return its steps."""
    pipeline = Pipeline(recipe, set=values)
    path = os.path.dirname(os.fspath(recipe)) if isinstance(recipe, (str, os.PathLike)) else ""
    directory = places.abspath(path)
    others = [places.join(directory, each) for each in pipeline.other_paths()]
    # The package itself stands above its rooms; who runs this has it.
    version = sys.modules[__name__.partition(".")[0]].__version__
    digest = plain_digest([pipeline.recipe, [*map(source_digest, others)], version])
    return SharedSteps([_escaped(step) for step in pipeline.recipe], directory, digest)


def _escaped(value: Any) -> Any:
    """Return values as a recipe spells them: a worker fills in parameters once more, and finds none."""
    if isinstance(value, dict):
        return {_escaped(key): _escaped(each) for key, each in value.items()}
    if isinstance(value, list):
        return [*map(_escaped, value)]
    return value.replace("${", "$${") if isinstance(value, str) else value
