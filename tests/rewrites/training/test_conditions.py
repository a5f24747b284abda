"""A condition that is made has the contexts that TensorFlow notes."""

from __future__ import annotations

from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.rewrites.training.conditions import Condition
from graphsurgeon.rewrites.training.made_nodes import Maker
from proto_utils import schema
from tests import notation


def test_contexts_of_both_branches():
    graph = notation.model("""
        x = Placeholder {dtype: f32}
        p = Placeholder {dtype: bool, shape: shape[]}
    """).graph
    make, meta = Maker(graph), schema.MetaGraphDef()
    condition = Condition(make, "c", "p")
    a = make("a", "Relu", [condition.switch("x", "a", 1)])
    b = make("b", "Elu", [condition.switch("x", "b", 0)])
    condition.join(graph[a], 1)
    condition.join(graph[b], 0)
    make("m", "Merge", [b, a])
    condition.write(meta)
    found = {each.branch: each for each in contexts(meta)}
    assert [(each.pred_name, each.pivot_name) for _, each in sorted(found.items())] == [
        ("c/pred_id:0", "c/switch_f:0"),
        ("c/pred_id:0", "c/switch_t:0"),
    ]
    assert [*found[1].values_def.values] == ["a/Switch:1", "a:0", "c/pred_id:0", "c/switch_t:0", "x:0"]
    assert dict(found[1].values_def.external_values) == {"x:0": "a/Switch:1", "c/pred_id:0": "c/pred_id:0"}
    assert found[0].context_name != found[1].context_name
