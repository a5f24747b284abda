"""Members of archives, local and on a server; damaged and hostile ones."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import pytest

from proto_utils import disk
from proto_utils.errors import ChangedError, CorruptionError, LimitError, UnsupportedError
from proto_utils.files import FileSource
from proto_utils.remote.archives import ArchiveStore, MemberSource, SourceFile
from tests.web_server import serving

FILES = {"a": b"", "d/b": b"0123456789" * 500, "d/e/c": bytes(range(256)) * 300}
MODES = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}
ZIPS = {".zip": zipfile.ZIP_DEFLATED, ".stored.zip": zipfile.ZIP_STORED}


def make_tar(path: Path, files: dict[str, bytes] = FILES) -> str:
    mode = next(mode for suffix, mode in MODES.items() if path.name.endswith(suffix))
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return str(path)


def make_zip(path: Path, files: dict[str, bytes] = FILES, how: int = zipfile.ZIP_DEFLATED) -> str:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return str(path)


@pytest.fixture(params=[*MODES, *ZIPS])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / f"m{request.param}"
    return make_zip(path, how=ZIPS[request.param]) if request.param in ZIPS else make_tar(path)


def test_members_are_read(archive: str):
    for name, data in FILES.items():
        source = MemberSource(f"{archive}!{name}")
        assert source.size == len(data)
        assert source.read(0, source.size) == data
        half = len(data) // 2
        assert b"".join(map(bytes, source.chunks(half, len(data), 100))) == data[half:]
        assert source.is_current()
        source.close()
        with pytest.raises(UnsupportedError, match="closed"):
            source.read(0, min(1, source.size)) if data else source._fill(memoryview(b""), 0)


def test_directories(archive: str):
    store = ArchiveStore()
    assert store.entries(f"{archive}!") == [("a", False), ("d", True)]
    assert store.entries(f"{archive}!d/") == [("b", False), ("e", True)]
    facts = store.look(f"{archive}!/d", 0)
    assert facts is not None
    assert facts.is_directory
    assert store.look(f"{archive}!x", 0) is None
    assert store.look(f"{archive}x.tar!x", 0) is None
    with pytest.raises(IsADirectoryError):
        MemberSource(f"{archive}!d")
    with pytest.raises(FileNotFoundError):
        store.entries(f"{archive}!a")


def test_who_looks_into_an_archive_that_is_not_there_hears_its_name(tmp_path: Path):
    for look in (MemberSource, ArchiveStore().entries):
        with pytest.raises(FileNotFoundError) as caught:
            look(f"{tmp_path}/no.tar!a")
        assert caught.value.filename == f"{tmp_path}/no.tar"


def test_on_a_server(archive: str):
    pytest.importorskip("aiohttp", reason="sources at URLs need the extra `remote`")
    with serving(Path(archive).parent) as web:
        for has_ranges in (True, False):
            web.has_ranges = has_ranges
            source = MemberSource(f"{web.url}/{Path(archive).name}!d/b")
            assert source.read(5, 4000) == FILES["d/b"][5:4000]


def test_a_plain_member_is_not_unpacked(tmp_path: Path):
    pytest.importorskip("aiohttp", reason="sources at URLs need the extra `remote`")
    make_tar(tmp_path / "m.tar", {"large": bytes(8 << 20), "small": b"abc"})
    with serving(tmp_path) as web:
        assert MemberSource(f"{web.url}/m.tar!small").read(0, 3) == b"abc"
        assert web.sent < 1 << 20
        assert len(web.requests) <= 3


def test_links_lead_to_what_they_name(tmp_path: Path):
    path = tmp_path / "m.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("d/x")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
        for name, kind, target in (
            ("d/soft", tarfile.SYMTYPE, "x"),
            ("hard", tarfile.LNKTYPE, "d/x"),
            ("round", tarfile.SYMTYPE, "round"),
            ("out", tarfile.SYMTYPE, "/etc/passwd"),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    assert MemberSource(f"{path}!d/soft").read(0, 3) == b"abc"
    assert MemberSource(f"{path}!hard").read(0, 3) == b"abc"
    for name in ("round", "out"):
        with pytest.raises(FileNotFoundError):
            MemberSource(f"{path}!{name}")


def test_names_lead_nowhere_else(tmp_path: Path):
    path = make_tar(tmp_path / "m.tar", {"../../x": b"abc", "/y": b"d", "./z": b"e"})
    assert [MemberSource(f"{path}!{name}").size for name in ("x", "y", "z", "../x")] == [3, 1, 1, 3]


@pytest.mark.parametrize("suffix", [*MODES, ".zip"])
def test_every_truncation_is_an_error_or_what_was_there(tmp_path: Path, suffix: str):
    whole = tmp_path / f"m{suffix}"
    make_zip(whole) if suffix == ".zip" else make_tar(whole)
    data = whole.read_bytes()
    for end in [*range(0, min(len(data), 700), 37), *range(700, len(data), len(data) // 15)]:
        path = tmp_path / f"{end}{suffix}"
        path.write_bytes(data[:end])
        with contextlib.suppress(CorruptionError, FileNotFoundError):
            assert MemberSource(f"{path}!d/e/c").read(0, 76800) == FILES["d/e/c"]


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".zip"])
def test_something_else_of_that_name(tmp_path: Path, suffix: str):
    path = tmp_path / f"m{suffix}"
    path.write_bytes(b"something else, and more of it " * 40)
    with pytest.raises(CorruptionError, match="no sound archive"):
        MemberSource(f"{path}!x")


def test_a_bomb_ends_where_the_disk_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bomb = {"x": bytes(32 << 20)}
    monkeypatch.setattr(disk, "scratch_room", lambda: (20 << 20, 20 << 20))
    for path in (make_zip(tmp_path / "m.zip", bomb), make_tar(tmp_path / "m.tar.gz", bomb)):
        assert os.path.getsize(path) < 1 << 16
        with pytest.raises(LimitError):
            MemberSource(f"{path}!x")


def test_a_header_without_end(tmp_path: Path):
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    path = tmp_path / "m.tar"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    os.truncate(path, 1 << 41)
    with pytest.raises(CorruptionError, match="a header of"):
        MemberSource(f"{path}!x")


def test_a_zip_whose_list_is_wrong(tmp_path: Path):
    path = Path(make_zip(tmp_path / "m.zip", how=zipfile.ZIP_STORED))
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x03\x04", 4)
    data[place] = 0
    path.write_bytes(data)
    with pytest.raises(CorruptionError, match="not where its list says"):
        MemberSource(f"{path}!d/b")


def test_encrypted_members_are_refused(tmp_path: Path):
    path = Path(make_zip(tmp_path / "m.zip"))
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[place + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(UnsupportedError, match="encrypted"):
        MemberSource(f"{path}!d/b")


def test_an_archive_that_changes(tmp_path: Path):
    path = make_tar(tmp_path / "m.tar", {"x": b"abc"})
    source = MemberSource(f"{path}!x")
    os.unlink(path)
    make_tar(Path(path), {"x": b"defg"})
    assert MemberSource(f"{path}!x").read(0, 4) == b"defg"
    assert source.read(0, 3) == b"abc"
    assert not source.is_current()
    with open(path, "ab") as file:
        file.write(b"more")
    changed = MemberSource(f"{path}!x")
    os.truncate(path, 512)
    with pytest.raises(ChangedError):
        changed.require_unchanged()


def test_pickles(tmp_path: Path):
    path = make_tar(tmp_path / "m.tar", {"x": b"abc"})
    source = pickle.loads(pickle.dumps(MemberSource(f"{path}!x")))
    assert source.read(0, 3) == b"abc"
    assert source.path == f"{path}!x"


def test_as_a_file(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"0123456789")
    file = SourceFile(FileSource(tmp_path / "x"))
    assert (file.read(3), file.tell(), file.seek(-2, os.SEEK_END), file.read(), file.read()) == (
        b"012",
        3,
        8,
        b"89",
        b"",
    )
    assert (file.seek(2), file.seek(3, os.SEEK_CUR), file.read(1)) == (2, 5, b"5")


def tar_of(path: Path, *members: tuple[str, bytes | str, bytes]) -> str:
    """Pack files, and links of a kind to a name."""
    with tarfile.open(path, "w") as archive:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.linkname = content
                archive.addfile(info)
    return str(path)


FILE, SYMLINK, HARD_LINK = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.mark.parametrize(
    ("members", "content"),
    [
        ([("a", b"1", FILE), ("m", b"2", FILE), ("m", b"3", FILE)], b"3"),
        ([("a", b"1", FILE), ("m", "a", SYMLINK), ("m", b"2", FILE)], b"2"),
        ([("a", b"1", FILE), ("m", b"2", FILE), ("m", "a", SYMLINK)], b"1"),
        ([("a", b"1", FILE), ("m", "a", SYMLINK), ("a", b"2", FILE)], b"2"),
    ],
)
def test_a_name_is_what_unpacking_makes_of_it(
    tmp_path: Path, members: list[tuple[str, bytes | str, bytes]], content: bytes
):
    path = tar_of(tmp_path / "m.tar", *members)
    assert MemberSource(f"{path}!m").read(0, 1) == content
    (tmp_path / "out").mkdir()
    with tarfile.open(path) as archive:
        # As they are; what Python does by default changes with 3.14.
        archive.extraction_filter = lambda member, _: member
        archive.extractall(tmp_path / "out")
    assert (tmp_path / "out" / "m").read_bytes() == content


def test_a_hard_link_is_to_the_file_of_then(tmp_path: Path):
    path = tar_of(tmp_path / "m.tar", ("a", b"1", FILE), ("m", "a", HARD_LINK), ("a", b"2", FILE))
    assert MemberSource(f"{path}!m").read(0, 1) == b"1"


def test_a_zip_archive_whose_list_lies(tmp_path: Path):
    path = Path(make_zip(tmp_path / "m.zip", {"a": b"1"}, zipfile.ZIP_STORED))
    data = path.read_bytes()
    place = data.rfind(b"PK\1\2")
    for offset, value in ((42, 1 << 30), (28, 0)):
        changed = bytearray(data)
        changed[place + offset : place + offset + 2] = value.to_bytes(4, "little")[-2:]
        path.write_bytes(changed)
        with pytest.raises((CorruptionError, FileNotFoundError)):
            MemberSource(f"{path}!a")


def test_links_to_directories_lead_there(tmp_path: Path):
    links = [
        ("latest", "runs/7", SYMLINK),
        ("runs/last", "../latest", SYMLINK),
        ("x", "y", SYMLINK),
        ("y", "x", SYMLINK),
    ]
    path = tar_of(tmp_path / "m.tar", ("runs/7/m", b"7", FILE), *links)
    assert MemberSource(f"{path}!runs/last/m").read(0, 1) == b"7"
    assert ArchiveStore().entries(f"{path}!") == [("latest", True), ("runs", True)]
    assert ArchiveStore().entries(f"{path}!latest") == [("m", False)]
    with pytest.raises(FileNotFoundError):
        MemberSource(f"{path}!x/m")


def test_a_damaged_header_is_not_the_end(tmp_path: Path):
    path = Path(make_tar(tmp_path / "m.tar", {"a": b"1", "b": b"2"}))
    data = bytearray(path.read_bytes())
    data[2 * tarfile.BLOCKSIZE] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(CorruptionError, match="no header at byte 1024"):
        MemberSource(f"{path}!a")


def test_a_member_with_holes(tmp_path: Path):
    info = tarfile.TarInfo("a")
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.map": "0,1",
        "GNU.sparse.size": "9",
        "GNU.sparse.name": "a",
    }
    info.size = 1
    with tarfile.open(tmp_path / "m.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"1"))
    with pytest.raises(UnsupportedError, match="holes"):
        MemberSource(f"{tmp_path}/m.tar!a")
