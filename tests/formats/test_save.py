"""Saving: what is chosen, all files or none, and what stays in the state file."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.cli.run import run
from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.formats.load import load, load_checkpoint
from graphsurgeon.formats.save import choose_kind, existing_outputs, notes_on, save, save_checkpoint
from graphsurgeon.formats.state_file import latest_checkpoint, read_state
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import RawTensor
from proto_utils import schema
from proto_utils.errors import LimitError, OutputExistsError, UnsupportedError
from tests import notation
from tests.models import floats, frozen, meta_graph


def bare() -> Model:
    return Model.from_graph_def(frozen())


def with_variables() -> Model:
    model = Model.from_meta_graph_def(meta_graph())
    model.variables = {"b": floats(3), "a": floats(1, 2)}
    return model


def listing(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("model", "path", "expected"),
    [
        (bare(), "x.pb", "graph_def"),
        (bare(), "x.pbtxt", "graph_def_text"),
        (bare(), "X.TXT", "graph_def_text"),
        (Model.from_meta_graph_def(meta_graph()), "x.meta", "meta_graph"),
        (Model.from_meta_graph_def(meta_graph()), "x.pbtxt", "meta_graph_text"),
        (bare(), "x/", "saved_model"),
        (with_variables(), "x/", "saved_model"),
        (bare(), "x/.", "saved_model"),
        (with_variables(), "model.ckpt", "checkpoint"),
        (with_variables(), "x.pbtxt", "checkpoint"),
    ],
)
def test_what_the_model_asks_for(model, path, expected):
    assert choose_kind(model, path) == expected


@pytest.mark.parametrize(
    ("kind", "notes"), [("checkpoint", ["this is an object-based"]), ("meta_graph", ["the values of 2 variabl"])]
)
def test_what_the_output_lacks_is_returned_with_the_paths(tmp_path, kind, notes):
    model = with_variables()
    assert model.meta is not None
    model.meta.object_graph_def.SetInParent()
    saved = save(model, tmp_path / "m", to=kind, drop_values=True)
    assert [note[:23] for note in saved.notes] == notes
    assert saved.notes == notes_on(model, kind)


def test_what_a_saved_model_was_given_is_returned_with_the_paths(tmp_path):
    nothing = Model.from_graph_def(schema.GraphDef())
    (note,) = save(nothing, tmp_path / "m", to="saved_model").notes
    assert note.startswith("no outputs could be guessed")


@pytest.mark.parametrize("kind", ["graph_def", "graph_def_text", "meta_graph", "meta_graph_text"])
def test_one_file(tmp_path, kind):
    model = Model.from_meta_graph_def(meta_graph())
    assert save(model, tmp_path / "x", to=kind) == [str(tmp_path / "x")]
    read = schema.parse_text if kind.endswith("_text") else schema.parse
    is_meta = kind.startswith("meta")
    found = read(schema.MetaGraphDef if is_meta else schema.GraphDef, (tmp_path / "x").read_bytes())
    assert found == (meta_graph() if is_meta else frozen())


def test_checkpoint_set(tmp_path):
    prefix = tmp_path / "out" / "m.ckpt"
    paths = save(with_variables(), prefix)
    suffixes = [".data-00000-of-00001", ".index", ".meta"]
    assert paths == [f"{prefix}{suffix}" for suffix in suffixes] + [str(prefix.parent / "checkpoint")]
    assert sorted(map(str, prefix.parent.iterdir())) == sorted(paths)
    again = gs.load(prefix)
    assert {name: tensor.numpy().tolist() for name, tensor in again.variables.items()} == {"a": [1, 2], "b": [3]}
    assert again.to_meta_graph_def() == meta_graph()


def test_tensors_alone_have_no_meta(tmp_path):
    save_checkpoint({"a": floats(1)}, tmp_path / "m.ckpt")
    save(gs.load(tmp_path / "m.ckpt"), tmp_path / "n.ckpt")
    assert not (tmp_path / "n.ckpt.meta").exists()
    assert (tmp_path / "n.ckpt.index").read_bytes() == (tmp_path / "m.ckpt.index").read_bytes()


def test_arrays_scalars_and_strings(tmp_path):
    import numpy as np

    save_checkpoint({"w": np.arange(6.0).reshape(2, 3), "n": 3, "s": [b"a", b"bc"]}, tmp_path / "m")
    found = gs.load_checkpoint(tmp_path / "m")
    assert found["w"].numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["n"].shape == ()
    assert found["n"].numpy().tolist() == 3
    assert list(found["s"].strings()) == [b"a", b"bc"]


def test_shards_by_size(tmp_path):
    paths = save_checkpoint({"a": floats(1, 2), "b": floats(3, 4)}, tmp_path / "m", shard_nbytes=8)
    assert [os.path.basename(path) for path in paths] == [
        "m.data-00000-of-00002", "m.data-00001-of-00002", "m.index", "checkpoint",
    ]  # fmt: skip


def test_state_file_keeps_the_others(tmp_path):
    for name in ("a", "b", "c", "b"):
        save_checkpoint({"w": floats(1)}, tmp_path / name, force=True)
    state = read_state(tmp_path)
    assert state is not None
    assert [os.path.basename(path) for path in state.checkpoints] == ["a", "c", "b"]
    assert state.latest == str(tmp_path / "b")


def test_damaged_state_file_is_replaced(tmp_path):
    (tmp_path / "checkpoint").write_text("not a state {")
    save_checkpoint({"w": floats(1)}, tmp_path / "a")
    state = read_state(tmp_path)
    assert state is not None
    assert state.checkpoints == (str(tmp_path / "a"),)


@pytest.mark.parametrize("suffix", [".index", ".meta", ".data-00000-of-00001", ".data-00001-of-00007"])
def test_existing_files_are_refused(tmp_path, suffix):
    (tmp_path / f"m{suffix}").write_bytes(b"precious")
    before = listing(tmp_path)
    with pytest.raises(OutputExistsError) as caught:
        save(with_variables(), tmp_path / "m")
    assert caught.value.path == f"{tmp_path / 'm'}{suffix}"
    assert listing(tmp_path) == before


def test_state_file_may_always_be_replaced(tmp_path):
    save(with_variables(), tmp_path / "a")
    save(with_variables(), tmp_path / "b")
    assert existing_outputs(str(tmp_path / "a"), "checkpoint") == [
        f"{tmp_path}/a{suffix}" for suffix in (".data-00000-of-00001", ".index", ".meta")
    ]


def test_existing_graph_is_refused(tmp_path):
    (tmp_path / "x.pb").write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        save(bare(), tmp_path / "x.pb")
    assert listing(tmp_path) == {"x.pb": b"precious"}


@pytest.mark.parametrize("to", ["graph_def", "meta_graph_text", "saved_model", "checkpoint"])
def test_library_and_command_line_replace_what_is_there_when_told(tmp_path, capfd, to):
    """Both refuse it by the same error, each with the hint in its own words, and nothing is touched."""
    path, source = tmp_path / "x", tmp_path / "source"
    save(with_variables(), source)
    save(with_variables(), path, to=to, drop_values=True)
    before = listing(tmp_path)
    with pytest.raises(OutputExistsError) as caught:
        save(with_variables(), path, to=to, drop_values=True)
    assert listing(tmp_path) == before
    command = ["convert", str(source), "-o", str(path), "--to", to, "--drop-values"]
    assert run([*command, "--json"]) == 6
    told = json.loads(capfd.readouterr().err)["error"]
    assert (told["type"], told["message"], told["path"]) == (
        "OutputExistsError",
        caught.value.message,
        caught.value.path,
    )
    assert (caught.value.hint, told["hint"]) == ("`force=True` replaces it", "--force replaces it")
    save(with_variables(), path, to=to, drop_values=True, force=True)
    assert run([*command, "--force", "--quiet"]) == 0


def test_checkpoints_of_tensors_are_replaced_when_told(tmp_path):
    save_checkpoint({"w": floats(1)}, tmp_path / "x")
    with pytest.raises(OutputExistsError, match="exists already"):
        save_checkpoint({"w": floats(2)}, tmp_path / "x")
    assert load_checkpoint(tmp_path / "x")["w"].numpy().tolist() == [1]
    save_checkpoint({"w": floats(2)}, tmp_path / "x", force=True)
    assert load_checkpoint(tmp_path / "x")["w"].numpy().tolist() == [2]


def test_output_may_be_the_input(tmp_path):
    prefix = tmp_path / "m"
    save(with_variables(), prefix)
    before = listing(tmp_path)
    model = gs.load(prefix)
    save(model, prefix, force=True)
    assert listing(tmp_path) == before


def test_values_that_cannot_be_saved_leave_nothing(tmp_path):
    class Broken(RawTensor):
        def chunks(self, nbytes=0):
            yield b"\0\0\0\0"
            raise OSError(5, "Input/output error")

    model = with_variables()
    model.variables["z"] = Broken(dtypes.FLOAT, (2,), floats(1, 2).span)
    with pytest.raises(OSError, match="Input/output") as caught:
        save(model, tmp_path / "deep" / "m")
    assert caught.value.filename == str(tmp_path / "deep" / "m")
    assert list(tmp_path.iterdir()) == []


def test_nameless_tensor_is_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="without a name"):
        save_checkpoint({"": floats(1)}, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"good": 1, "bad": None}, "tensor 'bad': an element of type NoneType"),
        ({"bad": [[1], [1, 2]]}, "tensor 'bad': "),
        ({"bad": "\ud800"}, "tensor 'bad': a string that is no Unicode"),
        ({b"w": 1}, "a tensor's name is a str, not b'w'"),
        ({3: 1}, "a tensor's name is a str, not 3"),
    ],
)
def test_what_cannot_be_saved_is_named(tmp_path, tensors, says):
    with pytest.raises(UnsupportedError) as caught:
        save_checkpoint(tensors, tmp_path / "m")
    assert caught.value.reason.startswith(says)
    assert list(tmp_path.iterdir()) == []


def test_a_kind_that_is_none_is_refused(tmp_path):
    kind: Any = "graphdef"
    with pytest.raises(UnsupportedError, match="'graphdef', only graph_def, graph_def_text, "):
        save(bare(), tmp_path / "x", to=kind)
    assert list(tmp_path.iterdir()) == []


def test_arrays_given_to_a_model_are_saved(tmp_path):
    model = with_variables()
    model.variables["a"] = np.ones((2, 2), np.float32)
    save(model, tmp_path / "m")
    assert gs.load_checkpoint(tmp_path / "m")["a"].numpy().tolist() == [[1, 1], [1, 1]]


def test_graph_past_the_limit_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("graphsurgeon.ir.model.MAX_MESSAGE_NBYTES", 100)
    for to in ("graph_def", "checkpoint"):
        with pytest.raises(LimitError):
            save(with_variables(), tmp_path / "x", to=to, drop_values=True)
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import resource, signal, sys
import graphsurgeon as gs
model = gs.load(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, 1 << 12))
try:
    gs.save(model, sys.argv[2], force=True)
except OSError as error:
    print(error.filename)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit on file sizes here")
def test_links_to_another_checkpoint_are_replaced_not_followed(tmp_path):
    """Who links a checkpoint's files under another prefix and saves there keeps the first, graph and all."""
    paths = [Path(path) for path in save(with_variables(), tmp_path / "one")[:-1]]
    assert [path.suffix for path in paths[1:]] == [".index", ".meta"]
    before = {path: path.read_bytes() for path in paths}
    for path in paths:
        (tmp_path / path.name.replace("one", "two")).symlink_to(path)
    model = with_variables()
    model.variables["w"] = floats(7, 8)
    save(model, tmp_path / "two", force=True)
    assert {path: path.read_bytes() for path in paths} == before
    assert not any(path.is_symlink() for path in tmp_path.iterdir())


