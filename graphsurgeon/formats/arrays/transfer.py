"""Export of tensors to files of arrays, and import from them."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from graphsurgeon.display import Displayed
from graphsurgeon.errors import GraphSurgeonError, PassError
from graphsurgeon.formats import foreign
from graphsurgeon.formats.arrays.keras_names import KerasNames
from graphsurgeon.formats.arrays.plan import Planned
from graphsurgeon.formats.kinds import KINDS
from graphsurgeon.formats.message import locating
from graphsurgeon.formats.sniff import HEAD_NBYTES, is_text
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, bytes_of
from graphsurgeon.rewrites.editing.constant_values import values_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.faults import find_fault
from graphsurgeon.tensors.selection import Chosen, Skipped, selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import places
from proto_utils.errors import UnsupportedError
from proto_utils.files import FileSource
from proto_utils.named_tuple import NamedTuple
from proto_utils.opening import open_source
from proto_utils.places import is_directory_name
from proto_utils.sink import naming_output

ArrayFormat = Literal["npz", "npy", "safetensors", "h5"]
ImportFormat = Literal[ArrayFormat, "keras", "shards"]
ExportFormat = Literal[ArrayFormat, "keras_h5"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_HDF5 = b"\x89HDF\r\n\x1a\n"


def _has_user_block(source: FileSource) -> bool:
    """Return whether an HDF5 file begins after something else: at 512, 1024, 2048 ... bytes."""
    start = 512
    while start + len(_HDF5) <= source.size:
        if source.read(start, start + len(_HDF5)) == _HDF5:
            return True
        start *= 2
    return False


def _is_keras(source: FileSource) -> bool:
    from graphsurgeon.formats.arrays.keras_archive import is_archive

    return is_archive(source.path or "")


class _Row(NamedTuple):
    """A format: its module, which has `plan`, `write` and `read`; suffixes of its files, and how these are told."""

    module: str
    suffixes: tuple[str, ...] = ()
    begins: Callable[[bytes, FileSource], bool] = lambda _head, _source: False


#: In the order in which files are tried; a directory is npy.
_FORMATS: dict[ImportFormat | ExportFormat, _Row] = {
    "keras_h5": _Row("keras_h5", (".weights.h5",)),
    "keras": _Row("keras_archive", (), lambda head, source: head.startswith(_ZIP) and _is_keras(source)),
    "shards": _Row("shards", (), lambda head, _: head[:1] == b"{" and b'"weight_map"' in head),
    "npz": _Row("npz", (".npz",), lambda head, _: head.startswith(_ZIP)),
    "h5": _Row("hdf5", (".h5", ".hdf5"), lambda head, source: head.startswith(_HDF5) or _has_user_block(source)),
    "safetensors": _Row("safetensors", (".safetensors",), lambda head, _: head[8:9] == b"{"),
    "npy": _Row("npy_directory"),
}

#: What may have weights of Keras's layers.
_WITH_LAYERS = ("h5", "keras", "shards")


@dataclass(frozen=True)
class ExportedTensor:
    """One tensor that was written.

    Attributes
    ----------
    name : str
    path : str
        What it is called in the file, or its file in the directory.
    dtype : str
    shape : list of int
    stored_as : str
        The form of its values: ``float32``, ``bfloat16 as uint16``, ``BF16``.
    """

    name: str
    path: str
    dtype: str
    shape: list[int]
    stored_as: str


@dataclass(frozen=True)
class ExportReport(Displayed):
    """The result of an export, or of a dry run of one.

    Attributes
    ----------
    outputs : list of str
        The paths written.
    format : str
    tensors : list of ExportedTensor
    skipped : list of Skipped
    notes : list of str
    """

    outputs: list[str]
    format: ExportFormat
    tensors: list[ExportedTensor]
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        tables = {"tensors": [vars(row) for row in self.tensors], "skipped": [vars(row) for row in self.skipped]}
        return {"outputs": self.outputs, "format": self.format, **tables, "notes": self.notes}


def export_tensors(  # noqa: PLR0913 -- each is one option
    tensors: Mapping[str, Tensor] | Model,
    path: str | os.PathLike[str],
    *,
    to: ExportFormat | None = None,
    like: str | os.PathLike[str] | None = None,
    select: Names = (),
    exclude: Names = (),
    skip_unsupported: bool = False,
    readable: bool = False,
    force: bool = False,
    sync: bool = False,
    dry_run: bool = False,
) -> ExportReport:
    """Write tensors as a file of arrays, which `import_tensors` reads back bit by bit.

    Parameters
    ----------
    tensors : mapping of str to Tensor or array, or Model
        Of a frozen graph its constants, of another model its variables. Stream from where they are; strings are read
        twice or thrice, because their longest is needed first.
    path : path
    to : {"npz", "npy", "safetensors", "h5", "keras_h5"}, optional
        By default what the suffix says: ``npy`` for a directory, or a path that ends in a slash, ``keras_h5`` for
        ``.weights.h5``, which Keras 3 reads with ``load_weights``.
    like : path, optional
        For ``keras_h5``: a file that Keras saved of such a model, whose layout is taken. By default the object graph of
        the checkpoint tells it, or of a Model the graph.
    select, exclude : str or sequence of str
        Names, or regular expressions that match the whole name.
    skip_unsupported : bool
        Leave out what has no values outside a session (resource, variant), and tell so.
    readable : bool
        Leave out what cannot be read, lost with a data file that is truncated or missing, or of another checksum, and
        tell so. Every value is read once more for that.
    force : bool
        Whether an existing file, or a directory of nothing but ``.npy`` files, may be replaced.
    sync : bool
        Return only when all of it is on the disk.
    dry_run : bool
        Write nothing.

    Raises
    ------
    UnsupportedError
        A tensor or a name that the format cannot hold, a suffix that says nothing.
    PassError
        A library is not installed.
    LimitError
        A name or strings too long for the format.
    NotFoundError
        A pattern matches nothing.
    OutputExistsError
        It exists and `force` is false, or may not be replaced.
    OutputBusyError
        Another process writes there.
    OSError
        It cannot be written; everything is as it was.
    """
    path = os.fsdecode(path)
    graph = tensors.graph if isinstance(tensors, Model) and tensors.variables else None
    tensors = values_of(tensors) if isinstance(tensors, Model) else tensors
    if not isinstance(tensors, Mapping):
        raise TypeError(f"a mapping of names to tensors is wanted, or a Model, not a {type(tensors).__name__}")
    kind = to if to is not None else format_of_path(path)
    if like is not None and kind != "keras_h5":
        raise PassError("export", f"`like` is for keras_h5, and this is {kind}", is_usage=True)
    module = _module(kind, path)
    chosen = {name: as_tensor(tensors[name]) for name in selected(tensors, select, exclude)}
    if readable:
        expect_reading(chosen.values())
    skipped = _unreadable(chosen, may_skip=readable)
    left = {name: tensor for name, tensor in chosen.items() if name not in skipped}
    skipped |= _without_values(left, path, may_skip=skip_unsupported)
    left = {name: tensor for name, tensor in left.items() if name not in skipped}
    with locating(path):
        if kind == "keras_h5":
            members = module.plan(_with_objects(left, tensors), like=like, path=path, graph=graph)
        else:
            members = module.plan(left)
    if isinstance(members, Planned):
        skipped |= {row.name: row for row in members.skipped}
    if not dry_run:
        expect_reading(each.tensor for each in members)
    with naming_output(path):
        outputs = [] if dry_run else module.write(members, path, overwrite=force, sync=sync)
    rows = [
        ExportedTensor(each.name, each.path, each.tensor.dtype.name, list(each.tensor.shape), each.stored_as)
        for each in members
    ]
    notes = members.notes if isinstance(members, Planned) else []
    return ExportReport(outputs, kind, rows, list(skipped.values()), notes)


def _with_objects(chosen: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return tensors with the object graph, which tells what they are, also when it was not chosen."""
    return {**chosen, **{key: tensors[key] for key in (OBJECT_GRAPH_KEY,) if key in tensors}}


