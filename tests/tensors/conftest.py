"""Sizes of pieces down to one element, so that small tensors go through what large ones do."""

from __future__ import annotations

import pytest

from graphsurgeon.tensors import rearranged, tiled


@pytest.fixture(params=[16, 48, 1 << 20], ids="chunks of {}".format)
def chunk_nbytes(request) -> int:
    return int(request.param)


@pytest.fixture(params=[16, 100, 1 << 28], ids="windows of {}".format)
def window_nbytes(request, monkeypatch) -> int:
    for module in (rearranged, tiled):
        monkeypatch.setattr(module, "MIN_WINDOW_NBYTES", request.param)
    monkeypatch.setattr(rearranged, "MAX_WINDOW_NBYTES", 4 * request.param)
    return int(request.param)
