"""The files that go along with SavedModels, when their graphs become one.

Two files of one name are one when their bytes are; else the later one gets another name, and the asset that names it
with it. TensorFlow feeds a graph the paths of its assets, so nothing else knows their names. What Keras and debuggers
noted of a model is not true of several, and stays behind.
"""

from __future__ import annotations

import filecmp
from collections.abc import Mapping, Sequence

from graphsurgeon.ir.model import Model, SavedModelParts
from graphsurgeon.meta_graph.assets import rename_assets
from graphsurgeon.names import unique_name
from graphsurgeon.rewrites.joining.meta_graphs import JoinedPart
from proto_utils import schema
from proto_utils.files import BytesSource, Span

_ASSETS, _EXTRA = "assets/", "assets.extra/"


def join_files(model: Model, parts: Sequence[JoinedPart]) -> list[str]:
    """Let the files of all parts go along with a model, which is the first of them; return notes.

    The assets in the meta graphs of the others follow.
    """
    if not any(part.model.saved_model is not None for part in parts):
        return []
    own = model.saved_model or _new_parts()
    files = {name: path for name, path in own.files.items() if name.startswith((_ASSETS, _EXTRA))}
    notes = []
    for part in parts[1:]:
        saved = part.model.saved_model
        if saved is None:
            continue
        new = _add_files(files, saved.files, part.scope)
        if part.model.meta is not None:
            rename_assets(part.model.meta, new)
        notes += [
            f"asset {old!r} is {now!r} now, because another model has one of that name" for old, now in new.items()
        ]
        if saved.num_others:
            notes.append(f"other meta graphs of {part.model.path or 'a SavedModel'} do not come along")
    model.saved_model = own._replace(files=files)
    return notes


def _add_files(files: dict[str, str], more: Mapping[str, str], scope: str) -> dict[str, str]:
    """Add files under names that are free; return the new names of assets, by the old ones, without their folder."""
    new = {}
    for name, path in more.items():
        folder = next((each for each in (_ASSETS, _EXTRA) if name.startswith(each)), None)
        if folder is None or (name in files and filecmp.cmp(path, files[name], shallow=False)):
            continue
        file = name.removeprefix(folder)
        place = name if name not in files else folder + unique_name(f"{scope or 'other'}/{file}", set())
        place = unique_name(place, files)
        files[place] = path
        if place != name and folder == _ASSETS:
            new[file] = place.removeprefix(folder)
    return new


def _new_parts() -> SavedModelParts:
    """Return what goes along with a model that is to be the only one of a SavedModel."""
    records = []
    for message in (
        schema.SavedModel(saved_model_schema_version=1),
        schema.SavedModel(meta_graphs=[schema.MetaGraphDef()]),
    ):
        data = BytesSource(schema.serialize(message))
        records.append(Span(data, 0, data.size))
    return SavedModelParts(tuple(records), 1)
