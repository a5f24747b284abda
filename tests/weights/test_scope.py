"""Where constants flow: through what, up to where, and what depends on constants only."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.weights.scope import Scope, constants_of
from proto_utils import schema
from tests.notation import graph


def scope_of(text):
    return scope_of_graph(graph(text))


def scope_of_graph(nodes):
    return Scope(nodes, Index(nodes), constants_of(nodes))


def uses(text, name="w"):
    """Where a constant is used: ``node:position``."""
    scope = scope_of(text)
    found, _ = scope.trace(scope.constants[name])
    return {f"{use.node.name}:{use.position}" for use in found}


@pytest.mark.parametrize(
    "op",
    [
        "Identity",
        "StopGradient",
        "Reshape",
        "Transpose",
        "Cast",
        "ExpandDims",
        "Squeeze",
        "Enter",
        "Switch",
        "Unpack",
        "Tile",
    ]
    + ["FakeQuantWithMinMaxVars", "Dequantize"],
)
def test_through_what_only_changes_the_form(op):
    assert uses(f"w = Const {{f32 [4,4]}}\np = {op}(w, a, b)\nout = Exp(p)") == {"out:0"}


@pytest.mark.parametrize("op", ["Reshape", "Transpose", "Tile", "StridedSlice"])
def test_a_shape_or_a_permutation_is_used_there(op):
    assert uses(f"x = Placeholder\nw = Const {{i32 [4]}}\np = {op}(x, w)\nout = Exp(p)") == {"p:1"}


def test_split_passes_its_second_input():
    assert uses("d = Const {i32 []}\nw = Const {f32 [4]}\ns = Split(d, w) {num_split: 2}\nout = Exp(s:1)") == {"out:0"}


def test_identity_n_passes_each_input_to_its_own_output():
    text = "w = Const {f32 [4]}\nx = Placeholder\ni = IdentityN(x, w)\na = Exp(i)\nb = Exp(i:1)"
    assert uses(text) == {"b:0"}


def test_constants_joined_into_one_weight():
    text = (
        "w = Const {f32 [2,4]}\nv = Const {f32 [2,4]}\na = Const {i32 []}\nc = ConcatV2(w, v, a)\n"
        "x = Placeholder\nout = MatMul(x, c)"
    )
    assert uses(text) == {"out:1"}
    assert uses(text, "a") == {"c:2"}
    assert uses(text.replace("v = Const {f32 [2,4]}", "v = Placeholder")) == {"c:0"}


def test_control_inputs_are_no_uses():
    assert uses("w = Const {f32 [4]}\nout = NoOp(^w)") == set()


def test_a_loop_gives_back_what_it_does_not_change():
    loop = """
        w = Const {f32 [4]}
        e = Enter(w)
        m = Merge(e, n)
        s = Switch(m, c)
        i = Identity(s:1)
        n = NextIteration(i)
        out = Exp(i)
        next = Exp(i)
    """
    assert uses(loop) == {"out:0", "next:0", "n:0"}
    assert uses(loop.replace("NextIteration(i)", "NextIteration(next)")) == {"m:0"}


def test_the_path_is_told_from_the_input_back_to_the_constant():
    scope = scope_of("w = Const {f32 [4]}\na = Identity(w)\nb = Cast(a)\nout = Exp(b)")
    (use,), passed = scope.trace(scope.constants["w"])
    assert [step.name for step in use.path()] == ["b", "a"]
    assert [step.name for step in passed] == ["a", "b"]


def test_the_constant_behind_an_input():
    scope = scope_of(
        "w = Const {f32 [4]}\na = Identity(w)\nb = Cast(a:0)\nx = Placeholder\nc = IdentityN(x, b)\ny = Mul(c:1, c)"
    )
    scope.trace(scope.constants["w"])
    assert scope.constant("b") == scope.constant("c:1") == scope.constants["w"]
    assert scope.constant("c") is scope.constant("x") is scope.constant("nowhere") is None


def test_static_is_what_depends_on_constants_only():
    scope = scope_of(
        "a = Const {f32 [4]}\nb = Const {f32 [4]}\nx = Placeholder\ns = Add(a, b, ^x)\nt = Mul(s, s)\nu = Add(t, x)\n"
        "r = RandomUniform(a)\nm = Merge(a, b)"
    )
    assert scope.static == {"a", "b", "s", "t"}


def test_origin_and_readers_look_past_the_form():
    scope = scope_of("x = Placeholder\na = Reshape(x, y)\nb = Identity(a)\nc = Exp(b)\nd = Log(a)\ne = Reshape(y, x)")
    assert scope.origin("b:0").name == "x"
    assert {reader.name for reader, _ in scope.readers(scope.producer("x"))} == {"c", "d"}
    assert scope.origin("nowhere") is None


@pytest.mark.parametrize(("dtype", "value"), [("f32", -0.5)])
def test_number(dtype, value):
    scope = scope_of(f"p = Const {{{dtype} [] {value}}}\nq = Const {{f32 [1]}}\ni = Const {{i32 []}}")
    assert scope.number("p") == value
    assert scope.number("q") is scope.number("i") is scope.number("nowhere") is None


@pytest.mark.parametrize(
    ("kind", "raw"), [(dtypes.HALF, b"\0\xb8"), (dtypes.BFLOAT16, b"\0\xbf"), (dtypes.DOUBLE, b"\0" * 6 + b"\xe0\xbf")]
)
def test_number_of_every_float_type(kind, raw):
    proto = schema.NodeDef(name="p", op="Const")
    proto.attr["value"].tensor.dtype = kind.number
    proto.attr["value"].tensor.tensor_content = raw
    assert scope_of_graph(Graph([Node(proto)])).number("p") == -0.5


def test_cycles_chains_and_hubs_cost_little():
    cycle = "w = Const {f32 [4]}\na = Identity(b)\nb = Identity(a)\nc = AddN(w, a)"
    assert uses(cycle) == {"c:0"}
    chain = (
        "w = Const {f32 [4]}\nx0 = Identity(w)\n"
        + "".join(f"x{i + 1} = Identity(x{i})\n" for i in range(3000))
        + "out = Exp(x3000)"
    )
    assert uses(chain) == {"out:0"}
    many = "".join(f"w{i} = Const {{f32 [1]}}\n" for i in range(300))
    hub = (
        many + f"p = Pack({', '.join(f'w{i}' for i in range(300))})\n" + "".join(f"o{i} = Exp(p)\n" for i in range(300))
    )
    assert len(uses(hub, "w7")) <= 101


def test_constant_of_reads_the_header():
    (found,) = constants_of(graph("w = Const {f16 [3,4]}"))
    assert found is not None
    assert (found.name, found.dtype, found.shape, found.size, found.is_scalar) == ("w", dtypes.HALF, (3, 4), 12, False)


def bad(edit):
    proto = schema.NodeDef(name="w", op="Const")
    edit(proto)
    return Node(proto)


@pytest.mark.parametrize(
    "edit",
    [
        lambda proto: None,
        lambda proto: proto.attr["value"].tensor.tensor_shape.dim.add(size=-3),
        lambda proto: setattr(proto.attr["value"].tensor.tensor_shape, "unknown_rank", True),
        lambda proto: setattr(proto.attr["value"].tensor, "dtype", 77),
    ],
    ids=["no_value", "negative_dimension", "unknown_rank", "unknown_dtype"],
)
def test_a_const_that_holds_nothing_readable_is_none(edit):
    assert not list(constants_of(Graph([bad(edit)])))
