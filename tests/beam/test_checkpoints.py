"""Edits of one checkpoint by several workers: byte for byte what one machine writes, whatever happens to workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.beam import Engine, average, cast, compact, edit, merge, transpose
from graphsurgeon.formats.bundle_writer import write_bundle
from graphsurgeon.tools.shards import edit_plan
from proto_utils import disk
from proto_utils.output import Transaction
from tests.beam.conftest import needs_beam
from tests.beam.workers import workers_of
from tests.models import shared_files
from tests.object_stores import BUCKET, s3_server


@pytest.fixture
def checkpoints(tmp_path: Path, fixtures: Path, monkeypatch) -> Path:
    """Three checkpoints of one net, without a graph: a, b and c."""
    weights = dict(gs.load_checkpoint(fixtures / "mobile_cnn.ckpt"))
    for number, name in enumerate("abc"):
        made = {**weights, "step": np.int64(number), "names": np.array([b"x", b"yy"], object)}
        gs.scale(made, select="Mobile.*", factor=1 + number)
        gs.save_checkpoint(made, tmp_path / name, update_state=False)
    (tmp_path / "checkpoint").unlink()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(prefix: str) -> dict[str, bytes]:
    """The files of a checkpoint by what follows its prefix."""
    return {path.name.removeprefix(Path(prefix).name): path.read_bytes() for path in Path().glob(f"{prefix}.*")}


def alone(tensors: Mapping[str, Any], links: Any = "hard", **how: Any) -> dict[str, bytes]:
    """What one machine writes, with data files of that size."""
    gs.save_checkpoint(tensors, "alone/m", shard_nbytes=8000, links=links, update_state=False, **how)
    return files("alone/m")


Calls = dict[str, tuple[Callable[..., Any], Callable[[dict[str, Any]], Any], Any]]
CALLS: Calls = {
    "cast": (lambda **how: cast("a", "m", dtype="float16", **how), lambda w: gs.cast(w, dtype="float16"), "hard"),
    "transpose": (
        lambda **how: transpose("a", "m", perm=[1, 0], select=["Logits/weights"], links="never", **how),
        lambda w: gs.transpose(w, perm=(1, 0), select="Logits/weights"),
        "never",
    ),
    "average": (
        lambda **how: average(["a", "b", "c"], "m", **how),
        lambda w: gs.average(w, [gs.load_checkpoint("b"), gs.load_checkpoint("c")]),
        "hard",
    ),
    "merge": (
        lambda **how: merge(["a", "b"], "m", prefix=["b=other"], links="never", **how),
        lambda w: gs.merge(w, [gs.load_checkpoint("b")], prefix="b=other"),
        "never",
    ),
    "compact": (lambda **how: compact("a", "m", **how), lambda w: None, "never"),
}


@pytest.mark.parametrize("name", CALLS)
def test_it_is_what_one_machine_writes(checkpoints, loop, name):
    call, by_hand, links = CALLS[name]
    written = call(shard_size=8000)
    weights = dict(gs.load_checkpoint("a"))
    by_hand(weights)
    made = alone(weights, links)
    assert files("m") == made
    assert len(made) > 3
    assert len(loop.done) > 1
    assert {*written.outputs} == {*(f"m{suffix}" for suffix in made), "checkpoint"}
    assert not [path for path in os.listdir() if path.startswith(".")]


def test_a_graph_goes_along(fixtures, tmp_path, monkeypatch, loop):
    monkeypatch.chdir(tmp_path)
    for file in fixtures.glob("mobile_cnn.ckpt.*"):
        shutil.copy(file, tmp_path)
    edit("mobile_cnn.ckpt", [{"scale": {"select": "Logits/.*", "factor": 2}}], "m", shard_size=8000)
    gs.edit("mobile_cnn.ckpt", [{"scale": {"select": "Logits/.*", "factor": 2}}], "n")
    assert Path("m.meta").read_bytes() == Path("n.meta").read_bytes()
    assert gs.diff(gs.load("m.meta"), gs.load("n.meta")).is_equal


def test_slices_and_big_endian_files(fixtures, tmp_path, monkeypatch, loop):
    monkeypatch.chdir(tmp_path)
    weights = gs.load_checkpoint(fixtures / "partitioned.ckpt")
    compact(fixtures / "partitioned.ckpt", "m", shard_size=100, byteorder="big")
    gs.save_checkpoint(weights, "n", shard_nbytes=100, byteorder="big")
    found = files("m")
    found.pop(".meta")
    assert found == files("n")
    assert len(found) > 2


def test_in_place(checkpoints, loop):
    weights = dict(gs.load_checkpoint("a"))
    gs.cast(weights, dtype="bfloat16")
    made = alone(weights, "never")
    cast("a", "a", dtype="bfloat16", shard_size=8000, force=True, links="never")
    assert files("a") == made


def test_real_checkpoints(tmp_path, loop, monkeypatch):
    paths = [str(path).removesuffix(".index") for path in shared_files(".index") if path.stat().st_size > 200]
    if not paths:
        pytest.skip("no checkpoints of others beside the project")
    monkeypatch.chdir(tmp_path)
    for number, path in enumerate(paths[:6]):
        weights = dict(gs.load_checkpoint(path))
        if any(tensor.fault for tensor in weights.values()):
            continue
        nbytes = max(1000, sum(tensor.nbytes for tensor in weights.values()) // 3)
        compact(path, f"m{number}", shard_size=nbytes)
        gs.save_checkpoint(weights, f"n{number}", shard_nbytes=nbytes)
        found, wanted = files(f"m{number}"), files(f"n{number}")
        found.pop(".meta", None)
        assert found == wanted


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty directory of a store."""
    fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
    if request.param == "s3":
        with s3_server():
            # What is in its buckets outlives a server.
            yield f"s3://{BUCKET}/{tmp_path.name}"
        return
    yield "memory://of-workers"
    fs = fsspec.filesystem("memory")
    if fs.exists("/of-workers"):
        fs.rm("/of-workers", recursive=True)


