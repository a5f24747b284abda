"""The verb of the one pass that makes two models of one: ``split SRC --at TENSOR --front F --back B``."""

from __future__ import annotations

import copy
import os
from typing import Any

import click

from graphsurgeon import passes
from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.output import emit_line, emit_table, in_flags, written_lines
from graphsurgeon.cli.pass_verb import click_option
from graphsurgeon.cli.reports import explain, summarize
from graphsurgeon.cli.serving import made_servable
from graphsurgeon.formats.kinds import OUTPUT_KINDS, OutputKind
from graphsurgeon.options import description_of, options_of


def command_of(name: str) -> click.Command:
    """Make the verb; everything but its two outputs is in the signature and docstring of its function."""
    function = passes.load(name)

    @options.source
    @options.tags
    @options.checkpoint
    @click.option("--front", metavar="DST", help="File, prefix or directory to write the front to.")
    @click.option("--back", metavar="DST", help="The same for the back.")
    @click.option("--to", "kind", type=click.Choice(OUTPUT_KINDS), help="What to write; by default what it asks for.")
    @click.option("--explain", is_flag=True, help="Show the whole report as tables.")
    @options.common("dry_run", "force", "sync", "json", "quiet")
    @options.links
    @options.update_state
    def verb(source: str, front: str | None, back: str | None, kind: OutputKind | None, **given: Any) -> None:
        from graphsurgeon.formats.load import load

        answer = Answer(name, front, given)
        if back is None and not answer.dry_run:
            raise click.UsageError("nothing says where to write the back: give --back, or --dry-run to write nothing")
        if None not in (front, back) and os.path.abspath(front or "") == os.path.abspath(back or ""):
            raise click.UsageError(f"--front and --back are one output: {front}")
        model = load(source, tags=options.split_tags(given.pop("tags")), checkpoint=given.pop("checkpoint"))
        report = function(model, **given)
        halves = [("front", front, model), ("back", back, report.back)]
        for _, path, half in halves:
            _refuse_existing(answer, path, half, kind)
        # What replaces SRC is written last, for the other half reads from it.
        halves.sort(key=lambda each: os.path.abspath(each[1] or "") == os.path.abspath(source))
        facts, lines = report.to_json(), list[str]()
        outputs: dict[str, list[str]] = {}
        for half_name, path, half in halves:
            half, serving = made_servable(half, kind, inputs=(), outputs=())  # noqa: PLW2901 -- the same half, completed
            own = copy.copy(answer)
            own.path = path
            saved = own.save(half, kind) if path is not None else []
            answer.planned += own.planned
            outputs[half_name] = list(saved)
            facts["notes"] += [f"{half_name}: {note}" for note in getattr(saved, "notes", [])]
            facts["notes"] += [f"{half_name}: {note}" for note in serving.get("serving", {}).get("notes", [])]
            lines += written_lines(saved, getattr(saved, "linked", []))
        facts["notes"] = list(map(in_flags, facts["notes"]))
        if answer.explain and not answer.as_json:
            for title, headers, rows in explain(facts):
                emit_table(headers, rows, title=title)
                emit_line("")
        written = {"outputs": [*outputs["front"], *outputs["back"]], **outputs}
        answer.finish({"source": source, **written, **facts}, [*summarize(facts), *lines])

    for option in reversed(list(options_of(function).values())):
        verb = click_option(option)(verb)
    return click.command(name, help=description_of(function))(verb)


def _refuse_existing(answer: Answer, path: str | None, model: Any, kind: OutputKind | None) -> None:
    """Refuse to replace an output before the other one is written."""
    from graphsurgeon.errors import OutputExistsError
    from graphsurgeon.formats.save import choose_kind, existing_outputs

    if path is not None and not answer.force and not answer.dry_run:
        found = existing_outputs(path, kind or choose_kind(model, path))
        if found:
            raise OutputExistsError(found[0])
