"""Write a page for a browser that shows a model, what differs from another one, or what unfreeze would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import check_file
from graphsurgeon.cli.output import count, note_lines
from proto_utils import places

if TYPE_CHECKING:
    from graphsurgeon.tools.report.report import PageReport


@click.command("report", cls=Verb)
@options.source
@options.output_option("HTML file to write: one file, which needs no network.", "PAGE")
@click.option("--svg", metavar="PICTURE", help="Draw the graph as SVG, by the Chromium on PATH.")
@click.option("--png", metavar="PICTURE", help="Draw the graph as PNG, by the Chromium on PATH.")
@click.option("--scope", metavar="SCOPE", help="Draw this scope alone, such as a/b of a/b/Conv2D.")
@click.option("--against", metavar="OTHER", help="Another model: draw what diff finds between the two.")
@click.option("--plan", type=click.Choice(["unfreeze"]), help="Draw what unfreeze would make of SRC.")
@options.tags
@click.option("--no-values", "values", is_flag=True, flag_value=False, default=True, help="Read no values of weights.")
@options.common("dry_run", "force", "sync", "json", "quiet")
def command(source: str, output: str | None, tags: str | None, **given: Any) -> None:
    """Write a page for a browser that shows a model: its graph to be unfolded and searched, its weights, what differs.

    Scopes and functions unfold; a node shows its attrs, inputs, consumers and shapes, a weight its role, the evidence
    for that, and a histogram; loops, collections, signatures and saver have views of their own. With --against, what
    only SRC has is drawn as removed, what only OTHER has as added, as diff says it. Whatever the page leaves out for
    its size it says.

    With --svg and --png it is drawn into a file as the page draws it, for which a Chromium or Chrome must be installed:
    one on PATH, or the program that GRAPHSURGEON_CHROMIUM names. PAGE may be left out then.
    """
    from graphsurgeon.tools.report.report import report

    check_file(output, "model.html")
    check_file(given["svg"], "model.svg")
    check_file(given["png"], "model.png")
    # Where nothing is to be written, nothing says what would be.
    written = [path for path in (output, given["svg"], given["png"]) if path is not None]
    if not written:
        raise click.UsageError("nothing says what to write: give -o, --svg or --png")
    answer = Answer("report", written[0], given)
    how: dict[str, Any] = {"force": answer.force, "sync": answer.sync, "dry_run": answer.dry_run}
    found = report(source, output, tags=options.split_tags(tags), **how, **given)
    facts = {"source": source, **found.to_json()}
    if answer.dry_run:
        answer.plan([path for path in found.outputs if places.lexists(path)], found.outputs)
        facts["outputs"] = []
    answer.finish(facts, _lines(found, is_written=not answer.dry_run))


def _lines(found: PageReport, *, is_written: bool) -> Iterator[str]:
    yield from found.differences or ()
    yield from found.plan or ()
    yield from note_lines(found.notes)
    what = [count(found.nodes, "node"), count(found.functions, "function"), count(found.weights, "weight")]
    for path in found.outputs if is_written else ():
        yield f"wrote {path} ({', '.join(what)})"
