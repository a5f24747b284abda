"""Changes of one file: of its bytes, its fields, its lines or its entries.

What holds checksums, lengths and offsets of other parts is taken apart first and put together again after, so that a
change reaches what reads the content and does not stop at a checksum.
"""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.table import Table, TableWriter
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from proto_utils.errors import GraphSurgeonError
from proto_utils.files import BytesSource
from proto_utils.varint import decode_varint, encode_varint
from tests.formats.bundle_files import MemorySink
from tests.fuzz import wire
from tests.fuzz.graph_mutations import change_graph

MAX_NBYTES = 1 << 20
#: How often a graph stays a graph.
_GRAPH_SHARE = 0.55
#: Fields are doubled, removed, swapped; get another wire type, length, number; are repeated, replaced, nested, changed.
_FIELD_WEIGHTS = (4, 4, 4, 1, 1, 2, 2, 6, 1, 12)
_INTEGERS = [
    0, 1, 2, 3, 7, 10, 127, 128, 255, 256, 65535, 1 << 16, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32,
    1 << 40, 1 << 60, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 2, -1 & ((1 << 64) - 1),
]  # fmt: skip
_WORDS = [
    b"", b"/", b"^", b":", b":0", b"a:1", b"^a", b"..", b"../x", b"a/../b", b"/etc", b"\0", b"\xff\xfe", b"\x1b[2J",
    "\u202e\U0001f600".encode(), b"loc:@", b"loc:@w", b"x" * 5000, b"a/" * 3000, b"9" * 5000, b"_class", b"T", b"N",
    b"dtype", b"value", b"shape", b"Tin", b"shapes", b"dtypes", b"num_outputs", b"_output_shapes", b"Const", b"AddN",
    b"Identity", b"IdentityN", b"Placeholder", b"Switch", b"Merge", b"Enter", b"Exit", b"NextIteration", b"LoopCond",
    b"VariableV2", b"VarHandleOp", b"ReadVariableOp", b"AssignVariableOp", b"Assign", b"RestoreV2", b"SaveV2",
    b"MergeV2Checkpoints", b"ShardedFilename", b"PartitionedCall", b"StatefulPartitionedCall", b"If", b"While",
    b"Case", b"Pack", b"ConcatV2", b"Concat", b"Split", b"SplitV", b"Unpack", b"Reshape", b"Transpose", b"MatMul",
    b"Conv2D", b"FusedBatchNorm", b"FusedBatchNormV3", b"BatchNormWithGlobalNormalization", b"RandomUniform", b"NoOp",
    b"TruncatedNormal", b"Fill", b"Range", b"Tile", b"StridedSlice", b"BroadcastTo", b"OneHot", b"Pad", b"GatherV2",
    b"HashTableV2", b"LookupTableImportV2", b"InitializeTableFromTextFileV2", b"TensorArrayV3", b"IteratorV2", b"Cast",
    b"FakeQuantWithMinMaxVars", b"Dequantize", b"PlaceholderWithDefault", b"SymbolicGradient", b"Bitcast", b"Print",
    b"trainable_variables", b"variables", b"while_context", b"cond_context", b"saved_model_main_op", b"asset_filepaths",
    b"serve", b"serving_default", b"saver", b"_CHECKPOINTABLE_OBJECT_GRAPH",
]  # fmt: skip


class Change(NamedTuple):
    """What a mutation is made with: its chances, and content of other seeds to take parts of."""

    rng: random.Random
    others: tuple[bytes, ...] = ()

    def integer(self, old: int = 0) -> int:
        """Return a number that is at an edge, or beside the old one."""
        rng = self.rng
        kind = rng.randrange(4)
        if kind == 0:
            return rng.randrange(40)
        if kind == 1:
            return (old + rng.choice((-1, 1, 7, 1 << 31))) & ((1 << 64) - 1)
        if kind == 2:
            return old ^ 1 << rng.randrange(64)
        return rng.choice(_INTEGERS)

    def word(self, known: list[bytes]) -> bytes:
        """Return a text: a hostile one, one that ops and attrs have, or one of the file itself."""
        return self.rng.choice(known) if known and self.rng.random() < 0.6 else self.rng.choice(_WORDS)


def mutate(name: str, data: bytes, change: Change) -> bytes:
    """Change the content of a file, by what its name says it is."""
    rng = change.rng
    if rng.random() < 0.1:
        found = of_bytes(data, change)
    elif name.endswith((".pbtxt", ".yaml", ".json", ".tsv", "checkpoint")):
        found = of_text(data, change)
    elif name.endswith((".index", ".v1")):
        found = of_table(data, change)
    elif ".tfevents." in name:
        found = of_records(data, change)
    elif name.endswith((".pb", ".meta")):
        found = of_message(data, change)
    else:
        found = of_bytes(data, change)
    return found[:MAX_NBYTES]


