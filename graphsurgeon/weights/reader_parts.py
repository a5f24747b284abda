"""What Keras calls the weights of one layer, by what they are for in it.

=========================================  ==========================================================
roles in a layer                           names
=========================================  ==========================================================
a filter or a kernel                       ``kernel``
a depthwise and another filter             ``depthwise_kernel``, ``pointwise_kernel``
a depthwise filter alone                   ``kernel`` in Keras 3, ``depthwise_kernel`` before
two kernels in a cell                      ``kernel``, then ``recurrent_kernel``: the order of their use
an embedding                               ``embeddings``
batch norm and other norms                 ``gamma``, ``beta``, ``moving_mean``, ``moving_variance``
an RMSNormalization by its default name    ``scale``
a PReLU's slope                            ``alpha``
=========================================  ==========================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from graphsurgeon.weights.reader_scopes import Reading
from graphsurgeon.weights.roles import KERNELS

if TYPE_CHECKING:
    from graphsurgeon.weights.reader_names import Unnamed

_PARTS: Final = {
    **dict.fromkeys(KERNELS, "kernel"),
    "embedding": "embeddings",
    "bn_mean": "moving_mean", "bn_variance": "moving_variance", "bn_scale": "gamma", "bn_offset": "beta",
    "norm_scale": "gamma", "norm_offset": "beta", "prelu_alpha": "alpha",
    "recurrent_bias": "bias", "bias": "bias", "selected": "variable",
}  # fmt: skip
_CELL: Final = re.compile(r".*(cell|lstm|gru|rnn).*", re.IGNORECASE)
_RMS: Final = re.compile(r"rms_normalization(_\d+)?")
_SCALING: Final = re.compile(r"[Mm]ul(_\d+)?")
#: Cells of Keras 2 that are called as one function, outside of their scope, by how many kernels are in one.
_CELLS: Final = {4: "lstm_cell", 3: "gru_cell"}


def parts_of(weights: Sequence[tuple[Unnamed, Reading]], *, is_keras_3: bool) -> dict[str, str]:
    """Return the last parts of names by constant, of the weights of one layer in the order of their use."""
    parts = {one.name: _PARTS.get(one.role, one.role) for one, _ in weights}
    for one, reading in weights:
        is_rms = parts[one.name] == "gamma" and reading.layer and _RMS.fullmatch(reading.layer[-1])
        if is_rms or (_SCALING.fullmatch(reading.op) and one.role in ("variable", "matmul_kernel")):
            parts[one.name] = "scale"
    kernels = [one for one, _ in weights if parts[one.name] == "kernel"]
    depthwise = [one for one in kernels if one.role == "depthwise_filter"]
    if depthwise and (len(kernels) > 1 or not is_keras_3):
        parts |= {one.name: "depthwise_kernel" if one in depthwise else "pointwise_kernel" for one in kernels}
    elif len(kernels) == 2 and _is_cell(weights):
        parts[kernels[1].name] = "recurrent_kernel"
    if "gamma" in parts.values() and not kernels and "beta" not in parts.values():
        parts = {name: "beta" if part == "bias" else part for name, part in parts.items()}
    parts |= _statistics([one for one, _ in weights if one.role == "normalizer"])
    cell = "" if is_keras_3 else _cell_called_as_one(weights, kernels)
    return {name: f"{cell}/{part}" for name, part in parts.items()} if cell else parts


def _is_cell(weights: Sequence[tuple[Unnamed, Reading]]) -> bool:
    if any(one.role.startswith("recurrent_") for one, _ in weights):
        return True
    return any(reading.layer and _CELL.fullmatch(reading.layer[-1]) for _, reading in weights)


def _statistics(normalizers: Sequence[Unnamed]) -> dict[str, str]:
    """Return what a Normalization calls the mean that it subtracts, and the variance that it divides by."""
    return {one.name: part for one, part in zip(normalizers, ("mean", "variance"), strict=False)}


def _cell_called_as_one(weights: Sequence[tuple[Unnamed, Reading]], kernels: Sequence[Unnamed]) -> str:
    if len(kernels) != 2 or not all(re.fullmatch(r"Read(_\d+)?", reading.op) for _, reading in weights):
        return ""
    shape = kernels[1].shape
    return _CELLS.get(shape[1] // shape[0], "") if len(shape) == 2 and shape[0] else ""
