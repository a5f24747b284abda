"""What an output takes the place of: which files go, and which directories may be replaced as a whole.

A directory is replaced only when everything in it is a SavedModel's, or an array, by its name and by what it is; of the
data files of an older checkpoint only those go that its index knows.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from graphsurgeon.formats.detect import SAVED_MODEL_NAMES, detect
from graphsurgeon.formats.saved_model import FILES, FOLDERS, list_assets
from graphsurgeon.names import some_of
from proto_utils import places
from proto_utils.errors import GraphSurgeonError, OutputExistsError
from proto_utils.opening import open_source

#: What may stand in a SavedModel's folder of variables: the files of a checkpoint, of either version.
_VALUES = re.compile(r"checkpoint|(saved_model_)?variables(\.index|\.data-\d{5}-of-\d{5}|-\d{5}-of-\d{5}|\.meta)?")
_VARIABLES = "variables"
_OWN = frozenset((*SAVED_MODEL_NAMES, "fingerprint.pb", *FILES))
_DEBUG = "debug/saved_model_debug_info.pb"
_SHARD = re.compile(r"(.*)\.data-(\d{5})-of-(\d{5})", re.DOTALL)
_NPY = b"\x93NUMPY"


def require_saved_model(path: str, carried: Mapping[str, str]) -> None:
    """Refuse to replace a directory that holds anything but a SavedModel.

    Parameters
    ----------
    path : str
        Nothing need be there.
    carried : mapping of str to str
        Files that go along into what replaces it, and where they are: what is among them is not lost.

    Raises
    ------
    OutputExistsError
        Something in it, or below it, is no part of one by its name, or its graph is not a SavedModel's.
    """
    if not places.isdir(path) or not places.listdir(path):
        return
    graphs = [name for name in SAVED_MODEL_NAMES if places.isfile(os.path.join(path, name))]
    assets: set[str] = set()
    for name in graphs:
        named = _assets_of(os.path.join(path, name))
        if named is None:
            raise OutputExistsError(path, hint=f"only a SavedModel is replaced, which {name} does not belong to")
        assets |= named
    kept = {places.realpath(source) for source in carried.values()}
    strangers = [
        name
        for name in sorted(os.path.relpath(file, path).replace(os.sep, "/") for file in files_below([path]))
        if not _is_part(name, assets) and places.realpath(os.path.join(path, name)) not in kept
    ]
    if strangers:
        hint = f"only a SavedModel is replaced, and {some_of([*map(repr, strangers)], 1)} is no part of one"
        raise OutputExistsError(path, hint=hint)
    if not graphs:
        raise OutputExistsError(path, hint="only a SavedModel is replaced, and this has no saved_model.pb")


def _assets_of(path: str) -> set[str] | None:
    """Return the assets that a SavedModel's graph names, None of a file that is no SavedModel."""
    with contextlib.suppress(GraphSurgeonError):
        found = detect(path)
        return list_assets(path, is_text=found.is_text) if found.kind == "saved_model" else None
    return None


def _is_part(name: str, assets: Collection[str]) -> bool:
    """Whether a SavedModel has a file of that name: its graph, values, assets that the graph names, notes."""
    folder, _, rest = name.partition("/")
    if folder == _VARIABLES and rest:
        return _VALUES.fullmatch(rest) is not None
    if folder == FOLDERS[0] and rest:
        return rest in assets
    return name in _OWN or name == _DEBUG or name in (_VARIABLES, *FOLDERS)


def require_arrays(path: str) -> None:
    """Refuse to replace a directory in which is anything but arrays in ``.npy`` files; OutputExistsError names it."""
    for file in files_below([path]):
        if not file.endswith(".npy") or not _is_array(file):
            raise OutputExistsError(path, hint=f"only a directory of .npy files is replaced, and {file!r} is not one")


def _is_array(path: str) -> bool:
    if places.islink(path):
        return False
    with contextlib.suppress(OSError, GraphSurgeonError), contextlib.closing(open_source(path)) as source:
        return source.size >= len(_NPY) and source.read(0, len(_NPY)) == _NPY
    return False


def files_below(paths: Iterable[str]) -> Iterator[str]:
    """Yield files, and of directories all that is below: files, links, and directories in which nothing is."""
    for path in paths:
        if not places.isdir(path) or places.islink(path):
            yield path
            continue
        for parent, folders, names in places.walk(path, onerror=_fail):
            folders.sort()
            links = [name for name in folders if places.islink(os.path.join(parent, name))]
            yield from (os.path.join(parent, name) for name in sorted([*names, *links]))
            if not folders and not names and parent != path:
                yield parent


def _fail(error: OSError) -> None:
    raise error


def deleted_files(existing: Iterable[str], planned: Collection[str]) -> list[str]:
    """Return which files go when others are written in their place, that have no new ones under their names.

    Of data files these are those of a checkpoint of as many as its index says: others are nobody's to delete.
    """
    gone = [file for file in files_below(existing) if file not in planned]
    counts: dict[str, int | None] = {}
    found = []
    for file in gone:
        shard = _SHARD.fullmatch(file)
        if shard is not None and shard[1] not in counts:
            counts[shard[1]] = _num_shards(shard[1])
        if shard is None or int(shard[2]) < int(shard[3]) == counts[shard[1]]:
            found.append(file)
    return found


def _num_shards(prefix: str) -> int | None:
    """Return how many data files a checkpoint has by its index, None without one that can be read."""
    from graphsurgeon.formats.bundle_reader import read_num_shards

    with contextlib.suppress(OSError, GraphSurgeonError):
        return read_num_shards(prefix)
    return None
