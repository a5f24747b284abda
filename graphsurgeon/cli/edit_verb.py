"""Edits as verbs: as with passes, everything a verb needs to know is in the function's signature and docstring.

Beside the options of `graphsurgeon.cli.pass_verb`:

========================================== =================================================
parameter                                  what users give
========================================== =================================================
``others: Sequence[Mapping[str, Tensor]]`` more SRCs behind the first
``sources: tuple[str, ...]``               nothing: the paths of the SRCs
``model: Model | None``                    nothing: the graph beside SRC
``x: Mapping[str, Tensor]``                ``--x CHECKPOINT``
========================================== =================================================
"""

from __future__ import annotations

import collections.abc
import inspect
import os
import time
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon import edits
from graphsurgeon.cli import options
from graphsurgeon.cli.output import emit_json, emit_line, emit_table, emit_written, format_shape, remark
from graphsurgeon.cli.pass_verb import parameter_help, pass_options

if TYPE_CHECKING:
    from graphsurgeon.edits._contract import EditReport
    from graphsurgeon.formats.linked_shards import Links
    from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint

_HEADERS = ("tensor", "is", "was", "dtype", "shape", "reason")


@dataclass(frozen=True)
class OutputOptions:
    """What users say of the output of a verb that writes an edited checkpoint; `output_options` adds the options.

    Attributes
    ----------
    path : str or None
        Where to write.
    links : {"never", "hard", "always"}
        As `save_checkpoint` is told.
    """

    path: str | None
    links: Links
    explain: bool
    dry_run: bool
    force: bool
    as_json: bool
    quiet: bool

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> OutputOptions:
        """Take the options out of what a verb was given.

        Raises
        ------
        click.UsageError
            Nothing says where to write, or two of them exclude each other.
        """
        keys = ("explain", "dry_run", "force", "as_json", "quiet")
        made = cls(given.pop("output"), options.links_of(given), **{key: given.pop(key) for key in keys})
        if made.path is None and not made.dry_run:
            raise click.UsageError("nothing says where to write: give -o, or --dry-run to write nothing")
        return made


def command_of(name: str) -> click.Command:
    """Make the verb of an edit.

    Parameters
    ----------
    name : str
        Of the edit; its function is imported.
    """
    function = edits.load(name)
    takes_several = "others" in inspect.signature(function).parameters
    verb = output_options(_verb(name, function))
    for parameter in reversed(pass_options(function, parameter_help(function), without=("sources", "model"))):
        verb = parameter(verb)
    verb = click.argument("sources", metavar="SRC...", nargs=-1, required=True)(verb) if takes_several else _one(verb)
    text = inspect.getdoc(function) or ""
    return click.command(options.verb_name(name), help=text.partition("\n\nParameters\n")[0])(verb)


