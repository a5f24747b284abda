"""Small checkpoints for tests of edits that change values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor


def tensors(**values: object) -> dict[str, Tensor]:
    """Tensors by name; ``__`` in a name stands for a slash."""
    return {name.replace("__", "/"): as_tensor(value) for name, value in values.items()}


def singles(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def lists(given: Mapping[str, Tensor]) -> dict[str, object]:
    """The values of tensors as nested lists."""
    return {name: tensor.numpy().tolist() for name, tensor in given.items()}


def told(report) -> dict[str, str]:
    """What was skipped, and why."""
    return {row.name: row.reason for row in report.skipped}
