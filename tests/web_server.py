"""A web server on loopback that counts what it is asked for, and errs as it is told to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_PIECE = 1 << 16


@dataclass
class WebServer:
    """What the server has and does.

    Attributes
    ----------
    folder : Path
        Its files.
    requests : list of (str, str)
        Paths and ranges that were asked for.
    sent : int
        Bytes of files that went out.
    faults : list of str
        One for each next request of a file that is there: ``"500"``, ``"cut"`` (half an answer), ``"drop"`` (no
        answer), ``"slow"``, ``""`` (none).
    """

    folder: Path
    url: str = ""
    has_ranges: bool = True
    has_etags: bool = True
    heeds_conditions: bool = True
    has_lengths: bool = True
    refuses: bool = False
    token: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0
    faults: list[str] = field(default_factory=list)
    pause: float = 0.0

    def etag(self, file: Path) -> str:
        """The version of a file."""
        status = file.stat()
        return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        state = self.server.state
        path = unquote(urlsplit(self.path).path)
        wanted = self.headers.get("Range", "")
        state.requests.append((path, wanted))
        file = state.folder / path.lstrip("/")
        if state.refuses or self.headers.get("Authorization", "") != state.token:
            return self._empty(403)
        if file.is_dir():
            return self._page(file, path)
        if not file.is_file():
            return self._empty(404)
        fault = state.faults.pop(0) if state.faults else ""
        if fault == "500":
            return self._empty(500)
        if fault == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        if fault == "slow":
            time.sleep(state.pause)
        return self._file(file, wanted, is_cut=fault == "cut")

    def _file(self, file: Path, wanted: str, *, is_cut: bool) -> None:
        state, size = self.server.state, file.stat().st_size
        etag = state.etag(file)
        if state.heeds_conditions and self.headers.get("If-Match", etag) != etag:
            return self._empty(412)
        start, end = 0, size
        if state.has_ranges and wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last) + 1, size)
            if start >= size:
                return self._empty(416, {"Content-Range": f"bytes */{size}"})
        self.send_response(206 if state.has_ranges and wanted else 200)
        if state.has_ranges and wanted:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        if state.has_etags:
            self.send_header("ETag", etag)
        if state.has_lengths:
            self.send_header("Content-Length", str(end - start))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        stop = start + (end - start) // 2 if is_cut else end
        with file.open("rb") as stream:
            stream.seek(start)
            while start < stop:
                piece = stream.read(min(_PIECE, stop - start))
                try:
                    self.wfile.write(piece)
                except OSError:
                    self.close_connection = True
                    return None
                start += len(piece)
                state.sent += len(piece)
        if is_cut:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        return None

    def _page(self, folder: Path, path: str) -> None:
        if not path.endswith("/"):
            return self._empty(301, {"Location": f"{path}/"})
        names = sorted(f"{each.name}/" if each.is_dir() else each.name for each in folder.iterdir())
        page = "".join(f'<a href="{name}">{name}</a>\n' for name in names).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)
        return None

    def _empty(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.server.state.requests.append((self.path, "HEAD"))
        self._empty(405)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, state: WebServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients go away."""


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[WebServer]:
    """Serve a folder during the block."""
    state = WebServer(folder)
    server = _Server(state)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
