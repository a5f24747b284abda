"""`convert`: the same model in another form."""

from __future__ import annotations

import os

import pytest

import graphsurgeon as gs
from proto_utils import schema
from tests.models import floats, frozen, meta_graph, saved_model


def test_binary_to_text_and_back(verb, graph, tmp_path):
    assert verb("convert", graph, "-o", tmp_path / "x.pbtxt").code == 0
    assert schema.parse_text(schema.GraphDef, (tmp_path / "x.pbtxt").read_text()) == frozen()
    assert verb("convert", tmp_path / "x.pbtxt", "-o", tmp_path / "y.pb").code == 0
    assert schema.parse(schema.GraphDef, (tmp_path / "y.pb").read_bytes()) == frozen()


@pytest.mark.parametrize(
    ("name", "output", "kind"),
    [
        ("x.meta", "y.txt", "meta_graph_text"),
        ("x.meta", "y.meta", "meta_graph"),
    ],
)
def test_meta_graph(verb, tmp_path, name, output, kind):
    (tmp_path / name).write_bytes(meta_graph().SerializeToString())
    answer = verb("convert", tmp_path / name, "-o", tmp_path / output, "--json").answer
    assert (answer["kind"], answer["to"], answer["outputs"]) == ("meta_graph", kind, [str(tmp_path / output)])
    assert gs.load(tmp_path / output).to_meta_graph_def() == meta_graph()


