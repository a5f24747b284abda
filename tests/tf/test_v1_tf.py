"""What we read from a V1 checkpoint is what TensorFlow reads from it, bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.cli.run import run
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.state_file import latest_checkpoint
from graphsurgeon.formats.v1 import V1Checkpoint
from graphsurgeon.tensors import dtypes
from proto_utils.errors import GraphSurgeonError
from tests.formats.v1_files import STORED, one, one_block, write_v1
from tests.tf.bundle_specs import digest_of, digests, many, spec
from tests.tf.judge import JudgeError, TensorFlow

ALL = "-?????-of-?????"
# What TensorFlow can put slices together of.
SLICED = [dtypes.FLOAT, dtypes.DOUBLE, dtypes.INT32, dtypes.UINT8, dtypes.INT64, dtypes.BOOL, dtypes.COMPLEX64]


def read(path: object) -> dict[str, str]:
    """Name to digest of everything we can read."""
    with V1Checkpoint(str(path)) as found:
        return {name: digest_of(value) for name, value in found.items()}


def listing(path: object) -> dict[str, Any]:
    """As TensorFlow's reader lists: name to dtype number and shape."""
    with V1Checkpoint(str(path)) as found:
        return {name: [entry.dtype.number, list(entry.shape)] for name, entry in found.entries.items()}


def test_all_kinds_over_several_blocks(tf: TensorFlow, tmp_path: Path):
    specs = many(6000, STORED, seed=4)
    path = str(tmp_path / "x")
    tf.call("v1_checkpoints:save", path=path, specs=specs)
    assert read(path) == digests(specs) == tf.call("bundles:read", prefix=path)
    assert listing(path) == tf.call("bundles:listing", prefix=path)


def test_long_values(tf: TensorFlow, tmp_path: Path):
    """Each takes blocks of its own, between short ones."""
    specs = [spec(f"w{i}", dtype, [700, 500], i) for i, dtype in enumerate(STORED) if dtype.itemsize]
    specs += [spec(f"w{i}/small", dtypes.FLOAT, [3], i) for i in range(30)]
    path = str(tmp_path / "x")
    tf.call("v1_checkpoints:save", path=path, specs=specs)
    assert read(path) == digests(specs)


@pytest.mark.parametrize("name", ["a b", "é/层", "w:0", "%s", "a\tb", "A>b", "\U0001f600", "x" * 3000, "a\x01", "ÿÿ"])
def test_odd_names(tf: TensorFlow, tmp_path: Path, name: str):
    specs = [spec(name, dtypes.INT32, [3], 1), spec(f"{name}/b", dtypes.STRING, [2], 2)]
    path = str(tmp_path / "x")
    tf.call("v1_checkpoints:save", path=path, specs=specs)
    assert read(path) == digests(specs) == tf.call("bundles:read", prefix=path)


