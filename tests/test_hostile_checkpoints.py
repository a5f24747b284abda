"""Damaged and hostile checkpoints: an error of ours or the damage as it was, and whatever was there before stays."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import pytest

from graphsurgeon.edits.select import select
from graphsurgeon.errors import CorruptionError, GraphSurgeonError, LimitError, NotFoundError, UnsupportedError
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.slices import encode_slice_key
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from tests.formats.bundle_files import (
    assemble,
    block,
    entry,
    header,
    raw_block,
    save,
    strings,
    write_files,
)
from tests.hostile_indexes import CONTENT, DATA, files, scoped, v1_block, values, write_index

KEY = b"k"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A checkpoint that is there already, for edits to write over."""
    return save(tmp_path / "out" / "y", {"old": strings(b"value")})


def declines_or_carries(source: Path, out: Path, **options: Any) -> bool:
    """Edit a checkpoint that opens; return whether what came out reads as what went in, else nothing has changed."""
    before, wanted = files(out.parent), values(source)
    try:
        scoped(source, out, **options)
    except GraphSurgeonError:
        assert files(out.parent) == before
        return False
    assert {name.removeprefix("my/"): value for name, value in values(out).items()} == wanted
    assert not [name for name in files(out.parent) if name.startswith(".")]
    return True


class TestFlippedBits:
    def test_of_an_index_whose_checksums_are_right(self, tmp_path):
        """What still opens is sound in itself, and every tensor is sound or says that it is not; errors name a file."""
        opened, refused = 0, []
        for position, bit in ((p, b % 8) for p in range(len(CONTENT)) for b in (p, p + 3)):
            write_index(tmp_path / "x", position, bit)
            try:
                opened += len(values(tmp_path / "x")) > 2
            except GraphSurgeonError as error:
                refused.append(str(error))
        assert opened + len(refused) == 2 * len(CONTENT)
        assert 50 < opened < len(refused)
        assert [text for text in refused if str(tmp_path) not in text] == []

    def test_edits_carry_what_they_do_not_read(self, tmp_path, out):
        """An edit of the index alone is as damaged as its source, tensor by tensor; nothing sound gets lost."""
        kept = fresh = 0
        for position in range(len(CONTENT)):
            write_index(tmp_path / "x", position, position % 8)
            try:
                found = values(tmp_path / "x")
            except GraphSurgeonError:
                before = files(out.parent)
                with pytest.raises(GraphSurgeonError):
                    scoped(tmp_path / "x", out)
                assert files(out.parent) == before
                continue
            linked = declines_or_carries(tmp_path / "x", out)
            assert linked or {"NotFoundError", "CorruptionError"} & set(map(str, found.values()))
            # Written anew, all of it has to be sound; of a part of a tensor, that part.
            copied = declines_or_carries(tmp_path / "x", out, links="never")
            assert copied or {"CorruptionError", "NotFoundError"} & {*map(str, found.values())}
            kept, fresh = kept + linked, fresh + copied
        assert kept > fresh > 10

    def test_of_a_v1_file(self, tmp_path, out):
        """Checksums are right in one, and damaged with the rest in the other: an edit reads it all or declines."""
        content = v1_block()
        copied = 0
        for position in range(len(content)):
            damaged = bytearray(content)
            damaged[position] ^= 1 << position % 8
            (tmp_path / "x").write_bytes(assemble([(b"~", raw_block(bytes(damaged)))]))
            try:
                copied += declines_or_carries(tmp_path / "x", out)
            except GraphSurgeonError:
                assert values(out)
            whole = bytearray(assemble([(b"~", raw_block(content))]))
            whole[position] ^= 1 << position % 8
            (tmp_path / "x").write_bytes(whole)
            with pytest.raises(GraphSurgeonError):
                load_checkpoint(tmp_path / "x")
        assert copied > 5

    def test_of_the_values(self, tmp_path, out):
        """The checksum error is found after the edit as it was before; a copy is declined."""
        for position in range(len(DATA)):
            write_index(tmp_path / "x", data=DATA[:position] + bytes([DATA[position] ^ 16]) + DATA[position + 1 :])
            found = values(tmp_path / "x")
            assert list(found.values()).count("CorruptionError") == 1
            assert declines_or_carries(tmp_path / "x", out)
            assert not declines_or_carries(tmp_path / "x", out, links="never")

    def test_what_is_sound_is_taken_out(self, tmp_path):
        write_index(tmp_path / "x", data=b"\xff" + DATA[1:])
        (damaged,) = [name for name, value in values(tmp_path / "x").items() if value == "CorruptionError"]
        checkpoint = EditedCheckpoint(tmp_path / "x")
        select(checkpoint.tensors, drop=(damaged,))
        checkpoint.save(str(tmp_path / "y"), links="never")
        assert "CorruptionError" not in values(tmp_path / "y").values()
        assert len(values(tmp_path / "y")) == len(values(tmp_path / "x")) - 1


