"""What a model lacks to be served is added; what it has stays."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.model import Model, SavedModelParts
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE, MAIN_OP
from graphsurgeon.rewrites.serving.servable import note_of_new_saver, restorable, servable
from graphsurgeon.tensors.dtypes import FLOAT
from graphsurgeon.variables.layout import Variable, new_variable
from graphsurgeon.variables.saver import SavedVariable, new_saver
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.files import BytesSource, Span
from tests.models import floats, meta_graph
from tests.notation import function, model
from tests.object_layers import checkpoint

NET = "x = Placeholder {dtype: f32}; y = Neg(x)"
FILL = "table = HashTableV2 {key_dtype: str, value_dtype: i64}; k = Const {str [2]}; v = Const {i64 [2]}"


def with_variable(text: str = NET, *, kind: str = "resource") -> Model:
    """A model with variable ``w``, its value, and nothing that restores it."""
    made = model(text)
    variable = new_variable("w", floats(1, 2), kind, set())  # type: ignore[arg-type]
    for node in variable.nodes:
        made.graph.append(node)
    made.meta = schema.MetaGraphDef()
    made.variables["w"] = floats(1, 2)
    return made


def from_saved_model(made: Model, **parts: object) -> Model:
    source = BytesSource(b"\x12\x00")
    made.saved_model = SavedModelParts((Span(source, 0, 2),), 0, **parts)  # type: ignore[arg-type]
    return made


def meta_of(made: Model) -> schema.MetaGraphDef:
    assert made.meta is not None
    return made.meta


def test_bare_graph_gets_tag_and_signature():
    served, report = servable(model(NET))
    assert list(meta_of(served).meta_info_def.tags) == ["serve"]
    assert list(meta_of(served).signature_def) == ["serving_default"]
    assert report.signature is not None
    assert [row["tensor"] for row in report.signature["outputs"]] == ["y:0"]
    assert report.notes == []


def test_bare_graph_gets_a_version():
    assert meta_of(servable(model(NET))[0]).meta_info_def.tensorflow_version == "1.15.0"


@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("1.4.0", "1.4.0"), ("0.12.head", "0.12"), ("custom", "1.15.0"), ("2", "2")]
)
def test_version_can_be_parsed(before: str, after: str):
    made = model(NET)
    made.meta = schema.MetaGraphDef()
    made.meta.meta_info_def.tensorflow_version = before
    served, report = servable(made)
    assert meta_of(served).meta_info_def.tensorflow_version == after
    assert any(repr(before) in note for note in report.notes) is (before != after)


def test_nothing_is_done_twice():
    served, _ = servable(with_variable())
    again, report = servable(served)
    assert again is served
    assert report.signature is None


def test_the_model_is_not_changed():
    made = with_variable()
    before = schema.serialize(made.to_meta_graph_def())
    servable(made)
    assert schema.serialize(made.to_meta_graph_def()) == before


def test_signatures_that_are_there_stay():
    made = Model.from_meta_graph_def(meta_graph())
    assert servable(made)[0] is made


def test_signature_that_is_asked_for_replaces_the_default():
    served, _ = servable(Model.from_meta_graph_def(meta_graph()), outputs=["scores=out"])
    assert list(meta_of(served).signature_def["serving_default"].outputs) == ["scores"]


def test_without_outputs_there_is_no_signature_and_a_note():
    served, report = servable(model("c = Const {f32 [2]}"))
    assert (report.signature, len(meta_of(served).signature_def)) == (None, 0)
    assert "`outputs`" in report.notes[0]


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_variables_without_a_saver_get_one(kind: str):
    served, report = servable(with_variable(kind=kind))
    meta = meta_of(served)
    assert meta.saver_def.restore_op_name == "save/restore_all"
    assert "save/RestoreV2" in served.graph
    (definition,) = meta.collection_def["variables"].bytes_list.value
    assert schema.parse(schema.VariableDef, definition).variable_name == "w:0"
    assert any("references" in note for note in report.notes) is (kind == "ref")


def test_saver_that_restores_what_there_is_not_is_declined():
    made = with_variable()
    served, _ = servable(made)
    served.variables = {"v": floats(1)}
    with pytest.raises(NotFoundError, match=r"'w'.*RestoreV2") as caught:
        servable(served)
    assert caught.value.kind == "tensor"


def test_only_the_saver_that_is_named_counts():
    """Graphs carry savers of their past, for variables that are not in this checkpoint."""
    made = with_variable()
    meta_of(made).saver_def.restore_op_name = "save/restore_all"
    variable = new_variable("lost", floats(1), "ref", set()).variable
    for name in ("old", "w"):
        kept = variable._replace(node=name)
        for node in new_saver(made.graph, [SavedVariable(name, kept)]).nodes:
            made.graph.append(node)
    meta_of(made).saver_def.restore_op_name = "save_1/restore_all"
    assert meta_of(servable(made)[0]).saver_def.restore_op_name == "save_1/restore_all"


def with_old_saver(op: str) -> Model:
    made = with_variable(
        f"{NET}; p = Const {{str []}}; n = Const {{str []}}; s = Const {{str []}}; old = {op}(p, n, s) {{dt: f32}}"
    )
    made.graph.append(Node.new("all", "NoOp", ["^old"]))
    meta_of(made).saver_def.restore_op_name = "all"
    return made


@pytest.mark.parametrize("op", ["Restore", "RestoreSlice"])
def test_saver_that_reads_v1_only_is_replaced(op: str):
    served, report = servable(with_old_saver(op))
    assert meta_of(served).saver_def.restore_op_name == "save/restore_all"
    assert "'all' reads V1 checkpoints only" in report.notes[0]


@pytest.mark.parametrize("op", ["Restore", "RestoreSlice"])
def test_saver_of_a_checkpoint_reads_it(op: str):
    made = with_old_saver(op)
    changed = restorable(made)
    assert meta_of(changed).saver_def.restore_op_name == "save/restore_all"
    assert meta_of(made).saver_def.restore_op_name == "all"
    assert restorable(changed) is changed


def test_other_savers_stay_as_they_are():
    """Also when a V1 one is in the graph, of which nothing speaks any more."""
    for made in (with_variable(), with_old_saver("Restore")):
        meta_of(made).saver_def.restore_op_name = ""
        assert restorable(made) is made


def test_assets_that_are_lost_are_told():
    made = from_saved_model(model(NET), files={"assets/b": "somewhere"})
    made.meta = schema.MetaGraphDef()
    for name in ("c", "b", "a"):
        made.meta.asset_file_def.add(filename=name)
    _, report = servable(made)
    assert report.notes == ["asset 'a' and 1 more did not come with the graph: put it into the folder assets"]


@pytest.mark.parametrize("op", ["InitializeTableV2", "LookupTableImportV2"])
def test_tables_that_nobody_fills(op: str):
    served, _ = servable(
        model(f"{FILL}; fill = {op}(table, k, v) {{Tkey: str, Tval: i64, Tin: str, Tout: i64}}; {NET}")
    )
    assert list(meta_of(served).collection_def[MAIN_OP].node_list.value) == [MAIN_OP]
    assert (served.graph[MAIN_OP].op, served.graph[MAIN_OP].inputs) == ("NoOp", ("^fill",))


def test_tables_that_a_saver_or_a_caller_fills_are_left_to_them():
    fill = "p = Placeholder {dtype: str}; fill = LookupTableImportV2(table, p, v) {Tin: str, Tout: i64}"
    served, _ = servable(model(f"{FILL}; {fill}; {NET}"))
    assert MAIN_OP not in served.graph


def test_collections_say_what_to_run():
    made = model(f"{NET}; fill = NoOp; start = NoOp")
    made.meta = schema.MetaGraphDef()
    made.meta.collection_def["table_initializer"].node_list.value.extend(["fill", "gone"])
    local = schema.VariableDef(variable_name="v:0", initializer_name="start")
    made.meta.collection_def["local_variables"].bytes_list.value.append(local.SerializeToString())
    served, _ = servable(made)
    assert served.graph[MAIN_OP].inputs == ("^fill", "^start")


@pytest.mark.parametrize("key", [MAIN_OP, "legacy_init_op"])
def test_init_op_that_is_there_stays(key: str):
    made = model(f"{NET}; fill = NoOp; mine = NoOp")
    made.meta = schema.MetaGraphDef()
    made.meta.collection_def["table_initializer"].node_list.value.append("fill")
    made.meta.collection_def[key].node_list.value.append("mine")
    served, _ = servable(made)
    assert len(served.graph) == 4


def test_what_came_from_a_saved_model_is_complete():
    """No signature, no op that fills tables: its makers wanted it so."""
    made = from_saved_model(model(f"{FILL}; fill = InitializeTableV2(table, k, v) {{Tkey: str, Tval: i64}}; {NET}"))
    made.meta = schema.MetaGraphDef()
    assert servable(made)[0] is made


def test_what_a_pass_took_all_of_is_new():
    """Freezing may leave a bare graph of a SavedModel."""
    served, _ = servable(from_saved_model(model(NET)))
    assert list(meta_of(served).meta_info_def.tags) == ["serve"]
    assert "serving_default" in meta_of(served).signature_def


def two(functions: tuple[str, ...] = ()) -> Model:
    """A TensorFlow 2 model, from a SavedModel, of which ``f`` is exported."""
    made = from_saved_model(model(NET), variables={"w/.ATTRIBUTES/VARIABLE_VALUE": floats(1)})
    made.variables["w/.ATTRIBUTES/VARIABLE_VALUE"] = floats(1)
    made.meta = schema.MetaGraphDef()
    for name in functions:
        made.meta.object_graph_def.concrete_functions[name].SetInParent()
    made.meta.object_graph_def.nodes.add()
    return made


def test_object_graph_stays_while_it_is_true():
    made = two()
    assert servable(made)[0] is made


@pytest.mark.parametrize("lost", ["function", "variable"])
def test_object_graph_goes_when_it_names_what_is_gone(lost: str):
    made = two(("f",) if lost == "function" else ())
    if lost == "variable":
        made.variables.clear()
    served, report = servable(made)
    assert not meta_of(served).HasField("object_graph_def")
    assert report.notes[0].startswith("dropped the object graph")


@pytest.mark.parametrize(("fed", "is_moved"), [("path", True), ("y", True), ("c", False)])
def test_init_op_that_is_fed_is_no_function(fed: str, is_moved: bool):
    """Without objects, TensorFlow 2 takes it for a function that lacks an input."""
    made = two(("f",))
    made.graph.append(Node.new("path", "Placeholder", attrs={}))
    made.graph.append(Node.new("c", "NoOp"))
    made.graph.append(Node.new("init", "NoOp", [f"^{fed}"]))
    meta_of(made).signature_def[INIT_SIGNATURE].outputs[INIT_SIGNATURE].name = "init"
    meta = meta_of(servable(made)[0])
    assert (INIT_SIGNATURE not in meta.signature_def) is is_moved
    assert (MAIN_OP in meta.collection_def) is is_moved


def test_a_variable_that_nothing_reads_plainly_gets_a_read():
    made = with_variable("x = Placeholder {dtype: f32}; y = Neg(x)")
    made.graph.set_nodes(node for node in made.graph if "Read" not in node.name)
    served, _ = servable(made)
    (save,) = served.graph.nodes_of(("SaveV2",))
    assert save.inputs[-1] == "w/Read/ReadVariableOp"
    assert served.graph["w/Read/ReadVariableOp"].inputs == ("w",)


def of_layer() -> Model:
    """A model whose signature reads w, while the saver restores its copy c, as of a layer of Keras 3."""
    made = model(
        """
        x = Placeholder {dtype: f32}; w = VarHandleOp {dtype: f32, shape: shape[]}; r = ReadVariableOp(w) {dtype: f32}
        y = Mul(x, r); c = VarHandleOp {dtype: f32, shape: shape[]}
        c/Read/ReadVariableOp = ReadVariableOp(c) {dtype: f32}
        """
    )
    made.variables = checkpoint(w=2.0)
    key = next(iter(made.variables))
    saver = new_saver(made.graph, [SavedVariable(key, Variable("c", "resource", FLOAT, "", "c/Read/ReadVariableOp:0"))])
    for node in saver.nodes:
        made.graph.append(node)
    made.meta = schema.MetaGraphDef(saver_def=saver.saver_def)
    made.meta.object_graph_def.concrete_functions["f"].SetInParent()
    made.meta.signature_def["serve"].outputs["y"].name = "y:0"
    made.library.functions["f"] = function("f", "a", "n:y:0", "n = Neg(a) {T: f32}")
    return from_saved_model(made, variables=dict.fromkeys(made.variables))


def test_when_objects_go_what_only_they_restored_gets_a_saver():
    made = of_layer()
    assert servable(made)[0] is made
    made.library.functions.clear()
    served, report = servable(made)
    assert [note.split(",")[0] for note in report.notes] == [
        "dropped the object graph",
        "'save/restore_all' does not restore what signatures read",
    ]
    assert meta_of(served).saver_def.restore_op_name == "save_1/restore_all"
    assigned = [
        node.inputs[0] for node in served.graph.nodes_of(("AssignVariableOp",)) if node.name.startswith("save_1/")
    ]
    assert assigned == ["w", "c"]
    assert len(served.graph["save_1/SaveV2"].inputs) == 4
    assert servable(served)[0] is served


def test_a_meta_has_no_objects_to_restore_by():
    made = of_layer()
    assert [note.split(",")[0] for note in note_of_new_saver(made)] == [
        "'save/restore_all' does not restore what signatures read"
    ]
    assert meta_of(restorable(made)).saver_def.restore_op_name == "save_1/restore_all"
    del meta_of(made).signature_def["serve"]
    assert restorable(made) is made
