"""Prune: what outputs need stays, as it was; the rest goes, and the report names it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from graphsurgeon.attr_value import Func, Shape
from graphsurgeon.dtypes import FLOAT, INT32
from graphsurgeon.errors import GraphError, NotFoundError, PassError
from graphsurgeon.formats.load import load
from graphsurgeon.graph import Function, Graph
from graphsurgeon.model import Model
from graphsurgeon.node import Node
from graphsurgeon.passes.prune import prune
from graphsurgeon.variables.layout import Variable
from graphsurgeon.variables.saver import SavedVariable, new_saver
from graphsurgeon.variables.unfreeze_note import Constant, UnfreezeNote
from graphsurgeon.verify import verify
from proto_utils import schema
from tests import notation
from tests.passes.harness import check_pass, model, reloaded

NET = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [2]}
    w/read = Identity(w) {_class: loc:@w}
    y = Mul(x, w/read)
    init = NoOp(^w)
    loss = Sub(y, x)
    out = Relu(y, ^init)
"""


def variable_def(name: str, initializer: str = "", snapshot: str = "") -> bytes:
    return schema.serialize(
        schema.VariableDef(
            variable_name=f"{name}:0",
            initializer_name=initializer or f"{name}/Assign",
            snapshot_name=snapshot or f"{name}/read:0",
            initial_value_name=f"{name}/zeros:0",
        )
    )


def variable(name: str) -> str:
    return f"""
    {name} = VariableV2 {{dtype: f32, shape: shape[2], container: "", shared_name: ""}}
    {name}/zeros = Const {{f32 [2]}}
    {name}/Assign = Assign({name}, {name}/zeros) {{_class: loc:@{name}}}
    {name}/read = Identity({name}) {{_class: loc:@{name}}}"""


def listing(collection: str, *entries: str | bytes) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    for entry in entries:
        if isinstance(entry, bytes):
            meta.collection_def[collection].bytes_list.value.append(entry)
        else:
            meta.collection_def[collection].node_list.value.append(entry)
    return meta


def trained(names: Iterable[str], rest: str, keys: dict[str, str] | None = None) -> Model:
    """A model with variables, their collection, values and a saver."""
    names = list(names)
    made = model("".join(map(variable, names)) + rest, meta=listing("variables", *map(variable_def, names)))
    assert made.meta is not None
    parts = [Variable(name, "ref", FLOAT, f"{name}/Assign", f"{name}/read:0") for name in names]
    saved = [SavedVariable((keys or {}).get(part.node, part.node), part) for part in parts]
    saver = new_saver(made.graph, saved, max_to_keep=3)
    for each in saver.nodes:
        made.graph.append(each)
    made.meta.saver_def.CopyFrom(saver.saver_def)
    made.variables = {each.key: made.graph[f"{each.variable.node}/zeros"].tensor for each in saved}
    return made


# What stays.


def test_data_and_control_inputs_are_followed():
    report = check_pass(
        prune,
        model(NET),
        """
        x = Placeholder
        w = Const
        w/read = Identity(w) {_class: loc:@w}
        y = Mul(x, w/read)
        init = NoOp(^w)
        out = Relu(y, ^init)
        """,
        outputs=("out",),
    )
    assert [(row.node, row.op) for row in report.removed] == [("loss", "Sub")]
    assert report.num_nodes == 6


@pytest.mark.parametrize("outputs", [("loss:0", "w"), ("w,loss",), (" loss , w ",)])
def test_outputs_are_named_in_many_ways(outputs: tuple[str, ...]):
    pruned = model(NET)
    report = prune(pruned, outputs=outputs)
    assert sorted(report.outputs) == ["loss", "w"]
    assert [each.name for each in pruned.graph] == ["x", "w", "w/read", "y", "loss"]


def test_kept_nodes_are_the_bytes_they_were():
    pruned = model(NET)
    pruned.rest.versions.producer = 27
    before = {each.name: schema.serialize(each.proto) for each in pruned.graph}
    prune(pruned, outputs=("out",))
    for each in pruned.graph:
        assert each.origin is not None
        assert schema.serialize(each.proto) == before[each.name]
    assert pruned.to_graph_def().versions.producer == 27


