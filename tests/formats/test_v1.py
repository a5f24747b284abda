"""V1 checkpoints: tensors whole and in slices, over shards; what is damaged or impossible is said."""

from __future__ import annotations

import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import cramjam
import pytest

import graphsurgeon as gs
from graphsurgeon.cli.run import run
from graphsurgeon.formats.v1 import V1Checkpoint
from graphsurgeon.tensors import dtypes
from proto_utils.errors import CorruptionError, FileFormatError, NotFoundError, UnsupportedError
from tests.counting import num_calls
from tests.formats.bundle_files import assemble, raw_block, snappy_table
from tests.formats.v1_files import STORED, meta, one, one_block, v1_table, whole, write_v1
from tests.models import meta_graph, saved_model, shared

FLOATS = one(dtypes.FLOAT, [3], bytes(range(12)))
ROWS: Any = {((0, 1), (0, -1)): b"ab", ((1, 2), (0, -1)): b"cdef"}


def described(tensors) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (tensor.dtype.name, tensor.shape) for name, tensor in tensors.items()}


def content(tensor: gs.Tensor) -> Any:
    if tensor.dtype is dtypes.STRING:
        return list(tensor.strings())
    return b"".join(map(bytes, tensor.chunks()))


def values(tensors) -> dict[str, Any]:
    return {name: content(tensor) for name, tensor in tensors.items()}


def example() -> dict[str, Any]:
    """Each dtype, with bytes of all sizes."""
    made = {}
    for dtype in STORED:
        raw: Any = bytes((7 * i) % 256 for i in range(6 * dtype.itemsize))
        if dtype is dtypes.BOOL:
            raw = b"\0\1\1\0\1\0"
        if dtype is dtypes.STRING:
            raw = [b"", b"a\0b", bytes(range(256)), b"", b"x" * 300, b"\0"]
        made[dtype.name] = one(dtype, [2, 3], raw)
    return made


@pytest.mark.parametrize("options", [{}, {"make": partial(one_block, kind=1)}], ids=["plain", "snappy"])
def test_every_dtype(tmp_path: Path, options: Any):
    tensors = example()
    found = V1Checkpoint(write_v1(tmp_path / "m", tensors, **options))
    assert values(found) == {name: each[2][whole([2, 3])] for name, each in sorted(tensors.items())}
    assert described(found) == {name: (name, (2, 3)) for name in sorted(tensors)}


def test_scalars_and_nothing(tmp_path: Path):
    tensors = {"s": one(dtypes.INT64, [], b"\xff" * 8), "e": one(dtypes.FLOAT, [4, 0], b"")}
    tensors["t"] = one(dtypes.STRING, [], [b"text"])
    found = V1Checkpoint(write_v1(tmp_path / "m", tensors))
    assert [found[name].numpy().tolist() for name in "set"] == [-1, [[]] * 4, b"text"]


@pytest.mark.parametrize("name", ["a", "é/层", "x y", "ÿ", "a\0b", "w:0", "%", "a" * 5000])
def test_names(tmp_path: Path, name: str):
    assert values(V1Checkpoint(write_v1(tmp_path / "m", {name: FLOATS}))) == {name: bytes(range(12))}


def test_many_tensors_over_many_blocks(tmp_path: Path):
    tensors = {
        f"layer_{i}/w": one(dtypes.INT32, [i % 40], bytes(i % 256 for _ in range(4 * (i % 40)))) for i in range(4000)
    }
    tensors["layer_7/big"] = one(dtypes.FLOAT, [1 << 19], bytes(1 << 21))
    tensors["layer_8/big"] = one(dtypes.UINT8, [3 << 20], b"\x80" * (3 << 20))
    found = V1Checkpoint(write_v1(tmp_path / "m", tensors))
    assert values(found) == {name: next(iter(each[2].values())) for name, each in sorted(tensors.items())}


@pytest.mark.parametrize("kind", [0, 1], ids=["plain", "snappy"])
def test_short_entries_in_the_block_of_a_long_one(tmp_path: Path, kind: int):
    """As tables had them whose writers ended a block only behind what fills it."""
    tensors = {"a": FLOATS, "b": one(dtypes.FLOAT, [400_000], bytes(range(250)) * 6400), "c": FLOATS}
    (tmp_path / "m").write_bytes(v1_table(tensors, make=partial(one_block, kind=kind)))
    found = V1Checkpoint(tmp_path / "m")
    for name in "abcba":
        assert content(found[name]) == tensors[name][2][whole([1])]


