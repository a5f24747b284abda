"""An S3 server on loopback: moto's, with a bucket; fsspec is told of it by its own settings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
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
