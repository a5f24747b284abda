"""The save/ subgraph. That it is TensorFlow's own, node for node, is proven in tests/tf/test_saver_layout.py."""

from __future__ import annotations

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.variables.layout import Variable
from graphsurgeon.variables.saver import SavedVariable, install_saver, new_saver, with_copies
from proto_utils import schema
from tests import notation


def ref(name: str, device: str = "") -> SavedVariable:
    return SavedVariable(name, Variable(name, "ref", dtypes.FLOAT, f"{name}/Assign", f"{name}/read:0", device=device))


def resource(name: str, device: str = "") -> SavedVariable:
    read = f"{name}/Read/ReadVariableOp:0"
    return SavedVariable(name, Variable(name, "resource", dtypes.INT32, f"{name}/Assign", read, device=device))


def shown(*variables: SavedVariable) -> list[str]:
    return notation.show(new_saver(Graph(), variables).nodes).splitlines()


def test_reference_variables_are_saved_and_restored_themselves():
    lines = shown(ref("b"), ref("a"))
    assert "save/SaveV2 = SaveV2(save/Const, save/SaveV2/tensor_names, save/SaveV2/shape_and_slices, a, b)" in lines
    assert lines[-3:] == [
        "save/Assign = Assign(a, save/RestoreV2) {_class: loc:@a}",
        "save/Assign_1 = Assign(b, save/RestoreV2:1) {_class: loc:@b}",
        "save/restore_all = NoOp(^save/Assign, ^save/Assign_1)",
    ]


def test_resource_variables_are_saved_by_their_read():
    lines = shown(resource("a"), ref("b"), resource("c"))
    saved = "a/Read/ReadVariableOp, b, c/Read/ReadVariableOp"
    assert any(line.startswith("save/SaveV2 = ") and line.endswith(f"{saved})") for line in lines)
    assert lines[-6:] == [
        "save/Identity = Identity(save/RestoreV2)",
        "save/AssignVariableOp = AssignVariableOp(a, save/Identity)",
        "save/Assign = Assign(b, save/RestoreV2:1) {_class: loc:@b}",
        "save/Identity_1 = Identity(save/RestoreV2:2)",
        "save/AssignVariableOp_1 = AssignVariableOp(c, save/Identity_1)",
        "save/restore_all = NoOp(^save/Assign, ^save/AssignVariableOp, ^save/AssignVariableOp_1)",
    ]


def test_control_inputs_are_in_the_order_of_their_names():
    last = shown(*(ref(f"v{i:02}") for i in range(12)))[-1]
    assert "^save/Assign_1, ^save/Assign_10, ^save/Assign_11, ^save/Assign_2" in last


def test_each_device_assigns_its_own():
    lines = shown(ref("a", "/gpu:0"), resource("b"), resource("c", "/gpu:0"))
    assert lines[-8:] == [
        "save/Assign = Assign(a, save/RestoreV2) {_class: loc:@a} on /gpu:0",
        "save/Identity = Identity(save/RestoreV2:1)",
        "save/AssignVariableOp = AssignVariableOp(b, save/Identity)",
        "save/Identity_1 = Identity(save/RestoreV2:2) on /gpu:0",
        "save/AssignVariableOp_1 = AssignVariableOp(c, save/Identity_1) on /gpu:0",
        "save/restore_all/NoOp = NoOp(^save/AssignVariableOp)",
        "save/restore_all/NoOp_1 = NoOp(^save/Assign, ^save/AssignVariableOp_1) on /gpu:0",
        "save/restore_all = NoOp(^save/restore_all/NoOp, ^save/restore_all/NoOp_1)",
    ]


def test_keys_and_slices_are_those_given():
    whole = ref("a").variable
    saved = [
        SavedVariable("k", whole, "6 0,3"),
        SavedVariable("k", ref("b").variable, "6 3,3"),
        SavedVariable("j", whole),
    ]
    nodes = {node.name: node for node in new_saver(Graph(), saved).nodes}
    for op in ("SaveV2", "RestoreV2"):
        assert list(nodes[f"save/{op}/tensor_names"].tensor.strings()) == [b"j", b"k", b"k"]
        assert list(nodes[f"save/{op}/shape_and_slices"].tensor.strings()) == [b"", b"6 0,3", b"6 3,3"]
    assert nodes["save/SaveV2"].inputs[3:] == ("a", "a/read", "b/read")
    assert nodes["save/RestoreV2"].attrs["dtypes"] == [dtypes.FLOAT] * 3


def test_there_is_no_saver_of_nothing():
    """TensorFlow refuses a SaveV2 of no tensors."""
    model = Model()
    install_saver(model, [])
    assert len(model.graph) == 0
    model.meta = schema.MetaGraphDef(saver_def={"restore_op_name": "r"})
    install_saver(model, [])
    assert not model.meta.HasField("saver_def")


def test_an_earlier_savers_settings_stay():
    model = Model()
    model.meta = schema.MetaGraphDef(
        saver_def={"restore_op_name": "r", "max_to_keep": 3, "keep_checkpoint_every_n_hours": 1.5, "version": 1}
    )
    install_saver(model, [ref("a")])
    saver = model.meta.saver_def
    assert (saver.restore_op_name, saver.version) == ("save/restore_all", schema.SaverDef.V2)
    assert (saver.max_to_keep, saver.keep_checkpoint_every_n_hours) == (3, 1.5)


def test_what_is_one_object_is_saved_once_and_restored_everywhere():
    first = resource("a")
    copy = first._replace(variable=first.variable._replace(node="c", snapshot="c/Read/ReadVariableOp:0"))
    lines = shown(*with_copies([first, copy, ref("b")]))
    assert any(line.startswith("save/SaveV2 = ") and line.endswith(" a/Read/ReadVariableOp, b)") for line in lines)
    assigned = [line for line in lines if " = AssignVariableOp(" in line]
    assert ["(a, save/Identity)" in assigned[0], "(c, save/Identity_1)" in assigned[1]] == [True, True]
    assert shown(*with_copies([first, ref("b")])) == shown(first, ref("b"))
