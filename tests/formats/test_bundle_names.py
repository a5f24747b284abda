"""Names of the files of a checkpoint, and keys of its tensors."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.bundle_names import encode_name, index_path, shard_path
from proto_utils.errors import UnsupportedError


def test_files_are_called_as_tensorflow_calls_them():
    assert index_path("a/model.ckpt") == "a/model.ckpt.index"
    assert shard_path("a/model.ckpt", 3, 12) == "a/model.ckpt.data-00003-of-00012"


def test_keys_are_the_bytes_that_were_read():
    assert encode_name("w\u00e9\udcff") == b"w\xc3\xa9\xff"
    with pytest.raises(UnsupportedError, match="no Unicode"):
        encode_name("\ud800")
