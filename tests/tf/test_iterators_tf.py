"""Checkpoints with tf.data iterators: `tf.train.Checkpoint` goes on where it was, whatever was done to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.cli.run import run
from graphsurgeon.formats.load import load_checkpoint
from tests.tf.judge import TensorFlow

STATE = "it/.ATTRIBUTES/ITERATOR_STATE"


@pytest.fixture(scope="module")
def saved(tf2: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Any]]:
    prefix = tmp_path_factory.mktemp("iterator") / "c"
    path, coming = tf2.call("iterators:save", prefix=prefix, taken=13)
    return path, coming


COMMANDS = {
    "compact": ["compact"],
    "convert": ["convert", "--to", "checkpoint"],
    "copied": ["rename", "--copy", "--map", "w/(.*)=v/\\1"],
    "another order": ["compact", "--shard-size", "200"],
    "cast": ["cast", "--dtype", "float64", "--exclude", "w/.*"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_it_continues(command: str, saved: tuple[str, list[Any]], tf2: TensorFlow, tmp_path: Path):
    path, coming = saved
    verb, *options = COMMANDS[command]
    assert run([verb, path, "-o", str(tmp_path / "new"), *options]) == 0
    assert run(["verify", str(tmp_path / "new")]) == 0
    if command != "copied":
        assert tf2.call("iterators:continued", prefix=tmp_path / "new", name="it") == coming
    copied = load_checkpoint(tmp_path / "new")
    assert b"".join(map(bytes, copied[STATE].encoded())) == b"".join(map(bytes, load_checkpoint(path)[STATE].encoded()))


def test_a_new_key_is_found(saved: tuple[str, list[Any]], tf2: TensorFlow, tmp_path: Path):
    path, coming = saved
    assert run(["rename", path, "-o", str(tmp_path / "new"), "--map", "it/(.*)=numbers/\\1"]) == 0
    assert tf2.call("iterators:continued", prefix=tmp_path / "new", name="numbers") == coming
    assert run(["verify", str(tmp_path / "new")]) == 0


def test_a_dropped_one_is_missed(saved: tuple[str, list[Any]], tf2: TensorFlow, tmp_path: Path):
    path, _ = saved
    assert run(["select", path, "-o", str(tmp_path / "new"), "--drop", "it/.*"]) == 0
    assert tf2.call("iterators:continued", prefix=tmp_path / "new", name="it") == "AssertionError"


def test_tensorflow_refuses_every_damage_that_we_do(saved: tuple[str, list[Any]], tf2: TensorFlow, tmp_path: Path):
    path, _ = saved
    entry = load_checkpoint(path)[STATE].stored
    assert entry is not None
    data = Path(f"{path}.data-00000-of-00001").read_bytes()
    index = Path(f"{path}.index").read_bytes()
    for number, offset in enumerate(range(entry.offset, entry.offset + entry.nbytes, 97)):
        damaged = bytearray(data)
        damaged[offset] ^= 4
        prefix = tmp_path / f"damaged{number}"
        Path(f"{prefix}.data-00000-of-00001").write_bytes(damaged)
        Path(f"{prefix}.index").write_bytes(index)
        assert run(["verify", str(prefix)]) == 1, offset
        assert run(["compact", str(prefix), "-o", str(tmp_path / "copy")]) == 3, offset
        assert isinstance(tf2.call("iterators:continued", prefix=prefix, name="it"), str), offset
