"""Do a recipe on thousands of models, by Apache Beam."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import count, in_flags
from graphsurgeon.formats.kinds import OUTPUT_KINDS

if TYPE_CHECKING:
    from graphsurgeon.beam.fleets import FleetReport

#: The exit code when a model failed: others may not have.
_FAILED = 1
_MAX_SHOWN = 20


@click.command("fleet", cls=Verb)
@click.argument("sources", metavar="SRC...", nargs=-1, required=True)
@click.option("--recipe", metavar="FILE", required=True, help="The steps, in YAML or JSON, as of run.")
@click.option(
    "--set", multiple=True, metavar="NAME=VALUE", help="What ${NAME} in the options of the recipe stands for."
)
@options.output_option(
    "Where each model goes: {parent}, {directory}, {name} and {stem} are those of its SRC. One that ends in a slash is "
    "a directory, in which a model is called after its SRC.",
    required=True,
)
@click.option("--to", type=click.Choice(OUTPUT_KINDS), help="What to write; else what a model asks for.")
@click.option(
    "--manifest", metavar="FILE", help="Where it is said what became of each; by default manifest.jsonl above DST."
)
@click.option("--runner", default="direct", metavar="NAME", help="Beam's runner: direct, FlinkRunner, SparkRunner ...")
@click.option(
    "--workers", type=click.IntRange(1), default=1, metavar="N", help="Of the direct runner: in how many processes."
)
@click.option(
    "--beam-option", "beam_options", multiple=True, metavar="NAME=VALUE", help="An option of Beam's; repeatable."
)
@options.update_state
@options.links
@options.common("dry_run", "force", "sync", "json", "quiet")
def command(sources: tuple[str, ...], recipe: str, output: str, **given: Any) -> int:
    """Do a recipe on thousands of models, by Apache Beam.

    SRC are paths, or patterns in quotes: 'models/*/frozen.pb'. A line of the manifest says of each model whether it was
    done or failed, and of what; the others go on, and the exit code is 1. Run again, what is done and unchanged is
    skipped; so it goes on, too, where a run was stopped.
    """
    from graphsurgeon.beam.fleets import fleet

    # One process does many models: what is left of them is collected.
    gc.enable()
    answer = Answer("fleet", output, given)
    how: dict[str, Any] = {"links": answer.links, "update_state": answer.update_state, "force": answer.force}
    how |= {"sync": answer.sync, "dry_run": answer.dry_run}
    report = fleet(sources, recipe, output, **how, **given)
    facts = {"sources": [*sources], **report.to_json()}
    answer.planned = facts.pop("outputs")
    facts["worker_seconds"] = facts.pop("seconds")
    answer.finish(facts, () if answer.dry_run else _lines(report))
    return _FAILED if report.failed else 0


def _lines(report: FleetReport) -> Iterator[str]:
    for each in report.failed[:_MAX_SHOWN]:
        yield f"failed {each.source}: {in_flags(each.message)}"
    if len(report.failed) > _MAX_SHOWN:
        yield f"failed: {count(len(report.failed) - _MAX_SHOWN, 'model')} more"
    parts = [f"{report.num_done:,} done"]
    parts += [f"{report.num_skipped:,} unchanged"] if report.num_skipped else []
    parts += [f"{len(report.failed):,} failed"] if report.failed else []
    yield f"{count(report.num_models, 'model')}: {', '.join(parts)}"
    yield f"wrote {report.manifest}"
