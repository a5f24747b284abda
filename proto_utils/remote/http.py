"""HTTP and HTTPS: conditional range requests in the session that fsspec's file system keeps.

::

    GET /models/m.ckpt.index            Range: bytes=0-65535
    206                                 Content-Range: bytes 0-65535/181234, ETag: "5f3a"
    GET /models/m.ckpt.index            Range: bytes=65536-181233, If-Match: "5f3a"
    206                                 Content-Range: bytes 65536-181233/181234, ETag: "5f3a"

The first answer tells what there is, how long it is, which version, and the first bytes, all at once. Each later one
is held against it: not every server heeds ``If-Match``. A long range is one request, whose answer is read as it comes;
when that breaks off, the rest is asked for. A server without ranges answers 200 with all of it.
Source: RFC 9110, sections 13 and 14.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import html
import os
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import urljoin

from proto_utils.errors import UnsupportedError
from proto_utils.remote.retries import FINAL, MAX_ATTEMPTS, StoreError, as_fault, fault_types, naming, pause, retried
from proto_utils.remote.store import Facts, Range, Store, changed, file_system

T = TypeVar("T")

#: In seconds, for a connection and for each next piece of an answer.
TIMEOUT = 30.0
#: An answer is handed on in pieces of this size.
_PIECE_NBYTES = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_LINK = re.compile(r"""<a\s[^>]*?href\s*=\s*["']([^"'#?]+)""", re.IGNORECASE)
#: Ten thousand links take less.
_MAX_PAGE_NBYTES = 1 << 22
_GONE = (404, 410)
_REFUSED = (401, 403, 407)
_CHANGED = (412, 416)
_BUSY = (408, 425, 429)
_PARTIAL, _UNSATISFIABLE, _OK, _SERVER_ERROR = 206, 416, 200, 500


class HttpStore(Store):
    """Places on web servers, which are read only."""

    # Bytes come along with each answer.
    memory_seconds = 0.1
    lanes = 2

    def look(self, path: str, head_nbytes: int) -> Facts | None:
        """Return what is at a URL, as `Store.look`; a directory is what a URL that ends in a slash leads to."""
        return retried(lambda: _run(path, lambda fs: _look(fs, path, max(1, head_nbytes))), path)

    def entries(self, path: str) -> list[tuple[str, bool]]:
        """Return the names that the page of a directory links to."""
        where = path if path.endswith("/") else f"{path}/"
        found = {}
        for url in retried(lambda: _links(where), path):
            name = url.removeprefix(where)
            if url.startswith(where) and name.strip("/") and "/" not in name.rstrip("/"):
                found[name.rstrip("/")] = name.endswith("/")
        return sorted(found.items())

    def fetch(self, path: str, facts: Facts, ranges: Sequence[Range]) -> list[bytes]:
        """Return several ranges, as `Store.fetch`."""
        return retried(lambda: _run(path, lambda fs: _fetch(fs, path, facts, ranges)), path)

    def stream(self, path: str, facts: Facts, start: int, end: int) -> Iterator[bytes]:
        """Yield a long range as it comes, by one request, and one more each time that it breaks off."""
        attempt = 0
        while start < end:
            try:
                for piece in _pieces(path, facts, (start, end)):
                    start, attempt = start + len(piece), attempt if len(piece) < _PIECE_NBYTES else 0
                    yield piece
            except FINAL:
                raise
            except fault_types() as error:
                attempt += 1
                if attempt == MAX_ATTEMPTS:
                    raise as_fault(error, path) from error
                pause(attempt - 1)

    def whole(self, path: str, facts: Facts) -> Iterator[bytes]:
        """Yield a file from its beginning, as `Store.whole`; what breaks off cannot be gone on with."""
        with naming(path):
            yield from _pieces(path, facts, None)


def _run(path: str, operation: Callable[[Any], Awaitable[T]]) -> T:
    """Run something on the thread that has the connections."""
    fs, _ = file_system(path)
    from fsspec.asyn import sync

    found: T = sync(fs.loop, operation, fs)
    return found


async def _get(fs: Any, path: str, headers: dict[str, str]) -> Any:
    """Begin a request; its answer is to be closed."""
    import aiohttp

    session = await fs.set_session()
    given = dict(fs.kwargs)
    # Bytes of the file itself are counted, not of what it would be compressed.
    headers = {**given.pop("headers", {}), "Accept-Encoding": "identity", **headers}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=TIMEOUT)
    given.setdefault("timeout", timeout)
    return await session.get(fs.encode_url(path), headers=headers, **given)


def _links(path: str) -> list[str]:
    """Return the URLs to which the page of a directory has links."""
    page = _run(path, lambda fs: _page(fs, path)).decode("utf-8", "replace")
    return [urljoin(path, html.unescape(found)) for found in _LINK.findall(page)]


async def _page(fs: Any, path: str) -> bytes:
    """Return the page of a directory, as much of it as is of use."""
    answer = await _get(fs, path, {})
    try:
        if answer.status in _GONE:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if answer.status < _SERVER_ERROR and answer.status not in (_OK, *_BUSY):
            raise PermissionError(errno.EACCES, f"HTTP status {answer.status}: the directory is not listed", path)
        _check_status(answer, path)
        return await _some(answer, _MAX_PAGE_NBYTES, fs)
    finally:
        answer.close()


