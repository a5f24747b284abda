"""Where a verb writes: one rule for directories, the same for all of them.

DST names a directory when it ends in a slash, or when one is there. It is written where a directory is what is made:
with ``--to saved_model``, of a SRC that is a SavedModel, and by `export`, of .npy files. For whatever else is made, a
file or the files of a checkpoint, it is refused, and a name in it suggested. What is missing above DST is made.

A prefix whose checkpoint is there may be called like a directory beside it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from graphsurgeon.cli.output import as_typed
from proto_utils import places
from proto_utils.places import is_directory_name

if TYPE_CHECKING:
    from graphsurgeon.formats.kinds import OutputKind
    from graphsurgeon.ir.model import Model

#: Standard input or output in the place of a file.
STREAM = "-"


def is_directory(path: str) -> bool:
    """Whether an output is a directory, by its name or because it is there."""
    return is_directory_name(path) or (places.isdir(path) and not places.exists(f"{path}.index"))


def kind_at(path: str | None, kind: OutputKind | None, model: Model, *, flag: str = "--to") -> OutputKind | None:
    """Return what is made of a model at a path, None when the path does not tell; `flag` chooses it.

    UsageError for a directory where none is made.
    """
    if path is None or kind == "saved_model" or not is_directory(path):
        return kind
    if kind is None and model.saved_model is not None:
        return "saved_model"
    raise refusal(path, "a file or a checkpoint prefix", "model.ckpt", f", or add {flag} saved_model")


def check_file(path: str | None, example: str) -> None:
    """Refuse a directory where one file is written, such as `example`."""
    if path is not None and is_directory(path):
        raise refusal(path, "a file", example)


def check_prefix(path: str | None) -> None:
    """Refuse a directory where a checkpoint is written: the files would be hidden in it, or lie beside it.

    Names that promise something else are a PassError.
    """
    if path is None:
        return
    check_kind(path, "checkpoint")
    if is_directory(path):
        raise refusal(path, "a checkpoint prefix", "model.ckpt")
    from graphsurgeon.formats.output_names import check_output_name

    check_output_name(path, "checkpoint")


def check_kind(path: str | None, kind: OutputKind) -> None:
    """Refuse standard output for a kind of output that is several files."""
    if path is not None and as_typed(path) == STREAM and kind in ("checkpoint", "saved_model"):
        raise several("a checkpoint" if kind == "checkpoint" else "a SavedModel")


def several(what: str) -> click.UsageError:
    """Return the error of an output of several files."""
    return click.UsageError(
        f"{what} is several files, and standard output (-o -) is one: name a prefix such as model.ckpt, or a directory"
    )


def refusal(path: str, what: str, example: str, more: str = "") -> click.UsageError:
    """Return the error of a directory that is not written."""
    return click.UsageError(f"{path!r} is a directory: name {what} in it, such as {os.path.join(path, example)}{more}")