def of_bytes(data: bytes, change: Change) -> bytes:
    """Flip, replace, cut, repeat or insert bytes."""
    rng = change.rng
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        position = rng.randrange(len(out) + 1)
        end = min(len(out), position + rng.choice((1, 1, 2, 4, 8, 64, 1000)))
        match rng.randrange(6):
            case 0 if position < len(out):
                out[position] ^= 1 << rng.randrange(8)
            case 1:
                out[position:end] = rng.randbytes(end - position)
            case 2:
                del out[position:end]
            case 3:
                out[position:position] = out[position:end] * rng.choice((1, 1, 2, 100))
            case 4:
                out[position:position] = rng.choice(_WORDS)
            case _:
                out[position:end] = rng.choice(_INTEGERS).to_bytes(8, "little")[: rng.choice((1, 2, 4, 8))]
    return bytes(out)


def of_message(data: bytes, change: Change) -> bytes:
    """Change fields of a message, at any depth; the lengths of those around them are right again.

    Of a message with a graph it may be the graph that is changed, so that it still is one.
    """
    if change.rng.random() < _GRAPH_SHARE:
        found = change_graph(data, change.rng, list(change.others))
        if found is not None:
            return found
    message = wire.decode(data)
    if not message:
        return of_bytes(data, change)
    for _ in range(change.rng.choice((1, 1, 1, 2, 3, 6))):
        _change_field(message, change)
    return wire.encode(message)


def _change_field(message: wire.Message, change: Change) -> None:
    rng = change.rng
    place = wire.any_place(message, rng)
    if place is None:
        return
    holder, position = place
    record = holder[position]
    match rng.choices(range(10), _FIELD_WEIGHTS)[0]:
        case 0:
            holder.insert(rng.randrange(len(holder) + 1), record.copy())
        case 1:
            del holder[position]
        case 2:
            other = rng.randrange(len(holder))
            holder[position], holder[other] = holder[other], record
        case 3:
            record.wire_type = rng.choice((0, 1, 2, 3, 4, 5, 6, 7))
        case 4:
            record.claimed = change.integer(len(record.encode()))
        case 5:
            record.number = change.integer(record.number) % (1 << 29) if rng.random() < 0.3 else rng.randrange(1, 20)
        case 6:
            _repeat(holder, position, rng)
        case 7:
            _splice(holder, position, message, change)
        case 8:
            _nest(record, rng)
        case _:
            _change_value(record, message, change)


def _repeat(holder: wire.Message, position: int, rng: random.Random) -> None:
    record = holder[position]
    room = MAX_NBYTES // 4 // max(len(record.encode()), 1)
    holder[position:position] = [record] * min(rng.choice((2, 10, 100, 1000, 20000)), room)


def _splice(holder: wire.Message, position: int, message: wire.Message, change: Change) -> None:
    """Put another field in its place: one of this file, or of another, with the number that is wanted here."""
    rng = change.rng
    source = message
    if change.others and rng.random() < 0.5:
        source = wire.decode(rng.choice(change.others)) or message
    place = wire.any_place(source, rng)
    if place is not None:
        found = place[0][place[1]].copy()
        found.number = holder[position].number if rng.random() < 0.7 else found.number
        holder[position] = found


def _nest(record: wire.Record, rng: random.Random) -> None:
    """Put the field into itself, some or very many times."""
    content = record.encode()
    for _ in range(rng.choice((1, 3, 30, 120))):
        content = wire.Record(record.number, wire.LEN, content).encode()
        if len(content) > MAX_NBYTES // 2:
            break
    record.wire_type, record.value, record.claimed = wire.LEN, content, None


def _change_value(record: wire.Record, message: wire.Message, change: Change) -> None:
    rng = change.rng
    if isinstance(record.value, int):
        record.value = change.integer(record.value)
    elif isinstance(record.value, list):
        # What looks like a message may be a text, or packed numbers.
        kind = rng.randrange(3)
        content = wire.encode(record.value)
        record.value = (
            of_bytes(content, change) if kind == 0 else change.word(_words(message, rng)) if kind == 1 else b""
        )
    elif record.wire_type == wire.LEN and rng.random() < 0.7:
        record.value = change.word(_words(message, rng))
    else:
        record.value = of_bytes(record.value, change)


def _words(message: wire.Message, rng: random.Random) -> list[bytes]:
    """Return a few of the texts of a message."""
    found = []
    for _ in range(6):
        place = wire.any_place(message, rng)
        value = place[0][place[1]].value if place else b""
        if isinstance(value, bytes):
            found.append(value)
    return found


