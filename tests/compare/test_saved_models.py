"""What comes along with the meta graph of a SavedModel is compared too: other meta graphs, and assets."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.tools.verify_source import verify_source
from proto_utils import schema
from tests.models import meta_graph, saved_model


def written(directory: Path, train: schema.MetaGraphDef | None, words: str | None = "a\nb\n") -> Path:
    """A SavedModel of a meta graph for serving, another for training, and a file of words."""
    metas = [meta_graph()]
    if train is not None:
        train.meta_info_def.tags[:] = ["train", "gpu"]
        metas.insert(0, train)
    directory.mkdir()
    (directory / "saved_model.pb").write_bytes(saved_model(*metas).SerializeToString())
    if words is not None:
        (directory / "assets").mkdir()
        (directory / "assets" / "words.txt").write_text(words)
    return directory


def changes(a: Path, b: Path) -> list[tuple[str, object]]:
    report = gs.diff(gs.load(a), gs.load(b))
    assert report.is_equal == (not report.model)
    assert report.graph is not None
    assert report.graph.is_equal
    return [(change.field, change.key) for change in report.model]


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return written(tmp_path / "first", meta_graph())


def test_the_same(first: Path, tmp_path: Path):
    assert changes(first, written(tmp_path / "second", meta_graph())) == []
    assert verify_source(first, against=tmp_path / "second").same


def test_another_graph_for_training(first: Path, tmp_path: Path):
    train = meta_graph()
    train.graph_def.node.add(name="new", op="NoOp")
    train.graph_def.node[0].device = "/cpu:0"
    train.graph_def.library.function.add().signature.name = "f"
    name = train.graph_def.node[0].name
    second = written(tmp_path / "second", train)
    assert changes(first, second) == [
        ("saved_model", "meta_graphs/gpu,train/new"),
        ("saved_model", f"meta_graphs/gpu,train/{name}/device"),
        ("saved_model", "meta_graphs/gpu,train/f"),
    ]
    assert verify_source(first, against=second).same is False


def test_around_another_graph(first: Path, tmp_path: Path):
    """As around the graph itself, that is no other model."""
    train = meta_graph()
    train.signature_def["serving_default"].method_name = "predict"
    train.collection_def["c"].node_list.value.append("x")
    second = written(tmp_path / "second", train)
    assert changes(first, second) == [
        ("meta_graph_def", "meta_graphs/gpu,train/signature_def/serving_default/method_name"),
        ("meta_graph_def", "meta_graphs/gpu,train/collection_def/c"),
    ]
    assert verify_source(first, against=second).same


def test_a_meta_graph_on_one_side(first: Path, tmp_path: Path):
    second = written(tmp_path / "second", None)
    (change,) = gs.diff(gs.load(first), gs.load(second)).model
    number = len(meta_graph().graph_def.node)
    assert change.to_json() == {"field": "saved_model", "key": "meta_graphs/gpu,train", "a": f"{number} nodes"}
    # Whoever names two of them compares these.
    changes = gs.diff(gs.load(first, tags=["train", "gpu"]), gs.load(second)).model
    assert {str(change.key).split("/")[0] for change in changes} == {"meta_info_def"}


@pytest.mark.parametrize("words", ["a\nc\n", "a\nb\nc\n", None])
def test_another_vocabulary(first: Path, tmp_path: Path, words: str | None):
    second = written(tmp_path / "second", meta_graph(), words)
    assert changes(first, second) == [("saved_model", "assets/words.txt")]
    report = verify_source(first, against=second)
    assert ([finding.message for finding in report.findings if finding.rule == "differs"], report.same) == (
        ["assets/words.txt differs"],
        False,
    )


def test_what_is_no_saved_model_has_none(first: Path):
    model = gs.Model.from_meta_graph_def(meta_graph())
    assert gs.diff(model, gs.load(first)).is_equal
