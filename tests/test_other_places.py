"""Sources that are not on this machine's disk: a web server, a store and an archive serve as well as files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.tensors import dtypes
from proto_utils import places
from tests.counting import peak_nbytes
from tests.formats.bundle_files import entry, write_files
from tests.object_stores import BUCKET, object_stores
from tests.web_server import WebServer, serving

pytest.importorskip("aiohttp", reason="sources at URLs need the extra `remote`")
VALUES = {"a/w": np.arange(6000, dtype=np.float32).reshape(60, 100), "b": np.ones(3, np.int64)}
#: A checkpoint of this size, of which the file system keeps only what is written.
LARGE_NBYTES = 10 << 30


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    with serving(tmp_path) as found:
        yield found


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "graphsurgeon", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def large_checkpoint(prefix: Path, nbytes: int, others: int = 2000) -> np.ndarray:
    """Write a sparse checkpoint with many tensors of zeros and one with values far inside."""
    values = np.random.default_rng(1).standard_normal(nbytes // 4).astype(np.float32)
    place = LARGE_NBYTES * 2 // 3
    step = place // others // 4 * 4
    entries = {
        f"layer_{number:04d}/kernel".encode(): entry(dtypes.FLOAT, [step // 4], offset=number * step, nbytes=step)
        for number in range(others)
    }
    crc = mask(crc32c(values.tobytes()))
    entries[b"wanted"] = entry(dtypes.FLOAT, [len(values)], offset=place, crc32c=crc)
    write_files(prefix, entries)
    data = Path(f"{prefix}.data-00000-of-00001")
    with data.open("r+b") as file:
        file.seek(place)
        file.write(values.tobytes())
        file.truncate(LARGE_NBYTES)
    return values


@pytest.mark.parametrize("nbytes", [4 << 10, 64 << 20])
def test_one_variable_of_a_large_checkpoint(web: WebServer, tmp_path: Path, nbytes: int):
    values = large_checkpoint(tmp_path / "m.ckpt", nbytes)
    with gs.load_checkpoint(f"{web.url}/m.ckpt") as checkpoint:
        listed = web.sent
        assert listed < 400_000
        assert len(checkpoint) == 2001
        np.testing.assert_array_equal(checkpoint["wanted"].numpy(), values)
    assert len(web.requests) <= 8, web.requests
    assert web.sent < nbytes + 600_000


def test_a_variable_of_a_large_index(web: WebServer, tmp_path: Path):
    values = large_checkpoint(tmp_path / "m.ckpt", 4 << 20, others=100_000)
    with gs.load_checkpoint(f"{web.url}/m.ckpt") as checkpoint:
        np.testing.assert_array_equal(checkpoint["wanted"].numpy(), values)
    assert len(web.requests) <= 8, web.requests


def test_a_model_with_its_variables(web: WebServer, tmp_path: Path, fixtures: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    gs.unfreeze(model)
    gs.save(model, tmp_path / "m.ckpt")
    with gs.load(f"{web.url}/m.ckpt") as loaded:
        name = next(iter(model.variables))
        np.testing.assert_array_equal(loaded.variables[name].numpy(), model.variables[name].numpy())
    assert len(web.requests) <= 8, web.requests


def test_one_large_variable_takes_little_memory(web: WebServer, tmp_path: Path):
    large_checkpoint(tmp_path / "m.ckpt", 64 << 20)
    with gs.load_checkpoint(f"{web.url}/m.ckpt") as checkpoint:

        def read() -> None:
            for _ in checkpoint["wanted"].chunks():
                pass

        assert peak_nbytes(read) < 24 << 20


@pytest.fixture(params=["http", "memory", "tar", "tar.gz"])
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Make, of a directory of files, the same in another place; return what that is called."""
    folder = tmp_path / "files"
    folder.mkdir()
    gs.save_checkpoint(VALUES, folder / "m.ckpt")
    kind = request.param
    if kind == "http":
        with serving(folder) as web:
            yield web.url
        return
    if kind.startswith("tar"):
        with tarfile.open(tmp_path / f"a.{kind}", "w:gz" if kind.endswith("gz") else "w") as archive:
            archive.add(folder, "d")
        yield f"{tmp_path}/a.{kind}!d"
        return
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.put(str(folder), "/other_places", recursive=True)
    yield "memory://other_places"
    memory.rm("/other_places", recursive=True)


