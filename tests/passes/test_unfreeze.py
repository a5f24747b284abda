"""Constants become variables where they stand, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.passes.unfreeze import UnfreezeReport, unfreeze
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor
from graphsurgeon.variables.unfreeze_note import UnfreezeNote
from proto_utils.errors import NotFoundError
from tests.notation import function
from tests.passes.harness import (
    FROZEN,
    KINDS,
    attrs,
    check_pass,
    check_refusal,
    definitions,
    keys_saved,
    listed,
    model,
    reloaded,
)


class TestLayout:
    def test_a_reference_variable_and_the_read_it_had(self):
        of = model(FROZEN)
        check_pass(unfreeze, of, """
            x = Placeholder
            w = VariableV2
            w/Initializer/zeros = Const {_class: loc:@w}
            w/Assign = Assign(w, w/Initializer/zeros) {_class: loc:@w}
            w/read = Identity(w) {_class: loc:@w}
            y = MatMul(x, w/read)
        """)  # fmt: skip
        shape = Shape([2, 3])
        assert attrs(of, "w") == {"dtype": dtypes.FLOAT, "shape": shape, "container": b"", "shared_name": b""}
        common = {"T": dtypes.FLOAT, "_class": [b"loc:@w"]}
        assert attrs(of, "w/Assign") == {**common, "use_locking": True, "validate_shape": True}
        assert attrs(of, "w/read") == common

    def test_a_resource_variable(self):
        of = model(FROZEN)
        check_pass(unfreeze, of, """
            x = Placeholder
            w = VarHandleOp {_class: loc:@w}
            w/IsInitialized/VarIsInitializedOp = VarIsInitializedOp(w)
            w/Initializer/zeros = Const {_class: loc:@w}
            w/Assign = AssignVariableOp(w, w/Initializer/zeros)
            w/Read/ReadVariableOp = ReadVariableOp(w)
            w/read = Identity(w/Read/ReadVariableOp) {_class: loc:@w}
            y = MatMul(x, w/read)
        """, variables="resource")  # fmt: skip
        own = {
            "dtype": dtypes.FLOAT,
            "shape": Shape([2, 3]),
            "container": b"",
            "shared_name": b"w",
            "_class": [b"loc:@w"],
        }
        assert attrs(of, "w") == own
        for name in ("w/Assign", "w/Read/ReadVariableOp"):
            assert attrs(of, name) == {"dtype": dtypes.FLOAT}

    def test_identities_that_were_read_variable_ops_are_again(self):
        of = model("""
            x = Placeholder {dtype: f32}
            d/w = Const {f32 [2,3]}
            d/w/Read/ReadVariableOp = Identity(d/w)
            d/MatMul/ReadVariableOp = Identity(d/w, ^x)
            d/Other/ReadVariableOp_1 = Identity(d/w:0) {_class: loc:@d/w}
            plain = Identity(d/w)
            y = AddN(d/MatMul/ReadVariableOp, d/Other/ReadVariableOp_1, plain)
        """)
        check_pass(unfreeze, of, """
            x = Placeholder
            d/w = VarHandleOp {_class: loc:@d/w}
            d/w/IsInitialized/VarIsInitializedOp = VarIsInitializedOp(d/w)
            d/w/Initializer/zeros = Const {_class: loc:@d/w}
            d/w/Assign = AssignVariableOp(d/w, d/w/Initializer/zeros)
            d/w/Read/ReadVariableOp = ReadVariableOp(d/w)
            d/MatMul/ReadVariableOp = ReadVariableOp(d/w, ^x)
            d/Other/ReadVariableOp_1 = ReadVariableOp(d/w:0) {_class: loc:@d/w}
            plain = Identity(d/w/Read/ReadVariableOp)
            y = AddN(d/MatMul/ReadVariableOp, d/Other/ReadVariableOp_1, plain)
        """, variables="resource")  # fmt: skip
        assert attrs(of, "d/w/Read/ReadVariableOp") == {"dtype": dtypes.FLOAT}
        assert definitions(of, "variables")[0].snapshot_name == "d/w/Read/ReadVariableOp:0"

    def test_a_read_is_made_where_there_is_none(self):
        of = model("x = Placeholder {dtype: f32}; w = Const {f32 [2,3]}; y = MatMul(x, w:0); z = Neg(w)")
        check_pass(unfreeze, of, """
            x = Placeholder
            w = VariableV2
            w/Initializer/zeros = Const {_class: loc:@w}
            w/Assign = Assign(w, w/Initializer/zeros) {_class: loc:@w}
            w/read = Identity(w) {_class: loc:@w}
            y = MatMul(x, w/read:0)
            z = Neg(w/read)
        """)  # fmt: skip

    def test_the_initial_value_is_one_zero_that_repeats(self):
        of = model(FROZEN)
        unfreeze(of)
        value = of.graph["w/Initializer/zeros"].tensor
        assert (value.dtype, value.shape) == (dtypes.FLOAT, (2, 3))
        assert isinstance(value, FillTensor)
        assert value.head == bytes(4)

    @pytest.mark.parametrize("kind", KINDS)
    def test_no_initializer_dangles(self, kind):
        of = model(FROZEN + "b = Const {f32 [3]}; z = BiasAdd(y, b)")
        unfreeze(of, select=("b",), variables=kind)
        assert of.graph["init"].inputs == ("^b/Assign", "^w/Assign")
        assert of.meta is not None
        assert "init_op" not in of.meta.collection_def  # as with TensorFlow, which would take it for all there is

    def test_values_are_the_constants_own(self):
        of = model(FROZEN)
        unfreeze(of)
        assert list(of.variables) == ["w"]
        assert of.variables["w"].numpy().tolist() == [[0, 1, 2], [3, 4, 5]]


class TestReaders:
    def test_every_reader_reads_the_variable(self):
        """As one data input of several, twice of one node, of ops of all kinds, before and behind the constant."""
        of = model("""
            early = Neg(w)
            w = Const {f32 [3]}
            w/read = Identity(w) {_class: loc:@w}
            a = Add(w/read, w)
            b = Mul(w, w)
            c = AddN(a, w:0, w, ^w)
            d = Shape(w:0) {T: f32}
            e = NoOp(^w)
        """)
        unfreeze(of)
        new = Index(of.graph)
        own = {node.name for node, _ in new.consumers("w") if not node.name.startswith("save/")}
        assert own == {"w/Assign", "w/read"}
        assert of.graph["a"].inputs == ("w/read", "w/read")
        assert of.graph["b"].inputs == ("w/read", "w/read")
        assert of.graph["c"].inputs == ("a", "w/read:0", "w/read", "^w")
        assert of.graph["d"].inputs == ("w/read:0",)
        assert of.graph["e"].inputs == ("^w",)
        assert of.graph["early"].inputs == ("w/read",)

    def test_a_read_that_does_more_is_not_taken_for_the_variables_own(self):
        of = model("""
            x = Placeholder {dtype: f32}
            w = Const {f32 [3]}
            w/read = Identity(w, ^x)
            v = Const {f32 [3]}
            v/read = Neg(v)
            y = AddN(w/read, v/read)
        """)
        unfreeze(of, select=("w", "v"))
        assert of.graph["w/read"].inputs == ("w/read_1", "^x")
        assert of.graph["v/read"].inputs == ("v/read_1",)
        assert [d.snapshot_name for d in definitions(of, "variables")] == ["w/read_1:0", "v/read_1:0"]

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_constant_that_nothing_reads(self, kind):
        of = model("w = Const {f32 [3]}; y = NoOp(^w)")
        report = unfreeze(of, select=("w",), variables=kind)
        assert list(of.variables) == ["w"]
        told = "'w:0' is a handle now; its value is 'w/Read/ReadVariableOp:0'"
        assert report.notes == ([told] if kind == "resource" else [])

    def test_constants_passed_to_functions_become_variables_outside(self):
        of = model(
            "x = Placeholder {dtype: f32}; w = Const {f32 [2,3]}; y = f(x, w)",
            function("f", "a b", "m:product:0", "c = Const {f32 [4]}; m = MatMul(a, b) {T: f32}"),
        )
        report = unfreeze(of)
        assert [row.name for row in report.variables] == ["w"]
        assert of.graph["y"].inputs == ("x", "w/read")
        assert [(row.node, row.reason) for row in report.kept] == [
            ("f/c", "inside function 'f', which cannot hold a variable")
        ]
        assert not of.library.functions["f"].is_edited


class TestNames:
    def test_names_that_look_like_parts_of_a_variable(self):
        of = model("""
            x = Placeholder {dtype: f32}
            a/Assign = Const {f32 [2,3]}
            y = MatMul(x, a/Assign)
        """)
        unfreeze(of)
        assert listed(of, "variables") == ["a/Assign"]
        assert of.graph["y"].inputs == ("x", "a/Assign/read")
        assert of.graph["a/Assign/Assign"].inputs == ("a/Assign", "a/Assign/Initializer/zeros")

    @pytest.mark.parametrize("name", ["a/read", "a/read/_4__cf__4", "a/read/_4__cf__4/_5__cf__5"])
    def test_what_folding_put_into_a_read_is_the_variable_again(self, name):
        of = model(f"x = Placeholder {{dtype: f32}}; {name} = Const {{f32 [2,3]}} on /cpu:0; y = MatMul(x, {name})")
        report = check_pass(unfreeze, of, f"""
            x = Placeholder
            {name} = Identity(a) {{_class: loc:@a}} on /cpu:0
            a = VariableV2 on /cpu:0
            a/Initializer/zeros = Const {{_class: loc:@a}}
            a/Assign = Assign(a, a/Initializer/zeros) {{_class: loc:@a}} on /cpu:0
            y = MatMul(x, {name})
            init = NoOp(^a/Assign) on /cpu:0
        """)  # fmt: skip
        assert [(row.name, row.node) for row in report.variables] == [("a", "a")]
        assert list(of.variables) == ["a"]
        (definition,) = definitions(of, "variables")
        assert (definition.variable_name, definition.snapshot_name) == ("a:0", f"{name}:0")

    def test_so_is_the_read_of_a_handle(self):
        name = "a/Read/ReadVariableOp/_7__cf__7"
        of = model(f"x = Placeholder {{dtype: f32}}; {name} = Const {{f32 [2,3]}}; y = MatMul(x, {name})")
        unfreeze(of, variables="resource")
        assert (of.graph[name].op, of.graph[name].inputs) == ("ReadVariableOp", ("a",))
        assert keys_saved(of) == [b"a"]

    def test_one_of_two_reads_is_the_variable_and_none_where_its_name_is_taken(self):
        two = "a/read/_1__cf__1 = Const {f32 [3,3]}; a/read/_2__cf__2 = Const {f32 [3,3]}"
        net = "y = MatMul(x, a/read/_1__cf__1); z = MatMul(y, a/read/_2__cf__2)"
        of = model(f"x = Placeholder {{dtype: f32}}; {two}; {net}")
        assert [row.name for row in unfreeze(of).variables] == ["a", "a/read/_2__cf__2"]
        of = model(f"x = Placeholder {{dtype: f32}}; {two}; {net}; a = Neg(z)")
        assert [row.name for row in unfreeze(of).variables] == ["a/read/_1__cf__1", "a/read/_2__cf__2"]

    def test_patterns_match_either_name(self):
        text = "x = Placeholder {dtype: f32}; a/read/_1__cf__1 = Const {f32 [3,3]}; b = Const {f32 [3,3]}"
        text += "; y = MatMul(x, a/read/_1__cf__1); z = MatMul(y, b)"
        for pattern in ("a", "a/read/_1__cf__1"):
            assert [row.name for row in unfreeze(model(text), exclude=(pattern,)).variables] == ["b"]

    @pytest.mark.parametrize("kind", KINDS)
    def test_taken_names_are_left_alone(self, kind):
        taken = ["w/Assign", "w/Assign_1", "w/Initializer/zeros", "w/Read/ReadVariableOp"]
        taken += ["w/IsInitialized/VarIsInitializedOp", "w/read"]
        text = "x = Placeholder {dtype: f32}; w = Const {f32 [2,3]}; y = MatMul(x, w)"
        of = model(text + "".join(f"; {name} = Neg(x)" for name in taken))
        unfreeze(of, variables=kind)
        assert all(of.graph[name].op == "Neg" for name in taken)
        (definition,) = definitions(of, "variables")
        assert definition.variable_name == "w:0"
        assert definition.initializer_name == "w/Assign_2"
        assert definition.initial_value_name == "w/Initializer/zeros_1:0"
        read = "w/read_1" if kind == "ref" else "w/Read/ReadVariableOp_1"
        assert definition.snapshot_name == f"{read}:0"
        assert of.graph["y"].inputs == ("x", read)
        assert of.graph["w/Assign_2"].inputs == ("w", "w/Initializer/zeros_1")

    @pytest.mark.parametrize(("there", "scope"), [("save", "save_1"), ("save/x", "save_1"), ("saved/x", "save")])
    def test_the_savers_scope(self, there, scope):
        of = model(f"{FROZEN}\n{there} = NoOp")
        unfreeze(of)
        assert of.meta is not None
        assert of.meta.saver_def.restore_op_name == f"{scope}/restore_all"
        assert of.meta.saver_def.filename_tensor_name == f"{scope}/Const:0"
        assert of.meta.saver_def.save_tensor_name == f"{scope}/control_dependency:0"
        assert keys_saved(of, scope) == [b"w"]

    def test_two_scopes_taken(self):
        of = model(f"{FROZEN}\nsave/x = NoOp\nsave_1 = NoOp")
        unfreeze(of)
        assert of.meta is not None
        assert of.meta.saver_def.restore_op_name == "save_2/restore_all"


class TestAttrs:
    def placed(self) -> Model:
        of = model("""
            x = Placeholder {dtype: f32}
            w = Const {f32 [2,3]} on /device:GPU:1
            y = MatMul(x, w)
        """)
        nodes = list(of.graph)
        nodes[1].attrs["_class"] = [b"loc:@x"]
        nodes[1].attrs["_note"] = 7
        nodes[1].attrs["_output_shapes"] = [Shape([2, 3])]
        nodes[1].proto.experimental_debug_info.original_node_names.append("original")
        return reloaded(of)

    @pytest.mark.parametrize("kind", KINDS)
    def test_device_and_private_attrs_follow(self, kind):
        of = self.placed()
        unfreeze(of, variables=kind)
        variable = attrs(of, "w")
        assert variable["_class"] == [b"loc:@x"]
        assert variable["_note"] == 7
        assert list(of.graph["w"].proto.experimental_debug_info.original_node_names) == ["original"]
        on_device = [node.name for node in of.graph if node.device == "/device:GPU:1"]
        read = "w/read" if kind == "ref" else "w/Read/ReadVariableOp"
        assert {"w", "w/Assign", read} < set(on_device)
        assert "w/Initializer/zeros" not in on_device  # it is colocated with w

    def test_inferred_shapes_follow_where_they_still_hold(self):
        ref, resource = self.placed(), self.placed()
        unfreeze(ref)
        unfreeze(resource, variables="resource")
        assert attrs(ref, "w")["_output_shapes"] == [Shape([2, 3])]
        assert "_output_shapes" not in attrs(resource, "w")

    def test_colocation_with_the_constant_stays(self):
        of = model(f"{FROZEN}\nnear = Neg(y) {{_class: loc:@w}}")
        unfreeze(of)
        assert of.graph["near"].attrs["_class"] == [b"loc:@w"]


class TestAgain:
    def test_a_second_time_declines(self):
        of = model(FROZEN)
        unfreeze(of)
        check_refusal(unfreeze, of, PassError, "no constant of more than one element; it has 1 variable already")

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_rest_later_comes_to_the_same_variables(self, kind):
        of = model(FROZEN + "v = Const {f32 [3]}\nv/read = Identity(v)\nz = Neg(v/read)")
        unfreeze(of, exclude=("v",), variables=kind)
        report = unfreeze(of, select=("v",), variables=kind)
        assert [row.name for row in report.variables] == ["v"]
        assert report.notes == []
        assert keys_saved(of, "save_1") == [b"v", b"w"]
        assert sorted(of.variables) == ["v", "w"]
        assert listed(of, "variables") == listed(of, "trainable_variables") == ["w", "v"]
        assert sorted(UnfreezeNote.read(of.meta).constants) == ["v", "w"]


def test_the_report_as_json():
    of = model(FROZEN + "s = Const {i32 [2]}\nr = Reshape(y, s)")
    report = unfreeze(of)
    assert isinstance(report, UnfreezeReport)
    facts: Any = json.loads(json.dumps(report.to_json()))
    assert list(facts) == ["variables", "kept", "notes", "contexts"]
    (row,) = facts["variables"]
    assert list(row) == ["name", "node", "dtype", "shape", "nbytes", "trainable", "role", "evidence"]
    assert (row["name"], row["dtype"], row["shape"], row["nbytes"], row["trainable"]) == (
        "w",
        "float32",
        [2, 3],
        24,
        True,
    )
    (kept,) = facts["kept"]
    assert list(kept) == ["node", "dtype", "shape", "nbytes", "reason"]
    assert (kept["node"], kept["dtype"], kept["shape"], kept["nbytes"]) == ("s", "int32", [2], 8)


class TestTraining:
    NET = (
        FROZEN
        + """
        m = Const {f32 [2]}
        m/read = Identity(m)
        n = Sub(x, m/read)
    """
    )

    @pytest.mark.parametrize("kind", KINDS)
    def test_who_says_what_is_trained_is_heard(self, kind):
        of = model(self.NET)
        w, m = unfreeze(of, trainable=("m",), not_trainable=("w",), variables=kind).variables
        assert (w.trainable, m.trainable) == (False, True)
        assert (w.evidence[-1], m.evidence[-1]) == ("not trained, as 'w' says", "trained, as 'm' says")
        assert listed(of, "trainable_variables") == ["m"]
        assert [d.trainable for d in definitions(of, "variables")] == [False, True]

    def test_also_of_what_freezing_noted(self):
        of = model(self.NET)
        unfreeze(of)
        freeze(of, outputs=("y", "n"), remember=True)
        assert {row.name: row.trainable for row in unfreeze(of, not_trainable=(".*",)).variables} == {
            "w": False,
            "m": False,
        }
        assert "trainable_variables" not in of.to_meta_graph_def().collection_def

    def test_a_constant_goes_by_its_own_name_too(self):
        of = model(
            "x = Placeholder {dtype: f32}; a/read/_1__cf__1 = Const {f32 [2,3]}; y = MatMul(x, a/read/_1__cf__1)"
        )
        assert not unfreeze(of, not_trainable=("a/read/_1__cf__1",)).variables[0].trainable

    def test_a_pattern_that_matches_no_variable(self):
        check_refusal(unfreeze, model(self.NET), NotFoundError, "no variable 'k'", trainable=("k",))
