"""Make a checkpoint that fits a graph, out of one that was made for another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer, output_options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import kind_at
from graphsurgeon.cli.output import count, format_shape, in_flags, note_lines, written_lines
from graphsurgeon.errors import PassError

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model
    from graphsurgeon.tools.fit.report import FitReport, FitRow

_HEADERS = ("tensor", "action", "from", "dtype", "shape", "why")
#: Without --explain, so many rows of what is not simply copied are shown, and of extra tensors.
_MAX_SHOWN = 20


@click.command("fit", cls=Verb)
@click.option("--graph", metavar="TARGET", required=True, help="The graph: .meta, SavedModel, GraphDef or checkpoint.")
@click.option("--from", "source", metavar="SRC", required=True, help="The checkpoint with the values.")
@options.tags
@click.option(
    "--map",
    "map",
    metavar="OLD=NEW",
    multiple=True,
    help=r"What the graph calls a tensor of SRC: names, or regular expressions that match the whole name, with \1.",
)
@click.option(
    "--map-file",
    metavar="FILE",
    help="Lines of OLD, tab, NEW: exact names, or regular expressions behind re:; # begins a comment.",
)
@click.option(
    "--transform",
    metavar="PATTERN=STEPS",
    multiple=True,
    help="Change values whether they fit or not: 'conv1/weights=reverse:2'.",
)
@click.option(
    "--mismatch",
    metavar="[PATTERN=]POLICY",
    multiple=True,
    help="For values of another shape: error (the default), skip, or steps joined with +: reshape, reshape:-1,10, "
    "slice, slice:last, pad, pad:0.5, pad:init, transpose:1,0, reverse:2, cast, cast:saturate.",
)
@click.option(
    "--missing",
    metavar="[PATTERN=]POLICY",
    multiple=True,
    help="For what SRC does not have: error (the default), zeros, or init, the graph's own initializers.",
)
@click.option("--missing-from", metavar="OTHER", help="A second checkpoint, in which it is looked for first.")
@click.option("--cast", metavar="PATTERN", multiple=True, help="Keys whose dtype may be changed; '.*' for all.")
@click.option("--accept-suggestions", is_flag=True, help="Take what is suggested where names differ.")
@click.option("--seed", type=int, default=0, show_default=True, help="For random initial values without a seed.")
@click.option("--saver", metavar="SCOPE", help="The saver to satisfy, when not the one that the graph names: save_1.")
@click.option(
    "--to",
    type=click.Choice(["checkpoint", "saved_model"]),
    help="What to write; told by DST and the graph by default.",
)
@output_options
def command(
    graph: str,
    source: str,
    output: str | None,
    tags: str | None,
    missing_from: str | None,
    saver: str | None,
    to: Literal["checkpoint", "saved_model"] | None,
    **given: Any,
) -> None:  # fmt: skip
    """Make a checkpoint that fits a graph, out of one that was made for another.

    Every tensor that the graph's saver restores is looked for in SRC: as --map says, by its name, then among
    tensors that look alike, which are only suggested. What is missing or does not fit is listed, and nothing
    is written. The result is checked against the graph first; the graph goes along as DST.meta.

    A PATTERN is a key of the graph, or a regular expression that matches all of it; the first that does counts.
    """
    from graphsurgeon.formats.load import load, load_checkpoint
    from graphsurgeon.formats.save import notes_on
    from graphsurgeon.formats.saved import Saved
    from graphsurgeon.tools.edited_checkpoint import lost_lists
    from graphsurgeon.tools.fit.fit import refusal

    answer = Answer("fit", output, given)
    _check_usage(given)
    model = load(graph, tags=options.split_tags(tags))
    given["missing_from"] = None if missing_from is None else load_checkpoint(missing_from)
    weights = load_checkpoint(source, partial=True)
    report = _fitted(model, weights, saver=saver, **given)
    kind = kind_at(output, to, model) or "checkpoint"
    saved = Saved(notes=notes_on(model, kind)) if report.unresolved else answer.save(model, kind)
    notes = [*map(in_flags, report.notes), *lost_lists(weights), *saved.notes]
    _show_rows(report, answer)
    written = {"outputs": saved, "linked": saved.linked}
    lines = [_summary(report), *note_lines(notes), *written_lines(saved, saved.linked)]
    facts = {"graph": graph, "source": source, **written, **report.to_json(), "notes": notes}
    answer.finish(facts, lines, None if report.unresolved else "")
    if report.unresolved:
        raise refusal(report)


def _check_usage(given: dict[str, Any]) -> None:
    """Parse the options before any file is opened; what is not understood is wrong usage."""
    from graphsurgeon.tools.fit.fit import choices

    if given["map_file"] is not None:
        given["map_file"] = options.lines_of(given["map_file"])
    try:
        choices(**given)
    except PassError as error:
        raise options.wrong_usage(error.reason, error.hint) from error


def _fitted(model: Model, weights: Mapping[str, Any], **given: Any) -> FitReport:
    """Return the report of a fit, also of one that is refused because tensors are left."""
    from graphsurgeon.tools.fit.fit import fit
    from graphsurgeon.tools.fit.report import FitReport

    try:
        return fit(model, weights, **given)
    except PassError as error:
        if not isinstance(error.report, FitReport):
            raise
        return error.report


def _show_rows(report: FitReport, answer: Answer) -> None:
    if answer.as_json:
        return
    is_whole = answer.explain or answer.dry_run
    rows = [*report.rows, *report.extra] if is_whole else _notable(report)
    if rows and (is_whole or report.unresolved or not answer.quiet):
        from graphsurgeon.cli.tables import emit_table

        emit_table(_HEADERS, [_cells(row) for row in rows], scoped=is_whole)


def _summary(report: FitReport) -> str:
    counts = ", ".join(f"{number:,} {action}" for action, number in report.counts.items())
    return f"{count(len(report.rows), 'tensor')} wanted: {counts}"


def _notable(report: FitReport) -> list[FitRow]:
    """Return all that is unresolved, and some of what is not simply copied."""
    unresolved = report.unresolved
    done = [row for row in report.rows if row.action in ("change", "zeros", "init") or row.why.startswith("suggested")]
    return [*unresolved, *done[:_MAX_SHOWN], *report.extra[:_MAX_SHOWN]]


def _cells(row: FitRow) -> list[object]:
    dtype = row.dtype if row.found_dtype in (None, row.dtype) else f"{row.found_dtype} -> {row.dtype or ''}"
    shape = format_shape(row.shape)
    if row.action == "extra":
        dtype, shape = row.found_dtype, format_shape(row.found_shape)
    elif row.found_shape is not None and row.found_shape != row.shape:
        shape = f"{format_shape(row.found_shape)} -> {shape}"
    near = next((key for key in row.candidates if key not in (row.source, row.suggested)), None)
    why = row.why if near is None or row.suggested else f"{row.why}; near: {near}"
    source = "" if row.source == row.name else row.source or ""
    return [row.name, "+".join(row.steps) or row.action, source, dtype, shape, why]
