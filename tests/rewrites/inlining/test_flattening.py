"""Signatures follow the calls that they named, and outputs are what the results are now."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.inlining.flattening import flatten, flatten_like
from graphsurgeon.rewrites.inlining.twins import merge_twins
from graphsurgeon.tensors.dtypes import FLOAT
from proto_utils import schema
from tests import notation
from tests.rewrites.inlining.test_twins import exported

PAIR = notation.function(
    "pair", "x", "Identity:output:0 Identity_1:output:0", "Identity = Identity(x); Identity_1 = Identity(x)"
)


def served(*calls: str) -> Model:
    """A model with a signature for each call, of its second output."""
    made = notation.model("x = Placeholder {dtype: f32}", PAIR)
    made.meta = schema.MetaGraphDef()
    made.meta.object_graph_def.SetInParent()
    for name in calls:
        attrs = {"f": Func("pair", {}), "Tin": [FLOAT], "Tout": [FLOAT, FLOAT]}
        made.graph.append(Node.new(name, "StatefulPartitionedCall", ["x"], attrs=attrs))
        made.meta.signature_def[name].outputs["second"].name = f"{name}:1"
    return made


def test_the_only_call_leaves_no_scope():
    made = served("call")
    assert flatten(made, ["call:1"]).outputs == ["Identity_1"]
    assert [node.name for node in made.graph] == ["x", "Identity", "Identity_1"]
    assert made.meta is not None
    assert made.meta.signature_def["call"].outputs["second"].name == "Identity_1:0"


def test_several_calls_have_their_scopes():
    made = served("call", "other")
    assert flatten(made, ["call", "other:1", "x"]).outputs == [
        "call/Identity",
        "call/Identity_1",
        "other/Identity_1",
        "x",
    ]


def test_calls_that_nothing_needs_stay_calls():
    made = served("call", "other")
    flatten(made, ["call"])
    assert made.graph["other"].op == "StatefulPartitionedCall"


def test_the_graph_that_a_flat_one_was_made_of():
    for names in (["call:1", "other:1"], ["other:1"]):
        flat, made = served("call", "other"), served("call", "other")
        flatten(flat, names)
        flatten_like(made, flat.graph)
        assert notation.show(made.graph) == notation.show(flat.graph)
    made = served("call")
    flatten_like(made, notation.graph("x = Placeholder {dtype: f32}"))
    assert made.graph["call"].op == "StatefulPartitionedCall"


def test_of_twins_either_may_have_been_frozen():
    def frozen(key: str | None) -> Model:
        made = exported()
        assert made.meta is not None
        made.meta.object_graph_def.SetInParent()
        if key is None:
            merge_twins(made)
        flatten(made, ["call_1" if key is None else key])
        return made

    for key in (None, "call_0", "call_1"):
        flat, made = frozen(key), exported()
        flatten_like(made, flat.graph)
        assert notation.show(made.graph) == notation.show(flat.graph)
