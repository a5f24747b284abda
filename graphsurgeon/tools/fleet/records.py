"""What is written down about the models of a fleet while it runs: small files that workers make and need not share.

::

    .NAME.parts/KEY.begun     a worker is at this model, or ended at it
    .NAME.parts/KEY.saving    its output is being put in place: whatever is there by now is the fleet's own
    .NAME.parts/KEY.json      done or failed: the model's row of the manifest NAME

KEY is a digest of the place of the model's output. Each file appears whole, by a rename. When all models are through,
the rows go into the manifest and the directory goes; after a run that was stopped it tells the next one what is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import Any

from graphsurgeon.tools.fleet.models import FleetModel
from proto_utils import disk
from proto_utils.files import FileSource
from proto_utils.output import Transaction


class FleetRecords:
    """The directory with the marks and rows of a run that is going on, or was stopped.

    Parameters
    ----------
    directory : str
        Made by `make`; all workers see it.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory

    @classmethod
    def of(cls, manifest: str) -> FleetRecords:
        """Return the records beside a manifest."""
        directory, base = os.path.split(os.path.abspath(manifest))
        return cls(os.path.join(directory, f".{base}.parts"))

    def make(self) -> None:
        """Make the directory, where it is not there from a run that was stopped."""
        with contextlib.suppress(FileExistsError):
            disk.mkdir(self.directory)

    def begin(self, model: FleetModel) -> None:
        """Note that a worker is at a model."""
        write_whole(self._path(model, "begun"), b"")

    def begin_saving(self, model: FleetModel) -> None:
        """Note that what stands at a model's output from now on was written by this run."""
        write_whole(self._path(model, "saving"), b"")

    def finish(self, model: FleetModel, row: dict[str, Any]) -> None:
        """Write a model's row."""
        write_whole(self._path(model, "json"), json.dumps(row).encode())

    def has_begun(self, model: FleetModel) -> bool:
        """Whether a worker came to a model, in this run or in the one before that was stopped."""
        return os.path.exists(self._path(model, "begun"))

    def is_saving(self, model: FleetModel) -> bool:
        """Whether an output of a model may be there that has no row yet."""
        return os.path.exists(self._path(model, "saving"))

    def row(self, model: FleetModel) -> dict[str, Any] | None:
        """Return a model's row; None when it has none yet, or one that cannot be read."""
        try:
            source = FileSource(self._path(model, "json"))
        except FileNotFoundError:
            return None
        with contextlib.closing(source):
            data = source.read(0, source.size)
        with contextlib.suppress(ValueError):
            row = json.loads(data)
            return row if isinstance(row, dict) else None
        return None

    def forget(self, model: FleetModel) -> None:
        """Take back that a model was finished: it will be done again."""
        for kind in ("json", "begun"):
            with contextlib.suppress(FileNotFoundError):
                disk.unlink(self._path(model, kind))

    def remove_empty(self) -> None:
        """Remove the directory if nothing is in it."""
        with contextlib.suppress(OSError):
            disk.rmdir(self.directory)

    def remove(self) -> None:
        """Remove all records; the manifest has them."""
        with contextlib.suppress(FileNotFoundError):
            disk.remove(self.directory)

    def _path(self, model: FleetModel, kind: str) -> str:
        name = hashlib.sha256(os.fsencode(os.path.abspath(model.key))).hexdigest()[:32]
        return os.path.join(self.directory, f"{name}.{kind}")


def write_whole(path: str, data: bytes) -> None:
    """Write a file that appears whole, here or in a store, in the place of one that is there."""
    with Transaction(overwrite=True) as transaction:
        transaction.create(path, follow=False).write(data)