async def _look(fs: Any, path: str, head_nbytes: int) -> Facts | None:
    answer = await _get(fs, path, {"Range": f"bytes=0-{head_nbytes - 1}"})
    try:
        if answer.status in _GONE:
            return None
        placed = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if answer.status == _UNSATISFIABLE and placed is not None and placed[3] == "0":
            return Facts(is_directory=False, nbytes=0, version=_version(answer, 0))
        _check_status(answer, path)
        if answer.url.path.endswith("/"):
            return Facts(is_directory=True)
        if answer.status == _PARTIAL and placed is not None and placed[1] == "0" and placed[3] != "*":
            nbytes = int(placed[3])
            head = await _take(answer, min(nbytes, head_nbytes), path)
            return Facts(is_directory=False, nbytes=nbytes, version=_version(answer, nbytes), head=head)
        return await _look_at_whole(answer, path, head_nbytes)
    finally:
        answer.close()


async def _look_at_whole(answer: Any, path: str, head_nbytes: int) -> Facts:
    """Tell what is there by an answer without ranges."""
    if answer.status != _OK:
        raise StoreError(errno.EIO, f"answers {answer.status} with ranges that make no sense", path)
    nbytes = answer.content_length
    if nbytes is None:
        return Facts(is_directory=False, nbytes=-1, version=_version(answer, -1), has_ranges=False)
    head = await _take(answer, min(nbytes, head_nbytes), path)
    return Facts(is_directory=False, nbytes=nbytes, version=_version(answer, nbytes), head=head, has_ranges=False)


async def _fetch(fs: Any, path: str, facts: Facts, ranges: Sequence[Range]) -> list[bytes]:
    import asyncio

    return list(await asyncio.gather(*(_fetch_one(fs, path, facts, each) for each in ranges)))


async def _fetch_one(fs: Any, path: str, facts: Facts, wanted: Range) -> bytes:
    answer = await _open_range(fs, path, facts, wanted)
    try:
        return await _take(answer, wanted[1] - wanted[0], path)
    finally:
        answer.close()


async def _open_range(fs: Any, path: str, facts: Facts, wanted: Range | None) -> Any:
    """Begin a request for a range, or for all; the answer is of that version, and begins where it should."""
    headers = {} if wanted is None else {"Range": f"bytes={wanted[0]}-{wanted[1] - 1}"}
    etag = facts.version[0] if facts.version else None
    if isinstance(etag, str) and not etag.startswith("W/"):
        headers["If-Match"] = etag
    answer = await _get(fs, path, headers)
    try:
        _check_answer(answer, path, facts, wanted)
    except BaseException:
        answer.close()
        raise
    return answer


def _check_answer(answer: Any, path: str, facts: Facts, wanted: Range | None) -> None:
    if answer.status in (*_GONE, *_CHANGED):
        raise changed(path)
    _check_status(answer, path)
    if answer.status == _OK:
        nbytes = -1 if answer.content_length is None else answer.content_length
        if _version(answer, nbytes) != facts.version:
            raise changed(path)
        if wanted is not None:
            raise StoreError(errno.EIO, "answers with all of the file, where a range was asked for", path)
        return
    placed = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if wanted is None or placed is None or placed[1] is None or placed[3] == "*":
        raise StoreError(errno.EIO, f"answers {answer.status} without saying which bytes these are", path)
    if _version(answer, int(placed[3])) != facts.version:
        raise changed(path)
    if (int(placed[1]), int(placed[2]) + 1) != wanted:
        raise StoreError(errno.EIO, f"answers with bytes {placed[1]} to {placed[2]}, not those asked for", path)


def _check_status(answer: Any, path: str) -> None:
    status = answer.status
    said = f"HTTP status {status} {answer.reason or ''}".rstrip()
    if status in _REFUSED:
        raise PermissionError(errno.EACCES, said, path)
    if status in _BUSY or status >= _SERVER_ERROR:
        raise StoreError(errno.EIO, said, path)
    if status not in (_OK, _PARTIAL):
        raise UnsupportedError(f"the server answers with {said}", path=path)
    if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        how = answer.headers["Content-Encoding"]
        raise UnsupportedError(f"the server sends it compressed ({how}), of which no range is known", path=path)


def _version(answer: Any, nbytes: int) -> tuple[object, ...]:
    """Return what tells this version of a file: its ETag, else when it was written; and its size."""
    etag = answer.headers.get("ETag")
    return etag, answer.headers.get("Last-Modified") if etag is None else None, nbytes


async def _take(answer: Any, nbytes: int, path: str) -> bytes:
    """Read so many bytes of an answer, and no more whatever is sent."""
    data = bytearray()
    while len(data) < nbytes:
        piece = await answer.content.read(nbytes - len(data))
        if not piece:
            raise StoreError(errno.EIO, f"the answer ends after {len(data)} of {nbytes} bytes", path)
        data += piece
    return bytes(data)


def _pieces(path: str, facts: Facts, wanted: Range | None) -> Iterator[bytes]:
    """Yield an answer as it comes: a range, or all of a file whose length may not be known."""
    answer = _run(path, lambda fs: _open_range(fs, path, facts, wanted))
    left = facts.nbytes if wanted is None else wanted[1] - wanted[0]
    try:
        while left:
            nbytes = _PIECE_NBYTES if left < 0 else min(left, _PIECE_NBYTES)
            piece = _run(path, functools.partial(_some, answer, nbytes))
            if not piece and left > 0:
                raise StoreError(errno.EIO, f"the answer ends {left} bytes early", path)
            if not piece:
                return
            left -= len(piece) if left > 0 else 0
            yield piece
    finally:
        # Not waited for: whoever gives up reading may be the thread of the connections, or the end of the program.
        with contextlib.suppress(RuntimeError):
            file_system(path)[0].loop.call_soon_threadsafe(answer.close)


async def _some(answer: Any, nbytes: int, _: Any) -> bytes:
    data = bytearray()
    try:
        while len(data) < nbytes and (piece := await answer.content.read(nbytes - len(data))):
            data += piece
    except fault_types():
        # Said again when more is wanted; what came before is good.
        if not data:
            raise
    return bytes(data)
