"""A recipe over a fleet of models: one element a model, a manifest of what became of each."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.beam.engine import DIRECT, Engine, LostWorkerError
from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.formats.kinds import OutputKind
from graphsurgeon.formats.linked_shards import Links
from graphsurgeon.names import Names, texts_of
from graphsurgeon.tools.fleet.digests import plain_digest
from graphsurgeon.tools.fleet.manifest import read_manifest, write_manifest
from graphsurgeon.tools.fleet.models import FleetModel, fixed_directory, fleet_models
from graphsurgeon.tools.fleet.one_model import FleetElement, FleetJob, do_model
from graphsurgeon.tools.fleet.records import FleetRecords
from graphsurgeon.tools.fleet.steps import shared_steps
from graphsurgeon.tools.recipe.pipeline import Recipe
from proto_utils import places
from proto_utils.leftovers import set_right
from proto_utils.output import Transaction
from proto_utils.remote.address import is_elsewhere

#: The manifest, in the directory that all outputs have in common.
_MANIFEST = "manifest.jsonl"
#: What workers need to know of a model's row.
_EARLIER = ("digest", "recipe", "outcome", "outputs")


@dataclass(frozen=True)
class FailedModel:
    """A model that failed; the manifest has all that is known of it.

    Attributes
    ----------
    source : str
        Where it is.
    error : str
        The type of the error.
    message : str
        What it says.
    """

    source: str
    error: str
    message: str


@dataclass(frozen=True)
class FleetReport(Displayed):
    """What became of a fleet.

    Attributes
    ----------
    manifest : str
        The file that says it of every model.
    num_models : int
        How many models there are.
    num_done : int
        The recipe was done on them now.
    num_skipped : int
        It was before, and nothing has changed since.
    failed : list of FailedModel
        What failed, and of what.
    outputs : list of str
        Of a dry run: where models would go.
    seconds : float
        How long workers were at models, all together.
    """

    manifest: str
    num_models: int
    num_done: int = 0
    num_skipped: int = 0
    failed: list[FailedModel] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    seconds: float = 0.0


def fleet(  # noqa: PLR0913 -- each is one option
    sources: Names,
    recipe: Recipe,
    output: str | os.PathLike[str],
    *,
    set: Names | Mapping[str, Any] = (),  # noqa: A002 -- as in `run`
    to: OutputKind | None = None,
    manifest: str | os.PathLike[str] | None = None,
    runner: str = DIRECT,
    workers: int = 1,
    beam_options: Names = (),
    links: Links = "hard",
    update_state: bool = False,
    force: bool = False,
    sync: bool = False,
    dry_run: bool = False,
) -> FleetReport:
    """Do the recipe on every model of a fleet, by Apache Beam; what is done and unchanged is skipped.

    A model that fails is written down, and the others go on. Stopped at any point, the same call goes on from there.

    Parameters
    ----------
    sources : str or sequence of str
        Paths of models, or glob patterns of such, with ``**`` for any number of directories.
    recipe : path, or sequence of steps
        As of `run`.
    output : path
        Where each goes: a template in which ``{parent}``, ``{directory}``, ``{name}`` and ``{stem}`` stand for those of
        its source. One that ends in a slash is a directory, in which a model is called after its source; with
        ``to="saved_model"`` the directory itself is the model.
    set : mapping of str to value, or texts
        As of `run`.
    to : str, optional
        As of `save`.
    manifest : path, optional
        JSON lines, one for each model; by default ``manifest.jsonl`` in the directory that all outputs have in common.
        Models of other runs stay in it.
    runner : str
        Beam's runner: ``direct``, on this machine, or any other by its name there.
    workers : int
        Of the direct runner: in how many processes.
    beam_options : str or sequence of str
        Options of Beam's pipelines, ``name=value``.
    links, update_state, force, sync
        As of `save_checkpoint`. Of `force`: outputs that an earlier run wrote are replaced anyway.
    dry_run : bool
        Only tell which models there are and where they would go.

    Returns
    -------
    FleetReport

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        Two models would have one output, an output would replace a source, or one that an earlier run made of another.
    UnsupportedError
        The recipe has a step or an option that does not exist.
    OutputBusyError
        Another run is at work with this manifest.
    ChildProcessError
        The engine failed. What it did until then is kept.
    ModuleNotFoundError
        Beam is not installed.
    """
    output = os.fspath(output)
    steps = shared_steps(recipe, set)
    are_directories = to == "saved_model"
    models = fleet_models(texts_of(sources, "sources"), output, are_directories=are_directories)
    common = fixed_directory(output, are_directories=are_directories)
    place = os.fspath(manifest) if manifest is not None else os.path.join(common, _MANIFEST)
    if is_elsewhere(place):
        hint = 'name a file of this machine: `manifest="m.jsonl"`'
        raise PassError("fleet", f"the manifest cannot be written at {place}", hint=hint, is_usage=True)
    if dry_run:
        return FleetReport(place, len(models), outputs=[model.output for model in models])
    engine = Engine(runner, workers, texts_of(beam_options, "beam_options"))
    engine.check()
    records = FleetRecords.of(place)
    job = FleetJob(
        json.dumps(steps.steps), steps.directory, plain_digest([steps.digest, to]), os.getcwd(), records.directory,
        kind=to, links=links, force=force, update_state=update_state, sync=sync,
    )  # fmt: skip
    with Transaction(place, overwrite=True, sync=sync) as transaction:
        rows = read_manifest(place)
        if not force:
            _refuse_others(models, rows)
        _prepare(models, records, rows, job)
        try:
            _run_all(job, models, rows, records, engine)
        finally:
            # When nothing was begun.
            records.remove_empty()
        report, made = _gathered(place, models, rows, records)
        write_manifest(place, made, transaction)
    records.remove()
    return report


def _refuse_others(models: Sequence[FleetModel], rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse outputs that an earlier run made of other sources."""
    for model in models:
        row = rows.get(model.key)
        if row is None or row["outcome"] != "done" or _is_of(row, model):
            continue
        reason = f"{model.source} would become {model.output}, where an earlier run put {row['source']}"
        raise PassError("fleet", reason, hint="write to another directory; `force=True` replaces it")


