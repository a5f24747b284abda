"""File type detection: what a path holds, by its bytes.

Binary files are recognised by the structure of their first records, text files by
their first field; no payload is read either way::

    GraphDef      node(1) { name(1) op(2) ... } ... library(2) versions(4)
    MetaGraphDef  meta_info_def(1) { ... } graph_def(2) { GraphDef } saver_def(3) ...
    SavedModel    schema_version(1, a varint) meta_graphs(2) { MetaGraphDef } ..., or a Riegeli file
    events        TFRecords of Event { wall_time(1) graph_def(4) or meta_graph_def(9) ... }
    table         ... magic number                 a V2 index or a V1 checkpoint, by its first value

The values of a V2 checkpoint have no structure: its data files are known by their
name and the index beside them.
"""

from __future__ import annotations

import contextlib
import os
import re

from graphsurgeon.errors import near_names
from graphsurgeon.formats import state_file
from graphsurgeon.formats.bundle_names import index_path
from graphsurgeon.formats.kinds import KINDS, OUTPUT_KINDS, Kind, binary_kind, text_kind
from graphsurgeon.formats.message import EMPTY_TEXT
from graphsurgeon.formats.sniff import HEAD_NBYTES, first_field, is_text
from graphsurgeon.formats.table import is_table
from graphsurgeon.formats.unmerged import hint_of_directories, hint_of_parts, refuse_parts
from proto_utils import places
from proto_utils.errors import ChangedError, FileFormatError, NotFoundError, UnsupportedError
from proto_utils.files import FileSource
from proto_utils.named_tuple import NamedTuple
from proto_utils.opening import open_source
from proto_utils.places import paths_after
from proto_utils.remote.address import is_elsewhere, spelled, split_member
from proto_utils.wire import VARINT, fields

_EVENTS_NAME = ".tfevents."
#: The last is in pieces, which TensorFlow writes when the graph is past 2 GiB.
SAVED_MODEL_NAMES = ("saved_model.pb", "saved_model.pbtxt", "saved_model.cpb")
_BESIDE = ("keras_metadata.pb", "fingerprint.pb", "saved_model_config.pb")
#: So many files of a directory are opened to see what they are.
_MAX_OPENED = 100
#: The end of the name of a file of a checkpoint.
_MEMBER = r"\.(index|meta|data-\d{5}-of-\d{5})$"
_DATA_NAME = r"(?s)(.*)\.data-\d{5}-of-\d{5}"
_V1_SHARD_NAME = r"(?s)(.*)-\d{5}-of-\d{5}"


class Detected(NamedTuple):
    """The kind of what a path holds, and the files that belong to it.

    Attributes
    ----------
    path : str
        As it was given.
    kind : str
        ``graph_def``, ``meta_graph``, ``saved_model``, ``events``, ``checkpoint`` or ``checkpoint_v1``.
    graph : str or None
        The file with the graph; of a checkpoint the ``.meta`` beside it.
    is_text : bool
        Whether that file is in protobuf's text form.
    prefix : str or None
        The checkpoint that holds the values: itself, beside the ``.meta``, or in the SavedModel.
    is_v1 : bool
        Whether that checkpoint is of the V1 format.
    not_a_graph : str or None
        What the ``.meta`` beside a checkpoint is instead of a graph: a Git LFS pointer, an empty file.
    lost_index : str or None
        The index that is not there, of the checkpoint whose data files lie beside a graph.
    """

    path: str
    kind: Kind
    graph: str | None = None
    is_text: bool = False
    prefix: str | None = None
    is_v1: bool = False
    not_a_graph: str | None = None
    lost_index: str | None = None

    @property
    def name(self) -> str:
        """The kind as `save` spells it: with ``_text`` when it is text."""
        as_text = f"{self.kind}_text"
        return as_text if self.is_text and as_text in OUTPUT_KINDS else self.kind


