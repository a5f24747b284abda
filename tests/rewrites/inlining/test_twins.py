"""Signatures that do the same name the same tensors, and no others."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.inlining.twins import merge_twins
from graphsurgeon.tensors.dtypes import FLOAT
from proto_utils import schema
from tests import notation


def exported(body: str = "n = Neg(x)", other: str = "w") -> Model:
    """Two signatures of one output, `serve` with another body or another weight."""
    functions = [
        notation.function(f"wrapper_{key}", "x w", "n:y:0", each) for key, each in enumerate((body, "n = Neg(x)"))
    ]
    made = notation.model("w = Const {f32 [2]}; v = Const {f32 [2]}", *functions)
    made.meta = schema.MetaGraphDef()
    for number, (key, weight) in enumerate((("serve", other), ("serving_default", "w"))):
        attrs = {"f": Func(f"wrapper_{number}", {}), "Tin": [FLOAT, FLOAT], "Tout": [FLOAT]}
        made.graph.append(Node.new(f"{key}_x", "Placeholder", attrs={"dtype": FLOAT}))
        made.graph.append(Node.new(f"call_{number}", "StatefulPartitionedCall", [f"{key}_x", weight], attrs=attrs))
        made.meta.signature_def[key].inputs["x"].name = f"{key}_x:0"
        made.meta.signature_def[key].outputs["y"].name = f"call_{number}:0"
    return made


def named(made: Model, key: str) -> tuple[str, str]:
    assert made.meta is not None
    signature = made.meta.signature_def[key]
    return signature.inputs["x"].name, signature.outputs["y"].name


def test_twins():
    made = exported()
    assert merge_twins(made) == ["signature 'serve' does what 'serving_default' does, and names its tensors now"]
    assert named(made, "serve") == named(made, "serving_default") == ("serving_default_x:0", "call_1:0")
    assert [node.name for node in made.graph] == ["w", "v", "serving_default_x", "call_1"]


def test_others():
    for made in (exported(body="n = Abs(x)"), exported(other="v"), notation.model("x = NoOp")):
        before = None if made.meta is None else schema.serialize(made.meta)
        assert merge_twins(made) == []
        assert before == (None if made.meta is None else schema.serialize(made.meta))
