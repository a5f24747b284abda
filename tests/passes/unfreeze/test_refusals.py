"""What cannot be a variable is refused by name, and a refusal leaves no trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.checks import verify
from graphsurgeon.errors import GraphError, NotFoundError, PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, as_tensor
from graphsurgeon.variables.layout import can_hold
from graphsurgeon.variables.unfreeze_note import UnfreezeNote
from proto_utils import schema
from tests.notation import function
from tests.passes.harness import FROZEN, KINDS, attrs, check_refusal, model, reloaded, state

STORABLE = [
    dtype
    for dtype in vars(dtypes).values()
    if isinstance(dtype, DType) and not dtype.is_ref and (dtype.itemsize or dtype is dtypes.STRING)
]


class TestDtypes:
    def graph(self, value: Tensor) -> Model:
        of = Model()
        of.graph.append(Node.new("w", "Const", attrs={"dtype": value.dtype, "value": value}))
        of.graph.append(Node.new("y", "Identity", ["w"], attrs={"T": value.dtype}))
        return reloaded(of)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 2)], ids=str)
    def test_every_type_that_tensorflow_restores(self, kind, shape):
        for dtype in STORABLE:
            if can_hold(kind, dtype):
                value = as_tensor(np.full(shape, b"x", object)) if dtype is dtypes.STRING else FillTensor(dtype, shape)
                of = self.graph(value)
                unfreeze(of, select=("w",), variables=kind)
                assert attrs(of, "w")["dtype"] is dtype
                assert of.variables["w"].shape == value.shape
                assert of.graph["w/Initializer/zeros"].tensor.shape == value.shape
                assert not [finding for finding in verify(of) if finding.severity == "error"]

    @pytest.mark.parametrize(
        ("kind", "name", "hint"),
        [
            ("ref", "int4", '`variables="resource"` can'),
            ("ref", "float8_e5m2", '`variables="resource"` can'),
            ("resource", "quint16", '`variables="ref"` can'),
            ("ref", "qint16", "keep it a constant: `exclude='w'`"),
            ("resource", "float8_e5m2fnuz", "keep it a constant: `exclude='w'`"),
        ],
    )
    def test_a_type_that_no_tensorflow_restores_is_refused(self, kind, name, hint):
        of = self.graph(FillTensor(DType.from_name(name), (2,)))
        match = f"no TensorFlow can restore a {kind} variable of {name}"
        error = check_refusal(unfreeze, of, PassError, match, select=("w",), variables=kind)
        assert error.node == "w"
        assert error.hint == hint

    def test_a_variant_has_no_values(self):
        value = schema.AttrValue(tensor={"dtype": dtypes.VARIANT.number, "tensor_shape": {}})
        of = Model()
        of.graph.append(Node.new("w", "Const", attrs={"dtype": dtypes.VARIANT, "value": value}))
        check_refusal(unfreeze, of, PassError, "a variant constant has no values to save", select=("w",))


class TestRefusals:
    SMALL = """
        x = Placeholder {dtype: f32}
        shape = Const {i32 [2]}
        y = Reshape(x, shape)
        k = Const {f32 [4,4]}
        z = Neg(k)
    """

    def test_nothing_qualifies(self):
        error = check_refusal(unfreeze, model(self.SMALL), PassError, "no constant qualifies as a weight")
        assert "The largest: k float32 [4, 4]: " in error.reason
        assert error.hint == "to take them: `select=('k', 'shape')`"

    def test_what_the_hint_says_works(self):
        of = model(self.SMALL)
        unfreeze(of, select=("k", "shape"))
        assert list(of.variables) == ["shape", "k"]

    def test_constants_in_functions_cannot_be_taken(self):
        of = model(
            "x = Placeholder {dtype: f32}; y = f(x)",
            function("f", "a", "m:z:0", "c = Const {f32 [4]}; m = Mul(a, c:output:0) {T: f32}"),
        )
        error = check_refusal(unfreeze, of, PassError, "f/c float32 \\[4\\]: inside function 'f'")
        assert error.hint is None

    def test_no_constants(self):
        of = model("x = Placeholder {dtype: f32}; y = Neg(x)")
        check_refusal(unfreeze, of, PassError, "the graph has no constant of more than one element")

    def test_patterns_that_match_nothing(self):
        error = check_refusal(unfreeze, model(FROZEN), NotFoundError, "no constant 'ww'", select=("ww",))
        assert error.near == ("w",)

    def test_a_kind_of_variable_that_is_none(self):
        kind: Any = "res"
        with pytest.raises(TypeError, match="one of ref, resource; not 'res'"):
            unfreeze(model(FROZEN), variables=kind)

    def test_one_pattern_is_a_list_of_one(self):
        one: Any = "k"
        every: Any = ".*"
        assert [row.name for row in unfreeze(model(self.SMALL), select=one).variables] == ["k"]
        assert [row.node for row in unfreeze(model(self.SMALL), select=every, exclude=one).kept] == ["k"]

    def test_excluding_all(self):
        check_refusal(unfreeze, model(FROZEN), PassError, "excluded by 'w'", exclude=("w",))

    @pytest.mark.parametrize("option", ["exclude", "only"])
    def test_excluding_nothing(self, option):
        for given in ("ww", "w,ww"):
            error = check_refusal(unfreeze, model(FROZEN), NotFoundError, "no constant 'ww'", **{option: (given,)})
            assert error.near == ("w",)

    def test_a_broken_graph(self):
        of = model(FROZEN)
        nodes = list(of.graph)
        nodes[3].inputs = ("x", "nowhere")
        of.graph.set_nodes(nodes)
        check_refusal(unfreeze, of, GraphError, "nowhere")

    def test_a_model_with_meta_graph_and_functions_is_as_it_was(self):
        meta = schema.MetaGraphDef()
        meta.collection_def["mine"].node_list.value.append("x:0")
        of = model(self.SMALL, function("f", "a", "m:y:0", "m = Neg(a) {T: f32}"), meta=meta)
        of.variables["known"] = as_tensor([1.0])
        check_refusal(unfreeze, of, PassError, "qualifies")

    def test_whatever_goes_wrong_late_is_undone(self, monkeypatch):
        of = model(FROZEN)
        before = state(of)
        monkeypatch.setattr(UnfreezeNote, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            unfreeze(of)
        assert state(of) == before
        assert of.meta is None

    def test_unedited_nodes_go_out_as_they_came(self):
        of = model(FROZEN)
        unfreeze(of)
        assert of.graph["x"].origin is not None
        assert of.graph["y"].origin is not None
        assert of.graph["w/read"].origin is not None
