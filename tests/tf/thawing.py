"""Unfreeze with graphsurgeon, and hold the result against what TensorFlow says of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

DATA = ".data-00000-of-00001"


def thaw(source: str | Path, prefix: Path, **options: Any) -> dict[str, Any]:
    """Unfreeze a file into a checkpoint; the report as JSON. ``options`` are those of the pass."""
    model = gs.load(str(source))
    report = gs.unfreeze(model, **options)
    gs.save(model, str(prefix), force=True)
    answer: dict[str, Any] = report.to_json()
    return answer


def assert_runs_equal(tf: TensorFlow, pb: str | Path, prefix: Path, outputs: Iterable[str], **how: Any) -> None:
    """The restored graph gives the frozen one's bits at every output, with Grappler off."""
    wanted = list(outputs)
    answer = tf.call("judging:compare", pb=str(pb), prefix=str(prefix), outputs=wanted, **how)
    assert answer == {"compared": wanted, "failed": {}, "random": [], "differ": {}}


def assert_same_variables(tf: TensorFlow, prefix: Path, expected: dict[str, Any], kind: str) -> None:
    """Names, dtypes, shapes, trainable flags and bits are those of the original variables; all are of one kind."""
    found = tf.call("judging:variables", prefix=str(prefix))["variables"]
    assert sorted(found) == sorted(expected)
    for name, facts in found.items():
        for key in ("dtype", "shape", "trainable", "bits"):
            assert facts[key] == expected[name][key], f"{key} of {name}"
        assert facts["trainable_attribute"] is facts["trainable"], name
        assert facts["resource"] is (kind == "resource"), name
        assert "variables" in facts["collections"], name


def assert_same_checkpoint(prefix: Path, original: str | Path) -> None:
    """The checkpoint's files are, byte for byte, those that TensorFlow's Saver wrote."""
    for suffix in (".index", DATA):
        assert Path(f"{prefix}{suffix}").read_bytes() == Path(f"{original}{suffix}").read_bytes(), suffix


def assert_sound(tf: TensorFlow, prefix: Path, names: Iterable[str]) -> None:
    """Initializers run and hold no weights, and a C++ caller restores and saves by the saver's names alone."""
    assert tf.call("judging:initialize", prefix=str(prefix)) == {"uninitialized": [], "not_zero": []}
    saved = tf.call("judging:restore_by_name", prefix=str(prefix))
    assert saved == tf.call("judging:checkpoint", prefix=str(prefix))
    assert sorted(saved) == sorted(names)


def assert_trains(tf: TensorFlow, prefix: Path, outputs: Iterable[str], **how: Any) -> None:
    """Every trainable variable has a gradient; steps move each and lower a loss; the trained values survive a save.

    With ``steps=0`` the gradients are only built, not run.
    """
    answer = tf.call("training:train", prefix=str(prefix), outputs=list(outputs), **how)
    assert answer["no_gradient"] == []
    if not how.get("steps", True):
        return
    assert answer["unchanged"] == []
    assert answer["losses"][1] < answer["losses"][0]
    assert answer["resaved"] is True