def test_pruning_nothing_changes_no_byte():
    pruned = model(NET)
    report = prune(pruned, outputs=("out", "loss"))
    assert report.removed == []
    assert pruned.to_graph_def() == model(NET).to_graph_def()
    assert not pruned.graph.is_edited


def test_pruning_twice_is_pruning_once():
    once = model(NET)
    prune(once, outputs=("out",))
    twice = Model.from_graph_def(once.to_graph_def())
    report = prune(twice, outputs=("out",))
    assert report.removed == []
    assert twice.to_graph_def() == once.to_graph_def()


def test_loops_stay_whole():
    loop = """
        n = Const {f32 [2]}
        enter = Enter(n) {frame_name: "loop"}
        merge = Merge(enter, next)
        cond = Const {bool [2]}
        loop_cond = LoopCond(cond)
        switch = Switch(merge, loop_cond)
        exit = Exit(switch)
        one = Identity(switch:1)
        next = NextIteration(one)
        """
    before, after = model(f"{loop}\nout = Relu(exit)\nelse = Relu(exit)"), notation.graph(f"{loop}out = Relu(exit)")
    check_pass(prune, before, notation.show(after), outputs=("out",))


def test_colocation_goes_with_its_target():
    report = check_pass(
        prune,
        model(
            """
            a = Const {f32 [2]}
            b = Identity(a) {_class: ["loc:@c", "loc:@a"]}
            c = Identity(a) {_class: loc:@a}
            d = Identity(b) {_class: loc:@c}
            """
        ),
        "a = Const\nb = Identity(a) {_class: loc:@a}\nd = Identity(b)",
        outputs=("d",),
    )
    assert [(row.node, row.target) for row in report.colocations] == [("b", "c"), ("d", "c")]


# Functions.


def with_functions() -> Model:
    calls = {"f": ["g"], "g": [], "grad": ["h"], "h": [], "other": []}
    functions = []
    for name, called in calls.items():
        proto = schema.FunctionDef()
        proto.signature.name = name
        functions.append(Function(proto, Graph([Node.new(f"call_{c}", c) for c in called])))
    graph_def = schema.GraphDef(node=[notation.node("x = Const {f32 [2]}").proto])
    for name in ("f", "other"):
        attrs = {"f": Func(name, {}), "Tin": [], "Tout": []}
        graph_def.node.append(Node.new(f"call_{name}", "PartitionedCall", attrs=attrs).proto)
    for function in functions:
        added = graph_def.library.function.add()
        added.CopyFrom(function.proto)
        added.node_def.extend(each.proto for each in function.body)
    graph_def.library.gradient.add(function_name="f", gradient_func="grad")
    graph_def.library.gradient.add(function_name="other", gradient_func="grad")
    return Model.from_graph_def(graph_def)


def test_functions_that_are_not_called_go():
    pruned = with_functions()
    report = prune(pruned, outputs=("call_f",))
    library = pruned.to_graph_def().library
    assert [f.signature.name for f in library.function] == ["f", "g", "grad", "h"]
    assert [g.function_name for g in library.gradient] == ["f"]
    assert report.functions == ["other"]


def test_without_calls_no_function_stays():
    pruned = with_functions()
    report = prune(pruned, outputs=("x",))
    assert len(pruned.to_graph_def().library.function) == 0
    assert report.functions == ["f", "g", "grad", "h", "other"]


# Inputs.


def test_an_input_becomes_a_placeholder_and_what_was_behind_it_goes():
    report = check_pass(
        prune,
        model("file = Placeholder {dtype: str}\nx = DecodeRaw(file) {out_type: f32}\ny = Relu(x)\nout = Relu(y)"),
        "y = Placeholder\nout = Relu(y)",
        outputs=("out",),
        inputs=("y:0",),
    )
    assert [vars(row) for row in report.inputs] == [{"node": "y", "op": "Relu", "dtype": "float32", "shape": None}]
    assert [row.node for row in report.removed] == ["file", "x"]


