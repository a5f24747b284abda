"""TensorFlow 2.21's own merger reads SavedModels in chunks as we do, and loads what they are converted to.

No released TensorFlow writes them (`experimental_image_format` is "disabled in OSS"), so the files are made here; that
they are what TensorFlow writes is what its reader says.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.cli.run import run
from graphsurgeon.formats.chunked import merge_chunks
from proto_utils import schema
from proto_utils.files import FileSource
from tests.formats.chunked_files import COMPRESSIONS, split
from tests.tf.judge import TensorFlow


def read(path: Path) -> schema.SavedModel:
    return schema.parse(schema.SavedModel, path.read_bytes())


@pytest.fixture(scope="module")
def exported(tf2: TensorFlow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exported")
    tf2.call("chunked:export", directory=str(directory / "m"))
    return directory


@pytest.mark.parametrize("name", ["m", "m-flat"])
def test_tensorflow_merges_the_same(tf2: TensorFlow, exported: Path, tmp_path: Path, name: str):
    whole = read(exported / name / "saved_model.pb")
    for number, compression in enumerate(COMPRESSIONS):
        path = tmp_path / f"{number}.cpb"
        path.write_bytes(split(whole, compression=compression, together=3))
        assert tf2.call("chunked:merge", prefix=str(path.with_suffix("")), out=str(tmp_path / "theirs")) == ""
        ours = merge_chunks(FileSource(path))
        assert schema.parse(schema.SavedModel, ours.read(0, ours.size)) == read(tmp_path / "theirs") == whole


def test_tensorflow_refuses_what_we_refuse(tf2: TensorFlow, exported: Path, tmp_path: Path):
    data = bytearray(split(read(exported / "m-flat" / "saved_model.pb"), compression="b"))
    data[-1000] ^= 1
    (tmp_path / "x.cpb").write_bytes(data)
    assert tf2.call("chunked:merge", prefix=str(tmp_path / "x"), out=str(tmp_path / "theirs")) != ""
    with pytest.raises(gs.CorruptionError):
        merge_chunks(FileSource(tmp_path / "x.cpb"))


def test_a_model_in_chunks_is_converted_and_frozen(tf2: TensorFlow, exported: Path, tmp_path: Path):
    chunked, out = tmp_path / "chunked", tmp_path / "out"
    shutil.copytree(exported / "m" / "variables", chunked / "variables")
    (chunked / "saved_model.cpb").write_bytes(split(read(exported / "m" / "saved_model.pb"), compression="b"))
    assert run(["convert", str(chunked), "-o", f"{out}/", "--to", "saved_model", "--quiet"]) == 0
    compared = tf2.call("saved_models:compare", first=str(exported / "m"), second=str(out), tags=["serve"])
    assert compared["differ"] == {}
    assert compared["equal"]
    for source, name in ((chunked, "chunked.pb"), (exported / "m", "whole.pb")):
        assert run(["freeze", str(source), "-o", str(tmp_path / name), "--quiet"]) == 0
    assert (tmp_path / "chunked.pb").read_bytes() == (tmp_path / "whole.pb").read_bytes()
    assert run(["verify", str(chunked), "--against", str(exported / "m"), "--quiet"]) == 0
