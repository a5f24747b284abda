"""Stretches of a checkpoint's values: what one worker reads of it, front to back, of about one size.

A checkpoint with one large data file is read by several workers as well as one with many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.compare.report import TensorDiff, TensorsDiff
from graphsurgeon.compare.tensors import diff_tensors
from graphsurgeon.compare.values import Element, Tolerance, ValueDiff
from graphsurgeon.formats.checkpoint import AnyCheckpoint
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import load_checkpoint, open_checkpoint
from graphsurgeon.tensors.faults import faults_in
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.shards.results import Results
from graphsurgeon.variables.object_names import with_keys_of

#: The number of a stretch, and the tensors in it.
Stretch = tuple[int, "list[str]"]


def stretches(tensors: Mapping[str, Tensor], nbytes: int) -> list[Stretch]:
    """Divide tensors, in the order in which they lie in files, where known; touches no payload."""
    return list(enumerate(_dealt(tensors, sorted(tensors, key=lambda name: _place(tensors[name])), nbytes)))


def _dealt(tensors: Mapping[str, Tensor], names: Sequence[str], nbytes: int) -> Iterator[list[str]]:
    dealt: list[str] = []
    total = 0
    for name in names:
        stored = tensors[name].stored
        size = tensors[name].nbytes if stored is None else stored.nbytes
        if dealt and total + size > nbytes:
            yield dealt
            dealt, total = [], 0
        dealt.append(name)
        total += size
    if dealt:
        yield dealt


def _place(tensor: Tensor) -> tuple[str, int]:
    stored = tensor.stored
    return ("", 0) if stored is None else (stored.source.path or "", stored.offset)


def find_faults(directory: str, path: str, stretch: Stretch) -> None:
    """Read the tensors of a stretch, and write down what keeps them from being read."""
    number, names = stretch

    def work() -> dict[str, str]:
        checkpoint = _opened(path)
        faults = faults_in({name: checkpoint[name] for name in names})
        return {name: fault.message for name, fault in faults.items()}

    Results(directory).work(number, work)


def _opened(path: str) -> AnyCheckpoint:
    return open_checkpoint(detect(path), partial=True)


def diff_stretch(
    directory: str, paths: tuple[str, str], tolerance: tuple[float, float] | None, stretch: Stretch
) -> None:
    """Compare the tensors of a stretch, and write down what differs."""
    number, names = stretch

    def work() -> dict[str, object]:
        a, b = map(load_checkpoint, paths)
        paired, _ = with_keys_of(a, b)
        left, right = ({name: side[name] for name in names} for side in (a, paired))
        found = diff_tensors(left, right, None if tolerance is None else Tolerance(*tolerance))
        changed = [{**vars(each), "values": _plain(each.values)} for each in found.changed]
        return {"changed": changed, "not_compared": found.not_compared, "num_equal": found.num_equal}

    Results(directory).work(number, work)


def joined(values: Sequence[Mapping[str, Any]]) -> TensorsDiff:
    """Return what differs in stretches as one difference, sorted by name as `diff_tensors` does."""
    changed = [
        TensorDiff(**{**row, "values": _value_diff(row["values"])}) for value in values for row in value["changed"]
    ]
    not_compared = [name for value in values for name in value["not_compared"]]
    num_equal = sum(value["num_equal"] for value in values)
    return TensorsDiff([], [], sorted(changed, key=lambda each: each.name), sorted(not_compared), num_equal)


def _plain(values: ValueDiff | None) -> dict[str, Any] | None:
    if values is None:
        return None
    largest = None if values.largest is None else vars(values.largest)
    return {**vars(values), "first": vars(values.first), "largest": largest}


def _value_diff(facts: dict[str, Any] | None) -> ValueDiff | None:
    if facts is None:
        return None
    largest = None if facts["largest"] is None else Element(**facts["largest"])
    return ValueDiff(**{**facts, "first": Element(**facts["first"]), "largest": largest})
