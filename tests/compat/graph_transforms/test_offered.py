"""Each transform of the tool, by its name and parameters."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon import passes
from graphsurgeon.compat.graph_transforms.engine import transform_model
from graphsurgeon.compat.graph_transforms.offered import NOT_OFFERED, OFFERED
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from tests.counting import num_calls
from tests.notation import show
from tests.passes.harness import model

#: What is registered in TensorFlow 1.15, and `fuse_convolutions`, which is in its documents alone.
REGISTERED = """
    add_default_attributes backport_concatv2 backport_tensor_array_v3 flatten_atrous_conv fold_batch_norms
    fold_constants fold_old_batch_norms freeze_requantization_ranges fuse_convolutions fuse_pad_and_conv
    fuse_remote_graph fuse_resize_and_conv fuse_resize_pad_and_conv insert_logging merge_duplicate_nodes
    obfuscate_names quantize_nodes quantize_weights remove_attribute remove_control_dependencies remove_device
    remove_nodes rename_attribute rename_op round_weights set_device sort_by_execution_order sparsify_gather
    strip_unused_nodes
"""

NET = """
    x = Placeholder {dtype: f32}
    two = Const {f32 [2]}
    half = Mul(two, two)
    y = Mul(x, half)
    noop = Identity(y, ^x)
    z = Relu(noop) {mark: 3}
    out = Identity(z) on /cpu:0
    unread = Neg(x)
"""


def done(text: str, transforms: str, inputs: Any = ("x",), outputs: Any = ("out",)) -> Model:
    of = model(text)
    transform_model(of, inputs, outputs, transforms)
    return of


def lines(of: Model) -> list[str]:
    return [line.strip() for line in show(of.graph).strip().splitlines()]


def named(of: Model) -> list[str]:
    return [node.name for node in of.graph]


def test_all_that_tensorflow_has_is_known():
    assert sorted({*OFFERED, *NOT_OFFERED}) == sorted(REGISTERED.split())
    assert not OFFERED.keys() & NOT_OFFERED.keys()
    assert {each.needs for each in OFFERED.values() if each.is_there} <= {"", *passes.names()}


def test_strip_unused_nodes():
    of = done(NET, "strip_unused_nodes")
    assert named(of) == ["x", "two", "half", "y", "noop", "z", "out"]


def test_inputs_have_the_dtype_and_shape_that_they_had():
    """TensorFlow makes a float scalar of what is no Placeholder."""
    text = "i = Placeholder {dtype: i32, shape: shape[2,3]}; j = Neg(i); out = Abs(j)"
    of = done(text, "strip_unused_nodes", inputs=("j",))
    assert (named(of), of.graph["j"].op, of.graph["j"].attrs["dtype"].name) == (["j", "out"], "Placeholder", "int32")


def test_types_and_shapes_that_are_given_are_obeyed():
    text = "i = Placeholder {dtype: f32}; j = Neg(i); k = Neg(i); out = Mul(j, k)"
    of = done(text, 'strip_unused_nodes(type=float, shape="1,-1,3")', inputs=("j", "k"))
    assert [str(of.graph[name].attrs["shape"]) for name in "jk"] == [str(of.graph["j"].attrs["shape"])] * 2
    assert list(of.graph["j"].attrs["shape"].dims) == [1, None, 3]
    one = 'strip_unused_nodes(name=j, type_for_name=float, shape_for_name="7")'
    of = done(text, one, inputs=("j", "k"))
    assert list(of.graph["j"].attrs["shape"].dims) == [7]
    with pytest.raises(PassError, match="takes float32"):
        done(text, "strip_unused_nodes(type=int32)", inputs=("j",))
    with pytest.raises(PassError, match="type_for_name is given 1 times for 2 times name"):
        done(text, "strip_unused_nodes(name=j, name=k, type_for_name=float)", inputs=("j",))
    with pytest.raises(PassError, match="name is given without"):
        done(text, "strip_unused_nodes(name=j)", inputs=("j",))


def test_fold_constants():
    of = done(NET, "fold_constants")
    assert [(node.name, node.op) for node in of.graph][:3] == [("x", "Placeholder"), ("half", "Const"), ("y", "Mul")]
    assert "unread" not in named(of)
    assert named(done(NET, "fold_constants(exclude_op=Mul)"))[:3] == ["x", "two", "half"]
    assert named(done(NET, "fold_constants(exclude_node=half)"))[:3] == ["x", "two", "half"]


def test_fold_constants_drops_noted_shapes():
    text = "x = Placeholder {dtype: f32, _output_shapes: [shape[2]]}; out = Identity(x)"
    assert "_output_shapes" not in done(text, "fold_constants").graph["x"].attrs
    assert "_output_shapes" in done(text, "fold_constants(clear_output_shapes=false)").graph["x"].attrs


def test_weights_keep_their_names_when_their_reads_are_folded():
    """TensorFlow's has a constant ``w/read/_1__cf__1`` instead."""
    text = """
        x = Placeholder {dtype: f32}
        w = Const {f32 [3,4]}
        w/read = Identity(w) {_class: loc:@w}
        y = MatMul(x, w/read)
        b = Const {f32 [4]}
        b/read = Identity(b) {_class: loc:@b}
        out = BiasAdd(y, b/read)
    """
    assert lines(done(text, "fold_constants")) == [
        "x = Placeholder", "w = Const", "y = MatMul(x, w)", "b = Const", "out = BiasAdd(y, b)",
    ]  # fmt: skip


def test_remove_nodes_keeps_outputs_and_guards():
    of = done(NET, "remove_nodes(op=Identity)")
    assert [line for line in lines(of) if line.startswith(("z", "out"))] == [
        "z = Relu(y, ^x)",
        "out = Identity(z) on /cpu:0",
    ]
    assert named(done(NET, "remove_nodes(op=Nothing)")) == named(model(NET))
    with pytest.raises(PassError, match="op is missing"):
        done(NET, "remove_nodes")


