"""Write a graph and histograms of its weights as a log for TensorBoard."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import count, note_lines
from proto_utils import places

if TYPE_CHECKING:
    from graphsurgeon.tools.tensorboard import TensorBoardReport


@click.command("tensorboard", cls=Verb)
@options.source
@options.output_option("Directory to write an event file into; what else is in it stays.", "LOGDIR", required=True)
@click.option("--select", multiple=True, metavar="PATTERN", help="Names or patterns of tensors that become histograms.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Names or patterns of tensors to leave out.")
@click.option("--no-graph", "graph", is_flag=True, flag_value=False, default=True, help="Write histograms only.")
@click.option(
    "--no-histograms", "histograms", is_flag=True, flag_value=False, default=True, help="Write the graph only."
)
@options.common("dry_run", "force", "sync", "json", "quiet")
def command(source: str, output: str, **given: Any) -> None:
    """Write a graph and histograms of its weights as a log for TensorBoard.

    Of a directory of checkpoints each becomes a step: by the number that its name ends in, else by a variable that
    counts steps. The graph comes with inferred shapes; of constants over 1,024 bytes, which TensorBoard does not show,
    the values are left out.
    """
    from graphsurgeon.tools.tensorboard import tensorboard

    answer = Answer("tensorboard", output, given)
    how: dict[str, Any] = {"force": answer.force, "sync": answer.sync, "dry_run": answer.dry_run}
    report = tensorboard(source, output, **how, **given)
    if answer.dry_run:
        planned, report = report.outputs, dataclasses.replace(report, outputs=[])
        answer.plan([path for path in planned if places.lexists(path)], planned)
    answer.finish({"source": source, **report.to_json()}, _lines(report))


def _lines(report: TensorBoardReport) -> Iterator[str]:
    yield from note_lines(report.notes)
    yield from note_lines((f"{row.name}: {row.reason}" for row in report.skipped), "skipped")
    what = [] if report.nodes is None else [f"a graph of {count(report.nodes, 'node')}"]
    if report.steps:
        histograms = count(sum(step.tensors for step in report.steps), "histogram")
        what.append(f"{histograms} of {count(len(report.steps), 'step')}")
    for path in report.outputs:
        yield f"wrote {path} ({', '.join(what)})"
