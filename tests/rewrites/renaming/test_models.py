"""Renaming in a whole model."""

from __future__ import annotations

from graphsurgeon.rewrites.renaming.models import rename_model
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from tests.passes.prune.models import trained


def test_everything_follows_and_is_told():
    model = trained(["w"], "\nout = Relu(w/read)", {"w": "key"})
    done = rename_model(model, NameMap(parse_texts({"w": "v"})), add_scope="my")
    assert (done.nodes["w"], done.nodes["w/read"], dict(done.keys), done.variables) == (
        "my/v",
        "my/v/read",
        {"key": "my/key"},
        {"w"},
    )
    assert list(model.variables) == ["my/key"]
    assert done.num_names == len(model.graph) + 1
    assert "my/out" in model.graph
