"""Weights in several files, which a JSON file beside them lists: Keras's ``X.weights.json``, and indexes of others.

::

    X.weights.json                {"metadata": {...}, "weight_map": {"/layers/dense/vars": "X_00000.weights.h5", ...}}
    X_00000.weights.h5 ...        HDF5: a part of what one file would hold; a group may be in several
    X.safetensors.index.json      {"weight_map": {"name": "X-00001-of-00002.safetensors", ...}}
    X.h5.index.json               the same with HDF5 files

Of the map only the files count: what is in them is told by themselves. Source: Keras's ``saving_lib.py``.
"""

from __future__ import annotations

import json
import os
from typing import Any

from graphsurgeon.formats.arrays.datasets import DatasetPlace
from graphsurgeon.formats.arrays.keras_names import KerasNames
from graphsurgeon.tensors.selection import Chosen
from proto_utils import places
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from proto_utils.side_files import read_side_file

_MAX_NBYTES = 64 << 20
_SUFFIXES = (".h5", ".hdf5", ".safetensors")


def read(path: str, *, names: KerasNames = "layers") -> Chosen:
    """Open the tensors of all files that a map lists, as `hdf5.read` or `safetensors.read` do.

    Raises
    ------
    NotFoundError
        One of the files is not there.
    UnsupportedError
        They are of other kinds, or elsewhere.
    CorruptionError
        It is no such map, a file is damaged, or two have the same tensor.
    """
    files = _files(path)
    missing = [file for file in files if not places.exists(file)]
    if missing:
        hint = f"it belongs beside {os.path.basename(path)}, which lists {len(files)} files"
        raise NotFoundError("file of weights", missing[0], hint=hint)
    if files[0].endswith(_SUFFIXES[-1]):
        return _of_safetensors(files)
    return _of_hdf5(files, path, names)


def _files(path: str) -> list[str]:
    """Return the files that a map lists, in their order, each once."""
    try:
        listed = json.loads(read_side_file(path, "a map of weights", _MAX_NBYTES))["weight_map"]
        values = [each for value in listed.values() for each in (value if isinstance(value, list) else [value])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptionError("a map of weights that is no JSON with a weight_map of names", path=path) from error
    if not values or not all(isinstance(value, str) for value in values):
        raise CorruptionError("a weight_map that lists no files", path=path)
    found = dict.fromkeys(values)
    for name in found:
        if os.path.basename(name) != name or name in (".", ".."):
            raise UnsupportedError(f"{name!r} is elsewhere, and only files beside the map are read", path=path)
        if not name.endswith(_SUFFIXES) or name.endswith(_SUFFIXES[-1]) != next(iter(found)).endswith(_SUFFIXES[-1]):
            raise UnsupportedError(f"{name!r} is neither HDF5 nor safetensors, as all others are", path=path)
    return [os.path.join(os.path.dirname(path), name) for name in found]


def _of_safetensors(files: list[str]) -> Chosen:
    from graphsurgeon.formats.arrays import safetensors

    tensors = Chosen()
    for file in files:
        for name, tensor in safetensors.read(file).items():
            if name in tensors:
                raise CorruptionError(f"tensor {name!r} is in another file, too", path=file)
            tensors[name] = tensor
    return tensors


def _of_hdf5(files: list[str], path: str, names: KerasNames) -> Chosen:
    from graphsurgeon.formats.arrays import hdf5

    opened: list[Any] = []
    datasets: dict[str, Any] = {}
    try:
        for file in files:
            opened.append(hdf5.open_file(file, file))
            for place, dataset in hdf5.datasets_of(opened[-1], file):
                if place in datasets:
                    raise CorruptionError(f"dataset {place!r} is in another file, too", path=file)
                datasets[place] = DatasetPlace(opened[-1], place, file), dataset
        return hdf5.named(datasets, _AsOne(opened), path, names)
    except BaseException:
        for each in opened:
            each.close()
        raise


class _AsOne:
    """Several open files whose groups are asked for as if they were in one."""

    def __init__(self, files: list[Any]) -> None:
        self._files = files
        self.attrs: dict[str, Any] = {}

    def __contains__(self, place: str) -> bool:
        return any(place in file for file in self._files)

    def __getitem__(self, place: str) -> Any:
        found = [file[place] for file in self._files if place in file]
        # A group that is in several has its name in the first, where it was begun.
        return next((each for each in found if "name" in each.attrs), found[0])
