"""Reports for people: grouped, in order, cut with counts."""

from __future__ import annotations

import numpy as np

from graphsurgeon.compare import diff
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils import schema
from tests import notation
from tests.models import meta_graph
from tests.notation import function


def text(a: Model | dict[str, Tensor], b: Model | dict[str, Tensor], limit: int | None = 20) -> list[str]:
    return list(diff(a, b).lines(limit))


def nodes(a: str, b: str, limit: int | None = 20) -> list[str]:
    return text(notation.model(a), notation.model(b), limit)


def tensors(a: object, b: object) -> str:
    return text({"w": as_tensor(a)}, {"w": as_tensor(b)})[1]


def test_nothing():
    assert nodes("a = NoOp", "a = NoOp") == ["graph: 1 equal"]
    assert text({}, {}) == []


def test_kinds_in_order():
    a = "x = NoOp; y = Relu(q) {T: f32}; p = Placeholder {dtype: f32}; old = Relu(p)"
    b = "n = Tanh(q) {T: f32}; y = Relu(q) {T: f64}; p = Placeholder {dtype: f32}; new = Relu(p)"
    assert nodes(a, b) == [
        "graph: 1 removed, 1 added, 1 renamed, 1 changed, 1 equal",
        "  - x (NoOp)",
        "  + n (Tanh)",
        "  > old -> new (Relu)",
        "  ~ y (Relu): attr T: 'float32' -> 'float64'",
    ]


def test_cut_with_counts():
    a = "; ".join(f"{scope}/n{i} = NoOp" for scope in ("a", "b") for i in range(4))
    found = nodes("top = NoOp", a + "; top = NoOp; last = NoOp", limit=3)
    assert found == [
        "graph: 9 added, 1 equal",
        "  + a/n0 (NoOp)",
        "  + a/n1 (NoOp)",
        "  + a/n2 (NoOp)",
        "  + ... and 6 more: b/ 4, a/ 1, last 1",
    ]
    assert len(nodes("top = NoOp", a, limit=None)) == 10


def test_renamings_of_one_kind():
    a = "x = Placeholder {dtype: f32}; a/p = Relu(x); a/q = Tanh(a/p)"
    b = "x = Placeholder {dtype: f32}; s/b/p = Relu(x); s/b/q = Tanh(s/b/p)"
    assert nodes(a, b)[1:] == ["  > a/* -> s/b/* (2 nodes)"]
    c = "x = Placeholder {dtype: f32}; a/w/r = Relu(x); b/w/r = Tanh(a/w/r)"
    d = "x = Placeholder {dtype: f32}; a/v/r = Relu(x); b/v/r = Tanh(a/v/r)"
    assert nodes(c, d)[1:] == ["  > */w/r -> */v/r (2 nodes)"]


def test_nodes_that_changed_alike():
    a = "; ".join(f"n{i} = NoOp on /cpu:0" for i in range(7))
    assert nodes(a, a.replace("cpu", "gpu"))[1:] == [
        "  ~ 7 nodes: device: '/cpu:0' -> '/gpu:0'",
        "      n0, n1, n2, n3, n4, ...",
    ]


def test_several_changes_of_a_node():
    assert nodes("n = X {a: 1, b: 2}", "n = X {a: 3, _note: 1} on /cpu:0")[1:] == [
        "  ~ n (X)",
        "      device: '' -> '/cpu:0'",
        "      attr _note added",
        "      attr a: 1 -> 3",
        "      attr b removed: 2",
    ]


def test_long_lists_show_what_differs():
    left = ", ".join(["f32"] * 12)
    right = ", ".join(["f32"] * 11 + ["resource"])
    assert nodes(f"n = X {{T: [{left}]}}", f"n = X {{T: [{right}]}}")[1:] == [
        "  ~ n (X): attr T: [11] 'float32' -> 'resource'"
    ]


def test_values():
    assert tensors([1.0, 2.0, 4.0], [1.0, 2.5, 3.0]).strip() == (
        "~ w float64 [3]: 2 of 3 elements differ, by at most 1 at [2] (4 -> 3), relative 0.25"
    )
    assert tensors(np.float32(1), np.float32(2)).strip() == (
        "~ w float32 []: 1 of 1 element differs, by at most 1 (1 -> 2), relative 0.5"
    )
    assert tensors([True], [False]).endswith("1 of 1 element differs, the first at [0] (true -> false)")
    assert tensors([1.7e308], [-1.7e308]).endswith(
        "1 of 1 element differs, by at most inf at [0] (1.7e+308 -> -1.7e+308), relative 2"
    )
    assert tensors([0.0, np.nan], [-0.0, 1.0]).endswith(
        "2 of 2 elements differ, the first at [0] (0 -> -0), 1 with a NaN or an infinity, 1 by their bits only"
    )
    assert tensors([0.0, 1.0], [0.0, np.nan]).endswith(
        "1 of 2 elements differs, the first at [1] (1 -> nan), 1 with a NaN or an infinity"
    )
    assert tensors(["nan"], ["b"]).endswith("1 of 1 element differs, the first at [0] ('nan' -> 'b')")
    assert tensors(["a"], ["b"]).endswith("the first at [0] ('a' -> 'b')")
    assert tensors([1, 2], [[1, 2]]).strip() == "~ w int64 [2] -> int64 [1, 2]"


def test_missing_extra_and_unknown():
    found = text({"a": as_tensor([1])}, {"b": StringTensor([], [b"x"])})
    assert found == ["tensors: 1 missing, 1 extra", "  - a int64 [1]", "  + b string []"]


def test_functions():
    a, b = notation.model("c = f"), notation.model("c = g")
    a.library.functions["f"] = function("f", "x", "n:activations:0", "n = Relu(x)")
    b.library.functions["g"] = function("g", "x y", "n:activations:0", "n = Elu(x)")
    assert text(a, b) == [
        "graph: 1 changed",
        "  ~ c (f): op: 'f' -> 'g'",
        "functions: 1 renamed, 1 changed",
        "  > f -> g",
        "  ~ f -> g: 1 changed",
        "    ~ n (Relu): op: 'Relu' -> 'Elu'",
        '    ~ argument 1 added: {"name": "y", "type": "float32"}',
    ]


def test_around_the_graph():
    other = meta_graph()
    other.saver_def.version = 2
    other.graph_def.versions.producer = 27
    other.collection_def["variables"].bytes_list.value.append(
        schema.VariableDef(variable_name="w:0").SerializeToString()
    )
    assert text(Model.from_meta_graph_def(meta_graph()), Model.from_meta_graph_def(other)) == [
        "graph: 4 equal",
        "model: 2 changed",
        "  ~ graph_def: versions/producer: 134 -> 27",
        '  ~ meta_graph_def: saver_def added: {"version": "V2"}',
        "collection 'variables': 1 added",
        "  + w:0",
    ]


def test_names_of_any_kind():
    found = nodes('n = X {s: "a"}', 'n = X {s: "[bold]b"}')
    assert found[1] == "  ~ n (X): attr s: 'a' -> '[bold]b'"
