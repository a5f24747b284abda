"""The models of a fleet: glob patterns of sources, and a template of outputs.

============== ==================================== ========================
in a template  stands for                           of ``models/a/frozen.pb``
============== ==================================== ========================
``{parent}``   the directory's name                 ``a``
``{directory}`` the directory, as it was given      ``models/a``
``{name}``     the file's name                      ``frozen.pb``
``{stem}``     that without its suffix              ``frozen``
============== ==================================== ========================
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence

from graphsurgeon.errors import PassError, did_you_mean, near_names
from proto_utils import places
from proto_utils.errors import NotFoundError
from proto_utils.named_tuple import NamedTuple
from proto_utils.places import is_directory_name

_FIELD = re.compile(r"\{([^{}]*)\}")
_FIELDS = ("parent", "directory", "name", "stem")
_INDEX = ".index"
_SUFFIXES = (".pb", ".pbtxt", ".prototxt", ".meta", _INDEX)


class FleetModel(NamedTuple):
    """One model of a fleet: where it is, and where what is made of it goes.

    An output that ends in a slash is a directory, in which it is called after its source.
    """

    source: str
    output: str

    @property
    def key(self) -> str:
        """What tells it apart from all others: the place of its output."""
        is_within = is_directory_name(self.output)
        return os.path.normpath(os.path.join(self.output, stem_of(self.source)) if is_within else self.output)


def fleet_models(sources: Sequence[str], output: str, *, are_directories: bool = False) -> list[FleetModel]:
    """Return the models that patterns name, sorted by pattern and path, each once, with their outputs.

    With `are_directories` an output that is a directory is one model's, as a SavedModel is.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        The template has other fields than there are, two models would have one output, or an output is a source.
    """
    for field in _FIELD.findall(output):
        if field not in _FIELDS:
            known = ", ".join(f"{{{each}}}" for each in _FIELDS)
            hint = did_you_mean(near_names(field, _FIELDS)) or f"there are {known}"
            raise PassError("fleet", f"no field {{{field}}} for an output", hint=hint, is_usage=True)
    found = dict.fromkeys(path for pattern in sources for path in _matching(pattern))
    models = [FleetModel(path, _filled_in(output, path)) for path in found]
    _refuse_clashes(models, are_directories=are_directories)
    return models


def stem_of(path: str) -> str:
    """Return what a model is called: its file's name without the suffix, which a prefix such as m.ckpt-100 has not."""
    name = os.path.basename(path.rstrip("/"))
    stem, suffix = os.path.splitext(name)
    return stem if suffix in _SUFFIXES else name


def fixed_directory(output: str, *, are_directories: bool = False) -> str:
    """Return the directory that the outputs of a template have in common; "" is the current one.

    `are_directories` is that of `fleet_models`: an output is not in itself.
    """
    fixed = output.partition("{")[0]
    return os.path.dirname(fixed.rstrip("/") if are_directories and fixed == output else fixed)


def _matching(pattern: str) -> Iterator[str]:
    """Yield the paths that match; a pattern of prefixes of checkpoints matches those whose index does."""
    if not glob.has_magic(pattern) or places.lexists(pattern):
        yield pattern
        return
    paths = sorted(places.glob(pattern))
    if not paths:
        paths = [path.removesuffix(_INDEX) for path in sorted(places.glob(pattern + _INDEX))]
    if not paths:
        raise NotFoundError("model", pattern, (), hint="a pattern such as 'models/*/frozen.pb' in quotes")
    yield from paths


def _filled_in(template: str, path: str) -> str:
    directory, name = os.path.split(path.rstrip("/"))
    values = {
        "parent": os.path.basename(os.path.abspath(directory)),
        "directory": directory or os.curdir,
        "name": name,
        "stem": stem_of(path),
    }
    return _FIELD.sub(lambda found: values[found[1]], template)


def _refuse_clashes(models: Sequence[FleetModel], *, are_directories: bool) -> None:
    """Refuse outputs that would replace each other, or a model that is still to be read."""
    owners: dict[str, FleetModel] = {}
    for model in models:
        other = owners.setdefault(places.abspath(model.output if are_directories else model.key), model)
        if other is not model:
            reason = f"{other.source} and {model.source} would both become {model.output}"
            hint = "a template tells them apart by {directory}, {parent}, {name} or {stem}"
            raise PassError("fleet", reason, hint=hint, is_usage=True)
    by_place = {places.abspath(model.source): model for model in models}
    for model in models:
        other_model = by_place.get(places.abspath(model.output))
        if other_model is not None:
            raise own_output(model.source, other_model.source)


def own_output(source: str, replaced: str) -> PassError:
    """Return the error of an output that would replace a model of the fleet."""
    reason = f"{source} would become its own output, and be done again and again"
    if source != replaced:
        reason = f"{source} would replace {replaced}, which is to be read itself"
    return PassError("fleet", reason, hint="write to another directory", is_usage=True)
