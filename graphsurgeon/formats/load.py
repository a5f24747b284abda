"""Loading of a model, or of the tensors of a checkpoint, from whatever a path is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import Detected, detect, missing_index
from graphsurgeon.formats.kinds import KINDS
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS, RESTORE_OPS
from graphsurgeon.names import Names, texts_of
from proto_utils import places
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError

if TYPE_CHECKING:
    # Most files are graphs alone, or checkpoints alone: what reads either is imported where there is one.
    from graphsurgeon.formats.checkpoint import AnyCheckpoint
    from graphsurgeon.ir.model import Model

_CHECKPOINTS = ("checkpoint", "checkpoint_v1")
_ALONE = "what is in the checkpoint alone can be read without it; moved away, it is left out"
_TAKES_VALUES = REF_OPS | RESOURCE_OPS | RESTORE_OPS


def load(
    path: str | os.PathLike[str],
    *,
    tags: Names | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Model:
    """Load a graph, with the values of its variables where a checkpoint belongs to it.

    Parameters
    ----------
    path : path
        GraphDef or MetaGraphDef, binary or text; SavedModel, file or directory;
        checkpoint, by its prefix, one of its files or its directory.
    tags : str or sequence of str, optional
        Which meta graph of a SavedModel; see `saved_model.read_saved_model`.
    checkpoint : path, optional
        Where the values of the variables are, when not beside the graph: a checkpoint by its
        prefix, one of its files or its directory, or a SavedModel.

    Returns
    -------
    Model
        Lazy: costs O(nodes + tensors) and touches no payload, except that text is
        read once. A checkpoint without a ``.meta`` gives a model without nodes. It holds a file or two open, until
        the end of a ``with``, its `close`, or its own end.

    Raises
    ------
    NotFoundError
        Nothing is there.
    UnsupportedError
        It is something else; the reason says what.
    PassError
        `tags` or `checkpoint` cannot apply: it is no SavedModel, or has no variables.
    CorruptionError
        It is damaged.
    """
    found = detect(path)
    model = load_graph(found, tags=tags)
    beside = found if checkpoint is None else detect(checkpoint)
    if beside.prefix is not None or beside.lost_index is not None:
        values = open_checkpoint(beside)
        model.own(values)
        model.variables = values.tensors()
    elif checkpoint is not None:
        raise UnsupportedError(f"a {beside.name} without a checkpoint beside it", path=beside.path)
    if checkpoint is not None:
        _require_variables(found, model)
    if model.saved_model is not None:
        model.saved_model = model.saved_model._replace(variables=dict(model.variables))
    return model


def load_graph(found: Detected, *, tags: Names | None = None) -> Model:
    """Load the graph of what was detected, without values of variables.

    Errors as `load`.
    """
    if tags is not None and found.kind != "saved_model":
        reason = f"tags choose a meta graph of a SavedModel, and {found.path} is a {found.name}"
        raise PassError("load", reason, hint="leave out `tags`", is_usage=True)
    if found.not_a_graph is not None:
        raise UnsupportedError(found.not_a_graph, path=f"{found.prefix}.meta", hint=_ALONE)
    if found.graph is None:
        return _no_graph()
    try:
        chosen = None if tags is None else texts_of(tags, "tags")
        return KINDS[found.kind].load(found.graph, is_text=found.is_text, tags=chosen)
    except CorruptionError as error:
        if found.kind in _CHECKPOINTS:
            error.hint = _ALONE if error.hint is None else f"{error.hint}; {_ALONE}"
        raise


def load_readable(found: Detected, *, tags: Names | None = None) -> tuple[Model, str | None]:
    """Load the graph of what was detected; of a checkpoint whose ``.meta`` is damaged none, and what is wrong with it.

    Other errors as `load`.
    """
    if found.not_a_graph is not None:
        return _no_graph(), f"{found.prefix}.meta: {found.not_a_graph}"
    try:
        return load_graph(found, tags=tags), None
    except CorruptionError as error:
        if found.kind not in _CHECKPOINTS:
            raise
        return _no_graph(), error.message


def _no_graph() -> Model:
    from graphsurgeon.ir.model import Model

    return Model()


def _require_variables(found: Detected, model: Model) -> None:
    """Refuse another checkpoint for what takes no values of one."""
    if not all(_TAKES_VALUES.isdisjoint(graph.ops) for _, graph in model.graphs()):
        return
    what = "no graph, and its own values" if found.graph is None else "no variables"
    reason = f"a checkpoint gives variables their values, and {found.path} has {what}"
    raise PassError("load", reason, hint="leave out `checkpoint`", is_usage=True)


def load_checkpoint(path: str | os.PathLike[str], *, partial: bool = False) -> AnyCheckpoint:
    """Open the tensors of a checkpoint, V2 or V1.

    Parameters
    ----------
    path : path
        Its prefix, one of its files, its directory, or a SavedModel.
    partial : bool
        Open what is there of a V1 checkpoint whose other shards are missing, and with them the lists of what they hold.
        A V2 checkpoint lists all of its tensors in one place: of what is missing, only the values cannot be read.

    Returns
    -------
    AnyCheckpoint
        A mapping of names to tensors, in the order of their names' bytes. Lazy: only the index is read (of V1, each
        shard's list of tensors).

    Raises
    ------
    NotFoundError
        Nothing is there.
    UnsupportedError
        It is something else, or has no checkpoint.
    CorruptionError
        The index is damaged.
    """
    return open_checkpoint(detect(path), partial=partial)


def open_checkpoint(found: Detected, *, partial: bool = False) -> AnyCheckpoint:
    """Open the checkpoint of what was detected. Errors as `load_checkpoint`."""
    if found.lost_index is not None:
        raise missing_index(found.lost_index)
    if found.prefix is None and places.isfile(f"{found.path}.index"):
        # TensorFlow's readers take a graph's name for the prefix that it is too.
        found = found._replace(prefix=found.path)
    if found.prefix is None:
        raise UnsupportedError(f"a {found.kind} without a checkpoint beside it", path=found.path)
    if found.is_v1:
        from graphsurgeon.formats.v1 import V1Checkpoint

        checkpoint = V1Checkpoint(found.prefix)
        lost = [] if partial else checkpoint.missing_shards()
        if lost:
            checkpoint.close()
            hint = "it belongs beside the others, and lists what is in it; `readable=True` takes what is there"
            raise NotFoundError("checkpoint shard", lost[0], hint=hint)
        return checkpoint
    from graphsurgeon.formats.bundle_reader import Bundle

    return Bundle(found.prefix)
