"""What the files of a V2 checkpoint are called, and its tensors in the index."""

from __future__ import annotations

from graphsurgeon.names import bytes_of
from proto_utils.errors import UnsupportedError


def index_path(prefix: str) -> str:
    """Return the path of a checkpoint's index."""
    return f"{prefix}.index"


def shard_path(prefix: str, shard_id: int, num_shards: int) -> str:
    """Return the path of one data shard."""
    return f"{prefix}.data-{shard_id:05d}-of-{num_shards:05d}"


def encode_name(name: str) -> bytes:
    """Return a tensor's key. Names that are not UTF-8 are read with surrogate escapes, and go back as they were."""
    try:
        return bytes_of(name)
    except UnicodeEncodeError as error:
        raise UnsupportedError(f"the name {name!r} is no Unicode") from error
