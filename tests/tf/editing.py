"""Checkpoints that TensorFlow wrote are edited: what the tests of it share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graphsurgeon.edits.merge import merge
from graphsurgeon.formats.saved import Saved
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import TensorDict
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from tests.tf.bundle_specs import STORABLE_V1, Spec, by_name, spec
from tests.tf.judge import TensorFlow

# The dtypes of which TensorFlow itself can put slices together.
SLICED = [dtypes.FLOAT, dtypes.DOUBLE, dtypes.INT32, dtypes.UINT8, dtypes.INT64, dtypes.BOOL, dtypes.COMPLEX64]
SLICES = {"0,2:-": [2, 6], "2,2:0,1": [2, 1], "2,2:1,5": [2, 5]}
#: The edits below return which tensor of the source each of their results has to be.
Edit = Callable[[TensorDict], Any]


def everything(seed: int = 0) -> list[Spec]:
    """Scalars, empty tensors and others of every dtype."""
    shapes: list[list[int]] = [[], [0], [5], [4, 6], [2, 0, 3]]
    names = [
        (dtype, shape, f"{dtype.name}/of_{'_'.join(map(str, shape))}") for dtype in STORABLE_V1 for shape in shapes
    ]
    return [spec(name, dtype, shape, dtype.number + seed) for dtype, shape, name in names]


def written(tf: TensorFlow, prefix: Path, seed: int = 0) -> Path:
    """Let TensorFlow write everything into two data files, and partitioned tensors into a third."""
    prefix.parent.mkdir()
    parts = [f"{prefix.parent}/temp/part{number}" for number in range(3)]
    for number, part in enumerate(parts[:2]):
        tf.call("bundles:save", prefix=part, specs=by_name(everything(seed))[number::2])
    sliced = [(spec(f"part/{t.name}", t, shape, seed), f"4 6 {cut}") for t in SLICED for cut, shape in SLICES.items()]
    tf.call("bundles:save", prefix=parts[2], specs=[of for of, _ in sliced], slices=[cut for _, cut in sliced])
    tf.call("bundles:merge", prefixes=parts, destination=str(prefix))
    return prefix


def files(directory: Path) -> dict[str, tuple[int, str]]:
    """Every file of a checkpoint: which it is, and its content."""
    return {
        path.name: (path.stat().st_ino, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(directory.iterdir())
        if path.is_file() and path.name != "checkpoint"
    }


def contents(directory: Path) -> list[str]:
    return [digest for name, (_, digest) in files(directory).items() if ".data-" in name]


def read(tf: TensorFlow, prefix: Path) -> dict[str, str]:
    """What a TensorFlow reads, by its op and by its reader, which say the same."""
    by_op: dict[str, str] = tf.call("bundles:read", prefix=str(prefix))
    assert by_op == tf.call("index_edits:by_reader", prefix=str(prefix))
    return by_op


def edited(source: Path, edit: Edit, destination: Path, **options: Any) -> tuple[Any, Saved]:
    """Edit and save; return what the edit returns, and what was written."""
    checkpoint = EditedCheckpoint(source)
    answer = edit(checkpoint.tensors)
    return answer, checkpoint.save(str(destination), **options)


def scoped(tensors: TensorDict) -> dict[str, str]:
    """Put everything below a scope; return which key each of the new ones was."""
    merge(tensors, [], prefix=("a=my/own",))
    return {name: name.removeprefix("my/own/") for name in tensors}
