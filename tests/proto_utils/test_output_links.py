"""Links to existing files, and files that the new ones supersede, appear and go with the rest of an output."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from proto_utils import disk
from proto_utils.files import FileSource
from proto_utils.output import Transaction
from tests.proto_utils.directories import contents


def test_a_link_appears_with_the_files(tmp_path: Path):
    (tmp_path / "data").write_text("old")
    with Transaction() as transaction:
        link = transaction.link(FileSource(tmp_path / "data"), tmp_path / "out")
        assert link is not None
        transaction.place(link, tmp_path / "out" / "linked")
        transaction.create(tmp_path / "out" / "index", role="seal").write(b"new")
        assert not (tmp_path / "out" / "linked").exists()
    assert contents(tmp_path / "out") == {"linked": "old", "index": "new"}
    assert os.path.samefile(tmp_path / "data", tmp_path / "out" / "linked")


def test_a_symbolic_link_leads_to_the_file_itself(tmp_path: Path):
    (tmp_path / "data").write_text("old")
    (tmp_path / "alias").symlink_to("data")
    with Transaction() as transaction:
        link = transaction.link(FileSource(tmp_path / "alias"), tmp_path, symbolic=True)
        assert link is not None
        transaction.place(link, tmp_path / "linked")
    assert os.readlink(tmp_path / "linked") == os.path.realpath(tmp_path / "data")


def test_a_failure_leaves_no_link(tmp_path: Path):
    (tmp_path / "data").write_text("old")

    def fail() -> None:
        with Transaction() as transaction:
            link = transaction.link(FileSource(tmp_path / "data"), tmp_path)
            unplaced = transaction.link(FileSource(tmp_path / "data"), tmp_path / "new")
            assert link is not None
            assert unplaced is not None
            transaction.place(link, tmp_path / "linked")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_link_that_was_never_placed_goes(tmp_path: Path):
    (tmp_path / "data").write_text("old")
    with Transaction() as transaction:
        assert transaction.link(FileSource(tmp_path / "data"), tmp_path) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_link_to_where_its_file_stands_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "data").write_text("old")
    (tmp_path / "index").write_text("old")
    steps: list[str] = []
    real = os.replace

    def watch(source: str, target: str) -> None:
        steps.append(Path(target).name)
        real(source, target)

    monkeypatch.setattr(os, "replace", watch)
    with Transaction(overwrite=True) as transaction:
        link = transaction.link(FileSource(tmp_path / "data"), tmp_path)
        assert link is not None
        transaction.place(link, tmp_path / "data")
        transaction.create(tmp_path / "index", role="seal").write(b"new")
    # One rename: at every moment the old output stands there or the new one.
    assert steps == ["index"]
    assert contents(tmp_path) == {"data": "old", "index": "new"}


def test_two_files_may_change_places(tmp_path: Path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with Transaction(overwrite=True) as transaction:
        for source, target in (("a", "b"), ("b", "a")):
            link = transaction.link(FileSource(tmp_path / source), tmp_path)
            assert link is not None
            transaction.place(link, tmp_path / target)
    assert contents(tmp_path) == {"a": "b", "b": "a"}


def test_a_file_that_was_replaced_since_is_not_linked(tmp_path: Path):
    (tmp_path / "data").write_text("old")
    source = FileSource(tmp_path / "data")
    (tmp_path / "other").write_text("other")
    (tmp_path / "other").replace(tmp_path / "data")
    with Transaction() as transaction:
        assert transaction.link(source, tmp_path) is None
    assert contents(tmp_path) == {"data": "other"}


@pytest.mark.parametrize("symbolic", [False, True])
def test_a_file_system_without_links_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, symbolic: bool):
    (tmp_path / "data").write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another device")

    monkeypatch.setattr(disk, "_symlink" if symbolic else "_link", refuse)
    with Transaction() as transaction:
        assert transaction.link(FileSource(tmp_path / "data"), tmp_path, symbolic=symbolic) is None
    assert contents(tmp_path) == {"data": "old"}


def test_what_is_superseded_goes_when_all_stands_and_stays_after_a_failure(tmp_path: Path):
    (tmp_path / "old").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        _supersede(tmp_path, KeyboardInterrupt())
    assert contents(tmp_path) == {"old": "old"}
    _supersede(tmp_path, None)
    assert contents(tmp_path) == {"new": "new"}


def _supersede(directory: Path, then: BaseException | None) -> None:
    with Transaction() as transaction:
        transaction.supersede(directory / "old")
        transaction.create(directory / "new").write(b"new")
        if then is not None:
            raise then


def test_a_symbolic_link_is_replaced_when_it_is_not_to_be_followed(tmp_path: Path):
    (tmp_path / "precious").write_text("old")
    (tmp_path / "data").symlink_to("precious")
    with Transaction(overwrite=True) as transaction:
        transaction.create(tmp_path / "data", follow=False).write(b"new")
    assert contents(tmp_path) == {"precious": "old", "data": "new"}
    assert not (tmp_path / "data").is_symlink()
