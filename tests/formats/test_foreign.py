"""Files that are not ours are called what they are."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.foreign import describe, describe_text, way_on
from proto_utils.varint import encode_varint


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as members:
        for name in names:
            members.writestr(name, b"x")
    return file.getvalue()


def npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def onnx(first_string: bytes) -> bytes:
    return b"\x08\x07\x12" + encode_varint(len(first_string)) + first_string + b"\x3a\x02\x0a\x00"


def record() -> bytes:
    length = (5).to_bytes(8, "little")
    return length + mask(crc32c(length)).to_bytes(4, "little") + b"hello0000"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "an empty file"),
        (b"\x89HDF\r\n\x1a\n0000", "HDF5"),
        (gzip.compress(b"x", mtime=0), "gzip"),
        (archive("model/data.pkl"), "PyTorch"),
        (archive("config.json"), "Keras"),
        (archive("arr_0.npy"), "NumPy archive"),
        (archive("readme"), "zip archive; name a file in it"),
        (b"\x1c\x00\x00\x00TFL3\x14\x00", "TensorFlow Lite"),
        (onnx(b"pytorch"), "ONNX"),
        (b'\x40\x00\x00\x00\x00\x00\x00\x00{"w":{"dtype":"F32"', "safetensors"),
        (pickle.dumps({"w": 1}, protocol=2), "pickle"),
        (npy(), "NumPy array"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (record(), "TFRecord"),
        (bytes(257) + b"ustar\x00", "tar archive"),
        (b"\x01\x02\x03", "begins with 01 02 03"),
    ],
)
def test_binary(data, expected):
    assert expected in describe(data, "x.pb")


def test_files_of_a_few_bytes():
    for head in (bytes([first, *rest]) for first in range(256) for rest in ([], [1], [1, 0x12], [1, 0x12, 9])):
        assert describe(head, "x")


def test_name_tells_what_was_expected():
    assert "no MetaGraphDef" in describe(b"\x01\x02", "model.ckpt.meta")


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "", "an HTML page"),
        (json.dumps({"modelTopology": {}}).encode(), "", "TensorFlow.js"),
        (b'{"a": 1}', "", "a JSON file"),
        (b"<?xml version", "", "an XML file"),
        (b" \n\n", "", "an empty text file"),
        (b'item { name: "cat" }', "item", "its first field is 'item'"),
        (b"# licence\n\na,b,c\n1,2,3\n", "", "begins with 'a,b,c'"),
    ],
)
def test_text(text, field, expected):
    assert expected in describe_text(text, field)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("an HDF5 file, as Keras writes .h5 weights and models", "import"),
        ("a zip archive: a NumPy archive (.npz)", "import"),
        ("a safetensors file", "import"),
        ("a MessagePack file, as Flax and T5X write checkpoints", "own library"),
        ("a zip archive: a PyTorch model", "PyTorch"),
    ],
)
def test_there_is_a_way_on(words, hint):
    assert hint in str(way_on(words))
    assert way_on("a PNG image") is None
