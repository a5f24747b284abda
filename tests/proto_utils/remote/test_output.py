"""Outputs in stores: all of it or nothing, in the order of the roles, and what was there comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from proto_utils.errors import OutputExistsError, UnsupportedError
from proto_utils.opening import open_source
from proto_utils.output import Transaction
from proto_utils.output_directory import DirectoryTransaction
from proto_utils.remote import retries
from proto_utils.remote.output import RemoteOutput
from tests.object_stores import BUCKET, object_stores, s3_server

fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")


class Place:
    """A directory of a store."""

    def __init__(self, fs: Any, url: str) -> None:
        self.fs, self.url = fs, url
        self.inner = url.partition("://")[2] if fs.protocol != "memory" else "/" + url.partition("://")[2]

    def files(self) -> dict[str, bytes]:
        self.fs.invalidate_cache()
        found = self.fs.find(self.inner)
        return {name.removeprefix(f"{self.inner}/"): self.fs.cat_file(name) for name in found}

    def write(self, files: dict[str, bytes], **how: Any) -> None:
        with Transaction(f"{self.url}/m", **how) as transaction:
            for name, data in files.items():
                role: Any = {"m.index": "seal", "checkpoint": "pointer"}.get(name, "part")
                transaction.create(f"{self.url}/{name}", role=role).write(data)


@pytest.fixture(scope="module")
def stores() -> Iterator[Callable[[str], Any]]:
    with object_stores() as found:
        yield found


@pytest.fixture(params=["memory", "s3", "gs"])
def place(request: pytest.FixtureRequest, stores: Callable[[str], Any]) -> Iterator[Place]:
    found = Place(stores(request.param), f"{request.param}://{BUCKET}/run")
    yield found
    found.fs.invalidate_cache()
    if found.fs.exists(found.inner):
        found.fs.rm(found.inner, recursive=True)


FILES = {"m.data": b"0123456789" * 1000, "m.index": b"index", "m.meta": b"meta", "checkpoint": b"state"}
NEW = {"m.data": b"new data", "m.index": b"new index", "m.meta": b"new meta", "checkpoint": b"new state"}


def test_files_appear_together(place: Place):
    with Transaction(f"{place.url}/m") as transaction:
        for name, data in FILES.items():
            transaction.create(f"{place.url}/{name}").write(data)
        assert place.files() == {}
    assert place.files() == FILES


def test_a_failure_leaves_nothing(place: Place):
    def fail() -> None:
        with Transaction(f"{place.url}/m") as transaction:
            sink = transaction.create(f"{place.url}/m.data")
            sink.write(FILES["m.data"] * 2)
            transaction.complete(sink)
            transaction.create(f"{place.url}/m.index").write(b"index")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert place.files() == {}
    if "s3" in place.fs.protocol:
        assert not place.fs.call_s3("list_multipart_uploads", Bucket=BUCKET).get("Uploads")


def test_what_exists_is_replaced_when_asked(place: Place):
    place.write(FILES)
    with pytest.raises(OutputExistsError):
        place.write(NEW)
    assert place.files() == FILES
    place.write(NEW, overwrite=True)
    assert place.files() == NEW


def test_order(place: Place, monkeypatch: pytest.MonkeyPatch):
    placed: list[str] = []
    put = RemoteOutput._place

    def note(self: RemoteOutput, target: Any) -> None:
        placed.append(target.path)
        put(self, target)

    monkeypatch.setattr(RemoteOutput, "_place", note)
    place.write(dict(reversed(NEW.items())))
    assert [path.rpartition("/")[2] for path in placed] == ["m.meta", "m.data", "m.index", "checkpoint"]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("is_there", [True, False])
def test_each_step_that_fails_is_taken_back(place: Place, monkeypatch: pytest.MonkeyPatch, number: int, is_there: bool):
    if is_there:
        place.write(FILES)
    put, steps = RemoteOutput._place, []

    def fail(self: RemoteOutput, target: Any) -> None:
        steps.append(target)
        if len(steps) == number + 1:
            raise OSError(5, "a fault", target.path)
        put(self, target)

    monkeypatch.setattr(RemoteOutput, "_place", fail)
    with pytest.raises(OSError, match="a fault"):
        place.write(NEW, overwrite=True)
    assert place.files() == (FILES if is_there else {})


@pytest.mark.parametrize("error", [OSError(5, "a fault"), ValueError("Bad Request")])
def test_what_cannot_be_given_up_keeps_nothing_else_from_coming_back(monkeypatch: pytest.MonkeyPatch, error: Exception):
    place = Place(fsspec.filesystem("memory"), "memory://refusing")
    place.write(FILES, overwrite=True)

    def fail(*_: object) -> None:
        raise OSError(5, "a fault")

    def refuse(_: object) -> None:
        raise error

    monkeypatch.setattr(RemoteOutput, "_place", fail)
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFile.discard", refuse)
    with pytest.raises(OSError, match="a fault"):
        place.write(NEW, overwrite=True)
    assert place.files() == FILES


def test_the_old_index_goes_before_new_data_comes(place: Place, monkeypatch: pytest.MonkeyPatch):
    place.write(FILES)
    seen: list[set[str]] = []
    put = RemoteOutput._place

    def look(self: RemoteOutput, target: Any) -> None:
        seen.append({*place.files()})
        put(self, target)

    monkeypatch.setattr(RemoteOutput, "_place", look)
    place.write(NEW, overwrite=True)
    assert ["m.index" in names for names in seen] == [False, False, False, True]


def test_superseded_files_go(place: Place):
    place.write(FILES)
    with Transaction(overwrite=True) as transaction:
        transaction.create(f"{place.url}/m.index").write(b"x")
        transaction.supersede(f"{place.url}/m.meta")
        transaction.supersede(f"{place.url}/m.index")
        transaction.supersede(f"{place.url}/none")
    assert {*place.files()} == {"m.data", "m.index", "checkpoint"}


def test_a_copy_within_the_store(place: Place, monkeypatch: pytest.MonkeyPatch):
    place.write(FILES)
    source = open_source(f"{place.url}/m.data")
    monkeypatch.setattr(type(source), "chunks", None)
    with Transaction() as transaction:
        link = transaction.link(source, place.url)
        assert link is not None
        transaction.place(link, f"{place.url}/n.data")
    assert place.files()["n.data"] == FILES["m.data"]


def test_no_copy_to_another_store(place: Place, tmp_path: Any):
    place.write(FILES)
    with Transaction() as transaction:
        assert transaction.link(open_source(f"{place.url}/m.data"), str(tmp_path)) is None
        (tmp_path / "x").touch()
        assert transaction.link(open_source(tmp_path / "x"), place.url) is None
        assert transaction.link(open_source(f"{place.url}/m.data"), "gs://other") is None


def test_a_name_for_libraries(place: Place):
    with Transaction() as transaction:
        name = transaction.create_named(f"{place.url}/x.npz")
        with open(name, "wb") as file:
            file.write(b"abc")
    assert place.files() == {"x.npz": b"abc"}


def test_directories(place: Place):
    def write(data: bytes, *names: str, overwrite: bool = False) -> None:
        with DirectoryTransaction(f"{place.url}/d/", overwrite=overwrite) as transaction:
            for name in names:
                transaction.files.create(f"{transaction.directory}/{name}").write(data)

    write(b"a", "x", "e/y")
    with pytest.raises(OutputExistsError):
        write(b"b", "x")
    assert place.files() == {"d/x": b"a", "d/e/y": b"a"}
    write(b"b", "x", "z", overwrite=True)
    assert place.files() == {"d/x": b"b", "d/z": b"b"}


@pytest.mark.parametrize("path", ["https://h/x", "m.tar!x", "https://h/m.zip!x"])
def test_what_is_only_read(path: str):
    def write() -> None:
        with Transaction(path) as transaction:
            transaction.create(path)

    with pytest.raises(UnsupportedError, match="read"):
        write()


@pytest.mark.parametrize("path", ["memory://x", "s3://bucket", "file:///x"])
def test_a_store_is_no_file(path: str):
    # What is beside it would not be in the store.
    def write() -> None:
        with Transaction(path) as transaction:
            transaction.create(path)

    with pytest.raises(UnsupportedError, match="without a directory"):
        write()


def test_stores_that_complete_nothing_later(tmp_path: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("proto_utils.remote.output._COMPLETED_LATER", ())
    path = f"file://{tmp_path}/d/x"
    with Transaction() as transaction:
        transaction.create(path).write(b"abc")
        assert not (tmp_path / "d" / "x").exists()
    assert [each.name for each in (tmp_path / "d").iterdir()] == ["x"]
    assert (tmp_path / "d" / "x").read_bytes() == b"abc"


def test_a_server_that_is_killed_in_mid_write(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    s3fs = pytest.importorskip("s3fs", reason="s3:// needs s3fs, of the extra `servers`")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    with s3_server():
        other = Transaction()
        sink = other.create(f"s3://{BUCKET}/m.data")
        sink.write(b"x" * (6 << 20))
    with pytest.raises(OSError, match=r"m\.data"):
        other.__exit__(None, None, None)
