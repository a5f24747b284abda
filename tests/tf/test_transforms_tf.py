"""Each transform over many models: outputs have the same bits, training goes on as before, weights are found.

Small models in each run; with GRAPHSURGEON_ALL_MODELS in the environment all that are beside the checkout.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow
from tests.tf.test_shared_models import recorded_feeds

Transform = Callable[..., Any]

_PASSED_ON = ("Identity", "CheckNumerics", "StopGradient", "PreventGradient", "Snapshot", "Print")
#: With outputs.
CHOOSING: dict[str, Transform] = {
    "remove_nodes": lambda model, **how: gs.remove_nodes(model, op=_PASSED_ON, max_inputs=2, **how),
    "remove_training_nodes": gs.remove_training_nodes,
    "merge_duplicate_nodes": gs.merge_duplicate_nodes,
    "fold_constants": gs.fold_constants,
    "fold_batch_norms": gs.fold_batch_norms,
    "obfuscate_names": gs.obfuscate_names,
}
#: Without.
PLAIN: dict[str, Transform] = {
    "remove_control_dependencies": gs.remove_control_dependencies,
    "sort": gs.sort,
    "add_default_attributes": gs.add_default_attributes,
    "remove_default_attributes": gs.remove_default_attributes,
}
CLOSE = 1e-5
ALL = "GRAPHSURGEON_ALL_MODELS" in os.environ


def weights(model: gs.Model) -> list[str]:
    """Return the weights that `unfreeze` finds, none where it finds none."""
    try:
        return sorted(row.name for row in gs.unfreeze(model).variables)
    except gs.PassError:
        return []


def transformed(source: str | Path, directory: Path, suffix: str, outputs: list[str]) -> dict[str, str]:
    """Write what each transform makes of a model; return the paths by transform."""
    paths = {}
    for name, transform in (CHOOSING | PLAIN).items():
        model = gs.load(str(source))
        transform(model, **({"outputs": outputs} if name in CHOOSING else {}))
        path = directory / f"{name}{suffix}"
        gs.save(model, path, force=True)
        assert [finding for finding in gs.verify(gs.load(path)) if finding.severity == "error"] == []
        paths[name] = str(path)
    return paths


def check_frozen(tf: TensorFlow, source: str | Path, directory: Path, accepted: dict[str, Any], feeds: Any) -> None:
    """Each transform of a frozen graph gives the same, and weights are found as before."""
    outputs, before = accepted["outputs"], weights(gs.load(str(source)))
    paths = transformed(source, directory, ".pb", sorted({name.partition(":")[0] for name in outputs}))
    answer = tf.call(
        "judging:compare_frozen", pb=str(source), others=list(paths.values()), outputs=outputs,
        dimension=accepted["dimension"], feeds=feeds,
    )  # fmt: skip
    for name, path in paths.items():
        wrong = answer[path]
        if name == "fold_batch_norms":
            wrong = {key: how for key, how in wrong.items() if how["relative"] is None or how["relative"] > CLOSE}
        assert wrong == {}, (source, name)
        after = weights(gs.load(path))
        if name == "obfuscate_names":
            assert len(after) == len(before), (source, name)
        elif name == "fold_batch_norms":
            assert {*after} <= {*before} or not before, (source, name)
        else:
            assert after == before, (source, name)


def test_frozen_graphs_of_others(tf: TensorFlow, shared_models: Path, tmp_path: Path):
    found = sorted(path for path in shared_models.rglob("*.pb") if path.name != "saved_model.pb")
    # By the other half of what is beside the checkout in the other TensorFlow.
    chosen = found if ALL else [path for path in found if path.stat().st_size < 100_000][tf.is_v1 :: 24]
    num_run = 0
    for path in chosen:
        feeds = recorded_feeds(path, tmp_path / "feeds.npz")
        accepted = tf.call("judging:accepts", path=str(path), feeds=feeds)
        if "refused" not in accepted:
            check_frozen(tf, path, tmp_path, accepted, feeds)
            num_run += 1
    assert num_run > 10


@pytest.mark.parametrize("fixture", ["cond", "in_frame", "lstm_loop", "lstm_calls", "dtypes", "resource_cnn"])
def test_fixtures(tf: TensorFlow, tmp_path: Path, fixture: str):
    path = Path(__file__).resolve().parents[2] / "fixtures" / f"{fixture}.pb"
    accepted = tf.call("judging:accepts", path=str(path))
    if "refused" in accepted:
        pytest.skip(f"this TensorFlow does not run it: {accepted['refused']}")
    check_frozen(tf, path, tmp_path, accepted, None)


@pytest.mark.parametrize("resource", [False, True])
def test_training_goes_on_as_before(tf: TensorFlow, tmp_path: Path, resource: bool):
    """Two steps of the graph's own Adam: its powers are updated behind its slots, by control inputs."""
    for net in ("mobile", "unfused", "text", "loop", "branches") if ALL else ("unfused", "loop"):
        made = tf.call("making:make", net=net, directory=str(tmp_path), resource=resource, trained=True)
        outputs = [name.removesuffix(":0") for name in made["outputs"]]
        paths = transformed(made["prefix"] + ".meta", tmp_path, ".ckpt", outputs)
        renamed = paths.pop("obfuscate_names")
        answer = tf.call("stepping:step", prefixes=[made["prefix"], *paths.values()], outputs=outputs)
        wanted = answer.pop(made["prefix"])
        for name, path in paths.items():
            assert answer[path] == wanted, (net, name)
        answer = tf.call("stepping:step", prefixes=[renamed], outputs=outputs)[renamed]
        assert answer["outputs"] == wanted["outputs"], net
        assert sorted(answer["variables"].values()) == sorted(wanted["variables"].values()), net


def test_saved_models_of_others(tf: TensorFlow, shared_models: Path, tmp_path: Path):
    num_equal = 0
    found = sorted(path.parent for path in shared_models.rglob("saved_model.pb"))
    for number, directory in enumerate(each for each in found if ALL or _is_small(each)):
        try:
            model = gs.load(directory)
            tags = list(model.meta.meta_info_def.tags) if model.meta is not None else []
            for name, transform in (CHOOSING | PLAIN).items():
                if name != "obfuscate_names":  # inputs would be fed other values
                    transform(model)
            target = tmp_path / str(number)
            gs.save(model, target, to="saved_model")
        except gs.NotFoundError:
            continue  # files without the data that belong to them
        answer = tf.call("saved_models:compare", first=str(directory), second=str(target), tags=tags, timeout=400)
        if not answer["refused"]:
            assert answer["differ"] == {}, directory
            num_equal += len(answer["equal"])
    assert num_equal > 5


def _is_small(directory: Path) -> bool:
    return (directory / "saved_model.pb").stat().st_size < 25_000