def detect(path: str | os.PathLike[str]) -> Detected:
    """Detect what a path holds.

    Parameters
    ----------
    path : path
        A file, a directory, or a checkpoint prefix.

    Raises
    ------
    NotFoundError
        Nothing is there; names what resembles it in that directory.
    UnsupportedError
        It is something else; the reason says what it looks like.
    CorruptionError
        It is a checkpoint's index or state file, but damaged.
    """
    path = spelled(os.fsdecode(path))
    if places.isdir(path):
        try:
            return _detect_directory(path)
        except UnsupportedError:
            # Beside a directory of that name there may be a checkpoint of that name.
            found = _detect_prefix(path)
            if found is None:
                raise
            return found
    if places.exists(path):
        try:
            return _detect_file(path)
        except UnsupportedError:
            # The same; or it is a file that only a SavedModel has.
            found = _detect_prefix(path) or _detect_beside(path)
            if found is None:
                raise
            return found
    found = _detect_prefix(path) or _detect_prefix(re.sub(state_file.V1_PATTERN, "", path))
    if found is None:
        raise missing(path)
    return found._replace(path=path)


def _detect_file(path: str) -> Detected:
    shard = re.fullmatch(_DATA_NAME, path)
    if shard is not None and places.isfile(index_path(shard.group(1))):
        # Values may look like anything.
        return _checkpoint(path, shard.group(1))
    source = open_source(path)
    try:
        head = source.read(0, min(source.size, HEAD_NBYTES))
        if is_text(head):
            return _detect_text(path, head)
        kind = binary_kind(source)
        if kind is not None:
            return _with_values(Detected(path, kind, graph=path))
        if is_table(source):
            return _detect_table(path, source)
    finally:
        source.put_back()
    if shard is not None:
        index = index_path(shard.group(1))
        raise NotFoundError("checkpoint index", index, hint=f"{path} is a data file of that checkpoint")
    from graphsurgeon.formats.foreign import describe

    raise _foreign(path, describe(head, path))


def _detect_text(path: str, head: bytes) -> Detected:
    field = first_field(head)
    kind = text_kind(field)
    if state_file.is_state(head):
        if places.isfile(index_path(path)):
            # TensorFlow's readers take it for the prefix that it is too.
            return _checkpoint(path, path)
        directory, name = os.path.split(path)
        state = state_file.read_state(directory, name)
        return _named_by_state(path, state.latest if state is not None else "")
    if head.startswith(EMPTY_TEXT):
        kind = "graph_def"
    if kind is None:
        from graphsurgeon.formats.foreign import describe_text

        raise _foreign(path, describe_text(head, field))
    return _with_values(Detected(path, kind, graph=path, is_text=True))


def _detect_table(path: str, source: FileSource) -> Detected:
    """Detect a V2 index or a V1 checkpoint: the empty key's value is a BundleHeaderProto or SavedTensorSlices."""
    from graphsurgeon.formats.value_table import ValueTable

    # Found, not got: in its block may also be a tensor of any size.
    value = ValueTable(source).find(b"")
    first = value.read() if value is not None else b""
    is_v2 = any(field.number == 1 and field.wire_type == VARINT for field in fields(first))
    if value is None and not path.endswith(".index"):
        raise UnsupportedError(
            "a table of keys and values, but of no checkpoint: nothing is under the empty key", path=path
        )
    if not is_v2 and value is not None:
        shard = re.fullmatch(_V1_SHARD_NAME, path)
        prefix = shard.group(1) if shard else path
        # TensorFlow too reads a V2 checkpoint of the same prefix first.
        return _checkpoint(path, prefix, is_v1=not places.isfile(index_path(prefix)))
    if not path.endswith(".index"):
        reason = "this is the index of a checkpoint, but a name that does not end in .index leads to no data files"
        raise UnsupportedError(reason, path=path)
    return _checkpoint(path, path.removesuffix(".index"))


def _detect_prefix(path: str) -> Detected | None:
    if places.isfile(index_path(path)):
        return _checkpoint(path, path)
    stem = path.removesuffix(".data")
    if stem != path and places.isfile(index_path(stem)):
        # What the names of its data files begin with, which looks like the prefix of V1 shards.
        return _checkpoint(path, stem)
    return _checkpoint(path, path, is_v1=True) if _has_v1_shards(path) else None


