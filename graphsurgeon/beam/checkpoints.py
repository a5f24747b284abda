"""Edits of one checkpoint that is too large for a machine: a data file is one element.

Everything is planned on the index, and sealed by one index, so that no half checkpoint is ever seen. What comes out is
what one machine writes with data files of that size, byte for byte.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import os
from collections.abc import Iterator, Sequence
from typing import Any

from graphsurgeon.beam.engine import HERE, Engine
from graphsurgeon.edits._contract import EditReport
from graphsurgeon.formats.bundle_rows import Row
from graphsurgeon.formats.bundle_writer import ByteOrder, MadeShard
from graphsurgeon.tools.compact import size_of
from graphsurgeon.tools.edited_checkpoint import open_edited
from graphsurgeon.tools.shards.edit_plan import EditPlan, is_written, let_go, made_shard, make_plan, opened, write_part
from graphsurgeon.tools.shards.results import Results
from graphsurgeon.tools.written_edit import WrittenEdit, save_edited
from proto_utils import disk, places
from proto_utils.errors import GraphSurgeonError, UnsupportedError
from proto_utils.remote.address import is_elsewhere
from proto_utils.remote.output import require_writable

#: What a worker does at a time, unless told otherwise.
SHARD_SIZE = "1GiB"


def edit(
    source: str | os.PathLike[str],
    steps: Sequence[Any],
    output: str | os.PathLike[str],
    *,
    engine: Engine = HERE,
    shard_size: int | str = SHARD_SIZE,
    **how: Any,
) -> WrittenEdit:
    """Apply edits to a checkpoint, a data file an element.

    Parameters
    ----------
    source, output : path
        Prefixes, in directories or stores that all workers see. The output may be the source.
    steps : sequence of steps
        As of `graphsurgeon.edit`: names, and dicts of a name and its options.
    engine : Engine
    shard_size : int or str
        Begin a new data file rather than let one grow past so many bytes; a text as in ``2GB`` or ``500MiB``.
    **how
        ``links``, ``byteorder``, ``update_state``, ``force`` and ``sync``, as of `graphsurgeon.save_checkpoint`; but
        data files are linked where they can be, unless told otherwise.

    Returns
    -------
    WrittenEdit

    Raises
    ------
    UnsupportedError
        A step or option does not exist, the source is a frozen graph, or the output is where nothing can be written.
    PassError
        A step declines, or a value is out of range; the output is as it was.
    ChangedError
        A source was replaced meanwhile.
    ChildProcessError
        The engine failed. What it did is kept beside the output for the same call.
    """
    from graphsurgeon.tools.recipe.apply import named_checkpoints

    engine.check()
    directory = os.getcwd()
    source, output = os.fsdecode(source), os.fsdecode(output)
    if not hasattr(open_edited(source), "fitting_graph"):
        raise UnsupportedError("a frozen graph, which has no data files", path=source, hint="edit does it at once")
    if is_elsewhere(output):
        require_writable(output)
    plan = make_plan(source, steps, named_checkpoints(steps), directory)
    edited, report = opened(plan)
    writer = _Writer(plan, output, engine)
    options: dict[str, Any] = {"links": "hard", "force": False, "update_state": False, "sync": False, **how}
    try:
        return save_edited(
            edited, report or EditReport([], len(edited.tensors)), output, operation="edit",
            shard_nbytes=size_of(shard_size), write_shards=writer, **options,
        )  # fmt: skip
    finally:
        writer.finish()


def cast(source: str | os.PathLike[str], output: str | os.PathLike[str], **options: Any) -> WrittenEdit:
    """Convert the dtypes of a checkpoint, a data file an element; options as of `graphsurgeon.cast` and `edit`."""
    return _one("cast", source, output, options)


def transpose(source: str | os.PathLike[str], output: str | os.PathLike[str], **options: Any) -> WrittenEdit:
    """Permute axes in a checkpoint, a data file an element; options as of `graphsurgeon.transpose` and `edit`."""
    return _one("transpose", source, output, options)


def average(sources: Sequence[str | os.PathLike[str]], output: str | os.PathLike[str], **options: Any) -> WrittenEdit:
    """Average checkpoints, a data file an element; options as of `graphsurgeon.average` and `edit`."""
    return _of_several("average", sources, output, options)


def merge(sources: Sequence[str | os.PathLike[str]], output: str | os.PathLike[str], **options: Any) -> WrittenEdit:
    """Merge checkpoints, a data file an element; options as of `graphsurgeon.merge` and `edit`."""
    return _of_several("merge", sources, output, options)


def compact(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    byteorder: ByteOrder = "little",
    **how: Any,
) -> WrittenEdit:
    """Rewrite a checkpoint, a data file an element: only the bytes in use, sharing none; options as of `edit`."""
    return edit(source, [], output, byteorder=byteorder, links="never", **how)


_OWN = frozenset(("engine", "shard_size", "links", "byteorder", "update_state", "force", "sync"))


def _one(
    name: str, source: str | os.PathLike[str], output: str | os.PathLike[str], options: dict[str, Any]
) -> WrittenEdit:
    own = {key: options.pop(key) for key in _OWN & options.keys()}
    return edit(source, [{name: options}], output, **own)


def _of_several(
    name: str,
    sources: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    options: dict[str, Any],
) -> WrittenEdit:
    first, *others = map(os.fsdecode, sources)
    return _one(name, first, output, {**options, "others": [os.path.abspath(each) for each in others]})


class _Writer:
    """Has data files written by workers, below a directory beside the output; one by one they go on where they were."""

    def __init__(self, plan: EditPlan, output: str, engine: Engine) -> None:
        self._plan = plan
        self._output = places.abspath(output)
        self._engine = engine
        self._results: Results | None = None
        self._keeps = False
        self._missing = _missing_above(self._output)

    def __call__(self, shards: Sequence[Sequence[Row]], first: int, byteorder: ByteOrder) -> Iterator[MadeShard]:
        elements = [(number, [key for key, _ in rows]) for number, rows in enumerate(shards, first)]
        plan = self._plan._replace(byteorder=byteorder)
        place = f"{self._base()}{plan.digest(elements)}.parts"
        results = self._results = Results(place)
        if not is_elsewhere(place):
            places.make_parents(os.path.dirname(place), [])
        results.make()
        for number, _ in elements:
            if not is_written(results, number):
                # Of a run that was stopped: an error that may not come again, or a file that went.
                results.forget(number)
        function = functools.partial(write_part, plan._replace(results=place))
        self._keeps = True
        self._engine.run_all(function, elements, results.is_done)
        try:
            found = [made_shard(results, number) for number, _ in elements]
        except (GraphSurgeonError, MemoryError):
            # It would come out the same.
            self._keeps = False
            raise
        yield from found
        self._keeps = False

    def finish(self) -> None:
        """Let go of what is open, and remove what workers wrote, unless the same call can go on with it."""
        let_go()
        if self._results is None or self._keeps:
            return
        self._results.remove()
        # What is left of other plans for this output was never finished.
        for path in places.glob(f"{glob.escape(self._base())}*.parts"):
            places.remove(path)
        # While it was there, a directory that was made for the output could not go with that.
        for path in self._missing:
            with contextlib.suppress(OSError):
                disk.rmdir(path)

    def _base(self) -> str:
        directory, base = os.path.split(self._output)
        return os.path.join(directory, f".{base}.")


def _missing_above(path: str) -> list[str]:
    """Return the directories above a path that are not there, innermost first."""
    missing = []
    directory = "" if is_elsewhere(path) else os.path.dirname(path)
    while directory and not os.path.isdir(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    return missing
