"""The edits of a recipe, applied in one pass over the data: to tensors in memory, or to a file."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any, overload

from graphsurgeon.edits._contract import EditReport
from graphsurgeon.formats.linked_shards import Links
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.editing.constant_values import constants_of, is_frozen, replace_constants
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.edited_checkpoint import open_edited
from graphsurgeon.tools.recipe import apply_recipe
from graphsurgeon.tools.recipe.pipeline import Recipe
from graphsurgeon.tools.written_edit import WrittenEdit, save_edited


@overload
def edit(source: MutableMapping[str, Tensor] | Model, recipe: Recipe) -> EditReport: ...


@overload
def edit(
    source: str | os.PathLike[str],
    recipe: Recipe,
    output: str | os.PathLike[str],
    *,
    links: Links = "hard",
    update_state: bool = False,
    force: bool = False,
    sync: bool = False,
) -> WrittenEdit: ...


def edit(
    source: Any,
    recipe: Recipe,
    output: str | os.PathLike[str] | None = None,
    *,
    links: Links = "hard",
    update_state: bool = False,
    force: bool = False,
    sync: bool = False,
) -> EditReport | WrittenEdit:
    """Apply the edits of a recipe to a checkpoint, or to the constants of a frozen graph, in one pass over the data.

    Parameters
    ----------
    source : path, or mapping of str to Tensor, or Model
        Tensors in memory are edited in place, and nothing is written.
    recipe : path, or sequence of steps
        A YAML or JSON file, or what would stand in it: names of edits, and dicts of a name and its options.
    output : path
        Of a file: where to write; it may be the source.
    links : {"never", "hard", "always"}
        As of `graphsurgeon.save_checkpoint`.
    update_state : bool
        Make the checkpoint the latest of its directory, where another one is.
    force : bool
        Whether existing files may be replaced.
    sync : bool
        Return only when the output is on the disk.

    Returns
    -------
    EditReport or WrittenEdit
        The second when something was written.

    Raises
    ------
    UnsupportedError
        A step or option does not exist; nothing was changed then.
    PassError
        A step declines; nothing was changed.
    OutputExistsError
        A file exists and `force` is false.
    """
    if not isinstance(source, (str, os.PathLike)):
        if output is not None:
            raise TypeError("tensors in memory are edited in place: output is for a path")
        return _in_memory(source, recipe)
    if output is None:
        raise TypeError("edit() of a path needs output, where to write")
    edited = open_edited(source)
    report = apply_recipe(edited.tensors, recipe, model=edited.graph)
    how: dict[str, Any] = {"links": links, "force": force, "update_state": update_state, "sync": sync}
    return save_edited(edited, report, os.fsdecode(output), operation="edit", **how)


def _in_memory(source: MutableMapping[str, Tensor] | Model, recipe: Recipe) -> EditReport:
    if not isinstance(source, Model):
        return apply_recipe(source, recipe)
    if not is_frozen(source):
        return apply_recipe(source.variables, recipe, model=source)
    before = constants_of(source)
    after = dict(before)
    report = apply_recipe(after, recipe, model=source)
    replace_constants(source, before, after, "edit")
    return report
