"""What goes for an output: only what is a SavedModel's, an array, or a checkpoint's, by name and by what it is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.formats.replaced import deleted_files, files_below, require_arrays, require_saved_model
from proto_utils import schema
from proto_utils.errors import OutputExistsError
from tests.formats.chunked_files import split
from tests.models import floats, meta_graph, saved_model


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A SavedModel with variables and one asset."""
    made = tmp_path / "made"
    meta = meta_graph()
    meta.asset_file_def.add(filename="words.txt").tensor_info.name = "x:0"
    for name in ("assets/words.txt", "debug/saved_model_debug_info.pb", "fingerprint.pb", "keras_metadata.pb"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    (made / "saved_model.pb").write_bytes(saved_model(meta).SerializeToString())
    gs.save_checkpoint({"w": floats(1)}, made / "variables" / "variables")
    return made


def test_a_saved_model_may_be_replaced(directory: Path, tmp_path: Path):
    require_saved_model(str(directory), {})
    require_saved_model(str(tmp_path / "nothing"), {})
    (tmp_path / "empty").mkdir()
    require_saved_model(str(tmp_path / "empty"), {})
    whole = schema.parse(schema.SavedModel, (directory / "saved_model.pb").read_bytes())
    (directory / "saved_model.pb").unlink()
    (directory / "saved_model.cpb").write_bytes(split(whole))
    require_saved_model(str(directory), {})
    (directory / "saved_model.cpb").unlink()
    (directory / "saved_model.pbtxt").write_text(schema.print_text(whole))
    require_saved_model(str(directory), {})


@pytest.mark.parametrize(
    "name",
    ["thesis.tex", "assets/thesis.tex", "assets/deep/thesis.tex", "assets.extra/data", "debug/log", "variables/x/y",
     "photos/", "variables/variables.index.bak", "fingerprint.pb.old"],
)  # fmt: skip
def test_what_is_no_part_of_one_stands_in_the_way(directory: Path, name: str):
    path = directory / name
    if name.endswith("/"):
        path.mkdir()
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_text("precious")
    with pytest.raises(OutputExistsError) as caught:
        require_saved_model(str(directory), {})
    assert repr(name.rstrip("/")) in str(caught.value.hint)
    # What goes along is not lost.
    if path.is_file():
        require_saved_model(str(directory), {name: str(path)})


def test_links_are_no_part_of_one(directory: Path, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (directory / "assets" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputExistsError, match="assets/more"):
        require_saved_model(str(directory), {})


@pytest.mark.parametrize("content", [b"", b"thesis", b"\x0a\x03\x0a\x01a", bytes(200)])
def test_a_graph_that_is_none_is_not_replaced(directory: Path, content: bytes):
    (directory / "saved_model.pb").write_bytes(content)
    with pytest.raises(OutputExistsError, match=r"replaced, which .*saved_model\.pb does not belong to"):
        require_saved_model(str(directory), {})


def test_arrays_are_known_by_what_they_are(tmp_path: Path):
    (tmp_path / "a").mkdir()
    np.save(tmp_path / "a" / "w.npy", np.zeros(3))
    require_arrays(str(tmp_path))
    (tmp_path / "thesis.npy").write_text("precious")
    with pytest.raises(OutputExistsError, match=r"thesis\.npy"):
        require_arrays(str(tmp_path))
    (tmp_path / "thesis.npy").unlink()
    (tmp_path / "link.npy").symlink_to("a/w.npy")
    with pytest.raises(OutputExistsError, match=r"link\.npy"):
        require_arrays(str(tmp_path))


def test_files_below(tmp_path: Path):
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "f").touch()
    (tmp_path / "l").symlink_to("d")
    found = [os.path.relpath(path, tmp_path) for path in files_below([str(tmp_path)])]
    assert sorted(found) == ["d/e", "d/f", "l"]


def test_only_data_files_that_the_index_knows_go(tmp_path: Path):
    gs.save_checkpoint({"a": floats(1), "b": floats(2)}, tmp_path / "m", shard_nbytes=4)
    strange = tmp_path / "m.data-00003-of-00007"
    strange.write_text("precious")
    existing = sorted(str(path) for path in tmp_path.glob("m.*"))
    planned = {f"{tmp_path}/m.index", f"{tmp_path}/m.data-00000-of-00001"}
    assert deleted_files(existing, planned) == [f"{tmp_path}/m.data-0000{n}-of-00002" for n in (0, 1)]
    gs.save_checkpoint({"a": floats(1)}, tmp_path / "m", force=True)
    assert sorted(path.name for path in tmp_path.glob("m.data*")) == ["m.data-00000-of-00001", strange.name]
    (tmp_path / "m.index").write_text("damaged")
    assert deleted_files(existing, planned) == []
