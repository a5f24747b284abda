"""Initial values against what TensorFlow initializes variables to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.evaluator import Initializers
from tests.tf.judge import TensorFlow

# What goes through sums or logarithms of another library.
NEARLY = ("normal", "lecun", "scaling", "truncated", "large")


def initialized(tf: TensorFlow, directory: Path, *, seeded: bool) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Let TensorFlow export a graph and initialize it: dtypes and values by name."""
    dtypes = tf.call("initializing:graph", meta=directory / "m.meta", values=directory / "m.npz", seeded=seeded)
    with np.load(directory / "m.npz", allow_pickle=True) as arrays:
        return dtypes, {name: arrays[name.replace("/", "|")] for name in dtypes}


@pytest.fixture(params=["tf1", "tf2"])
def seeded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, str], dict[str, np.ndarray], Path]:
    """A graph with a seed: types, values, its path."""
    dtypes, values = initialized(request.getfixturevalue(request.param), tmp_path, seeded=True)
    return dtypes, values, tmp_path / "m.meta"


def plain(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def test_values_are_those_of_tensorflow(seeded: tuple[dict[str, str], dict[str, np.ndarray], Path]):
    dtypes, values, path = seeded
    model = gs.load(path)
    initial, num_equal = Initializers(model), 0
    for name, wanted in values.items():
        found = initial[name].numpy()
        assert found.dtype == (object if dtypes[name] == "object" else np.dtype(found.dtype)), name
        assert (found.dtype.name, found.shape) == (dtypes[name], wanted.shape), name
        if "orthogonal" in name or "wide" in name:
            tolerance = 2e-6 if found.dtype == np.float32 else 1e-14
            np.testing.assert_allclose(found, wanted, atol=tolerance, rtol=0, err_msg=name)
        elif name.endswith(NEARLY):
            np.testing.assert_array_max_ulp(found, wanted, 16)
            assert np.mean(found == wanted) > 0.95, name
        else:
            assert np.array_equal(plain(found), wanted), name
            num_equal += 1
    assert num_equal > 60


def test_without_seeds_values_are_distributed_alike(tf: TensorFlow, tmp_path: Path):
    dtypes, values = initialized(tf, tmp_path, seeded=False)
    initial, num_random = Initializers(gs.load(tmp_path / "m.meta"), seed=3), 0
    for name in dtypes:
        wanted = values[name]
        if not name.startswith("random/") or "stateless" in name or wanted.size < 2000:
            continue
        found = plain(initial[name].numpy()).astype(np.float64)
        assert not np.array_equal(found, wanted), name
        error = 6 * wanted.astype(np.float64).std() / wanted.size**0.5
        assert abs(found.mean() - wanted.astype(np.float64).mean()) < error, name
        assert abs(found.std() - wanted.astype(np.float64).std()) < error, name
        assert found.min() >= wanted.min() - 0.3 * np.ptp(wanted.astype(np.float64)), name
        num_random += 1
    assert num_random > 20
