"""The rows that `ls` shows of a checkpoint, generated lazily because there may be millions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any

from graphsurgeon.names import matches, node_of, split_patterns, unmatched
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.variables.object_graph import ObjectGraph

if TYPE_CHECKING:
    from graphsurgeon.formats.checkpoint import AnyCheckpoint

Row = dict[str, Any]

#: Texts of shapes that are remembered.
_MAX_SHAPES = 1 << 16
#: Of more names, the entries are found by going through all.
_MAX_LOOKED_UP = 10_000


class CheckpointRows:
    """A row per tensor, with ``name, dtype, shape, nbytes`` and, when it is partitioned, ``slices``.

    One whose values are lost with a data file has the ``damage`` of that. A `naming` adds its columns, and with
    `has_stats` each has the ``stats`` of its values, which are read for that. Looped over again, the rows are made
    again.
    """

    def __init__(self, checkpoint: AnyCheckpoint, naming: Naming | None = None, *, has_stats: bool = False) -> None:
        self._checkpoint = checkpoint
        self.has_stats = has_stats
        self._naming = naming
        self._chosen: list[str] | None = None
        self.damaged_files = checkpoint.damaged_files()
        self._damage = {name: file.damage for file in self.damaged_files for name in file.names}

    def __iter__(self) -> Iterator[Row]:
        naming = self._naming
        stats = self.stats() if self.has_stats else None
        for name, entry in self._shown():
            row: Row = {"name": name, "dtype": entry.dtype.name, "shape": list(entry.shape)}
            row["nbytes"] = self._checkpoint.stored_nbytes(name, entry)
            if entry.slices:
                row["slices"] = len(entry.slices)
            if name in self._damage:
                row["damage"] = self._damage[name]
            if stats is not None:
                row["stats"] = next(stats)
            if naming is not None:
                row.update(naming.columns(name))
            yield row

    def __len__(self) -> int:
        return len(self._checkpoint if self._chosen is None else self._chosen)

    def stats(self) -> Iterator[dict[str, Any] | None]:
        """Yield the statistics of each row's values, None of one that has none or has lost them."""
        from graphsurgeon.tensors.shown_statistics import statistics_of
        from graphsurgeon.tensors.statistics import has_statistics

        kept = (self._checkpoint[name] for name, _ in self._shown() if name not in self._damage)
        expect_reading(filter(has_statistics, kept))
        for name, _ in self._shown():
            yield None if name in self._damage else statistics_of(self._checkpoint[name])

    def table(self, show_shape: Callable[[Sequence[int]], str] = str) -> tuple[list[str], _Cells]:
        """Return the headers and the rows of a table, without columns that would be empty."""
        damage = self._damage if self._damage and any(name in self._damage for name, _ in self._shown()) else {}
        cells = _Cells(self._checkpoint, self._shown, self._naming, self._totals[2], damage, show_shape)
        return cells.headers, cells

    def choose(self, patterns: Sequence[str], source: str) -> None:
        """Keep the rows that any pattern names, by a name shown; NotFoundError for a pattern that names none."""
        hits: set[str] = set()
        known = {each for name in self._checkpoint for each in self._names(name)} if patterns else set()
        for pattern in split_patterns(patterns, known):
            found = {name for name in self._checkpoint if any(matches(pattern, each) for each in self._names(name))}
            found = found or {name for name in (node_of(pattern),) if name in self._checkpoint}
            if not found:
                raise unmatched("tensor", pattern, known, like=node_of(pattern), where=source)
            hits |= found
        if patterns:
            self._chosen = [name for name in self._checkpoint if name in hits]

    def num_elements(self) -> int:
        """Return how many elements the tensors have together."""
        return self._totals[0]

    def nbytes(self) -> int:
        """Return the bytes that the tensors take in the data files, as far as they are known."""
        return self._totals[1]

    @cached_property
    def _totals(self) -> tuple[int, int, bool]:
        """Elements, bytes, and whether any tensor has slices: in one go, for there may be millions."""
        num_elements = nbytes = 0
        has_slices = False
        stored_nbytes = self._checkpoint.stored_nbytes
        for name, entry in self._shown():
            num_elements += math.prod(entry.shape)
            nbytes += stored_nbytes(name, entry) or 0
            has_slices = has_slices or bool(entry.slices)
        return num_elements, nbytes, has_slices

    def _shown(self) -> Iterator[tuple[str, Any]]:
        """Yield the names and entries to be shown."""
        entries, chosen = self._checkpoint.entries, self._chosen
        if chosen is None:
            return iter(entries.items())
        if len(chosen) <= _MAX_LOOKED_UP:
            return ((name, entries[name]) for name in chosen)
        return compress(entries.items(), map(set(chosen).__contains__, entries))

    def _names(self, name: str) -> list[str]:
        if self._naming is None:
            return [name]
        columns = self._naming.columns(name)
        return [name, *(columns[key] for key in ("full_name", "path") if columns[key] is not None)]


