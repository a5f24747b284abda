"""Saving of models and tensors; all of an output's files appear together or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.formats import state_file
from graphsurgeon.formats.bundle_names import index_path
from graphsurgeon.formats.bundle_writer import ByteOrder, ShardWriter, write_bundle, write_stream
from graphsurgeon.formats.kinds import KINDS, OUTPUT_KINDS, OutputKind
from graphsurgeon.formats.message import META_GRAPH, write_pieces
from graphsurgeon.formats.output_names import check_output_name
from graphsurgeon.formats.saved import Saved
from graphsurgeon.ir.model import Model, require_model
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import places
from proto_utils.errors import CorruptionError, OutputExistsError, UnsupportedError
from proto_utils.leftovers import set_right
from proto_utils.output import Transaction
from proto_utils.places import is_directory_name, paths_after
from proto_utils.sink import naming_output
from proto_utils.splice import Piece

if TYPE_CHECKING:
    from graphsurgeon.formats.linked_shards import Links
    from graphsurgeon.formats.tensor_streams import Tensors

_WITH_VALUES = ("checkpoint", "saved_model")
_TEXT_SUFFIXES = (".pbtxt", ".txt", ".prototxt")


def save(
    model: Model,
    path: str | os.PathLike[str],
    *,
    to: OutputKind | None = None,
    force: bool = False,
    links: Links = "never",
    update_state: bool = True,
    drop_values: bool = False,
    sync: bool = False,
) -> Saved:
    """Save a model.

    Parameters
    ----------
    model : Model
    path : path
        A file, the prefix of a checkpoint, or the directory of a SavedModel. It may be what the
        model was loaded from.
    to : str, optional
        ``graph_def``, ``meta_graph`` (binary), ``graph_def_text``, ``meta_graph_text``;
        ``checkpoint``: the prefix's data, ``.index`` and ``.meta``, and the state file of its
        directory, with a saver that reads it if the graph's own reads only V1 checkpoints;
        ``saved_model``: a directory, with a signature that is guessed where it has no other (see
        `graphsurgeon.rewrites.serving.servable`). By default a model with variables becomes a checkpoint, one with
        collections or a saver a MetaGraphDef, a bare or frozen graph a GraphDef; as text when the
        path ends in ``.pbtxt``, ``.prototxt`` or ``.txt``; a graph whose path ends in a slash a SavedModel.
    force : bool
        Whether existing files may be replaced; the state file always may.
    links : {"never", "hard", "always"}
        Of a checkpoint: whether data files may be other names of those that hold the values already; see
        `graphsurgeon.formats.linked_shards`.
    update_state : bool
        As of `save_checkpoint`.
    drop_values : bool
        Write a GraphDef or a MetaGraphDef without the values of the variables that the model has.
    sync : bool
        As of `save_checkpoint`.

    Returns
    -------
    Saved
        A list of str: the paths written, in order. Its `notes` say what of the model the output lacks, and what was
        added to it, such as a saver.

    Raises
    ------
    UnsupportedError
        There is no kind `to`.
    PassError
        The values of variables would be lost, or the path cannot be one, or its name promises something else.
    GraphError
        Nodes were edited by hand, and TensorFlow would refuse the graph now.
    LimitError
        The message is past 2 GiB; nothing was written.
    OutputExistsError
        A file exists and `force` is false, or a directory that is no SavedModel.
    OutputBusyError
        Another process writes there.
    OSError
        It cannot be written; everything is as it was.
    """
    require_model(model)
    path = os.fsdecode(path)
    kind = to if to is not None else choose_kind(model, path)
    if kind not in OUTPUT_KINDS:
        raise UnsupportedError(f"nothing to save to is called {kind!r}, only {', '.join(OUTPUT_KINDS)}", path=path)
    check_saving(model, path, kind, drop_values=drop_values)
    _check_edits(model)
    if kind == "checkpoint":
        how: dict[str, Any] = {"links": links, "update_state": update_state, "sync": sync}
        return save_model_checkpoint(model, path, force=force, **how)
    if kind == "saved_model":
        with naming_output(path):
            # Imported here: it brings along all that makes a model servable, 20 ms that other kinds need not wait.
            from graphsurgeon.formats.saved_model_writer import write_saved_model

            return write_saved_model(model, path, force=force, sync=sync)
    pieces = next(row for row in KINDS.values() if kind in (row.file, row.text)).message.encode(
        model, as_text=kind.endswith("_text")
    )
    with naming_output(path), Transaction(path, overwrite=force, sync=sync) as transaction:
        write_pieces(pieces, transaction.create(path))
    return Saved([path], notes=notes_on(model, kind))


def check_saving(model: Model, path: str, kind: OutputKind, *, drop_values: bool = False) -> None:
    """Refuse what `save` would refuse before it writes: values that would be lost, and names that mislead."""
    check_output_name(path, kind)
    if kind not in _WITH_VALUES and model.variables and not drop_values:
        reason = f"a {kind} holds no values, and those of {_count(model)} would be lost"
        hint = (
            'freeze makes constants of them, `to="checkpoint"` and `to="saved_model"` keep them; `drop_values=True` '
            "writes the graph alone"
        )
        raise PassError("save", reason, hint=hint)


def _count(model: Model) -> str:
    number = len(model.variables)
    return "1 variable" if number == 1 else f"{number:,} variables"


def _check_edits(model: Model) -> None:
    """Refuse a graph that edits by hand broke: what passes leave behind is sound, and what was read is as it was."""
    if model.is_unchecked:
        from graphsurgeon.checks import check

        try:
            check(model)
        except GraphError as error:
            raise GraphError(
                error.reason,
                node=error.node,
                function=error.function,
                hint="`gs.verify(model)` lists all that is wrong",
            ) from error


def save_checkpoint(
    tensors: Tensors,
    prefix: str | os.PathLike[str],
    *,
    shard_nbytes: int | None = None,
    force: bool = False,
    links: Links = "never",
    byteorder: ByteOrder | None = None,
    update_state: bool = True,
    sync: bool = False,
) -> Saved:
    """Save tensors as a V2 checkpoint, byte for byte as `tf.train.Saver` does, and note it in the state file.

    Parameters
    ----------
    tensors : mapping of str to Tensor or array, or pairs of them
        Tensors stream from where they are; nothing is held in memory. Pairs, of a generator for example, are taken
        one at a time and written in the order in which they come. So are the arrays of files that are open:
        ``numpy.load("x.npz")`` and ``safetensors.safe_open("x.safetensors", "numpy")``, in the order of their names.
    prefix : path
    shard_nbytes : int, optional
        Begin a new data file rather than let one grow past this. Not for what comes one at a time.
    force : bool
        Whether existing files may be replaced; the state file always may. The prefix may be that of the tensors.
    links : {"never", "hard", "always"}
        Whether data files may be other names of those that hold the tensors already, which costs nothing whatever
        their size: never; by hard links, and by copying where there can be none; always, by symbolic links if need be.
    byteorder : {"little", "big"}, optional
        Of the values; little, unless all of them can be linked.
    update_state : bool
        Make it the latest checkpoint of its directory. Otherwise only where no other one is.
    sync : bool
        Return only when all of it is on the disk: values, index and graph, then the state file that names them. Without
        that, only what replaces something is waited for, so that a power cut leaves the old or the new.

    Returns
    -------
    Saved
        A list of str: the paths written, in order.

    Raises
    ------
    PassError
        The name of the prefix promises something else, such as ``x.npz``.
    UnsupportedError
        A value that no checkpoint can hold; an option that is not for what comes one at a time.
    OutputExistsError
        A file exists and `force` is false.
    OutputBusyError
        Another process writes there.
    OSError
        It cannot be written; everything is as it was.
    """
    from graphsurgeon.formats.tensor_streams import tensors_of

    prefix = os.fsdecode(prefix)
    check_output_name(prefix, "checkpoint")
    given = tensors_of(tensors, prefix)
    how: dict[str, Any] = {"shard_nbytes": shard_nbytes, "links": links, "byteorder": byteorder}
    how |= {"update_state": update_state, "sync": sync}
    return write_checkpoint(given, None, prefix, force, **how)


def choose_kind(model: Model, path: str) -> OutputKind:
    """Return what `save` makes of a model when it is not told."""
    is_text = is_text_path(path)
    if is_directory_name(path):
        # This is the one kind that is a directory.
        return "saved_model"
    if model.variables:
        return "checkpoint"
    if model.meta is not None and not model.is_frozen:
        return "meta_graph_text" if is_text else "meta_graph"
    return "graph_def_text" if is_text else "graph_def"


def is_text_path(path: str) -> bool:
    """Return whether an output is to be text, by its suffix."""
    return path.lower().endswith(_TEXT_SUFFIXES)


def existing_outputs(path: str, kind: OutputKind) -> list[str]:
    """Return the files that saving to `path` would replace, apart from the state file."""
    if kind == "saved_model":
        from graphsurgeon.formats.saved_model_writer import replaced_saved_model

        return replaced_saved_model(path)
    if kind != "checkpoint":
        return [path] if places.isfile(path) else []
    return _shards(path) + [file for file in (index_path(path), f"{path}.meta") if places.lexists(file)]


def _shards(prefix: str) -> list[str]:
    return paths_after(prefix, r"(?s)\.data-.{5}-of-.{5}")


def notes_on(model: Model, kind: OutputKind) -> list[str]:
    """Return what of a model an output of a kind lacks; of a SavedModel only writing it tells."""
    if kind == "saved_model":
        return []
    from graphsurgeon.rewrites.serving.limits import limits_of_checkpoint, limits_of_graph_def, may_need_saver

    if kind != "checkpoint":
        notes = [f"the values of {_count(model)} are not in it: a graph has none"] if model.variables else []
        return notes + (limits_of_graph_def(model) if kind.startswith("graph_def") else [])
    notes = limits_of_checkpoint(model)
    if may_need_saver(model):
        from graphsurgeon.rewrites.serving.servable import note_of_new_saver

        return note_of_new_saver(model) + notes
    return notes


def save_model_checkpoint(  # noqa: PLR0913 -- each is one option
    model: Model,
    prefix: str,
    *,
    force: bool = False,
    shard_nbytes: int | None = None,
    links: Links = "never",
    byteorder: ByteOrder | None = None,
    write_shards: ShardWriter | None = None,
    update_state: bool = True,
    sync: bool = False,
) -> Saved:
    """Save the values of a model's variables as a checkpoint, with its graph, when it has one, as the ``.meta``.

    Parameters and errors are those of `save` and `save_checkpoint`; `write_shards` is of `write_bundle`.
    """
    from graphsurgeon.rewrites.serving.limits import may_need_saver

    notes = notes_on(model, "checkpoint")
    if may_need_saver(model):
        from graphsurgeon.rewrites.serving.servable import restorable

        model = restorable(model)
    has_graph = model.meta is not None or len(model.graph) > 0
    pieces = META_GRAPH.encode(model) if has_graph else None
    how: dict[str, Any] = {"shard_nbytes": shard_nbytes, "links": links, "byteorder": byteorder}
    how |= {"write_shards": write_shards, "update_state": update_state, "sync": sync}
    saved = write_checkpoint(model.variables, pieces, prefix, force, **how)
    saved.notes += notes
    return saved


def write_checkpoint(
    tensors: Mapping[str, Tensor] | Iterator[tuple[str, Tensor]],
    meta: list[Piece] | None,
    prefix: str,
    force: bool,
    *,
    update_state: bool,
    sync: bool,
    **how: Any,
) -> Saved:
    """Write everything in one transaction; data files of an older checkpoint that the new one does not have go."""
    with naming_output(prefix), Transaction(prefix, overwrite=True, sync=sync, follow=False) as transaction:
        set_right(os.path.join(os.path.dirname(prefix), state_file.FILE_NAME))
        # With the lock: what others write is in place by now.
        _refuse_existing(prefix, force)
        existing = _shards(prefix)
        if isinstance(tensors, Mapping):
            paths = write_bundle(prefix, tensors, transaction, **how)
        else:
            paths = write_stream(prefix, tensors, transaction, **how)
        for path in _superseded(existing, paths):
            transaction.supersede(path)
        if meta is not None:
            paths.append(f"{prefix}.meta")
            write_pieces(meta, transaction.create(paths[-1], follow=False))
        latest = None if update_state else other_latest(prefix)
        if latest is None:
            return Saved([*paths, _write_state(prefix, transaction)])
    name = os.path.basename(latest)
    return Saved(paths, notes=[f"{name!r} stays the latest checkpoint of the directory; `update_state=True` moves it"])


def _superseded(existing: list[str], paths: list[str]) -> list[str]:
    if not existing:
        return []
    # Imported where something is replaced: what looks at directories need not come along for every checkpoint.
    from graphsurgeon.formats.replaced import deleted_files

    return deleted_files(existing, paths)


def _refuse_existing(prefix: str, force: bool) -> None:
    existing = [] if force else existing_outputs(prefix, "checkpoint")
    if existing:
        raise OutputExistsError(existing[0])


def other_latest(prefix: str) -> str | None:
    """Return the latest checkpoint that the state file beside a prefix names, when it is there and another one."""
    try:
        latest = state_file.latest_checkpoint(os.path.dirname(prefix))
    except CorruptionError:
        return None
    return None if latest is None or _same(latest, prefix) else latest


def _write_state(prefix: str, transaction: Transaction) -> str:
    """Make the checkpoint the latest of its directory; others that the state file lists stay listed."""
    directory = os.path.dirname(prefix)
    # Until it is written: what others add meanwhile would be lost.
    transaction.claim(os.path.join(directory, state_file.FILE_NAME))
    try:
        state = state_file.read_state(directory)
    except CorruptionError:
        # What is there is not a state file any more; TensorFlow writes a new one too.
        state = None
    if state is None:
        state = state_file.CheckpointState(prefix)
    else:
        kept = [path for path in state.checkpoints if not _same(path, prefix)]
        state = state._replace(latest=prefix, checkpoints=(*kept, prefix), timestamps=())
    return state_file.write_state(directory, state, transaction)


def _same(left: str, right: str) -> bool:
    # A trailing slash matters: "dir/" is another checkpoint than "dir".
    return places.abspath(left) == places.abspath(right) and left.endswith("/") == right.endswith("/")
