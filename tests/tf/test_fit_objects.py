"""Models with one layer more, whose keys are positions: TensorFlow restores each value to its variable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.tools.fit import fit
from tests.tf.judge import TensorFlow

OLD, NEW = ["d1", "d2", "d3"], ["d1", "adapter", "d2", "d3"]


def fitted(target: str, source: str, destination: Path, **options: Any) -> Any:
    model = gs.load(target)
    report = fit(model, gs.load_checkpoint(source), **options)
    if model.saved_model is not None:
        gs.save(model, destination, to="saved_model")
    else:
        gs.save(model, destination, links="hard")
    return report


def with_zeros(values: dict[str, float], names: list[str]) -> dict[str, float]:
    """What is wanted in the new model: what was in the old one, and zeros."""
    suffixes = {name.partition("/")[2] for name in values}
    return {f"{name}/{end}": values.get(f"{name}/{end}", 0.0) for name in names for end in suffixes}


@pytest.mark.parametrize("optimizer", ["Adam", "SGD", "RMSprop"])
def test_one_layer_more_in_keras_3(tf2: TensorFlow, tmp_path: Path, optimizer: str):
    """Its slots follow the variables; in the same process optimizers are counted, so their scopes differ."""
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    values = tf2.call("object_layers:save_keras", prefix=old, names=OLD, optimizer=optimizer)
    assert len(values) > 6
    tf2.call("object_layers:save_keras", prefix=new, names=NEW, optimizer=optimizer, first=100)
    with pytest.raises(gs.PassError, match="tensors have no value that fits"):
        fitted(new, old, tmp_path / "x")
    report = fitted(new, old, tmp_path / "x", missing="zeros")
    assert report.notes[0].startswith("names count where keys and names disagree")
    found = tf2.call("object_layers:restore_keras", prefix=str(tmp_path / "x"), names=NEW, optimizer=optimizer)
    assert found == with_zeros(values, NEW)


def test_one_layer_less_in_keras_3(tf2: TensorFlow, tmp_path: Path):
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    values = tf2.call("object_layers:save_keras", prefix=old, names=NEW, optimizer="Adam")
    tf2.call("object_layers:save_keras", prefix=new, names=OLD, optimizer="Adam", first=100)
    fitted(new, old, tmp_path / "x")
    found = tf2.call("object_layers:restore_keras", prefix=str(tmp_path / "x"), names=OLD, optimizer="Adam")
    assert found == {name: value for name, value in values.items() if not name.startswith("adapter")}


def test_one_layer_more_in_objects_as_of_keras_2(tf: TensorFlow, tmp_path: Path):
    old, values = tf.call("object_layers:save_objects", prefix=str(tmp_path / "old" / "ckpt"), names=OLD)
    new, _ = tf.call("object_layers:save_objects", prefix=str(tmp_path / "new" / "ckpt"), names=NEW, first=100)
    fitted(new, old, tmp_path / "x", missing="zeros")
    found = tf.call("object_layers:restore_objects", prefix=str(tmp_path / "x"), names=NEW)
    assert found == with_zeros(values, NEW)


def test_between_saved_models_and_checkpoints_of_one_model(tf2: TensorFlow, tmp_path: Path):
    """Everything is found by the names in both object graphs, whatever the keys; an export's twins get the same."""
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    places: dict[str, Any] = {"directory": str(tmp_path / "saved"), "export": str(tmp_path / "export")}
    values = tf2.call("object_layers:save_keras", prefix=first, names=OLD, optimizer="Adam", **places)
    others: dict[str, Any] = {"directory": str(tmp_path / "saved2"), "export": str(tmp_path / "export2")}
    tf2.call("object_layers:save_keras", prefix=second, names=OLD, optimizer="Adam", first=50, **others)
    for kind in ("saved", "export"):
        report = fitted(second, str(tmp_path / kind), tmp_path / f"from_{kind}", missing="zeros")
        prefix = str(tmp_path / f"from_{kind}")
        found = tf2.call("object_layers:restore_keras", prefix=prefix, names=OLD, optimizer="Adam")
        assert found == (values if kind == "saved" else {n: 0.0 if " " in n else v for n, v in values.items()})
        report = fitted(str(tmp_path / f"{kind}2"), first, tmp_path / f"into_{kind}")
        assert not report.unresolved
        assert any("one tensor goes to several keys" in note for note in report.notes) == (kind == "export")
        served = [tf2.call("object_layers:served", directory=str(tmp_path / name)) for name in (kind, f"into_{kind}")]
        assert served[0] == served[1]


def test_average_by_names(tf2: TensorFlow, tmp_path: Path):
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    values = tf2.call("object_layers:save_keras", prefix=old, names=OLD, optimizer="Adam")
    others = tf2.call("object_layers:save_keras", prefix=new, names=NEW, optimizer="Adam", first=100)
    tensors = gs.load_checkpoint(new)
    edited = dict(tensors)
    gs.average(edited, [gs.load_checkpoint(old)], missing="keep")
    gs.save_checkpoint(edited, tmp_path / "x")
    found = tf2.call("object_layers:restore_keras", prefix=str(tmp_path / "x"), names=NEW, optimizer="Adam")
    assert found == {name: (value + values.get(name, value)) / 2 for name, value in others.items()}


def test_the_handed_case():
    cases = Path(__file__).resolve().parents[3] / "shared" / "cases" / "checkpoints" / "positional"
    if not cases.exists():
        pytest.skip("no ../shared")
    model, source = gs.load(cases / "new" / "ckpt"), gs.load_checkpoint(cases / "old" / "ckpt")
    report = fit(model, source, missing="zeros")
    ways = {row.name.split("/")[2]: row.source and row.source.split("/")[2] for row in report.rows}
    assert ways == {"1": "1", "2": None, "3": "2", "4": "3"}
