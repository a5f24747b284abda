"""Gathering: each piece of evidence is told, exceptions to the table are made, marks or roles decide for the graph."""

from __future__ import annotations

from graphsurgeon.weights.evidence import MAX_FINDINGS, STRIPPED_RATIO
from tests.weights.verdicts import plan, taken


def evidence(text, name):
    return next(weight.evidence for weight in plan(text).weights if weight.node.name == name)


def test_a_use_is_told_by_argument_op_and_way():
    text = "x = Placeholder\nw = Const {f32 [4,4]}\ne = Enter(w)\nt = Transpose(e, p)\ny = MatMul(x, t)"
    assert evidence(text, "w") == ["b of MatMul 'y' (through Enter, Transpose)"]


def test_a_weight_of_several_kinds_has_the_strongest_role_and_all_evidence():
    text = (
        "i = Placeholder\na = Const {i32 []}\nw = Const {f32 [9,4]}\nx = GatherV2(w, i, a)\n"
        "y = MatMul(x, w) {transpose_b: true}"
    )
    assert taken(text) == {"w": "embedding"}
    assert evidence(text, "w") == ["params of GatherV2 'x'", "b of MatMul 'y'"]


def test_a_constant_that_is_used_everywhere_has_short_evidence():
    text = "x = Placeholder\nw = Const {f32 [4,4]}\n" + "".join(f"y{i} = MatMul(x, w)\n" for i in range(100))
    assert len(evidence(text, "w")) == MAX_FINDINGS


def test_a_data_operand_beside_a_kernel_is_no_kernel():
    """An unrolled loop starts from zeros."""
    assert taken("h = Const {f32 [1,4]}\nk = Const {f32 [4,4]}\ny = MatMul(h, k)") == {"k": "matmul_kernel"}
    assert taken("k = Const {f32 [4,4]}\nx = Placeholder\ny = MatMul(k, x)") == {"k": "matmul_kernel"}


def test_peepholes_count_when_they_are_used():
    text = (
        "x = Placeholder\nc = Placeholder\nw = Const {f32 [9,8]}\np = Const {f32 [2]}\nb = Const {f32 [8]}\n"
        "y = LSTMBlockCell(x, c, c, w, p, p, p, b) {use_peephole: false}"
    )
    assert taken(text) == {"w": "recurrent_kernel", "b": "recurrent_bias"}
    assert taken(text.replace("false", "true"))["p"] == "recurrent_kernel"


def test_gathering_from_a_vector_is_indexing():
    text = "i = Placeholder\na = Const {i32 []}\nv = Const {f32 [9]}\nx = GatherV2(v, i, a)"
    assert taken(text) == {}


def test_kernels_in_loops_and_cells_are_recurrent():
    loop = (
        "x = Placeholder\nw = Const {f32 [4,4]}\ne = Enter(w)\ny = MatMul(x, e)\nb = Const {f32 [4]}\n"
        "f = Enter(b)\nz = BiasAdd(y, f)"
    )
    assert taken(loop) == {"w": "recurrent_kernel", "b": "recurrent_bias"}
    cell = """
        x = Placeholder
        h = Placeholder
        a = Const {i32 []}
        xh = ConcatV2(x, h, a)
        w = Const {f32 [8,16]}
        b = Const {f32 [16]}
        y = MatMul(xh, w)
        z = BiasAdd(y, b)
        i = Split(a, z) {num_split: 4}
    """
    assert taken(cell) == {"w": "recurrent_kernel", "b": "recurrent_bias"}
    assert taken(cell.replace("Split(a, z)", "Pack(z, a)")) == {"w": "matmul_kernel", "b": "bias"}


def filters(count):
    return "x = Placeholder\n" + "".join(
        f"k{i} = Const {{f32 [3,3,2,4]}}\ny{i} = Conv2D(x, k{i})\n" for i in range(count)
    )


MARKED = "w = Const {f32 [4]}\nw/read = Identity(w)\nout = Exp(w/read)\n"


def test_marks_decide_where_there_are_any():
    found = plan(MARKED + filters(STRIPPED_RATIO))
    assert found.fingerprinted
    assert [weight.node.name for weight in found.weights] == ["w"]


def test_a_few_marks_left_by_accident_do_not():
    found = plan(MARKED + filters(STRIPPED_RATIO + 1))
    assert not found.fingerprinted
    assert len(found.weights) == STRIPPED_RATIO + 2


def test_roles_decide_where_there_are_none():
    assert not plan(filters(1)).fingerprinted
    assert taken(filters(1)) == {"k0": "conv_filter"}