@pytest.mark.parametrize("dtype", SLICED, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize(
    ("shape", "slices"),
    [
        ([5, 3], ["0,2:-", "2,1:-", "3,2:-"]),
        ([5, 3], ["-:0,2", "-:2,1"]),
        ([4, 6, 2], ["0,2:0,3:-", "0,2:3,3:-", "2,2:0,1:-", "2,2:1,5:-"]),
        ([70, 1], ["0,64:-", "64,6:-"]),
        ([7], ["5,2", "0,5"]),
    ],
    ids=str,
)
def test_slices(tf: TensorFlow, tmp_path: Path, dtype: Any, shape: list[int], slices: list[str]):
    """In one file, and each in a shard of its own."""
    parts = [spec("w", dtype, _shape(cut, shape), seed) for seed, cut in enumerate(slices)]
    full = " ".join(map(str, shape))
    for number, (part, cut) in enumerate(zip(parts, slices, strict=True)):
        path = f"{tmp_path}/x-{number:05d}-of-{len(parts):05d}"
        tf.call("v1_checkpoints:save", path=path, specs=[part], slices=[f"{full} {cut}"])
    expected = tf.call("bundles:read", prefix=f"{tmp_path}/x{ALL}")
    assert read(tmp_path / "x") == expected
    path = str(tmp_path / "y")
    tf.call("v1_checkpoints:save", path=path, specs=parts, slices=[f"{full} {cut}" for cut in slices])
    assert read(path) == expected == tf.call("bundles:read", prefix=path)


def test_long_slices_are_woven(tf: TensorFlow, tmp_path: Path):
    """Several pieces of each at a time, as floats and as varints."""
    path, cuts = str(tmp_path / "x"), ["-:0,300:-", "-:300,400:-"]
    specs, slices = [], []
    for dtype in (dtypes.FLOAT, dtypes.INT32):
        specs += [spec(dtype.name, dtype, _shape(cut, [3, 700, 500]), seed) for seed, cut in enumerate(cuts)]
        slices += [f"3 700 500 {cut}" for cut in cuts]
    tf.call("v1_checkpoints:save", path=path, specs=specs, slices=slices)
    assert read(path) == tf.call("bundles:read", prefix=path)


def _shape(cut: str, shape: list[int]) -> list[int]:
    parts = zip(cut.split(":"), shape, strict=True)
    return [dim if part == "-" else int(part.split(",")[1]) for part, dim in parts]


@pytest.mark.parametrize("partitioned", [False, True], ids=["whole", "partitioned"])
@pytest.mark.parametrize("sharded", [False, True], ids=["file", "shards"])
def test_what_a_saver_wrote(tf: TensorFlow, tmp_path: Path, sharded: bool, partitioned: bool):
    """Whatever names it; and converted, TensorFlow restores it by the graph's own saver."""
    prefix = str(tmp_path / "first" / "model.ckpt-5")
    Path(prefix).parent.mkdir()
    wholes, called = tf.call("v1_checkpoints:save_variables", prefix=prefix, sharded=sharded, partitioned=partitioned)
    for path in (prefix, called, f"{prefix}.meta", str(tmp_path / "first"), str(tmp_path / "first" / "checkpoint")):
        assert {name: digest_of(value) for name, value in gs.load_checkpoint(path).items()} == wholes, path
    assert detect(prefix).graph == f"{prefix}.meta"
    assert latest_checkpoint(tmp_path / "first") == called
    assert tf.call("bundles:read_state", directory=str(tmp_path / "first"))[2] == called
    new = str(tmp_path / "second" / "model.ckpt")
    assert run(["convert", prefix, "-o", new, "--to", "checkpoint", "--quiet"]) == 0
    assert tf.call("bundles:read", prefix=new) == wholes
    restored = tf.call("v1_checkpoints:restored", prefix=new)
    assert restored.items() >= {"step": wholes["step"]}.items()
    assert partitioned or restored == wholes


@pytest.mark.parametrize("partitioned", [False, True], ids=["whole", "partitioned"])
def test_frozen(tf: TensorFlow, tmp_path: Path, partitioned: bool):
    """Its variables become constants."""
    prefix = str(tmp_path / "m")
    wholes, _ = tf.call("v1_checkpoints:save_variables", prefix=prefix, sharded=True, partitioned=partitioned)
    out = tmp_path / "frozen.pb"
    outputs = "step/read" if partitioned else ",".join(f"{name}/read" for name in wholes)
    assert run(["freeze", prefix, "-o", str(out), "--outputs", outputs, "--quiet"]) == 0
    constants = {node.name: digest_of(node.tensor) for node in gs.load(out).graph if node.op == "Const"}
    assert constants.items() >= {name: wholes[name] for name in wholes if name == "step" or not partitioned}.items()


@pytest.mark.parametrize("kind", [0, 1], ids=["plain", "snappy"])
def test_tensorflow_agrees_on_ours(tf: TensorFlow, tmp_path: Path, kind: int):
    """One long block with one restart point, compressed or not, as other writers made them."""
    tensors = {
        "a": one(dtypes.FLOAT, [3], bytes(range(12))),
        "b": one(dtypes.INT32, [300_000], bytes(range(200)) * 6000),
        "c": (dtypes.UINT8, [3, 2], {((0, 1), (0, -1)): b"ab", ((1, 2), (0, -1)): b"cdef"}),
    }
    path = str(write_v1(tmp_path / "x", tensors, make=lambda entries: one_block(entries, kind)))
    assert read(path) == tf.call("bundles:read", prefix=path)


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_tensorflow_refuses_what_we_refuse(tf2: TensorFlow, tmp_path: Path, count: int):
    """More or fewer values than the shape asks for."""
    path = str(write_v1(tmp_path / "x", {"w": (dtypes.FLOAT, [3], {((0, -1),): bytes(4 * count)})}))
    with pytest.raises(GraphSurgeonError):
        read(path)
    with pytest.raises(JudgeError):
        tf2.call("bundles:read", prefix=path)


def v1_prefixes(directory: Path) -> list[str]:
    found = set()
    for path in directory.rglob("*"):
        if path.is_file() and path.suffix != ".index" and path.stat().st_size > 48:
            with open(path, "rb") as file:
                file.seek(-8, 2)
                if file.read() == (0xDB4775248B80FB57).to_bytes(8, "little"):
                    prefix = detect(path).prefix
                    assert prefix is not None
                    found.add(prefix)
    return sorted(found)


def test_every_checkpoint_that_others_wrote(tf: TensorFlow, shared_models: Path):
    prefixes = v1_prefixes(shared_models)
    for prefix in prefixes:
        given = prefix if Path(prefix).is_file() else prefix + ALL
        assert read(prefix) == tf.call("bundles:read", prefix=given), prefix
        assert listing(prefix) == tf.call("bundles:listing", prefix=given), prefix
    assert len(prefixes) >= 8


def v1_saved_models(directory: Path) -> list[Path]:
    found = sorted(path.parent for path in directory.rglob("saved_model.pb*") if detect(path.parent).is_v1)
    assert len(found) >= 7
    return found


def test_graphs_of_the_first_versions_are_served(tf: TensorFlow, shared_models: Path, tmp_path: Path):
    """TensorFlow no longer finds the values of most of them itself, or has a saver that reads only V1."""
    for number, path in enumerate(v1_saved_models(shared_models)):
        directory = str(tmp_path / str(number))
        gs.save(gs.load(path), directory, to="saved_model")
        found = tf.call("saved_models:fetch", directory=directory, name="y:0", feeds={"x:0": [[4.0], [6.0]]})
        assert found == [[4.0], [5.0]], path


def test_graphs_of_the_first_versions_are_restored(tf: TensorFlow, shared_models: Path, tmp_path: Path):
    """From the checkpoint that they are converted to, by `import_meta_graph` and `restore`."""
    for number, path in enumerate(v1_saved_models(shared_models)):
        model, prefix = gs.load(path), str(tmp_path / f"m{number}")
        gs.save(model, prefix, to="checkpoint")
        expected = {name: digest_of(tensor) for name, tensor in model.variables.items()}
        assert tf.call("v1_checkpoints:restored", prefix=prefix) == expected, path
