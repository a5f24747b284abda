"""Consistency of the lists of ops that save and restore, see `graphsurgeon.variables.saver_calls`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from graphsurgeon.checks.finding import ERROR, WARNING, Finding
from graphsurgeon.names import some_of
from graphsurgeon.tensors.boxes import is_within
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saver_calls import SaverCall
from graphsurgeon.variables.shape_and_slice import parse_shape_and_slice
from proto_utils.errors import CorruptionError


def list_findings(calls: Iterable[SaverCall]) -> Iterator[Finding]:
    """Yield what of the lists TensorFlow refuses, and where saving and restoring are not the same."""
    calls = list(calls)
    for call in calls:
        yield from _length_findings(call)
        yield from _slice_findings(call)
        yield from _twice_findings(call)
    yield from _difference_findings([call for call in calls if call.is_main])


def _length_findings(call: SaverCall) -> Iterator[Finding]:
    if len(call.keys) != len(call.types):
        yield _finding(call, f"has {len(call.keys)} names for {len(call.types)} tensors")
    if call.specs is not None and len(call.specs) != len(call.types):
        yield _finding(call, f"has {len(call.specs)} slices for {len(call.types)} tensors")


def _slice_findings(call: SaverCall) -> Iterator[Finding]:
    for key, spec in zip(call.keys, call.specs or (), strict=False):
        try:
            parsed = parse_shape_and_slice(spec)
        except CorruptionError as error:
            yield _finding(call, f"{key!r}: {error.reason}")
            continue
        if parsed is not None and not is_within(parsed[1], parsed[0]):
            yield _finding(call, f"{key!r}: the slice {spec!r} is not within its tensor")


def _twice_findings(call: SaverCall) -> Iterator[Finding]:
    if call.node.op == "SaveV2":
        for (key, spec), number in Counter(zip(call.keys, call.specs or (), strict=False)).items():
            if number > 1:
                yield _finding(call, f"saves {f'{key} {spec}'.strip()!r} {number} times")


def _difference_findings(calls: list[SaverCall]) -> Iterator[Finding]:
    """Yield where a saver restores something else than it saves."""
    saved = {(key, spec): dtype for call in calls if not call.is_restore for key, spec, dtype in call.entries()}
    if not saved:
        return
    restored = {}
    for call in calls:
        if call.is_restore:
            for key, spec, dtype in call.entries():
                restored[key, spec] = dtype
                other = saved.get((key, spec))
                if other is not None and other.base is not dtype.base:
                    yield _finding(call, f"restores {key!r} as {dtype.base.name}, but {other.base.name} is saved")
    # The object graph, which describes the rest, is saved and never restored.
    ours, theirs = {key for key, _ in saved} - {OBJECT_GRAPH_KEY}, {key for key, _ in restored} - {OBJECT_GRAPH_KEY}
    unrestored, unsaved = sorted(ours - theirs), sorted(theirs - ours)
    for keys, text in ((unrestored, "saves but does not restore"), (unsaved, "restores but does not save")):
        if restored and keys:
            yield Finding(WARNING, "saver-lists", None, None, f"the saver {text} {some_of([*map(repr, keys)])}")


def _finding(call: SaverCall, message: str) -> Finding:
    """Make a finding about the lists of a call: an error when it belongs to the main saver."""
    return Finding(ERROR if call.is_main else WARNING, "saver-lists", call.node.name, call.function, message)
