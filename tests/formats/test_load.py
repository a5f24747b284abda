"""From any path to a model or to tensors."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import load, load_checkpoint, open_checkpoint
from graphsurgeon.formats.save import save, save_checkpoint
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from tests.formats.v1_files import one, write_v1
from tests.models import floats, frozen, meta_graph, saved_model, shared, shared_files


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint with its .meta."""
    save_checkpoint({"w": floats(5, 6), "only_here": floats(7)}, tmp_path / "m.ckpt")
    (tmp_path / "m.ckpt.meta").write_bytes(meta_graph().SerializeToString())
    return tmp_path / "m.ckpt"


@pytest.mark.parametrize("suffix", ["", ".meta", ".index", ".data-00000-of-00001"])
def test_graph_and_values_are_one_model(checkpoint, suffix):
    model = load(f"{checkpoint}{suffix}")
    assert len(model.graph) == 4
    assert {name: tensor.numpy().tolist() for name, tensor in model.variables.items()} == {
        "only_here": [7],
        "w": [5, 6],
    }


def test_saved_model_and_its_values(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    save_checkpoint({"w": floats(1)}, tmp_path / "variables" / "variables")
    model = load(tmp_path)
    assert list(model.variables) == ["w"]
    assert model.meta is not None
    with pytest.raises(NotFoundError):
        load(tmp_path, tags=("train",))


def test_checkpoint_without_a_graph(checkpoint):
    Path(f"{checkpoint}.meta").unlink()
    model = load(checkpoint)
    assert (len(model.graph), model.meta, len(model.variables)) == (0, None, 2)


def test_loading_reads_no_values(checkpoint):
    """Damaged values are not noticed before they are read: they were not."""
    data = Path(f"{checkpoint}.data-00000-of-00001")
    data.write_bytes(bytes(len(data.read_bytes())))
    tensor = load(checkpoint).variables["w"]
    with pytest.raises(CorruptionError, match="checksum"):
        tensor.numpy()


def test_missing_data_file_is_named_when_it_is_read(checkpoint):
    Path(f"{checkpoint}.data-00000-of-00001").unlink()
    model = load(checkpoint)
    with pytest.raises(NotFoundError, match="data-00000-of-00001"):
        model.variables["w"].numpy()


def test_checkpoint_as_a_mapping(checkpoint):
    tensors = load_checkpoint(checkpoint)
    assert list(tensors) == ["only_here", "w"]
    assert tensors["w"].numpy().tolist() == [5, 6]
    with pytest.raises(NotFoundError) as caught:
        tensors["W"]
    assert caught.value.kind == "tensor"


def test_graph_alone_is_no_checkpoint(tmp_path):
    (tmp_path / "x.pb").write_bytes(frozen().SerializeToString())
    with pytest.raises(UnsupportedError, match="without a checkpoint"):
        load_checkpoint(tmp_path / "x.pb")


def test_v1_checkpoints_are_read_alike():
    path = shared("uve+tensorflow/at-097e124/tensorflow/cc/saved_model/testdata/half_plus_two/variables/variables")
    for tensors in (load(path).variables, load_checkpoint(path)):
        assert {name: tensor.numpy().tolist() for name, tensor in tensors.items()} == {"a": 0.5, "b": 2}


def test_sizes_of_partitioned_tensors(fixtures):
    bundle = open_checkpoint(detect(fixtures / "partitioned.ckpt"))
    sizes = {name: bundle.stored_nbytes(name, entry) for name, entry in bundle.entries.items()}
    assert sizes == {name: tensor.nbytes for name, tensor in bundle.items()}
    assert any(entry.slices for entry in bundle.entries.values())


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("kind", "suffixes"), [("graph_def", (".pb",)), ("meta_graph", (".meta",))])
def test_every_real_graph_is_written_back_as_it_was(tmp_path, kind, suffixes):
    """Invariant 1, on each binary GraphDef and MetaGraphDef beside the project."""
    files = [path for path in shared_files(*suffixes) if detect(path).name == kind]
    if not files:
        pytest.skip("no real models beside the project")
    different = []
    for path in files:
        save(load(path), tmp_path / "out", to=kind, drop_values=True, force=True)
        if digest(tmp_path / "out") != digest(path):
            different.append(path)
    assert different == []