def test_a_checkpoint_by_any_of_its_names(copied: str):
    for name in ("m.ckpt", "m.ckpt.index", "m.ckpt.data-00000-of-00001", "", "checkpoint"):
        with gs.load_checkpoint(f"{copied}/{name}" if name else copied) as checkpoint:
            assert list(checkpoint) == list(VALUES)
            np.testing.assert_array_equal(checkpoint["a/w"].numpy(), VALUES["a/w"])


def test_the_latest_of_a_directory(copied: str):
    assert str(gs.latest(copied)) == f"{copied}/m.ckpt"


def test_what_is_not_there_has_near_names(copied: str):
    with pytest.raises(gs.NotFoundError) as caught:
        gs.load(f"{copied}/n.ckpt")
    assert f"{copied}/m.ckpt.index" in str(caught.value)


def test_it_is_the_same(copied: str, tmp_path: Path):
    assert gs.diff(gs.load(copied), gs.load(tmp_path / "files" / "m.ckpt")).is_equal


@pytest.mark.parametrize("name", ["x.npz", "x.safetensors", "x.h5", "npy/"])
def test_arrays_are_imported_from_anywhere(name: str, tmp_path: Path):
    if name == "x.h5":
        pytest.importorskip("h5py", reason="HDF5 needs h5py")
    folder = tmp_path / "files"
    folder.mkdir()
    gs.save_checkpoint(VALUES, tmp_path / "m.ckpt")
    gs.export(tmp_path / "m.ckpt", f"{folder}/{name}")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(folder, "d")
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.put(str(folder), "/arrays", recursive=True)
    try:
        with serving(folder) as web:
            for number, place in enumerate((web.url, f"{tmp_path}/a.tar!d", "memory://arrays")):
                gs.import_(f"{place}/{name}", tmp_path / f"{number}.ckpt")
                assert gs.diff(gs.load(tmp_path / f"{number}.ckpt"), gs.load(tmp_path / "m.ckpt")).is_equal, place
    finally:
        memory.rm("/arrays", recursive=True)


def test_it_goes_to_a_file(copied: str, tmp_path: Path):
    gs.save_checkpoint(gs.load_checkpoint(copied), tmp_path / "out.ckpt")
    for suffix in (".index", ".data-00000-of-00001"):
        assert (tmp_path / f"out.ckpt{suffix}").read_bytes() == (tmp_path / "files" / f"m.ckpt{suffix}").read_bytes()


def test_a_checkpoint_that_is_replaced(web: WebServer, tmp_path: Path):
    large_checkpoint(tmp_path / "m.ckpt", 32 << 20)
    with gs.load_checkpoint(f"{web.url}/m.ckpt") as checkpoint:
        chunks = checkpoint["wanted"].chunks()
        next(chunks)
        os.utime(tmp_path / "m.ckpt.data-00000-of-00001", (1, 1))
        with pytest.raises(gs.ChangedError):
            checkpoint["layer_0900/kernel"].numpy()


def test_a_server_that_tells_neither_sizes_nor_ranges(web: WebServer, tmp_path: Path):
    gs.save_checkpoint(VALUES, tmp_path / "m.ckpt")
    web.has_ranges = web.has_lengths = False
    with gs.load_checkpoint(f"{web.url}/m.ckpt") as checkpoint:
        np.testing.assert_array_equal(checkpoint["a/w"].numpy(), VALUES["a/w"])
    assert len(web.requests) <= 12


def test_graphs_and_saved_models(web: WebServer, tmp_path: Path, fixtures: Path):
    frozen = fixtures / "mobile_cnn.pb"
    (tmp_path / "frozen.pb").write_bytes(frozen.read_bytes())
    model = gs.load(f"{web.url}/frozen.pb")
    local = gs.load(frozen)
    assert [node.name for node in model.graph] == [node.name for node in local.graph]
    gs.save(model, tmp_path / "again.pb", to="graph_def")
    assert (tmp_path / "again.pb").read_bytes() == frozen.read_bytes()


def test_the_command_line(web: WebServer, root: Path, tmp_path: Path):
    gs.save_checkpoint(VALUES, tmp_path / "m.ckpt")
    listed = json.loads(run(root, "ls", f"{web.url}/m.ckpt", "--json").stdout)
    assert [row["name"] for row in listed["rows"]] == list(VALUES)
    assert run(root, "cat", f"{web.url}/m.ckpt", "b").stdout.split() == ["[1", "1", "1]"]
    assert "checkpoint" in run(root, "inspect", web.url).stdout
    missing = run(root, "inspect", f"{web.url}/none")
    assert (missing.returncode, "no file" in missing.stderr) == (5, True)
    web.refuses = True
    refused = run(root, "inspect", f"{web.url}/m.ckpt")
    assert (refused.returncode, "403" in refused.stderr) == (6, True)