def test_merge_duplicate_nodes_keeps_placeholders():
    text = "x = Placeholder {dtype: f32}; p = Placeholder {dtype: f32}; a = Neg(x); b = Neg(x); out = AddN(a, b, p)"
    assert lines(done(text, "merge_duplicate_nodes"))[-1] == "out = AddN(a, a, p)"


def test_control_dependencies():
    assert "noop = Identity(y)" in lines(done(NET, "remove_control_dependencies"))


def test_attributes():
    assert done(NET, "remove_attribute(attribute_name=mark)").graph["z"].attr("mark") is None
    assert done(NET, "remove_attribute(attribute_name=mark, op_name=Relu)").graph["z"].attr("mark") is None
    assert done(NET, "remove_attribute(attribute_name=mark, op_name=Neg)").graph["z"].attr("mark") is not None
    renamed = done(NET, "rename_attribute(old_attribute_name=mark, new_attribute_name=_mark)")
    assert [renamed.graph["z"].attr(name) is None for name in ("mark", "_mark")] == [True, False]
    assert named(done(NET, "rename_attribute(old_attribute_name=none, new_attribute_name=b)")) == named(model(NET))


def test_an_attr_that_a_node_has_to_have_is_told():
    of = model(NET)
    assert (
        "remove_attribute: z has to have T, and keeps it"
        in transform_model(of, ("x",), ("out",), "remove_attribute(attribute_name=T, op_name=Relu)").undone
    )


def test_rename_op():
    plain = NET.replace("{mark: 3}", "")
    assert done(plain, "rename_op(old_op_name=Relu, new_op_name=Elu)").graph["z"].op == "Elu"
    assert named(done(NET, "rename_op(old_op_name=Nothing, new_op_name=Elu)")) == named(model(NET))


def test_devices():
    assert {node.device for node in done(NET, "remove_device").graph} == {""}
    of = done(NET, 'set_device(device="/device:GPU:0", if_default=true)')
    assert (of.graph["x"].device, of.graph["out"].device) == ("/device:GPU:0", "/cpu:0")
    assert {node.device for node in done(NET, 'set_device(device="/device:GPU:0")').graph} == {"/device:GPU:0"}


def test_sort_by_execution_order_is_stable():
    of = done("out = Neg(x); x = Placeholder {dtype: f32}", "sort_by_execution_order")
    assert named(of) == ["x", "out"]
    assert named(done(NET, "sort_by_execution_order")) == named(model(NET))


def test_obfuscate_names_keeps_groups():
    """TensorFlow's leave ``loc:@`` with the old names, and the graph cannot be imported."""
    of = done("x = Placeholder {dtype: f32}; a = Neg(x); out = Neg(a) {_class: loc:@a}", "obfuscate_names")
    short = of.graph["out"].data_inputs[0]
    assert (short == "a", of.graph["out"].attrs["_class"]) == (False, [f"loc:@{short}".encode()])


def test_add_default_attributes():
    assert done(NET.replace("Relu", "BiasAddGrad"), "add_default_attributes").graph["z"].attr("data_format") is not None


def test_insert_logging():
    of = done(NET, 'insert_logging(op=Relu, show_op=true, show_name=true, message="seen", first_n=2)')
    printed = next(node for node in of.graph if node.op == "Print")
    assert of.graph["out"].data_inputs == (printed.name,)
    assert (printed.attrs["message"], printed.attrs["first_n"]) == (b";Relu;;z;seen", 2)
    assert printed.attrs["summarize"] == 1024
    assert [node.op for node in done(NET, "insert_logging(prefix=y)").graph].count("Print") == 1
    assert [node.op for node in done(NET, "insert_logging(prefix=y, op=Relu)").graph].count("Print") == 0


def test_what_cannot_be_logged_is_told():
    of = model(
        "x = Placeholder {dtype: f32}; s = NoOp(^x); v = VarHandleOp {dtype: f32, shape: shape[2]}; out = Neg(x)"
    )
    undone = transform_model(of, ("x",), ("out",), "insert_logging").undone
    assert [node.op for node in of.graph].count("Print") == 1
    assert [note.split(":")[1].strip() for note in undone] == ["s is not logged", "v is not logged"]


@pytest.mark.parametrize("line", ["n{} = NextIteration(x)", "v{} = VarHandleOp {{dtype: f32, shape: shape[2]}}"])
def test_many_that_cannot_be_logged_cost_what_they_are(line: str):
    def work(size: int) -> int:
        text = "\n".join(line.format(number) for number in range(size))
        of = model(f"x = Placeholder {{dtype: f32}}; y = Relu(x); out = Neg(y)\n{text}")
        return num_calls(lambda: transform_model(of, ("x",), ("out",), "insert_logging"))

    assert work(400) < 5 * work(100)


def test_backport_concatv2():
    text = "x = Placeholder {dtype: f32}; axis = Const {i32 []}; out = ConcatV2(x, x, axis, ^x) {N: 2}"
    of = done(text, "backport_concatv2")
    assert lines(of)[-1].startswith("out = Concat(axis, x, x, ^x)")
    assert of.graph["out"].attr("Tidx") is None


@pytest.mark.parametrize("name", sorted(name for name, each in OFFERED.items() if each.needs))
def test_passes_that_may_not_be_there(name: str):
    weight = NET.replace("two = Const {f32 [2]}", "two = Const {f32 [64,32]}")
    if OFFERED[name].is_there:
        assert "out" in named(done(weight, name))
    else:
        with pytest.raises(PassError, match=f"the transform {name} is not offered"):
            done(weight, name)
