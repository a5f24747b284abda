"""V1 checkpoints: which tensors they hold.

::

    prefix, or prefix-00000-of-00002 ...   each a table (`graphsurgeon.formats.table`):
                                             ""     -> SavedTensorSlices{meta: names, shapes, types, slices}
                                             slice  -> SavedTensorSlices{data: a TensorProto}

Their values are not read yet. Source: TensorFlow's ``core/util/saved_tensor_slice.proto``.
"""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Iterator, Sequence

from graphsurgeon.dtypes import DType
from graphsurgeon.formats.message import locating
from graphsurgeon.formats.table import Table
from graphsurgeon.tensor import Tensor
from proto_utils import schema
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from proto_utils.files import FileSource


class V1Tensor(Tensor):
    """A tensor of a V1 checkpoint: its dtype and shape are known, its values cannot be read yet."""

    __slots__ = ("_name", "_path")

    def __init__(self, dtype: DType, shape: Sequence[int], name: str, path: str) -> None:
        super().__init__(dtype, shape)
        self._name = name
        self._path = path

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Refuse: raises UnsupportedError."""
        raise self._refusal()

    def strings(self) -> Iterator[bytes]:
        """Refuse: raises UnsupportedError."""
        raise self._refusal()

    def _refusal(self) -> UnsupportedError:
        return UnsupportedError(
            f"tensor {self._name!r} is in a V1 checkpoint, whose values are not read yet",
            path=self._path,
            hint="tf.compat.v1.train.Saver restores it, and saves it in the V2 format",
        )


def read_v1(prefix: str) -> dict[str, Tensor]:
    """Read which tensors a V1 checkpoint holds.

    Parameters
    ----------
    prefix : str
        The file, or what the names of its shards begin with.

    Returns
    -------
    dict of str to Tensor
        By name, sorted; see `V1Tensor`.

    Raises
    ------
    NotFoundError
        There is no such file.
    CorruptionError
        It is damaged.
    """
    paths = [prefix] if os.path.isfile(prefix) else sorted(glob.glob(glob.escape(prefix) + "-?????-of-?????"))
    if not paths:
        raise NotFoundError("checkpoint", prefix)
    found: dict[str, Tensor] = {}
    for path in paths:
        with locating(path), contextlib.closing(FileSource(path)) as source:
            for meta in _meta(source, path).tensor:
                shape = [dim.size for dim in meta.shape.dim]
                found[meta.name] = V1Tensor(DType.from_number(meta.type), shape, meta.name, path)
    return dict(sorted(found.items()))


def _meta(source: FileSource, path: str) -> schema.SavedTensorSliceMeta:
    value = Table(source).get(b"")
    if value is None:
        raise CorruptionError("a V1 checkpoint without its list of tensors", path=path)
    return schema.parse(schema.SavedTensorSlices, value, path=path).meta
