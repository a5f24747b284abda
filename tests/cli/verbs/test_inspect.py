"""`inspect`: what a file is and holds, for people and as JSON."""

from __future__ import annotations

import pytest

from graphsurgeon.formats.save import save, save_checkpoint
from tests import notation
from tests.models import floats, saved_model, shared
from tests.object_graphs import write_trained


def test_graph(verb, graph):
    done = verb("inspect", graph)
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert lines[0].startswith(f"{graph}: GraphDef, binary, ")
    assert "versions     producer 134, min consumer 0" in lines
    assert "inputs       x  float32 ?  (Placeholder; must be fed)" in lines
    assert "constants    1 (1 of more than one element), 12 B" in lines
    assert not [line for line in lines if line.startswith(("signatures", "checkpoint", "saver"))]


def test_graph_as_json(verb, graph):
    answer = verb("inspect", graph, "--json").answer
    assert (answer["schema"], answer["verb"], answer["kind"]) == (1, "inspect", "graph_def")
    assert answer["nbytes"] == graph.stat().st_size
    assert answer["inputs"] == [
        {"name": "x", "op": "Placeholder", "dtype": "float32", "shape": None, "reason": "must be fed"}
    ]
    assert answer["checkpoint"] is None


def test_the_oldest_tensorflow_that_loads_it(verb, tmp_path):
    products = "a = MatMul(x, x) {grad_a: false}; b = Custom(a); c = MatMul(a, a) {grad_a: false}"
    save(notation.model(f"x = Placeholder {{dtype: f32}}; {products}"), tmp_path / "new.pb")
    assert verb("inspect", tmp_path / "new.pb").out.splitlines()[2:5] == [
        "oldest       TensorFlow 2.16 loads it",
        "             2.16: attr 'grad_a' of op MatMul (2 nodes, such as a; without effect, downgrade takes it out)",
        "             a library has to register Custom",
    ]
    assert (
        verb("downgrade", tmp_path / "new.pb", "-o", tmp_path / "m", "--to", "1.15", "--kind", "meta_graph").code == 0
    )
    lines = verb("inspect", tmp_path / "m").out.splitlines()
    assert "MetaGraphDef" in lines[0]
    assert lines[2] == "oldest       TensorFlow 1.15, or older, loads it"
    assert verb("inspect", tmp_path / "m", "--json").answer["oldest_tensorflow"] == {
        "version": "1.15",
        "reasons": [],
        "unknown_ops": ["Custom"],
    }


def test_checkpoint_and_its_graph(verb, checkpoint):
    answer = verb("inspect", checkpoint, "--json").answer
    assert (answer["kind"], answer["graph"]) == ("checkpoint", f"{checkpoint}.meta")
    assert answer["checkpoint"]["tensors"] == 2
    assert answer["checkpoint"]["dtypes"] == {"float32": {"count": 2, "nbytes": 12}}
    text = verb("inspect", checkpoint).out
    assert f"checkpoint   {checkpoint}: 2 tensors, 12 B in 1 shard" in text
    assert "signatures   serving_default: feed float32 [] -> fetch float32 []" in text
    assert "TensorFlow 1.15.0" in text


def test_missing_shard_is_told(verb, tmp_path):
    save_checkpoint({"w": floats(1)}, tmp_path / "m")
    (tmp_path / "m.data-00000-of-00001").unlink()
    path = str(tmp_path / "m.data-00000-of-00001")
    assert verb("inspect", tmp_path / "m", "--json").answer["checkpoint"]["missing_shards"] == [path]
    (file,) = verb("inspect", tmp_path / "m", "--json").answer["checkpoint"]["damaged_files"]
    assert (file["path"], file["damage"], file["names"]) == (path, "missing", ["w"])
    assert f"{path} is not there: 1 of 1 tensors is lost (w)" in verb("inspect", tmp_path / "m").out


def test_saved_model_lists_its_meta_graphs(verb, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    answer = verb("inspect", tmp_path, "--json").answer
    assert (answer["kind"], answer["tags"], answer["meta_graphs"]) == ("saved_model", ["serve"], [["serve"]])
    assert verb("inspect", tmp_path, "--tags", "serve").code == 0
    assert verb("inspect", tmp_path, "--tags", "train").code == 5


def test_v1_checkpoint_is_recognised(verb):
    path = shared(
        "uve+tensorflow/tensorflow/contrib/session_bundle/testdata/half_plus_two/00000123/export-00000-of-00001"
    )
    answer = verb("inspect", path, "--json").answer
    assert (answer["kind"], answer["checkpoint"]["format"], answer["checkpoint"]["tensors"]) == (
        "checkpoint_v1",
        "V1",
        2,
    )
    assert "V1" in verb("inspect", path).out


REAL = {
    "onnx+tensorflow-onnx/tests/models/lstm/frozen.pb": "GraphDef",
    "dotnet+machinelearning-testdata/Microsoft.ML.TensorFlow.TestModels/cifar_model/model.ckpt.meta": "MetaGraphDef",
    "tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving": "SavedModel",
    "uve+tensorflow/tensorflow/core/util/tensor_bundle/testdata/old_string_tensors/foo.index": "checkpoint",
}


@pytest.mark.parametrize("path", REAL)
def test_real_files(verb, path):
    done = verb("inspect", shared(path))
    assert (done.code, done.err) == (0, "")
    assert f": {REAL[path]}" in done.out


def test_objects_of_a_checkpoint(verb, tmp_path):
    prefix = write_trained(tmp_path / "m")
    facts = verb("inspect", prefix, "--json").answer["checkpoint"]["objects"]
    assert facts == {
        "count": 10,
        "tensors": 5,
        "slots": {"m": 1},
        "optimizers": ["optimizer"],
        "registered_savers": ["Custom.saver"],
    }
    line = verb("inspect", prefix).out.splitlines()[-1]
    expected = "10 objects with 5 tensors, 1 optimizer slot (m), trained by optimizer, saved in part by Custom.saver"
    assert line.split(None, 1) == ["objects", expected]


def test_checkpoint_by_name_has_no_objects(verb, checkpoint):
    assert verb("inspect", checkpoint, "--json").answer["checkpoint"]["objects"] is None
    assert "object" not in verb("inspect", checkpoint).out


def test_a_graph_that_is_cut_does_not_hide_the_checkpoint(verb, fixtures, tmp_path):
    for path in fixtures.glob("mobile_cnn.ckpt.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes()[:20000] if path.suffix == ".meta" else path.read_bytes())
    done = verb("inspect", tmp_path / "mobile_cnn.ckpt")
    assert done.code == 0
    assert "truncated: 20000 of 61786 bytes" in done.out
    assert "37 tensors" in done.out
    answer = verb("inspect", tmp_path / "mobile_cnn.ckpt", "--json").answer
    assert "truncated" in answer["graph_fault"]
    assert verb("inspect", tmp_path / "mobile_cnn.ckpt.meta").code == 3
