"""Checkpoints verified and compared by workers: what one machine finds, whatever there is to be found."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.beam import Engine, diff, verify
from graphsurgeon.tools.verify_source import verify_source
from tests.beam.conftest import needs_beam
from tests.models import floats


@pytest.fixture
def damaged(fixtures: Path, tmp_path: Path) -> Path:
    """A checkpoint with its graph, two values of which are not what their checksums say."""
    for file in fixtures.glob("mobile_cnn.ckpt.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / "mobile_cnn.ckpt.data-00000-of-00001"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    data[-100] ^= 1
    path.write_bytes(data)
    return tmp_path / "mobile_cnn.ckpt"


def test_verify_finds_what_one_machine_does(damaged, loop):
    report = verify(damaged, shard_size=4000)
    assert report == verify_source(damaged)
    assert report.num_errors == 2
    assert len(loop.done) > 3


def test_a_sound_one(fixtures, loop):
    assert verify(fixtures / "mobile_cnn.ckpt", shard_size="4kB") == verify_source(fixtures / "mobile_cnn.ckpt")
    assert verify(fixtures / "mobile_cnn.pb") == verify_source(fixtures / "mobile_cnn.pb")


def test_against_another(fixtures, loop):
    paths = fixtures / "mobile_cnn.ckpt", fixtures / "mobile_cnn.pb"
    assert verify(paths[0], against=paths[1]).same is verify_source(paths[0], against=paths[1]).same is True


@pytest.mark.parametrize("how", [{}, {"rtol": 0.01}, {"atol": 1.0}])
def test_diff_finds_what_one_machine_does(fixtures, tmp_path, loop, how):
    weights = dict(gs.load_checkpoint(fixtures / "mobile_cnn.ckpt"))
    gs.save_checkpoint(weights, tmp_path / "a")
    gs.scale(weights, select="Logits/.*", factor=1.001)
    gs.rename(weights, map={"MobileNet/Conv/weights": "moved"}, checkpoint_only=True)
    weights["new"] = floats(1)
    gs.save_checkpoint(weights, tmp_path / "b")
    report = diff(tmp_path / "a", tmp_path / "b", shard_size=4000, **how)
    alone = gs.diff(gs.load_checkpoint(tmp_path / "a"), gs.load_checkpoint(tmp_path / "b"), **how)
    assert report.to_json() == alone.to_json()
    assert not report.is_equal
    assert len(loop.done) > 3


def test_equal_ones(fixtures, loop):
    assert diff(fixtures / "mobile_cnn.ckpt", fixtures / "mobile_cnn.ckpt").is_equal


def test_lost_workers_lose_nothing(damaged, loop):
    loop.deadly = {1: 1}
    assert verify(damaged, shard_size=4000) == verify_source(damaged)
    loop.deadly = {0: 9}
    with pytest.raises(ChildProcessError):
        verify(damaged, shard_size=4000)


def test_engines_elsewhere_need_a_place_for_results(damaged, loop, tmp_path):
    engine = Engine("PortableRunner")
    with pytest.raises(gs.UnsupportedError, match="directory for results"):
        verify(damaged, engine=engine)
    (tmp_path / "work").mkdir()
    assert verify(damaged, engine=engine, work=tmp_path / "work").num_errors == 2
    assert [*(tmp_path / "work").iterdir()] == []


def test_what_is_not_there(tmp_path, loop):
    for call in (lambda: verify(tmp_path / "none"), lambda: diff(tmp_path / "none", tmp_path / "none")):
        with pytest.raises(gs.NotFoundError):
            call()


@needs_beam
@pytest.mark.parametrize("workers", [1, 2])
def test_with_beam(damaged, in_workers, workers):
    engine = Engine(workers=workers)
    assert verify(damaged, engine=engine, shard_size=4000) == verify_source(damaged)
