"""``--sync``: what a verb writes is on the disk when it ends, first the values and last what names them."""

from __future__ import annotations

import os
from pathlib import Path

import click
import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.cli.group import VerbGroup, cli
from proto_utils import disk
from tests.notation import model

PB, NEW, WEIGHTS = "x.pb", "out/new", "w"

#: Verbs, of each way to write one.
VERBS = [
    ["convert", PB, "-o", "out/x.pbtxt"],
    ["convert", PB, "-o", "out/saved", "--to", "saved_model"],
    ["unfreeze", PB, "-o", NEW],
    ["compact", WEIGHTS, "-o", NEW],
    ["rename", WEIGHTS, "-o", NEW, "--add-scope", "s"],
    ["cast", WEIGHTS, "-o", NEW, "--dtype", "float64"],
    ["export", WEIGHTS, "-o", "out/x.npz"],
    ["export", WEIGHTS, "-o", "out/x.safetensors"],
    ["export", WEIGHTS, "-o", "out/arrays/"],
    ["cat", WEIGHTS, "a", "-o", "out/a.npy"],
]


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was synced, by inode, and what was renamed."""
    text = "x = Placeholder {dtype: f32}; w = Const {f32 [4,600]}; y = MatMul(x, w)"
    gs.save(model(text), tmp_path / PB)
    gs.save_checkpoint({"a": np.ones((40, 3), np.float32), "b": np.ones(3, np.float32)}, tmp_path / WEIGHTS)
    monkeypatch.chdir(tmp_path)
    found: list[tuple[str, int]] = []
    for name in ("sync", "sync_file", "sync_directory", "rename"):
        monkeypatch.setattr(disk, name, noted(name, getattr(disk, name), found))
    return found


def noted(name, real, found):
    def call(*arguments):
        where = os.fstat(arguments[0]) if name == "sync" else os.stat(arguments[0])
        found.append((name, where.st_ino))
        real(*arguments)

    return call


@pytest.mark.parametrize("arguments", VERBS, ids=lambda arguments: " ".join(arguments[:1] + arguments[3:4]))
def test_everything_is_synced_before_it_counts(verb, steps, tmp_path, arguments):
    assert verb(*arguments, "--sync").code == 0
    synced = {inode: index for index, (name, inode) in enumerate(steps) if name in ("sync", "sync_file")}
    files = {path: path.stat().st_ino for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert set(files.values()) <= set(synced)
    assert (tmp_path / "out").stat().st_ino in [inode for name, inode in steps[-2:] if name == "sync_directory"]
    assert tmp_path.stat().st_ino in [inode for name, inode in steps if name == "sync_directory"]
    index, state = (files.get(tmp_path / "out" / name) for name in ("new.index", "checkpoint"))
    if index is not None and state is not None:
        values = files[tmp_path / "out" / "new.data-00000-of-00001"]
        assert synced[values] < synced[index] < steps.index(("rename", index)) < steps.index(("rename", state))
        assert synced[state] < steps.index(("rename", state))
        # The directory too, between the index and what names it.
        assert "sync_directory" in [name for name, _ in steps[steps.index(("rename", index)) :][:3]]


@pytest.mark.parametrize("arguments", VERBS, ids=lambda arguments: " ".join(arguments[:1] + arguments[3:4]))
def test_without_it_new_output_waits_for_nothing(verb, steps, arguments):
    assert verb(*arguments).code == 0
    assert [step for step in steps if step[0] != "rename"] == []


def test_every_verb_that_writes_has_it():
    assert isinstance(cli, VerbGroup)
    context = click.Context(cli)
    for name in cli.list_commands(context):
        verb = cli.get_command(context, name)
        assert verb is not None
        shown = {flag for each in verb.params if not getattr(each, "hidden", False) for flag in each.opts}
        if {"-o", "--output-path", "--output_graph", "--force"} & shown or name in ("prune-checkpoints", "recover"):
            assert "--sync" in shown, name
