"""Parts of a checkpoint that was never put together are called that, with the way on."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from proto_utils.errors import NotFoundError, UnsupportedError
from tests.models import floats

NAME = "m.ckpt-3_temp_0123456789abcdef0123456789abcdef"


def write_parts(directory: Path, total: int, number: int | None = None) -> Path:
    for part in range(total if number is None else number):
        save_checkpoint({f"w{part}": floats(part)}, directory / NAME / f"part-{part:05d}-of-{total:05d}")
    (directory / NAME / "checkpoint").unlink()
    return directory / NAME


def refused(path: Path | str) -> str:
    with pytest.raises((UnsupportedError, NotFoundError)) as caught:
        detect(path)
    return f"{caught.value.message}; {caught.value.hint}"


def test_all_parts(tmp_path):
    directory = write_parts(tmp_path, 2)
    way_on = f"merge {directory}/part-00000-of-00002 {directory}/part-00001-of-00002 -o {tmp_path}/m.ckpt-3"
    for path in (directory, tmp_path, tmp_path / "m.ckpt-3"):
        message = refused(path)
        assert "never put together, 2 of 2 parts" in message
        assert way_on in message
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m.ckpt-3"\n')
    assert way_on in refused(tmp_path)
    assert list(load_checkpoint(directory / "part-00001-of-00002")) == ["w1"]


def test_many_parts_are_merged_by_their_indexes(tmp_path):
    directory = write_parts(tmp_path, 9)
    assert f"merge {directory}/part-*.index -o {tmp_path}/m.ckpt-3" in refused(directory)
    assert list(load_checkpoint(directory / "part-00003-of-00009.index")) == ["w3"]


def test_a_part_is_missing(tmp_path):
    directory = write_parts(tmp_path, 2, 1)
    assert "1 of 2 parts" in refused(directory)
    assert "part by part" in refused(directory)
    assert "1 of 2 parts" in refused(tmp_path / "m.ckpt-3")


def test_the_only_part_is_the_checkpoint(tmp_path):
    directory = write_parts(tmp_path, 1)
    assert list(load_checkpoint(directory)) == ["w0"]
    assert f"compact {directory}/part-00000-of-00001 -o {tmp_path}/m.ckpt-3" in refused(tmp_path / "m.ckpt-3")


def test_no_part_is_complete(tmp_path):
    (tmp_path / "m_temp").mkdir()
    (tmp_path / "m_temp" / "part-00000-of-00001.data-00000-of-00001.tempstate123").write_bytes(b"x")
    for path in (tmp_path / "m_temp", tmp_path, tmp_path / "m"):
        assert "no part is complete" in refused(path)


def test_what_only_looks_like_it(tmp_path):
    (tmp_path / "m_temp").mkdir()
    (tmp_path / "m_temp" / "part-00000-of-00002.txt").write_text("x")
    assert "never put together" not in refused(tmp_path / "m")
    assert "never put together" not in refused(tmp_path)
