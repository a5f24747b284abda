"""A checkpoint that is to be edited and saved, with the graph beside it as long as that fits.

A ``.meta`` goes along when its own saver restores the edited checkpoint. When it does not, because a value that it
wants is gone or of another name, dtype or shape, the checkpoint is written alone: a graph beside a checkpoint that it
cannot restore would look like a model without being one.

A frozen graph without a checkpoint has constants, which are edited in the same way, and written as a graph again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from graphsurgeon.checks.consistency import consistency_findings
from graphsurgeon.checks.finding import ERROR
from graphsurgeon.formats.bundle_writer import ByteOrder, ShardWriter
from graphsurgeon.formats.checkpoint import Checkpoint
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.formats.linked_shards import Links, files_at
from graphsurgeon.formats.load import load, load_graph, open_checkpoint
from graphsurgeon.formats.output_names import check_output_name
from graphsurgeon.formats.save import existing_outputs, save_checkpoint, save_model_checkpoint, write_checkpoint
from graphsurgeon.formats.saved import Saved
from graphsurgeon.ir.model import Model
from graphsurgeon.names import some_of
from graphsurgeon.rewrites.editing.constant_values import constants_of, is_frozen, replace_constants
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import TensorDict
from proto_utils.errors import UnsupportedError

_RULES = ("missing-value", "value-dtype", "value-shape")


class EditedCheckpoint:
    """The lazy `tensors` of a checkpoint, to be edited in place; it is opened as by `graphsurgeon.load_checkpoint`.

    `notes` tell of shards that are missing, of a `partial` one.
    """

    def __init__(self, source: str | os.PathLike[str], *, partial: bool = False) -> None:
        self._found = detect(source)
        opened = open_checkpoint(self._found, partial=partial)
        self.notes = lost_lists(opened)
        self.tensors = opened.copy()

    @cached_property
    def graph(self) -> Model | None:
        """The graph beside the checkpoint, unchanged; None without a graph."""
        return load_graph(self._found) if _has_meta(self._found) else None

    def fitting_graph(self) -> tuple[Model | None, str | None]:
        """Return the graph beside the checkpoint, with the tensors as its variables, when it fits them as they are now.

        Else None, and a note that says why, if there is a graph at all.
        """
        model = self.graph
        if model is None:
            return None, None
        model.variables = self.tensors
        problems = [
            finding for finding in consistency_findings(model) if finding.severity == ERROR and finding.rule in _RULES
        ]
        if not problems:
            return model, None
        some = some_of([f"{each.node}: {each.message}" for each in problems], 1, "; ")
        return None, f"the graph does not go along, because its saver cannot restore this checkpoint ({some})"

    def save(  # noqa: PLR0913 -- each is one option
        self,
        prefix: str,
        *,
        model: Model | None = None,
        force: bool = False,
        links: Links = "hard",
        byteorder: ByteOrder | None = None,
        shard_nbytes: int | None = None,
        write_shards: ShardWriter | None = None,
        update_state: bool = True,
        sync: bool = False,
    ) -> Saved:
        """Save the tensors as a V2 checkpoint, which may be the one that they come from.

        `model` is the graph that goes along, `write_shards` is of `graphsurgeon.formats.bundle_writer.write_bundle`;
        the other options are those of `graphsurgeon.save_checkpoint`. OutputExistsError when something is there and
        `force` is false.
        """
        before = files_at(existing(prefix))
        how: dict[str, Any] = {"shard_nbytes": shard_nbytes, "links": links, "byteorder": byteorder}
        how |= {"update_state": update_state, "sync": sync}
        if model is not None:
            saved = save_model_checkpoint(model, prefix, force=force, write_shards=write_shards, **how)
        elif write_shards is None:
            saved = save_checkpoint(self.tensors, prefix, force=force, **how)
        else:
            check_output_name(prefix, "checkpoint")
            saved = write_checkpoint(self.tensors, None, prefix, force, write_shards=write_shards, **how)
        saved.kept = [path for path in saved if files_at([path]) & before]
        return saved


def existing(prefix: str) -> list[str]:
    """Return the files that saving to a prefix would replace."""
    return existing_outputs(prefix, "checkpoint")


def _has_meta(found: Detected) -> bool:
    has_one = found.graph is not None or found.not_a_graph is not None
    return found.kind != "saved_model" and has_one and found.prefix is not None


class EditedConstants:
    """The constants of a frozen graph as lazy `tensors`, to be edited in place; what was edited goes into the graph."""

    def __init__(self, source: str | os.PathLike[str]) -> None:
        self.graph = load(source)
        if not is_frozen(self.graph):
            raise UnsupportedError("a graph with variables and no checkpoint beside it", path=os.fspath(source))
        self._before = constants_of(self.graph)
        self.tensors = TensorDict(self._before)

    def edited_graph(self, operation: str) -> Model:
        """Return the graph with the tensors as they are now; PassError for what a graph cannot take, see there."""
        replace_constants(self.graph, self._before, self.tensors, operation)
        return self.graph


def open_edited(source: str | os.PathLike[str], *, partial: bool = False) -> EditedCheckpoint | EditedConstants:
    """Open what edits work on: a checkpoint, `partial` as of `load_checkpoint`, or the constants of a frozen graph."""
    found = detect(source)
    is_alone = found.graph is not None and found.prefix is None
    return EditedConstants(source) if is_alone else EditedCheckpoint(source, partial=partial)


def lost_lists(opened: Mapping[str, Tensor]) -> list[str]:
    """Return notes on shards of a checkpoint that are missing with the lists of what is in them."""
    files = opened.damaged_files() if isinstance(opened, Checkpoint) else []
    return [file.describe(len(opened)) for file in files if not file.names]


def graph_beside(source: str | os.PathLike[str]) -> Model | None:
    """Return the graph beside a checkpoint, unchanged; None without one."""
    found = detect(source)
    return load_graph(found) if _has_meta(found) else None


def tensors_at(source: str | os.PathLike[str], *, partial: bool = False) -> Mapping[str, Tensor]:
    """Return the tensors of a checkpoint, `partial` as of `load_checkpoint`, or the constants of a frozen graph."""
    found = detect(source)
    if found.graph is not None and found.prefix is None:
        return EditedConstants(source).tensors
    return open_checkpoint(found, partial=partial)


def all_tensors_at(source: str | os.PathLike[str]) -> Mapping[str, Tensor]:
    """Return what `tensors_at` does as a dict, for those who are going to have all of them."""
    found = tensors_at(source)
    return found.tensors() if isinstance(found, Checkpoint) else found
