"""SavedModels: the meta graph that is asked for, without looking into the others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.formats.saved_model import list_meta_graphs, read_saved_model
from graphsurgeon.formats.saved_model_writer import saved_model_pieces
from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError, NotFoundError
from proto_utils.wire import len_header
from tests.models import meta_graph, saved_model


def tagged(*tags: str) -> schema.MetaGraphDef:
    meta = meta_graph()
    del meta.meta_info_def.tags[:]
    meta.meta_info_def.tags.extend(tags)
    meta.graph_def.node.add(name="only_in_" + "_".join(tags or ("none",)), op="NoOp")
    return meta


def written(path: Path, *metas: schema.MetaGraphDef) -> Path:
    path.write_bytes(saved_model(*metas).SerializeToString())
    return path


def marks(model) -> list[str]:
    return [node.name for node in model.graph if node.name.startswith("only_in")]


@pytest.mark.parametrize("is_text", [False, True])
def test_read(tmp_path, is_text):
    path = tmp_path / "saved_model"
    path.write_bytes(schema.print_text(saved_model()).encode() if is_text else saved_model().SerializeToString())
    model = read_saved_model(path, is_text=is_text)
    assert model.to_meta_graph_def() == meta_graph()
    assert list_meta_graphs(str(path), is_text=is_text)[0].tags == ("serve",)


@pytest.mark.parametrize(
    ("tag_sets", "asked", "expected"),
    [
        ([("train",), ("serve",)], None, "only_in_serve"),
        ([("serve", "gpu"), ("train",)], None, "only_in_serve_gpu"),
        ([("serve", "gpu"), ("serve",)], ("gpu", "serve"), "only_in_serve_gpu"),
        ([(), ("serve",)], (), "only_in_none"),
    ],
)
def test_choice_of_the_meta_graph(tmp_path, tag_sets, asked, expected):
    path = written(tmp_path / "s", *(tagged(*tags) for tags in tag_sets))
    assert marks(read_saved_model(path, tags=asked)) == [expected]


def test_unknown_tags_are_answered_with_those_there_are(tmp_path):
    path = written(tmp_path / "s", tagged("serve"), tagged("train", "gpu"))
    with pytest.raises(NotFoundError) as caught:
        read_saved_model(path, tags=["sreve"])
    assert caught.value.near == ("serve",)
    assert "'train,gpu'" in str(caught.value.hint)


def test_other_meta_graphs_are_not_parsed(tmp_path):
    broken = saved_model(tagged("serve")).SerializeToString() + b"\x12\x04\x0a\x02\x22\x00"
    (tmp_path / "s").write_bytes(broken)
    assert marks(read_saved_model(tmp_path / "s")) == ["only_in_serve"]


def test_saved_model_without_a_meta_graph(tmp_path):
    (tmp_path / "s").write_bytes(b"\x08\x01")
    with pytest.raises(CorruptionError, match="without any"):
        read_saved_model(tmp_path / "s")


def test_every_truncation_is_noticed(tmp_path):
    data = saved_model().SerializeToString()
    for cut in range(3, len(data)):
        (tmp_path / "s").write_bytes(data[:cut])
        with pytest.raises(CorruptionError) as caught:
            read_saved_model(tmp_path / "s")
        assert caught.value.path == str(tmp_path / "s")


def test_what_lies_beside_goes_along(tmp_path):
    written(tmp_path / "saved_model.pb", tagged("train"), tagged("serve"))
    for name in (
        "assets/b",
        "assets/a/c",
        "assets.extra/d",
        "debug/e",
        "keras_metadata.pb",
        "fingerprint.pb",
        "README",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    parts = read_saved_model(tmp_path / "saved_model.pb").saved_model
    assert parts is not None
    assert (parts.own, parts.num_others, len(parts.records)) == (2, 1, 3)
    names = ["keras_metadata.pb", "assets/b", "assets/a/c", "assets.extra/d", "debug/e"]
    assert list(parts.files) == names
    assert [Path(path).read_text() for path in parts.files.values()] == names


def test_files_are_found_again_from_another_directory(tmp_path, monkeypatch):
    written(tmp_path / "saved_model.pb", tagged("serve"))
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a").write_text("a")
    monkeypatch.chdir(tmp_path)
    parts = read_saved_model("saved_model.pb").saved_model
    assert parts is not None
    monkeypatch.chdir("/")
    assert Path(parts.files["assets/a"]).read_text() == "a"


def test_objects_of_tensorflow_2_are_kept(tmp_path):
    meta = tagged("serve")
    meta.object_graph_def.nodes.add().user_object.identifier = "_generic_user_object"
    written(tmp_path / "saved_model.pb", meta)
    model = gs.load(tmp_path)
    assert model.variables == {}
    assert model.to_meta_graph_def() == meta


def test_saved_model_past_two_gibibytes_is_read_without_its_payload(tmp_path):
    nbytes = 3 << 30
    path = tmp_path / "saved_model.pb"
    sparse(path, nbytes)
    if os.stat(path).st_blocks * 512 > 1 << 20:
        pytest.skip("this file system has no sparse files")
    model = gs.load(tmp_path)
    assert model.graph["w"].tensor.nbytes == nbytes
    with pytest.raises(LimitError):
        saved_model_pieces(model)


def sparse(path: Path, nbytes: int) -> None:
    """A SavedModel with one constant of `nbytes` zero bytes that take no room on the disk."""
    tensor = schema.TensorProto(dtype=1, tensor_shape={"dim": [{"size": nbytes // 4}]}).SerializeToString()
    record = tensor + len_header(4, nbytes)
    node = schema.NodeDef(name="w", op="Const", attr={"dtype": schema.AttrValue(type=1)}).SerializeToString()
    # Outwards: value, entry, attr, node, graph, meta graph.
    for number, before in ((8, b""), (2, b"\x0a\x05value"), (5, node), (1, b""), (2, b""), (2, b"\x08\x01")):
        record = before + len_header(number, len(record) + nbytes) + record
    with open(path, "wb") as file:
        file.write(record)
        file.truncate(len(record) + nbytes)
