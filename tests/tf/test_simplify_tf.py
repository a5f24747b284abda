"""Graphs from which nodes were taken compute the same, have no more nodes than TensorFlow's tool leaves, and thaw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

NETS = ("mobile", "unfused", "transposed", "text", "loop", "branches", "awkward", "normalized")
INPUTS = {"text": ["words"]}
#: Passes, their options, and what the Graph Transform Tool calls them; it has no duplicates that it may not merge.
PASSES: dict[str, tuple[dict[str, Any], str]] = {
    "remove_nodes": ({"op": ("Identity", "CheckNumerics")}, "remove_nodes(op=Identity, op=CheckNumerics)"),
    "remove_training_nodes": ({}, ""),
    "merge_duplicate_nodes": ({}, ""),
    "remove_control_dependencies": ({}, ""),
    "sort": ({}, ""),
    "fold_constants": ({}, ""),
    "obfuscate_names": ({}, "obfuscate_names"),
}


@pytest.mark.parametrize("net", NETS)
def test_nets(tf: TensorFlow, tmp_path: Path, net: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path))
    outputs = [name.removesuffix(":0") for name in made["outputs"]]
    weights = _weights(made["pb"])
    for name, (options, transform) in PASSES.items():
        model = gs.load(made["pb"])
        run: Callable[..., Any] = getattr(gs, name)
        run(model, **options, **({} if name in ("sort", "remove_control_dependencies") else {"outputs": outputs}))
        after = tmp_path / f"{name}.pb"
        gs.save(model, after)
        answer = tf.call("judging:compare_frozen", pb=made["pb"], others=[str(after)], outputs=outputs)
        assert len(answer["compared"]) == len(outputs)
        assert answer[str(after)] == {}, name
        if name == "obfuscate_names":
            assert len(_weights(after)) == len(weights), name
        else:
            assert _weights(after) == weights, name
        if transform:
            theirs = tf.call(
                "transforming:transform", pb=made["pb"], target=str(tmp_path / "gtt.pb"), outputs=outputs,
                transforms=[transform], inputs=INPUTS.get(net, ["input"]),
            )  # fmt: skip
            assert len(model.graph) <= len(gs.load(theirs).graph) + _kept_on_purpose(model), name


def _weights(path: str | Path) -> list[str]:
    return [row.name for row in gs.unfreeze(gs.load(path)).variables]


def _kept_on_purpose(model: gs.Model) -> int:
    """Count Identities that say which branch is taken, and reads that tell weights: TensorFlow takes them out."""
    graph = model.graph
    sources = {node.name: graph.get(node.data_inputs[0].partition(":")[0]) for node in graph if node.op == "Identity"}
    return sum(source is not None and source.op in ("Switch", "Const") for source in sources.values())