def test_slices(tmp_path: Path):
    tensors = {"w": (dtypes.UINT8, [3, 2], ROWS), "s": (dtypes.STRING, [2], {((1, 1),): [b"b"], ((0, 1),): [b"a"]})}
    found = V1Checkpoint(write_v1(tmp_path / "m", tensors))
    assert values(found) == {"s": [b"a", b"b"], "w": b"abcdef"}
    assert {name: len(entry.slices) for name, entry in found.entries.items()} == {"s": 2, "w": 2}


def test_columns_are_woven(tmp_path: Path):
    parts: Any = {((0, -1), (0, 1)): b"ace", ((0, -1), (1, 1)): b"bdf"}
    assert content(V1Checkpoint(write_v1(tmp_path / "m", {"w": (dtypes.UINT8, [3, 2], parts)}))["w"]) == b"abcdef"


def test_slices_in_several_shards(tmp_path: Path):
    for number, (extents, data) in enumerate(ROWS.items()):
        write_v1(tmp_path / f"m-{number:05d}-of-00002", {"w": (dtypes.UINT8, [3, 2], {extents: data})})
    with V1Checkpoint(tmp_path / "m") as found:
        assert (values(found), found.num_shards) == ({"w": b"abcdef"}, 2)


def test_more_shards_than_are_kept_open(tmp_path: Path):
    for number in range(150):
        write_v1(tmp_path / f"m-{number:05d}-of-00150", {f"w{number:03d}": one(dtypes.UINT8, [1], bytes([number]))})
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir())) if descriptors.is_dir() else 0
    with V1Checkpoint(tmp_path / "m") as found:
        assert values(found) == {f"w{number:03d}": bytes([number]) for number in range(150)}
        if descriptors.is_dir():
            assert len(list(descriptors.iterdir())) - before <= 130
        (tmp_path / "m-00149-of-00150").unlink()
        with pytest.raises(NotFoundError, match="m-00149-of-00150"):
            content(found["w149"])


def test_files_may_be_replaced_while_they_are_read(tmp_path: Path):
    found = V1Checkpoint(write_v1(tmp_path / "m", {"w": FLOATS}))
    gs.save_checkpoint(found, tmp_path / "new")
    (tmp_path / "other").write_bytes(b"")
    (tmp_path / "other").replace(tmp_path / "m")
    assert values(found) == {"w": bytes(range(12))}


def test_a_tensor_without_slices_is_none(tmp_path: Path):
    write_v1(tmp_path / "m", {"w": FLOATS}, listed=meta([("w", 1, [3], [whole([3])]), ("v", 1, [3], [])]))
    assert list(V1Checkpoint(tmp_path / "m")) == ["w"]


def test_opening_reads_no_values(tmp_path: Path):
    """Damage elsewhere than in the first block is noticed when it is read, and only there."""
    tensors = {name: one(dtypes.FLOAT, [1 << 18], bytes(1 << 20)) for name in "ab"}
    path = write_v1(tmp_path / "m", tensors)
    data = bytearray(path.read_bytes())
    data[1_500_000] ^= 1
    path.write_bytes(data)
    found = V1Checkpoint(path)
    assert content(found["a"]) == bytes(1 << 20)
    with pytest.raises(CorruptionError, match="checksum"):
        content(found["b"])


def test_a_long_value_is_not_held(tmp_path: Path):
    path = write_v1(tmp_path / "m", {"w": one(dtypes.FLOAT, [8 << 20], bytes(32 << 20))})
    with V1Checkpoint(path) as found:
        tracemalloc.start()
        total = sum(len(chunk) for chunk in found["w"].chunks())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (total, peak < 4 << 20) == (32 << 20, True)


# What cannot be.


def test_missing(tmp_path: Path):
    with pytest.raises(NotFoundError):
        V1Checkpoint(tmp_path / "m")
    with pytest.raises(NotFoundError) as caught:
        V1Checkpoint(write_v1(tmp_path / "m", {"wide": FLOATS}))["wid"]
    assert caught.value.near == ("wide",)


def test_missing_shard_is_named(tmp_path: Path):
    write_v1(tmp_path / "m-00001-of-00003", {"w": FLOATS})
    write_v1(tmp_path / "m-00000-of-00003", {"v": FLOATS})
    with pytest.raises(NotFoundError, match="m-00002-of-00003"):
        gs.load_checkpoint(tmp_path / "m")


