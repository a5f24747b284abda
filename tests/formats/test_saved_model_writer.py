"""Writing SavedModels: what went in comes out, with all that was beside it; whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.formats.saved_model import list_meta_graphs
from graphsurgeon.formats.saved_model_writer import saved_model_pieces, write_saved_model
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError, OutputExistsError, UnsupportedError
from tests.models import floats, frozen, meta_graph, saved_model


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, hidden ones too."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def other(tag: str) -> schema.MetaGraphDef:
    """A meta graph with another tag and a node of its own."""
    meta = meta_graph()
    meta.meta_info_def.tags[:] = [tag]
    meta.graph_def.node.add(name=f"only_in_{tag}", op="NoOp")
    return meta


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A SavedModel of two meta graphs with unknown fields, variables, assets and what else may be there."""
    source = tmp_path / "source"
    source.mkdir()
    # An unknown field between the meta graphs, and one behind them.
    first, second = (schema.SavedModel(meta_graphs=[meta]) for meta in (other("train"), meta_graph()))
    message = b"\x08\x01" + first.SerializeToString() + b"\x78\x05" + second.SerializeToString() + b"\x7a\x02hi"
    (source / "saved_model.pb").write_bytes(message)
    gs.save_checkpoint({"w": floats(1, 2), "only/train": floats(3)}, source / "variables" / "variables")
    (source / "variables" / "checkpoint").unlink()
    for name in (
        "assets/words.txt",
        "assets/deep/more.txt",
        "assets.extra/note",
        "keras_metadata.pb",
        "fingerprint.pb",
    ):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(name)
    return source


def test_everything_comes_back(directory: Path, tmp_path: Path):
    """Bytes for bytes, but for the fingerprint, which is of one very file."""
    wanted = contents(directory)
    del wanted["fingerprint.pb"]
    paths = write_saved_model(gs.load(directory), tmp_path / "target")
    assert contents(tmp_path / "target") == wanted
    assert sorted(os.path.relpath(path, tmp_path / "target") for path in paths) == sorted(wanted)


def test_an_edited_meta_graph_takes_its_place_among_the_others(directory: Path, tmp_path: Path):
    model = gs.load(directory, tags=["train"])
    model.graph.append(Node.new("new", "NoOp"))
    write_saved_model(model, tmp_path / "target")
    wanted = schema.parse(schema.SavedModel, (directory / "saved_model.pb").read_bytes())
    wanted.meta_graphs[0].graph_def.node.add(name="new", op="NoOp")
    written = schema.parse(schema.SavedModel, (tmp_path / "target" / "saved_model.pb").read_bytes())
    ops = written.meta_graphs[0].meta_info_def.stripped_op_list
    assert "NoOp" in [op.name for op in ops.op]
    wanted.meta_graphs[0].meta_info_def.stripped_op_list.CopyFrom(ops)
    assert written == wanted
    assert gs.load(tmp_path / "target", tags=["serve"]).to_meta_graph_def() == meta_graph()


def test_variables_that_other_meta_graphs_could_not_restore(directory: Path, tmp_path: Path):
    model = gs.load(directory, tags=["serve"])
    model.variables["w"] = floats(3, 4)
    assert write_saved_model(model, tmp_path / "other values")
    model.variables["w"] = floats(1, 2).astype("float16")
    with pytest.raises(PassError, match=r"'w' is float16 \[2\] now, and other meta graphs .* restore float32 \[2\]"):
        write_saved_model(model, tmp_path / "another dtype")
    assert not (tmp_path / "another dtype").exists()


def test_what_only_other_meta_graphs_need_stays(directory: Path, tmp_path: Path):
    model = gs.load(directory)
    del model.variables["only/train"]
    assert not any("other meta graphs" in note for note in write_saved_model(model, tmp_path / "same").notes)
    model.variables["w"] = floats(7, 8)
    notes = write_saved_model(model, tmp_path / "target").notes
    assert "other meta graphs of the SavedModel restore the new values, too: 'w'" in notes
    variables = gs.load(tmp_path / "target").variables
    assert {name: tensor.numpy().tolist() for name, tensor in variables.items()} == {
        "only/train": [3.0],
        "w": [7.0, 8.0],
    }