def import_tensors(
    path: str | os.PathLike[str],
    *,
    format: ImportFormat | None = None,  # noqa: A002 -- the option's name
    names: KerasNames = "layers",
    select: Names = (),
    exclude: Names = (),
) -> Chosen:
    """Open the tensors of a file of arrays: npz, safetensors, HDF5, a model of Keras, or a directory of npy.

    Parameters
    ----------
    path : path
    format : str, optional
        By default told by the file's first bytes.
    names : {"layers", "paths"}
        What weights in HDF5 files of Keras, and in ``.keras``, are called: after their layers, ``conv1/0`` or in older
        files ``conv1/kernel``, or by the paths of their datasets.
    select, exclude : str or sequence of str
        Names, or regular expressions that match the whole name. What is left out need not be what a checkpoint can
        hold.

    Returns
    -------
    Chosen
        A dict of str to Tensor, in the order of their names' bytes. Lazy: only headers are read. Its `skipped` tells of
        datasets that are empty.

    Raises
    ------
    NotFoundError
        Nothing is there.
    UnsupportedError
        It is something else, or holds what no checkpoint can: Python objects, dates, links to other files.
    PassError
        A library is not installed.
    CorruptionError
        It is damaged.
    LimitError
        A header or a claim that is out of proportion.
    """
    path = os.fsdecode(path)
    kind = format if format is not None else detect(path)
    module = _module(kind, path)
    found: dict[str, Tensor] = module.read(path, names=names) if kind in _WITH_LAYERS else module.read(path)
    chosen = found if isinstance(found, Chosen) else Chosen(found)
    return chosen.narrowed(selected(sorted([*chosen, *chosen.refused], key=bytes_of), select, exclude))


