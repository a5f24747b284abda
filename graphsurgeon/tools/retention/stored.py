"""The checkpoints of a directory as files: the files of each, their time, and symbolic links among them."""

from __future__ import annotations

import contextlib
import fnmatch
import math
import os
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.formats.bundle_names import index_path, shard_path
from graphsurgeon.formats.bundle_reader import read_num_shards
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import open_checkpoint
from graphsurgeon.formats.state_file import V1_PATTERN
from graphsurgeon.formats.table import is_table
from proto_utils import places
from proto_utils.opening import open_source

_DATA = re.compile(r"\.data-\d{5}-of-\d{5}$")
_SHARD = re.compile(r"-\d{5}(-of-\d{5})$")
_STEP = re.compile(r"-(\d+)(?:-\?{5}-of-[\d?]{5})?$")
_MAX_HOPS = 40


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint in a directory: when it was saved, in seconds since the epoch, and what becomes of it.

    `is_listed` when the state file names it. `files` are its index, values and meta graph, of `nbytes` together;
    `reason` says why it is kept, and is empty when it is removed.
    """

    prefix: str
    time: float
    is_listed: bool
    files: tuple[str, ...]
    nbytes: int
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        where = {"checkpoint": self.prefix, "listed": self.is_listed, "time": self.time}
        return {**where, "files": self.files, "nbytes": self.nbytes, "reason": self.reason}


def stored(
    prefix: str, files: tuple[str, ...], *, is_listed: bool = False, time: float | None = None
) -> StoredCheckpoint:
    """Describe a checkpoint by its files, the first of which gives its time unless that is known."""
    time = places.getmtime(files[0]) if time is None else time
    return StoredCheckpoint(prefix, time, is_listed, files, sum(map(places.lgetsize, files)))


class Listings:
    """The names in directories, each listed once: many checkpoints of one directory are looked for in it."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}

    def matching(self, prefix: str, pattern: str) -> list[str]:
        """Return the paths, sorted, that begin with a prefix and end in what a pattern of the shell's matches."""
        directory, start = os.path.split(prefix)
        if directory not in self._names:
            self._names[directory] = []
            with contextlib.suppress(OSError):
                self._names[directory] = sorted(places.listdir(directory or "."))
        names = self._names[directory]
        found = []
        for position in range(bisect_left(names, start), len(names)):
            if not names[position].startswith(start):
                break
            if fnmatch.fnmatchcase(names[position][len(start) :], pattern):
                found.append(os.path.join(directory, names[position]))
        return found


def files_of(prefix: str, listings: Listings | None = None) -> tuple[str, ...]:
    """Return the files of a checkpoint, its index first and its meta graph last; none when it is not there.

    A state file may name anything at all, and what is a checkpoint's is deleted: so a file counts by its name and by
    what is in it, a data file as one of as many as the index says. The prefix of a V1 in shards is their pattern,
    ``model-?????-of-00002``, as in a state file.
    """
    stem = re.sub(V1_PATTERN, "", prefix)
    matching = (listings or Listings()).matching
    num_shards = _num_shards(prefix)
    if num_shards:
        # With the dot and the dash, so that step 10 does not stand between step 1 and its files.
        shards = matching(f"{prefix}.data-", f"?????-of-{num_shards:05}")
        last = shard_path(prefix, num_shards - 1, num_shards)
        files = [index_path(prefix), *(path for path in shards if _DATA.search(path) and path <= last)]
    elif stem != prefix:
        files = matching(stem, prefix[len(stem) :])
    elif places.isfile(prefix):
        files = [prefix]
    else:
        files = matching(f"{stem}-", "?????-of-?????")
    if files and files[0] != index_path(prefix):
        files = [file for file in files if _is_table(file) and _is_v1_file(file)]
    meta = f"{stem}.meta"
    return (*files, meta) if files and _is_meta_graph(meta) else tuple(files)


