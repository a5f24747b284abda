"""The names of Keras's weights in HDF5 files, which are made of layers' names.

============================  ==========================================================  ==========================
file                          says                                                        name
============================  ==========================================================  ==========================
``.weights.h5``, ``.keras``   ``layers/dense_1/vars`` has an attribute: name = "head"     ``head/0``
nested                        ``layers/sequential/layers/dense/vars`` in ``inner``, "d1"  ``inner/d1/0``
``.h5`` of Keras 1 and 2      ``conv/conv/kernel:0``, and in ``weight_names``             ``conv/kernel``
============================  ==========================================================  ==========================

Groups of the new layout are called after attributes and classes, which are counted, so that another model has the same
ones for other layers; names are the layers' own. A weight there has a number and no name. Where two would get the same
name, both keep the paths of their datasets. Source: Keras's ``saving_lib.py`` and ``legacy_h5_format.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal

#: What Keras's weights are called: by their layers, or by the paths of their datasets.
KerasNames = Literal["layers", "paths"]

_VARS = "vars"
_WEIGHT_NAMES = "weight_names"
_OUTPUT = ":0"


def names_of(file: Any, places: Iterable[str]) -> dict[str, str]:
    """Return the names of datasets by their paths in an open file; of one that is not Keras's, the paths.

    `file` maps the paths of groups to groups, which have `attrs`.
    """
    places = list(places)
    found = dict(_by_layer(file, places)) | dict(_by_weight_name(file, places))
    if not found:
        return dict(zip(places, places, strict=True))
    names = {place: found.get(place, place.removesuffix(_OUTPUT)) for place in places}
    counts = Counter(names.values())
    return {place: name if counts[name] == 1 else place for place, name in names.items()}


def group_names(file: Any, place: str) -> list[str] | None:
    """Return the names of the layers that a weight of the new layout is in, None of a dataset of another layout."""
    parts = place.split("/")
    if len(parts) < 2 or parts[-2] != _VARS:
        return None
    scopes = ["/".join(parts[:count]) for count in range(1, len(parts) - 1)]
    found = [_name(file, scope) for scope in scopes]
    names = [name for name in found if name is not None]
    return names or [_attribute(file, _VARS) or _VARS]


def _by_layer(file: Any, places: Iterable[str]) -> Iterator[tuple[str, str]]:
    for place in places:
        names = group_names(file, place)
        if names is not None:
            yield place, "/".join([*names, place.rpartition("/")[2]])


def _name(file: Any, scope: str) -> str | None:
    """Return the name of the layer that a group is, None of one that only holds others."""
    group = f"{scope}/{_VARS}"
    if scope.rpartition("/")[2] == _VARS or group not in file:
        return None
    return _attribute(file, group) or scope.rpartition("/")[2]


def _attribute(file: Any, group: str) -> str | None:
    value = file[group].attrs.get("name") if group in file else None
    return _text(value) if isinstance(value, str | bytes) else None


def _by_weight_name(file: Any, places: Iterable[str]) -> Iterator[tuple[str, str]]:
    known: dict[str, set[str]] = {}
    for place in places:
        parts = place.split("/")
        for count in range(len(parts)):
            scope, rest = "/".join(parts[:count]), "/".join(parts[count:])
            if scope not in known:
                known[scope] = set(weight_names(file[scope] if scope else file))
            if rest in known[scope]:
                yield place, rest.removesuffix(_OUTPUT)
                break


def weight_names(group: Any) -> list[str]:
    """Return the weights that a group of the old layout lists, in several attributes where they are many."""
    attrs = getattr(group, "attrs", {})
    keys = sorted((key for key in attrs if key.startswith(_WEIGHT_NAMES)), key=lambda key: (len(key), key))
    return [_text(name) for key in keys for name in attrs[key]]


def _text(value: str | bytes) -> str:
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)