def test_nothing_of_it_is_imported_for_files(root: Path, tmp_path: Path):
    gs.save_checkpoint(VALUES, tmp_path / "m.ckpt")
    code = (
        "import sys, graphsurgeon as gs\n"
        f"gs.load_checkpoint({str(tmp_path / 'm.ckpt')!r})['b'].numpy()\n"
        "print([name for name in sys.modules if name.startswith(('fsspec', 'aiohttp', 'proto_utils.remote.'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['proto_utils.remote.address']"


@pytest.fixture(scope="module")
def stores() -> Iterator[Callable[[str], Any]]:
    with object_stores() as found:
        yield found


@pytest.fixture(params=["s3", "gs", "memory"])
def store(request: pytest.FixtureRequest, stores: Callable[[str], Any]) -> Iterator[str]:
    """Make an empty directory of a store."""
    fs, inner = stores(request.param), f"{BUCKET}/out"
    yield f"{request.param}://{inner}"
    fs.invalidate_cache()
    if fs.exists(inner):
        fs.rm(inner, recursive=True)


def test_a_checkpoint_goes_to_a_store(store: str, tmp_path: Path):
    prefix = f"{store}/m.ckpt"
    saved = gs.save_checkpoint(VALUES, prefix)
    assert saved == [f"{prefix}.data-00000-of-00001", f"{prefix}.index", f"{store}/checkpoint"]
    assert str(gs.latest(store)) == prefix
    gs.save_checkpoint(VALUES, tmp_path / "m.ckpt")
    gs.save_checkpoint(gs.load_checkpoint(prefix), tmp_path / "back.ckpt")
    for suffix in (".index", ".data-00000-of-00001"):
        assert (tmp_path / f"m.ckpt{suffix}").read_bytes() == (tmp_path / f"back.ckpt{suffix}").read_bytes()
    with pytest.raises(gs.OutputExistsError):
        gs.save_checkpoint(VALUES, prefix)


def test_a_checkpoint_in_the_place_of_itself(store: str):
    prefix = f"{store}/m.ckpt"
    gs.save_checkpoint(VALUES, prefix)
    gs.save_checkpoint(VALUES, f"{store}/n.ckpt")
    values = dict(gs.load_checkpoint(f"{store}/n.ckpt"))
    values["c"] = values.pop("b")
    gs.save_checkpoint(values, f"{store}/n.ckpt", force=True)
    with gs.load_checkpoint(store) as checkpoint:
        assert list(checkpoint) == ["a/w", "c"]
        np.testing.assert_array_equal(checkpoint["a/w"].numpy(), VALUES["a/w"])
    assert gs.latest(store).checkpoints == [prefix, f"{store}/n.ckpt"]


def test_an_edit_of_the_index_copies_within_the_store(store: str, monkeypatch: pytest.MonkeyPatch):
    prefix = f"{store}/m.ckpt"
    large = {"w": np.ones(1 << 20, np.float32), "b": np.ones(3, np.float32)}
    gs.save_checkpoint(large, prefix)
    from proto_utils.remote.source import RemoteSource

    monkeypatch.setattr(RemoteSource, "chunks", None)
    values = dict(gs.load_checkpoint(prefix))
    values["v"] = values.pop("w")
    gs.save_checkpoint(values, f"{store}/n.ckpt", links="hard")
    monkeypatch.undo()
    with gs.load_checkpoint(f"{store}/n.ckpt") as checkpoint:
        np.testing.assert_array_equal(checkpoint["v"].numpy(), large["w"])


def test_a_model_goes_to_a_store_and_back(store: str, fixtures: Path, tmp_path: Path):
    frozen = fixtures / "mobile_cnn.pb"
    gs.save(gs.load(frozen), f"{store}/frozen.pb", to="graph_def")
    gs.save(gs.load(f"{store}/frozen.pb"), tmp_path / "back.pb", to="graph_def")
    assert (tmp_path / "back.pb").read_bytes() == frozen.read_bytes()


def test_a_saved_model_goes_to_a_store_and_back(store: str, fixtures: Path, tmp_path: Path):
    model = gs.load(fixtures / "mobile_cnn.pb")
    gs.unfreeze(model)
    gs.save(model, f"{store}/model/", to="saved_model")
    with pytest.raises(gs.OutputExistsError):
        gs.save(model, f"{store}/model/", to="saved_model")
    gs.save(gs.load(f"{store}/model"), f"{store}/model/", to="saved_model", force=True)
    gs.save(gs.load(f"{store}/model"), tmp_path / "back", to="saved_model")
    gs.save(model, tmp_path / "once", to="saved_model")
    files = sorted(path.relative_to(tmp_path / "once") for path in (tmp_path / "once").rglob("*") if path.is_file())
    assert files
    for file in files:
        assert (tmp_path / "back" / file).read_bytes() == (tmp_path / "once" / file).read_bytes(), file


def test_web_servers_and_archives_are_only_read(web: WebServer, tmp_path: Path):
    for place in (f"{web.url}/m.ckpt", f"{tmp_path}/a.tar!m.ckpt", f"{tmp_path}/a.zip!m.ckpt"):
        with pytest.raises(gs.UnsupportedError, match="read"):
            gs.save_checkpoint(VALUES, place)


def test_patterns(store: str):
    for name in ("a/m.ckpt", "b/m.ckpt", "b/c/n.ckpt"):
        gs.save_checkpoint({"x": np.ones(1)}, f"{store}/{name}", update_state=False)
    found = [path.removeprefix(f"{store}/") for path in places.glob(f"{store}/*/*.index")]
    assert found == ["a/m.ckpt.index", "b/m.ckpt.index"]
    found = [path.removeprefix(f"{store}/") for path in places.glob(f"{store}/**/n.*.index")]
    assert found == ["b/c/n.ckpt.index"]
    assert places.glob(f"{store}/?/checkpoint") == [f"{store}/a/checkpoint", f"{store}/b/checkpoint"]
    assert places.glob(f"{store}/none") == places.glob(f"{store}/none*/x") == []
    assert places.glob(f"{store}/a") == [f"{store}/a"]


def test_old_checkpoints_of_a_store_are_not_deleted(store: str):
    gs.save_checkpoint(VALUES, f"{store}/m.ckpt")
    with pytest.raises(gs.UnsupportedError, match="not in stores"):
        gs.prune_checkpoints(store, keep=1)


def test_a_recipe_names_other_places(web: WebServer, tmp_path: Path):
    gs.save_checkpoint({"b": np.zeros(2, np.float32)}, tmp_path / "other.ckpt")
    gs.save_checkpoint({"a": np.zeros(2, np.float32)}, tmp_path / "m.ckpt")
    recipe = [{"merge": {"others": [f"{web.url}/other.ckpt"]}}]
    gs.edit(f"{web.url}/m.ckpt", recipe, tmp_path / "out.ckpt")
    assert list(gs.load_checkpoint(tmp_path / "out.ckpt")) == ["a", "b"]


def test_from_a_server_to_a_store_by_the_command_line(web: WebServer, store: str, tmp_path: Path):
    from graphsurgeon.cli.run import run as run_here

    gs.save_checkpoint(VALUES, tmp_path / "m.ckpt")
    assert run_here(["rename", f"{web.url}/m.ckpt", "-o", f"{store}/n.ckpt", "--map", "b=c"]) == 0
    assert run_here(["verify", store]) == 0
    assert run_here(["convert", f"{store}/n.ckpt", "-o", str(tmp_path / "back.ckpt")]) == 0
    assert list(gs.load_checkpoint(tmp_path / "back.ckpt")) == ["a/w", "c"]


KILLED = """
import os, sys, numpy as np, graphsurgeon as gs
from proto_utils.remote.output import RemoteOutput
put, steps = RemoteOutput._place, []
def place(self, target):
    steps.append(target)
    if len(steps) > int(sys.argv[2]):
        os._exit(9)
    put(self, target)
RemoteOutput._place = place
gs.save_checkpoint({"new": np.ones(9)}, sys.argv[1], force=True)
"""


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("is_there", [True, False])
def test_a_writer_that_is_killed_leaves_no_mixture(root: Path, tmp_path: Path, number: int, is_there: bool):
    prefix = f"file://{tmp_path}/run/m.ckpt"
    if is_there:
        gs.save_checkpoint(VALUES, prefix)
    command = [sys.executable, "-c", KILLED, prefix, str(number)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    if number < 2:
        # Data, then the index: what has none is no checkpoint.
        with pytest.raises(gs.NotFoundError):
            gs.load_checkpoint(prefix)
    else:
        np.testing.assert_array_equal(gs.load_checkpoint(prefix)["new"].numpy(), np.ones(9))
    gs.save_checkpoint({"later": np.ones(3)}, prefix, force=True)
    assert list(gs.load_checkpoint(prefix)) == ["later"]
