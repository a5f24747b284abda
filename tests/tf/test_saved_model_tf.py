"""TensorFlow loads what we write: SavedModels by session and by `tf.saved_model.load`, and trains what was frozen."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.cli.run import run
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.saved_model import list_meta_graphs
from graphsurgeon.tools.inspect import inspect_model
from tests.tf.judge import TensorFlow

CHUNKS = 4
FIXTURES = ["cond", "keras_attention", "keras_convolutions", "lstm_calls", "mobile_cnn", "names", "partitioned"]
FIXTURES += ["resource_cnn"]
# Loops of TensorFlow 1, which differentiate in functions of their own.
LOOPS = ["in_frame", "lstm_loop"]


def saved(source: Path, target: Path, *arguments: str) -> Path:
    """Run a verb that writes a SavedModel."""
    verb, *options = arguments
    assert run([verb, str(source), "-o", f"{target}/", "--to", "saved_model", *options, "--quiet"]) == 0
    return target


def saved_models(directory: Path) -> list[Path]:
    files = [*directory.rglob("saved_model.pb"), *directory.rglob("saved_model.pbtxt")]
    return sorted(path.parent for path in files)


def output_names(directory: Path) -> list[str]:
    """The outputs of a SavedModel's signature."""
    meta = gs.load(directory).meta
    assert meta is not None
    return sorted(meta.signature_def["serving_default"].outputs)


def imported_by(tf: TensorFlow, path: Path, directory: Path) -> Path:
    """A model as this TensorFlow takes it: 1.15 does not know all attrs of what 2.21 made."""
    if not tf.is_v1:
        return path
    model = gs.load(path)
    gs.downgrade(model)
    gs.save(model, directory / f"old{path.suffix}")
    return directory / f"old{path.suffix}"


def tag_sets(directory: Path) -> list[tuple[str, ...]]:
    path = next(path for path in directory.iterdir() if path.name in ("saved_model.pb", "saved_model.pbtxt"))
    return [graph.tags for graph in list_meta_graphs(str(path), is_text=path.suffix == ".pbtxt")]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_saved_model_survives(tf: TensorFlow, shared_models: Path, tmp_path: Path, chunk: int):
    """Loaded and saved, each gives TensorFlow the same outputs, or the same error where it refuses the original."""
    found: dict[str, Any] = {}
    declined = {}
    for number, path in enumerate(saved_models(shared_models)[chunk::CHUNKS]):
        if detect(path).is_v1:
            # TensorFlow itself no longer finds the values of these; see test_v1_tf.
            continue
        name = str(path.relative_to(shared_models))
        try:
            gs.save(gs.load(path), tmp_path / str(number), to="saved_model")
        except gs.GraphSurgeonError as error:
            declined[name] = error
            continue
        for tags in tag_sets(path):
            second = tmp_path / str(number)
            found[name] = tf.call("saved_models:compare", first=str(path), second=str(second), tags=list(tags))
    assert {name: answer["differ"] for name, answer in found.items() if answer["differ"]} == {}
    assert any(answer["equal"] for answer in found.values())
    assert all("no data shard" in str(error) for error in declined.values())


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("name", [*FIXTURES, *LOOPS])
def test_unfrozen_graph_is_served(tf: TensorFlow, fixtures: Path, tmp_path: Path, name: str, kind: str):
    """Sessions restore it, by TensorFlow's loader and by the names in its SaverDef alone."""
    pb = imported_by(tf, fixtures / f"{name}.pb", tmp_path)
    # A SavedModel tells the defaults of attrs in its graph, not of those in its functions.
    source = pb if name == "lstm_calls" else fixtures / f"{name}.pb"
    directory = saved(source, tmp_path / "out", "unfreeze", "--variables", kind)
    equal = tf.call("saved_models:outputs_as_frozen", pb=str(pb), directory=str(directory))
    assert equal == output_names(directory)
    restored = tf.call("saved_models:restored_by_name", directory=str(directory))
    assert restored == tf.call("judging:checkpoint", prefix=str(directory / "variables" / "variables"))


@pytest.mark.parametrize("name", [*FIXTURES, *LOOPS])
def test_frozen_graph_is_trained_in_tensorflow_2(tf2: TensorFlow, fixtures: Path, tmp_path: Path, name: str):
    """One command makes variables that `tf.saved_model.load` gives, that have gradients, and that a step moves."""
    pb = fixtures / f"{name}.pb"
    directory = saved(pb, tmp_path / "out", "unfreeze", "--variables", "resource")
    expected = gs.unfreeze(gs.load(pb), variables="resource").variables
    answer = tf2.call("saved_models:fine_tune", pb=str(pb), directory=str(directory))
    assert answer["equal"] == output_names(directory)
    assert answer["variables"] == {row.name: row.trainable for row in expected}
    assert answer["checkpoint"] == tf2.call("judging:checkpoint", prefix=str(directory / "variables" / "variables"))
    assert answer["no_gradient"] == []
    assert answer["unchanged"] == []
    assert answer["losses"][1] < answer["losses"][0]
    assert answer["step"] > 0


