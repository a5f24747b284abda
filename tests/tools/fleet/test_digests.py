"""Digests change with what makes a model, and with nothing else."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import NotFoundError
from graphsurgeon.tools.fleet.digests import plain_digest, source_digest
from tests.models import floats


def test_one_file_has_its_own(fixtures: Path):
    data = (fixtures / "mobile_cnn.pb").read_bytes()
    assert source_digest(str(fixtures / "mobile_cnn.pb")) == hashlib.sha256(data).hexdigest()


def test_of_a_checkpoint_the_index_tells(fixtures: Path, tmp_path: Path):
    for file in fixtures.glob("mobile_cnn.ckpt.*"):
        shutil.copy(file, tmp_path)
    before = source_digest(str(tmp_path / "mobile_cnn.ckpt"))
    (tmp_path / "mobile_cnn.ckpt.data-00000-of-00001").unlink()
    assert source_digest(str(tmp_path / "mobile_cnn.ckpt")) == before
    (tmp_path / "mobile_cnn.ckpt.meta").unlink()
    without = source_digest(str(tmp_path / "mobile_cnn.ckpt"))
    assert without != before
    weights = {"w": floats(1, 2)}
    gs.save_checkpoint(weights, tmp_path / "mobile_cnn.ckpt", force=True)
    first = source_digest(str(tmp_path / "mobile_cnn.ckpt"))
    weights["w"] = floats(1, 3)
    gs.save_checkpoint(weights, tmp_path / "mobile_cnn.ckpt", force=True)
    assert source_digest(str(tmp_path / "mobile_cnn.ckpt")) not in (first, without)


def test_of_a_saved_model_assets_count(fixtures: Path, tmp_path: Path):
    gs.save(gs.load(fixtures / "resource_cnn.ckpt"), tmp_path / "saved", to="saved_model")
    before = source_digest(str(tmp_path / "saved"))
    (tmp_path / "saved" / "assets").mkdir(exist_ok=True)
    (tmp_path / "saved" / "assets" / "words.txt").write_text("a")
    second = source_digest(str(tmp_path / "saved"))
    (tmp_path / "saved" / "assets" / "words.txt").write_text("b")
    assert len({before, second, source_digest(str(tmp_path / "saved"))}) == 3


def test_what_is_not_there(tmp_path: Path):
    with pytest.raises(NotFoundError):
        source_digest(str(tmp_path / "none.pb"))


def test_of_plain_values_the_order_of_keys_does_not_matter():
    assert plain_digest({"a": 1, "b": [2]}) == plain_digest({"b": [2], "a": 1}) != plain_digest({"a": 1, "b": [3]})