def in_store(directory: str) -> dict[str, bytes]:
    """The files below a directory of a store but the state file, by their names in it."""
    import fsspec

    fs, inner = fsspec.core.url_to_fs(directory)
    fs.invalidate_cache()
    found = {path.removeprefix(inner).lstrip("/"): fs.cat_file(path) for path in fs.find(inner)}
    found.pop("checkpoint", None)
    return found


def test_from_a_disk_to_a_store_and_within_it(checkpoints, loop, store):
    weights = dict(gs.load_checkpoint("a"))
    gs.scale(weights, factor=3, select="Mobile.*")
    made = alone(weights, "never")
    edit("a", [{"scale": {"factor": 3, "select": "Mobile.*"}}], f"{store}/m", shard_size=8000, links="never")
    assert in_store(store) == {f"m{suffix}": data for suffix, data in made.items()}
    assert len(made) > 3
    weights = dict(gs.load_checkpoint("alone/m"))
    gs.average(weights, [gs.load_checkpoint("b")])
    gs.save_checkpoint(weights, "averaged/m", shard_nbytes=8000, update_state=False)
    average([f"{store}/m", "b"], f"{store}/m", shard_size=8000, force=True, links="never")
    assert in_store(store) == {f"m{suffix}": data for suffix, data in files("averaged/m").items()}


def test_what_was_done_in_a_store_is_gone_on_with(checkpoints, loop, store):
    loop.deadly = {2: 100}
    with pytest.raises(ChildProcessError):
        cast("a", f"{store}/m", dtype="float16", shard_size=8000, links="never")
    left = in_store(store)
    assert left
    assert all(".parts/" in name for name in left)
    done = list(loop.done)
    loop.deadly = {}
    cast("a", f"{store}/m", dtype="float16", shard_size=8000, links="never")
    assert not {*done} & {*loop.done[len(done) :]}
    assert {name.partition(".")[0] for name in in_store(store)} == {"m"}


@pytest.mark.parametrize("output", ["https://host.invalid/a/m", "a.tar!m", "s3://m"])
def test_places_where_nothing_is_written(checkpoints, loop, output):
    pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
    with pytest.raises(gs.UnsupportedError, match=r"not written|without a directory"):
        compact("a", output)
    assert loop.num_runs == 0


def test_an_error_of_a_value_is_that_of_one_machine(checkpoints, loop):
    gs.save_checkpoint({"w": np.array([1e30], np.float32), "x": np.array([1], np.float32)}, "big")
    with pytest.raises(gs.PassError, match=r"tensor 'w': the value .* has no place in float16"):
        cast("big", "out/m", dtype="float16", shard_size=1)
    assert not Path("out").exists()


def test_a_damaged_source_is_told(checkpoints, loop):
    data = bytearray(Path("a.data-00000-of-00001").read_bytes())
    data[5000] ^= 1
    Path("a.data-00000-of-00001").write_bytes(data)
    with pytest.raises(gs.CorruptionError, match="checksum"):
        compact("a", "m", shard_size=8000)
    assert files("m") == {}
    assert not [path for path in os.listdir() if path.startswith(".")]


def test_existing_outputs_and_frozen_graphs_are_refused(checkpoints, loop, fixtures):
    with pytest.raises(gs.OutputExistsError):
        compact("a", "b")
    with pytest.raises(gs.UnsupportedError, match="frozen graph"):
        cast(fixtures / "mobile_cnn.pb", "m", dtype="float16")
    with pytest.raises(gs.PassError, match="is not a size"):
        compact("a", "m", shard_size="big")
    assert loop.num_runs == 0


