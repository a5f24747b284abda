"""Weights as Keras reads them with ``load_weights``: HDF5 files in the layout of a model.

::

    /layers/dense/vars             name = "head"            the attribute is the layer's name
    /layers/dense/vars/0           float32 [64, 10]

The layout is that of a file which Keras saved (`like`: a ``.weights.h5``, a ``.keras``, or an older ``.h5``), or what
the object graph of the checkpoint tells. Everything of the file but its values is copied, also the configuration in
older ones.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.formats.arrays import hdf5, keras_archive
from graphsurgeon.formats.arrays.keras_graph import layout_of_graph
from graphsurgeon.formats.arrays.keras_like import WeightPlace, keys_of_places
from graphsurgeon.formats.arrays.keras_names import group_names, names_of
from graphsurgeon.formats.arrays.keras_objects import layout_of_objects
from graphsurgeon.formats.arrays.plan import FormMember, Planned, plan_forms
from graphsurgeon.ir.graph import Graph
from graphsurgeon.names import some_of
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_names import COPY, object_names
from graphsurgeon.variables.optimizer_state import optimizer_state
from proto_utils.named_tuple import NamedTuple
from proto_utils.output import Transaction

_MAX_TOLD = 5
_NEW_SUFFIX = ".weights.h5"


class Attribute(NamedTuple):
    """An attribute of a group, and its type in the file: Keras 2 of TensorFlow 1 reads text of ASCII alone as bytes."""

    value: Any
    dtype: Any = None  # h5py's choice for the value


Attributes = dict[str, dict[str, Attribute]]


class KerasPlan(Planned):
    """The weights, and the attributes of groups by path."""

    def __init__(self, members: Sequence[FormMember], attributes: Attributes) -> None:
        super().__init__(members)
        self.attributes = attributes


def plan(
    tensors: Mapping[str, Tensor],
    *,
    like: str | os.PathLike[str] | None = None,
    path: str | None = None,
    graph: Graph | None = None,
) -> KerasPlan:
    """Return what `write` is to write; to which path matters too, for Keras tells layouts by names of files.

    `graph` has the variables; where neither a file nor an object graph tells the layout, it does.

    Raises
    ------
    PassError
        The layout is not known, a weight of it has no tensor, or a variable has no place in it.
    UnsupportedError, LimitError
        A value that HDF5 cannot hold.
    """
    if like is not None:
        keys, attributes, notes = _like(tensors, os.fspath(like))
    elif tensors and all(_is_place(key) for key in tensors):
        keys, attributes, notes = {key: key for key in tensors}, {}, []
    else:
        keys, attributes, notes = _by_layout(tensors, graph)
    if path is not None:
        _check_suffix(path, is_new=any(_is_place(each) for each in keys))
    chosen = {place: tensors[key] for place, key in keys.items()}
    members = plan_forms({place: place for place in chosen}, chosen)
    made = KerasPlan([replace(member, name=keys[member.path]) for member in members], attributes)
    made.skipped, made.notes = _left_over(tensors, set(keys.values())), notes
    return made


def write(members: KerasPlan, path: str, *, overwrite: bool, sync: bool = False) -> list[str]:
    """Write a file; it appears when it is complete."""

    def attributes(file: Any) -> None:
        for group, values in members.attributes.items():
            target = file.require_group(group) if group else file
            for key, each in values.items():
                target.attrs.create(key, each.value, dtype=each.dtype)

    with Transaction(path, overwrite=overwrite, sync=sync) as transaction:
        hdf5.write_members(transaction.create_named(path), members, path, before=attributes)
    return [path]


def _check_suffix(path: str, *, is_new: bool) -> None:
    """Refuse a name by which `load_weights` would look for the other layout."""
    if path.lower().endswith(_NEW_SUFFIX) == is_new:
        return
    if is_new:
        reason = f"load_weights takes {path} for weights in the layout of Keras 2, and this is that of Keras 3"
        raise PassError("export", reason, hint=f"end its name in {_NEW_SUFFIX}, or take the layout of an older .h5")
    reason = f"load_weights takes {path} for weights in the layout of Keras 3, and this is that of Keras 2"
    raise PassError(
        "export", reason, hint=f"end its name in .h5, without {_NEW_SUFFIX.removesuffix('.h5')!r} before it"
    )


def _is_place(key: str) -> bool:
    scope, _, last = f"/{key}".rpartition("/")
    return scope.endswith("/vars") and last.isdecimal()


def _by_layout(tensors: Mapping[str, Tensor], graph: Graph | None) -> tuple[dict[str, str], Attributes, list[str]]:
    """Return keys by path, and attributes, as the object graph tells, or else the graph that has the variables."""
    if graph is None or OBJECT_GRAPH_KEY in tensors:
        layout = layout_of_objects(tensors)
    else:
        layout = layout_of_graph(graph, tensors)
    attributes: Attributes = {
        f"{group}/vars".lstrip("/"): {"name": Attribute(name)} for group, name in layout.names.items()
    }
    guessed = [f"{name} is {'an' if word[0] in 'aeiou' else 'a'} {word}" for name, word in layout.guessed.items()]
    note = f"load_weights says so where a layer is of another class than guessed: {some_of(guessed, _MAX_TOLD)}"
    return layout.keys, attributes, [note] if guessed else []


def _like(tensors: Mapping[str, Tensor], like: str) -> tuple[dict[str, str], Attributes, list[str]]:
    """Return keys by path, and attributes, in the layout of a file."""
    is_archive = keras_archive.is_archive(like)
    file = hdf5.open_file(keras_archive.open_weights(like) if is_archive else like, like)
    try:
        datasets = dict(hdf5.datasets_of(file, like))
        names = names_of(file, datasets)
        places = [
            WeightPlace(path, names[path], "/".join(group_names(file, path) or ()), tuple(dataset.shape or ()))
            for path, dataset in sorted(datasets.items(), key=lambda item: (len(item[0]), item[0]))
        ]
        keys = keys_of_places(places, tensors)
        missing = [place for place in places if place.path not in keys]
        lacking = [f"{place.name} {list(place.shape)}" for place in missing if not place.is_of_optimizer]
        if lacking:
            reason = (
                f"{len(lacking):,} of {len(places):,} weights of {like} have no tensor: {some_of(lacking, _MAX_TOLD)}"
            )
            hint = "rename gives tensors the names of layers; import FILE shows what its weights are called"
            raise PassError("export", reason, hint=hint, listed=lacking)
        without = any(place.is_of_optimizer for place in missing)
        kept = {place.path: keys[place.path] for place in places if not (without and place.is_of_optimizer)}
        note = f"without the state of the optimizer, of which the checkpoint has not all that {like} has"
        attributes = _attributes(file, lambda group: without and group.split("/")[0].startswith("optimizer"))
        return kept, attributes, [note] if without else []
    finally:
        file.close()


def _attributes(file: Any, is_left_out: Callable[[str], bool]) -> Attributes:
    """Return the attributes of all groups of a file."""

    def attributes(attrs: Any) -> dict[str, Attribute]:
        return {key: Attribute(value, attrs.get_id(key).dtype) for key, value in attrs.items()}

    found: Attributes = {"": attributes(file.attrs)}

    def visit(name: str, item: Any) -> None:
        if hasattr(item, "keys") and not is_left_out(name):
            found[name] = attributes(item.attrs)

    file.visititems(visit)
    return found


def _left_over(tensors: Mapping[str, Tensor], used: set[str]) -> list[Skipped]:
    """Return what is not written: the state of optimizers, twins, numbers; other variables are refused."""
    known = object_names(tensors)
    names = {} if known is None else known.names
    state = optimizer_state(tensors).reasons
    found, lost = [], []
    for key, tensor in tensors.items():
        if key in used or key == OBJECT_GRAPH_KEY:
            continue
        if names.get(key, "").startswith(COPY):
            found.append(Skipped(key, "a twin of another variable"))
        elif key in state or key.startswith("optimizer/"):
            found.append(Skipped(key, state.get(key, "of an optimizer")))
        elif math.prod(tensor.shape) == 1 or not tensor.dtype.is_floating:
            found.append(Skipped(key, "no weight of a layer"))
        else:
            lost.append(key)
    if lost:
        reason = f"{len(lost):,} variables have no place in that layout: {some_of(lost, _MAX_TOLD)}"
        raise PassError("export", reason, hint="`exclude` leaves them out", listed=lost)
    return found
