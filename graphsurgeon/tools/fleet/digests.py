"""Digests of models: SHA-256 of what makes one, by which a fleet knows what has changed.

Of a checkpoint the index is taken, which has a checksum of each tensor, not its data files: a model of gigabytes costs
what its index does.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from typing import Any

from graphsurgeon.formats.bundle_names import index_path
from graphsurgeon.formats.detect import Detected, detect
from graphsurgeon.tools.recipe.record import digests
from graphsurgeon.tools.retention.stored import files_of
from proto_utils import places


def source_digest(path: str) -> str:
    """Return the digest of what a path names: of one file its SHA-256, of several one over theirs.

    Errors are those of `graphsurgeon.formats.detect.detect`, and OSError.
    """
    rows = list(digests(files_of_model(detect(path))))
    return str(rows[0]["sha256"]) if len(rows) == 1 else plain_digest(rows)


def plain_digest(value: Any) -> str:
    """Return the digest of JSON types."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def files_of_model(found: Detected) -> list[str]:
    """Return the files that tell a model apart, each once."""
    files = [] if found.graph is None else [found.graph]
    if found.prefix is not None:
        index = index_path(found.prefix)
        files += [index] if places.isfile(index) else files_of(found.prefix)
    if found.kind == "saved_model" and found.graph is not None:
        files += sorted(_below(os.path.join(os.path.dirname(found.graph), "assets")))
    return list(dict.fromkeys(files or [found.path]))


def _below(directory: str) -> Iterator[str]:
    for parent, _, names in places.walk(directory):
        yield from (os.path.join(parent, name) for name in names)
