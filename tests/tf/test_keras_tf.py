"""What Keras 3 writes, and what it reads of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.summary.summary import summary
from graphsurgeon.tools.verify_source import verify_source
from graphsurgeon.variables.object_names import COPY, ObjectNames, object_names
from tests.tf.bundle_specs import digest_of
from tests.tf.judge import TensorFlow


@pytest.fixture(scope="module")
def exports(tf2: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two exports of a model whose twins are in other orders, and one of another."""
    found: list[str] = tf2.call("keras_files:exports", directory=str(tmp_path_factory.mktemp("exports")))
    return found


def names_of(checkpoint: Mapping[str, Tensor]) -> ObjectNames:
    found = object_names(checkpoint)
    assert found is not None
    return found


def test_the_order_of_twins_is_no_difference(exports):
    a, b, c = exports
    report = gs.diff(gs.load(a), gs.load(b))
    assert report.is_equal, str(report)
    checkpoints = [gs.load_checkpoint(f"{path}/variables/variables") for path in (a, b)]
    assert names_of(checkpoints[0]).names != names_of(checkpoints[1]).names
    assert gs.diff(*checkpoints).is_equal
    assert verify_source(a, against=b).same
    assert not gs.diff(gs.load(a), gs.load(c)).is_equal
    assert not verify_source(a, against=c).same


def test_a_twin_that_is_restored_elsewhere_is_a_difference(exports):
    models = [gs.load(path) for path in exports[:2]]
    graph = models[1].graph
    first, second = (node.name for node in graph if node.op == "VarHandleOp" and "/kernel_1" in node.name)
    swapped = {first: second, second: first}
    for node in graph:
        if "Call" in node.op:
            node.inputs = tuple(swapped.get(text, text) for text in node.inputs)
    assert not gs.diff(*models).is_equal


def test_twins_are_averaged_with_their_own(exports):
    given = [gs.load_checkpoint(f"{path}/variables/variables") for path in exports[:3:2]]
    mean = dict(given[0])
    assert gs.average(mean, [given[1]]).notes == []
    names = names_of(given[0])
    assert sum(name.startswith(COPY) for name in names.keys) == 8
    for name, key in names.keys.items():
        original = names.keys[name.removeprefix(COPY)]
        assert mean[key].numpy().tolist() == mean[original].numpy().tolist()


def test_exports_are_merged_whatever_the_order_of_their_twins(exports):
    given = [gs.load_checkpoint(f"{path}/variables/variables") for path in exports[:2]]
    merged = dict(given[0])
    assert gs.merge(merged, [given[1]]).notes == []
    assert gs.diff(merged, given[0]).is_equal


def test_averages_are_restored_into_the_model_also_with_its_optimizer(tf2, tmp_path):
    averages = tf2.call("keras_files:averaging", prefix=str(tmp_path / "m"))
    weights = dict(gs.load_checkpoint(tmp_path / "m"))
    gs.ema(weights)
    gs.save_checkpoint(weights, tmp_path / "averages")
    assert tf2.call("keras_files:restored_averages", prefix=str(tmp_path / "averages")) == averages


@pytest.fixture(scope="module")
def saved(tf2: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    """A model in all the forms that Keras saves, and the digests of its weights by their paths."""
    pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    paths, weights = tf2.call("keras_files:save_all", directory=str(tmp_path_factory.mktemp("saved")))
    return paths, weights


def digests(path: str) -> dict[str, str]:
    return {name: digest_of(tensor) for name, tensor in gs.import_tensors(path).items()}


def test_weights_of_old_files_have_the_names_of_variables(saved):
    paths, weights = saved
    assert digests(paths[".h5"]) == weights


@pytest.mark.parametrize("form", [".weights.h5", ".keras", ".weights.json"])
def test_weights_of_new_files_have_the_names_of_layers(saved, form):
    paths, weights = saved
    found = digests(paths[form])
    assert sorted(found.values()) == sorted(weights.values())
    layer_of = {digest: path.rpartition("/")[0] for path, digest in weights.items()}
    assert all(name.rpartition("/")[0] == layer_of[digest] for name, digest in found.items())


def test_keras_loads_what_is_exported(tf2, saved, tmp_path):
    paths, weights = saved
    sources: dict[str, Mapping[str, gs.Tensor]] = {
        name: gs.load_checkpoint(paths[name]) for name in ("checkpoint", "export")
    }
    sources |= {f"imported{form}": gs.import_tensors(paths[form]) for form in (".weights.h5", ".h5")}
    written = [str(tmp_path / "objects.weights.h5"), str(tmp_path / "paths.weights.h5")]
    notes = gs.export_tensors(sources["checkpoint"], written[0]).notes
    assert "conv is a conv2d" in notes[0]
    gs.export_tensors(gs.import_tensors(paths[".weights.h5"], names="paths"), written[1])
    for name, tensors in sources.items():
        for like in (".weights.h5", ".keras", ".h5"):
            if (name, like) in (("imported.weights.h5", ".h5"), ("export", ".h5")):
                continue
            written.append(str(tmp_path / f"{name}{like.replace('.', '_')}{'.h5' if like == '.h5' else '.weights.h5'}"))
            gs.export_tensors(tensors, written[-1], to="keras_h5", like=paths[like])
    for path, found in zip(written, tf2.call("keras_files:loaded", paths=written), strict=True):
        assert found == weights, path


def test_a_class_that_is_guessed_wrong_is_an_error_of_keras(tf2, saved, tmp_path):
    paths, _ = saved
    path = str(tmp_path / "x.weights.h5")
    gs.export_tensors(gs.import_tensors(paths[".weights.h5"], names="paths"), path)
    with h5py_of().File(path, "a") as file:
        file.move("layers/conv2d", "layers/conv2d_transpose")
    (said,) = tf2.call("keras_files:loaded", paths=[path])
    assert "could not be loaded" in said


def h5py_of() -> Any:
    return pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")


def test_lists_of_what_is_trained_follow(tf2: TensorFlow, tmp_path: Path):
    """A layer that is not trained is in no list, while its variables say that they are."""
    source, target = f"{tmp_path}/source", f"{tmp_path}/target"
    tf2.call("keras_files:export_frozen", directory=source)
    before = tf2.call("keras_files:listed", directory=source)
    assert before["non_trainable_variables"] == [
        f"sequential/{name}" for name in ("a/kernel", "a/bias", "n/moving_mean", "n/moving_variance")
    ]
    rows = {row.name.rpartition("/")[2][0]: row.trainable for row in summary(source).layers if row.op is not None}
    assert rows == {"a": 0, "n": 8, "b": 10}
    model = gs.load(source)
    gs.set_trainable(model, trainable=[".*a/kernel"], not_trainable=[".*b/bias"])
    gs.save(model, target, to="saved_model")
    after = tf2.call("keras_files:listed", directory=target)
    assert after["variables"] == before["variables"]
    assert after["trainable_variables"] == [
        f"sequential/{name}" for name in ("a/kernel", "n/gamma", "n/beta", "b/kernel")
    ]
    assert set(after["trainable_variables"]).isdisjoint(after["non_trainable_variables"])
    assert all(after["gradients"])
    assert after["result"] == before["result"]
