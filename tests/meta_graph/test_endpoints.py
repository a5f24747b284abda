"""What signatures say of inputs and outputs."""

from __future__ import annotations

from graphsurgeon.ir.endpoints import Endpoint
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.endpoints import merge_endpoints, signature_endpoints
from tests.models import meta_graph


def test_signatures_name_tensors():
    model = Model.from_meta_graph_def(meta_graph())
    assert [(e.name, e.dtype, e.reason) for e in signature_endpoints(model, "outputs")] == [
        ("out", "float32", "output 'fetch' of signature 'serving_default'")
    ]


def test_what_signatures_name_comes_first_and_once():
    named, guessed = ([Endpoint(name, "Neg", None, None, "") for name in names] for names in (["b", "a:1"], ["a", "c"]))
    assert [each.name for each in merge_endpoints(named, guessed)] == ["b", "a:1", "c"]
