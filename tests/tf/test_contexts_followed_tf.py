"""Contexts after passes on what was unfrozen: TensorFlow 1.15 imports them, and trains as it did before the pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

Edit = Callable[[gs.Model, gs.Model], object]
#: By pass: the net, the edit, given a second model of the same net, and the scope that the net is in afterwards.
PASSES: dict[str, tuple[str, Edit, str]] = {
    "bypass": ("nested", lambda model, _: gs.bypass(model, nodes="while/Identity_1"), ""),
    "reroute": ("nested", lambda model, _: gs.reroute(model, map="while/while/Identity_1=while/while/Switch_1:1"), ""),
    "fold_constants": ("cond_in_while", lambda model, _: gs.fold_constants(model, outputs="output"), ""),
    "remove_training_nodes": ("cond_in_while", lambda model, _: gs.remove_training_nodes(model, outputs="output"), ""),
    "merge_duplicate_nodes": ("cond_in_while", lambda model, _: gs.merge_duplicate_nodes(model, outputs="output"), ""),
    "prune": ("nested", lambda model, _: gs.prune(model, outputs="output"), ""),
    "copy": ("nested", lambda model, _: gs.copy(model, nodes=".*", scope="twin"), "twin/"),
    "join": ("cond_in_while", lambda model, other: gs.join(model, other, prefixes=("one", "two")), "two/"),
    "rename": ("cond_in_while", lambda model, _: gs.rename(model, add_scope="my"), "my/"),
}
#: Where a second net came in, it reads what the first is fed.
FED = {"copy": "twin/input=input", "join": "two/input=one/input"}


def train(tf: TensorFlow, prefix: Path, names: list[str], scope: str = "") -> dict[str, bytes]:
    """Return the losses, gradients and weights of a net in a scope, by names without it."""
    options: dict[str, Any] = {
        "outputs": [f"{scope}output"],
        "trainable": [scope + name for name in names],
        "path": f"{prefix}.npz",
    }
    assert tf.call("loop_training:train", prefix=str(prefix), **options) == []
    with np.load(f"{prefix}.npz") as arrays:
        return {key.replace(scope, "", 1) if scope else key: value.tobytes() for key, value in arrays.items()}


@pytest.mark.parametrize("name", PASSES)
def test_trains_as_before(tf1: TensorFlow, tmp_path: Path, name: str):
    net, edit, scope = PASSES[name]
    facts = tf1.call("loop_training:make", net=net, directory=str(tmp_path), resource=False)
    model, other = gs.load(facts["pb"]), gs.load(facts["pb"])
    gs.unfreeze(model)
    gs.unfreeze(other)
    edit(model, other)
    if name in FED:
        gs.reroute(model, map=FED[name])
    gs.save(model, str(tmp_path / "edited"))
    wanted = train(tf1, Path(facts["prefix"]), facts["trainable"])
    assert train(tf1, tmp_path / "edited", facts["trainable"], scope) == wanted