def pruned_input(line: str, reader: str = "out = Identity(x)", **options: tuple[str, ...]) -> schema.NodeDef:
    pruned = model(f"i = Const {{i32 [2]}}\nf = Const {{f32 [2]}}\ns = Const {{str [2]}}\n{line}\n{reader}")
    prune(pruned, outputs=("out",), inputs=("x",), **options)
    return pruned.graph["x"].proto


@pytest.mark.parametrize(
    ("line", "dtype"),
    [("x = Identity(f)", 1), ("x = Identity(i)", 3), ("x = Rank(f)", 3), ("x = Identity(s)", 7)],
)
def test_an_input_has_the_dtype_it_had(line: str, dtype: int):
    placeholder = pruned_input(line)
    assert placeholder.attr["dtype"].type == dtype
    assert sorted(placeholder.attr) == ["dtype"]


def test_a_variable_as_input_is_fed_by_value():
    assert pruned_input("x = VariableV2 {dtype: f32, shape: shape[2]}").attr["dtype"].type == FLOAT.number


def test_an_input_has_the_shape_that_is_known():
    pruned = model("f = Const {f32 [2]}\nx = Relu(f)\nout = Relu(x)")
    pruned.graph["x"].attrs["_output_shapes"] = [Shape([None, 3])]
    prune(pruned, outputs=("out",), inputs=("x",))
    assert pruned.graph["x"].attrs["shape"] == Shape([None, 3])
    assert pruned.graph["x"].attrs["_output_shapes"] == [Shape([None, 3])]


def test_a_placeholder_with_a_default_loses_the_default():
    pruned = model("f = Const {f32 [2]}\nx = PlaceholderWithDefault(f)\nout = Relu(x)")
    pruned.graph["x"].attrs["shape"] = Shape([2])
    report = prune(pruned, outputs=("out",), inputs=("x",))
    assert notation.show(pruned.graph) == "x = Placeholder\nout = Relu(x)"
    assert report.inputs[0].shape == [2]


def test_a_placeholder_stays_as_it_is():
    pruned = model("x = Placeholder {dtype: f32}\nout = Relu(x)")
    report = prune(pruned, outputs=("out",), inputs=("x",))
    assert not pruned.graph.is_edited
    assert report.inputs[0].op == "Placeholder"


@pytest.mark.parametrize(
    ("shape", "dims"),
    [("1,224,?,3", [1, 224, None, 3]), ("[]", []), ("7,", [7]), ("2x-1", [2, None]), ("(None, 4)", [None, 4])],
)
def test_the_shape_can_be_given(shape: str, dims: list[int | None]):
    pruned = model("x = Placeholder {dtype: f32}\nout = Relu(x)")
    report = prune(pruned, outputs=("out",), inputs=("x",), input_shape=(shape,))
    assert pruned.graph["x"].attrs["shape"] == Shape(dims)
    assert report.inputs[0].shape == dims


def test_the_shape_can_be_given_as_unknown():
    pruned = model("x = Const {f32 [2]}\nout = Relu(x)")
    prune(pruned, outputs=("out",), inputs=("x",), input_shape=("unknown",))
    assert "shape" not in pruned.graph["x"].attrs


def test_types_and_shapes_are_given_for_each_input():
    pruned = model(
        "a = Const {f32 [2]}\ni = Const {i32 [2]}\nb = UnknownOp(i)\nout = Merge(a, a)\nend = UnknownOp(b, out)"
    )
    options = {"input_type": ("float32,int32",), "input_shape": ("2", "3,3")}
    report = prune(pruned, outputs=("end",), inputs=("a", "b"), **options)
    assert [(row.node, row.dtype, row.shape) for row in report.inputs] == [
        ("a", "float32", [2]),
        ("b", "int32", [3, 3]),
    ]
    assert pruned.graph["b"].attrs["dtype"] is INT32


def test_an_unknown_op_has_the_dtype_that_its_reader_takes():
    assert pruned_input("x = UnknownOp", "out = Identity(x) {T: i32}").attr["dtype"].type == INT32.number


