"""Renames of an output: their order, the names that tell how far it came, and the way back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proto_utils import disk
from proto_utils.placement import OutputFile, Placement, in_turn, remove_all
from proto_utils.places import hidden_beside
from tests.proto_utils.directories import contents

NUMBER = "0123456789ab"
ROLES = {"state": "pointer", "data": "part", "index": "seal", "meta": "part"}


def files(directory: Path) -> list[OutputFile]:
    made = []
    for name, role in ROLES.items():
        target = str(directory / name)
        temp = hidden_beside(target, "tmp", NUMBER)
        Path(temp).write_text("new")
        made.append(OutputFile(target, temp, None, role, replaces=os.path.lexists(target)))  # type: ignore[arg-type]
    return made


def old(directory: Path) -> None:
    for name in (*ROLES, "extra"):
        (directory / name).write_text("old")


def test_parts_come_first_then_the_seal_then_what_points_to_it(tmp_path: Path):
    assert [os.path.basename(file.target) for file in in_turn(files(tmp_path))] == ["data", "meta", "index", "state"]


def test_new_parts_keep_their_hidden_names_until_the_end(tmp_path: Path):
    placement = Placement(files(tmp_path), [], NUMBER, waits=False)
    placement.put_in_place()
    hidden = {f".{name}.{NUMBER}.tmp": "new" for name in ("data", "meta")}
    assert contents(tmp_path) == {**dict.fromkeys(ROLES, "new"), **hidden}
    placement.tidy_up()
    assert contents(tmp_path) == dict.fromkeys(ROLES, "new")


def test_what_is_replaced_has_another_name_meanwhile(tmp_path: Path):
    old(tmp_path)
    placement = Placement(files(tmp_path), [str(tmp_path / "extra")], NUMBER, waits=False)
    placement.put_in_place()
    assert {name for name, text in contents(tmp_path).items() if text == "old"} == {
        "extra", *(f".{name}.{NUMBER}.old" for name in (*ROLES, "extra"))
    }  # fmt: skip
    placement.tidy_up()
    assert contents(tmp_path) == dict.fromkeys(ROLES, "new")


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("is_new", [True, False])
def test_it_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool, is_new: bool):
    if not is_new:
        old(tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(disk, "_link", disk._link if has_links else None)
    superseded = [] if is_new else [str(tmp_path / "extra")]
    placement = Placement(files(tmp_path), superseded, NUMBER, waits=True)
    placement.put_in_place()
    placement.take_back()
    # Without second names the last one, which is never absent, is replaced for good.
    found = contents(tmp_path)
    assert found == (before if has_links or is_new else {**before, "state": "new"})


@pytest.mark.parametrize("waits", [True, False])
def test_turns_wait_for_the_disk_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: bool):
    old(tmp_path)
    steps: list[str] = []
    for name in ("sync_directory", "rename", "unlink"):
        monkeypatch.setattr(disk, name, watched(name, getattr(disk, name), steps))
    Placement(files(tmp_path), [], NUMBER, waits=waits).put_in_place()
    wait = ["sync_directory"] if waits else []
    assert steps == [*wait, "unlink", *wait, "rename", "rename", *wait, "rename", *wait, "rename"]


def watched(name, real, steps):
    def call(*arguments):
        steps.append(name)
        return real(*arguments)

    return call


def test_what_cannot_be_removed_stays(tmp_path: Path):
    (tmp_path / "x").touch()
    (tmp_path / "directory" / "deep").mkdir(parents=True)
    remove_all([None, str(tmp_path / "nowhere"), str(tmp_path / "directory"), str(tmp_path / "x")])
    assert os.listdir(tmp_path) == ["directory"]
    remove_all([str(tmp_path / "directory")], disk.remove)
    assert os.listdir(tmp_path) == []


def test_what_fails_is_tried_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "x").touch()
    (tmp_path / "y").touch()
    steps: list[str] = []

    def once(path):
        steps.append(path)
        if len(steps) == 1:
            raise PermissionError(path)
        os.unlink(path)

    monkeypatch.setattr(disk, "unlink", once)
    remove_all([str(tmp_path / "x"), str(tmp_path / "y")])
    assert os.listdir(tmp_path) == []
