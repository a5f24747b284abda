"""Servers of object stores on loopback, each with a bucket: moto's of S3, and an emulator of Google Cloud Storage.

fsspec is told of them by its own settings.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

BUCKET = "models"


@contextlib.contextmanager
def s3_server() -> Iterator[Any]:
    """Run a server during the block; gives s3fs's file system for it."""
    fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
    server_module = pytest.importorskip("moto.server", reason="an S3 server needs the extra `servers`")
    pytest.importorskip("s3fs", reason="s3:// needs s3fs, of the extra `servers`")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    before = dict(fsspec.config.conf)
    fsspec.config.conf["s3"] = {
        "key": "test",
        "secret": "test",
        "endpoint_url": f"http://{host}:{port}",
        "client_kwargs": {"region_name": "us-east-1"},
    }
    try:
        fs = fsspec.filesystem("s3")
        fs.call_s3("create_bucket", Bucket=BUCKET)
        yield fs
    finally:
        fsspec.config.conf.clear()
        fsspec.config.conf.update(before)
        server.stop()


@contextlib.contextmanager
def gcs_server() -> Iterator[Any]:
    """Run a server during the block; gives gcsfs's file system for it."""
    fsspec = pytest.importorskip("fsspec", reason="sources at URLs need the extra `remote`")
    emulator = pytest.importorskip("gcp_storage_emulator.server", reason="a GCS server needs the extra `servers`")
    server = emulator.create_server("127.0.0.1", 0, in_memory=True, default_bucket=BUCKET)
    server.start()
    before = dict(fsspec.config.conf)
    with pytest.MonkeyPatch.context() as patch:
        # Else the kind of a bucket is asked for by gRPC, which no emulator speaks; it is read by the first import.
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        patch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server._api._httpd.server_port}")
        patch.setattr(emulator, "HANDLERS", [_with_cancelling(*each) for each in emulator.HANDLERS])
        fsspec.config.conf["gs"] = {"token": "anon"}
        try:
            pytest.importorskip("gcsfs", reason="gs:// needs gcsfs, of the extra `servers`")
            yield fsspec.filesystem("gs")
        finally:
            fsspec.config.conf.clear()
            fsspec.config.conf.update(before)
            server.stop()


def _with_cancelling(pattern: str, handlers: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Add what Google answers to who gives up an upload, and the emulator does not: that it is closed."""

    def cancel(request: Any, response: Any, storage: Any) -> None:
        response.status = SimpleNamespace(value=499, phrase="Client Closed Request")

    return pattern, {**handlers, "DELETE": cancel} if pattern.startswith("^/upload") else handlers


_SERVERS = {"s3": s3_server, "gs": gcs_server}


@contextlib.contextmanager
def object_stores() -> Iterator[Callable[[str], Any]]:
    """Give the file system of a scheme; its server starts when it is first asked for, and runs during the block."""
    import fsspec

    found: dict[str, Any] = {}
    with contextlib.ExitStack() as servers:

        def store(scheme: str) -> Any:
            if scheme not in found:
                server = _SERVERS.get(scheme)
                found[scheme] = fsspec.filesystem(scheme) if server is None else servers.enter_context(server())
            return found[scheme]

        yield store
