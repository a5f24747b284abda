"""The verb of the one pass that makes two models of one: ``split SRC --at TENSOR --front F --back B``."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon import passes
from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import kind_at
from graphsurgeon.cli.output import in_flags, written_lines
from graphsurgeon.cli.pass_verb import click_option
from graphsurgeon.cli.reports import show_tables, summarize
from graphsurgeon.cli.serving import made_servable
from graphsurgeon.formats.kinds import OUTPUT_KINDS, OutputKind
from graphsurgeon.formats.saved import Saved
from graphsurgeon.options import description_of, options_of
from proto_utils.errors import OutputExistsError
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model


def command_of(name: str) -> click.Command:
    """Make the verb; everything but its two outputs is in the signature and docstring of its function."""
    function = passes.load(name)

    @options.source
    @options.tags
    @options.checkpoint
    @click.option("--front", metavar="DST", help="File, prefix or directory to write the front to.")
    @click.option("--back", metavar="DST", help="The same for the back.")
    @click.option("--to", "output_kind", type=click.Choice(OUTPUT_KINDS), help="What to write; by default its own.")
    @click.option("--explain", is_flag=True, help="Show the whole report as tables.")
    @options.rows
    @options.common("dry_run", "force", "sync", "json", "quiet")
    @options.links
    @options.update_state
    def verb(source: str, front: str | None, back: str | None, output_kind: OutputKind | None, **given: Any) -> None:
        from graphsurgeon.formats.load import load

        answer = Answer(name, front, given)
        if back is None and not answer.dry_run:
            raise click.UsageError("nothing says where to write the back: give --back, or --dry-run to write nothing")
        if None not in (front, back) and os.path.abspath(front or "") == os.path.abspath(back or ""):
            raise click.UsageError(f"--front and --back are one output: {front}")
        model = load(source, tags=options.split_tags(given.pop("tags")), checkpoint=given.pop("checkpoint"))
        kinds = {path: kind_at(path, output_kind, model) for path in (front, back)}
        report = function(model, **given)
        # Whatever one of them is refused for, neither is written.
        halves = [_half(answer, "front", front, model, kinds[front])]
        halves.append(_half(answer, "back", back, report.back, kinds[back]))
        # What replaces SRC is written last, for the other half reads from it.
        halves.sort(key=lambda half: os.path.abspath(half.path or "") == os.path.abspath(source))
        facts, lines = report.to_json(), list[str]()
        outputs: dict[str, list[str]] = {}
        for half in halves:
            own = copy.copy(answer)
            own.path, own.planned, own.deleted = half.path, [], []
            saved = own.save(half.model, kinds[half.path]) if half.path is not None else Saved()
            answer.planned += own.planned
            answer.deleted += own.deleted
            outputs[half.name] = list(saved)
            facts["notes"] += [f"{half.name}: {note}" for note in (*saved.notes, *half.notes)]
            lines += written_lines(saved, saved.linked)
        facts["notes"] = list(map(in_flags, facts["notes"]))
        if answer.explain and not answer.as_json:
            show_tables({"": facts})
        written = {"outputs": [*outputs["front"], *outputs["back"]], **outputs}
        answer.finish({"source": source, **written, **facts}, [*summarize(facts), *lines])

    for option in reversed(list(options_of(function).values())):
        verb = click_option(option, name)(verb)
    return click.command(name, cls=Verb, help=description_of(function))(verb)


class _Half(NamedTuple):
    """A model to be written, complete, and notes on what it lacked."""

    name: str
    path: str | None
    model: Model
    notes: list[str]


def _half(answer: Answer, name: str, path: str | None, model: Model, kind: OutputKind | None) -> _Half:
    """Make a half ready to be written; what it would be refused for, or would replace, is told now."""
    from graphsurgeon.formats.save import check_saving, choose_kind, existing_outputs

    model, serving = made_servable(model, kind, inputs=(), outputs=())
    if path is not None:
        wanted = kind or choose_kind(model, path)
        check_saving(model, path, wanted)
        found = [] if answer.force or answer.dry_run else existing_outputs(path, wanted)
        if found:
            raise OutputExistsError(found[0])
    return _Half(name, path, model, serving.get("serving", {}).get("notes", []))