def test_graph_out_of_a_saved_model(verb, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    assert verb("convert", tmp_path, "-o", tmp_path / "x.pb", "--to", "graph_def").code == 0
    assert gs.load(tmp_path / "x.pb").to_graph_def() == frozen()


def test_checkpoint_is_copied_as_it_was(verb, checkpoint, tmp_path):
    copy = tmp_path / "copy" / "n.ckpt"
    assert verb("convert", checkpoint, "-o", copy).code == 0
    for suffix in (".data-00000-of-00001", ".index", ".meta"):
        assert copy.with_name(f"n.ckpt{suffix}").read_bytes() == checkpoint.with_name(f"m.ckpt{suffix}").read_bytes()
    assert os.path.exists(copy.parent / "checkpoint")


def test_partitioned_checkpoint_becomes_whole(verb, fixtures, tmp_path):
    assert verb("convert", fixtures / "partitioned.ckpt", "-o", tmp_path / "m").code == 0
    before, after = gs.load_checkpoint(fixtures / "partitioned.ckpt"), gs.load_checkpoint(tmp_path / "m")
    assert list(before) == list(after)
    assert all(before[name].numpy().tobytes() == after[name].numpy().tobytes() for name in before)


def test_graph_without_values_is_no_checkpoint(verb, graph, tmp_path):
    done = verb("convert", graph, "-o", tmp_path / "m", "--to", "checkpoint")
    assert done.code == 3
    assert "hint: unfreeze" in done.err


def test_checkpoint_without_a_graph_is_no_graph(verb, checkpoint, tmp_path):
    checkpoint.with_name("m.ckpt.meta").unlink()
    assert verb("convert", checkpoint, "-o", tmp_path / "x.pb", "--to", "graph_def").code == 3
    assert not (tmp_path / "x.pb").exists()


def test_existing_output_needs_force(verb, graph, tmp_path):
    (tmp_path / "x.pb").write_bytes(b"precious")
    assert verb("convert", graph, "-o", tmp_path / "x.pb").code == 6
    assert (tmp_path / "x.pb").read_bytes() == b"precious"
    assert verb("convert", graph, "-o", tmp_path / "x.pb", "--force").code == 0
    assert (tmp_path / "x.pb").read_bytes() == graph.read_bytes()


def test_output_may_be_the_source(verb, graph):
    before = graph.read_bytes()
    assert verb("convert", graph, "-o", graph, "--force").code == 0
    assert graph.read_bytes() == before


def test_dry_run_writes_nothing(verb, graph, tmp_path):
    assert verb("convert", graph, "-o", tmp_path / "x.pbtxt", "--dry-run", "--json").answer["outputs"] == []
    assert not (tmp_path / "x.pbtxt").exists()


def test_to_a_pipe(program, graph):
    done = program("convert", graph, "-o", "/dev/stdout", "--to", "graph_def_text", "--force", "--quiet")
    assert done.code == 0
    assert schema.parse_text(schema.GraphDef, done.out) == frozen()


def files(directory):
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def test_checkpoint_to_saved_model_and_back(verb, fixtures, tmp_path):
    first, second = fixtures / "mobile_cnn.ckpt", tmp_path / "back" / "m.ckpt"
    done = verb("convert", first, "-o", tmp_path / "saved", "--to", "saved_model", "--outputs", "Predictions", "--json")
    assert done.answer["serving"]["signature"]["outputs"][0]["tensor"] == "Predictions:0"
    assert verb("convert", tmp_path / "saved", "-o", second, "--to", "checkpoint").code == 0
    for suffix in (".data-00000-of-00001", ".index"):
        assert second.with_name(second.name + suffix).read_bytes() == first.with_name(first.name + suffix).read_bytes()
    before, after = gs.load(first).to_meta_graph_def(), gs.load(second).to_meta_graph_def()
    assert list(after.signature_def) == ["serving_default"]
    assert after.saver_def == before.saver_def
    nodes = [node for node in after.graph_def.node if node.name != "saved_model_main_op"]
    assert nodes == list(before.graph_def.node)


def test_saved_model_is_copied_into_a_directory(verb, tmp_path):
    (tmp_path / "a" / "assets").mkdir(parents=True)
    (tmp_path / "a" / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    (tmp_path / "a" / "assets" / "words").write_text("words")
    assert verb("convert", tmp_path / "a", "-o", f"{tmp_path}/b/").code == 0
    assert files(tmp_path / "b") == files(tmp_path / "a")


@pytest.mark.parametrize("kind", ["graph_def", "graph_def_text", "meta_graph", "meta_graph_text"])
def test_every_kind_of_graph_becomes_a_saved_model_and_is_found_in_it(verb, tmp_path, kind):
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    assert verb("convert", tmp_path, "-o", tmp_path / "x", "--to", kind).code == 0
    assert verb("convert", tmp_path / "x", "-o", tmp_path / "again", "--to", "saved_model").code == 0
    assert verb("convert", tmp_path / "again", "-o", tmp_path / "y", "--to", kind).code == 0
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


def test_tags_choose_the_meta_graph(verb, tmp_path):
    train, serve = meta_graph(), meta_graph()
    train.meta_info_def.tags[:] = ["train", "gpu"]
    train.graph_def.node.add(name="only_in_train", op="NoOp")
    (tmp_path / "saved_model.pb").write_bytes(saved_model(train, serve).SerializeToString())
    assert verb("convert", tmp_path, "-o", tmp_path / "x", "--to", "meta_graph", "--tags", "gpu,train").code == 0
    assert "only_in_train" in gs.load(tmp_path / "x").graph
    done = verb("convert", tmp_path, "-o", tmp_path / "y", "--to", "meta_graph", "--tags", "gpu")
    assert done.code == 5
    assert "'train,gpu', 'serve'" in done.err


def test_what_a_checkpoint_cannot_hold_is_said(verb, tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "words").write_text("words")
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    gs.save_checkpoint({"w": floats(1)}, tmp_path / "variables" / "variables")
    answer = verb("convert", tmp_path, "-o", tmp_path / "m", "--to", "checkpoint", "--json").answer
    assert answer["notes"][0].startswith("a checkpoint has no assets: 'assets/words'")


def test_directory_that_is_no_saved_model_is_not_replaced(verb, graph, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("precious")
    done = verb("convert", graph, "-o", tmp_path / "out", "--to", "saved_model", "--force")
    assert done.code == 6
    assert "'thesis.tex' is no part of one" in done.err
    assert files(tmp_path / "out") == {"thesis.tex": b"precious"}


def test_saved_model_is_replaced_when_asked(verb, graph, tmp_path):
    arguments = ("convert", graph, "-o", tmp_path / "out", "--to", "saved_model")
    assert [verb(*arguments).code, verb(*arguments).code, verb(*arguments, "--force").code] == [0, 6, 0]


def test_what_would_lose_values_is_refused(verb, fixtures, tmp_path):
    source, out = fixtures / "mobile_cnn.ckpt", tmp_path / "x"
    for kind in ("graph_def", "graph_def_text", "meta_graph", "meta_graph_text"):
        done = verb("convert", source, "-o", out, "--to", kind)
        assert (done.code, out.exists()) == (4, False)
        assert "freeze makes constants of them" in done.err
    assert verb("convert", fixtures / "mobile_cnn.ckpt.meta", "-o", out, "--to", "graph_def", "--drop-values").code == 0
    answer = verb("convert", source, "-o", out, "--to", "meta_graph", "--drop-values", "--force", "--json").answer
    assert answer["notes"] == ["the values of 37 variables are not in it: a graph has none"]
    # The file of a graph, of which this is a copy, holds none either.
    answer = verb("convert", fixtures / "mobile_cnn.ckpt.meta", "-o", tmp_path / "c.meta", "--json").answer
    assert answer["notes"] == ["the values of 37 variables are not in it: a graph has none"]
    assert (
        verb("convert", source, "-o", tmp_path / "saved", "--to", "saved_model", "--outputs", "Predictions").code == 0
    )
    # Not told, a SavedModel would become a MetaGraphDef.
    for each in (tmp_path / "saved", tmp_path / "saved" / "saved_model.pb"):
        assert verb("convert", each, "-o", tmp_path / "y.pb").code == 4
        assert not (tmp_path / "y.pb").exists()


@pytest.mark.parametrize("words", ["convert {} -o {}", "rename {} -o {} --add-scope a", "compact {} -o {}"])
def test_an_empty_checkpoint_stays_one(verb, tmp_path, words):
    gs.save_checkpoint({}, tmp_path / "m")
    assert verb(*words.format(tmp_path / "m", tmp_path / "again").split()).code == 0
    assert dict(gs.load_checkpoint(tmp_path / "again")) == {}


def test_a_dry_run_lists_what_would_go(verb, graph, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("saved_model.pb", "keras_metadata.pb"):
        (out / name).write_bytes(saved_model().SerializeToString())
    words = ("convert", graph, "-o", out, "--to", "saved_model", "--dry-run")
    answer = verb(*words, "--force", "--json").answer
    assert answer["would_write"] == [f"{out}/saved_model.pb"]
    assert answer["would_delete"] == [f"{out}/keras_metadata.pb"]
    assert verb(*words, "--json").answer["would_delete"] == []
    (out / "thesis.tex").touch()
    done = verb(*words, "--force")
    assert done.code == 6
    assert "thesis.tex" in done.err


def test_a_dry_run_lists_data_files_that_would_go(verb, tmp_path):
    gs.save_checkpoint({"a": floats(1), "b": floats(2)}, tmp_path / "m", shard_nbytes=4)
    gs.save_checkpoint({"a": floats(1)}, tmp_path / "n")
    answer = verb("convert", tmp_path / "n", "-o", tmp_path / "m", "--force", "--dry-run", "--json").answer
    assert answer["would_delete"] == [f"{tmp_path}/m.data-0000{n}-of-00002" for n in (0, 1)]
