"""Damaged and unfinished checkpoints: what TensorFlow reads of them we read, and what we save of them it reads."""

from __future__ import annotations

from pathlib import Path

from graphsurgeon.edits.merge import merge
from graphsurgeon.edits.select import select
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.faults import find_fault
from tests.tf.bundle_specs import digest_of, spec
from tests.tf.judge import JudgeError, TensorFlow

SHAPE = [4, 6]


def read(tf: TensorFlow, prefix: Path, name: str) -> str | None:
    """What TensorFlow reads of one tensor; None when it cannot."""
    try:
        return str(tf.call("bundles:read", prefix=str(prefix), only=[name])[name])
    except JudgeError:
        return None


def test_what_a_truncated_file_still_holds(tf: TensorFlow, tmp_path: Path):
    specs = [spec(f"w{number}", dtypes.FLOAT, SHAPE, number) for number in range(5)]
    specs.append(spec("words", dtypes.STRING, [3], 7))
    tf.call("bundles:save", prefix=str(tmp_path / "x"), specs=specs)
    data = tmp_path / "x.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:300])
    ours = dict(load_checkpoint(tmp_path / "x"))
    judged = {each["name"]: read(tf, tmp_path / "x", each["name"]) for each in specs}
    readable = {name for name, tensor in ours.items() if find_fault(tensor) is None}
    assert readable == {name for name, found in judged.items() if found is not None} == {"w0", "w1", "w2"}
    assert {name: digest_of(ours[name]) for name in readable} == {name: judged[name] for name in readable}
    select(ours, readable=True)
    save_checkpoint(ours, tmp_path / "y", links="hard")
    assert {name: read(tf, tmp_path / "y", name) for name in readable} == {name: judged[name] for name in readable}


def test_parts_that_were_never_put_together(tf: TensorFlow, tmp_path: Path):
    """As a sharded Saver leaves them, one with a partitioned variable on two devices; its own merge is the judge."""
    cut = " ".join(map(str, SHAPE))
    parts = [
        ([spec("a", dtypes.FLOAT, SHAPE, 1), spec("v", dtypes.FLOAT, [3, 6], 2)], ["", f"{cut} 0,3:-"]),
        ([spec("b", dtypes.INT32, [2], 3), spec("v", dtypes.FLOAT, [1, 6], 4)], ["", f"{cut} 3,1:-"]),
    ]
    prefixes = [str(tmp_path / "m_temp_0a" / f"part-{number:05d}-of-00002") for number in range(2)]
    for prefix, (specs, slices) in zip(prefixes, parts, strict=True):
        tf.call("bundles:save", prefix=prefix, specs=specs, slices=slices)
    tensors = dict(load_checkpoint(prefixes[0]))
    merge(tensors, [load_checkpoint(prefixes[1])])
    save_checkpoint(tensors, tmp_path / "ours")
    tf.call("bundles:merge", prefixes=prefixes, destination=str(tmp_path / "theirs"))
    for name in ("a", "b", "v"):
        judged = read(tf, tmp_path / "theirs", name)
        assert judged is not None
        assert (read(tf, tmp_path / "ours", name), digest_of(tensors[name])) == (judged, judged), name