def test_shards_of_two_checkpoints(tmp_path: Path):
    write_v1(tmp_path / "m-00000-of-00001", {"w": FLOATS})
    write_v1(tmp_path / "m-00000-of-00002", {"w": FLOATS})
    with pytest.raises(UnsupportedError, match="of 1 and of 2"):
        V1Checkpoint(tmp_path / "m")


def test_without_a_list(tmp_path: Path):
    (tmp_path / "m").write_bytes(snappy_table([(b"x", b"")]))
    with pytest.raises(CorruptionError, match="without its list"):
        V1Checkpoint(tmp_path / "m")


HUGE = 1 << 40
LISTS: dict[str, tuple[list[Any], str]] = {
    "too large": ([("w", 1, [HUGE], [whole([0])])], "cannot hold"),
    "beyond counting": ([("w", 1, [HUGE, HUGE], [whole([0, 0])])], "impossible shape"),
    "negative": ([("w", 1, [-1], [whole([0])])], "impossible shape"),
    "rank": ([("w", 1, [1] * 300, [whole([0] * 300)])], "impossible shape"),
    "slice of another rank": ([("w", 1, [3], [whole([])])], "rank 0"),
    "slice outside": ([("w", 1, [3], [((2, 2),)])], "not within"),
    "overlap": ([("w", 1, [3], [((0, 2),), ((1, 2),)])], "overlap"),
    "twice": ([("w", 1, [3], [whole([0])]), ("w", 1, [3], [whole([0])])], "overlap"),
    "two shapes": ([("w", 1, [3], [((0, 1),)]), ("w", 1, [4], [((1, 1),)])], "in another place"),
    "no dtype": ([("w", 0, [3], [whole([0])])], "dtype invalid"),
    "reference": ([("w", 101, [3], [whole([0])])], "dtype float32_ref"),
}


@pytest.mark.parametrize("case", LISTS)
def test_impossible_lists(tmp_path: Path, case: str):
    listed, reason = LISTS[case]
    write_v1(tmp_path / "m", {}, listed=meta(listed))
    with pytest.raises(CorruptionError, match=reason) as caught:
        V1Checkpoint(tmp_path / "m")
    assert caught.value.path == str(tmp_path / "m")


def test_newer_ones(tmp_path: Path):
    write_v1(tmp_path / "m", {}, listed=meta([], min_consumer=2))
    with pytest.raises(UnsupportedError, match="reader of version 2"):
        V1Checkpoint(tmp_path / "m")
    write_v1(tmp_path / "m", {}, listed=meta([("w", 99, [], [()])]))
    with pytest.raises(UnsupportedError, match="'w': dtype number 99"):
        V1Checkpoint(tmp_path / "m")


def test_slices_that_leave_a_gap(tmp_path: Path):
    parts: Any = {((0, 1),): b"a", ((2, 1),): b"c"}
    tensor = V1Checkpoint(write_v1(tmp_path / "m", {"w": (dtypes.UINT8, [3], parts)}))["w"]
    with pytest.raises(CorruptionError, match="m: tensor 'w': its 2 slices have 2 of 3 elements"):
        tensor.numpy()


def test_a_slice_that_is_listed_but_not_stored(tmp_path: Path):
    write_v1(tmp_path / "m", {}, listed=meta([("w", 1, [3], [whole([3])])]))
    with pytest.raises(CorruptionError, match="listed, but not stored"):
        V1Checkpoint(tmp_path / "m")["w"].numpy()


# Damage.


def read_all(path: Path) -> dict[str, Any]:
    with V1Checkpoint(path) as found:
        return values(found)


def test_every_truncation_is_noticed(tmp_path: Path):
    data = v1_table(example() | {"p": (dtypes.UINT8, [3, 2], ROWS)})
    for cut in range(len(data)):
        (tmp_path / "m").write_bytes(data[:cut])
        with pytest.raises(CorruptionError):
            read_all(tmp_path / "m")


@pytest.mark.parametrize("make", [None, snappy_table], ids=["plain", "snappy"])
def test_every_flipped_bit_is_noticed_or_means_nothing(tmp_path: Path, make: Any):
    tensors = {"w": FLOATS, "i": one(dtypes.INT16, [2], b"abcd"), "s": one(dtypes.STRING, [2], [b"ab", b""])}
    options = {} if make is None else {"make": make}
    data = v1_table(tensors, **options)
    (tmp_path / "m").write_bytes(data)
    sound = read_all(tmp_path / "m")
    unnoticed = 0
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / "m").write_bytes(damaged)
        try:
            found = read_all(tmp_path / "m")
        except FileFormatError:
            continue
        assert found == sound
        unnoticed += 1
    # The empty metaindex block, its handle and the zeros of the footer.
    assert unnoticed < 8 * 80