def _has_v1_shards(prefix: str) -> bool:
    return bool(paths_after(prefix, r"-\d{5}-of-\d{5}"))


def _detect_directory(path: str) -> Detected:
    for name in SAVED_MODEL_NAMES:
        file = os.path.join(path, name)
        if places.isfile(file):
            return _detect_file(file)._replace(path=path)
    names = places.listdir(path)
    try:
        state = state_file.read_state(path)
    except FileFormatError:
        _refuse_foreign_directory(path, names)
        raise
    if state is not None:
        return _named_by_state(path, state.latest)
    refuse_parts(path)
    prefixes = sorted(name.removesuffix(".index") for name in names if name.endswith(".index"))
    prefixes = prefixes or _v1_prefixes(path, names)
    if len(prefixes) == 1:
        return _detect_member(os.path.join(path, prefixes[0]))._replace(path=path)
    if prefixes:
        hint = f"name one of them: {', '.join(os.path.join(path, prefix) for prefix in prefixes[:5])}"
        raise UnsupportedError(f"a directory with {len(prefixes)} checkpoints and no state file", path=path, hint=hint)
    events = sorted(name for name in names if _EVENTS_NAME in name)
    if len(events) == 1:
        return _detect_file(os.path.join(path, events[0]))._replace(path=path)
    if events:
        hint = f"name one of them: {', '.join(os.path.join(path, name) for name in events[:5])}"
        raise UnsupportedError(f"a directory with {len(events)} files of events", path=path, hint=hint)
    _refuse_foreign_directory(path, names)
    what = "a directory without saved_model.pb, checkpoint state file or checkpoint"
    raise _foreign(path, what, hint_of_directories(path))


def _refuse_foreign_directory(path: str, names: list[str]) -> None:
    """Refuse a directory of another program's, by what is in it."""
    from graphsurgeon.formats.foreign_directories import describe_directory

    found = describe_directory(path, names)
    if found is not None:
        raise _foreign(path, found)


def _detect_beside(path: str) -> Detected | None:
    """Detect the SavedModel of which a file that TensorFlow puts beside its graph is a part."""
    directory, name = os.path.split(path)
    if name not in _BESIDE or not any(places.isfile(os.path.join(directory, each)) for each in SAVED_MODEL_NAMES):
        return None
    return _detect_directory(directory or ".")._replace(path=path)


def _detect_member(prefix: str) -> Detected:
    """Detect the only checkpoint of a directory."""
    if places.isfile(index_path(prefix)):
        return _detect_file(index_path(prefix))
    return _detect_file(prefix) if state_file.is_v1_file(prefix) else _checkpoint(prefix, prefix, is_v1=True)


def _v1_prefixes(path: str, names: list[str]) -> list[str]:
    """Return what may be V1 checkpoints of a directory: what has shards, or a graph beside it, or else is a table."""
    shards = {found.group(1) for name in names if (found := re.fullmatch(_V1_SHARD_NAME, name)) is not None}
    named = shards | {name for name in names if f"{name}.meta" in names}
    return sorted(named or (name for name in names[:_MAX_OPENED] if _is_table(os.path.join(path, name))))


def _is_table(path: str) -> bool:
    with contextlib.suppress(OSError, UnsupportedError), contextlib.closing(open_source(path)) as source:
        return is_table(source)
    return False


def _named_by_state(path: str, latest: str) -> Detected:
    """Find the checkpoint that a state file names: there, or, when the directory was moved, beside the file."""
    prefix = re.sub(state_file.V1_PATTERN, "", latest)
    directory = path if places.isdir(path) else os.path.dirname(path)
    for place in (prefix, os.path.join(directory, os.path.basename(prefix))):
        is_shards = prefix != latest
        found = _detect_prefix(place) if is_shards or not state_file.is_v1_file(place) else _detect_file(place)
        if found is not None:
            return found._replace(path=path)
    where = f"the place that {path} names"
    hint = hint_of_parts(prefix) or hint_of_parts(os.path.join(directory, os.path.basename(prefix)))
    raise NotFoundError("checkpoint", latest, _neighbours(prefix), where=where, hint=hint)


