"""SavedModels: the meta graph that is asked for, without looking into the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.saved_model import list_meta_graphs, read_saved_model
from proto_utils import schema
from proto_utils.errors import CorruptionError, NotFoundError
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
