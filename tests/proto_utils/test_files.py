"""Sources, spans and the window over them; the portable paths too."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import threading
from pathlib import Path

import pytest

from proto_utils import files
from proto_utils.errors import ChangedError, CorruptionError, NotFoundError, UnsupportedError
from proto_utils.files import BytesSource, FileSource, ReopenedSource, Source, Span, Window

DATA = bytes(range(256)) * 40


@pytest.fixture(params=["preadv", "pread", "seek", "bytes"])
def source(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The same bytes in every kind of source, with each way of reading forced."""
    if request.param == "bytes":
        return BytesSource(DATA, "data")
    if request.param != "preadv":
        monkeypatch.setattr(files, "_preadv", None)
    if request.param == "seek":
        monkeypatch.setattr(files, "_pread", None)
    (tmp_path / "data").write_bytes(DATA)
    return FileSource(tmp_path / "data")


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every range be long enough to be read ahead."""
    monkeypatch.setattr(files, "READ_AHEAD_NBYTES", 1)


@pytest.mark.usefixtures("ahead")
def test_reading_ahead_gives_the_same_bytes(source: Source):
    for nbytes in (1, 7, 300, 1 << 20):
        chunks = []
        for chunk in source.chunks(1, 1001, nbytes):
            chunks.append(bytes(chunk))
            # The view is the consumer's until the next: nothing may be read into it meanwhile.
            assert bytes(chunk) == chunks[-1]
        assert b"".join(chunks) == DATA[1:1001]
        assert max(map(len, chunks)) == min(nbytes, 1000)


@pytest.mark.usefixtures("ahead")
def test_reading_ahead_ends_with_its_consumer(tmp_path: Path):
    (tmp_path / "data").write_bytes(DATA)
    before = threading.active_count()
    chunks = FileSource(tmp_path / "data").chunks(0, len(DATA), 16)
    next(chunks)
    assert threading.active_count() == before + 1
    chunks.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@pytest.mark.usefixtures("ahead")
def test_reading_ahead_tells_of_a_file_that_shrinks(tmp_path: Path):
    (tmp_path / "data").write_bytes(DATA)
    source = FileSource(tmp_path / "data")
    os.truncate(tmp_path / "data", 100)
    with pytest.raises(ChangedError, match="truncated while it was read"):
        list(source.chunks(0, len(DATA), 64))


@pytest.mark.usefixtures("ahead")
def test_reading_ahead_tells_of_a_closed_file(tmp_path: Path):
    (tmp_path / "data").write_bytes(DATA)
    source = FileSource(tmp_path / "data")
    source.close()
    with pytest.raises(UnsupportedError, match="was closed"):
        list(source.chunks(0, len(DATA), 64))


def test_read(source: Source):
    assert source.size == len(DATA)
    assert source.read(3, 700) == DATA[3:700]
    assert source.read(5, 5) == b""


def test_chunks_are_all_the_bytes_in_order(source: Source):
    chunks = [bytes(chunk) for chunk in source.chunks(1, 1001, 300)]
    assert [len(chunk) for chunk in chunks] == [300, 300, 300, 100]
    assert b"".join(chunks) == DATA[1:1001]


def test_past_the_end_is_corruption(source: Source):
    with pytest.raises(CorruptionError, match="ends at byte 10240"):
        source.read(0, len(DATA) + 1)
    with pytest.raises(CorruptionError, match="ends at byte 10240"):
        list(source.chunks(0, len(DATA) + 1))


def test_a_view_cannot_change_bytes_in_memory():
    view = next(BytesSource(memoryview(bytearray(b"abc"))).chunks(0, 3))
    assert view.readonly


def test_short_reads_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "data").write_bytes(DATA)
    real = os.preadv
    monkeypatch.setattr(files, "_preadv", lambda fd, views, offset: real(fd, [views[0][:7]], offset))
    assert FileSource(tmp_path / "data").read(0, 100) == DATA[:100]


def test_a_file_cut_while_it_is_read(tmp_path: Path):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    source = FileSource(path)
    os.truncate(path, 10)
    with pytest.raises(ChangedError, match="truncated while it was read") as caught:
        source.read(0, 20)
    assert caught.value.path == str(path)


def test_a_replaced_file_is_still_read(tmp_path: Path):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    span = Span(FileSource(path), 0, 10)
    (tmp_path / "other").write_bytes(b"other")
    os.replace(tmp_path / "other", path)
    assert span.read() == DATA[:10]


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_only_regular_files(kind: str, tmp_path: Path):
    path = tmp_path / "it"
    if kind == "directory":
        path.mkdir()
        expected: type[Exception] = IsADirectoryError
    else:
        os.mkfifo(path)  # and nobody writes to it: this must not wait
        expected = UnsupportedError
    with pytest.raises(expected):
        FileSource(path)


@pytest.mark.filterwarnings("error")
def test_the_last_span_closes_the_file(tmp_path: Path):
    (tmp_path / "data").write_bytes(DATA)
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    span = Span(FileSource(tmp_path / "data"), 0, 3)
    assert span.read() == DATA[:3]
    del span
    gc.collect()
    if before:
        assert set(os.listdir("/proc/self/fd")) <= before


def test_threads_may_share_a_source(source: Source):
    wrong = []

    def read(seed: int) -> None:
        for step in range(200):
            start = (seed * 37 + step * 11) % 9000
            if source.read(start, start + 500) != DATA[start : start + 500]:
                wrong.append(start)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_spans(source: Source):
    span = Span(source, 10, 110)
    assert span.nbytes == 100
    assert span.read() == DATA[10:110]
    assert b"".join(map(bytes, span.chunks(7))) == DATA[10:110]
    assert span.sub(5, 8).read() == DATA[15:18]


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4), (0, 10241), (10241, 10241)])
def test_a_span_lies_within_its_source(start: int, end: int):
    with pytest.raises(CorruptionError):
        Span(BytesSource(DATA), start, end)


def test_a_window_reads_ahead_and_no_further_than_the_source():
    reads = []

    class Counting(BytesSource):
        def read(self, start: int, end: int) -> bytes:
            reads.append((start, end))
            return super().read(start, end)

    window = Window(Counting(DATA), 100)
    index = window.ensure(50, 10)
    assert window.buffer[index : index + 3] == DATA[50:53]
    window.ensure(120, 20)
    assert window.read(60, 150) == DATA[60:150]
    window.ensure(145, 10)
    window.ensure(len(DATA) - 5, 20)
    assert reads == [(50, 150), (145, 245), (len(DATA) - 5, len(DATA))]
    assert window.read(0, 3) == DATA[:3]


class TestReopenedSource:
    def test_it_reads_and_holds_no_descriptor(self, tmp_path):
        (tmp_path / "x").write_bytes(bytes(range(256)) * 8192)
        before = len(os.listdir("/dev/fd"))
        source = ReopenedSource(tmp_path / "x")
        assert len(os.listdir("/dev/fd")) == before
        assert source.read(250, 260) == bytes([*range(250, 256), *range(4)])
        assert b"".join(map(bytes, source.chunks(0, source.size))) == (tmp_path / "x").read_bytes()
        assert source.identity == FileSource(tmp_path / "x").identity

    def test_another_file_in_its_place_is_not_read(self, tmp_path):
        (tmp_path / "x").write_bytes(b"old")
        source = ReopenedSource(tmp_path / "x")
        (tmp_path / "y").write_bytes(b"new")
        (tmp_path / "y").replace(tmp_path / "x")
        with pytest.raises(ChangedError, match="was replaced"):
            source.read(0, 3)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
    @pytest.mark.usefixtures("ahead")
    def test_a_pipe_in_its_place_is_told_and_not_the_end_of_the_values(self, tmp_path):
        (tmp_path / "x").write_bytes(DATA)
        source = ReopenedSource(tmp_path / "x")
        (tmp_path / "x").unlink()
        os.mkfifo(tmp_path / "x")
        with pytest.raises(UnsupportedError, match="not a regular file"):
            list(source.chunks(0, len(DATA), 64))


def test_copies_and_pickles_read_the_same(source: Source):
    span = Span(source, 3, 300)
    assert copy.deepcopy(span).source is source
    assert pickle.loads(pickle.dumps(span)).read() == DATA[3:300]


def test_a_file_that_is_another_by_now_is_not_taken_for_what_was_pickled(tmp_path: Path):
    (tmp_path / "data").write_bytes(DATA)
    pickled = pickle.dumps(FileSource(tmp_path / "data"))
    (tmp_path / "data").write_bytes(DATA[1:])
    with pytest.raises(ChangedError, match="since it was pickled"):
        pickle.loads(pickled)
    (tmp_path / "data").write_bytes(DATA[::-1])
    os.utime(tmp_path / "data", ns=(1, 1))
    with pytest.raises(ChangedError, match="since it was pickled"):
        pickle.loads(pickled)
    (tmp_path / "data").unlink()
    with pytest.raises(NotFoundError, match=r"no file .*data"):
        pickle.loads(pickled)


def test_whether_a_file_is_still_the_one_that_was_opened(tmp_path: Path):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    source = FileSource(path)
    source.require_unchanged()
    assert source.is_current()
    (tmp_path / "new").write_bytes(DATA)
    os.replace(tmp_path / "new", path)
    source.require_unchanged()
    assert not source.is_current()
    path.unlink()
    assert not source.is_current()


def test_what_is_written_to_is_no_longer_the_same(tmp_path: Path):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    source = FileSource(path)
    path.write_bytes(DATA + b"more")
    assert not source.is_current()
    with pytest.raises(ChangedError, match="data: was written to while it was read"):
        source.require_unchanged()


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str):
    with pytest.raises(FileNotFoundError) as caught:
        FileSource(tmp_path / name)
    assert caught.value.filename == str(tmp_path / name)
