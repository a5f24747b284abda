"""Object graphs: what TensorFlow 2 knows of its variables is what we say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.find import find_tensor
from graphsurgeon.tools.checkpoint_rows import CheckpointRows, Naming
from graphsurgeon.variables.object_graph import ObjectGraph, read_object_graph
from tests.tf.bundle_specs import digest_of
from tests.tf.judge import TensorFlow

OPTIMIZERS = {
    "adam": {"m", "v"},
    "momentum": {"momentum"},
    "rmsprop": {"rms", "mg", "momentum"},
    "ftrl": {"accum", "linear"},
    "sgd": set(),
}


def graph_of(prefix: str) -> ObjectGraph:
    found = read_object_graph(Bundle(prefix))
    assert found is not None
    return found


def check_names_ways_and_slots(prefix: str, known: Any) -> set[str]:
    """Compare with what TensorFlow knew when it saved; return the names of the slots."""
    assert {name: list(entry.shape) for name, entry in Bundle(prefix).entries.items()} == known["listed"]
    found = detect(prefix)
    for name, digest in {**known["ways"], **known["names"]}.items():
        assert digest_of(find_tensor(found, name)[1]) == digest, name
    rows = list(CheckpointRows(Bundle(prefix), Naming("full", graph_of(prefix))))
    full_names = {row["name"]: row["full_name"] for row in rows}
    slots = [
        [full_names[row["slot_of"]], row["slot"], row["full_name"], digest_of(find_tensor(found, row["path"])[1])]
        for row in rows
        if row["slot"] is not None
    ]
    assert sorted(slots) == sorted(known["slots"])
    assert all(row["name"].startswith(f"{row['path']}/.ATTRIBUTES/") for row in rows if row["path"] is not None)
    assert [row["name"] for row in rows if row["path"] is None] == ["_CHECKPOINTABLE_OBJECT_GRAPH"]
    return {slot[1] for slot in slots}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_names_ways_and_slots(tf2: TensorFlow, tmp_path: Path, optimizer: str):
    prefix = str(tmp_path / "ck")
    known = tf2.call("object_checkpoints:save", prefix=prefix, optimizer=optimizer)
    assert check_names_ways_and_slots(prefix, known) == OPTIMIZERS[optimizer]
    objects = graph_of(prefix)
    trainers = {slot.optimizer for slot in objects.slots.values()}
    assert [objects.path(number) for number in objects.optimizers()] == ["trainer"] * len(trainers)


def test_saved_with_a_session(tf: TensorFlow, tmp_path: Path):
    prefix = str(tmp_path / "ck")
    known = tf.call("object_checkpoints:save_session", prefix=prefix)
    assert check_names_ways_and_slots(prefix, known) == {"m", "v"}


def test_attributes(tf2: TensorFlow, tmp_path: Path):
    prefix = str(tmp_path / "ck")
    tf2.call("object_checkpoints:save", prefix=prefix, optimizer="adam")
    theirs, ours = tf2.call("object_checkpoints:objects", prefix=prefix), graph_of(prefix)
    assert len(ours) == theirs["count"]
    assert {key: each.full_name for key, each in ours.attributes.items()} == theirs["attributes"]


def test_registered_savers(tf2: TensorFlow, tmp_path: Path):
    prefix = str(tmp_path / "ck")
    name = tf2.call("object_checkpoints:save_registered", prefix=prefix)
    (saver,) = graph_of(prefix).registered_savers()
    assert (saver.name, graph_of(prefix).path(saver.node)) == (name, "counter")


def test_object_graphs_that_others_wrote(tf2: TensorFlow, shared_models: Path):
    count = 0
    for path in sorted(shared_models.rglob("*.index")):
        prefix = str(path).removesuffix(".index")
        if "_CHECKPOINTABLE_OBJECT_GRAPH" not in Bundle(prefix) or not list(path.parent.glob(f"{path.stem}.data-*")):
            continue
        theirs, ours = tf2.call("object_checkpoints:objects", prefix=prefix), graph_of(prefix)
        assert {key: each.full_name for key, each in ours.attributes.items()} == theirs["attributes"]
        assert len(ours) == theirs["count"]
        assert all(key.startswith(f"{ours.path(each.node)}/") for key, each in ours.attributes.items())
        count += 1
    assert count >= 3
