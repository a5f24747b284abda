"""Text rendering of a diff report: grouped, in the report's order, truncated with counts.

::

    graph: 1 removed, 2 added, 40 renamed, 2 changed, 310 equal
      - old/Const (Const)
      > tower/* -> import/tower/* (40 nodes)
      ~ 2 nodes: attr data_format 'NHWC' -> 'NCHW'
          conv1/Conv2D, conv2/Conv2D
    tensors: 1 changed, 12 equal
      ~ fc/weights float32 [512, 10]: 3 of 5,120 elements differ, by at most 0.25 at [4, 7] (1.5 -> 1.25), relative 0.17

``-`` is on the first side only, ``+`` on the second, ``>`` is renamed, ``~`` changed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any

from graphsurgeon.compare.plain import ABSENT, number
from graphsurgeon.compare.report import (
    CollectionDiff,
    Difference,
    GraphDiff,
    LibraryDiff,
    NodeDiff,
    NodeRow,
    Rename,
    TensorDiff,
    TensorsDiff,
)
from graphsurgeon.compare.values import ValueDiff
from graphsurgeon.display import count

_MAX_VALUE = 60
#: What JSON has texts for.
_NOT_FINITE = ("nan", "inf", "-inf")
# A text and what it stands for: the nodes of a row that sums up several.
_Row = tuple[str, int]


def graph_lines(title: str, graph: GraphDiff, limit: int | None) -> Iterator[str]:
    """Yield how graphs differ, in `limit` rows of a kind, the rest being counted; None shows all."""
    counts = _counts(
        removed=len(graph.removed), added=len(graph.added), renamed=len(graph.renamed),
        changed=len(graph.changed), equal=graph.num_equal,
    )  # fmt: skip
    yield f"{title}: {counts or 'no nodes'}{'; in another order' if graph.is_reordered else ''}"
    yield from _one_sided("-", graph.removed, limit)
    yield from _one_sided("+", graph.added, limit)
    yield from _cut(list(_renamed(graph.renamed)), limit)
    yield from _changed(graph.changed, limit)


def model_lines(changes: Sequence[Difference], limit: int | None) -> Iterator[str]:
    """Yield what differs outside of graph, functions and collections. `limit` as for `graph_lines`."""
    if changes:
        yield f"model: {len(changes):,} changed"
        yield from _cut([(f"~ {change.field}: {change_text(change)}", 1) for change in changes], limit)


def collection_lines(collections: Iterable[CollectionDiff], limit: int | None) -> Iterator[str]:
    """Yield how collections differ. `limit` as for `graph_lines`."""
    for row in collections:
        counts = _counts(removed=len(row.removed), added=len(row.added)) or "the same items"
        yield f"collection {row.name!r}: {counts}{'; in another order' if row.is_reordered else ''}"
        yield from _cut([(f"- {item_text(item)}", 1) for item in row.removed], limit)
        yield from _cut([(f"+ {item_text(item)}", 1) for item in row.added], limit)


def _one_sided(sign: str, rows: Sequence[NodeRow], limit: int | None) -> Iterator[str]:
    yield from (f"  {sign} {row.name} ({row.op})" for row in islice(rows, limit))
    rest = [] if limit is None else rows[limit:]
    if rest:
        scopes = Counter(row.name.partition("/")[0] + ("/" if "/" in row.name else "") for row in rest)
        shown = ", ".join(f"{scope} {count:,}" for scope, count in scopes.most_common(5))
        more = ", ..." if len(scopes) > 5 else ""
        yield f"  {sign} ... and {len(rest):,} more: {shown}{more}"


def _renamed(renames: Iterable[Rename]) -> Iterator[_Row]:
    """Yield renamings, those of one kind as one: the components that differ, with a star for what does not."""
    groups: dict[tuple[str, str], list[tuple[Rename, str, str]]] = {}
    for row in renames:
        a, b = row.a.split("/"), row.b.split("/")
        tail = _num_common(reversed(a), reversed(b))
        left, right = a[: len(a) - tail], b[: len(b) - tail]
        head = _num_common(left, right)
        key = "/".join(left[head:]), "/".join(right[head:])
        groups.setdefault(key, []).append((row, "/".join(a[:head]), "/".join(a[len(a) - tail :])))
    for parts, rows in groups.items():
        if len(rows) == 1:
            yield f"> {rows[0][0].a} -> {rows[0][0].b} ({rows[0][0].op})", 1
            continue
        before, behind = _star([head for _, head, _ in rows]), _star([tail for _, _, tail in rows])
        a_text, b_text = ("/".join(filter(None, (before, part, behind))) for part in parts)
        yield f"> {a_text} -> {b_text} ({len(rows):,} nodes)", len(rows)


def _num_common(a: Iterable[str], b: Iterable[str]) -> int:
    """Return how many elements two sequences begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _star(texts: Sequence[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else "*"


def _changed(rows: Iterable[NodeDiff], limit: int | None) -> Iterator[str]:
    """Yield changed nodes, those that changed alike as one."""
    groups: dict[tuple[str, ...], list[NodeDiff]] = {}
    for row in rows:
        groups.setdefault(tuple(change_text(change) for change in row.changes), []).append(row)
    for changes, nodes in islice(groups.items(), limit):
        if len(nodes) > 1:
            yield f"  ~ {len(nodes):,} nodes: {'; '.join(changes)}"
            names = ", ".join(node.a for node in islice(nodes, 5))
            yield f"      {names}{', ...' if len(nodes) > 5 else ''}"
            continue
        name = nodes[0].a if nodes[0].a == nodes[0].b else f"{nodes[0].a} -> {nodes[0].b}"
        if len(changes) == 1:
            yield f"  ~ {name} ({nodes[0].op}): {changes[0]}"
        else:
            yield f"  ~ {name} ({nodes[0].op})"
            yield from (f"      {change}" for change in changes)
    rest = [] if limit is None else list(groups.values())[limit:]
    if rest:
        yield f"  ~ ... and {sum(map(len, rest)):,} more"


def library_lines(functions: LibraryDiff, limit: int | None) -> Iterator[str]:
    """Yield how function libraries differ. `limit` as for `graph_lines`."""
    counts = _counts(
        removed=len(functions.removed), added=len(functions.added), renamed=len(functions.renamed),
        changed=len(functions.changed), equal=functions.num_equal,
    )  # fmt: skip
    if not counts:
        return
    yield f"functions: {counts}"
    yield from _cut([(f"- {name}", 1) for name in functions.removed], limit)
    yield from _cut([(f"+ {name}", 1) for name in functions.added], limit)
    yield from _cut([(f"> {a} -> {b}", 1) for a, b in functions.renamed], limit)
    for row in islice(functions.changed, limit):
        name = row.a if row.a == row.b else f"{row.a} -> {row.b}"
        yield from (f"  {line}" for line in graph_lines(f"~ {name}", row.body, limit))
        changes = [(f"~ {change.field} {change_text(change, with_field=False)}", 1) for change in row.changes]
        yield from (f"  {line}" for line in _cut(changes, limit))
    if limit is not None and len(functions.changed) > limit:
        yield f"  ~ ... and {len(functions.changed) - limit:,} more"


def tensor_lines(tensors: TensorsDiff, limit: int | None) -> Iterator[str]:
    """Yield how tensors differ. `limit` as for `graph_lines`."""
    counts = _counts(
        missing=len(tensors.missing), extra=len(tensors.extra), changed=len(tensors.changed),
        **{"not compared": len(tensors.not_compared)}, equal=tensors.num_equal,
    )  # fmt: skip
    if not counts:
        return
    yield f"tensors: {counts}"
    yield from _cut([(f"- {row.name} {row.dtype} {row.shape}", 1) for row in tensors.missing], limit)
    yield from _cut([(f"+ {row.name} {row.dtype} {row.shape}", 1) for row in tensors.extra], limit)
    yield from _cut([(f"~ {row.name} {tensor_text(row)}", 1) for row in tensors.changed], limit)
    yield from _cut([(f"? {name}", 1) for name in tensors.not_compared], limit)


def tensor_text(row: TensorDiff) -> str:
    """Return how two tensors of one name differ, in one line."""
    if row.values is not None:
        return f"{row.a_dtype} {row.a_shape}: {_values(row.values)}"
    if (row.a_dtype, row.a_shape) == (row.b_dtype, row.b_shape):
        return f"{row.a_dtype} {row.a_shape}: other bytes, which only TensorFlow can read"
    return f"{row.a_dtype} {row.a_shape} -> {row.b_dtype} {row.b_shape}"


def _values(values: ValueDiff) -> str:
    """Return how values differ, in one line."""
    show = _number if values.num_nonfinite else _value
    verb = "differs" if values.num_different == 1 else "differ"
    text = f"{values.num_different:,} of {count(values.num_elements, 'element')} {verb}"
    shown = values.largest if values.largest is not None else values.first
    what = "the first" if values.largest is None else f"by at most {_number(number(values.max_absolute))}"
    place = f" at {shown.index}" if shown.index else ""
    text += f", {what}{place} ({show(shown.a)} -> {show(shown.b)})"
    if values.max_relative is not None:
        text += f", relative {_value(values.max_relative)}"
    if values.num_nonfinite:
        text += f", {values.num_nonfinite:,} with a NaN or an infinity"
    if values.num_same_number:
        text += f", {values.num_same_number:,} by their bits only"
    return text


def _number(value: Any) -> str:
    """Return a number for people, one that is not finite among them."""
    return str(value) if value in _NOT_FINITE else _value(value)


def change_text(change: Difference, *, with_field: bool = True) -> str:
    """Return one change in words; of a node's, the field comes first."""
    field = change.field if with_field and change.field in _NODE_FIELDS else ""
    key = "" if change.key is None else str(change.key)
    name = " ".join(filter(None, (field, key)))
    if change.values is not None:
        return f"{name}: {_values(change.values)}"
    if change.a is ABSENT or change.b is ABSENT:
        word, value = ("added", change.b) if change.a is ABSENT else ("removed", change.a)
        # TensorFlow's own annotations differ from node to node; what they say is in the JSON.
        return f"{name} {word}" if key[:1] == "_" else f"{name} {word}: {_value(value)}"
    return f"{name}: {_two_values(change.a, change.b)}"


_NODE_FIELDS = frozenset({"op", "device", "input", "inputs", "control_inputs", "attr", "experimental_debug_info"})


def _two_values(a: Any, b: Any) -> str:
    """Return two values; of long ones the parts that differ."""
    keys: Sequence[Any] = ()
    if isinstance(a, Mapping) and isinstance(b, Mapping) and not {"dtype", "shape"} <= set(a):
        keys = [*a, *(key for key in b if key not in a)]
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and len(json.dumps(a)) > _MAX_VALUE:
        a, b = dict(enumerate(a)), dict(enumerate(b))
        keys = range(len(a))
    parts = [
        f"[{key}] {_value(a[key]) if key in a else 'nothing'} -> {_value(b[key]) if key in b else 'nothing'}"
        for key in keys
        if a.get(key, ABSENT) != b.get(key, ABSENT)
    ]
    return ", ".join(parts) or f"{_value(a)} -> {_value(b)}"


def _value(value: Any) -> str:
    """Return a value for people, cut when it is long."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        text = repr(value)
    elif isinstance(value, Mapping) and {"dtype", "shape"} <= set(value) <= {"dtype", "shape", "values"}:
        text = f"{value['dtype']} {value['shape']}" + (f" {json.dumps(value['values'])}" if "values" in value else "")
    elif isinstance(value, Mapping) and set(value) == {"function", "attrs"}:
        text = f"{value['function']}()"
    else:
        text = json.dumps(value)
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 4]} ..."


def item_text(item: Any) -> str:
    """Return an item of a collection: a variable by its name."""
    return str(item["variable_name"]) if isinstance(item, Mapping) and "variable_name" in item else _value(item)


def _cut(rows: Sequence[_Row], limit: int | None) -> Iterator[str]:
    yield from (f"  {text}" for text, _ in islice(rows, limit))
    rest = [] if limit is None else rows[limit:]
    if rest:
        yield f"  {rest[0][0][0]} ... and {sum(count for _, count in rest):,} more"


def _counts(**numbers: int) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in numbers.items() if number)
