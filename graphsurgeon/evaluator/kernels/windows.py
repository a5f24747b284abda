"""Kernels that go over images with a window: convolutions, in double precision, and pooling.

The window is walked through, not the image: for each of its positions all places of the image that it meets are one
strided view.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphsurgeon.evaluator.kernels.whole import Array, Whole
from graphsurgeon.ir.node import Node


def _is_channels_first(node: Node) -> bool:
    return bool(node.attrs.get("data_format") == b"NCHW")


def _spatial(node: Node, name: str, default: tuple[int, ...] = (1, 1, 1, 1)) -> tuple[int, int]:
    """Return height and width of an attr that has a number for each dimension."""
    given = node.attrs.get(name) or list(default)
    if len(given) != 4:
        raise ValueError(f"{name} {given}")
    outer, pair = (given[:2], given[2:]) if _is_channels_first(node) else ((given[0], given[3]), given[1:3])
    if tuple(outer) != (1, 1):
        raise ValueError(f"{name} {given} over images or channels")
    if min(pair) < 1:
        raise ValueError(f"{name} {given}")
    return pair[0], pair[1]


class _Windows:
    """Where a window is put on an image: the padded image, and its views for each position within the window."""

    def __init__(self, node: Node, image: Array, size: tuple[int, int], fill: float) -> None:
        import numpy as np

        self.size = size
        self.steps = _spatial(node, "strides")
        self.dilations = _spatial(node, "dilations")
        pads = self._pads(node, image.shape[1:3])
        self.padded = np.pad(image, [(0, 0), *pads, (0, 0)], constant_values=np.asarray(fill, image.dtype))
        spans = [(n - 1) * d + 1 for n, d in zip(size, self.dilations, strict=True)]
        padded = self.padded.shape[1:3]
        self.places = [max(0, (n - span) // step + 1) for n, span, step in zip(padded, spans, self.steps, strict=True)]

    def _pads(self, node: Node, dims: tuple[int, int]) -> list[tuple[int, int]]:
        padding = bytes(node.attrs.get("padding", b"VALID"))
        if padding == b"VALID":
            return [(0, 0), (0, 0)]
        if padding == b"EXPLICIT":
            given = node.attrs["explicit_paddings"]
            pairs = [(given[i], given[i + 1]) for i in range(0, 8, 2)]
            return pairs[2:] if _is_channels_first(node) else pairs[1:3]
        pads = []
        for dim, size, step, dilation in zip(dims, self.size, self.steps, self.dilations, strict=True):
            total = max(0, (-(-dim // step) - 1) * step + (size - 1) * dilation + 1 - dim)
            pads.append((total // 2, total - total // 2))
        return pads

    def views(self) -> Iterator[tuple[int, int, Array]]:
        """Yield what each position of the window meets: ``[images, rows, columns, channels]``."""
        (rows, columns), (down, right) = self.places, self.steps
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                top, left = i * self.dilations[0], j * self.dilations[1]
                yield (
                    i,
                    j,
                    self.padded[:, top : top + rows * down : down, left : left + columns * right : right][
                        :, :rows, :columns
                    ],
                )


def _channels_last(node: Node, a: Array) -> Array:
    if a.ndim != 4:
        raise ValueError(f"images of {a.ndim} dimensions")
    return a.transpose(0, 2, 3, 1) if _is_channels_first(node) else a


def _as_given(node: Node, a: Array, dtype: Any) -> tuple[Array, ...]:
    return ((a.transpose(0, 3, 1, 2) if _is_channels_first(node) else a).astype(dtype),)


def _conv2d(node: Node, image: Array, kernel: Array) -> tuple[Array, ...]:
    import numpy as np

    wide = _channels_last(node, image).astype(np.float64)
    height, width, depth, num_outputs = kernel.shape
    windows = _Windows(node, wide, (height, width), 0)
    groups = wide.shape[3] // depth if depth else 0
    if groups * depth != wide.shape[3] or not groups or num_outputs % groups:
        raise ValueError(f"a kernel of shape {list(kernel.shape)} on {wide.shape[3]} channels")
    out = np.zeros((len(wide), *windows.places, num_outputs))
    each = num_outputs // groups
    for i, j, view in windows.views():
        for group in range(groups):
            part = slice(group * each, (group + 1) * each)
            weights = kernel[i, j, :, part].astype(np.float64)
            out[..., part] += view[..., group * depth : (group + 1) * depth] @ weights
    return _as_given(node, out, image.dtype)


def _depthwise(node: Node, image: Array, kernel: Array) -> tuple[Array, ...]:
    import numpy as np

    wide = _channels_last(node, image).astype(np.float64)
    height, width, depth, multiplier = kernel.shape
    if depth != wide.shape[3]:
        raise ValueError(f"a kernel of shape {list(kernel.shape)} on {wide.shape[3]} channels")
    windows = _Windows(node, wide, (height, width), 0)
    out = np.zeros((len(wide), *windows.places, depth, multiplier))
    for i, j, view in windows.views():
        out += view[..., None] * kernel[i, j].astype(np.float64)
    return _as_given(node, out.reshape(*out.shape[:3], depth * multiplier), image.dtype)


def _max_pool(node: Node, image: Array) -> tuple[Array, ...]:
    import numpy as np

    given = _channels_last(node, image)
    least = -np.inf if given.dtype.kind in "fV" else np.iinfo(given.dtype).min
    windows = _Windows(node, given, _spatial(node, "ksize"), least)
    views = [view for _, _, view in windows.views()]
    out = views[0].copy()
    for view in views[1:]:
        out = np.maximum(out, view)
    # TensorFlow passes NaN over, and begins with the least finite number of the type, which is what it gives for a
    # window of nothing but -inf; float64 has -inf there, and bfloat16 the one or the other.
    if given.dtype.kind in "fV" and (np.isnan(out).any() or (out == -np.inf).any()):
        raise ValueError("TensorFlow's own types and releases differ on windows with NaN, or with nothing but -inf")
    return _as_given(node, out, image.dtype)


def _avg_pool(node: Node, image: Array) -> tuple[Array, ...]:
    import numpy as np

    wide = _channels_last(node, image).astype(np.float64)
    size = _spatial(node, "ksize")
    totals = sum(view for _, _, view in _Windows(node, wide, size, 0).views())
    # What is beside the image does not count.
    ones = np.ones((1, *wide.shape[1:3], 1))
    counts = sum(view for _, _, view in _Windows(node, ones, size, 0).views())
    return _as_given(node, totals / counts, image.dtype)


#: Op -> kernel.
WINDOWS: dict[str, Whole] = {
    "Conv2D": Whole(_conv2d), "DepthwiseConv2dNative": Whole(_depthwise), "MaxPool": Whole(_max_pool),
    "AvgPool": Whole(_avg_pool),
}  # fmt: skip
