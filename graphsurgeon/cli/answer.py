"""The frame of a verb that writes: the options of its output, and the answer at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.destination import check_kind
from graphsurgeon.cli.output import emit_json, emit_line, in_flags, is_csv, remark
from proto_utils import places
from proto_utils.leftovers import set_right

if TYPE_CHECKING:
    from graphsurgeon.formats.kinds import OutputKind
    from graphsurgeon.formats.saved import Saved
    from graphsurgeon.ir.model import Model

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Answer:
    """The options of an output, and what is printed: one JSON object, or lines and the time it took.

    The options are taken from what the verb was `given`; those it does not have are off. UsageError when nothing says
    where to write, or two of the options exclude each other.
    """

    def __init__(self, verb: str, path: str | None, given: dict[str, Any]) -> None:
        self.verb, self._start = verb, time.perf_counter()
        self.path, self.links = path, options.links_of(given)
        self.explain, self.dry_run, self.force, self.sync, self.as_json, self.quiet, self.drop_values = (
            given.pop(key, False) for key in ("explain", "dry_run", "force", "sync", "as_json", "quiet", "drop_values")
        )
        # Rows as CSV are asked for as well as a table.
        self.explain = self.explain or is_csv()
        self.update_state: bool = given.pop("update_state", True)
        self.planned: list[str] = []
        self.deleted: list[str] = []
        if path is None and not self.dry_run:
            raise click.UsageError("nothing says where to write: give -o, or --dry-run to write nothing")
        if path is not None and not self.dry_run:
            # Before anything is read: SRC may be the same place.
            set_right(path)

    @property
    def is_shown(self) -> bool:
        """Whether people read along: neither ``--json`` nor ``--quiet``."""
        return not (self.as_json or self.quiet)

    def write(
        self,
        save: Callable[[str], T],
        existing: Callable[[str], Sequence[str]],
        planned: Callable[[str], Sequence[str]],
    ) -> T | None:
        """Write the output; in a dry run list it, and say what would stand in the way.

        `existing` returns the files that `save` would replace, `planned` those that it
        would write. Return what `save` returned, None when nothing was to be written.
        """
        if self.path is None:
            return None
        if self.dry_run:
            self.plan(existing(self.path), planned(self.path))
            return None
        return save(self.path)

    def save(self, model: Model, kind: OutputKind | None) -> Saved:
        """Save a model at `path`, as `write` does; a dry run returns no paths, only notes."""
        from graphsurgeon.formats.planned import planned_outputs
        from graphsurgeon.formats.save import check_saving, choose_kind, existing_outputs, notes_on, save
        from graphsurgeon.formats.saved import Saved

        kind = kind or choose_kind(model, self.path or "")
        if self.path is not None:
            check_kind(self.path, kind)
            check_saving(model, self.path, kind, drop_values=self.drop_values)
            if self.dry_run and self.force and kind == "saved_model":
                from graphsurgeon.formats.replaced import require_saved_model

                require_saved_model(self.path, {} if model.saved_model is None else model.saved_model.files)
        how: dict[str, Any] = {"update_state": self.update_state, "drop_values": self.drop_values, "sync": self.sync}
        saved = self.write(
            lambda path: save(model, path, to=kind, force=self.force, links=self.links, **how),
            lambda path: existing_outputs(path, kind),
            lambda path: planned_outputs(model, path, kind, update_state=self.update_state, links=self.links),
        )
        saved = Saved(notes=notes_on(model, kind)) if saved is None else saved
        saved.notes = list(map(in_flags, saved.notes))
        return saved

    def plan(self, existing: Sequence[str], planned: Iterable[str]) -> None:
        """Take down what a dry run lists: what would be written, and what of that which is there would go for it."""
        self.tell_existing(existing)
        self.planned = list(planned)
        if self.force and existing:
            from graphsurgeon.formats.replaced import deleted_files

            self.deleted = deleted_files(existing, set(self.planned))

    def tell_existing(self, paths: Sequence[str]) -> None:
        """Say that existing files would need ``--force``."""
        for path in [] if self.force else paths[:1]:
            remark(f"{path}: exists already; to write, --force will be needed", quiet=self.quiet)

    def finish(
        self, facts: dict[str, Any], lines: Iterable[str], closing: str | None = "", *, is_asked_for: bool = False
    ) -> None:
        """Print the facts, with the seconds added, as JSON, or the lines for people.

        `closing` stands before the seconds in the last line, on stderr; None leaves that out. Lines that are asked for
        are shown in spite of ``--quiet``.
        """
        seconds = time.perf_counter() - self._start
        if self.as_json:
            planned = {"would_write": self.planned, "would_delete": self.deleted} if self.dry_run else {}
            emit_json(self.verb, **facts, **planned, seconds=round(seconds, 3))
            return
        replacing = {path for path in self.planned if self.force and places.lexists(path)}
        planned_lines = [
            f"would write {path}" + (", in place of what is there" if path in replacing else "")
            for path in self.planned
        ]
        planned_lines += [f"would delete {path}" for path in self.deleted]
        for line in (*lines, *planned_lines) if is_asked_for or not self.quiet else ():
            emit_line(line)
        remark(f"{closing}{seconds:.2f} s", quiet=self.quiet or closing is None)


def output_options(verb: F) -> F:
    """Add the options of every verb that writes an edited checkpoint."""
    given = (
        options.output_option("Prefix of the checkpoint to write; it may be SRC."),
        options.update_state,
        options.links,
        click.option("--explain", is_flag=True, help="Show every change as a table; --dry-run does too."),
        options.rows,
        options.common("dry_run", "force", "sync", "json", "quiet", "threads"),
    )
    for option in reversed(given):
        verb = option(verb)
    return verb
