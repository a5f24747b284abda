"""remove: nodes go with what belongs to them, and not while anything needs them."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.remove import remove
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.rewrites.pruning.taken_out import TakenRow
from proto_utils import schema
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import KINDS, check_pass, check_refusal, keys_saved, listed, model

TEXT = """
    x = Placeholder {dtype: f32}
    a = Relu(x)
    b = Neg(a)
    c = Abs(a) {_class: loc:@b}
    n = NoOp(^c)
"""
NET = """
    x = Placeholder {dtype: f32}
    a = Const {f32 [3,3]}
    b = Const {f32 [3,3]}
    y = MatMul(x, a)
    z = MatMul(x, b)
"""


def test_nodes_and_colocation_with_them():
    after = """
        x = Placeholder
        a = Relu(x)
        c = Abs(a)
        n = NoOp(^c)
    """
    report = check_pass(remove, model(TEXT), after, nodes=("b",))
    assert report.removed == [TakenRow("b", "Neg")]
    assert (report.variables, report.functions, report.references, report.saver) == ([], [], [], "none")


def test_several_that_need_each_other():
    of = model(TEXT)
    remove(of, nodes=("[abcn]",))
    assert [node.name for node in of.graph] == ["x"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_variable_with_its_value_and_key(kind):
    of = model(NET)
    unfreeze(of, variables=kind)
    report = remove(of, nodes=("z", "b(/.*)?"))
    assert (report.variables, report.saver) == (["b"], "remade")
    assert list(of.variables) == ["a"]
    assert keys_saved(of) == [b"a"]
    assert listed(of, "variables") == ["a"]
    assert of.graph["init"].inputs == ("^a/Assign",)


def test_a_call_with_its_function():
    body = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    assert remove(of, nodes=("y",)).functions == ["f"]


def test_nodes_of_bodies():
    body = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}; n = Neg(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    remove(of, nodes=("f/n",))
    assert [node.name for node in of.library.functions["f"].body] == ["r"]
    check_refusal(remove, of, PassError, "node 'f/r': the function returns it", nodes=("f/r",))


def test_inputs_that_nobody_reads_are_not_served():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32}; c = Const {f32 [2]}; out = Abs(c)", meta=meta)
    assert [row.part for row in remove(of, nodes=("x",)).references] == ["input feed"]
    check_refusal(remove, of, PassError, "output 'fetch' of signature 'serving_default'", nodes=("out",))


@pytest.mark.parametrize(
    ("nodes", "error", "match"),
    [
        (("a",), PassError, "node 'a': it is still needed by node 'b', node 'c'"),
        (("c",), PassError, "node 'c': it is still needed by node 'n'"),
        (("z",), NotFoundError, "no node 'z'"),
    ],
)
def test_refusals(nodes, error, match):
    check_refusal(remove, model(TEXT), error, match, nodes=nodes)


def test_what_belongs_to_a_variable_that_stays():
    of = model(NET)
    unfreeze(of)
    check_refusal(remove, of, PassError, "'variables' entry of 'b'", nodes=("b/Assign", "save/.*"))


def test_functions_of_objects_stay_with_their_objects():
    meta = schema.MetaGraphDef()
    meta.object_graph_def.concrete_functions["f"].SetInParent()
    bodies = [notation.function(name, "a", "n:y:0", "n = Neg(a) {T: f32}") for name in ("f", "g", "h")]
    of = model("x = Placeholder {dtype: f32}; y = g(x); z = h(x)", *bodies, meta=meta)
    report = remove(of, nodes=("z",))
    assert report.functions == ["h"]
    assert report.references == []
    assert list(of.library.functions) == ["f", "g"]
    assert of.meta is not None
    assert of.meta.HasField("object_graph_def")
