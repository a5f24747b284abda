"""Checkpoints too large for a machine, verified and compared: an element is a stretch of values."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphsurgeon.beam.checkpoints import SHARD_SIZE
from graphsurgeon.beam.engine import HERE, Engine
from graphsurgeon.compare import DiffReport, diff_by
from graphsurgeon.compare.report import TensorsDiff
from graphsurgeon.compare.tensors import diff_tensors
from graphsurgeon.compare.values import Tolerance
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.compact import size_of
from graphsurgeon.tools.shards.results import Results
from graphsurgeon.tools.shards.stretches import Stretch, diff_stretch, find_faults, joined, stretches
from graphsurgeon.tools.verify_source import SourceReport, verify_source
from proto_utils import disk, places
from proto_utils.errors import UnsupportedError


def verify(
    source: str | os.PathLike[str],
    *,
    against: str | os.PathLike[str] | None = None,
    engine: Engine = HERE,
    shard_size: int | str = SHARD_SIZE,
    work: str | os.PathLike[str] | None = None,
) -> SourceReport:
    """Check a path as the verb `verify` does, with the values of its checkpoint read a stretch an element.

    `work` is a directory that all workers see, for their results; by default one of this machine's. Errors are those of
    `graphsurgeon.tools.verify_source.verify_source` and `Engine.run`.
    """
    engine.check()

    def found(prefix: str, tensors: Mapping[str, Tensor]) -> Mapping[str, str]:
        elements = stretches(tensors, size_of(shard_size))
        values = _all(engine, work, lambda place: functools.partial(find_faults, place, prefix), elements)
        faults = {name: message for value in values for name, message in value.items()}
        return {name: faults[name] for name in tensors if name in faults}

    return verify_source(source, against=against, find_faults=found)


def diff(
    a: str | os.PathLike[str],
    b: str | os.PathLike[str],
    *,
    rtol: float | None = None,
    atol: float | None = None,
    engine: Engine = HERE,
    shard_size: int | str = SHARD_SIZE,
    work: str | os.PathLike[str] | None = None,
) -> DiffReport:
    """Compare two checkpoints as `graphsurgeon.diff` does, a stretch of values an element; `work` is as of `verify`."""
    engine.check()
    paths = os.fsdecode(a), os.fsdecode(b)

    def differ(left: Mapping[str, Tensor], right: Mapping[str, Tensor], tolerance: Tolerance | None) -> TensorsDiff:
        both = {name: left[name] for name in left if name in right}
        elements = stretches(both, size_of(shard_size))
        limits = None if tolerance is None else (tolerance.rtol, tolerance.atol)
        values = _all(engine, work, lambda place: functools.partial(diff_stretch, place, paths, limits), elements)
        found = joined(values)
        left, right = ({name: side[name] for name in side if name not in both} for side in (left, right))
        alone = diff_tensors(left, right)
        return TensorsDiff(alone.missing, alone.extra, found.changed, found.not_compared, found.num_equal)

    return diff_by(differ, *map(load_checkpoint, paths), rtol=rtol, atol=atol)


def _all(
    engine: Engine,
    work: str | os.PathLike[str] | None,
    function: Callable[[str], Callable[[Any], None]],
    elements: Sequence[Stretch],
) -> list[Any]:
    """Have all elements done, and return their results."""
    if work is None and not engine.is_direct:
        hint = "name one as work"
        raise UnsupportedError("workers elsewhere need a directory for results that they see, too", hint=hint)
    with disk.scratch_directory() as scratch:
        place = (
            scratch if work is None else places.hidden_beside(os.path.join(os.path.abspath(work), "results"), "parts")
        )
        results = Results(place)
        results.make()
        try:
            engine.run_all(function(place), elements, results.is_done)
            return [results.value(number) for number, _ in elements]
        finally:
            if work is not None:
                results.remove()
