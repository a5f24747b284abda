"""What a path is, by its bytes: files under any name, prefixes, directories, and what is refused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import load, load_checkpoint
from graphsurgeon.formats.save import save, save_checkpoint
from graphsurgeon.formats.sniff import RIEGELI_SIGNATURE
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from graphsurgeon.tools.verify_source import verify_source
from proto_utils import schema
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from tests.formats.bundle_files import table
from tests.formats.v1_files import one, write_v1
from tests.models import floats, frozen, meta_graph, saved_model, shared, shared_files

V1_SHARD = "uve+tensorflow/tensorflow/contrib/session_bundle/testdata/half_plus_two/00000123/export-00000-of-00001"
FILES = {
    "graph_def": frozen().SerializeToString(),
    "graph_def_text": schema.print_text(frozen()).encode(),
    "meta_graph": meta_graph().SerializeToString(),
    "meta_graph_text": schema.print_text(meta_graph()).encode(),
    "saved_model": saved_model().SerializeToString(),
}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_checkpoint({"w": floats(1, 2)}, tmp_path / "m.ckpt")
    return tmp_path / "m.ckpt"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("file", ["x.pb", "x.pbtxt", "noise.png"])
def test_suffix_means_nothing(tmp_path, name, file):
    (tmp_path / file).write_bytes(FILES[name])
    found = detect(tmp_path / file)
    assert (found.name, found.graph, found.prefix) == (name, str(tmp_path / file), None)


@pytest.mark.parametrize("suffix", ["", ".index", ".data-00000-of-00001"])
def test_checkpoint_by_prefix_and_by_member(checkpoint, suffix):
    found = detect(f"{checkpoint}{suffix}")
    assert (found.kind, found.prefix, found.graph) == ("checkpoint", str(checkpoint), None)


@pytest.mark.parametrize(
    "values", [b"node {\n", b"\x0a\x05\x0a\x01x\x12\x00", b"a,b\n", b""], ids=["text", "graph", "csv", "empty"]
)
def test_values_may_look_like_anything(tmp_path, values):
    array = np.frombuffer(values, dtype=np.uint8)
    save_checkpoint({"w": array}, tmp_path / "m")
    assert (tmp_path / "m.data-00000-of-00001").read_bytes() == values
    found = detect(tmp_path / "m.data-00000-of-00001")
    assert (found.kind, found.prefix) == ("checkpoint", str(tmp_path / "m"))


def test_what_data_files_begin_with_is_no_v1_checkpoint(checkpoint):
    found = detect(f"{checkpoint}.data")
    assert (found.kind, found.prefix) == ("checkpoint", str(checkpoint))
    with pytest.raises(NotFoundError):
        detect(f"{checkpoint}.data-00000")


def test_directory_and_checkpoint_of_one_name(checkpoint):
    checkpoint.mkdir()
    assert detect(checkpoint).prefix == str(checkpoint)
    save_checkpoint({"w": floats(3)}, checkpoint / "inside")
    assert detect(checkpoint).prefix == str(checkpoint / "inside")
    assert detect(f"{checkpoint}.index").prefix == str(checkpoint)


def test_directory_called_checkpoint(checkpoint):
    (checkpoint.parent / "checkpoint").unlink()
    (checkpoint.parent / "checkpoint").mkdir()
    assert detect(checkpoint.parent).prefix == str(checkpoint)


@pytest.mark.parametrize(
    "state",
    ["/old/place/m.ckpt", "/old/place/run-1/m.ckpt", "m.ckpt", "./m.ckpt", "sub/m.ckpt", "../elsewhere/m.ckpt"],
)
@pytest.mark.parametrize("name", ["checkpoint", "checkpoint_latest"])
def test_state_files_that_were_moved(checkpoint, state, name):
    (checkpoint.parent / "checkpoint").unlink()
    (checkpoint.parent / name).write_text(f'model_checkpoint_path: "{state}"')
    assert os.path.samefile(f"{detect(checkpoint.parent / name).prefix}.index", f"{checkpoint}.index")


def test_paths_relative_to_here(checkpoint, monkeypatch):
    monkeypatch.chdir(checkpoint.parent)
    for path in ("m.ckpt", "m.ckpt.index", "m.ckpt.data-00000-of-00001", "m.ckpt.data"):
        assert detect(path).prefix == "m.ckpt"
    assert detect("checkpoint").prefix in ("m.ckpt", "./m.ckpt")
    assert os.path.samefile(f"{detect('.').prefix}.index", "m.ckpt.index")


def test_prefix_that_ends_in_a_slash(tmp_path):
    """Of a directory that has other checkpoints too: the prefix with the slash is one of them."""
    save_checkpoint({"w": floats(1)}, f"{tmp_path}/d/")
    save_checkpoint({"w": floats(2)}, tmp_path / "d" / "other")
    (tmp_path / "d" / "checkpoint").unlink()
    assert detect(f"{tmp_path}/d/.index").prefix == f"{tmp_path}/d/"
    assert detect(f"{tmp_path}/d/.data-00000-of-00001").prefix == f"{tmp_path}/d/"
    assert detect(f"{tmp_path}/d/").prefix == f"{tmp_path}/d/"
    with pytest.raises(UnsupportedError, match="2 checkpoints"):
        detect(f"{tmp_path}/d")


def test_v1_shards_by_any_member(tmp_path):
    for number in range(2):
        shutil.copy(shared(V1_SHARD), tmp_path / f"v-{number:05d}-of-00002")
    (tmp_path / "v.meta").write_bytes(FILES["meta_graph"])
    for path in ("v", "v-00000-of-00002", "v-00001-of-00002", "v-?????-of-00002", "v.meta", ""):
        found = detect(tmp_path / path)
        assert (found.is_v1, found.prefix, found.graph) == (True, str(tmp_path / "v"), str(tmp_path / "v.meta")), path


def test_meta_beside_a_checkpoint_is_one_model(checkpoint):
    Path(f"{checkpoint}.meta").write_bytes(FILES["meta_graph"])
    by_meta, by_prefix = detect(f"{checkpoint}.meta"), detect(checkpoint)
    assert (by_meta.kind, by_prefix.kind) == ("meta_graph", "checkpoint")
    assert (
        (by_meta.graph, by_meta.prefix)
        == (by_prefix.graph, by_prefix.prefix)
        == (f"{checkpoint}.meta", str(checkpoint))
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"nonsense", "text file"), (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"), (b"", "empty")],
)
def test_meta_that_is_none_leaves_the_values_and_is_told(checkpoint, content, words):
    Path(f"{checkpoint}.meta").write_bytes(content)
    found = detect(checkpoint)
    assert found.graph is None
    assert words in (found.not_a_graph or "")
    assert list(load_checkpoint(checkpoint)) == ["w"]
    for use in (load, lambda path: EditedCheckpoint(path).graph):
        with pytest.raises(UnsupportedError, match=words) as caught:
            use(checkpoint)
        assert caught.value.path == f"{checkpoint}.meta"
    assert ("graph-file", True) in [(f.rule, words in f.message) for f in verify_source(checkpoint).findings]


def test_directory_whose_state_file_names_one(checkpoint):
    save_checkpoint({"w": floats(3)}, checkpoint.with_name("n.ckpt"))
    assert detect(checkpoint.parent).prefix == str(checkpoint.with_name("n.ckpt"))
    assert detect(checkpoint.parent / "checkpoint").prefix == str(checkpoint.with_name("n.ckpt"))


def test_directory_with_one_checkpoint(checkpoint):
    (checkpoint.parent / "checkpoint").unlink()
    assert detect(checkpoint.parent).prefix == str(checkpoint)


def test_directory_with_several_and_no_state_file(checkpoint):
    save_checkpoint({"w": floats(3)}, checkpoint.with_name("n.ckpt"))
    (checkpoint.parent / "checkpoint").unlink()
    with pytest.raises(UnsupportedError, match="2 checkpoints") as caught:
        detect(checkpoint.parent)
    directory = checkpoint.parent
    assert f"{directory}/m.ckpt, {directory}/n.ckpt" in str(caught.value.hint)


@pytest.mark.parametrize("mark", ["!m.ckpt", "!", "!/a/m.ckpt"])
def test_an_archive_that_is_not_there_is_no_missing_member(tmp_path, mark):
    (tmp_path / "models.tar").touch()
    with pytest.raises(NotFoundError, match=r"no archive '.*model\.tar'; did you mean '.*models\.tar'\?$"):
        detect(f"{tmp_path}/model.tar{mark}")
    (tmp_path / "model.tar").mkdir()
    with pytest.raises(NotFoundError, match=r"no archive '.*model\.tar'; it is a directory"):
        detect(f"{tmp_path}/model.tar{mark}")


def test_prefix_with_an_empty_basename(tmp_path):
    save_checkpoint({"w": floats(1)}, f"{tmp_path}/")
    assert (tmp_path / ".index").exists()
    assert detect(tmp_path / ".index").prefix == f"{tmp_path}/"
    assert os.path.samefile(f"{detect(tmp_path).prefix}.index", tmp_path / ".index")


@pytest.mark.parametrize("name", ["saved_model.pb", "saved_model.pbtxt"])
def test_saved_model_directory(tmp_path, checkpoint, name):
    data = FILES["saved_model"] if name.endswith(".pb") else schema.print_text(saved_model()).encode()
    (tmp_path / name).write_bytes(data)
    save_checkpoint({"w": floats(1)}, tmp_path / "variables" / "variables")
    for path in (tmp_path, tmp_path / name):
        found = detect(path)
        assert (found.kind, found.is_text) == ("saved_model", name.endswith("txt"))
        assert found.prefix == str(tmp_path / "variables" / "variables")


def test_state_file_that_names_nothing(checkpoint):
    for suffix in (".index", ".data-00000-of-00001"):
        os.unlink(f"{checkpoint}{suffix}")
    with pytest.raises(NotFoundError, match=r"m\.ckpt"):
        detect(checkpoint.parent)


def test_state_file_of_a_directory_that_was_moved(checkpoint):
    (checkpoint.parent / "checkpoint").write_text('model_checkpoint_path: "/old/place/m.ckpt"')
    assert detect(checkpoint.parent).prefix == str(checkpoint)


def test_state_file_with_a_pattern_of_shards(tmp_path):
    shutil.copy(shared(V1_SHARD), tmp_path / "v-00000-of-00001")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/old/v-?????-of-00001"')
    assert (detect(tmp_path).kind, detect(tmp_path).prefix) == ("checkpoint_v1", str(tmp_path / "v"))


def test_missing_path_names_what_resembles_it(checkpoint):
    with pytest.raises(NotFoundError) as caught:
        detect(f"{checkpoint}.indx")
    assert caught.value.kind == "file"
    assert f"{checkpoint}.index" in caught.value.near


def test_text_with_a_byte_order_mark(tmp_path):
    (tmp_path / "x.pbtxt").write_bytes(b"\xef\xbb\xbf" + FILES["graph_def_text"])
    assert detect(tmp_path / "x.pbtxt").name == "graph_def_text"
    assert len(load(tmp_path / "x.pbtxt").graph) == len(frozen().node)


@pytest.mark.parametrize("target", ["gone.pb", "link.pb"])
def test_link_to_nowhere(tmp_path, target):
    (tmp_path / "link.pb").symlink_to(target)
    with pytest.raises(NotFoundError) as caught:
        detect(tmp_path / "link.pb")
    assert caught.value.hint == f"it is a symbolic link to '{target}', which is not there"


def test_missing_directory_has_no_neighbours(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        detect(tmp_path / "nowhere" / "x.pb")
    assert caught.value.near == ()


def test_data_file_without_its_index(checkpoint):
    os.unlink(f"{checkpoint}.index")
    with pytest.raises(NotFoundError, match=r"m\.ckpt\.index"):
        detect(f"{checkpoint}.data-00000-of-00001")


@pytest.mark.parametrize("graph", ["meta_graph", "saved_model"])
def test_data_files_without_their_index_beside_a_graph(tmp_path, graph):
    prefix = tmp_path / ("m" if graph == "meta_graph" else "variables/variables")
    path = tmp_path / ("m.meta" if graph == "meta_graph" else "saved_model.pb")
    path.write_bytes(FILES[graph])
    save_checkpoint({"w": floats(1)}, prefix, force=True)
    index = Path(f"{prefix}.index")
    index.rename(tmp_path / "elsewhere.index")
    for use in (load, load_checkpoint, lambda _: detect(prefix)):
        with pytest.raises(NotFoundError) as caught:
            use(path)
        assert (caught.value.kind, caught.value.name) == ("checkpoint index", str(index))
    assert "missing-index" in [f.rule for f in verify_source(path).findings]
    save_checkpoint({"w": floats(1)}, tmp_path / "other")
    assert detect(path).graph == str(path)


def test_index_under_a_name_that_leads_nowhere(checkpoint):
    shutil.copy(f"{checkpoint}.index", checkpoint.parent / "x.idx")
    with pytest.raises(UnsupportedError, match=r"does not end in \.index"):
        detect(checkpoint.parent / "x.idx")


def test_damaged_index_is_said_to_be(checkpoint):
    data = bytearray(Path(f"{checkpoint}.index").read_bytes())
    data[3] ^= 0xFF
    Path(f"{checkpoint}.index").write_bytes(data)
    with pytest.raises(CorruptionError):
        detect(f"{checkpoint}.index")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"\x08\x07\x12\x07pytorch\x3a\x00", "an ONNX model"),
        (b"a,b\n1,2\n", "a text file"),
    ],
)
def test_foreign_files_are_named(tmp_path, data, expected):
    (tmp_path / "model.pb").write_bytes(data)
    with pytest.raises(UnsupportedError, match=expected) as caught:
        detect(tmp_path / "model.pb")
    assert caught.value.path == str(tmp_path / "model.pb")


def test_directory_of_something_else(tmp_path):
    with pytest.raises(UnsupportedError, match="a directory without"):
        detect(tmp_path)


def test_a_v2_checkpoint_of_the_same_prefix_is_read_first(tmp_path):
    """As TensorFlow does: an edit of a V1 checkpoint may be saved where that is."""
    write_v1(tmp_path / "m", {"w": one(dtypes.FLOAT, [2], bytes(8))})
    assert detect(tmp_path / "m").is_v1
    save_checkpoint({"new": floats(1)}, tmp_path / "m")
    assert list(load_checkpoint(tmp_path / "m")) == ["new"]
    assert list(load_checkpoint(tmp_path)) == ["new"]


def test_v1_checkpoints_are_recognised():
    sharded = shared(V1_SHARD)
    single = shared("uve+tensorflow/at-097e124/tensorflow/cc/saved_model/testdata/half_plus_two/variables/variables")
    prefix = str(sharded).removesuffix("-00000-of-00001")
    assert (detect(sharded).kind, detect(sharded).prefix) == ("checkpoint_v1", prefix)
    assert (detect(prefix).kind, detect(single).kind) == ("checkpoint_v1", "checkpoint_v1")
    assert detect(f"{prefix}.meta").is_v1


EXPECTED = {
    ".pb": {"graph_def", "meta_graph_text", "saved_model"},
    ".pbtxt": {"graph_def_text", "saved_model"},
    ".meta": {"meta_graph"},
    ".index": {"checkpoint"},
}


@pytest.mark.parametrize("suffix", EXPECTED)
def test_real_files(suffix):
    files = [path for path in shared_files(suffix) if path.name != "graph-malformed.pbtxt"]
    if not files:
        pytest.skip("no real models beside the project")
    assert {detect(path).name for path in files} == EXPECTED[suffix]


def test_a_table_of_something_else_is_no_checkpoint(tmp_path):
    (tmp_path / "000005.ldb").write_bytes(table([(b"key", b"value")]))
    with pytest.raises(UnsupportedError, match="nothing is under the empty key"):
        detect(tmp_path / "000005.ldb")


@pytest.mark.parametrize("content", [b"notes", b"\x00\x01"])
def test_a_file_beside_a_checkpoint_of_its_name(checkpoint, content):
    Path(checkpoint).write_bytes(content)
    assert (detect(checkpoint).kind, detect(checkpoint).prefix) == ("checkpoint", str(checkpoint))


@pytest.mark.parametrize("name", ["keras_metadata.pb", "fingerprint.pb", "saved_model_config.pb"])
def test_what_is_beside_the_graph_of_a_saved_model_leads_to_it(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x08\x01")
    with pytest.raises(UnsupportedError, match="unknown binary data"):
        detect(tmp_path / name)
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    found = detect(tmp_path / name)
    assert (found.kind, found.graph) == ("saved_model", str(tmp_path / "saved_model.pb"))


def test_a_saved_model_in_chunks(tmp_path):
    path = tmp_path / "saved_model.cpb"
    path.write_bytes(RIEGELI_SIGNATURE)
    for each in (tmp_path, path):
        assert (detect(each).kind, detect(each).graph) == ("saved_model", str(path))
    path.write_bytes(b"\x08\x01" * 9)
    with pytest.raises(UnsupportedError, match="not a TensorFlow graph"):
        detect(tmp_path)


def test_an_empty_graph_is_text_and_comes_back(tmp_path):
    save(Model(), tmp_path / "x.pbtxt")
    assert schema.parse_text(schema.GraphDef, (tmp_path / "x.pbtxt").read_text()) == schema.GraphDef()
    assert (detect(tmp_path / "x.pbtxt").name, len(load(tmp_path / "x.pbtxt").graph)) == ("graph_def_text", 0)


@pytest.mark.parametrize("name", ["variables", "variables-00000-of-00001"])
def test_v1_variables_without_their_saved_model(tmp_path, name):
    tensors = {"w": one(dtypes.FLOAT, (1,), bytes(4))}
    write_v1(tmp_path / "variables" / name, tensors)
    found = detect(tmp_path / "variables")
    assert (found.kind, found.prefix) == ("checkpoint_v1", str(tmp_path / "variables" / "variables"))
    with pytest.raises(UnsupportedError, match=r"a SavedModel that lacks its saved_model\.pb"):
        detect(tmp_path)
