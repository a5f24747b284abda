"""Do the steps of a recipe: passes, transforms and edits of a model, with one write at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import kind_at
from graphsurgeon.cli.output import count, emit_line, in_flags, written_lines
from graphsurgeon.cli.reports import show_tables, summarize
from graphsurgeon.cli.serving import made_servable, serving_lines
from graphsurgeon.formats.kinds import OUTPUT_KINDS, OutputKind
from graphsurgeon.formats.saved import Saved

if TYPE_CHECKING:
    from graphsurgeon.tools.recipe.pipeline import RunReport


@click.command("run", cls=Verb)
@options.source
@click.option("--recipe", metavar="FILE", required=True, help="The steps, in YAML or JSON.")
@click.option(
    "--set", multiple=True, metavar="NAME=VALUE", help="What ${NAME} in the options of the recipe stands for."
)
@click.option("--stop-after", metavar="STEP", help="The last step to be done: its number, or its name.")
@click.option("--record", is_flag=True, help="Put into DST what was done: steps, version, digests of SRC.")
@click.option("--print", "prints", is_flag=True, help="Print the recipe with its values filled in, and do nothing.")
@options.output_option("File, prefix of the checkpoint, or directory to write.")
@click.option(
    "--to", "output_kind", type=click.Choice(OUTPUT_KINDS), help="What to write; else what the model asks for."
)
@options.tags
@options.checkpoint
@options.drop_values
@options.update_state
@options.links
@click.option("--explain", is_flag=True, help="Show the whole reports of all steps as tables.")
@options.rows
@options.common("dry_run", "force", "sync", "json", "quiet")
def command(source: str, recipe: str, output: str | None, output_kind: OutputKind | None, **given: Any) -> None:
    """Do the steps of a recipe: passes, transforms and edits of a model, with one write at the end.

    A recipe is a list of steps, each a verb with its options, with underscores; nodes of a verb are its option nodes,
    paths are relative to the recipe. All of it is checked before SRC is read, and all of it is done, or nothing.

    \b
    - set-inputs: {set: {phase_train: false}}
    - prune: {outputs: "${output}"}
    - unfreeze
    """  # noqa: D301 -- click takes the backspace for "do not wrap what follows"
    from graphsurgeon.formats.load import load
    from graphsurgeon.tools.recipe.pipeline import Pipeline

    pipeline = Pipeline(recipe, set=given.pop("set"), stop_after=given.pop("stop_after"))
    record, where = given.pop("record"), {key: given.pop(key) for key in ("tags", "checkpoint")}
    if given.pop("prints"):
        emit_line(str(pipeline))
        return
    answer = Answer("run", output, given)
    model = load(source, tags=options.split_tags(where["tags"]), checkpoint=where["checkpoint"])
    output_kind = kind_at(output, output_kind, model)
    report = pipeline.run(model, record=record, in_graph=_is_graph_def(output_kind, output))
    model, serving = made_servable(model, output_kind, inputs=(), outputs=())
    _finish(answer, source, report, answer.save(model, output_kind) if output is not None else Saved(), serving)


def _is_graph_def(kind: OutputKind | None, path: str | None) -> bool:
    """Whether a GraphDef may be written, which has no collections."""
    return kind in ("graph_def", "graph_def_text") or (kind is None and (path or "").endswith((".pb", ".pbtxt")))


def _finish(answer: Answer, source: str, report: RunReport, saved: Saved, serving: dict[str, Any]) -> None:
    facts, told = report.to_json(), dict[str, dict[str, Any]]()
    lines = []
    for number, each in enumerate(report.steps, 1):
        found = each.report.to_json()
        if "notes" in found:
            found["notes"] = list(map(in_flags, found["notes"]))
        told[f"{number} {each.step.name}: "] = found
        lines += [f"{number} {each.step.name}", *(f"  {line}" for line in summarize(found))]
    if answer.explain and not answer.as_json:
        show_tables(told)
    if report.num_left_out:
        lines.append(f"left out: {count(report.num_left_out, 'step')}")
    lines += [*serving_lines(serving), *written_lines(saved, saved.linked)]
    notes = [] if serving else saved.notes
    written = {"outputs": saved, "linked": saved.linked, "notes": notes}
    answer.finish({"source": source, **written, **facts, **serving}, lines, is_asked_for=answer.explain)