def output_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every verb that writes an edited checkpoint."""
    given = (
        click.option("-o", "--output", metavar="DST", help="Prefix of the checkpoint to write; it may be SRC."),
        options.links,
        click.option("--explain", is_flag=True, help="Show every change as a table; --dry-run does too."),
        options.common("dry_run", "force", "json", "quiet"),
    )
    for option in reversed(given):
        verb = option(verb)
    return verb


def _one(verb: Callable[..., Any]) -> Callable[..., Any]:
    def with_one(source: str, **given: Any) -> None:
        verb(sources=(source,), **given)

    with_one.__click_params__ = verb.__click_params__  # type: ignore[attr-defined]
    return options.source(with_one)


def _verb(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    parameters = inspect.signature(function).parameters
    paths = [key for key, hint in typing.get_type_hints(inspect.unwrap(function)).items() if is_checkpoint(hint)]

    def verb(*, sources: Sequence[str], **given: Any) -> None:
        from graphsurgeon.formats.load import load_checkpoint
        from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint

        start = time.perf_counter()
        output = OutputOptions.taken_from(given)
        checkpoint = EditedCheckpoint(sources[0])
        for key in paths:
            if given.get(key) is not None:
                given[key] = load_checkpoint(given[key])
        if "sources" in parameters:
            given["sources"] = tuple(sources)
        if "model" in parameters:
            given["model"] = checkpoint.graph
        others = ([load_checkpoint(source) for source in sources[1:]],) if "others" in parameters else ()
        report = function(checkpoint.tensors, *others, **given)
        finish(options.verb_name(name), sources, checkpoint, report, output, start)

    return verb


def check_prefix(path: str | None) -> None:
    """Refuse a directory for a checkpoint's prefix: the files would be hidden in it, or lie beside it.

    Raises
    ------
    click.UsageError
        It is one.
    """
    if path is None:
        return
    if path.endswith(("/", os.sep)) or (os.path.isdir(path) and not os.path.exists(f"{path}.index")):
        raise click.UsageError(f"{path!r} is a directory: name a checkpoint prefix in it, such as model.ckpt")


def is_checkpoint(hint: Any) -> bool:
    """Return whether a parameter stands for the tensors of another checkpoint, which users name by a path."""
    return collections.abc.Mapping in {typing.get_origin(each) for each in (hint, *typing.get_args(hint))}


def finish(
    verb: str,
    sources: Sequence[str],
    checkpoint: EditedCheckpoint,
    report: EditReport,
    output: OutputOptions,
    start: float,
    **how: Any,
) -> None:
    """Save an edited checkpoint and tell what was done.

    Parameters
    ----------
    verb : str
    sources : sequence of str
    checkpoint : EditedCheckpoint
    report : EditReport
    output : OutputOptions
    start : float
        When the verb began, by `time.perf_counter`.
    how
        More for `EditedCheckpoint.save`.
    """
    from graphsurgeon.cli.progress import watching
    from graphsurgeon.tools.edited_checkpoint import Saved, existing

    check_prefix(output.path)
    model, note = checkpoint.fitting_graph()
    notes = [*report.notes, *([note] if note else [])]
    is_shown = not output.quiet and not output.as_json
    # What was found, and not asked for, is shown without being asked, before anything is written.
    is_found = is_shown and any(row.reason for row in report.changes)
    if is_found or (not output.as_json and (output.explain or output.dry_run)):
        _emit_changes(report)
    saved = Saved()
    if output.path is not None and not output.dry_run:
        with watching(checkpoint.tensors, links=output.links, quiet=not is_shown):
            saved = checkpoint.save(output.path, model=model, overwrite=output.force, links=output.links, **how)
        if model is None and os.path.exists(f"{output.path}.meta"):
            notes.append(f"{output.path}.meta, which was there before, stays as it is")
    elif output.path is not None and not output.force:
        for path in existing(output.path)[:1]:
            remark(f"{path}: exists already; to write, --force will be needed", quiet=output.quiet)
    seconds = round(time.perf_counter() - start, 3)
    if output.as_json:
        facts = {**report.to_json(), "notes": notes}
        source = sources[0] if len(sources) == 1 else list(sources)
        emit_json(verb, source=source, outputs=saved.paths, linked=saved.linked, **facts, seconds=seconds)
        return
    if output.quiet:
        return
    for line in [*_summary(report), *(f"note: {text}" for text in notes)]:
        emit_line(line)
    emit_written(saved.paths, saved.linked, saved.kept)
    remark(f"{seconds:.2f} s")


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
        used = [i for i in range(len(_HEADERS)) if any(row[i] for row in rows)]
        emit_table([_HEADERS[i] for i in used], [[row[i] for i in used] for row in rows])


def _summary(report: EditReport) -> list[str]:
    numbers: dict[str, int] = {}
    for row in report.changes:
        numbers[row.action] = numbers.get(row.action, 0) + 1
    parts = [f"{number:,} {action}" for action, number in numbers.items()]
    parts += [f"{report.num_unchanged:,} as before"] if report.num_unchanged else []
    parts += [f"{len(report.skipped):,} skipped"] if report.skipped else []
    lines = ["tensors: " + (", ".join(parts) or "none")]
    return [*lines, *(f"skipped {row.name}: {row.reason}" for row in report.skipped[:10])]
