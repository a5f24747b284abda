"""Detection of directories that other programs write checkpoints or models into, by the names of what is in them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable

from graphsurgeon.formats.foreign import describe
from proto_utils import places
from proto_utils.errors import UnsupportedError
from proto_utils.opening import open_source

_ORBAX = {"_CHECKPOINT_METADATA", "_METADATA", "_sharding", "manifest.ocdbt"}
_ORBAX_FOLDER = re.compile(r"ocdbt\.process_\d+|.+\.orbax-checkpoint-tmp.*")
_ZARR = (".zarray", ".zgroup", "zarr.json")
#: What holds one checkpoint per step: ``checkpoint_1000``, ``1000``, ``step_1000``.
_STEP = re.compile(r"(?:checkpoint_|step_|ckpt_)?\d+")
_MSGPACK = "a MessagePack file"
_VALUES = ("variables.index", "variables", "variables-00000-of-00001")
_MAX_LOOKED_AT = 100
_HEAD_NBYTES = 64
#: Names that say it alone, and what they say; the first that is there counts.
_NAMES: tuple[tuple[str, str], ...] = (
    (r"flax_model.*\.msgpack", "a Flax model (msgpack)"),
    (r"pytorch_model.*\.bin|.+\.(?:pt|pth)|data\.pkl", "a directory of a PyTorch model"),
    (r"model\.json", "a TensorFlow.js model"),
    (r"model\.weights\.h5", "an unpacked Keras model (.keras), whose model.weights.h5 holds the weights"),
    (r"(?:tf_model|.+\.weights|.+)\.(?:h5|hdf5)", "a directory of HDF5 files, as Keras writes weights"),
    (r".+\.safetensors", "a directory of safetensors files"),
    (r".+\.np[yz]", "a directory of NumPy arrays"),
    (r".+\.onnx", "a directory of ONNX models"),
    (r".+\.tflite", "a directory of TensorFlow Lite models"),
)


def describe_directory(path: str, names: Iterable[str]) -> str | None:
    """Return what a directory holds, in words that follow "this is"; None when nothing is known of it.

    Only names are looked at, and the first bytes of a few files.
    """
    names = sorted(names)
    found = _of_jax(path, names)
    if found is not None:
        return found
    for name in (name for name in names if _STEP.fullmatch(name)):
        step = os.path.join(path, name)
        found = _of_jax(step, _listed(step)) if places.isdir(step) else _of_file(step)
        if found is not None:
            return f"a directory of checkpoints; {name} in it is {found}"
    if any(places.isfile(os.path.join(path, "variables", name)) for name in _VALUES):
        return "a SavedModel that lacks its saved_model.pb; variables/variables in it is a checkpoint"
    return next((what for pattern, what in _NAMES for name in names if re.fullmatch(pattern, name)), None)


def _of_jax(path: str, names: Iterable[str]) -> str | None:
    """Return whose checkpoint it is, of those that JAX programs write: a MessagePack file, Zarr arrays, or both."""
    names = set(names)
    if names & _ORBAX or any(map(_ORBAX_FOLDER.fullmatch, names)):
        return "an Orbax checkpoint, as Flax and MaxText write"
    holds_zarr = any(
        places.exists(os.path.join(path, name, member)) for name in sorted(names)[:_MAX_LOOKED_AT] for member in _ZARR
    )
    has_tree = _of_file(os.path.join(path, "checkpoint")) is not None
    if holds_zarr or names & set(_ZARR):
        return "a T5X or Flax checkpoint (msgpack and Zarr folders)" if has_tree else "a directory of Zarr arrays"
    return "a Flax or T5X checkpoint (msgpack)" if has_tree else None


def _of_file(path: str) -> str | None:
    """Return whose checkpoint a file is, when it is a MessagePack file."""
    # Not `open`: it would wait for a pipe.
    with contextlib.suppress(OSError, UnsupportedError), contextlib.closing(open_source(path)) as source:
        if describe(source.read(0, min(source.size, _HEAD_NBYTES)), path).startswith(_MSGPACK):
            return "a Flax checkpoint (msgpack)"
    return None


def _listed(path: str) -> list[str]:
    with contextlib.suppress(OSError):
        return places.listdir(path)
    return []
