"""A server on loopback that answers as the hub of Hugging Face does to who reads one repository."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

REPOSITORY = "people/models"


class HubServer(ThreadingHTTPServer):
    """Has the files of a folder as the branch `main`; counts what is asked for, and the bytes of files that go out."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.requests: list[tuple[str, str]] = []
        self.sent = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HubServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        path, wanted = unquote(urlsplit(self.path).path), self.headers.get("Range", "")
        self.server.requests.append((path, wanted))
        if path in (f"/api/models/{REPOSITORY}", f"/api/models/{REPOSITORY}/revision/main"):
            return self._json({"id": REPOSITORY, "sha": "0" * 40})
        listed = path.removeprefix(f"/api/models/{REPOSITORY}/tree/main")
        if listed != path:
            folder = self.server.folder / listed.lstrip("/")
            if folder.is_dir():
                return self._json([self._entry(each) for each in sorted(folder.iterdir())])
            return self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
        file = self.server.folder / path.removeprefix(f"/{REPOSITORY}/resolve/main/")
        if path.startswith(f"/{REPOSITORY}/resolve/main/") and file.is_file():
            data = file.read_bytes()
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            found = data[int(first) : int(last) + 1] if wanted else data
            self.server.sent += len(found)
            return self._send(206 if wanted else 200, found, {})
        return self._send(404, b"", {"X-Error-Code": "EntryNotFound" if REPOSITORY in path else "RepoNotFound"})

    def _entry(self, path: Path) -> dict[str, Any]:
        name = str(path.relative_to(self.server.folder))
        if path.is_dir():
            return {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
        data = path.read_bytes()
        return {"type": "file", "oid": hashlib.sha1(data).hexdigest(), "size": len(data), "path": name}

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextlib.contextmanager
def hub_server(folder: Path) -> Iterator[HubServer]:
    """Run a hub during the block; fsspec is told of it by its own settings."""
    fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
    pytest.importorskip("huggingface_hub", reason="hf:// needs huggingface_hub, of the extra `servers`")
    server = HubServer(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = dict(fsspec.config.conf)
    fsspec.config.conf["hf"] = {"endpoint": f"http://127.0.0.1:{server.server_port}", "token": False}
    try:
        yield server
    finally:
        fsspec.config.conf.clear()
        fsspec.config.conf.update(before)
        server.shutdown()
        server.server_close()