_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[A-Za-z_][\w./-]*|-?[\d.]+(?:e-?\d+)?|[{}\[\]<>:,;]|\n')
_TEXT_WORDS = [
    b"{", b"}", b"[", b"]", b":", b'"', b"'", b"#", b"\n", b"-1", b"1e400", b"nan", b"-inf", b"0x7f", b"1" * 400,
    b"true", b"DT_FLOAT", b"DT_STRING", b"2147483648", b"18446744073709551616", b"[a.b/c]", b"- ", b"&a", b"*a",
    b"!!python/name:os", b"<<: *a", b"\t", b"\r", b"\\", b"\xff", b"\0", b"\xef\xbb\xbf", b"node {", b"(", b"((((",
    b".*", b"(a+)+", b"re:", b"=", b"9" * 5000,
]  # fmt: skip


def of_text(data: bytes, change: Change) -> bytes:
    """Remove, repeat, swap or replace words and lines; now and then bytes."""
    rng = change.rng
    for _ in range(rng.choice((1, 1, 2, 4))):
        spans = [found.span() for found in _TOKEN.finditer(data)]
        if not spans:
            return of_bytes(data, change)
        start, end = rng.choice(spans)
        token = data[start:end]
        other = data[slice(*rng.choice(spans))]
        kind = rng.randrange(8)
        new = {
            0: b"",
            1: token + b" " + token,
            2: other,
            3: rng.choice(_TEXT_WORDS),
            4: str(change.integer()).encode(),
            5: b'"' + rng.choice(_WORDS).replace(b'"', b"").replace(b"\n", b"") + b'"',
            6: token * min(rng.choice((2, 50, 3000)), MAX_NBYTES // (8 * len(token)) + 1),
        }.get(kind)
        if new is None:
            last = data.rfind(b"\n", 0, start) + 1
            line = data[last : data.find(b"\n", end) + 1 or len(data)]
            times = min(rng.choice((0, 2, 200)), MAX_NBYTES // (8 * len(line)) + 1)
            data = data[:last] + line * times + data[last + len(line) :]
        else:
            data = data[:start] + new + data[end:]
        if len(data) > MAX_NBYTES:
            break
    return data


def of_table(data: bytes, change: Change) -> bytes:
    """Change keys and values of a table, whose checksums, restarts and handles are then made anew."""
    rng = change.rng
    try:
        entries = list(Table(BytesSource(data)).items())
    except GraphSurgeonError:
        return of_bytes(data, change)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not entries:
            break
        position = rng.randrange(len(entries))
        key, value = entries[position]
        match rng.randrange(8):
            case 0:
                del entries[position]
            case 1:
                entries.append((change.word([each for each, _ in entries]), value))
            case 2:
                entries[position] = (of_bytes(key, change), value)
            case 3:
                entries[position] = (key, rng.choice(entries)[1])
            case _:
                entries[position] = (key, of_message(value, change))
    return write_table(entries)


def write_table(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Write a sound table of these entries, of which the last of each key counts."""
    sink = MemorySink()
    writer = TableWriter(sink)
    for key, value in sorted(dict(entries).items()):
        writer.add(key, value)
    writer.finish()
    return sink.value()


def of_records(data: bytes, change: Change) -> bytes:
    """Change the events of an event file, each with the right length and checksums again."""
    position, events = 0, []
    while position + 16 <= len(data):
        length = int.from_bytes(data[position : position + 8], "little")
        events.append(data[position + 12 : position + 12 + length])
        position += 16 + length
    if not events:
        return of_bytes(data, change)
    which = change.rng.randrange(len(events))
    events[which] = of_message(events[which], change)
    return b"".join(map(record, events))


def record(event: bytes) -> bytes:
    """Return a TFRecord."""
    length = len(event).to_bytes(8, "little")
    return b"".join((length, masked(length), event, masked(event)))


def masked(data: bytes) -> bytes:
    """Return the checksum of some bytes as files hold it."""
    return mask(crc32c(data)).to_bytes(4, "little")


def object_graph(files: dict[str, bytes], prefix: str, change: Change) -> None:
    """Change the object graph in a checkpoint, and with it what its entry says: place, size and checksum."""
    entries = dict(Table(BytesSource(files[f"{prefix}.index"])).items())
    key = OBJECT_GRAPH_KEY.encode()
    if key not in entries:
        return
    entry = schema.parse(schema.BundleEntryProto, entries[key])
    name = f"{prefix}.data-00000-of-00001"
    stored = files[name][entry.offset : entry.offset + entry.size]
    length, start = decode_varint(stored, 0)
    content = of_message(stored[start + 4 : start + 4 + length], change)
    size = len(content).to_bytes(4, "little")
    body = masked(size) + content
    entry.offset = len(files[name])
    entry.crc32c = mask(crc32c(body, crc32c(size)))
    body = encode_varint(len(content)) + body
    entry.size = len(body)
    files[name] += body
    entries[key] = schema.serialize(entry)
    files[f"{prefix}.index"] = write_table(list(entries.items()))