class _Cells:
    """The rows as a table shows them, made again whenever they are looped over."""

    def __init__(
        self,
        checkpoint: AnyCheckpoint,
        shown: Callable[[], Iterator[tuple[str, Any]]],
        naming: Naming | None,
        has_slices: bool,
        damage: Mapping[str, str],
        show_shape: Callable[[Sequence[int]], str],
    ) -> None:
        self._checkpoint = checkpoint
        self._shown = shown
        self._naming = naming
        self._has_slices = has_slices
        self._damage = damage
        self._show_shape = show_shape
        beside, behind = ([], []) if naming is None else naming.headers
        some = [*(["slices"] if has_slices else []), *(["damage"] if damage else [])]
        self.headers = ["name", *beside, "dtype", "shape", "nbytes", *some, *behind]

    def __iter__(self) -> Iterator[list[object]]:
        checkpoint, naming = self._checkpoint, self._naming
        shapes: dict[tuple[int, ...], str] = {}
        for name, entry in self._shown():
            shape = shapes.get(entry.shape)
            if shape is None:
                shape = self._show_shape(entry.shape)
                if len(shapes) < _MAX_SHAPES:
                    shapes[entry.shape] = shape
            nbytes = checkpoint.stored_nbytes(name, entry)
            cells: list[object] = [name, entry.dtype.name, shape, "" if nbytes is None else nbytes]
            if self._has_slices:
                cells.append(len(entry.slices) or "")
            if self._damage:
                cells.append(self._damage.get(name, ""))
            yield cells if naming is None else naming.around(name, cells)


class Naming:
    """Other names of tensors than their keys: full names, object paths, slots.

    ``full_name`` is the name that TensorFlow 1 would give the variable, ``path`` the way to it from the root object,
    ``slot`` the name of an optimizer's slot and ``slot_of`` the key of the variable that it belongs to. In a checkpoint
    that was saved by name, the key is the full name. `kind`, ``full`` or ``path``, is what a table shows under the
    `headers`: beside the name, and at the end.
    """

    def __init__(self, kind: str, objects: ObjectGraph | None) -> None:
        self._objects = objects
        self._shown = "full_name" if kind == "full" else "path"
        self._has_slots = objects is not None and bool(objects.slots)
        self.headers = ([self._shown], ["slot"] if self._has_slots else [])

    def columns(self, name: str) -> Row:
        """Return the columns of one tensor; LimitError when its path is longer than any program's."""
        objects = self._objects
        if objects is None:
            return {"full_name": name, "path": None, "slot": None, "slot_of": None}
        attribute = objects.attribute(name)
        if attribute is None:
            return {"full_name": None, "path": None, "slot": None, "slot_of": None}
        slot = objects.slots.get(attribute.node)
        original = () if slot is None else objects.saved_by(slot.original)
        return {
            "full_name": attribute.full_name or None,
            "path": objects.path(attribute.node),
            "slot": None if slot is None else slot.slot_name,
            "slot_of": original[0].key if original else None,
        }

    def around(self, name: str, cells: list[object]) -> list[object]:
        """Return the cells of a table's row with those of `headers`: a slot as ``m of dense/kernel``."""
        columns = self.columns(name)
        slot = "" if columns["slot"] is None else f"{columns['slot']} of {self._called(columns['slot_of'])}"
        return [cells[0], columns[self._shown] or "", *cells[1:], *([slot] if self._has_slots else [])]

    def check(self) -> None:
        """Make sure that every path can be shown. Errors as `columns`."""
        objects = self._objects
        if objects is not None:
            for attribute in objects.attributes.values():
                objects.path(attribute.node)

    def _called(self, key: str | None) -> str:
        if key is None:
            return "?"
        columns = self.columns(key)
        return str(columns[self._shown] or columns["path"] or key)