def test_inputs_that_are_not_needed_and_others_that_are_show_in_the_notes():
    pruned = model(
        "a = Placeholder {dtype: f32}\nb = Const {f32 [2]}\nc = Relu(b)\nd = Const {f32 [2]}\nout = Mul(a, c)"
    )
    report = prune(pruned, outputs=("out",), inputs=("c", "d"))
    assert report.notes == ["the outputs do not need the input 'd'", "the outputs also need a to be fed"]
    assert [row.node for row in report.inputs] == ["c"]
    assert "d" not in pruned.graph


# Refusals: the model is as it was.


def refused(before: str, **options: tuple[str, ...]) -> PassError:
    untouched = model(before)
    with pytest.raises(PassError) as caught:
        prune(untouched, **options)
    assert untouched.to_graph_def() == model(before).to_graph_def()
    assert not untouched.graph.is_edited
    return caught.value


@pytest.mark.parametrize("options", [{"outputs": ("ouf",)}, {"outputs": ("out",), "inputs": ("ouf",)}])
def test_a_wrong_name_gets_its_near_matches(options: dict[str, tuple[str, ...]]):
    with pytest.raises(NotFoundError) as caught:
        prune(model(NET), **options)
    assert caught.value.fields()["name"] == "ouf"
    assert "out" in caught.value.near


def test_an_output_that_a_node_does_not_have_is_wrong():
    with pytest.raises(NotFoundError, match="out:1"):
        prune(model(NET), outputs=("out:1",))


@pytest.mark.parametrize("outputs", [(), ("",), (" , ",)])
def test_outputs_must_be_named(outputs: tuple[str, ...]):
    assert "no outputs" in refused(NET, outputs=outputs).reason


def test_an_input_needs_a_type():
    assert "NoOp makes no tensor" in refused(NET, outputs=("out",), inputs=("init",)).reason
    before = "a = Const {f32 [2]}\nb = UnknownOp(a)\nout = UnknownOp(b)"
    assert refused(before, outputs=("out",), inputs=("b",)).hint == "say it with the input type"


def test_an_input_must_fit_its_readers():
    error = refused(NET, outputs=("out",), inputs=("y",), input_type=("int32",))
    assert (error.node, error.reason) == ("y", "as an input it is int32, but 'out' takes float32")
    before = "v = VariableV2 {dtype: f32, shape: shape[2]}\nx = Const {f32 [2]}\nout = Assign(v, x)"
    assert "takes the variable itself" in refused(before, outputs=("out",), inputs=("v",)).reason


def test_an_input_has_one_output():
    before = (
        "i = Const {i32 [2]}\nx = Const {f32 [2]}\ns = Split(i, x) {num_split: 2}\nout = Mul(s, s:1)\nhead = Relu(s)"
    )
    assert "reads its output 1" in refused(before, outputs=("out",), inputs=("s",)).reason
    assert "only output 0" in refused(before, outputs=("out",), inputs=("s:1",)).reason
    assert prune(model(before), outputs=("head",), inputs=("s",)).inputs[0].node == "s"


def test_nothing_is_fed_inside_of_a_loop():
    before = (
        'n = Const {f32 [2]}\nenter = Enter(n) {frame_name: "loop"}\na = Relu(enter)\nexit = Exit(a)\nout = Relu(exit)'
    )
    assert "while loop 'loop'" in refused(before, outputs=("out",), inputs=("a",)).reason
    assert prune(model(before), outputs=("out",), inputs=("n",)).num_nodes == 5


def test_numbers_of_types_and_shapes_must_match():
    error = refused(NET, outputs=("out",), inputs=("x", "y", "w"), input_shape=("2", "3"))
    assert error.reason == "2 input shapes for 3 inputs; give one, or one for each"


def test_a_shape_must_be_one():
    error = refused(NET, outputs=("out",), inputs=("x",), input_shape=("2,many",))
    assert error.reason == "not a shape: '2,many'"
    with pytest.raises(NotFoundError, match="floot32"):
        prune(model(NET), outputs=("out",), inputs=("x",), input_type=("floot32",))


