"""One model of a fleet: what a worker does with it, and the row that it writes about that.

A worker may end anywhere and another one take its place: a model that is done is not done again, and an output that
stands without a row is written anew, since a mark says whose it is.
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.kinds import OutputKind
from graphsurgeon.formats.linked_shards import Links
from graphsurgeon.formats.load import load
from graphsurgeon.formats.save import choose_kind, existing_outputs, save
from graphsurgeon.formats.state_file import FILE_NAME
from graphsurgeon.ir.model import Model
from graphsurgeon.tools.fleet.digests import files_of_model, source_digest
from graphsurgeon.tools.fleet.models import FleetModel, own_output, stem_of
from graphsurgeon.tools.fleet.records import FleetRecords
from graphsurgeon.tools.recipe.pipeline import Pipeline
from proto_utils import places
from proto_utils.errors import OutputExistsError
from proto_utils.places import is_directory_name

_SUFFIXES: Mapping[str, str] = {
    "checkpoint": ".ckpt", "graph_def": ".pb", "graph_def_text": ".pbtxt", "meta_graph": ".meta",
    "meta_graph_text": ".pbtxt",
}  # fmt: skip


_GRAPHS = (".pb", ".pbtxt", ".prototxt")


@dataclass(frozen=True)
class FleetJob:
    """What is done to every model of a fleet; workers get it as a pickle.

    Attributes
    ----------
    steps : str
        The recipe, parameters filled in, as JSON.
    steps_directory : str
        Where paths in it are relative to.
    recipe : str
        Its digest: with the same, a model that is unchanged is not done again.
    directory : str
        Where the paths of models are relative to.
    records : str
        The directory of `FleetRecords`.
    kind, links, force, update_state, sync
        As of `graphsurgeon.save`.
    """

    steps: str
    steps_directory: str
    recipe: str
    directory: str
    records: str
    kind: OutputKind | None = None
    links: Links = "hard"
    force: bool = False
    update_state: bool = False
    sync: bool = False


#: A model, and its row in the manifest: source, output, row.
FleetElement = tuple[str, str, "dict[str, Any] | None"]


def do_model(job: FleetJob, element: FleetElement) -> None:
    """Do the recipe on one model, and write its row, which says what it failed of if it did.

    Errors are those of writing the row alone, an OSError.
    """
    model, earlier = FleetModel(*element[:2]), element[2]
    records = FleetRecords(job.records)
    if records.row(model) is not None:
        return
    records.begin(model)
    start = time.perf_counter()
    row: dict[str, Any] = {"source": model.source, "output": model.output, "digest": None, "recipe": job.recipe}
    row |= {"outcome": "failed", "outputs": [] if earlier is None else earlier["outputs"], "report": None}
    try:
        row |= _done(job, model, earlier, records) | {"error": None}
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is this model's, and the others go on
        row["error"] = error_facts(error)
    row["seconds"] = round(time.perf_counter() - start, 4)
    records.finish(model, row)


def error_facts(error: BaseException) -> dict[str, Any]:
    """Return what a row says of an error: type, message, and hint where there is one."""
    message = error.message if isinstance(error, GraphSurgeonError) else str(error)
    hint = getattr(error, "hint", None)
    return {"type": type(error).__name__, "message": message, **({} if hint is None else {"hint": hint})}


def _done(
    job: FleetJob, fleet_model: FleetModel, earlier: dict[str, Any] | None, records: FleetRecords
) -> dict[str, Any]:
    """Return what a row says of a model that is done; of one that was and is unchanged, that it was skipped."""
    source = places.join(job.directory, fleet_model.source)
    digest = source_digest(source)
    if earlier is not None and _is_unchanged(earlier, digest, job):
        return {"digest": digest, "outcome": "skipped"}
    model = load(source)
    report = _pipeline(job.steps, job.steps_directory).run(model)
    path, kind = place_of(places.join(job.directory, fleet_model.output), fleet_model.source, model, job.kind)
    places.look_again(path)
    existing = existing_outputs(path, kind)
    _refuse_source(existing, source, fleet_model)
    if not job.force and not records.is_saving(fleet_model):
        _refuse_others(existing, earlier, job.directory)
    records.begin_saving(fleet_model)
    how: dict[str, Any] = {"links": job.links, "update_state": job.update_state, "sync": job.sync}
    saved = save(model, path, to=kind, force=True, **how)
    # The state file is that of a directory, which may be of several models.
    outputs = [_stamp(each, job.directory) for each in saved if os.path.basename(each) != FILE_NAME]
    facts = {**report.to_json(), "notes": saved.notes}
    return {"digest": digest, "outcome": "done", "outputs": outputs, "report": facts}


@functools.lru_cache(maxsize=4)
def _pipeline(steps: str, directory: str) -> Pipeline:
    """Return the steps ready to run, which are the same for all models that a process comes to."""
    return Pipeline(json.loads(steps), directory=directory)


def place_of(output: str, source: str, model: Model, kind: OutputKind | None) -> tuple[str, OutputKind]:
    """Return where a model goes, and as what; in a directory it is called after its source.

    A SavedModel that is asked for is the directory itself, which `fleet_models` sees to that only one model has.
    """
    if not is_directory_name(output):
        kind = kind or choose_kind(model, output)
        return output, kind
    if kind == "saved_model":
        return output, kind
    if kind is None:
        kind = "saved_model" if model.saved_model is not None else choose_kind(model, "x")
    stem = stem_of(source)
    if kind == "saved_model":
        return os.path.join(output, stem, ""), kind
    # What was a checkpoint keeps its name, whatever it is called.
    is_same = kind == "checkpoint" and not source.endswith(_GRAPHS)
    return os.path.join(output, stem if is_same else stem + _SUFFIXES[kind]), kind


def _is_unchanged(row: Mapping[str, Any], digest: str, job: FleetJob) -> bool:
    """Whether a model was done, with this recipe, and nothing has changed since."""
    is_same = row["outcome"] == "done" and row.get("digest") == digest and row.get("recipe") == job.recipe
    return is_same and bool(row["outputs"]) and all(_stands(each, job.directory) for each in row["outputs"])


def _refuse_source(existing: Sequence[str], source: str, model: FleetModel) -> None:
    """Refuse to replace the source, whoever asks for it: the next run would take what this one made of it."""
    outputs = [os.path.join(places.realpath(path), "") for path in existing]
    files = [os.path.join(places.realpath(path), "") for path in files_of_model(detect(source))]
    if any(file.startswith(output) for file in files for output in outputs):
        raise own_output(model.source, model.source)


def _refuse_others(existing: Sequence[str], earlier: Mapping[str, Any] | None, directory: str) -> None:
    """Refuse to replace what no earlier run wrote, or what somebody changed since."""
    own = [] if earlier is None else earlier["outputs"]
    for path in existing:
        # Of a SavedModel the directory stands there.
        place = os.path.join(path, "")
        parts = [each for each in own if os.path.join(places.join(directory, each["path"]), "").startswith(place)]
        if not parts or not all(_stands(each, directory) for each in parts):
            raise OutputExistsError(path)


def _stamp(path: str, directory: str) -> dict[str, Any]:
    """Return what tells whether an output was changed; a path below the directory is relative to it."""
    nbytes, mtime_ns, version = places.version(path)
    name = os.path.relpath(path, directory) if path.startswith(os.path.join(directory, "")) else path
    return {"path": name, "nbytes": nbytes, "mtime_ns": mtime_ns, **({"version": version} if version else {})}


def _stands(stamp: Mapping[str, Any], directory: str) -> bool:
    """Whether an output is as it was written."""
    try:
        found = places.version(places.join(directory, stamp["path"]))
    except (OSError, ValueError):
        # Anybody may have written the manifest: a path that none can be is a ValueError.
        return False
    return found == (stamp["nbytes"], stamp["mtime_ns"], stamp.get("version", ""))
