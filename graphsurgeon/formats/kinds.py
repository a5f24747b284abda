"""The registry of graph file formats, one row each: how a kind is detected, read, written and copied.

What is the same for all of them is in `detect`, `load` and `save`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, get_args

from graphsurgeon.formats.message import GRAPH_DEF, META_GRAPH, MessageFormat
from graphsurgeon.formats.sniff import is_graph_def, is_meta_graph, is_riegeli, is_saved_model
from proto_utils.files import Source
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

Kind = Literal["graph_def", "meta_graph", "saved_model", "events", "checkpoint", "checkpoint_v1"]
OutputKind = Literal["graph_def", "graph_def_text", "meta_graph", "meta_graph_text", "checkpoint", "saved_model"]
#: A record's length, its checksum and the tag of an event's first field.
_EVENT_NBYTES = 13
OUTPUT_KINDS: tuple[OutputKind, ...] = get_args(OutputKind)


class GraphKind(NamedTuple):
    """One kind of files.

    Attributes
    ----------
    title : str
        What people call it.
    file, text : str
        What a copy of it is saved as: in a binary file, as text.
    message : MessageFormat
        The message that holds the graph: the file, or what is beside it.
    read : callable, optional
        Reads what is more than that message: takes the path, whether it is text, and tags.
    is_binary : callable, optional
        Whether a binary file begins like one; None of what is not told by that.
    text_fields : tuple of str
        The fields by which its text form is told.
    prefix : callable, optional
        Returns where the checkpoint that belongs to a file would be.
    """

    title: str
    file: OutputKind
    text: OutputKind
    message: MessageFormat = META_GRAPH
    read: Callable[[str, bool, Sequence[str] | None], Model] | None = None
    is_binary: Callable[[Source], bool] | None = None
    text_fields: tuple[str, ...] = ()
    prefix: Callable[[str], str | None] | None = None

    def load(self, path: str, *, is_text: bool, tags: Sequence[str] | None = None) -> Model:
        """Read the graph in a file, without values of variables."""
        if self.read is not None:
            return self.read(path, is_text, tags)
        return self.message.read(path, is_text=is_text)

    def copied_as(self, *, as_text: bool) -> OutputKind:
        """Return what a copy in a file, or the files of a checkpoint, is saved as."""
        return self.text if as_text else self.file


def _read_saved_model(path: str, is_text: bool, tags: Sequence[str] | None) -> Model:
    from graphsurgeon.formats.saved_model import read_saved_model

    return read_saved_model(path, is_text=is_text, tags=tags)


def _read_events(path: str, _is_text: bool, _tags: Sequence[str] | None) -> Model:
    from graphsurgeon.formats.events import read_events

    return read_events(path)


def _is_events(source: Source) -> bool:
    # What no record begins with is told without importing what knows checksums.
    if source.size < _EVENT_NBYTES or source.read(_EVENT_NBYTES - 1, _EVENT_NBYTES) != b"\x09":
        return False
    from graphsurgeon.formats.events import is_events

    return is_events(source)


#: In the order in which they are tried: a SavedModel begins as a damaged GraphDef could.
KINDS: dict[Kind, GraphKind] = {
    "saved_model": GraphKind(
        "SavedModel",
        file="meta_graph",
        text="meta_graph_text",
        read=_read_saved_model,
        is_binary=lambda source: is_saved_model(source) or is_riegeli(source),
        text_fields=("saved_model_schema_version", "meta_graphs"),
        prefix=lambda path: os.path.join(os.path.dirname(path), "variables", "variables"),
    ),
    "graph_def": GraphKind(
        "GraphDef",
        file="graph_def",
        text="graph_def_text",
        message=GRAPH_DEF,
        is_binary=is_graph_def,
        text_fields=("node", "library", "versions", "version"),
    ),
    "meta_graph": GraphKind(
        "MetaGraphDef",
        file="meta_graph",
        text="meta_graph_text",
        is_binary=is_meta_graph,
        text_fields=(
            "meta_info_def",
            "graph_def",
            "saver_def",
            "collection_def",
            "signature_def",
            "asset_file_def",
            "object_graph_def",
        ),
        prefix=lambda path: path.removesuffix(".meta") if path.endswith(".meta") else None,
    ),
    "events": GraphKind(
        "file of TensorBoard events",
        file="graph_def",
        text="graph_def_text",
        read=_read_events,
        is_binary=_is_events,
    ),
    "checkpoint": GraphKind("checkpoint", file="checkpoint", text="checkpoint"),
    "checkpoint_v1": GraphKind("V1 checkpoint", file="checkpoint", text="checkpoint"),
}


def binary_kind(source: Source) -> Kind | None:
    """Return the kind of a binary file by its first records, None when it is no graph; touches no payload."""
    return next((kind for kind, row in KINDS.items() if row.is_binary is not None and row.is_binary(source)), None)


def text_kind(field: str) -> Kind | None:
    """Return the kind of a text file by its first field, None when it is no graph."""
    return next((kind for kind, row in KINDS.items() if field in row.text_fields), None)
