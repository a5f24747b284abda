"""What goes into the data files of a checkpoint: keys and tensors, checked, and dealt out among the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.varint import encode_varint

#: A key of the index, and what is to stand under it.
Row = tuple[bytes, Tensor]


def check_rows(prefix: str, named: Sequence[Row]) -> None:
    """Refuse what cannot be written before anything is."""
    previous = b""
    for name, tensor in named:
        if name == previous:
            reason = "a tensor without a name" if not name else f"two tensors are named {name!r}"
            raise UnsupportedError(reason, path=prefix)
        if tensor.dtype.itemsize == 0 and tensor.dtype is not dtypes.STRING and tensor.stored is None:
            reason = f"tensor {name.decode(errors='replace')!r} is a {tensor.dtype.name}: it has no values to save"
            raise UnsupportedError(reason, path=prefix)
        previous = name


def refuse_faults(rows: Iterable[Row]) -> None:
    """Refuse values that are lost, before any is written."""
    for _, tensor in rows:
        fault = tensor.fault
        if fault is not None:
            raise fault


def deal_rows(named: Sequence[Row], shard_nbytes: int | None) -> list[list[Row]]:
    """Divide the tensors among shards: their number is part of every shard's name."""
    if shard_nbytes is None:
        return [list(named)]
    shards: list[list[Row]] = [[]]
    total = 0
    for name, tensor in named:
        nbytes = _stored_nbytes(tensor)
        if total and nbytes and total + nbytes > shard_nbytes:
            shards.append([])
            total = 0
        shards[-1].append((name, tensor))
        total += nbytes
    return shards


def _stored_nbytes(tensor: Tensor) -> int:
    if tensor.dtype is not dtypes.STRING:
        return tensor.nbytes
    return 4 + sum(len(encode_varint(len(element))) + len(element) for element in tensor.strings())
