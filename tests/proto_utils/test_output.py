"""Files appear together, in the place of others if told, and what they are stays."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from proto_utils.errors import OutputExistsError, UnsupportedError
from proto_utils.files import FileSource, Span
from proto_utils.output import Transaction
from tests.proto_utils.directories import contents
from tests.proto_utils.outputs import ROLES, create, renames, write_all


def test_files_appear_when_the_block_is_left(tmp_path: Path):
    with Transaction() as transaction:
        transaction.create(tmp_path / "a").write(b"one")
        sink = transaction.create(tmp_path / "b")
        sink.write(b"two")
        assert sink.offset == 3
        assert not (tmp_path / "a").exists()
    assert contents(tmp_path) == {"a": "one", "b": "two"}


def test_existing_files_are_refused_unless_told(tmp_path: Path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(OutputExistsError) as caught:
        create(tmp_path / "b", tmp_path / "a")
    assert caught.value.path == str(tmp_path / "a")
    assert contents(tmp_path) == {"a": "old"}


def test_a_directory_is_refused_even_when_told(tmp_path: Path):
    (tmp_path / "d").mkdir()
    with pytest.raises(OutputExistsError, match="d: exists"):
        create(tmp_path / "d", overwrite=True)


@pytest.mark.parametrize("name", ["new/", "new/."])
def test_the_name_of_a_directory_is_none_of_a_file(tmp_path: Path, name):
    with pytest.raises(IsADirectoryError), Transaction() as transaction:
        transaction.create(f"{tmp_path}/{name}")
    assert contents(tmp_path) == {}


def test_one_file_twice_is_refused(tmp_path: Path):
    with pytest.raises(OutputExistsError):
        create(tmp_path / "a", tmp_path / "a", overwrite=True)
    assert contents(tmp_path) == {}


def test_a_file_where_a_directory_should_be_is_an_os_error(tmp_path: Path):
    (tmp_path / "f").write_text("old")
    with pytest.raises(NotADirectoryError):
        create(tmp_path / "f" / "a")
    assert contents(tmp_path) == {"f": "old"}


def test_the_seal_is_away_while_parts_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_all(tmp_path, "old")
    states = []
    real = os.replace

    def watch(source: str, target: str) -> None:
        states.append({n: (tmp_path / n).read_text() if (tmp_path / n).exists() else None for n in ROLES})
        real(source, target)

    monkeypatch.setattr(os, "replace", watch)
    write_all(tmp_path, "new")
    assert [list(state.values()) for state in states] == [
        ["old", "old", None, "old"],
        ["new", "old", None, "old"],
        ["new", "new", None, "old"],
        ["new", "new", "new", "old"],
    ]


def test_a_single_file_is_never_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "index").write_text("old")
    calls = renames(monkeypatch, 0)
    with Transaction(overwrite=True) as transaction:
        transaction.create(tmp_path / "index", role="seal").write(b"new")
    assert [call for call in calls if call.endswith(" index")] == ["replace index"]
    assert contents(tmp_path) == {"index": "new"}


def test_the_output_may_be_the_input(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * 5000)
    source = FileSource(path)
    with Transaction(overwrite=True) as transaction:
        sink = transaction.create(path)
        sink.write(b"head")
        for chunk in Span(source, 0, source.size).chunks():
            sink.write(chunk)
    assert path.read_bytes() == b"head" + bytes(range(256)) * 5000
    assert source.read(0, 3) == b"\0\1\2"


def test_a_symbolic_link_that_leads_to_nothing_is_not_written_through_unasked(tmp_path: Path):
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    with pytest.raises(OutputExistsError, match="link: exists already") as caught, Transaction() as transaction:
        transaction.create(link).write(b"new")
    assert str(target) in str(caught.value.hint)
    assert not target.exists()
    with Transaction(overwrite=True) as transaction:
        transaction.create(link).write(b"new")
    assert (link.is_symlink(), target.read_bytes()) == (True, b"new")


def test_a_symbolic_link_stays_one(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("old")
    (tmp_path / "link").symlink_to("real/a")
    with Transaction(overwrite=True) as transaction:
        transaction.create(tmp_path / "link").write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real") == {"a": "new"}


def test_another_name_of_the_file_keeps_the_old_bytes(tmp_path: Path):
    (tmp_path / "a").write_text("old")
    os.link(tmp_path / "a", tmp_path / "other")
    with Transaction(overwrite=True) as transaction:
        transaction.create(tmp_path / "a").write(b"new")
        transaction.create(tmp_path / "b").write(b"new")
    assert contents(tmp_path) == {"a": "new", "b": "new", "other": "old"}


def test_permissions_are_kept(tmp_path: Path):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o640)
    with Transaction(overwrite=True) as transaction:
        transaction.create(path).write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_long_names_fit(tmp_path: Path):
    name = "é" * 127
    with Transaction() as transaction:
        transaction.create(tmp_path / name).write(b"x")
    assert contents(tmp_path) == {name: "x"}


def test_pipes_are_written_directly(root: Path):
    code = (
        "from proto_utils.output import Transaction\n"
        "with Transaction() as t:\n"
        "    sink = t.create('/dev/stdout')\n"
        "    sink.preallocate(10)\n"
        "    sink.write(b'through the pipe')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=root)
    assert done.stdout == b"through the pipe"


@pytest.mark.parametrize(("existing", "synced"), [([], 0), (["pointer"], 0), (["data"], 3), (["data", "pointer"], 3)])
def test_only_what_replaces_files_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: list[str], synced: int
):
    """A state file that moves on to a new checkpoint must not cost the new data a trip to the disk."""
    for name in existing:
        (tmp_path / name).write_text("old")
    calls: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: calls.append("dir" if os.path.isdir(f"/dev/fd/{fd}") else "file"))
    with Transaction(overwrite=True) as transaction:
        transaction.create(tmp_path / "data").write(b"new")
        transaction.create(tmp_path / "index", role="seal").write(b"new")
        transaction.create(tmp_path / "pointer", role="pointer").write(b"new")
    assert calls.count("file") == synced


def test_a_pointer_on_its_own_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "pointer").write_text("old")
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    with Transaction(overwrite=True) as transaction:
        transaction.create(tmp_path / "pointer", role="pointer").write(b"new")
    assert len(calls) == 2


def test_file_for_a_library_that_wants_a_name(tmp_path):
    target = tmp_path / "new" / "x.bin"
    with Transaction() as transaction:
        name = transaction.create_named(target)
        Path(name).write_bytes(b"written by name")
        assert not target.exists()
    assert target.read_bytes() == b"written by name"
    assert os.listdir(target.parent) == ["x.bin"]


def test_no_name_is_given_for_a_device():
    with pytest.raises(UnsupportedError, match="device"), Transaction() as transaction:
        transaction.create_named(os.devnull)


def test_a_file_that_is_complete_holds_no_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "0").write_text("old")
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    before = len(os.listdir("/dev/fd"))
    with Transaction(overwrite=True) as transaction:
        for number in range(10):
            sink = transaction.create(tmp_path / str(number))
            sink.write(b"new")
            transaction.complete(sink)
        assert len(os.listdir("/dev/fd")) == before
    # One of them replaces a file, so all are on disk before the first rename, and then the directory.
    assert len(synced) == 11
    assert set(contents(tmp_path).values()) == {"new"}


def test_a_complete_file_may_replace_a_read_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o444)
    real = os.open

    def as_a_user(name: str, flags: int, *args: int) -> int:
        """Open as those do for whom permissions count, which they do not for root."""
        if flags & os.O_RDWR and not os.stat(name).st_mode & stat.S_IWUSR:
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return real(name, flags, *args)

    monkeypatch.setattr(os, "open", as_a_user)
    monkeypatch.setattr(os, "access", lambda name, mode: bool(os.stat(name).st_mode & stat.S_IWUSR))
    with Transaction(overwrite=True) as transaction:
        sink = transaction.create(path)
        sink.write(b"new")
        transaction.complete(sink)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_a_file_that_is_written_already_is_put_in_place(tmp_path: Path):
    (tmp_path / "part").write_bytes(b"new")
    (tmp_path / "data").write_bytes(b"old")
    with Transaction(overwrite=True) as transaction:
        transaction.place(transaction.adopt(str(tmp_path / "part")), tmp_path / "data")
        assert (tmp_path / "data").read_bytes() == b"old"
    assert contents(tmp_path) == {"data": "new"}
