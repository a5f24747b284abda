"""Common subexpression elimination."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.rewrites.simplifying.duplicates import merge_duplicates
from tests import notation


def merged(text, protected=(), apart=(), max_nbytes=100):
    graph = notation.graph(text)
    return merge_duplicates(graph, OpSignatures({}), protected, apart, max_nbytes), graph


def test_what_depends_on_duplicates_is_one_too():
    text = """
        x = Placeholder {dtype: f32}
        s = Const {i32 [2] 3}
        t = Const {i32 [2] 3}
        a = Reshape(x, s)
        b = Reshape(x:0, t)
        c = Add(a, b, ^t)
    """
    same, graph = merged(text)
    assert same == {"t": "s", "b": "a"}
    assert graph["c"].inputs == ("a", "a", "^s")


def test_protected_nodes_stand_for_the_others():
    text = "x = Placeholder {dtype: f32}; a = Neg(x); b = Neg(x); c = Neg(x); d = Add(a, c)"
    same, graph = merged(text, protected=("b",))
    assert same == {"a": "b", "c": "b"}
    assert graph["d"].inputs == ("b", "b")
    assert merged(text, protected=("a", "b", "c"))[0] == {}


@pytest.mark.parametrize(
    "line",
    [
        "a = Placeholder {dtype: f32}; b = Placeholder {dtype: f32}",
        "s = Const {i32 [1] 2}; a = RandomUniform(s) {dtype: f32}; b = RandomUniform(s) {dtype: f32}",
        "v = VariableV2 {dtype: f32, shape: shape[]}; a = Identity(v); b = Identity(v)",
        "h = VarHandleOp {dtype: f32, shape: shape[]}; a = ReadVariableOp(h) {dtype: f32}; "
        "b = ReadVariableOp(h) {dtype: f32}",
        'a = Enter(x) {frame_name: "f"}; b = Enter(x) {frame_name: "f"}',
        "p = Const {bool []}; a = Switch(x, p); b = Switch(x, p)",
        "a = Neg(x) on /cpu:0; b = Neg(x) on /gpu:0",
        "a = Neg(x); b = Neg(x, ^x)",
        "a = Const {f32 [2]}; b = Const {f32 [2] 1}",
        "a = Const {f32 [1] 0}; b = Const {i32 [1] 0}",
        "a = Const {f32 [1] 0}; b = Const {f32 [] 0}",
        "a = Const {f32 [60]}; b = Const {f32 [60]}",
        "a = Blorp(x); b = Blorp(x)",
        "p = Const {i32 [2]}; q = Const {i32 [2] 0}; a = Tile(x, p); b = Tile(x, q)",
    ],
)
def test_what_is_not_the_same(line):
    assert merged(f"x = Placeholder {{dtype: f32}}; {line}")[0] == {}


def test_those_apart():
    text = "a = Const {f32 [2] 0}; b = Const {f32 [2] 0}"
    assert merged(text)[0] == {"b": "a"}
    assert merged(text, apart=("a", "b"))[0] == {}


def test_who_shared_a_device_shares_it_with_the_one_that_stays():
    _, graph = merged("x = Placeholder {dtype: f32}; a = Neg(x); b = Neg(x); c = Abs(b) {_class: loc:@b}")
    assert graph["c"].attrs["_class"] == [b"loc:@a"]
