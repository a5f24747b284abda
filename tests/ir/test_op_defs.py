"""OpDefs; that every one of them is TensorFlow's is proven in tests/tf/test_op_defs.py."""

from __future__ import annotations

from graphsurgeon.ir import ops
from graphsurgeon.ir.op_defs import op_def, op_list
from proto_utils import schema
from tests import notation


def test_an_op():
    made = op_def("AddN")
    assert made is not None
    assert schema.print_text(made) == schema.print_text(
        schema.parse_text(
            schema.OpDef,
            b"""name: "AddN"
            input_arg { name: "inputs" type_attr: "T" number_attr: "N" }
            output_arg { name: "sum" type_attr: "T" }
            attr { name: "N" type: "int" has_minimum: true minimum: 1 }
            attr { name: "T" type: "type" allowed_values { list {
                type: DT_FLOAT type: DT_DOUBLE type: DT_INT32 type: DT_UINT8 type: DT_INT16 type: DT_INT8
                type: DT_COMPLEX64 type: DT_INT64 type: DT_QINT8 type: DT_QUINT8 type: DT_QINT32 type: DT_BFLOAT16
                type: DT_QINT16 type: DT_QUINT16 type: DT_UINT16 type: DT_COMPLEX128 type: DT_HALF type: DT_UINT32
                type: DT_UINT64 type: DT_VARIANT } } }
            is_aggregate: true is_commutative: true""",
        )
    )


def test_references_state_lists_and_traits():
    assign, call, old = op_def("Assign"), op_def("StatefulPartitionedCall"), op_def("BatchFFT")
    assert assign is not None
    assert call is not None
    assert old is not None
    assert [arg.is_ref for arg in assign.input_arg] == [True, False]
    assert assign.allows_uninitialized_input
    assert (call.is_stateful, call.input_arg[0].type_list_attr) == (True, "Tin")
    assert (old.deprecation.version, old.deprecation.explanation) == (15, "Use FFT")


def test_every_op_has_one():
    assert op_def("NoSuchOp") is None
    assert all((made := op_def(op)) is not None and made.name == op for op in ops.known_ops())


def test_ops_that_are_used():
    """Functions count that are called by their names, as with TensorFlow; those in attrs do not."""
    called = notation.function("f", "x", "n:y:0", "n = g(x)")
    inner = notation.function("g", "x", "n:y:0", "n = Neg(x)")
    named = notation.function("h", "x", "n:y:0", "n = Abs(x)")
    model = notation.model("x = Placeholder; y = f(x); z = PartitionedCall(y) {f: fn:h}", called, inner, named)
    known = schema.OpList(op=[{"name": "Mine"}, {"name": "Neg", "summary": "old"}])
    assert [(op.name, op.summary) for op in op_list(model.graph, model.library, known).op] == [
        ("Neg", "old"), ("PartitionedCall", ""), ("Placeholder", ""),
    ]  # fmt: skip


def test_what_was_known_stays_unless_nodes_have_more():
    """An older TensorFlow's MatMul has no grad_a, which is no matter as long as no node has one."""
    older = op_def("MatMul")
    assert older is not None
    del older.attr[-2:]
    known = schema.OpList(op=[older])
    for attr, expected in (("transpose_a", older), ("grad_a", op_def("MatMul"))):
        model = notation.model(f"x = MatMul {{T: f32}}; y = MatMul {{T: f32, {attr}: false}}")
        assert list(op_list(model.graph, model.library, known).op) == [expected]
