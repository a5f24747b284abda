"""Small files that claim or become much: an error of ours, in little memory."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from graphsurgeon.edits.merge import merge
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.table import BlockHandle
from graphsurgeon.tensors import dtypes
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from proto_utils.varint import encode_varint
from tests.formats import v1_files
from tests.formats.bundle_files import assemble, block, entry, header, raw_block, save, strings, write_files
from tests.hostile_indexes import files

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux holds to a limit of memory")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A checkpoint that is there already, for edits to write over."""
    return save(tmp_path / "out" / "y", {"old": strings(b"value")})


VERBS = """
import json, resource, sys
from graphsurgeon.cli.run import run
import numpy
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20,) * 2)
prefix, out = sys.argv[2:]
edits = [["select", "--keep", ".*"], ["merge", "--prefix", "a=my"], ["compact"]]
lines = [["ls", prefix], ["verify", prefix]] + [[verb, prefix, "-o", out, "--force", *more] for verb, *more in edits]
sys.stdout, codes = sys.stderr, []
for line in lines:
    codes.append(run([*line, "--json"]))
print(json.dumps(codes), file=sys.__stdout__)
"""
GIB = 1 << 30


def _grown(head: bytes, values: Sequence[bytes]) -> bytes:
    """The content of a block in which every key is the one before and a byte more."""
    content = bytearray(b"\0\0" + encode_varint(len(head)) + head)
    for length, value in enumerate(values):
        content += encode_varint(length) + b"\1" + encode_varint(len(value)) + b"a" + value
    return bytes(content) + struct.pack("<2I", 0, 1)


def _grown_keys(head: bytes) -> bytes:
    return assemble([(b"b", raw_block(_grown(head, [entry(dtypes.FLOAT, [0])] * 75_000)))])


def _grown_separators(head: bytes) -> bytes:
    first = raw_block(block([(b"", head)]))
    handles = [BlockHandle(len(first) + 5 * i, 0).encode() for i in range(75_000)]
    index = _grown(BlockHandle(0, len(first) - 5).encode(), handles)
    return assemble([(b"", first), (b"a", bytes(5 * len(handles)))], index=index)


def _one_block_again_and_again(head: bytes) -> bytes:
    first, empty = raw_block(block([(b"", head)])), raw_block(bytes(1 << 20) + struct.pack("<I", 1 << 18))
    handle = BlockHandle(len(first), len(empty) - 5).encode()
    handles = [(b"", BlockHandle(0, len(first) - 5).encode()), *((b"k%07d" % i, handle) for i in range(100_000))]
    return assemble([(b"", first), (b"k", empty)], index=block(handles))


def _snappy_bomb(head: bytes) -> bytes:
    """A million bytes that become 32 million: the first entry, and zeros."""
    literal = block([(b"", head)])[:-8].ljust(100, b"\0")
    copies = (b"\xfe" + struct.pack("<H", 1)) * (1 << 19)
    length = encode_varint(len(literal) + 64 * (1 << 19))
    return assemble([(b"~", raw_block(length + bytes([0xF0, len(literal) - 1]) + literal + copies, kind=1))])


def _claims_too_much(head: bytes) -> bytes:
    return assemble([(b"~", raw_block(encode_varint(1 << 31) + head, kind=1))])


BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "keys that grow": _grown_keys,
    "keys of the index that grow": _grown_separators,
    "one block again and again": _one_block_again_and_again,
    "a Snappy bomb": _snappy_bomb,
    "Snappy that claims too much": _claims_too_much,
}
#: A V1 file has a list of its tensors, where a V2 index has a header.
LISTED = v1_files.meta([("abc", dtypes.FLOAT.number, [2], [v1_files.whole([2])])])


@pytest.mark.parametrize(("suffix", "head"), [(".index", header()), ("", LISTED)], ids=["V2", "V1"])
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_little_memory(bomb, suffix, head, root, tmp_path, out):
    before = files(out.parent)
    Path(f"{tmp_path}/x{suffix}").write_bytes(bomb(head))
    codes = within(500, tmp_path / "x", out, root)
    # Of a V1 file the list alone may be sound.
    assert codes[:2] in ([3, 3], [0, 1])
    assert codes[2:] == [3, 3, 3]
    assert files(out.parent) == before


@pytest.mark.parametrize("suffix", [".index", ""], ids=["V2", "V1"])
def test_a_block_of_a_gibibyte(suffix, root, tmp_path, out):
    """A file of holes, whose index would be nearly all of it."""
    before = files(out.parent)
    footer = BlockHandle(0, 0).encode() + BlockHandle(0, GIB - 1000).encode()
    magic = assemble([(b"~", raw_block(block([(b"", header())])))])[-8:]
    with open(f"{tmp_path}/x{suffix}", "wb") as file:
        file.truncate(GIB)
        file.seek(GIB)
        file.write(footer.ljust(40, b"\0") + magic)
    assert within(500, tmp_path / "x", out, root) == [4] * 5
    assert files(out.parent) == before


def test_a_million_elements_that_are_not_there(root, tmp_path, out):
    """A data file of holes: what is only linked costs nothing."""
    entries = {b"w": entry(dtypes.UINT8, [1 << 40]), b"s": entry(dtypes.STRING, [1 << 39], nbytes=1 << 40)}
    prefix = write_files(tmp_path / "x", entries)
    os.truncate(f"{prefix}.data-00000-of-00001", 1 << 40)
    checkpoint = EditedCheckpoint(prefix)
    merge(checkpoint.tensors, [], prefix=("a=my",))
    checkpoint.save(str(out), force=True)
    assert {name: tensor.shape for name, tensor in Bundle(out).items()} == {"my/s": (1 << 39,), "my/w": (1 << 40,)}


def within(mebibytes: int, prefix: Path, out: Path, root: Path) -> list[int]:
    """Exit codes of verbs that read and edit, in a process that gets no more memory than that."""
    command = [sys.executable, "-c", VERBS, str(mebibytes), str(prefix), str(out)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "MemoryError" not in done.stderr
    codes: list[int] = json.loads(done.stdout)
    return codes