@pytest.mark.parametrize("name", ["mobile_cnn", "lstm_loop", "partitioned", "resource_cnn"])
def test_graph_with_checkpoint_is_served(tf: TensorFlow, fixtures: Path, tmp_path: Path, name: str):
    """What TensorFlow's own Saver left becomes a SavedModel with the outputs of the frozen graph."""
    source = imported_by(tf, fixtures / f"{name}.ckpt", tmp_path)
    directory = saved(source, tmp_path / "out", "convert", "--outputs", outputs_of(fixtures, name))
    pb = imported_by(tf, fixtures / f"{name}.pb", tmp_path)
    equal = tf.call("saved_models:outputs_as_frozen", pb=str(pb), directory=str(directory))
    assert equal == output_names(directory)


def outputs_of(fixtures: Path, name: str) -> str:
    """The outputs of a frozen fixture: what nothing reads."""
    graph = gs.load(fixtures / f"{name}.pb").graph
    read = {text.lstrip("^").partition(":")[0] for node in graph for text in node.inputs}
    return ",".join(node.name for node in graph if node.name not in read)


@pytest.mark.parametrize(
    "name",
    [
        "dotnet+machinelearning-testdata/Microsoft.ML.TensorFlow.TestModels/cifar_saved_model",
        "onnx+tensorflow-onnx/tests/models/regression/saved_model",
        "uve+tensorflow/tensorflow/cc/saved_model/testdata/half_plus_two/00000123",
        "uve+tensorflow/tensorflow/contrib/predictor/test_export_dir",
    ],
)
def test_saved_model_becomes_a_checkpoint(tf2: TensorFlow, shared_models: Path, tmp_path: Path, name: str):
    """`import_meta_graph` and `restore` bring back what the SavedModel was."""
    prefix = tmp_path / "m.ckpt"
    assert run(["convert", str(shared_models / name), "-o", str(prefix), "--to", "checkpoint", "--quiet"]) == 0
    answer = tf2.call("saved_models:compare_checkpoint", directory=str(shared_models / name), prefix=str(prefix))
    assert answer["differ"] == {}
    assert answer["equal"]


def test_other_peoples_checkpoints_are_served(tf2: TensorFlow, shared_models: Path, tmp_path: Path):
    """A SavedModel gives what its meta graph gave after a restore, whatever signature was guessed."""
    found: dict[str, Any] = {}
    for number, path in enumerate(sorted(shared_models.rglob("*.meta"))):
        directory, prefix = str(tmp_path / str(number)), str(path.with_suffix(""))
        gs.save(gs.load(path), directory, to="saved_model")
        answer = tf2.call("saved_models:compare_checkpoint", directory=directory, prefix=prefix)
        found[str(path.relative_to(shared_models))] = answer
    assert {name: answer["differ"] for name, answer in found.items() if answer["differ"]} == {}
    assert sum(bool(answer["equal"]) for answer in found.values()) > 5


def test_other_tag_sets_go_along(tf: TensorFlow, tmp_path: Path):
    """A SavedModel with two meta graphs is read by one of them and written with both."""
    first, second = tmp_path / "first", tmp_path / "second"
    tf.call("saved_models:make_two_tag_sets", directory=str(first))
    assert tag_sets(first) == [("train",), ("serve",)]
    model = gs.load(first, tags=["serve"])
    assert "bias" not in model.graph
    # Passes drop values that their own graph does not need; the other one needs them still.
    del model.variables["bias"]
    gs.save(model, second, to="saved_model")
    for tags in tag_sets(first):
        answer = tf.call("saved_models:compare", first=str(first), second=str(second), tags=list(tags))
        assert answer["differ"] == {}
        assert "session serving_default/y" in answer["equal"]


def test_an_edit_of_variables_that_two_meta_graphs_share(tf: TensorFlow, tmp_path: Path):
    """Declined, for it would break the other; with variables of its own one is edited, and the other is as it was."""
    first, second = tmp_path / "first", tmp_path / "second"
    tf.call("saved_models:make_two_tag_sets", directory=str(first))
    model = gs.load(first, tags=["serve"])
    with pytest.raises(gs.PassError, match=r"other meta graphs .* read the same variables: 'kernel'"):
        gs.half_weights(model)
    gs.rename(model, add_scope="half")
    assert gs.half_weights(model).weights
    gs.save(model, second, to="saved_model")
    answer = tf.call("saved_models:compare", first=str(first), second=str(second), tags=["train"])
    assert answer["differ"] == {}
    assert "session serving_default/y" in answer["equal"]


