"""`tf.train.NewCheckpointReader` without TensorFlow.

Three things are better than there: partitioned tensors and all dtypes of V1 checkpoints are read, which TensorFlow
refuses as not supported; a shard that is too short for what the index says is found when the checkpoint is opened, and
so is an index given for a prefix; and the text of a V1 checkpoint is in the order of the names, not of a hash table
that changes from version to version.

Errors are of the kinds that TensorFlow 1.15 raises; 2.21 raises a bare OpError of the same text for many of them.

Source: TensorFlow's ``c/checkpoint_reader.cc``, ``core/util/tensor_slice_reader.cc`` and
``core/util/tensor_bundle/tensor_bundle.cc``.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from graphsurgeon import errors
from graphsurgeon.compat.checkpoint.matching import matching_files
from graphsurgeon.compat.dtypes import DType
from graphsurgeon.compat.errors import (
    DataLossError,
    InternalError,
    NotFoundError,
    ResourceExhaustedError,
    UnimplementedError,
    of_os_error,
    raised,
)
from graphsurgeon.compat.local_path import local_path
from graphsurgeon.errors import CorruptionError, LimitError, UnsupportedError, near_names
from graphsurgeon.formats.bundle_names import encode_name, index_path
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.slices import encode_slice_key
from graphsurgeon.formats.state_file import is_v1_file
from graphsurgeon.formats.table import FOOTER_NBYTES, is_table
from graphsurgeon.formats.v1 import V1Checkpoint
from graphsurgeon.names import text_of
from graphsurgeon.tensors.values import OpaqueTensor
from proto_utils.opening import open_source

_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


class CheckpointReader:
    """The tensors of a checkpoint, V2 or V1, as `tf.train.NewCheckpointReader` gives them.

    Opening reads the index, of a V1 the lists of tensors; values are read when they are asked for.

    Parameters
    ----------
    filename : str, bytes or path
        The prefix of a V2 checkpoint; of a V1 its file, or the pattern of its shards (``model-?????-of-00002``).

    Raises
    ------
    NotFoundError
        Nothing is there.
    DataLossError
        It is damaged, or no checkpoint: a ``.meta`` or ``.data`` file for instance.
    UnimplementedError
        It is of a newer kind, or the pattern matches several checkpoints.
    """

    def __init__(self, filename: str | bytes | os.PathLike[str]) -> None:
        pattern = os.fsdecode(filename)
        self._stored = _open(pattern)
        self._what = "checkpoint file" if isinstance(self._stored, V1Checkpoint) else "checkpoint"

    def has_tensor(self, tensor_str: str | bytes) -> bool:
        """Return whether there is a tensor of that name."""
        return _name(tensor_str) in self._stored

    def get_tensor(self, tensor_str: str | bytes) -> Any:
        """Read a tensor.

        Parameters
        ----------
        tensor_str : str or bytes
            Its name, without a ``:0``.

        Returns
        -------
        numpy.ndarray, numpy scalar or bytes
            Owned by the caller. A tensor of rank 0 is a scalar, of strings ``bytes``; strings are an object array of
            bytes, quantized values plain integers.

        Raises
        ------
        NotFoundError
            There is no such tensor, or the shard that holds it is missing.
        DataLossError
            It is damaged.
        InternalError
            It is a variant or a resource, of which numpy has no form.
        """
        name = _name(tensor_str)
        if name not in self._stored:
            key = f"Key {name}" if isinstance(self._stored, Bundle) else name
            message = f"{key} not found in {self._what}"
            raise raised(NotFoundError, message, kind="tensor", name=name, near=near_names(name, self._stored))
        with _told_as_tensorflow_does(self._stored.prefix):
            tensor = self._stored[name]
            if not tensor.dtype.itemsize and (isinstance(tensor, OpaqueTensor) or tensor.dtype.name != "string"):
                message = f"{tensor.dtype.name} is not convertible to numpy dtype"
                raise raised(InternalError, message, path=self._stored.prefix)
            # An empty index makes a scalar of an array of rank 0, and leaves others alone.
            return tensor.numpy()[()]

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """Return the shapes of all tensors by name, sorted; partitioned ones are one tensor each."""
        return {name: list(entry.shape) for name, entry in self._stored.entries.items()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """Return the dtypes of all tensors by name, sorted.

        Returns
        -------
        dict of str to graphsurgeon.compat.dtypes.DType
            Equal to TensorFlow's and to numpy's.
        """
        return {name: DType(entry.dtype.number) for name, entry in self._stored.entries.items()}

    def debug_string(self) -> bytes:
        r"""Return a line per tensor, sorted: ``conv/weights (DT_FLOAT) [3,3,8,16]``.

        Of a partitioned tensor a V2 checkpoint has a line for each slice under its encoded key, which is not UTF-8;
        a V1 has one line with the number of slices.
        """
        return b"".join(sorted(self._lines()))

    def _lines(self) -> Iterator[bytes]:
        stored = self._stored
        for name, entry in stored.entries.items():
            key = encode_name(name)
            if isinstance(stored, V1Checkpoint):
                slices = f", {len(entry.slices)} slices" if len(entry.slices) > 1 else ""
                yield _line(key, entry.dtype.tf_name, entry.shape, slices)
            elif entry.slices:
                for extents, (_, part) in zip(entry.slices, stored.parts(name), strict=True):
                    yield _line(encode_slice_key(key, extents), part.dtype.tf_name, part.shape)
            else:
                yield _line(key, entry.dtype.tf_name, entry.shape)


def NewCheckpointReader(filepattern: str | bytes | os.PathLike[str]) -> CheckpointReader:  # noqa: N802 -- its name
    """Open a checkpoint; see `CheckpointReader`."""
    return CheckpointReader(filepattern)


def _name(text: str | bytes) -> str:
    if isinstance(text, bytes):
        return text_of(text)
    if isinstance(text, str):
        return text
    raise TypeError(f"Expected binary or unicode string, got {text!r}")


def _line(key: bytes, dtype: str, shape: Iterable[int], more: str = "") -> bytes:
    return key + f" ({dtype}) [{','.join(map(str, shape))}]{more}\n".encode()


def _open(given: str) -> Bundle | V1Checkpoint:
    pattern = local_path(given)
    if matching_files(index_path(pattern)):
        reason = _no_table(index_path(pattern))
        if reason:
            raise raised(DataLossError, f"{index_path(pattern)}: {reason.partition(': ')[2]}", path=index_path(pattern))
        with _told_as_tensorflow_does(pattern):
            return Bundle(pattern)
    files = matching_files(pattern)
    if not files:
        message = f"Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {given}"
        raise raised(NotFoundError, message, kind="checkpoint", name=given)
    for path in files:
        reason = _no_table(path)
        if reason:
            other = "perhaps your file is in a different file format and you need to use a different restore operator?"
            raise raised(DataLossError, f"Unable to open table file {path}: {reason}: {other}", path=path)
    with _told_as_tensorflow_does(pattern):
        checkpoint = V1Checkpoint(_v1_prefix(pattern, files))
    if not checkpoint.entries and pattern.endswith(".index"):
        # TensorFlow takes the header of a V2 index for an empty list of tensors, and finds none.
        message = f"Unable to open table file {pattern}: Data loss: it is the index of a V2 checkpoint"
        raise raised(DataLossError, message, path=pattern)
    return checkpoint


def _v1_prefix(pattern: str, files: list[str]) -> str:
    """Return what our reader calls the files that a pattern matches."""
    if files == [pattern]:
        return pattern
    stems = {_SHARD.sub("", path) for path in files}
    if len(stems) == 1 and not is_v1_file(min(stems)):
        return stems.pop()
    if len(files) == 1:
        return files[0]
    raise UnsupportedError(f"the pattern matches files of several checkpoints: {', '.join(files[:5])}", path=pattern)


def _no_table(path: str) -> str:
    """Return why a file is no table, in TensorFlow's words; empty when it may be one."""
    try:
        with contextlib.closing(open_source(path)) as source:
            if is_table(source):
                return ""
            is_short = source.size < FOOTER_NBYTES
    except FileNotFoundError as error:
        raise of_os_error(error, path) from error
    except (OSError, UnsupportedError) as error:
        return f"Failed precondition: {path}; {getattr(error, 'strerror', None) or 'Is a directory'}"
    return "Data loss: " + ("file is too short to be an sstable" if is_short else "not an sstable (bad magic number)")


@contextlib.contextmanager
def _told_as_tensorflow_does(prefix: str) -> Iterator[None]:
    try:
        yield
    except errors.NotFoundError as error:
        message = f"{error.name}; No such file or directory"
        raise raised(NotFoundError, message, kind=error.kind, name=error.name, near=error.near) from error
    except CorruptionError as error:
        what = f"TensorBundle at {prefix}: Checksum does not match: " if "checksum" in error.reason else ""
        raise raised(DataLossError, what + error.message, path=error.path) from error
    except UnsupportedError as error:
        if isinstance(error, InternalError):
            raise
        raise raised(UnimplementedError, error.message, path=error.path) from error
    except LimitError as error:
        raise raised(ResourceExhaustedError, error.message) from error
    except OSError as error:
        raise of_os_error(error) from error
