"""Tables and targets say what was measured."""

from __future__ import annotations

import json

from benchmarks.bench import Claim, Result
from benchmarks.process import MIB, Measurement
from benchmarks.report import as_json, from_json, table, targets

RESULT = Result(
    "Job",
    [Measurement("ours", [0.4, 0.1, 0.2], 40 * MIB, [0.3, 0.1, 0.1]), Measurement("theirs", [30.0], 6 << 30)],
    [Claim("faster", 150, 80, "x", at_least=True), Claim("memory", 65, 64, "MiB")],
)


def test_table_gives_medians_and_ratios_to_ours():
    assert table([RESULT]).splitlines()[2:] == [
        "| **Job** | | | |",
        "| ours | 0.20 s |  | 40 MiB |",
        "| theirs | 30.0 s | 150 x | 6.0 GiB |",
    ]


def test_targets_are_met_from_the_right_side():
    assert targets([RESULT]).splitlines() == [
        "met     faster: 150 x (target >= 80 x)",
        "MISSED  memory: 65 MiB (target <= 64 MiB)",
    ]


def test_json_keeps_every_run():
    row, other = json.loads(as_json({"job": RESULT}))["cases"]["job"]["rows"]
    assert row == {
        "label": "ours",
        "median_seconds": 0.2,
        "median_processor_seconds": 0.1,
        "seconds": [0.4, 0.1, 0.2],
        "processor_seconds": [0.3, 0.1, 0.1],
        "peak_nbytes": 40 * MIB,
    }
    assert other["median_processor_seconds"] is None


def test_json_is_read_back():
    results = from_json(as_json({"job": RESULT}))
    assert results["job"].rows == RESULT.rows
    assert table(results.values()) == table([RESULT])
