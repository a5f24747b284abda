"""The verdict: who overrules whom, what speaks against, what is trainable, what the reasons say."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.model import Model
from graphsurgeon.weights import find_weights
from tests.notation import function, model
from tests.weights.verdicts import plan, reasons, taken, untrained

CONV = "x = Placeholder\nk = Const {f32 [3,3,2,4]}\ny = Conv2D(x, k)\n"


def test_select_takes_what_the_evidence_leaves():
    text = CONV + "m = Const {f32 [3]}\nn = Exp(m)\np = Const {i32 []}\nq = Exp(p)"
    (_, m, p) = plan(text, select=("m", "p")).weights
    assert (m.role, m.trainable, m.evidence) == ("selected", True, ["selected by 'm'"])
    assert (p.role, p.trainable) == ("selected", False)


def test_select_adds_to_the_evidence_and_keeps_the_role():
    (k,) = plan(CONV, select=("k",)).weights
    assert (k.role, k.evidence) == ("conv_filter", ["selected by 'k'", "filter of Conv2D 'y'"])


def test_select_matches_whole_names():
    text = CONV + "a/m = Const {f32 [3]}\na/mm = Const {f32 [3]}\nn = AddN(a/m, a/mm)"
    assert set(taken(text, select=("a/m",))) == {"k", "a/m"}
    assert set(taken(text, select=("a/.*",))) == {"k", "a/m", "a/mm"}


def test_exclude_is_stronger():
    assert taken(CONV, select=("k",), exclude=("k.*",)) == {}
    assert reasons(CONV, exclude=("k.*",)) == {"k": "excluded by 'k.*'"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("s = Const {i32 [2]}\ny = Reshape(x, s)", "shape of Reshape 'y'; not a weight's use"),
        (("s = Const {i32 [2]}\ny = Transpose(x, s)\n"
"z = Transpose(y, s)"), "perm of Transpose 'y' and 1 more; not a weight's use"),
        ("s = Const {f32 [4]}", "nothing uses it; not a weight's use"),
        ("s = Const {f32 [4]}\ny = NoOp(^s)", "nothing uses it; not a weight's use"),
        ("s = Const {f32 [4]}\ny = MyOp(s)", "input 0 of MyOp 'y'; not a weight's use"),
        ("s = Const {str [4]}\ny = BiasAdd(x, s)", "looks like bias: bias of BiasAdd 'y'; string values"),
        ("s = Const {bool [4]}\ny = Select(s, x, x)", "condition of Select 'y'; bool values"),
        ("s = Const {i32 [9,4]}\ny = GatherV2(s, x, x)", "looks like embedding: params of GatherV2 'y'; int32 values"),
        ("s = Const {i32 [4,4]}\ny = MatMul(x, s)", "looks like matmul_kernel: b of MatMul 'y'; int32 values"),
        ((
            "s = Const(^x) {f32 [4]}\ny = BiasAdd(x, s)"
        ), "looks like bias: bias of BiasAdd 'y'; fed by control inputs, as no variable is"),
        ((
            "s = Const {f32 [2]}\ny = FakeQuantWithMinMaxVarsPerChannel(x, s, s)"
        ), "looks like quant_range: min of FakeQuantWithMinMaxVarsPerChannel 'y'; not a weight's use"),
    ],
    ids=[
        "shape", "perm", "unused", "control", "unknown_op", "string", "bool", "table", "integer", "control_fed",
        "range",
    ],
)  # fmt: skip
def test_reasons(text, reason):
    assert reasons("x = Placeholder\n" + text) == {"s": reason}


def test_the_reason_where_marks_decide():
    text = CONV + "w = Const {f32 [4]}\nw/read = Identity(w)\nz = Exp(w/read)"
    assert taken(text) == {"w": "variable"}
    assert reasons(text) == {
        "k": "looks like conv_filter: filter of Conv2D 'y'; without a mark of freezing, which another bears"
    }


def test_single_elements_and_empty_constants_are_not_worth_a_reason():
    text = (
        "x = Placeholder\ns = Const {f32 []}\nt = Const {f32 [1,1]}\ny = AddN(x, s, t)\ne = Const {f32 [0]}\n"
        "z = FusedBatchNormV3(x, x, x, e, e)"
    )
    assert plan(text).kept == []
    assert plan(text).weights == []


def test_a_bias_or_a_kernel_of_one_element_is_a_weight():
    text = "x = Placeholder\nk = Const {f32 [4,1]}\nb = Const {f32 [1]}\ny = MatMul(x, k)\nz = BiasAdd(y, b)"
    assert taken(text) == {"k": "matmul_kernel", "b": "bias"}


def test_constants_in_function_bodies_are_kept_with_the_functions_name():
    body = function("f", "x", "y:product:0", "k = Const {f32 [4,4]}\ns = Const {f32 []}\ny = MatMul(x, k)")
    found = plan("x = Placeholder\ny = PartitionedCall(x) {f: fn:f}", body)
    assert found.weights == []
    assert [(kept.node.name, kept.function) for kept in found.kept] == [("k", "f")]
    assert found.kept[0].reason == "inside function 'f', which cannot hold a variable"


@pytest.mark.parametrize(
    ("name", "dtype", "trainable"),
    [
        ("w", "float16", True),
        ("w", "int32", False),
        ("bn/moving_mean", "float32", False),
        ("w/ExponentialMovingAverage", "float32", False),
    ],
)
def test_a_variable_of_unknown_use_is_judged_by_type_and_name(name, dtype, trainable):
    (weight,) = plan(f"{name} = Const {{{dtype} [4]}}\n{name}/read = Identity({name})\nout = Exp({name}/read)").weights
    assert weight.trainable is trainable
    assert weight.role == ("variable" if dtype != "int32" else "table")


def test_structure_overrules_the_name():
    text = (
        "x = Placeholder\ns = Const {f32 [4]}\no = Const {f32 [4]}\nmoving_mean = Const {f32 [4]}\n"
        "v = Const {f32 [4]}\ny = FusedBatchNormV3(x, moving_mean, o, s, v)"
    )
    assert taken(text) == {"moving_mean": "bn_scale", "o": "bn_offset", "s": "bn_mean", "v": "bn_variance"}
    assert untrained(text) == {"s", "v"}


def test_the_name_is_evidence_where_it_decides():
    (weight,) = plan(
        "moving_mean = Const {f32 [4]}\nmoving_mean/read = Identity(moving_mean)\nout = Exp(moving_mean/read)"
    ).weights
    assert weight.evidence[-1] == "named like what training code updates by itself"


def test_the_step_counter():
    (step,) = plan(
        "global_step = Const {i64 []}\nglobal_step/read = Identity(global_step)\nout = Exp(global_step/read)"
    ).weights
    assert (step.role, step.trainable) == ("global_step", False)


def test_strings_and_tables_that_were_variables():
    text = (
        "s = Const {str [4]}\ns/read = Identity(s)\nt = Const {i64 [4]}\nt/read = Identity(t)\ni = Placeholder\n"
        "a = GatherV2(s/read, i, i)\nb = GatherV2(t/read, i, i)"
    )
    assert taken(text) == {"s": "table", "t": "table"}
    assert untrained(text) == {"s", "t"}


def test_quantized_weights_are_weights_without_gradients():
    text = "x = Placeholder\nk = Const {quint8 [3,3,2,4]}\ny = QuantizedConv2D(x, k, a, b, c, d)"
    assert taken(text) == {"k": "conv_filter"}
    assert untrained(text) == {"k"}
    small = "x = Placeholder\nk = Const {i8 [4,4]}\nc = Cast(k)\ny = MatMul(x, c)"
    assert taken(small) == {"k": "matmul_kernel"}


def test_colocated_nodes_are_told():
    (k,) = plan("x = Placeholder\nk = Const {f32 [3,3,2,4]}\ny = Conv2D(x, k) {_class: loc:@k}").weights
    assert k.evidence == ["filter of Conv2D 'y'", "Conv2D 'y' is colocated with it"]


def test_a_constant_that_is_an_output_too():
    text = CONV + "k/read = Identity(k)"
    assert taken(text) == {"k": "conv_filter"}


def test_the_model_is_left_alone():
    made = Model.from_graph_def(model(CONV).to_graph_def())
    find_weights(made, select=("k",))
    assert not made.graph.is_edited


def test_only_says_where_evidence_is_heard():
    text = CONV + "j = Const {f32 [3,3,2,4]}\nz = Conv2D(x, j)\nm = Const {f32 [3]}\nn = Exp(m)\n"
    assert set(taken(text)) == {"k", "j"}
    assert set(taken(text, only=("j", "m"))) == {"j"}
    assert set(taken(text, only=("j",), select=("m",))) == {"j", "m"}
    assert reasons(text, only=("j",))["k"] == "not among the only ones to take"


def test_the_name_of_a_file_is_no_weight_though_it_was_a_variable():
    text = (
        CONV.replace("Conv2D(x, k)", "Conv2D(x, k/read)\nk/read = Identity(k) {_class: loc:@k}")
        + """
        path = Const {str []}
        path/read = Identity(path) {_class: loc:@path}
        table = HashTableV2 {key_dtype: str, value_dtype: i64}
        fill = InitializeTableFromTextFileV2(table, path/read) {key_index: -2, value_index: -1}
    """
    )
    assert set(taken(text)) == {"k"}
    assert set(taken(text, select=("path",))) == {"k", "path"}