def test_real_text_graphs_survive_the_way_through_binary(tmp_path):
    files = shared_files(".pbtxt")[::25]
    if not files:
        pytest.skip("no real models beside the project")
    for path in files:
        if detect(path).name != "graph_def_text":
            continue
        save(load(path), tmp_path / "x.pb", to="graph_def", force=True)
        save(load(tmp_path / "x.pb"), tmp_path / "x.pbtxt", force=True)
        texts = [each.read_bytes() for each in (path, tmp_path / "x.pbtxt")]
        before, after = (schema.parse_text(schema.GraphDef, text) for text in texts)
        assert before == after, path


def test_a_checkpoint_from_elsewhere(tmp_path, fixtures):
    graph = load(fixtures / "mobile_cnn.ckpt.meta")
    graph.meta, graph.variables = None, {}
    save(graph, tmp_path / "graph.pb")
    assert load(tmp_path / "graph.pb").variables == {}
    for name in ("mobile_cnn.ckpt", "mobile_cnn.ckpt.index", "mobile_cnn.ckpt.meta"):
        assert len(load(tmp_path / "graph.pb", checkpoint=fixtures / name).variables) == 37


def test_a_checkpoint_beside_a_graph_of_its_name(tmp_path):
    save_checkpoint({"w": floats(1)}, tmp_path / "m")
    (tmp_path / "m").write_bytes(schema.serialize(frozen()))
    assert list(load_checkpoint(tmp_path / "m")) == ["w"]


def test_what_is_no_checkpoint(tmp_path, fixtures):
    with pytest.raises(UnsupportedError, match="a graph_def without a checkpoint beside it"):
        load(fixtures / "mobile_cnn.pb", checkpoint=fixtures / "mobile_cnn.pb")
    with pytest.raises(NotFoundError):
        load(fixtures / "mobile_cnn.pb", checkpoint=tmp_path / "nothing")


def test_tags_and_checkpoints_that_cannot_apply(tmp_path, checkpoint, fixtures):
    (tmp_path / "frozen.pb").write_bytes((fixtures / "mobile_cnn.pb").read_bytes())
    for source in (tmp_path / "frozen.pb", checkpoint):
        with pytest.raises(PassError, match="tags choose a meta graph of a SavedModel") as caught:
            load(source, tags=["serve"])
        assert caught.value.is_usage
    with pytest.raises(PassError, match=r"frozen\.pb has no variables"):
        load(tmp_path / "frozen.pb", checkpoint=checkpoint)
    alone = tmp_path / "alone"
    save_checkpoint({"w": as_tensor(np.zeros(1))}, alone)
    with pytest.raises(PassError, match="has no graph, and its own values"):
        load(alone, checkpoint=checkpoint)


def test_shards_of_a_v1_checkpoint_that_are_missing(tmp_path: Path):
    for number in range(2):
        write_v1(tmp_path / f"m-{number:05d}-of-00002", {f"w{number}": one(dtypes.UINT8, [1], bytes([number]))})
    gone = tmp_path / "m-00001-of-00002"
    gone.unlink()
    with pytest.raises(NotFoundError, match="m-00001-of-00002") as caught:
        load_checkpoint(tmp_path / "m")
    assert "`readable=True`" in str(caught.value)
    found = open_checkpoint(detect(tmp_path / "m"), partial=True)
    assert {name: tensor.numpy().tolist() for name, tensor in found.items()} == {"w0": [0]}
    (file,) = found.damaged_files()
    assert file.describe(1) == f"{gone} is not there, and with it the list of the tensors in it"