def test_a_source_that_is_replaced_meanwhile(checkpoints, loop, monkeypatch):
    """By another one, before a worker comes to it."""
    run = Engine.run

    def replaced(engine, function, elements):
        gs.save_checkpoint(gs.load_checkpoint("b"), "a", force=True, shard_nbytes=100)
        run(engine, function, elements)

    monkeypatch.setattr(Engine, "run", replaced)
    with pytest.raises(gs.ChangedError, match="was replaced while workers"):
        cast("a", "m", dtype="float16", shard_size=8000)
    assert files("m") == {}


def test_lost_workers_lose_nothing(checkpoints, loop):
    loop.deadly = {1: 1, 3: 1}
    compact("a", "m", shard_size=8000)
    assert files("m") == alone(gs.load_checkpoint("a"), "never")
    assert loop.num_runs == 3
    assert sorted(loop.done) == list(range(len(loop.done)))


def test_a_call_that_was_stopped_is_gone_on_with(checkpoints, loop):
    """Data files that are there are not written again."""
    loop.deadly = {2: 9}
    with pytest.raises(ChildProcessError):
        compact("a", "m", shard_size=8000)
    assert files("m") == {}
    (parts,) = Path().glob(".m.*.parts")
    assert len([*parts.glob("*.data")]) == 2
    loop.deadly, loop.done = {}, []
    compact("a", "m", shard_size=8000)
    assert 0 not in loop.done
    assert 1 not in loop.done
    assert files("m") == alone(gs.load_checkpoint("a"), "never")
    assert not [path for path in os.listdir() if path.startswith(".")]


def test_a_part_that_is_damaged_on_the_way_is_written_again(checkpoints, loop):
    loop.deadly = {2: 9}
    with pytest.raises(ChildProcessError):
        compact("a", "m", shard_size=8000)
    (parts,) = Path().glob(".m.*.parts")
    (parts / "00000.data").write_bytes(b"short")
    (parts / "00001.json").write_text("{")
    loop.deadly = {}
    compact("a", "m", shard_size=8000)
    assert files("m") == alone(gs.load_checkpoint("a"), "never")


def test_what_another_plan_left_goes(checkpoints, loop):
    loop.deadly = {2: 9}
    with pytest.raises(ChildProcessError):
        compact("a", "m", shard_size=8000)
    loop.deadly = {}
    compact("b", "m", shard_size=8000)
    assert not [path for path in os.listdir() if path.startswith(".")]


def test_a_full_disk_is_told_and_gone_on_after(checkpoints, loop, monkeypatch):
    write, count = disk.write, []

    def full(fd, view):
        count.append(len(view))
        if len(count) > 6:
            raise OSError(28, "No space left on device")
        return write(fd, view)

    with monkeypatch.context() as patched:
        patched.setattr(disk, "write", full)
        with pytest.raises(OSError, match="No space"):
            compact("a", "m", shard_size=8000)
    assert files("m") == {}
    compact("a", "m", shard_size=8000)
    assert files("m") == alone(gs.load_checkpoint("a"), "never")


def test_nothing_stays_open(checkpoints, loop):
    compact("a", "m", shard_size=8000)
    assert edit_plan._rows.cache_info().currsize == 0


@needs_beam
@pytest.mark.parametrize("workers", [1, 2])
def test_beam_writes_what_one_machine_does(checkpoints, in_workers, workers):
    cast("a", "m", dtype="float16", engine=Engine(workers=workers), shard_size=8000)
    weights = dict(gs.load_checkpoint("a"))
    gs.cast(weights, dtype="float16")
    assert files("m") == alone(weights)


SLOW = """
from graphsurgeon.beam import Engine, cast
cast('big', 'm', dtype='float16', engine=Engine(workers=2), shard_size=4_000_000)
"""


@needs_beam
def test_a_worker_that_is_killed_loses_nothing(tmp_path, root, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).standard_normal(1 << 20, np.float32)
    gs.save_checkpoint({f"w{number:03}": values + np.float32(number) for number in range(60)}, "big")
    process = subprocess.Popen([sys.executable, "-c", SLOW], env={**os.environ, "PYTHONPATH": str(root)})
    deadline = time.monotonic() + 60
    while not [*Path().glob(".m.*.parts/*.json")] and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    found = workers_of(process.pid)
    assert found
    os.kill(found[0], 9)
    assert not Path("m.index").exists()
    assert process.wait(120) == 0
    weights = dict(gs.load_checkpoint("big"))
    gs.cast(weights, dtype="float16")
    gs.save_checkpoint(weights, "alone", shard_nbytes=4_000_000, update_state=False)
    assert files("m") == files("alone")
    assert [name for name in os.listdir() if name.startswith(".")] == []


def test_a_shard_writer_is_asked_for_what_is_not_linked(checkpoints):
    """Of a bundle, without any engine."""
    asked = []

    def refuse(shards, first, byteorder):
        asked.append((len(shards), first, byteorder))
        return []

    with Transaction("m") as transaction:
        write_bundle("m", gs.load_checkpoint("a"), transaction, links="hard", write_shards=refuse)
    assert asked == [(0, 1, "little")]
