"""Edits of checkpoints of objects: `tf.train.Checkpoint` finds what it did before, by the object graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.edits.merge import merge
from graphsurgeon.edits.select import select
from graphsurgeon.edits.strip_optimizer import strip_optimizer
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.load import load, load_checkpoint
from graphsurgeon.formats.save import save, save_checkpoint
from graphsurgeon.passes.rename import rename
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from graphsurgeon.tools.recipe.apply import apply_recipe
from graphsurgeon.tools.recipe.syntax import parse_recipe
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, object_graph_text
from tests.tf.editing import edited, files, read, scoped, written
from tests.tf.judge import TensorFlow

#: One of two layers, and what belongs to both.
LEFT = (".*/left/.*", "save_counter/.*", ".*_power/.*")
END = "/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.fixture
def saved(tf: TensorFlow, tmp_path: Path) -> tuple[Path, dict[str, float]]:
    path, values = tf.call("index_edits:save_objects", prefix=str(tmp_path / "src" / "ckpt"))
    assert len(set(values.values())) > 8
    return Path(path), values


def restored(tf: TensorFlow, prefix: Path, check: str, *sides: str) -> dict[str, float]:
    found: dict[str, float] = tf.call("index_edits:restore_objects", prefix=str(prefix), sides=sides, check=check)
    return found


def test_select(reader, saved, tmp_path):
    source, values = saved
    before = files(tmp_path / "src")
    edited(source, lambda tensors: select(tensors, keep=LEFT), tmp_path / "x")
    left = {name: value for name, value in values.items() if name.startswith("left/")}
    assert restored(reader, tmp_path / "x", "assert_existing_objects_matched", "left") == left
    both = restored(reader, tmp_path / "x", "expect_partial", "left", "right")
    assert both == {name: left.get(name, -1.0) for name in values}
    assert files(tmp_path / "src") == before


def test_without_slots(reader, saved, tmp_path):
    source, values = saved
    edited(source, lambda tensors: select(tensors, drop=(".*OPTIMIZER_SLOT.*",)), tmp_path / "x")
    found = restored(reader, tmp_path / "x", "expect_partial", "left", "right")
    assert found == {name: -1.0 if name[-2:] in ("/m", "/v") else value for name, value in values.items()}


def test_new_keys(reader, saved, tmp_path):
    source, values = saved
    edited(source, scoped, tmp_path / "x")
    assert {name[:7] for name in load_checkpoint(tmp_path / "x")} == {"my/own/", OBJECT_GRAPH_KEY[:7]}
    assert restored(reader, tmp_path / "x", "assert_consumed", "left", "right") == values


def test_merge(tf, reader, saved, tmp_path):
    """The objects of the first are found where they were, those of others below their scopes."""
    source, values = saved
    written(tf, tmp_path / "second" / "m")
    path, _ = tf.call("index_edits:save_objects", prefix=str(tmp_path / "third" / "ckpt"))
    checkpoint = EditedCheckpoint(source)
    merge(
        checkpoint.tensors,
        [load_checkpoint(tmp_path / "second" / "m"), load_checkpoint(path)],
        prefix=("1=first", "b=b", "c=c"),
    )
    checkpoint.save(str(tmp_path / "x"))
    assert restored(reader, tmp_path / "x", "assert_existing_objects_matched", "left", "right") == values
    found = read(reader, tmp_path / "x")
    wanted = {f"b/{name}": value for name, value in read(tf, tmp_path / "second" / "m").items()}
    assert {name: value for name, value in found.items() if name.startswith("b/")} == wanted


def test_merged_objects_are_found_together(tf2, tmp_path):
    for name, parts in (("a", ["body", "tail"]), ("b", ["head"])):
        tf2.call("index_edits:save_parts", prefix=str(tmp_path / name), names=parts)
    checkpoint = EditedCheckpoint(tmp_path / "a")
    assert merge(checkpoint.tensors, [load_checkpoint(tmp_path / "b")]).notes == []
    checkpoint.save(str(tmp_path / "x"))
    found = tf2.call("index_edits:match_parts", prefix=str(tmp_path / "x"), names=["body", "head", "tail"])
    assert found == {"values": {"body": [[1, 2], [5]], "head": [[1, 2], [5]], "tail": [[2, 2], [6]]}, "said": ""}


def test_in_place_and_again(reader, saved, tmp_path):
    source, values = saved
    edited(
        source,
        lambda tensors: select(tensors, keep=LEFT),
        source,
        force=True,
    )
    edited(source, scoped, source, force=True)
    save_checkpoint(Bundle(source), source, byteorder="big", force=True)
    left = {name: value for name, value in values.items() if name.startswith("left/")}
    assert restored(reader, source, "assert_existing_objects_matched", "left") == left


def test_keras(tf2, tmp_path):
    path, values = tf2.call("index_edits:save_keras", prefix=str(tmp_path / "src" / "ckpt"))
    edited(Path(path), scoped, tmp_path / "x")
    assert tf2.call("index_edits:restore_keras", prefix=str(tmp_path / "x"), check="assert_consumed") == values
    # The shortest way to a weight of the model is through the optimizer: not all that is there is the optimizer's.
    edited(Path(path), lambda tensors: select(tensors, drop=("optimizer/_variables/.*",)), tmp_path / "y")
    found = tf2.call("index_edits:restore_keras", prefix=str(tmp_path / "y"), check="expect_partial")
    assert found[:6] == values[:6]
    assert min(found[6:]) >= 1000


@pytest.mark.parametrize(
    "edit",
    [
        lambda tensors: select(tensors, drop=("model/head/.*",)),
        lambda tensors: select(tensors, keep=("model/body/.*", "model/tail/.*")),
        lambda tensors: strip_optimizer(tensors, drop=("model/head/.*",)),
        lambda tensors: apply_recipe(tensors, parse_recipe("- select: {drop: 'model/head/.*'}")),
    ],
)
def test_a_part_is_what_tensorflow_writes_of_it(tf2, tmp_path, edit):
    """The same object graph, byte for byte; and restoring notices what is missing."""
    tf2.call("index_edits:save_parts", prefix=str(tmp_path / "full"), names=["body", "head", "tail"])
    tf2.call("index_edits:save_parts", prefix=str(tmp_path / "part"), names=["body", "tail"])
    edited(tmp_path / "full", edit, tmp_path / "x")
    texts = [object_graph_text(load_checkpoint(tmp_path / name)) for name in ("x", "part")]
    assert texts[0] == texts[1]
    found = tf2.call("index_edits:match_parts", prefix=str(tmp_path / "x"), names=["body", "head", "tail"])
    assert found["values"] == {"body": [[1, 2], [5]], "head": [[-1, -1], [-1]], "tail": [[3, 2], [7]]}
    assert found["said"]
    assert not tf2.call("index_edits:match_parts", prefix=str(tmp_path / "x"), names=["body", "tail"])["said"]


def test_a_renamed_object_is_found_by_its_new_name(tf2, tmp_path):
    tf2.call("index_edits:save_parts", prefix=str(tmp_path / "full"), names=["body", "head"])
    model = load(tmp_path / "full")
    report = rename(model, map={f"model/head/{each}{END}": f"model/top/{each}{END}" for each in ("kernel", "bias")})
    assert not report.notes
    save(model, tmp_path / "x")
    found = tf2.call("index_edits:match_parts", prefix=str(tmp_path / "x"), names=["body", "top"])
    assert found == {"values": {"body": [[1, 2], [5]], "top": [[2, 2], [6]]}, "said": ""}
    assert tf2.call("index_edits:match_parts", prefix=str(tmp_path / "x"), names=["body", "head"])["said"]


def test_a_key_that_its_object_cannot_follow_is_told(tf2, tmp_path):
    tf2.call("index_edits:save_parts", prefix=str(tmp_path / "full"), names=["body", "head"])
    model = load(tmp_path / "full")
    (note,) = rename(model, map={f"model/head/kernel{END}": f"model/top/kernel{END}"}).notes
    assert "still at model/head/kernel" in note
    save(model, tmp_path / "x")
    assert not tf2.call("index_edits:match_parts", prefix=str(tmp_path / "x"), names=["body", "head"])["said"]
