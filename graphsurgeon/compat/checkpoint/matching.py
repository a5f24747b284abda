"""Files by pattern, as TensorFlow's checkpoint functions look for them.

They take a prefix for a pattern: ``model.ckpt-?????-of-00002`` is the name of a sharded V1 checkpoint. Unlike there, a
file whose name is the pattern itself is found although it has brackets in it, and a directory that is there means
itself: of ``run[1]/model.ckpt`` nothing is looked for in ``run1``.
"""

from __future__ import annotations

import glob
import os

from graphsurgeon.compat.local_path import local_path
from proto_utils import places


def matching_files(pattern: str) -> list[str]:
    """Return the existing paths that a pattern matches, sorted; ``*``, ``?`` and ``[...]`` do not match a slash."""
    pattern = local_path(pattern)
    if places.exists(pattern):
        return [pattern]
    if not glob.has_magic(pattern):
        return []
    directory, name = os.path.split(pattern)
    if places.isdir(directory):
        return sorted(places.matching(directory, name))
    return sorted(places.glob(pattern))


def checkpoint_files(prefix: str) -> list[str]:
    """Return what makes a prefix, or a pattern, a checkpoint: the index of a V2, else the file or shards of a V1."""
    return matching_files(prefix + ".index") or matching_files(prefix)