def format_of_path(path: str) -> ExportFormat:
    """Return the format that the name of an output asks for.

    Raises
    ------
    UnsupportedError
        It asks for none.
    """
    if is_directory_name(path) or places.isdir(path):
        return "npy"
    lowered = path.lower()
    for kind, row in _FORMATS.items():
        if lowered.endswith(row.suffixes):
            return cast("ExportFormat", kind)
    suffixes = (suffix for kind in get_args(ArrayFormat) for suffix in _FORMATS[kind].suffixes)
    hint = f"end it in {', '.join(suffixes)}, or in a slash for a directory of .npy files"
    raise UnsupportedError("its name does not tell what to write", path=path, hint=hint)


def detect(path: str) -> ImportFormat:
    """Return the format of an existing file, by its bytes. Errors as `import_tensors`."""
    if places.isdir(path):
        error = None if any(name.endswith(".npy") for name in places.listdir(path)) else _model_error(path)
        if error is not None:
            raise error
        return "npy"
    try:
        source = open_source(path)
    except FileNotFoundError:
        from graphsurgeon.formats.detect import missing

        raise _model_error(path) or missing(path) from None
    head = source.read(0, min(source.size, HEAD_NBYTES))
    for kind, row in _FORMATS.items():
        if row.begins(head, source):
            return cast("ImportFormat", kind)
    error = _model_error(path)
    if error is None:
        found = foreign.describe_text(head, "") if is_text(head) else foreign.describe(head, path)
        hint = "SRC is an .npz, .safetensors, .h5 or .keras file, or a directory of .npy files"
        error = UnsupportedError(f"no file of arrays: this is {found}", path=path, hint=hint)
    raise error


def _model_error(path: str) -> UnsupportedError | None:
    """Return the error about a graph or a checkpoint, which need no import; None of what is neither."""
    from graphsurgeon.formats.detect import detect as detect_model

    with contextlib.suppress(GraphSurgeonError):
        found = KINDS[detect_model(path).kind].title
        hint = "every verb takes graphs and checkpoints as they are; unfreeze makes a checkpoint of a frozen graph"
        return UnsupportedError(f"no file of arrays: this is a {found}", path=path, hint=hint)
    return None


def _module(kind: ImportFormat | ExportFormat, path: str) -> Any:
    if kind not in _FORMATS:
        raise UnsupportedError(f"no format is called {kind!r}, only {', '.join(_FORMATS)}", path=path)
    # Imported when needed: each brings along what it is made with.
    return importlib.import_module(f"graphsurgeon.formats.arrays.{_FORMATS[kind].module}")


def _unreadable(tensors: Mapping[str, Tensor], *, may_skip: bool) -> dict[str, Skipped]:
    """Return what cannot be read, or refuse it, as far as the sizes of files tell."""
    skipped = {}
    for name, tensor in tensors.items():
        fault = find_fault(tensor) if may_skip else tensor.fault
        if fault is not None and not may_skip:
            raise fault
        if fault is not None:
            skipped[name] = Skipped(name, fault.message)
    return skipped


def _without_values(tensors: Mapping[str, Tensor], path: str, *, may_skip: bool) -> dict[str, Skipped]:
    """Return what has no values outside a session, or refuse it."""
    skipped = {}
    for name, tensor in tensors.items():
        if tensor.dtype.itemsize == 0 and tensor.dtype is not dtypes.STRING:
            reason = f"a {tensor.dtype.name} has no values that other programs could read"
            if not may_skip:
                hint = "`skip_unsupported=True` leaves it out"
                raise UnsupportedError(f"tensor {name!r}: {reason}", path=path, hint=hint)
            skipped[name] = Skipped(name, reason)
    return skipped
