"""A summary of a checkpoint, from its index: no value is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from graphsurgeon.display import Displayed
from graphsurgeon.formats.checkpoint import DamagedFile
from graphsurgeon.formats.load import open_checkpoint
from graphsurgeon.tools.inspect import Total
from graphsurgeon.variables.object_graph import read_object_graph
from proto_utils.errors import GraphSurgeonError

if TYPE_CHECKING:
    from graphsurgeon.formats.checkpoint import AnyCheckpoint
    from graphsurgeon.formats.detect import Detected


@dataclass(frozen=True)
class ObjectSummary:
    """The object graph of a TensorFlow 2 checkpoint: how many objects, and how many tensors are attributes of one.

    `slots` counts slot variables by their slot's name, most frequent first; `optimizers` are paths from the root
    object, None for one that nothing leads to. `registered_savers` save objects in their own way.
    """

    count: int
    tensors: int
    slots: dict[str, int]
    optimizers: list[str | None]
    registered_savers: list[str]


@dataclass(frozen=True)
class DamagedObjects:
    """An object graph that cannot be read, and why."""

    damaged: str


@dataclass(frozen=True)
class CheckpointSummary(Displayed):
    """What the index of a checkpoint, ``V1`` or ``V2``, says; `nbytes` is what the tensors take in the data files.

    `missing_shards` are data files that are not there, `damaged_files` these and others that lack values, with what
    that costs; `objects` is None for a checkpoint that was saved by name.
    """

    prefix: str
    format: str
    tensors: int
    nbytes: int
    dtypes: dict[str, Total]
    shards: int
    missing_shards: list[str]
    damaged_files: list[DamagedFile]
    objects: ObjectSummary | DamagedObjects | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {**asdict(self), "damaged_files": [file._asdict() for file in self.damaged_files]}


def summarize_checkpoint(found: Detected) -> CheckpointSummary | None:
    """Summarize the checkpoint of a source; None when it has none."""
    if found.prefix is None:
        return None
    with open_checkpoint(found, partial=True) as checkpoint:
        counts: Counter[str] = Counter()
        nbytes: Counter[str] = Counter()
        for name, entry in checkpoint.entries.items():
            counts[entry.dtype.name] += 1
            nbytes[entry.dtype.name] += checkpoint.stored_nbytes(name, entry) or 0
        return CheckpointSummary(
            prefix=found.prefix,
            format="V1" if found.is_v1 else "V2",
            tensors=len(checkpoint),
            nbytes=sum(nbytes.values()),
            dtypes={name: Total(counts[name], nbytes[name]) for name in counts},
            shards=checkpoint.num_shards,
            missing_shards=checkpoint.missing_shards(),
            damaged_files=checkpoint.damaged_files(),
            objects=_objects(checkpoint),
        )


def _objects(checkpoint: AnyCheckpoint) -> ObjectSummary | DamagedObjects | None:
    try:
        objects = read_object_graph(checkpoint)
    except GraphSurgeonError as error:
        return DamagedObjects(error.message)
    if objects is None:
        return None
    slots = Counter(slot.slot_name for slot in objects.slots.values())
    return ObjectSummary(
        len(objects),
        sum(objects.attribute(key) is not None for key in checkpoint),
        dict(slots.most_common()),
        [objects.path(number) for number in objects.optimizers()],
        sorted({saver.name for saver in objects.registered_savers()}),
    )
