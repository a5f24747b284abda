"""File type detection by magic numbers, of files that are not TensorFlow's."""

from __future__ import annotations

import re
import struct

from graphsurgeon.formats.sniff import is_text
from proto_utils.files import FileSource

_MEMBER = "name a file in it: ARCHIVE!FILE"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes .h5 weights and models"),
    (b"\x1f\x8b", f"a gzip archive; {_MEMBER}, if it is a .tar.gz; else unpack it first"),
    (b"BZh", f"a bzip2 archive; {_MEMBER}, if it is a .tar.bz2; else unpack it first"),
    (b"\xfd7zXZ\x00", f"an xz archive; {_MEMBER}, if it is a .tar.xz; else unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it first"),
    (b"\x93NUMPY", "a NumPy array (.npy)"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"GGUF", "a GGUF model (llama.cpp)"),
    (b"\x7fELF", "an ELF program or library"),
    (b"MZ", "a Windows program or library"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
#: What the name of a zip archive's first member says.
_ZIP_MEMBERS: tuple[tuple[str, str], ...] = (
    (r".*/data\.pkl|.*/version|.*/byteorder", "a PyTorch model"),
    (r"(metadata|config)\.json|model\.weights\.h5", "a Keras model (.keras)"),
    (r".*\.npy", "a NumPy archive (.npz)"),
)


LFS_POINTER = "a Git LFS pointer, not the file itself; fetch it with `git lfs pull`"
#: Git LFS writes no longer ones.
_MAX_POINTER_NBYTES = 1 << 10
LFS_BEGIN = b"version https://git-lfs.github.com/spec/"


def is_lfs_pointer(source: FileSource) -> bool:
    """Return whether a Git LFS pointer stands in the place of a file, which may hold anything else."""
    return source.size <= _MAX_POINTER_NBYTES and source.read(0, min(source.size, len(LFS_BEGIN))) == LFS_BEGIN


_IMPORT = "import makes a checkpoint of it: import SRC -o PREFIX"
_JAX = "read it into arrays with its own library; gs.save_checkpoint of a dict of them makes a checkpoint"
_TORCH = "save its tensors as .safetensors or .npz with PyTorch; import makes a checkpoint of these"
#: What to do about a file or directory, by words for it.
_WAYS_ON: tuple[tuple[tuple[str, ...], str], ...] = (
    (("(.npy)",), "import reads a directory of such files: move it into one"),
    (("HDF5", "NumPy", "safetensors", "Keras model (.keras)", "map of weights"), _IMPORT),
    (("MessagePack", "msgpack", "Orbax", "Zarr"), _JAX),
    (("PyTorch",), _TORCH),
)


def way_on(looks_like: str) -> str | None:
    """Return what to do about a file that `describe` has words for; None where there is nothing to advise."""
    return next((hint for words, hint in _WAYS_ON if any(word in looks_like for word in words)), None)


def describe(head: bytes, path: str) -> str:
    """Return what a binary file looks like, in words that follow "this is".

    Parameters
    ----------
    head : bytes
        The first `HEAD_NBYTES`, or all of a shorter file.
    path : str
        Only where a name says more than the bytes can.
    """
    if not head:
        return "an empty file"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(b"PK\x03\x04"):
        return _describe_zip(head)
    for looks_like, name in _BY_SHAPE:
        if looks_like(head):
            return name
    if path.endswith(".meta"):
        return f"no MetaGraphDef although it is named so; it begins with {head[:8].hex(' ')}"
    return f"unknown binary data that begins with {head[:8].hex(' ')}"


def describe_text(head: bytes, field: str) -> str:
    """Return what a text file looks like, in words that follow "this is"."""
    stripped = head.lstrip().removeprefix(b"\xef\xbb\xbf")
    if stripped.startswith(LFS_BEGIN):
        return LFS_POINTER
    lowered = stripped[:200].lower()
    if lowered.startswith((b"<!doctype html", b"<html")):
        return "an HTML page, perhaps what a server said instead of the file"
    if stripped.startswith(b"<?xml"):
        return "an XML file"
    if re.match(rb'\{\s*("|\})', stripped):
        if b'"weight_map"' in head:
            return "a map of weights in several files, as Keras writes for sharded ones"
        return "a TensorFlow.js or Keras model in JSON" if b'"modelTopology"' in head else "a JSON file"
    if not stripped:
        return "an empty text file"
    if field and re.search(rb"(?m)^\s*[A-Za-z_]\w*\s*(?:[{<]|:\s*(?:[\"'{<]|[-\w.]+\s*$))", stripped):
        return f"a text file of some other message: its first field is {field!r}"
    lines = [line for line in stripped.decode(errors="replace").splitlines() if line.strip()]
    line = next((line for line in lines if not line.startswith("#")), lines[0])
    return f"a text file that begins with {line[:40]!r}"


def _describe_zip(head: bytes) -> str:
    nbytes = int.from_bytes(head[26:28], "little")
    member = head[30 : 30 + nbytes].decode(errors="replace")
    for pattern, name in _ZIP_MEMBERS:
        if re.fullmatch(pattern, member):
            return f"a zip archive: {name}"
    return f"a zip archive; {_MEMBER}"


def _is_tflite(head: bytes) -> bool:
    return head[4:8] == b"TFL3"


def _is_safetensors(head: bytes) -> bool:
    return len(head) > 10 and head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < 1 << 32


def _is_msgpack(head: bytes) -> bool:
    """Return whether it begins with a map whose first key is a word, as a tree of parameters does."""
    if len(head) < 3 or not (0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF)):
        return False
    start = {0xDE: 3, 0xDF: 5}.get(head[0], 1)
    kind = head[start] if start < len(head) else 0
    length, start = (head[start + 1 : start + 2], start + 2) if kind == 0xD9 else (bytes([kind & 0x1F]), start + 1)
    key = head[start : start + int.from_bytes(length, "big")]
    return (kind == 0xD9 or 0xA1 <= kind <= 0xBF) and len(key) == int.from_bytes(length, "big") and is_text(key)


def _is_pickle(head: bytes) -> bool:
    return head[0] == 0x80 and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _is_tf_record(head: bytes) -> bool:
    """Return whether it begins with a record: a length, and the masked checksum of that."""
    from graphsurgeon.formats.checksum import crc32c, mask

    return len(head) >= 12 and struct.unpack("<I", head[8:12])[0] == mask(crc32c(head[:8]))


def _is_onnx(head: bytes) -> bool:
    """Return whether it begins like a ModelProto: ir_version(1), then producer_name(2), graph(7) or opset_import(8)."""
    if len(head) < 4 or head[0] != 0x08 or not 0 < head[1] < 0x40:
        return False
    if head[2] == 0x12:
        return is_text(head[4 : 4 + head[3]])
    return head[2] in (0x3A, 0x42)


_BY_SHAPE = (
    (_is_tflite, "a TensorFlow Lite model"),
    (_is_onnx, "an ONNX model"),
    (_is_safetensors, "a safetensors file"),
    (_is_msgpack, "a MessagePack file, as Flax and T5X write checkpoints"),
    (_is_pickle, "a Python pickle, as PyTorch and old scripts write"),
    (_is_tar, f"a tar archive; {_MEMBER}"),
    (_is_tf_record, "a TFRecord file: examples, or TensorBoard events"),
)
