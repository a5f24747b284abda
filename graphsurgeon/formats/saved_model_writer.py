"""Writing SavedModels; what they are made of is drawn in `graphsurgeon.formats.saved_model`.

The directory appears as a whole. A model that came from a SavedModel takes along what
else was in it: other meta graphs, fields we do not know, assets.
"""

from __future__ import annotations

import contextlib
import os

from graphsurgeon.errors import PassError
from graphsurgeon.formats.bundle_writer import plan_bundle, write_bundle
from graphsurgeon.formats.message import write_pieces
from graphsurgeon.formats.replaced import require_saved_model
from graphsurgeon.formats.saved import Saved
from graphsurgeon.formats.saved_model import META_GRAPHS
from graphsurgeon.ir.model import Model, check_message_size
from graphsurgeon.names import some_of
from graphsurgeon.rewrites.serving.servable import servable
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import places, schema
from proto_utils.errors import UnsupportedError
from proto_utils.files import Span
from proto_utils.opening import open_source
from proto_utils.output_directory import DirectoryTransaction
from proto_utils.splice import Piece, total_nbytes
from proto_utils.wire import len_header

SCHEMA_VERSION = 1

_NAME = "saved_model.pb"
_VARIABLES = ("variables", "variables")


def write_saved_model(model: Model, path: str | os.PathLike[str], *, force: bool = False, sync: bool = False) -> Saved:
    """Write a SavedModel directory.

    Parameters
    ----------
    model : Model
        Not changed; what it lacks to be served is added on the way, see `graphsurgeon.rewrites.serving.servable`.
    path : path
        The directory. It may be what the model was loaded from.
    force : bool
        Whether a SavedModel there may be replaced. A directory that holds anything else never is.
    sync : bool
        Return only when all is on the disk.

    Returns
    -------
    Saved
        The paths written: graph, data, index, assets; with notes on what was added and what is missing.

    Raises
    ------
    OutputExistsError
        Something is there that may not be replaced.
    OutputBusyError
        Another process writes there.
    LimitError
        ``saved_model.pb`` would be past 2 GiB; nothing was written.
    NotFoundError
        The saver restores what there is no value of.
    PassError
        A variable is of another dtype or shape than other meta graphs restore.
    OSError
        It cannot be written; everything is as it was.
    """
    path = os.fsdecode(path)
    if force:
        require_saved_model(path, {} if model.saved_model is None else model.saved_model.files)
    model, report = servable(model)
    pieces = saved_model_pieces(model)
    variables = _all_variables(model)
    report.notes.extend(_note_on_others(model))
    with DirectoryTransaction(path, overwrite=force, sync=sync) as transaction:
        # Last where there are no directories that appear at once: without it the others are no SavedModel.
        paths = [os.path.join(transaction.directory, _NAME)]
        write_pieces(pieces, transaction.files.create(paths[0], role="pointer"))
        if variables:
            paths += write_bundle(os.path.join(transaction.directory, *_VARIABLES), variables, transaction.files)
        files = {} if model.saved_model is None else model.saved_model.files
        for name, source in files.items():
            paths.append(os.path.join(transaction.directory, *name.split("/")))
            real = _bring(source, name, paths[-1], transaction)
            if real is not None:
                report.notes.append(f"{name} stays a symbolic link, to {real}, which is no part of the SavedModel")
    places = [os.path.join(path, os.path.relpath(each, transaction.directory)) for each in paths]
    return Saved(places, notes=report.notes)


def plan_saved_model(model: Model, path: str) -> list[str]:
    """Return the paths that `write_saved_model` would write."""
    variables = _all_variables(model)
    paths = [_NAME, *(plan_bundle(os.path.join(*_VARIABLES), variables) if variables else ())]
    paths += [] if model.saved_model is None else [os.path.join(*name.split("/")) for name in model.saved_model.files]
    return [os.path.join(path, each) for each in paths]


def saved_model_pieces(model: Model) -> list[Piece]:
    """Return a serialized SavedModel as pieces to be written.

    Raises
    ------
    LimitError
        It is past the 2 GiB that protobuf parses.
    """
    own = model.meta_graph_def_pieces()
    record: list[Piece] = [len_header(META_GRAPHS, total_nbytes(own)), *own]
    parts = model.saved_model
    if parts is None:
        version = schema.serialize(schema.SavedModel(saved_model_schema_version=SCHEMA_VERSION))
        pieces = [version, *record]
    else:
        as_read = parts.records[parts.own]
        kept: list[Piece] = [as_read] if _is_tail(own, as_read) else record
        pieces = [*parts.records[: parts.own], *kept, *parts.records[parts.own + 1 :]]
    check_message_size("SavedModel", pieces)
    return pieces


def replaced_saved_model(path: str) -> list[str]:
    """Return what writing a SavedModel to a path would replace."""
    return [path] if places.isdir(path) and places.listdir(path) else []


def _is_tail(pieces: list[Piece], record: Span) -> bool:
    """Return whether a message is what its record held, byte for byte where it was."""
    only = pieces[0] if len(pieces) == 1 else None
    return isinstance(only, Span) and only.source is record.source and only.end == record.end


def _all_variables(model: Model) -> dict[str, Tensor]:
    """Return the model's variables, with those only other meta graphs need.

    Raises
    ------
    PassError
        One of them is of another dtype or shape now: TensorFlow would restore none of the other meta graphs.
    """
    parts = model.saved_model
    if parts is None or not parts.num_others:
        return {**model.variables}
    for key in parts.changed(model.variables):
        old, new = parts.variables[key], model.variables[key]
        if (old.dtype, old.shape) != (new.dtype, new.shape):
            reason = (
                f"variable {key!r} is {_form(new)} now, and other meta graphs of the SavedModel restore {_form(old)}"
            )
            raise PassError("save", reason, hint='`to="checkpoint"` writes this meta graph alone')
    return {**parts.variables, **model.variables}


def _note_on_others(model: Model) -> list[str]:
    """Return a note on what other meta graphs have other values of now, too."""
    parts = model.saved_model
    changed = [] if parts is None else [key for key in parts.changed(model.variables) if key != OBJECT_GRAPH_KEY]
    told = some_of([*map(repr, changed)])
    return [f"other meta graphs of the SavedModel restore the new values, too: {told}"] if changed else []


def _form(tensor: Tensor) -> str:
    return f"{tensor.dtype.name} {list(tensor.shape)}"


def _bring(source: str, name: str, target: str, transaction: DirectoryTransaction) -> str | None:
    """Copy a file that goes along; a link that leads out of its SavedModel stays one, and what it leads to is returned.

    Who hands on the SavedModel of somebody else must not hand on files of their own with it.
    """
    home = places.realpath(source.removesuffix(os.path.join(*name.split("/"))))
    real = places.realpath(source)
    with contextlib.closing(open_source(source)) as file:
        if os.path.join(real, "").startswith(os.path.join(home, "")):
            write_pieces([Span(file, 0, file.size)], transaction.files.create(target))
            return None
        link = transaction.files.link(file, os.path.dirname(target), symbolic=True)
    if link is None:
        hint = "put the file itself in its place, when it is to go along"
        raise UnsupportedError(f"is a symbolic link to {real}, out of the SavedModel", path=source, hint=hint)
    transaction.files.place(link, target)
    return real