def test_what_is_broken_and_needed_is_refused():
    with pytest.raises(GraphError, match="nowhere"):
        prune(reloaded(notation.model("x = Relu(nowhere) {T: f32}\ny = Relu(x)\nz = Const {f32 [2]}")), outputs=("y",))
    with pytest.raises(GraphError, match="2 nodes have this name"):
        prune(
            reloaded(notation.model("x = Const {f32 [2]}\nx = Placeholder {dtype: f32}\ny = Relu(x)")), outputs=("y",)
        )


def test_what_is_broken_and_not_needed_goes():
    """As frozen graphs are left: a write on what is no variable any more, colocation with what is gone."""
    before = reloaded(
        notation.model(
            """
            mean = Const {f32 [2], _class: loc:@mean/variable}
            new = Const {f32 [2]}
            update = AssignSub(mean, new)
            lost = Relu(nowhere) {T: f32}
            out = Relu(mean) {_class: ["loc:@mean", "loc:@mean/variable"]}
            """
        )
    )
    check_pass(
        prune,
        before,
        "mean = Const\nout = Relu(mean) {_class: loc:@mean}",
        outputs=("out",),
    )


# What surrounds the graph.


def test_a_variable_keeps_what_sets_it_up():
    rest = "\nout = Relu(w/read)\nelse = Relu(v/read)"
    meta = listing("variables", variable_def("v"), variable_def("w"))
    pruned = model(variable("v") + variable("w") + rest, meta=meta)
    report = prune(pruned, outputs=("out",))
    assert [each.name for each in pruned.graph] == ["w", "w/zeros", "w/Assign", "w/read", "out"]
    assert pruned.meta is not None
    assert list(pruned.meta.collection_def["variables"].bytes_list.value) == [variable_def("w")]
    assert [tuple(vars(row).values()) for row in report.references] == [("collection variables", "v", "")]


def test_without_a_meta_graph_only_the_outputs_count():
    pruned = model(variable("v") + "\nout = Relu(v/read)")
    prune(pruned, outputs=("out",))
    assert [each.name for each in pruned.graph] == ["v", "v/read", "out"]


def test_the_saver_stays_when_all_it_saves_stays():
    pruned = trained("vw", "\nboth = Mul(v/read, w/read)\nout = Relu(both)")
    saver = [each for each in pruned.graph if each.name.startswith("save/")]
    report = prune(pruned, outputs=("both",))
    assert report.saver == "kept"
    assert report.variables == []
    assert [each for each in pruned.graph if each.name.startswith("save/")] == saver
    assert [row.node for row in report.removed] == ["out"]


def test_the_saver_is_made_anew_for_what_is_left():
    pruned = trained("uvw", "\nout = Mul(v/read, w/read)", keys={"v": "other/v"})
    report = prune(pruned, outputs=("out",))
    assert report.saver == "remade"
    assert report.variables == ["u"]
    assert sorted(pruned.variables) == ["other/v", "w"]
    assert list(pruned.graph["save/SaveV2/tensor_names"].tensor.strings()) == [b"other/v", b"w"]
    assert pruned.graph["save/SaveV2"].inputs[3:] == ("v", "w")
    assert {each.inputs[0] for each in pruned.graph if each.name.startswith("save/Assign")} == {"v", "w"}
    assert pruned.meta is not None
    assert pruned.meta.saver_def.max_to_keep == 3
    assert pruned.meta.saver_def.restore_op_name in pruned.graph


def test_the_saver_goes_with_the_last_variable():
    pruned = trained("v", "\nx = Placeholder {dtype: f32}\nout = Relu(x)")
    report = prune(pruned, outputs=("out",))
    assert report.saver == "removed"
    assert notation.show(pruned.graph) == "x = Placeholder\nout = Relu(x)"
    assert pruned.meta is not None
    assert not pruned.meta.HasField("saver_def")
    assert pruned.variables == {}
    assert not pruned.meta.collection_def