class TestTruncation:
    def test_of_an_index(self, tmp_path, out):
        write_index(tmp_path / "x")
        self.of(tmp_path / "x.index", tmp_path / "x", out)

    def test_of_the_values(self, tmp_path, out):
        write_index(tmp_path / "x")
        self.of(tmp_path / "x.data-00000-of-00001", tmp_path / "x", out)

    def test_of_a_v1_file(self, tmp_path, out):
        (tmp_path / "x").write_bytes(assemble([(b"~", raw_block(v1_block()))]))
        self.of(tmp_path / "x", tmp_path / "x", out)

    def of(self, path: Path, source: Path, out: Path) -> None:
        """At every length: nothing is edited, and what stood there stays."""
        content, before = path.read_bytes(), files(out.parent)
        assert values(source)
        for length in range(len(content)):
            path.write_bytes(content[:length])
            with pytest.raises(GraphSurgeonError):
                scoped(source, out)
            with pytest.raises(GraphSurgeonError):
                scoped(source, source)
            assert path.stat().st_size == length
        assert files(out.parent) == before


IMPOSSIBLE = {
    "offset past the end": entry(dtypes.UINT8, [4], 5),
    "offset 2**62": entry(dtypes.UINT8, [4], 1 << 62),
    "offset below 0": entry(dtypes.UINT8, [4], -1),
    "end past 2**63": entry(dtypes.UINT8, [(1 << 63) - 1], (1 << 63) - 1),
    "size 2**63-1": entry(dtypes.UINT8, [(1 << 63) - 1]),
    "size below 0": entry(dtypes.UINT8, [4], nbytes=-4),
    "size of another shape": entry(dtypes.UINT8, [4], nbytes=5),
    "strings in too few bytes": entry(dtypes.STRING, [1 << 40], nbytes=8),
    "a dim below 0": entry(dtypes.UINT8, [-4], nbytes=4),
    "two dims below 0": entry(dtypes.UINT8, [-2, -2]),
    "a product of 2**64": entry(dtypes.UINT8, [1 << 32, 1 << 32], nbytes=0),
    "a product of 2**64 and 0": entry(dtypes.FLOAT, [1 << 62, 1 << 62], nbytes=0),
    "rank 255": entry(dtypes.UINT8, [1] * 255),
    "rank 100,000": entry(dtypes.UINT8, [1] * 100_000),
    "shard below 0": entry(dtypes.UINT8, [4], shard_id=-1),
    "shard past the last": entry(dtypes.UINT8, [4], shard_id=1),
    "shard 2**31-1": entry(dtypes.UINT8, [4], shard_id=(1 << 31) - 1),
    "no dtype": entry(dtypes.INVALID, [4], nbytes=4),
    "dtype 10,000": b"\x08\x90\x4e\x12\x00\x28\x04",
    "bytes that are no message": b"\xff" * 20,
    "a slice that is not there": entry(dtypes.UINT8, [4], nbytes=0, slices=[((0, 2),)]),
    "a slice outside": entry(dtypes.UINT8, [4], nbytes=0, slices=[((3, 2),)]),
    "a slice below 0": entry(dtypes.UINT8, [4], nbytes=0, slices=[((-1, 2),)]),
    "a slice that ends past 2**63": entry(dtypes.UINT8, [4], nbytes=0, slices=[(((1 << 63) - 1, (1 << 63) - 1),)]),
    "a slice of another rank": entry(dtypes.UINT8, [4], nbytes=0, slices=[((0, 1), (0, 1))]),
}


def read_it(prefix: Path) -> None:
    """What the data file is too short for is refused when it is read, all else on opening."""
    Bundle(prefix)[KEY.decode()].numpy()


