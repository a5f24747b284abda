"""A graph with loops brings functions for eager TensorFlow 2, and nobody sees them who reads it."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import CorruptionError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.rewrites.serving.eager_functions import drop_eager_functions, with_eager_functions
from graphsurgeon.rewrites.serving.object_functions import EAGER_FUNCTIONS
from graphsurgeon.rewrites.serving.servable import servable
from graphsurgeon.variables.layout import VariableKind
from proto_utils import schema
from tests.notation import show
from tests.passes.harness import model, state
from tests.passes.test_functionalize import LOOP


def thawed(text: str = LOOP, kind: VariableKind = "resource") -> Model:
    of = model(text)
    unfreeze(of, select=("w",), variables=kind)
    return of


def served(of: Model) -> tuple[Model, list[str]]:
    made, report = servable(of, inputs=("x",), outputs=("y",))
    return made, report.notes


def test_a_signature_has_a_function():
    made, notes = served(thawed())
    assert notes == [
        "eager TensorFlow 2 gets functions of the signatures, in which GradientTape goes through the loop "
        "'loop/while_context'"
    ]
    assert made.meta is not None
    (name,) = made.meta.object_graph_def.concrete_functions
    body = made.library.functions[name]
    assert name.startswith("__inference_signature_wrapper_serving_default")
    assert [each.name for each in body.proto.signature.input_arg] == ["x", "w"]
    assert any(line.startswith("loop = ") for line in show(body.body).splitlines())
    assert body.proto.ret["result"] == "y:y:0"
    assert any(node.op == "Enter" for node in made.graph)


def test_branches_of_a_case():
    """TensorFlow has no gradient of a _SwitchN, and has one of Ifs."""
    text = """
        x = Placeholder {dtype: f32, shape: shape[2]}; i = Const {i32 [] 1}; w = Const {f32 [2]}; w/read = Identity(w)
        s = _SwitchN(w/read, i) {num_outs: 2}; a = Neg(s); b = Add(s:1, s:1); m = Merge(a, b) {N: 2}; y = Add(x, m)
    """
    made, notes = served(thawed(text))
    assert [note.partition(" through ")[2] for note in notes] == ["the _SwitchN 's'"]
    ops = {node.op for function in made.library.functions.values() for node in function.body}
    assert "StatelessIf" in ops
    assert "_SwitchN" not in ops
    assert "_SwitchN" in made.graph.ops


def test_objects_are_as_tensorflow_2_has_them():
    made, _ = served(thawed())
    assert made.meta is not None
    objects = made.meta.object_graph_def
    assert [node.WhichOneof("kind") for node in objects.nodes] == [
        "user_object", "user_object", "variable", "user_object", "bare_concrete_function",
    ]  # fmt: skip
    assert {child.local_name: child.node_id for child in objects.nodes[0].children} == {"variables": 1, "signatures": 3}
    variable = objects.nodes[2].variable
    assert (variable.name, variable.trainable, variable.dtype) == ("w", True, 1)
    (concrete,) = objects.concrete_functions.values()
    assert list(concrete.bound_inputs) == [2]
    inputs = concrete.canonicalized_input_signature.tuple_value.values[1].dict_value.fields
    assert [dim.size for dim in inputs["x"].tensor_spec_value.shape.dim] == [2, 2]
    assert list(concrete.output_signature.dict_value.fields) == ["y"]


def test_reading_takes_them_out_again():
    of = thawed()
    plain = servable(of, inputs=("x",), outputs=("y",))[0]
    assert plain.meta is not None
    found = Model.from_meta_graph_def(plain.to_meta_graph_def())
    found.variables = of.variables
    drop_eager_functions(found)
    assert found.meta is not None
    assert (list(found.library.functions), EAGER_FUNCTIONS in found.meta.collection_def) == ([], False)
    assert not found.meta.HasField("object_graph_def")
    again, _ = with_eager_functions(found)
    assert schema.serialize(again.to_meta_graph_def()) == schema.serialize(plain.to_meta_graph_def())


def test_it_stays_the_same_the_second_time():
    made, _ = served(thawed())
    before = state(made)[:2]
    again, notes = with_eager_functions(made)
    assert (again, notes) == (made, [])
    assert state(again)[:2] == before


def test_references_are_no_objects():
    of = servable(thawed(kind="ref"), inputs=("x",), outputs=("y",))[0]
    assert with_eager_functions(of) == (of, [])


def test_what_cannot_be_is_said():
    """A loop that gives more than its variables."""
    of = thawed(LOOP.replace("Exit(loop/Switch_1)", "Exit(loop/Switch_1, ^loop/Identity)"))
    made, notes = served(of)
    assert made.meta is not None
    assert not made.meta.HasField("object_graph_def")
    assert notes == [
        "GradientTape does not go through the loop 'loop/while_context': node 'loop/Exit_1': it gives something else "
        "than a variable of its loop; in v1 mode they train"
    ]


def test_state_besides_variables_is_said():
    table = """
        t = HashTableV2 {key_dtype: i64, value_dtype: f32}
        d = Const {f32 []}
        k = Const {i64 []}
        u = LookupTableFindV2(t, k, d)
        z = Add(y, u)
    """
    made, report = servable(thawed(LOOP + table), inputs=("x",), outputs=("z",))
    assert made.meta is not None
    assert any("node 't': it is state besides variables" in note for note in report.notes)


def test_a_damaged_note_is_corruption():
    of = Model(meta=b"")
    assert of.meta is not None
    of.meta.collection_def[EAGER_FUNCTIONS].bytes_list.value.append(b"{")
    with pytest.raises(CorruptionError, match="is damaged"):
        drop_eager_functions(of)