def test_tables_are_filled(tf: TensorFlow, tmp_path: Path):
    """A graph whose tables nobody would fill gets an op that does, which every loader runs."""
    (tmp_path / "words.txt").write_text("c\nb\na\nd\n")
    tf.call("saved_models:make_tables", directory=str(tmp_path), vocabulary=str(tmp_path / "words.txt"))
    directory = saved(
        tmp_path / "tables.pb", tmp_path / "out", "unfreeze", "--variables", "resource", "--outputs", "scores"
    )
    kernel = gs.load(directory).variables["kernel"].numpy()
    expected = [(kernel[1] + kernel[2]).tolist(), (kernel[0] + kernel[1]).tolist(), (kernel[0] + kernel[3]).tolist()]
    for answer in tf.call("saved_models:look_up", directory=str(directory), words=["a", "b", "d"]):
        assert answer == expected


def test_objects_of_tensorflow_2_survive(tf2: TensorFlow, tmp_path: Path):
    """Methods, variables, table and its asset work from the copy alone, the original being gone."""
    (tmp_path / "words.txt").write_text("a\nb\nc\nd\n")
    tf2.call("saved_models:make_objects", directory=str(tmp_path / "first"), vocabulary=str(tmp_path / "words.txt"))
    before = tf2.call("saved_models:use_objects", directory=str(tmp_path / "first"), words=["b", "d"])
    gs.save(gs.load(tmp_path / "first"), tmp_path / "second", to="saved_model")
    (tmp_path / "words.txt").unlink()
    shutil.rmtree(tmp_path / "first")
    assert tf2.call("saved_models:use_objects", directory=str(tmp_path / "second"), words=["b", "d"]) == before
    assert before["scores"] == [[2.0, 3.0], [6.0, 7.0]]


def test_objects_of_tensorflow_2_as_a_checkpoint(tf2: TensorFlow, tmp_path: Path):
    """Keys stay those of the objects, and the graph's own saver restores them; only the asset stays behind."""
    (tmp_path / "words.txt").write_text("a\nb\nc\nd\n")
    tf2.call("saved_models:make_objects", directory=str(tmp_path / "first"), vocabulary=str(tmp_path / "words.txt"))
    gs.save(gs.load(tmp_path / "first"), tmp_path / "m.ckpt", to="checkpoint")
    first, prefix = str(tmp_path / "first"), str(tmp_path / "m.ckpt")
    answer = tf2.call("saved_models:compare_checkpoint", directory=first, prefix=prefix)
    assert answer["equal"] == ["product/product"]
    assert answer["differ"]["serving_default/scores"][1] == "FailedPreconditionError"
    keys = tf2.call("saved_models:checkpoint_of_objects", prefix=str(tmp_path / "m.ckpt"))
    assert keys == tf2.call("saved_models:checkpoint_of_objects", prefix=str(tmp_path / "first/variables/variables"))
    assert "kernel/.ATTRIBUTES/VARIABLE_VALUE" in keys


def test_stale_objects_are_dropped(tf2: TensorFlow, tmp_path: Path):
    """A TensorFlow 2 model that lost a function is loaded by its signatures."""
    (tmp_path / "words.txt").write_text("a\nb\nc\nd\n")
    tf2.call("saved_models:make_objects", directory=str(tmp_path / "first"), vocabulary=str(tmp_path / "words.txt"))
    model = gs.load(tmp_path / "first")
    called = {node.attrs["f"].name for _, graph in model.graphs() for node in graph if "f" in node.attrs}
    unused = next(name for name in model.library.functions if name not in called)
    del model.library.functions[unused]
    gs.save(model, tmp_path / "second", to="saved_model")
    meta = gs.load(tmp_path / "second").meta
    assert meta is not None
    assert not meta.HasField("object_graph_def")
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    answer = tf2.call("saved_models:compare", first=first, second=second, tags=["serve"])
    assert answer["differ"] == {}
    assert answer["equal"] == [
        f"{way} {output}" for way in ("session", "eager") for output in ("product/product", "serving_default/scores")
    ]


@pytest.mark.parametrize("keep_calls", [False, True])
def test_every_output_of_what_was_one_call_is_served(tf2: TensorFlow, tmp_path: Path, keep_calls: bool):
    expected = tf2.call("saved_models:two_outputs", directory=str(tmp_path / "model"))
    frozen = gs.load(tmp_path / "model")
    gs.freeze(frozen, keep_calls=keep_calls)
    gs.save(frozen, tmp_path / "frozen.pb")
    model = gs.load(tmp_path / "frozen.pb")
    assert [(each.dtype, each.shape) for each in inspect_model(model).outputs] == [
        ("float32", [None, 2]),
        ("float32", [None, 3]),
    ]
    gs.unfreeze(model, variables="resource")
    gs.save(model, tmp_path / "again", to="saved_model")
    found = tf2.call("saved_models:called", directory=str(tmp_path / "again"))
    # Of a frozen graph nobody knows what its signature called them, but their order.
    assert [found[name] for name in sorted(found)] == [expected["left"], expected["right"]]