def _prepare(
    models: Sequence[FleetModel], records: FleetRecords, rows: dict[str, dict[str, Any]], job: FleetJob
) -> None:
    """Make ready for a run; what one that was stopped left is kept as far as it was done, with this recipe."""
    records.make()
    for model in models:
        row = records.row(model)
        if row is None:
            continue
        if row["outcome"] == "done" and row.get("recipe") == job.recipe:
            # Looked at once more, as if it were in the manifest.
            rows[model.key] = row
        records.forget(model)


def _run_all(
    job: FleetJob,
    models: Sequence[FleetModel],
    rows: Mapping[str, dict[str, Any]],
    records: FleetRecords,
    engine: Engine,
) -> None:
    """Have all models done; what a worker was at when it ended is tried once more, alone."""
    function = functools.partial(do_model, job)
    left = list(models)
    while left:
        try:
            engine.run(function, [_element(model, rows) for model in left])
        except LostWorkerError:
            still = [model for model in left if records.row(model) is None]
            suspects = [model for model in still if records.has_begun(model)]
            if not suspects and len(still) == len(left):
                raise
            for model in suspects:
                _run_alone(function, model, rows, records, engine)
        left = [model for model in left if records.row(model) is None]


def _run_alone(
    function: functools.partial[None],
    model: FleetModel,
    rows: Mapping[str, dict[str, Any]],
    records: FleetRecords,
    engine: Engine,
) -> None:
    """Do one model; when its worker ends again, that is what the model failed of."""
    job: FleetJob = function.args[0]
    try:
        engine.run(function, [_element(model, rows)])
    except LostWorkerError as error:
        # What the worker left of the output goes.
        set_right(places.join(job.directory, model.output))
        facts = {"type": "LostWorkerError", "message": f"{error}, twice; it may have run out of memory"}
        row = {"source": model.source, "output": model.output, "digest": None, "recipe": job.recipe}
        records.finish(
            model, {**row, "outcome": "failed", "outputs": [], "report": None, "error": facts, "seconds": 0.0}
        )


def _element(model: FleetModel, rows: Mapping[str, dict[str, Any]]) -> FleetElement:
    row = rows.get(model.key)
    earlier = {name: row.get(name) for name in _EARLIER} if row is not None and _is_of(row, model) else None
    return model.source, model.output, earlier


def _is_of(row: Mapping[str, Any], model: FleetModel) -> bool:
    return places.abspath(row["source"]) == places.abspath(model.source)


def _gathered(
    place: str, models: Sequence[FleetModel], rows: Mapping[str, dict[str, Any]], records: FleetRecords
) -> tuple[FleetReport, list[dict[str, Any]]]:
    """Return the report, and the lines of the manifest."""
    made = dict(rows)
    counts = {"done": 0, "skipped": 0}
    failed = []
    seconds = 0.0
    for model in models:
        row = records.row(model)
        if row is None:
            raise ChildProcessError(f"the engine ended without a word on {model.source}")
        seconds += row["seconds"]
        if row["outcome"] == "failed":
            failed.append(FailedModel(model.source, row["error"]["type"], row["error"]["message"]))
        else:
            counts[row["outcome"]] += 1
        if row["outcome"] != "skipped":
            made[model.key] = row
    report = FleetReport(place, len(models), counts["done"], counts["skipped"], failed, seconds=round(seconds, 4))
    return report, list(made.values())
