"""Outputs of several files that are written for a test, and steps of that which fail."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from proto_utils.output import Transaction

ROLES = {"data": "part", "meta": "part", "index": "seal", "state": "pointer"}


def write_all(directory: Path, text: str) -> None:
    """Write a four-file output, index before meta, as a checkpoint's writer does."""
    with Transaction(overwrite=True) as transaction:
        for name in ("data", "index", "meta", "state"):
            transaction.create(directory / name, role=ROLES[name]).write(text.encode())  # type: ignore[arg-type]


def create(*paths: Path, overwrite: bool = False, then: BaseException | None = None) -> None:
    """Write several files in one transaction, and let it end by an exception."""
    with Transaction(overwrite=overwrite) as transaction:
        for path in paths:
            transaction.create(path).write(b"new")
        if then is not None:
            raise then


def renames(monkeypatch: pytest.MonkeyPatch, fail_at: int) -> list[str]:
    """Let the n-th of the calls that change a directory fail; the list receives their names."""
    calls: list[str] = []

    def counted(name: str, real: Callable[..., None]) -> Callable[..., None]:
        def call(*args: str) -> None:
            calls.append(f"{name} {os.path.basename(args[-1])}")
            if len(calls) == fail_at:
                raise OSError(errno.EIO, "injected", args[-1])
            real(*args)

        return call

    monkeypatch.setattr(os, "replace", counted("replace", os.replace))
    monkeypatch.setattr(os, "unlink", counted("unlink", os.unlink))
    return calls