def test_a_variable_that_is_fed_is_none_any_more():
    pruned = trained("vw", "\nout = Mul(v/read, w/read)")
    report = prune(pruned, outputs=("out",), inputs=("v",))
    assert (report.saver, report.variables) == ("remade", ["v"])
    assert list(pruned.variables) == ["w"]
    assert "v/Assign" not in pruned.graph


def test_a_saver_in_the_collection_is_replaced_there_too():
    pruned = trained("vw", "\nout = Relu(v/read)")
    assert pruned.meta is not None
    older = schema.SaverDef(filename_tensor_name="w:0", save_tensor_name="w/read:0", restore_op_name="w/Assign")
    listed = pruned.meta.collection_def["savers"].bytes_list.value
    listed.extend([schema.serialize(pruned.meta.saver_def), schema.serialize(older)])
    prune(pruned, outputs=("out",))
    assert list(pruned.meta.collection_def["savers"].bytes_list.value) == [schema.serialize(pruned.meta.saver_def)]


def test_values_that_belong_to_no_variable_stay():
    pruned = trained("vw", "\nout = Relu(v/read)")
    pruned.variables["_CHECKPOINTABLE_OBJECT_GRAPH"] = pruned.variables["w"]
    prune(pruned, outputs=("out",))
    assert sorted(pruned.variables) == ["_CHECKPOINTABLE_OBJECT_GRAPH", "v"]


TABLES = """
    k = Const {i64 [2]}
    t = HashTableV2
    u = HashTableV2
    t/init = LookupTableImportV2(t, k, k)
    u/init = LookupTableImportV2(u, k, k)
    tables = NoOp(^t/init, ^u/init)
    locals = NoOp
    main = NoOp(^tables, ^locals, ^out)
    x = Placeholder {dtype: i64}
    out = LookupTableFindV2(t, x, k)
    other = LookupTableFindV2(u, x, k)
"""


def test_a_table_keeps_its_initializer():
    pruned = model(TABLES, meta=listing("table_initializer", "t/init", "u/init"))
    report = prune(pruned, outputs=("out",))
    assert [each.name for each in pruned.graph] == ["k", "t", "t/init", "x", "out"]
    assert [row.name for row in report.references] == ["u/init"]


def test_main_ops_are_cut_down_to_what_is_left():
    pruned = model(TABLES.replace(", ^out", ""), meta=listing("saved_model_main_op", "main"))
    report = prune(pruned, outputs=("out",))
    assert pruned.graph["tables"].inputs == ("^t/init",)
    assert pruned.graph["main"].inputs == ("^tables", "^locals")
    assert report.references == []


def test_main_ops_with_nothing_left_go():
    pruned = model(TABLES.replace(", ^locals, ^out", ""), meta=listing("saved_model_main_op", "main"))
    report = prune(pruned, outputs=("x",))
    assert notation.show(pruned.graph) == "x = Placeholder"
    assert [(row.where, row.name) for row in report.references] == [("collection saved_model_main_op", "main")]


def test_signatures_and_assets_go_with_their_tensors():
    meta = schema.MetaGraphDef()
    for name in ("out", "loss"):
        meta.signature_def[name].inputs["in"].name = "x:0"
        meta.signature_def[name].outputs["out"].name = f"{name}:0"
    meta.asset_file_def.add(filename="vocabulary").tensor_info.name = "loss:0"
    pruned = model(NET, meta=meta)
    report = prune(pruned, outputs=("out",))
    assert pruned.meta is not None
    assert list(pruned.meta.signature_def) == ["out"]
    assert [(row.where, row.name) for row in report.references] == [("signature", "loss"), ("asset", "vocabulary")]


@pytest.mark.parametrize(
    ("cut", "stays"), [((), True), (("w/read",), True), (("x",), True), (("decoded",), False), (("y",), False)]
)
def test_inputs_that_outputs_never_needed_stay_in_signatures(cut: tuple[str, ...], stays: bool):
    meta = schema.MetaGraphDef()
    for name in ("x", "labels"):
        meta.signature_def["both"].inputs[name].name = f"{name}:0"
    meta.signature_def["both"].outputs["out"].name = "out:0"
    before = (
        NET.replace("y = Mul(x,", "decoded = Relu(x)\n    y = Mul(decoded,") + "\nlabels = Placeholder {dtype: f32}"
    )
    pruned = model(before, meta=meta)
    prune(pruned, outputs=("out",), inputs=cut)
    assert pruned.meta is not None
    assert ("both" in pruned.meta.signature_def) is stays
    assert ("labels" in pruned.graph) is stays