def test_what_nobody_needs_goes(directory: Path, tmp_path: Path):
    (directory / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    model = gs.load(directory)
    model.variables.clear()
    write_saved_model(model, tmp_path / "target")
    assert not (tmp_path / "target" / "variables").exists()


def test_text_becomes_binary(tmp_path: Path):
    (tmp_path / "saved_model.pbtxt").write_text(schema.print_text(saved_model(other("train"), meta_graph())))
    write_saved_model(gs.load(tmp_path), tmp_path / "target")
    assert contents(tmp_path / "target") == {
        "saved_model.pb": saved_model(other("train"), meta_graph()).SerializeToString(deterministic=True)
    }


def test_a_bare_graph(tmp_path: Path):
    paths = write_saved_model(Model.from_graph_def(frozen()), tmp_path / "new" / "target")
    assert paths == [str(tmp_path / "new" / "target" / "saved_model.pb")]
    read = schema.parse(schema.SavedModel, Path(paths[0]).read_bytes())
    assert read.saved_model_schema_version == 1
    assert read.meta_graphs[0].graph_def == frozen()
    assert list_meta_graphs(paths[0])[0].tags == ("serve",)


def test_model_stays_as_it_was(tmp_path: Path):
    model = Model.from_graph_def(frozen())
    write_saved_model(model, tmp_path / "target")
    assert (model.meta, len(model.graph)) == (None, 4)


def test_output_may_be_the_input(directory: Path):
    wanted = contents(directory)
    del wanted["fingerprint.pb"]
    write_saved_model(gs.load(directory), directory, force=True)
    assert contents(directory) == wanted


def test_what_exists_is_not_replaced_unasked(directory: Path):
    before = contents(directory)
    with pytest.raises(OutputExistsError):
        write_saved_model(gs.load(directory), directory)
    assert contents(directory) == before


@pytest.mark.parametrize("path", ["thesis.tex", "photos/cat.jpg", "assets.old/x", "variables/notes", "variables/old/x"])
def test_a_directory_with_anything_else_is_never_replaced(directory: Path, path: str):
    (directory / path).parent.mkdir(exist_ok=True)
    (directory / path).write_text("precious")
    before = contents(directory)
    with pytest.raises(OutputExistsError) as caught:
        write_saved_model(gs.load(directory), directory, force=True)
    assert path.removesuffix("/cat.jpg").removesuffix("/x") in str(caught.value.hint)
    assert contents(directory) == before


def test_a_directory_that_is_no_saved_model_is_never_replaced(directory: Path):
    model = gs.load(directory)
    (directory / "saved_model.pb").unlink()
    with pytest.raises(OutputExistsError) as caught:
        write_saved_model(model, directory, force=True)
    assert "this has no saved_model.pb" in str(caught.value.hint)
    assert (directory / "assets" / "words.txt").exists()


def test_a_file_is_not_replaced(directory: Path, tmp_path: Path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(OutputExistsError):
        write_saved_model(gs.load(directory), tmp_path / "file", force=True)
    assert (tmp_path / "file").read_text() == "precious"


def test_damage_found_on_the_way_leaves_the_old_one(directory: Path):
    """A value whose checksum is wrong is found when it is copied: the last moment."""
    data = directory / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1] + b"\xff")
    before = contents(directory)
    with pytest.raises(CorruptionError):
        write_saved_model(gs.load(directory), directory, force=True)
    assert contents(directory.parent) == {f"source/{name}": data for name, data in before.items()}


def test_a_lost_asset_leaves_the_old_one(directory: Path):
    model = gs.load(directory)
    (directory / "assets" / "words.txt").unlink()
    before = contents(directory)
    with pytest.raises(FileNotFoundError):
        write_saved_model(model, directory, force=True)
    assert contents(directory.parent) == {f"source/{name}": data for name, data in before.items()}


def test_past_the_limit_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("graphsurgeon.ir.model.MAX_MESSAGE_NBYTES", 100)
    with pytest.raises(LimitError) as caught:
        write_saved_model(Model.from_graph_def(frozen()), tmp_path / "target")
    assert (caught.value.limit, caught.value.what) == (100, "the SavedModel, in bytes,")
    assert list(tmp_path.iterdir()) == []


def test_an_unedited_graph_is_one_piece_of_its_file(directory: Path):
    """Nothing is parsed or encoded anew: each record goes out as the bytes it came in as."""
    pieces = saved_model_pieces(gs.load(directory))
    model = gs.load(directory)
    assert model.saved_model is not None
    assert [type(piece).__name__ for piece in pieces] == ["Span"] * len(model.saved_model.records)


def test_links_among_assets_are_copied_as_files(directory: Path, tmp_path: Path):
    (directory / "assets" / "link").symlink_to("words.txt")
    write_saved_model(gs.load(directory), tmp_path / "target")
    assert not (tmp_path / "target" / "assets" / "link").is_symlink()
    words = (directory / "assets" / "words.txt").read_bytes()
    assert (tmp_path / "target" / "assets" / "link").read_bytes() == words


def test_what_a_link_leads_to_outside_is_not_taken_along(directory: Path, tmp_path: Path, monkeypatch):
    (tmp_path / "private").write_text("private")
    (directory / "assets" / "link").symlink_to("../../private")
    saved = write_saved_model(gs.load(directory), tmp_path / "target")
    assert os.readlink(tmp_path / "target" / "assets" / "link") == str(tmp_path / "private")
    assert f"assets/link stays a symbolic link, to {tmp_path}/private" in saved.notes[-1]
    monkeypatch.setattr("proto_utils.disk._symlink", None)
    with pytest.raises(UnsupportedError, match=r"assets/link: is a symbolic link to .*private, out of the SavedModel"):
        write_saved_model(gs.load(directory), tmp_path / "again")
    assert not (tmp_path / "again").exists()