def test_full_disk_leaves_what_was_there(tmp_path, root):
    save_checkpoint({"w": floats(*range(4096))}, tmp_path / "big")
    out = tmp_path / "out"
    save_checkpoint({"old": floats(1)}, out / "m")
    before = listing(out)
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "big"), str(out / "m")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(out / "m")
    assert listing(out) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_directory(tmp_path):
    (tmp_path / "ro").mkdir()
    os.chmod(tmp_path / "ro", stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(PermissionError):
        save(bare(), tmp_path / "ro" / "x.pb")


def test_the_latest_may_stay(tmp_path):
    for name in ("a", "b"):
        saved = save_checkpoint({"w": floats(1)}, tmp_path / name, update_state=False)
    assert saved.notes == ["'a' stays the latest checkpoint of the directory; `update_state=True` moves it"]
    state = read_state(tmp_path)
    assert state is not None
    assert state.checkpoints == (str(tmp_path / "a"),)
    # One that is gone is no latest.
    (tmp_path / "a.index").unlink()
    save_checkpoint({"w": floats(1)}, tmp_path / "c", update_state=False)
    assert latest_checkpoint(tmp_path) == str(tmp_path / "c")


def test_values_are_not_lost_without_a_word(tmp_path, fixtures):
    model = load(fixtures / "mobile_cnn.ckpt")
    for kind in ("graph_def", "graph_def_text", "meta_graph", "meta_graph_text"):
        with pytest.raises(PassError, match=f"a {kind} holds no values, and those of 37 variables would be lost"):
            save(model, tmp_path / "x.pb", to=kind)
    with pytest.raises(PassError, match="named like a graph, and would be a checkpoint"):
        save(model, tmp_path / "x.pb")
    with pytest.raises(PassError, match="named like a NumPy archive"):
        save_checkpoint(model.variables, tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []
    notes = save(model, tmp_path / "x.pb", to="graph_def", drop_values=True).notes
    assert notes == save(model, tmp_path / "x.meta", to="meta_graph", drop_values=True).notes
    assert notes == ["the values of 37 variables are not in it: a graph has none"]


def test_a_graph_that_an_edit_broke_is_not_saved(tmp_path: Path):
    model = notation.model("x = Placeholder {dtype: f32}; y = Relu(x)")
    model.graph["y"].inputs = ["gone"]
    with pytest.raises(GraphError, match="node 'y': input 'gone' names no node") as caught:
        save(model, tmp_path / "g.pb")
    assert caught.value.hint == "`gs.verify(model)` lists all that is wrong"
    assert list(tmp_path.iterdir()) == []
    model.graph["y"].inputs = ["x"]
    save(model, tmp_path / "g.pb", force=True)
    model.graph["y"].attrs["T"] = schema.AttrValue(i=3)
    with pytest.raises(GraphError, match="node 'y': Relu: attr 'T' holds int, not type"):
        save(model, tmp_path / "g.pb", force=True)


def test_what_was_read_broken_is_saved_as_it_was(tmp_path: Path):
    model = notation.model("y = Relu(gone) {T: f32}")
    save(model, tmp_path / "a.pb")
    again = load(tmp_path / "a.pb")
    save(again, tmp_path / "b.pb")
    assert (tmp_path / "b.pb").read_bytes() == (tmp_path / "a.pb").read_bytes()
    again.graph["y"].device = "/cpu:0"
    with pytest.raises(GraphError, match="input 'gone' names no node"):
        save(again, tmp_path / "b.pb", force=True)


def test_paths_may_be_bytes_and_models_are_no_paths(tmp_path):
    path: Any = os.fsencode(tmp_path / "x.pb")
    assert save(Model.from_graph_def(frozen()), path) == [str(tmp_path / "x.pb")]
    assert load(path).to_graph_def() == frozen()
    with pytest.raises(TypeError, match=r"a Model is wanted, not a bytes: load\(path\) makes one"):
        save(path, path)