def test_an_object_graph_goes_when_a_function_of_it_goes():
    meta = schema.MetaGraphDef(graph_def=with_functions().to_graph_def())
    meta.object_graph_def.concrete_functions["f"].SetInParent()
    meta.meta_info_def.function_aliases["other"] = "alias"
    kept = Model.from_meta_graph_def(meta)
    prune(kept, outputs=("call_f",))
    assert kept.meta is not None
    assert kept.meta.HasField("object_graph_def")
    assert not kept.meta.meta_info_def.function_aliases
    gone = Model.from_meta_graph_def(meta)
    report = prune(gone, outputs=("call_other",))
    assert gone.meta is not None
    assert not gone.meta.HasField("object_graph_def")
    assert ("object graph", "") in [(row.where, row.name) for row in report.references]


def test_the_note_of_unfreezing_speaks_of_what_is_left():
    note = UnfreezeNote({"v": Constant(read="v/read"), "w": Constant(read="w/read")})
    meta = schema.MetaGraphDef()
    note.write(meta)
    pruned = model(variable("v") + variable("w") + "\nout = Relu(w/read)", meta=meta)
    prune(pruned, outputs=("out",))
    assert list(UnfreezeNote.read(pruned.meta).constants) == ["w"]


# The report, and whole models.


def test_the_report_is_json():
    report = prune(trained("vw", "\nout = Relu(v/read)"), outputs=("out",))
    plain = json.loads(json.dumps(report.to_json()))
    assert plain["removed"][0] == {"node": "w", "op": "VariableV2"}
    assert (plain["saver"], plain["variables"], plain["num_nodes"]) == ("remade", ["w"], report.num_nodes)


@pytest.mark.parametrize(
    "name", ["cond", "dtypes", "lstm_calls", "lstm_loop", "mobile_cnn", "partitioned", "resource_cnn"]
)
def test_every_node_can_be_the_output(fixtures: Path, name: str):
    names = [each.name for each in load(fixtures / f"{name}.ckpt.meta").graph]
    for output in names[:: max(1, len(names) // 12)]:
        pruned = load(fixtures / f"{name}.ckpt.meta")
        report = prune(pruned, outputs=(output,))
        assert report.num_nodes + len(report.removed) >= len(names)
        assert verify(pruned) == []
        assert {row.node for row in report.removed}.isdisjoint(each.name for each in pruned.graph if each.origin)


def test_partitions_that_are_left_are_saved_as_slices(fixtures: Path):
    pruned = load(fixtures / "partitioned.ckpt.meta")
    part = next(each.name for each in pruned.graph if each.op == "VariableV2" and each.name.endswith("part_1"))
    spec = dict(
        zip(
            pruned.graph["save/SaveV2"].inputs[3:],
            pruned.graph["save/SaveV2/shape_and_slices"].tensor.strings(),
            strict=True,
        )
    )
    prune(pruned, outputs=(part,))
    assert list(pruned.graph["save/RestoreV2/shape_and_slices"].tensor.strings()) == [spec[f"{part}/read"]]
    assert pruned.graph["save/SaveV2"].inputs[3:] == (f"{part}/read",)
    assert list(pruned.variables) == [part.rpartition("/")[0]]


def test_no_payload_is_read(fixtures: Path, monkeypatch: pytest.MonkeyPatch):
    pruned = load(fixtures / "mobile_cnn.pb")
    for each in pruned.graph:
        each.proto  # noqa: B018
    monkeypatch.setattr("proto_utils.files.Span.read", lambda *_: pytest.fail("a payload was read"))
    monkeypatch.setattr("proto_utils.files.Span.chunks", lambda *_: pytest.fail("a payload was read"))
    prune(pruned, outputs=(list(pruned.graph)[-1].name,))
