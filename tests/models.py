"""Small models for tests, and the real ones of others, where they are."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import RawTensor
from proto_utils import schema
from proto_utils.files import BytesSource, Span
from tests.conftest import ROOT

SHARED = ROOT.parent / "shared" / "models"


def shared(path: str) -> Path:
    """A real file of others; skips the test where they are not."""
    if not (SHARED / path).exists():
        pytest.skip(f"{SHARED.name}/{path} is not beside the project")
    return SHARED / path


def shared_files(*suffixes: str) -> list[Path]:
    """All real files with these suffixes; none where they are not."""
    return [path for path in _all_shared() if path.suffix in suffixes]


@functools.cache
def _all_shared() -> list[Path]:
    return sorted(path for path in SHARED.rglob("*") if path.is_file())


def floats(*values: float) -> RawTensor:
    """A vector of float32."""
    import struct

    data = BytesSource(struct.pack(f"<{len(values)}f", *values))
    return RawTensor(dtypes.FLOAT, [len(values)], Span(data, 0, data.size))


def frozen() -> schema.GraphDef:
    """A frozen graph: x (fed), a weight w with its read, out = x * w."""
    nodes = [
        Node.new("x", "Placeholder", attrs={"dtype": dtypes.FLOAT}),
        Node.new("w", "Const", attrs={"dtype": dtypes.FLOAT, "value": floats(1, 2, 3)}),
        Node.new("w/read", "Identity", ["w"], attrs={"T": dtypes.FLOAT, "_class": [b"loc:@w"]}),
        Node.new("out", "Mul", ["x", "w/read"], attrs={"T": dtypes.FLOAT}),
    ]
    return schema.GraphDef(node=[node.proto for node in nodes], versions={"producer": 134})


def meta_graph() -> schema.MetaGraphDef:
    """The frozen graph in a MetaGraphDef with a signature."""
    meta = schema.MetaGraphDef(graph_def=frozen())
    meta.meta_info_def.tensorflow_version = "1.15.0"
    meta.meta_info_def.tags.append("serve")
    meta.signature_def["serving_default"].inputs["feed"].name = "x:0"
    meta.signature_def["serving_default"].inputs["feed"].dtype = 1
    meta.signature_def["serving_default"].outputs["fetch"].name = "out:0"
    meta.signature_def["serving_default"].outputs["fetch"].dtype = 1
    return meta


def saved_model(*metas: schema.MetaGraphDef) -> schema.SavedModel:
    """A SavedModel of these meta graphs, of `meta_graph` by default."""
    return schema.SavedModel(saved_model_schema_version=1, meta_graphs=list(metas) or [meta_graph()])
