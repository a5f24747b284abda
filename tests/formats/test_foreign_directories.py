"""Directories that other programs write are called what they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.foreign_directories import describe_directory
from graphsurgeon.formats.state_file import read_state
from proto_utils.errors import UnsupportedError

TREE = b"\x82\xa9optimizer\x80\xa7version\x03"
FILES = {
    "T5X": ({"checkpoint": TREE, "target.encoder.kernel/.zarray": b"{}"}, "a T5X or Flax checkpoint (msgpack and Zarr"),
    "Orbax": ({"_METADATA": b"{}", "manifest.ocdbt": b"x", "d/abc": b"x"}, "an Orbax checkpoint"),
    "Orbax, of a step": ({"7/_CHECKPOINT_METADATA": b"{}", "7/state/d": b"x"}, "7 in it is an Orbax checkpoint"),
    "Flax": ({"checkpoint_5": TREE}, "checkpoint_5 in it is a Flax checkpoint (msgpack)"),
    "T5X, of a step": (
        {"checkpoint_9/checkpoint": TREE, "checkpoint_9/a/.zarray": b"{}"},
        "checkpoint_9 in it is a T5X or Flax",
    ),
    "Zarr": ({"a/zarr.json": b"{}"}, "Zarr arrays"),
    "PyTorch": ({"config.json": b"{}", "pytorch_model.bin": b"x"}, "PyTorch"),
    "safetensors": ({"config.json": b"{}", "model.safetensors": b"x"}, "safetensors"),
    "Keras": ({"metadata.json": b"{}", "model.weights.h5": b"x"}, "unpacked Keras model"),
    "TensorFlow.js": ({"model.json": b"{}", "group1-shard1of1.bin": b"x"}, "a TensorFlow.js model"),
    "a torn SavedModel": ({"variables/variables.index": b"x"}, "lacks its saved_model.pb"),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_named(tmp_path: Path, name: str):
    files, words = FILES[name]
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    with pytest.raises(UnsupportedError) as caught:
        detect(tmp_path)
    assert words in caught.value.message
    assert caught.value.path == str(tmp_path)


def test_nothing_is_known_of_others(tmp_path):
    assert describe_directory(str(tmp_path), ["README", "x"]) is None


def test_nobody_waits_for_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "checkpoint_1")
    os.mkfifo(tmp_path / "checkpoint")
    assert describe_directory(str(tmp_path), ["checkpoint", "checkpoint_1"]) is None


def test_another_program_s_checkpoint_file_is_no_state_file(tmp_path):
    """Nor is it written over as a damaged one would be."""
    (tmp_path / "checkpoint").write_bytes(TREE)
    with pytest.raises(UnsupportedError, match="MessagePack"):
        read_state(tmp_path)
