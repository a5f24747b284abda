"""What `inspect` finds in a checkpoint."""

from __future__ import annotations

from pathlib import Path

from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.tools.checkpoint_summary import CheckpointSummary, DamagedObjects, ObjectSummary, summarize_checkpoint
from graphsurgeon.tools.inspect import Total
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from tests.models import floats, frozen, shared

TF2 = "uve+tensorflow/at-f1129b3/tensorflow/python/compiler/tensorrt/test/testdata/tftrt_2.0_saved_model"


def summary(path: str | Path) -> CheckpointSummary | None:
    return summarize_checkpoint(detect(path))


def test_the_index_says_it(tmp_path):
    tensors = {"v": floats(1, 2), "w": floats(3), "s": StringTensor((1,), [b"xyz"])}
    save_checkpoint(tensors, tmp_path / "m", shard_nbytes=8)
    (tmp_path / "m.data-00001-of-00003").unlink()
    found = summary(tmp_path / "m")
    assert found is not None
    assert (found.prefix, found.format, found.tensors, found.shards) == (str(tmp_path / "m"), "V2", 3, 3)
    assert found.dtypes["float32"] == Total(2, 12)
    assert found.nbytes == sum(total.nbytes for total in found.dtypes.values())
    assert found.missing_shards == [f"{tmp_path}/m.data-00001-of-00003"]
    assert found.objects is None
    assert found.to_json()["dtypes"]["float32"] == {"count": 2, "nbytes": 12}


def test_objects():
    found = summary(shared(TF2))
    assert found is not None
    assert isinstance(found.objects, ObjectSummary)
    assert (found.objects.tensors, found.objects.slots) == (1, {})


def test_damaged_objects(tmp_path):
    save_checkpoint({"v": floats(1), OBJECT_GRAPH_KEY: StringTensor((), [b"\xff"])}, tmp_path / "m")
    found = summary(tmp_path / "m")
    assert found is not None
    assert isinstance(found.objects, DamagedObjects)


def test_without_a_checkpoint(tmp_path):
    (tmp_path / "m.pb").write_bytes(frozen().SerializeToString())
    assert summary(tmp_path / "m.pb") is None
