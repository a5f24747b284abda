"""What TensorFlow froze is the model it trained, and one that it trained further is not: told without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR
from graphsurgeon.compare.equivalence import same_model
from tests.tf.judge import TensorFlow

NETS = ("mobile", "unfused", "transposed", "text", "loop", "branches", "dtypes", "awkward")
NETS_V1 = ("slim_resnet", "slim_resnet_v2", "slim_inception", "slim_vgg", "layers", "keras", "rnn_cells", "unrolled")


def errors(made: dict[str, Any]) -> list[str]:
    found = same_model(gs.load(made["pb"]), gs.load(made["prefix"]))
    return [f"{finding.node}: {finding.message} [{finding.rule}]" for finding in found if finding.severity == ERROR]


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("net", NETS)
def test_nets(tf: TensorFlow, tmp_path: Path, net: str, resource: bool):
    assert errors(tf.call("making:make", net=net, directory=str(tmp_path), resource=resource)) == []


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("net", [net for net in NETS if net not in ("loop", "dtypes")])
def test_beside_an_optimizer(tf: TensorFlow, tmp_path: Path, net: str, resource: bool):
    """What training adds to the graph and to the checkpoint is no part of the model."""
    made = tf.call("making:make", net=net, directory=str(tmp_path), resource=resource, trained=True)
    assert errors(made) == []


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("net", NETS_V1)
def test_layer_libraries_of_tensorflow_1(tf1: TensorFlow, tmp_path: Path, net: str, resource: bool):
    assert errors(tf1.call("making:make", net=net, directory=str(tmp_path), resource=resource)) == []


@pytest.mark.parametrize("net", ["loop", "branches"])
def test_functional_control_flow(tf: TensorFlow, tmp_path: Path, net: str):
    made = tf.call("making:make", net=net, directory=str(tmp_path), resource=not tf.is_v1, control_flow_v2=True)
    assert errors(made) == []


@pytest.mark.parametrize("partitions", [2, 3])
def test_partitioned(tf: TensorFlow, tmp_path: Path, partitions: int):
    assert errors(tf.call("making:make", net="text", directory=str(tmp_path), partitions=partitions)) == []


def test_other_values_are_found_and_measured(tf: TensorFlow, tmp_path: Path):
    """The same net with other values: every variable is named, and `diff` finds what numpy finds."""
    made = []
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        made.append(tf.call("making:make", net="mobile", directory=str(tmp_path / str(seed)), seed=seed))
    one, two = made
    found = same_model(gs.load(one["pb"]), gs.load(two["prefix"]))
    assert {finding.node for finding in found if finding.rule == "value"} == set(one["variables"])
    report = gs.diff(gs.load(one["prefix"]), gs.load(two["prefix"]))
    assert report.graph is not None
    assert report.graph.is_equal
    a, b = (gs.load_checkpoint(each["prefix"]) for each in made)
    assert [row.name for row in report.tensors.changed] == sorted(a)
    for row in report.tensors.changed:
        x, y = a[row.name].numpy().astype(np.float64), b[row.name].numpy().astype(np.float64)
        assert row.values is not None
        assert row.values.num_different == (x != y).sum()
        assert row.values.max_absolute == np.abs(x - y).max()
        assert row.values.max_relative == (np.abs(x - y) / np.maximum(np.abs(x), np.abs(y))).max()
