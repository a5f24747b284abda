"""A checkpoint as a file of arrays, and back: `export` and `import_` of paths."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.formats.arrays.keras_names import KerasNames
from graphsurgeon.formats.arrays.transfer import (
    ExportFormat,
    ExportReport,
    ImportFormat,
    export_tensors,
    format_of_path,
    import_tensors,
)
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.tensors.selection import Chosen, Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import TensorDict
from graphsurgeon.tools.edited_checkpoint import graph_beside, lost_lists, tensors_at
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY


def export(  # noqa: PLR0913 -- each is one option
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    to: ExportFormat | None = None,
    like: str | os.PathLike[str] | None = None,
    select: Names = (),
    exclude: Names = (),
    skip_unsupported: bool = False,
    readable: bool = False,
    force: bool = False,
    sync: bool = False,
    dry_run: bool = False,
) -> ExportReport:
    """Export the tensors of a checkpoint, or the constants of a frozen graph, as a file of arrays.

    Parameters
    ----------
    source : path
    output : path
        Its suffix is the format; with a slash at its end, a directory of ``.npy`` files.
    to, like, select, exclude, skip_unsupported, readable, force, sync, dry_run
        As of `graphsurgeon.export_tensors`, which does it with tensors in memory; so are the errors.

    Returns
    -------
    ExportReport
    """
    found = tensors_at(source, partial=readable)
    how: dict[str, Any] = {"skip_unsupported": skip_unsupported, "readable": readable, "dry_run": dry_run}
    how |= {"select": select, "exclude": exclude, "force": force, "sync": sync}
    tensors = with_graph(source, found, to=to or format_of_path(os.fsdecode(output)), like=like)
    return with_losses(export_tensors(tensors, output, to=to, like=like, **how), found)


def with_graph(
    source: str | os.PathLike[str],
    found: Mapping[str, Tensor],
    *,
    to: ExportFormat,
    like: str | os.PathLike[str] | None,
) -> Mapping[str, Tensor] | Model:
    """Return the tensors of a source, with the graph beside them where that has to tell Keras's layers."""
    if to != "keras_h5" or like is not None or OBJECT_GRAPH_KEY in found:
        return found
    model = graph_beside(source)
    if model is None:
        return found
    model.variables = TensorDict(found)
    return model


def with_losses(report: ExportReport, found: Mapping[str, Tensor]) -> ExportReport:
    """Return the report of an export with notes on lists of tensors that a checkpoint has lost."""
    return dataclasses.replace(report, notes=[*lost_lists(found), *report.notes])


@dataclass(frozen=True)
class ImportReport(Displayed):
    """What `import_` did.

    Attributes
    ----------
    outputs : list of str
        The paths written.
    tensors : mapping of str to Tensor
        What was imported.
    skipped : list of Skipped
    notes : list of str
    """

    outputs: list[str]
    tensors: Mapping[str, Tensor]
    skipped: list[Skipped]
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        rows = [
            {"name": name, "dtype": tensor.dtype.name, "shape": list(tensor.shape)}
            for name, tensor in self.tensors.items()
        ]
        skipped = [vars(row) for row in self.skipped]
        return {"outputs": self.outputs, "tensors": rows, "skipped": skipped, "notes": self.notes}


def import_(  # noqa: PLR0913 -- each is one option
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    from_: ImportFormat | None = None,
    names: KerasNames = "layers",
    select: Names = (),
    exclude: Names = (),
    update_state: bool = False,
    force: bool = False,
    sync: bool = False,
) -> ImportReport:
    """Import the arrays of a file as a checkpoint: what `export` wrote, bit by bit, or another program.

    Parameters
    ----------
    source : path
        An ``.npz``, ``.safetensors`` or HDF5 file, a ``.keras`` model, or a directory of ``.npy`` files.
    output : path
        The prefix of the checkpoint to write.
    from_ : str, optional
        What the source is; by default told by its bytes.
    names, select, exclude
        As of `graphsurgeon.import_tensors`, which gives the tensors without writing them; so are the errors.
    update_state : bool
        Make the checkpoint the latest of its directory, where another one is.
    force : bool
        Whether existing files may be replaced.
    sync : bool
        Return only when the output is on the disk.

    Returns
    -------
    ImportReport
    """
    found = import_tensors(source, format=from_, names=names, select=select, exclude=exclude)
    saved = save_checkpoint(found, output, update_state=update_state, force=force, sync=sync)
    return imported(found, list(saved), saved.notes)


def imported(found: Chosen, outputs: list[str], notes: list[str]) -> ImportReport:
    """Return the report of tensors that were imported, and saved."""
    return ImportReport(outputs, found, found.skipped, notes)
