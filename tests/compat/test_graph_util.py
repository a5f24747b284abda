"""Drop-ins for `tf.compat.v1.graph_util`: results, exceptions, and what is done better, on our own messages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from graphsurgeon.compat import graph_util
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor
from proto_utils import schema
from tests import notation


def graph(text: str) -> schema.GraphDef:
    """A GraphDef; nodes as in `tests.notation`."""
    return schema.GraphDef(node=[each.proto for each in notation.graph(text)])


def lines(graph_def: schema.GraphDef) -> list[str]:
    return [f"{each.name}: {' '.join(each.input)}".strip() for each in graph_def.node]


def classes(graph_def: schema.GraphDef) -> dict[str, list[bytes]]:
    return {each.name: list(each.attr["_class"].list.s) for each in graph_def.node if "_class" in each.attr}


# extract_sub_graph


def test_extract_follows_data_control_and_colocation():
    whole = graph(
        """
        a = Const {f32 [2]}
        b = Const {f32 [2]}
        c = Split(a, a) {num_split: 2}
        d = Relu(c:1, ^b)
        e = Relu(a) {_class: loc:@f}
        f = Relu(a)
        g = Relu(d)
        h = Mul(d, e)
        """
    )
    assert lines(graph_util.extract_sub_graph(whole, ["d"])) == ["a:", "b:", "c: a a", "d: c:1 ^b"]
    assert [n.name for n in graph_util.extract_sub_graph(whole, ("h",)).node] == ["a", "b", "c", "d", "e", "f", "h"]


def test_extract_keeps_library_versions_and_the_input():
    whole = graph("a = Const {f32 [2]}\nb = Const {f32 [2]}")
    whole.library.function.add().signature.name = "unused"
    whole.versions.producer = 21
    before = schema.serialize(whole)
    part = graph_util.extract_sub_graph(whole, iter(["b"]))
    assert lines(part) == ["b:"]
    assert [f.signature.name for f in part.library.function] == ["unused"]
    assert part.versions.producer == 21
    part.node[0].name = "changed"
    assert schema.serialize(whole) == before


def test_extract_goes_around_loops():
    loop = graph(
        """
        e = Enter(x) {frame_name: "loop"}
        m = Merge(e, n)
        n = NextIteration(m)
        x = Const {f32 [2]}
        y = Const {f32 [2]}
        """
    )
    assert lines(graph_util.extract_sub_graph(loop, ["n"])) == ["e: x", "m: e n", "n: m", "x:"]


def test_extract_of_nothing_is_empty():
    assert len(graph_util.extract_sub_graph(graph("a = Const {f32 [2]}"), []).node) == 0


def test_extract_takes_the_last_of_nodes_with_one_name():
    whole = graph("a = Const {f32 [2]}\nb = Relu(a)\na = Placeholder {dtype: f32}")
    part = graph_util.extract_sub_graph(whole, ["b"])
    assert [(n.name, n.op) for n in part.node] == [("b", "Relu"), ("a", "Placeholder")]


@pytest.mark.parametrize("names", ["a", "abc"])
def test_extract_refuses_a_string(names: str):
    with pytest.raises(TypeError, match="dest_nodes"):
        graph_util.extract_sub_graph(graph("a = Const {f32 [2]}"), names)


@pytest.mark.parametrize("wrong", ["a", None, b"", schema.NodeDef(), {"node": []}])
def test_extract_refuses_what_is_no_graph_def(wrong: Any):
    with pytest.raises(TypeError, match="graph_def"):
        graph_util.extract_sub_graph(wrong, ["a"])


@pytest.mark.parametrize("name", ["alpho", "alpha:0", "^alpha", ""])
def test_extract_asserts_that_names_are_there(name: str):
    with pytest.raises(AssertionError, match="is not in graph"):
        graph_util.extract_sub_graph(graph("alpha = Const {f32 [2]}"), ["alpha", name])


def test_extract_refuses_a_dangling_input_that_is_needed():
    whole = graph("a = Relu(gone)\nb = Const {f32 [2]}")
    assert lines(graph_util.extract_sub_graph(whole, ["b"])) == ["b:"]
    with pytest.raises(KeyError, match="gone"):
        graph_util.extract_sub_graph(whole, ["a"])


def test_extract_survives_dangling_colocation():
    whole = graph('a = Const {f32 [2], _class: loc:@gone}\nb = Relu(a) {_class: ["loc:@a", "loc:@gone"]}')
    assert classes(graph_util.extract_sub_graph(whole, ["b"])) == {"b": [b"loc:@a"]}
    assert classes(whole) == {"a": [b"loc:@gone"], "b": [b"loc:@a", b"loc:@gone"]}


# remove_training_nodes


def removed(text: str, *protected: str) -> list[str]:
    whole = graph(text)
    before = schema.serialize(whole)
    out = graph_util.remove_training_nodes(whole, list(protected))
    assert schema.serialize(whole) == before
    return lines(out)


def test_identities_are_passed_by():
    text = "a = Const {f32 [2]}\nb = Identity(a)\nc = StopGradient(b)\nd = Identity(c)\ne = Relu(d)"
    assert removed(text) == ["a:", "e: a"]
    assert removed(text, "c") == ["a:", "c: a", "e: c"]


def test_outputs_stay():
    """TensorFlow takes them out, unless they are protected."""
    text = "a = Const {f32 [2]}\nb = Identity(a)\nout = Identity(b)\nchecked = CheckNumerics(b)"
    assert lines(graph_util.remove_training_nodes(graph(text))) == ["a:", "out: a", "checked: a"]


def test_an_identity_hands_on_the_output_it_read():
    assert removed("a = Const {f32 [2]}\ns = Split(a, a) {num_split: 2}\nb = Identity(s:1)\nc = Mul(b:0, s)") == [
        "a:",
        "s: a a",
        "c: s:1 s",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a = Const {f32 [2]}\nb = Identity(a, ^a)\nc = Relu(b)",
        "a = Const {f32 [2]}\nb = Identity(a)\nc = Relu(a, ^b)",
        "a = Const {f32 [2]}\nb = Identity(a)\nc = Relu(b) {_class: loc:@b}",
        "a = Const {f32 [2]}\nb = Identity\nc = Relu(b)",
    ],
    ids=["waits", "is waited for", "leads a colocation group", "has no input"],
)
def test_some_identities_stay(text: str):
    assert removed(text) == lines(graph(text))


def test_checks_go_and_their_readers_read_on():
    text = "a = Const {f32 [2]}\nb = CheckNumerics(a)\nc = Mul(b, a)\nd = Identity(c, ^b)\ne = Relu(d)"
    assert removed(text) == ["a:", "c: a a", "e: c"]
    assert removed(text, "b") == lines(graph(text))


def test_colocation_goes_with_a_check():
    out = graph_util.remove_training_nodes(
        graph('a = Const {f32 [2]}\nb = CheckNumerics(a)\nc = Relu(a) {_class: ["loc:@a", "loc:@b"]}\nd = Relu(b)')
    )
    assert classes(out) == {"c": [b"loc:@a"]}


def test_library_and_versions_stay():
    whole = graph("a = Const {f32 [2]}")
    assert not graph_util.remove_training_nodes(whole).HasField("versions")
    whole.versions.producer = 21
    whole.library.function.add().signature.name = "f"
    out = graph_util.remove_training_nodes(whole)
    assert out == whole


def test_training_nodes_of_no_graph():
    with pytest.raises(TypeError, match="input_graph"):
        graph_util.remove_training_nodes("graph")


# must_run_on_cpu


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("n = Const {str [2]}", True),
        ("n = Const {i32 [2]}", True),
        ("n = Const {f32 [2]}", False),
        ("n = Const {i64 [2]}", False),
        ("n = DynamicStitch(a, a) {T: i32}", True),
        ("n = DynamicStitch(a, a) {T: f32}", False),
        ("n = ParallelDynamicStitch(a, a) {T: i32}", True),
        ("n = Identity(a) {T: i32}", False),
        ("n = VariableV2 {dtype: f32, shape: shape[2]}", False),
    ],
)
def test_must_run_on_cpu(line: str, answer: bool):
    assert graph_util.must_run_on_cpu(notation.node(line).proto) is answer
    assert graph_util.must_run_on_cpu(SimpleNamespace(node_def=notation.node(line).proto)) is answer


@pytest.mark.parametrize(("source", "answer"), [(3, True), (1, False)])
def test_casts_from_int32_must(source: int, answer: bool):
    cast = schema.NodeDef(op="Cast")
    cast.attr["SrcT"].type, cast.attr["DstT"].type = source, 3
    assert graph_util.must_run_on_cpu(cast) is answer


@pytest.mark.parametrize("op", ["Variable", "VariableV2", "Assign", "AssignSub", "ScatterUpdate", "Queue"])
def test_variables_can_be_pinned(op: str):
    assert graph_util.must_run_on_cpu(schema.NodeDef(op=op), pin_variables_on_cpu=True)
    assert not graph_util.must_run_on_cpu(schema.NodeDef(op=op))
    assert not graph_util.must_run_on_cpu(schema.NodeDef(op="Relu"), pin_variables_on_cpu=True)


def test_asking_does_not_add_attrs():
    plain = schema.NodeDef(op="Const")
    assert not graph_util.must_run_on_cpu(plain)
    assert len(plain.attr) == 0


def test_only_nodes_run():
    with pytest.raises(AssertionError):
        graph_util.must_run_on_cpu("Const")


# tensor_shape_from_node_def_name


class LiveGraph:
    """As much of a `tf.Graph` as is asked for."""

    def get_tensor_by_name(self, name: str) -> Any:
        return SimpleNamespace(get_shape=lambda: f"shape of {name}")


@pytest.mark.parametrize(("name", "full"), [("a", "a:0"), ("a:0", "a:0"), ("a/b:2", "a/b:2")])
def test_shape_in_a_live_graph(name: str, full: str):
    assert graph_util.tensor_shape_from_node_def_name(LiveGraph(), name) == f"shape of {full}"


def test_shape_in_a_graph_def():
    whole = graph("x = Placeholder {dtype: f32}\ny = Relu(x)")
    value = FillTensor(dtypes.FLOAT, (2, 3), b"\0\0\0\0")
    whole.node.append(Node.new("c", "Const", attrs={"value": value}).proto)
    shapes = [Shape([4]), Shape([5, None])]
    whole.node.append(Node.new("s", "Split", ["x"], attrs={"_output_shapes": shapes}).proto)
    answers: dict[str, list[int | None]] = {"c": [2, 3], "c:0": [2, 3], "s": [4], "s:1": [5, None]}
    for name, dims in answers.items():
        assert graph_util.tensor_shape_from_node_def_name(whole, name) == Shape(dims)
    for name in ("y", "s:2"):
        assert graph_util.tensor_shape_from_node_def_name(whole, name) == Shape()
    with pytest.raises(KeyError, match="gone"):
        graph_util.tensor_shape_from_node_def_name(whole, "gone")