def test_a_bomb_is_refused_soon(tmp_path: Path):
    """A kilobyte that claims to be the values of a terabyte."""
    bomb = b"\xff\xff\xff\xff\x0f" + bytes(cramjam.snappy.compress_raw(bytes(4000)))[2:]
    (tmp_path / "m").write_bytes(assemble([(b"~", raw_block(bomb, kind=1))]))

    def refused() -> None:
        with pytest.raises(CorruptionError, match="cannot hold"):
            V1Checkpoint(tmp_path / "m")

    assert num_calls(refused) < 1000


# With graphs.


def test_with_its_graph(tmp_path: Path):
    write_v1(tmp_path / "m-00000-of-00001", {"w": FLOATS})
    (tmp_path / "m.meta").write_bytes(meta_graph().SerializeToString())
    for name in ("m", "m-00000-of-00001", "m.meta", "m-?????-of-00001", "m-?????-of-?????"):
        model = gs.load(tmp_path / name)
        assert (len(model.graph), values(model.variables)) == (4, {"w": bytes(range(12))})


def test_alone_in_a_directory(tmp_path: Path):
    """Known by its shards, or by its graph; files of other names are not looked into."""
    write_v1(tmp_path / "a" / "m-00000-of-00001", {"w": FLOATS})
    write_v1(tmp_path / "b" / "m", {"w": FLOATS})
    (tmp_path / "b" / "m.meta").write_bytes(meta_graph().SerializeToString())
    for name in "ab":
        assert values(gs.load_checkpoint(tmp_path / name)) == {"w": bytes(range(12))}
    write_v1(tmp_path / "a" / "n-00000-of-00001", {"w": FLOATS})
    with pytest.raises(UnsupportedError, match="a directory with 2 checkpoints") as caught:
        gs.load_checkpoint(tmp_path / "a")
    assert caught.value.hint == f"name one of them: {tmp_path}/a/m, {tmp_path}/a/n"


def test_in_a_saved_model(tmp_path: Path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    write_v1(tmp_path / "variables" / "variables", {"w": FLOATS})
    model = gs.load(tmp_path)
    assert (len(model.graph), values(model.variables)) == (4, {"w": bytes(range(12))})
    gs.save(model, tmp_path / "out" / "m", to="checkpoint")
    assert values(gs.load_checkpoint(tmp_path / "out" / "m")) == values(model.variables)
    gs.save(model, tmp_path / "out" / "served", to="saved_model")
    assert values(gs.load_checkpoint(tmp_path / "out" / "served")) == values(model.variables)


def test_commands(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    tensors = {"w": (dtypes.UINT8, [3, 2], ROWS), "s": one(dtypes.STRING, [1], [b"text"])}
    path = str(write_v1(tmp_path / "m", tensors))
    for arguments, said in [
        (["ls", path], ["[3, 2]", "2 tensors, 7 elements, 6 B"]),
        (["inspect", path], ["V1 checkpoint", "2 tensors, 6 B in 1 shard"]),
        (["cat", path, "s"], ["text"]),
        (["verify", path], ["2 tensors: 0 errors"]),
        (["convert", path, "-o", str(tmp_path / "new")], ["wrote", "checkpoint_v1 -> checkpoint"]),
    ]:
        assert run(arguments) == 0
        out = "".join(capfd.readouterr())
        assert all(text in out for text in said), out
    assert values(gs.load_checkpoint(tmp_path / "new")) == {"s": [b"text"], "w": b"abcdef"}
    data = bytearray(Path(path).read_bytes())
    data[-120] ^= 1
    Path(path).write_bytes(data)
    assert run(["verify", path]) != 0


@pytest.mark.parametrize("name", ["half_plus_two", "half_plus_two_pbtxt", "half_plus_two_sharded"])
def test_real_ones(name: str):
    path = shared(f"uve+tensorflow/at-69cfb3b/tensorflow/cc/saved_model/testdata/{name}")
    variables = gs.load(path).variables
    assert {name: tensor.numpy().tolist() for name, tensor in variables.items()} == {"a": 0.5, "b": 2.0}
