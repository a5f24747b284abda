"""Edits of a checkpoint whose data files different workers write.

The one who plans opens the sources and applies the steps; what each data file is to hold follows from the index. A
worker does the same, takes the rows of its file, and writes it below the directory of results. The code is that of
`graphsurgeon.formats.bundle_writer`, so the files are those that one machine writes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from graphsurgeon.errors import ChangedError, GraphSurgeonError
from graphsurgeon.formats.bundle_rows import Row
from graphsurgeon.formats.bundle_writer import ByteOrder, MadeShard, rows_of, write_shard
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from graphsurgeon.tools.fleet.digests import plain_digest, source_digest
from graphsurgeon.tools.recipe import apply_recipe
from graphsurgeon.tools.shards.results import Results
from proto_utils import places
from proto_utils.named_tuple import NamedTuple
from proto_utils.output import Transaction

#: A data file: its number, and the keys of its rows in order.
ShardElement = tuple[int, "list[bytes]"]


class EditPlan(NamedTuple):
    """What all workers have to know.

    Attributes
    ----------
    source : str
        The checkpoint.
    steps : str
        The edits, as JSON; none to rewrite it as it is.
    directory : str
        Where paths are relative to.
    digests : tuple of (str, str)
        What is opened, and its digest: what is replaced meanwhile is another checkpoint.
    byteorder : {"little", "big"}
    results : str
        The directory of `Results`.
    """

    source: str
    steps: str
    directory: str
    digests: tuple[tuple[str, str], ...]
    byteorder: ByteOrder = "little"
    results: str = ""

    def digest(self, elements: Sequence[ShardElement]) -> str:
        """Return a short digest of the whole plan, by which one that goes on knows what was done of it."""
        parts = [[number, [key.hex() for key in keys]] for number, keys in elements]
        return plain_digest([*self._replace(results=""), parts])[:12]


def make_plan(source: str, steps: Sequence[Any], others: Sequence[str], directory: str) -> EditPlan:
    """Return a plan; `others` are the other checkpoints that steps name."""
    digests = tuple((path, source_digest(places.join(directory, path))) for path in (source, *others))
    return EditPlan(source, json.dumps(list(steps)), directory, digests)


def opened(plan: EditPlan) -> tuple[EditedCheckpoint, Any]:
    """Open the source of a plan and apply its steps; return also their report, None without steps.

    Raises
    ------
    ChangedError
        A source is not the one that the plan was made for.
    """
    for path, digest in plan.digests:
        if source_digest(places.join(plan.directory, path)) != digest:
            raise ChangedError("was replaced while workers were at it", path=path, hint="run it again")
    edited = EditedCheckpoint(places.join(plan.directory, plan.source))
    steps = json.loads(plan.steps)
    report = None
    if steps:
        report = apply_recipe(edited.tensors, steps, model=edited.graph, directory=plan.directory)
    return edited, report


def write_part(plan: EditPlan, element: ShardElement) -> None:
    """Write the data file of one element, and what stands in the index about it; done again, it is the same."""
    number, keys = element
    results = Results(plan.results)
    if not is_written(results, number):
        results.work(number, lambda: _written(plan, results, number, keys))


def is_written(results: Results, number: int) -> bool:
    """Whether the data file of an element is there, whole."""
    if not results.is_done(number):
        return False
    try:
        places.look_again(results.path(number, "data"))
        return bool(places.getsize(results.path(number, "data")) == results.value(number)["nbytes"])
    except (GraphSurgeonError, OSError, KeyError, TypeError):
        return False


def made_shard(results: Results, number: int) -> MadeShard:
    """Return the data file of an element and its entries, or raise the element's error."""
    value = results.value(number)
    entries = [(bytes.fromhex(key), bytes.fromhex(entry)) for key, entry in value["entries"]]
    return MadeShard(results.path(number, "data"), entries)


def _written(plan: EditPlan, results: Results, number: int, keys: Sequence[bytes]) -> dict[str, Any]:
    rows = _rows(plan)
    # Whoever seals the checkpoint may be on another machine, and cannot bring it to the disk.
    with Transaction(overwrite=True, sync=True) as transaction:
        sink = transaction.create(results.path(number, "data"), follow=False)
        entries = list(write_shard(sink, number, [(key, rows[key]) for key in keys], plan.byteorder))
    return {"nbytes": sink.offset, "entries": [[key.hex(), entry.hex()] for key, entry in entries]}


@functools.lru_cache(maxsize=1)
def _rows(plan: EditPlan) -> Mapping[bytes, Tensor]:
    """Return the tensors of a plan by key, opened once for all elements that a process comes to."""
    rows: list[Row] = rows_of(plan.source, opened(plan)[0].tensors)[0]
    return dict(rows)


def let_go() -> None:
    """Close what this process has open for elements."""
    _rows.cache_clear()
