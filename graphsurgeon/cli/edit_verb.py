"""Edits as verbs: as with passes, everything a verb needs to know is in the function's signature and docstring.

What users do not give: ``sources``, the paths of the SRCs, and ``model``, the graph beside SRC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon import edits
from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer, output_options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import check_prefix, kind_at
from graphsurgeon.cli.output import format_shape, in_flags, note_lines, written_lines
from graphsurgeon.cli.pass_verb import click_option
from graphsurgeon.formats.saved import Saved
from graphsurgeon.options import description_of, options_of
from proto_utils import places

if TYPE_CHECKING:
    from graphsurgeon.edits._contract import EditReport
    from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint, EditedConstants

_HEADERS = ("tensor", "is", "was", "dtype", "shape", "reason")


def command_of(name: str) -> click.Command:
    """Make the verb of an edit, whose function is imported."""
    function = edits.load(name)
    verb = output_options(_verb(name, function))
    for option in reversed(list(options_of(function).values())):
        if option.name != "others" and not option.is_internal:
            verb = click_option(option, name)(verb)
    several = click.argument("sources", metavar="SRC...", nargs=-1, required=True)
    verb = several(verb) if "others" in options_of(function) else _one(verb)
    return click.command(options.verb_name(name), cls=Verb, help=description_of(function))(verb)


def _one(verb: Callable[..., Any]) -> Callable[..., Any]:
    def with_one(source: str, **given: Any) -> None:
        verb(sources=(source,), **given)

    with_one.__click_params__ = verb.__click_params__  # type: ignore[attr-defined]
    return options.source(with_one)


def _verb(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    known = options_of(function)
    paths = [key for key, option in known.items() if option.kind.item == "checkpoint"]

    def verb(*, sources: Sequence[str], output: str | None, **given: Any) -> None:
        from graphsurgeon.formats.load import load_checkpoint
        from graphsurgeon.tools.edited_checkpoint import all_tensors_at, open_edited

        answer = Answer(options.verb_name(name), output, given)
        checkpoint = open_edited(sources[0], partial=given.get("readable", False))
        for key in paths:
            if given.get(key) is not None:
                given[key] = load_checkpoint(given[key])
        if "sources" in known:
            given["sources"] = tuple(sources)
        if "model" in known:
            given["model"] = checkpoint.graph
        others = ([all_tensors_at(source) for source in sources[1:]],) if "others" in known else ()
        report = function(checkpoint.tensors, *others, **given)
        finish(answer, sources, checkpoint, report)

    return verb


def finish(
    answer: Answer,
    sources: Sequence[str],
    checkpoint: EditedCheckpoint | EditedConstants,
    report: EditReport,
    **how: Any,
) -> None:
    """Save an edited checkpoint, with `how` for `EditedCheckpoint.save`, or graph, and print the changes."""
    from graphsurgeon.formats.planned import planned_checkpoint
    from graphsurgeon.tensors.selection import Skipped
    from graphsurgeon.tools.edited_checkpoint import EditedConstants, existing

    if isinstance(checkpoint, EditedConstants):
        _finish_graph(answer, sources, checkpoint, report)
        return
    check_prefix(answer.path)
    report = replace(report, skipped=[Skipped(row.name, in_flags(row.reason)) for row in report.skipped])
    model, note = checkpoint.fitting_graph()
    notes = [*report.notes, *checkpoint.notes, *([note] if note else [])]
    _show_changes(answer, report)
    how = {**how, "links": answer.links, "update_state": answer.update_state}
    saved = answer.write(
        lambda path: checkpoint.save(path, model=model, force=answer.force, sync=answer.sync, **how),
        existing,
        lambda path: planned_checkpoint(checkpoint.tensors, path, has_graph=model is not None, **how),
    )
    saved = saved or Saved()
    notes += map(in_flags, saved.notes)
    if saved and model is None and places.exists(f"{answer.path}.meta"):
        from graphsurgeon.tools.written_edit import stays

        notes.append(stays(str(answer.path)))
    source = sources[0] if len(sources) == 1 else list(sources)
    written = {"outputs": saved, "linked": saved.linked}
    lines = [*_summary(report), *note_lines(notes)]
    lines += written_lines(saved, saved.linked, saved.kept)
    facts = report.to_json() if answer.as_json else {}
    answer.finish({"source": source, **written, **facts, "notes": notes}, lines)


def _finish_graph(answer: Answer, sources: Sequence[str], constants: EditedConstants, report: EditReport) -> None:
    """Save a graph whose constants were edited, and print the changes."""
    model = constants.edited_graph(answer.verb)
    _show_changes(answer, report)
    saved = answer.save(model, kind_at(answer.path, None, model)) if answer.path is not None else Saved()
    notes = [*report.notes, *saved.notes]
    source = sources[0] if len(sources) == 1 else list(sources)
    lines = [*_summary(report), *note_lines(notes), *written_lines(saved)]
    answer.finish({"source": source, "outputs": saved, "linked": [], **report.to_json(), "notes": notes}, lines)


def _show_changes(answer: Answer, report: EditReport) -> None:
    """Print the changes when asked, before anything is written."""
    if not answer.as_json and (answer.explain or answer.dry_run):
        _emit_changes(report)


def _emit_changes(report: EditReport) -> None:
    rows = [
        [
            row.name, row.action, row.was or "",
            row.dtype if row.old_dtype is None else f"{row.old_dtype} -> {row.dtype}",
            format_shape(row.shape) if row.old_shape is None
            else f"{format_shape(row.old_shape)} -> {format_shape(row.shape)}",
            row.reason or "",
        ]
        for row in report.changes
    ]  # fmt: skip
    rows += [[row.name, "skipped", "", "", "", row.reason] for row in report.skipped]
    if rows:
        from graphsurgeon.cli.tables import emit_table

        used = [i for i in range(len(_HEADERS)) if any(row[i] for row in rows)]
        emit_table([_HEADERS[i] for i in used], [[row[i] for i in used] for row in rows], scoped=True)


def _summary(report: EditReport) -> list[str]:
    parts = [f"{number:,} {action}" for action, number in report.num_by_action().items()]
    parts += [f"{report.num_unchanged:,} as before"] if report.num_unchanged else []
    parts += [f"{len(report.skipped):,} skipped"] if report.skipped else []
    lines = ["tensors: " + (", ".join(parts) or "none")]
    return [*lines, *note_lines((f"{row.name}: {row.reason}" for row in report.skipped), "skipped")]
