"""Cases on reading: text graphs, against protobuf's own parser, and checksums, against reading the file."""

from __future__ import annotations

import sys

from benchmarks.bench import DATA, OURS, ROOT, Bench, Claim, Result
from benchmarks.process import MIB, Job

NUM_TEXT_NODES = 20_000
_VALUES_NBYTES = 1 << 25
#: What protobuf's parser in Python makes of a text.
PARSE = (
    "import sys; from proto_utils import schema; "
    "schema.parse_text(schema.GraphDef, open(sys.argv[1], 'rb').read(), path=sys.argv[1])"
)
LOAD = "import sys, graphsurgeon as gs; gs.load(sys.argv[1])"
#: A file read once through one buffer and summed up.
SUM = (
    "import sys; from graphsurgeon.formats.checksum import crc32c\n"
    "buffer, crc = memoryview(bytearray(1 << 20)), 0\n"
    "with open(sys.argv[1], 'rb', buffering=0) as file:\n"
    "    while count := file.readinto(buffer):\n"
    "        crc = crc32c(buffer[:count], crc)"
)


def read_text(bench: Bench) -> Result:
    """A graph of many nodes in text, and one of few with long values."""
    many = bench.model(f"nodes-{NUM_TEXT_NODES}.pbtxt", _as_text(bench, NUM_TEXT_NODES))
    long = bench.model("long.pbtxt", [sys.executable, str(ROOT / "benchmarks" / "models.py"), "text",
                                      str(_VALUES_NBYTES), "long.pbtxt"])  # fmt: skip
    jobs = [
        Job("gs.load", [sys.executable, "-c", LOAD, str(many)], None, bench.runs),
        Job("protobuf's parser", [sys.executable, "-c", PARSE, str(many)], None, bench.runs),
        Job("gs.load, long values", [sys.executable, "-c", LOAD, str(long)], None, bench.runs),
    ]
    found = bench.compare(jobs)
    ours, peer, of_long = (found[job.label] for job in jobs)
    ratio = (ours.median_processor or 0.0) / (peer.median_processor or 1.0)
    claims = [
        Claim("text of 20,000 nodes, processor time over that of protobuf's parser", ratio, 0.5, "x"),
        Claim("text of long values, peak memory", of_long.peak / MIB, 48, "MiB"),
    ]
    return Result("Read text graphs", list(found.values()), claims)


def verify_checksums(bench: Bench) -> Result:
    """Every checksum of 553 MB, against a CRC32C of the data file."""
    bench.vgg()
    prefix = bench.work / "vgg.ckpt"
    jobs = [
        Job("graphsurgeon verify", [*OURS, "verify", str(prefix)], None, bench.runs),
        Job("CRC32C of the data file", [sys.executable, "-c", SUM, f"{prefix}{DATA}"], None, bench.runs),
    ]
    ours, reading = bench.compare(jobs).values()
    claims = [Claim("verify 553 MB, over a CRC32C of the file", ours.median / reading.median, 1.3, "x")]
    return Result("Verify a checkpoint (553 MB)", [ours, reading], claims)


def _as_text(bench: Bench, count: int) -> list[str]:
    source = bench.synthetic("nodes", count)
    return [*OURS, "convert", str(source), "-o", str(bench.work / f"nodes-{count}.pbtxt"), "--to", "graph_def_text"]