def stored_in(directory: str, listings: Listings | None = None) -> list[StoredCheckpoint]:
    """Describe all checkpoints of a directory, by their names; costs a look at the end of every file.

    What ends as an index does, and whose number of data files cannot be read, is not one.
    """
    found = ((prefix, files_of(prefix, listings)) for prefix in _prefixes_in(directory))
    return [stored(prefix, files) for prefix, files in found if files]


def _prefixes_in(directory: str) -> list[str]:
    names = {name for name in places.files_in(directory) if not name.startswith(".")}
    with_values = {_DATA.sub("", name) for name in names if _DATA.search(name)}
    found = set()
    for name in names:
        path = os.path.join(directory, name)
        if name.endswith(".index"):
            if name.removesuffix(".index") in with_values and _is_table(path):
                found.add(name.removesuffix(".index"))
        elif not _DATA.search(name) and _is_table(path) and _is_v1(path):
            found.add(_SHARD.sub(r"-?????\1", name))
    return [os.path.join(directory, name) for name in sorted(found)]


def age(checkpoint: StoredCheckpoint) -> tuple[int, int, str]:
    """Return what to sort by: files that were copied may all be of one second, but have steps in their names."""
    step = _STEP.search(checkpoint.prefix)
    return math.floor(checkpoint.time), int(step[1]) if step else -1, checkpoint.prefix


def is_whole(checkpoint: StoredCheckpoint) -> bool:
    """Return whether there are values, all shards of them, and of a V2 no data file that ends too early."""
    totals = Counter(path[-5:] for path in checkpoint.files if _SHARD.search(path))
    is_single = checkpoint.files[0] == checkpoint.prefix
    if not is_single and not any(count == int(total) for total, count in totals.items()):
        return False
    if checkpoint.files[0] != index_path(checkpoint.prefix):
        return True
    try:
        with open_checkpoint(detect(checkpoint.prefix)) as opened:
            return not opened.damaged_files()
    except (OSError, GraphSurgeonError):
        return False


def identity(path: str) -> str:
    """Return a spelling that is the same for all of a path's: what its directory is, and the name in it."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def linked_to(checkpoint: StoredCheckpoint) -> set[str]:
    """Return the identities of all paths that symbolic links among a checkpoint's files lead over."""
    found = set()
    for path in checkpoint.files:
        hop = path
        for _ in range(_MAX_HOPS):
            if not os.path.islink(hop):
                break
            hop = os.path.join(os.path.dirname(hop), os.readlink(hop))
            found.add(identity(hop))
    return found


def freed_nbytes(paths: Iterable[str]) -> int:
    """Return how many bytes it frees to remove paths: nothing for a file of which other names are left."""
    stats = [os.lstat(path) for path in paths]
    names = Counter((stat.st_dev, stat.st_ino) for stat in stats)
    sizes = {(stat.st_dev, stat.st_ino): stat for stat in stats}
    return sum(stat.st_size for key, stat in sizes.items() if names[key] == stat.st_nlink)


def _num_shards(prefix: str) -> int:
    """Return how many data files a checkpoint has by its index, 0 without one that can be read."""
    if not _is_table(index_path(prefix)):
        return 0
    try:
        return read_num_shards(prefix)
    except (OSError, GraphSurgeonError):
        return 0


def _is_table(path: str) -> bool:
    try:
        with contextlib.closing(open_source(path)) as source:
            return is_table(source)
    except (OSError, GraphSurgeonError):
        return False


def _is_v1_file(path: str) -> bool:
    """Return whether a file is a V1 checkpoint or one of its shards, which may have a V2 of the same name beside it."""
    try:
        found = detect(path)
    except (OSError, GraphSurgeonError):
        return False
    return found.kind.startswith("checkpoint") and path != f"{found.prefix}.index"


def _is_meta_graph(path: str) -> bool:
    try:
        # An empty one is what a full disk leaves.
        return places.getsize(path) == 0 or detect(path).kind == "meta_graph"
    except (OSError, GraphSurgeonError):
        return False


def _is_v1(path: str) -> bool:
    try:
        return detect(path).is_v1
    except (OSError, GraphSurgeonError):
        return False
