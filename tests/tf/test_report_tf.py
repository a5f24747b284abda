"""The edges that `report` draws are those that TensorFlow reads, in functions and loops too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.tools.report.graph_columns import RESULT
from graphsurgeon.tools.report.page_data import page_data
from tests.models import shared
from tests.tf.judge import TensorFlow

TFX = "tensorflow+tfx/tfx/"


def edges(graph: dict[str, Any], strings: list[str]) -> dict[str, list[Any]]:
    nodes = graph["nodes"]
    names = nodes["name"]
    return {
        name: sorted([names[producer], output] for producer, output in inputs)
        for name, op, inputs in zip(names, nodes["op"], nodes["inputs"], strict=True)
        if strings[op] != RESULT
    }


def check(model: gs.Model, tf: TensorFlow, directory: Path) -> int:
    gs.save(model, directory / "g.pb", to="graph_def", drop_values=True)
    page = page_data(directory / "g.pb", values=False)
    wanted = tf.call("edges:of_graph", path=str(directory / "g.pb"))
    assert [graph["name"] for graph in page["graphs"]] == list(wanted)
    for graph in page["graphs"]:
        told = {name: sorted(inputs) for name, inputs in wanted[graph["name"]].items()}
        assert edges(graph, page["strings"]) == told, graph["name"]
    return len(wanted)


@pytest.mark.parametrize(
    "name", ["mobile_cnn.pb", "lstm_loop.pb", "lstm_calls.pb", "cond.ckpt.meta", "lstm_calls.ckpt"]
)
def test_fixtures(tf2: TensorFlow, fixtures: Path, tmp_path: Path, name: str):
    check(gs.load(fixtures / name), tf2, tmp_path)


@pytest.mark.parametrize(
    ("path", "num_graphs"),
    [
        (f"{TFX}components/testdata/trainer/keras/Format-Serving", 38),
        (f"{TFX}benchmarks/datasets/chicago_taxi/model/tft_tf2_saved_model", 21),
        (f"{TFX}components/testdata/trainer/current/Format-Serving/model.ckpt-1000.meta", 60),
    ],
)
def test_functions_of_others(tf2: TensorFlow, tmp_path: Path, path: str, num_graphs: int):
    assert check(gs.load(shared(path)), tf2, tmp_path) == num_graphs