def _checkpoint(path: str, prefix: str, *, is_v1: bool = False) -> Detected:
    """Add the graph beside a checkpoint, or what stands in its place."""
    alone = Detected(path, "checkpoint_v1" if is_v1 else "checkpoint", prefix=prefix, is_v1=is_v1)
    meta = f"{prefix}.meta"
    try:
        found = _detect_file(meta)
    except (FileNotFoundError, IsADirectoryError):
        return alone
    except UnsupportedError as error:
        return alone._replace(not_a_graph=error.reason)
    return alone._replace(graph=meta, is_text=found.is_text) if found.kind == "meta_graph" else alone


def _with_values(found: Detected) -> Detected:
    """Add the checkpoint that belongs to a graph file."""
    prefix_of = KINDS[found.kind].prefix
    prefix = None if prefix_of is None else prefix_of(found.path)
    if prefix is None:
        return found
    if places.isfile(index_path(prefix)):
        return found._replace(prefix=prefix)
    # V1: one file of that name, or shards; old SavedModels also called theirs saved_model_variables.
    for name in (prefix, os.path.join(os.path.dirname(prefix), "saved_model_variables")):
        if state_file.is_v1_file(name) or _has_v1_shards(name):
            return found._replace(prefix=name, is_v1=True)
    return found._replace(lost_index=index_path(prefix)) if _has_data_files(prefix) else found


def _has_data_files(prefix: str) -> bool:
    return bool(paths_after(prefix, r"\.data-\d{5}-of-\d{5}"))


def _foreign(path: str, looks_like: str, hint: str | None = None) -> UnsupportedError:
    from graphsurgeon.formats.foreign import way_on

    hint = hint or way_on(looks_like)
    return UnsupportedError(f"not a TensorFlow graph or checkpoint: this is {looks_like}", path=path, hint=hint)


def missing(path: str) -> NotFoundError | ChangedError:
    """Return the error for a path at which nothing is: what is the matter there, and what resembles it."""
    from proto_utils.leftovers import half_replaced

    if is_elsewhere(path):
        # It may be there, for others: that is told by who opens it.
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            open_source(path).close()
    archive = _missing_archive(path)
    if archive is not None:
        return archive
    stem = re.sub(_MEMBER, "", path)
    half = half_replaced(index_path(stem)) or half_replaced(path)
    if half is not None:
        return half
    if places.islink(path):
        return NotFoundError("file", path, hint=f"it is a symbolic link to {os.readlink(path)!r}, which is not there")
    if _has_data_files(path):
        return missing_index(index_path(path))
    return NotFoundError("file", path, _neighbours(path), hint=hint_of_parts(path))


def _missing_archive(path: str) -> NotFoundError | None:
    """Return the error for a member of an archive that is not there itself; None of any other path."""
    found = split_member(path)
    if found is None or places.isfile(found[0]):
        return None
    hint = "it is a directory, whose files need no mark" if places.isdir(found[0]) else None
    return NotFoundError("archive", found[0], _neighbours(found[0]), hint=hint)


def missing_index(path: str) -> NotFoundError:
    """Return the error for an index that is not there, while data files of its checkpoint are."""
    hint = "its data files are there, and cannot be read without it; get the file from where these come from"
    return NotFoundError("checkpoint index", path, hint=hint)


def _neighbours(path: str) -> tuple[str, ...]:
    directory, base = os.path.split(path)
    try:
        names = places.listdir(directory or ".")
    except OSError:
        return ()
    # What has the very name is no other one: a state file may name a checkpoint of its own name that is not there.
    others = [name for name in names if name != base]
    return tuple(os.path.join(directory, name) for name in near_names(base, others))
