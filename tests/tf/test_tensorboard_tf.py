"""Logs that we wrote: TensorBoard serves their graphs and histograms, which are TensorFlow's own."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.formats.event_writer import EventWriter
from graphsurgeon.tensors.statistics import statistics
from graphsurgeon.tensors.values import ArrayTensor
from tests.formats.test_event_writer import Bytes, records
from tests.tf.judge import TensorFlow, environment

# Seconds; one that starts beside other tests takes its time.
PATIENCE = 240


def arrays() -> dict[str, np.ndarray]:
    # Sums of whole numbers are the same whatever the order of their terms.
    integers = np.random.default_rng(3).integers(-1000, 1000, 5000)
    return {
        "spread": np.array([1, 2, 3, 0, 2.0**100, 2.0**-17, -4, 2.0**-120, -(2.0**-60)], np.float32),
        "halves": (integers / 8).astype(np.float16),
        "singles": (integers / 8).astype(np.float32),
        "doubles": integers / 8,
        "integers": integers.astype(np.int32),
        "bytes": (integers % 256).astype(np.uint8),
        "long": integers,
        "zeros": np.zeros(3, np.float32),
        "empty": np.zeros([0, 2], np.float32),
        "scalar": np.float32(7),
    }


def test_histograms_are_those_of_tensorflow(tf: TensorFlow, tmp_path: Path):
    named: dict[str, Any] = arrays()
    np.savez(tmp_path / "x.npz", **named)
    wanted = tf.call("histograms:of_values", path=str(tmp_path / "x.npz"))
    for name, values in arrays().items():
        sink = Bytes()
        EventWriter(sink, 1.0).histogram("t", statistics(ArrayTensor(np.asarray(values))), 0, 1.0)
        assert records(sink.data)[1].hex().endswith(wanted[name]), name


@contextmanager
def serving(tf: TensorFlow, directory: Path) -> Iterator[str]:
    """Run TensorBoard on a directory of logs, and give its address."""
    command = [tf.python, "-m", "tensorboard.main", "--logdir", str(directory), "--host", "127.0.0.1", "--port", "0"]
    log = directory.parent / "tensorboard.txt"
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment(), cwd=directory)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            told = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
            if told:
                yield told[0]
                return
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
    finally:
        process.kill()
        process.wait()


def asked(address: str, route: str, **given: Any) -> str:
    """Ask until there is an answer: TensorBoard reads logs after it has started."""
    url = f"{address}/data/{route}?{urllib.parse.urlencode(given)}"
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                text: str = answer.read().decode()
            if text.strip() not in ("{}", "[]", "null"):
                return text
        except OSError as error:
            text = str(error)
        assert time.monotonic() < deadline, text
        time.sleep(0.2)


def test_tensorboard_serves_graph_and_histograms(tf: TensorFlow, fixtures: Path, tmp_path: Path):
    weights = dict(gs.load_checkpoint(fixtures / "lstm_calls.ckpt"))
    for step in (10, 200):
        gs.scale(weights, select=".*", factor=2)
        gs.save_checkpoint(weights, tmp_path / "steps" / f"model.ckpt-{step}")
    gs.tensorboard(fixtures / "lstm_calls.ckpt", tmp_path / "logs" / "graph")
    gs.tensorboard(tmp_path / "steps", tmp_path / "logs" / "steps")
    with serving(tf, tmp_path / "logs") as address:
        graph = asked(address, "plugin/graphs/graph", run="graph", conceptual="false")
        assert len(re.findall(r"^node \{", graph, re.MULTILINE)) == len(gs.load(fixtures / "lstm_calls.ckpt").graph)
        assert len(re.findall(r"^  function \{", graph, re.MULTILINE)) == 2
        assert "_output_shapes" in graph
        tag = "rnn/lstm/kernel"
        for plugin in ("histograms", "distributions"):
            found = json.loads(asked(address, f"plugin/{plugin}/{plugin}", run="steps", tag=tag))
            assert [row[1] for row in found] == [10, 200]
        tags = json.loads(asked(address, "plugin/histograms/tags"))
        assert sorted(tags["steps"]) == sorted(name for name, each in weights.items() if each.dtype.name != "string")
        histogram = json.loads(asked(address, "plugin/histograms/histograms", run="steps", tag=tag))[0][2]
        assert sum(bucket[2] for bucket in histogram) == pytest.approx(weights[tag].size)