@pytest.mark.parametrize("value", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_an_impossible_entry(value, tmp_path, out):
    before = files(out.parent)
    prefix = write_files(tmp_path / "x", {b"a": entry(dtypes.UINT8, [4]), KEY: value}, b"abcd")
    for use in (read_it, lambda source: scoped(source, out), lambda source: scoped(source, source)):
        with pytest.raises((CorruptionError, UnsupportedError), match="'k'"):
            use(prefix)
    assert files(out.parent) == before


@pytest.mark.parametrize("num_shards", [-1, 0, 1 << 20, (1 << 31) - 1])
def test_any_number_of_data_files(num_shards, tmp_path, out):
    """Those that nothing is in need not be there; they are not looked for, one by one."""
    prefix = write_files(tmp_path / "x", {}, [], header(num_shards))
    assert values(prefix) == {}
    write_files(
        tmp_path / "x", {KEY: entry(dtypes.UINT8, [4], shard_id=max(num_shards - 1, 0))}, [], header(num_shards)
    )
    before = files(out.parent)
    with pytest.raises((CorruptionError, NotFoundError)):
        scoped(prefix, out)
    assert files(out.parent) == before


def test_entries_may_lie_over_one_another(tmp_path, out):
    """As edits make them: the same bytes twice, in another shape, and some of them alone."""
    sums = {name: mask(crc32c(part)) for name, part in (("all", b"abcdef"), ("some", b"cde"), ("none", b""))}
    entries = {
        b"a": entry(dtypes.UINT8, [6], crc32c=sums["all"]),
        b"b": entry(dtypes.UINT8, [2, 3], crc32c=sums["all"]),
        b"c": entry(dtypes.UINT8, [3], 2, crc32c=sums["some"]),
        b"d": entry(dtypes.UINT8, [0], 6, crc32c=sums["none"]),
    }
    prefix = write_files(tmp_path / "x", entries, b"abcdef")
    assert values(prefix) == {"a": b"abcdef", "b": b"abcdef", "c": b"cde", "d": b""}
    assert declines_or_carries(prefix, out)
    assert os.path.samefile(f"{prefix}.data-00000-of-00001", f"{out}.data-00000-of-00001")
    assert declines_or_carries(prefix, out, links="never")


class TestKeys:
    HEADER = (b"", header())
    ONE = (KEY, entry(dtypes.UINT8, [1]))

    @pytest.mark.parametrize(
        ("items", "reason"),
        [
            ([HEADER, HEADER, ONE], "follows b''"),
            ([HEADER, ONE, ONE], "follows b'k'"),
            ([HEADER, ONE, (b"j", ONE[1])], "b'j' follows b'k'"),
            ([ONE], "no header"),
            ([ONE, HEADER], "no header"),
            ([], "no header"),
            ([(b"", b"\xff")], "BundleHeaderProto"),
        ],
        ids=["header twice", "key twice", "unsorted", "no header", "header last", "nothing", "header of anything"],
    )
    def test_in_one_block(self, items, reason, tmp_path, out):
        self.refused(assemble([(b"~", raw_block(block(items)))]), reason, tmp_path, out)

    @pytest.mark.parametrize("later", [HEADER, ONE], ids=["header", "key"])
    def test_in_two_blocks(self, later, tmp_path, out):
        first = raw_block(block([self.HEADER, self.ONE]))
        second = raw_block(block([later, (b"z", self.ONE[1])]))
        self.refused(assemble([(b"m", first), (b"~", second)]), "follows", tmp_path, out)

    def test_behind_their_key_in_the_index(self, tmp_path, out):
        """A search would not find them, and TensorFlow searches."""
        content = assemble([(b"j", raw_block(block([self.HEADER, self.ONE])))])
        self.refused(content, "in the block of keys up to b'j'", tmp_path, out)

    @pytest.mark.parametrize("restarts", [[], [6], [0, 1], [0, 0]], ids=str)
    def test_behind_wrong_restart_points(self, restarts, tmp_path, out):
        items = block([self.HEADER, self.ONE])[:-8]
        content = items + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
        self.refused(assemble([(b"~", raw_block(content))]), "restart point", tmp_path, out)

    def refused(self, index: bytes, reason: str, tmp_path: Path, out: Path) -> None:
        before = files(out.parent)
        (tmp_path / "x.index").write_bytes(index)
        (tmp_path / "x.data-00000-of-00001").write_bytes(b"abcd")
        for use in (Bundle, lambda source: scoped(source, out)):
            with pytest.raises(CorruptionError, match=reason):
                use(tmp_path / "x")
        assert files(out.parent) == before


class TestSlices:
    def test_that_do_not_tile(self, tmp_path, out):
        """A part of a variable has no whole value; the parts go along as they are."""
        prefix = self.of(tmp_path, [4], [((0, 1),), ((2, 2),)])
        assert values(prefix) == {"w": "CorruptionError"}
        assert declines_or_carries(prefix, out)
        assert [box for box, _ in Bundle(out).parts("my/w")] == [((0, 1),), ((2, 4),)]

    @pytest.mark.parametrize("count", [1000, 5000])
    def test_by_the_thousand(self, count, tmp_path, out):
        prefix = self.of(tmp_path, [2, count], [((0, -1), (i, 1)) for i in range(count)])
        wanted = values(prefix)
        assert len(wanted["w"]) == 2 * count  # type: ignore[arg-type]
        assert declines_or_carries(prefix, out)
        assert declines_or_carries(prefix, out, links="never")

    @pytest.mark.parametrize("again", [((0, 3), (0, -1)), ((1, 1), (1, 1)), ((0, -1), (2, 1))], ids=str)
    def test_that_overlap(self, again, tmp_path, out):
        prefix = self.of(tmp_path, [3, 3], [((i, 1), (0, -1)) for i in range(3)] + [again])
        for use in (Bundle, lambda source: scoped(source, out)):
            with pytest.raises(CorruptionError, match="two of its slices overlap"):
                use(prefix)

    def test_crosswise(self, tmp_path):
        """Every row of one half beside every column of the other; nobody compares each with each."""
        count = 4000
        rows = [((i, 1), (0, count), (0, 1)) for i in range(count)]
        columns = [((0, count), (i, 1), (1, 1)) for i in range(count)]
        shape = [count, count, 2]
        names = [encode_slice_key(b"w", extents) for extents in rows + columns]
        dims = [[length for _, length in extents] for extents in rows + columns]
        entries = {name: entry(dtypes.UINT8, each) for name, each in zip(names, dims, strict=True)}
        entries[b"w"] = entry(dtypes.UINT8, shape, nbytes=0, slices=rows + columns)
        write_files(tmp_path / "x", entries, bytes(count))
        assert len(Bundle(tmp_path / "x").parts("w")) == 2 * count

    def test_in_a_whirl(self, tmp_path):
        """A ring around a ring, four slices each: wherever it is cut, one of them is."""
        whirl, side = [], 8000
        for i in range(side // 2):
            j = side - i - 1
            whirl += [((i, 1), (i, j - i)), ((i, j - i), (j, 1)), ((j, 1), (i + 1, j - i)), ((i + 1, j - i), (i, 1))]
        for count in (40, len(whirl)):
            shape = [side, side]
            entries = {encode_slice_key(b"w", e): entry(dtypes.UINT8, [n for _, n in e]) for e in whirl[:count]}
            entries[b"w"] = entry(dtypes.UINT8, shape, nbytes=0, slices=whirl[:count])
            write_files(tmp_path / "x", entries, bytes(side))
            if count == 40:
                assert len(Bundle(tmp_path / "x").parts("w")) == count
            else:
                with pytest.raises(LimitError, match="crosswise"):
                    Bundle(tmp_path / "x")

    def of(self, tmp_path: Path, shape: list[int], slices: list[Any]) -> Path:
        """A partitioned tensor whose slices all are the same zeros."""
        entries = {b"w": entry(dtypes.UINT8, shape, nbytes=0, slices=slices)}
        most = 0
        for extents in slices:
            dims = [dim if length < 0 else length for (_, length), dim in zip(extents, shape, strict=True)]
            nbytes = dims[0] * (dims[1] if len(dims) > 1 else 1)
            most = max(most, nbytes)
            entries[encode_slice_key(b"w", extents)] = entry(dtypes.UINT8, dims, crc32c=mask(crc32c(bytes(nbytes))))
        return write_files(tmp_path / "x", entries, bytes(most))


@pytest.mark.parametrize("graph", [b"\xff\xff", b"\x0a\x05ab", None], ids=["no message", "cut off", "damaged"])
def test_an_object_graph_that_cannot_be_read(graph, tmp_path, out):
    """It would have to follow the edit, so this is declined; what does not touch its keys is not."""
    tensors = {OBJECT_GRAPH_KEY: StringTensor([], [graph or b""]), "a": strings(b"1"), "b": strings(b"2")}
    prefix = save(tmp_path / "x", tensors)
    if graph is None:
        data = Path(f"{prefix}.data-00000-of-00001")
        data.write_bytes(b"\xff" + data.read_bytes()[1:])
    before = files(out.parent)
    with pytest.raises(CorruptionError):
        scoped(prefix, out)
    assert files(out.parent) == before
    checkpoint = EditedCheckpoint(prefix)
    checkpoint.tensors["c"] = checkpoint.tensors["a"]
    checkpoint.save(str(out), force=True)
    assert values(out) == {**values(prefix), "c": [b"1"]}
