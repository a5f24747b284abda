"""Plans: a row for every tensor, and nothing done yet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.errors import CorruptionError, NotFoundError
from graphsurgeon.evaluator import Initializers
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.dtypes import FLOAT
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import TensorDict, as_tensor
from graphsurgeon.tools.fit.fit import choices
from graphsurgeon.tools.fit.plan import Plan, make_plan
from graphsurgeon.tools.fit.report import FitRow
from tests.notation import graph
from tests.tools.fit.targets import arrays, target, with_any_shape


def planned(of: Model, weights: TensorDict, other: TensorDict | None = None, **options: Any) -> Plan:
    return make_plan(of, weights, choices(**options), other)


def only(plan: Plan) -> FitRow:
    (row,) = plan.report.rows
    return row


def test_what_fits_stays_the_same_object():
    weights = arrays({"w": (2,), "old": (3,)})
    plan = planned(target({"w": (2,)}), weights)
    assert plan.tensors == {"w": weights["w"]}
    assert (only(plan).action, only(plan).source, only(plan).why) == ("copy", "w", "name")
    assert [(row.name, row.action, row.found_shape) for row in plan.report.extra] == [("old", "extra", [3])]


class Lost(Tensor):
    """A tensor whose data file is gone."""

    @property
    def fault(self) -> CorruptionError:
        return CorruptionError("truncated")


def test_what_is_lost_with_a_data_file_is_missing_and_nothing_takes_its_place():
    weights = TensorDict({"a": Lost(FLOAT, (2,)), "b": as_tensor(np.ones(2, np.float32))})
    of = target({"a": (2,), "b": (2,)})
    for options, action in (
        ({}, "missing"),
        ({"missing": ["zeros"]}, "zeros"),
        ({"accept_suggestions": True}, "missing"),
    ):
        plan = planned(of, weights, **options)
        rows = {row.name: row for row in plan.report.rows}
        assert (rows["a"].action, rows["b"].action) == (action, "copy")
        assert rows["a"].why == "a is lost with its data file"
        assert plan.report.extra == []
        assert "lost with a data file of the checkpoint (1): a" in plan.report.notes[0]
    assert planned(of, weights, TensorDict({"a": weights["b"]})).tensors["a"] is weights["b"]


def test_missing_with_candidates():
    plan = planned(target({"net/w": (2,)}), arrays({"old/w": (2,)}))
    row = only(plan)
    assert (row.action, row.suggested, row.candidates) == ("missing", "old/w", ["old/w"])
    assert plan.report.extra[0].candidates == ["net/w"]
    assert plan.tensors == {}


def test_candidates_are_what_nothing_takes_or_else_what_others_take():
    of, taken = target({"branch1/w": (2,), "branch2/w": (2,)}), {"branch1/w": (2,)}
    for weights, near in ((taken, "branch1/w"), ({**taken, "branch3/w": (5,)}, "branch1/w")):
        row = planned(of, arrays(weights)).report.rows[1]
        assert (row.name, row.candidates, row.suggested) == ("branch2/w", [near], None)


def test_what_is_near_and_does_not_fit_is_told_as_such():
    row = only(planned(target({"a/b/w": (2,)}), arrays({"a/b/v": (1,), "x/b/w": (3,)})))
    assert (row.candidates, row.suggested) == ([], None)
    assert row.why == "not in the checkpoint; x/b/w, which is near, is [3], wanted is [2]"
    row = only(planned(target({"a/b/w": (2,)}), arrays({"x/b/w": (3,)}), mismatch="slice", accept_suggestions=True))
    assert (row.action, row.source, row.steps) == ("change", "x/b/w", ["slice"])


def test_a_source_whose_namesake_misfits_stays_a_candidate():
    of = target({"conv/w": (3, 3), "conv_1/w": (3, 3), "conv_2/w": (1, 2)})
    weights = arrays({"conv/w": (3, 3), "conv_1/w": (1, 2)})
    rows = planned(of, weights).report.rows
    assert [(row.action, row.source, row.suggested) for row in rows] == [
        ("copy", "conv/w", None), ("mismatch", "conv_1/w", None), ("missing", None, "conv_1/w"),
    ]  # fmt: skip
    plan = planned(of, weights, mismatch="skip", missing="init", accept_suggestions=True)
    assert [(row.action, row.source) for row in plan.report.rows] == [
        ("copy", "conv/w"), ("init", None), ("copy", "conv_1/w"),
    ]  # fmt: skip
    assert plan.report.extra == []


def test_a_requirement_whose_namesake_is_skipped_takes_another_that_fits():
    of, weights = target({"a_1/w": (2,), "a_2/w": (3,)}), arrays({"a_1/w": (3,), "a_2/w": (2,)})
    plan = planned(of, weights, mismatch="skip", accept_suggestions=True)
    assert [(row.action, row.source) for row in plan.report.rows] == [("copy", "a_2/w"), ("copy", "a_1/w")]


def test_suggestions_are_taken_when_accepted():
    row = only(planned(target({"net/w": (2,)}), arrays({"old/w": (2,)}), accept_suggestions=True))
    assert (row.action, row.source) == ("copy", "old/w")
    assert row.why.startswith("suggested: ")


@pytest.mark.parametrize(
    ("options", "action", "steps"),
    [
        ({}, "mismatch", []),
        ({"mismatch": "error"}, "mismatch", []),
        ({"mismatch": "skip"}, "missing", []),
        ({"mismatch": "skip", "missing": "zeros"}, "zeros", []),
        ({"mismatch": "w=reshape"}, "change", ["reshape"]),
        ({"mismatch": ("w=transpose+reshape", "slice")}, "change", ["transpose", "reshape"]),
        ({"mismatch": "slice"}, "mismatch", []),
        ({"transform": "w=reshape"}, "change", ["reshape"]),
        ({"transform": "w=reverse:1", "mismatch": "reshape"}, "change", ["reverse:1", "reshape"]),
        ({"mismatch": "reverse:0"}, "mismatch", []),
    ],
)
def test_mismatches(options, action, steps):
    plan = planned(target({"w": (6,)}), arrays({"w": (2, 3)}), **options)
    assert (only(plan).action, only(plan).steps) == (action, steps)
    assert set(plan.tensors) == ({"w"} if action in ("change", "zeros") else set())


@pytest.mark.parametrize(
    ("policy", "steps"),
    [
        ("reverse:1", ["reverse:1"]),
        ("w=reverse:-1", ["reverse:-1"]),
        ("reverse:1+cast", ["reverse:1"]),
        ("reverse:1+reshape", []),
        ("transpose", []),
    ],
)
def test_what_fits_is_only_reversed(policy, steps):
    plan = planned(target({"w": (2, 3)}), arrays({"w": (2, 3)}), mismatch=policy)
    assert only(plan).steps == steps
    assert plan.tensors["w"].numpy().tolist() == ([[2, 1, 0], [5, 4, 3]] if steps else [[0, 1, 2], [3, 4, 5]])
    assert plan.report.notes == []


@pytest.mark.parametrize(
    ("policy", "shape", "is_told"),
    [
        ("transpose", (2, 2), True),
        ("transpose:1,0", (2, 2), True),
        ("transpose:2,1,0", (2, 3, 2), True),
        ("transpose:-1,0,1", (2, 2, 2), True),
        ("transpose:1,0,2", (2, 3, 2), False),
        ("transpose", (2, 2, 2), False),
        ("transpose", (2,), False),
        ("transpose:0,5", (2, 2), False),
        ("reshape", (2, 2), False),
    ],
)
def test_a_transposition_that_may_be_missing_is_told(policy, shape, is_told):
    shapes = dict.fromkeys("abcde", shape)
    plan = planned(target(shapes), arrays(shapes), mismatch=f"[a-d]={policy}")
    told = ["not transposed, because the shape is the same either way: a, b, c and 1 more; `transform` does it"]
    assert plan.report.notes == (told if is_told else [])
    assert plan.report.counts == {"copy": 5}


def test_mismatches_say_how():
    assert only(planned(target({"w": (6,)}), arrays({"w": (2, 3)}))).why == "name; is [2, 3], wanted is [6]"
    why = only(planned(target({"w": (6,)}), arrays({"w": (2, 3)}), mismatch="reverse:0")).why
    assert why == "name; after reverse:0 it is [2, 3], wanted is [6]"
    both = only(planned(target({"w": (6,)}), arrays({"w": (2, 3)}, "int32"))).why
    assert both == "name; is [2, 3], wanted is [6], and is int32, wanted is float32"


@pytest.mark.parametrize("options", [{"cast": ".*"}, {"mismatch": "cast"}, {"transform": "w=cast"}])
def test_dtypes_need_a_cast(options):
    of, weights = target({"w": (2,)}), arrays({"w": (2,)}, "float64")
    assert only(planned(of, weights)).why == "name; is float64, wanted is float32"
    assert only(planned(of, weights, mismatch="reshape")).action == "mismatch"
    plan = planned(of, weights, **options)
    assert (only(plan).action, only(plan).steps) == ("change", ["cast"])
    assert plan.tensors["w"].numpy().dtype == np.float32
    assert only(planned(of, weights, mismatch="skip", missing="zeros")).action == "zeros"


def test_shape_and_dtype_together():
    plan = planned(target({"w": (6,)}), arrays({"w": (2, 3)}, "float64"), mismatch="reshape", cast="w")
    assert only(plan).steps == ["cast", "reshape"]
    assert planned(target({"w": (6,)}), arrays({"w": (2, 3)}, "int64"), mismatch="cast+reshape").tensors["w"].shape == (
        6,
    )


def test_a_cast_comes_before_what_is_padded_with_initial_values():
    plan = planned(target({"w": (2, 3)}), arrays({"w": (2, 2)}, "float64"), mismatch="pad:init", cast=".*")
    assert only(plan).steps == ["cast", "pad:init"]
    assert plan.tensors["w"].numpy().tolist() == [[0, 1, 1], [2, 3, 1]]


def test_any_shape_is_taken_where_none_is_known():
    of = with_any_shape(target({"w": (2,)}), "w")
    assert only(planned(of, arrays({"w": (7,)}))).action == "copy"
    row = only(planned(of, arrays({"v": (7,)}), missing="zeros"))
    assert (row.action, row.shape) == ("missing", None)
    assert "zeros of what shape" in row.why


@pytest.mark.parametrize(("policy", "value"), [("zeros", 0), ("init", 1), ("w=init", 1)])
def test_missing_is_filled(policy, value):
    plan = planned(target({"w": (2,)}), arrays({}), missing=policy)
    assert plan.tensors["w"].numpy().tolist() == [value, value]
    assert only(plan).action == policy.removeprefix("w=")


def test_a_second_checkpoint_comes_before_the_policy():
    of = target({"a": (2,), "b": (2,), "c": (2,)})
    plan = planned(of, arrays({"a": (2,)}), arrays({"x": (1,), "b": (2,), "a": (2,)}), missing="zeros")
    assert [row.action for row in plan.report.rows] == ["copy", "copy", "zeros"]
    assert plan.report.rows[1].why == "missing; name, in the second checkpoint"
    assert plan.tensors["b"].numpy().tolist() == [100, 101]
    assert plan.report.extra == []


def test_a_name_in_the_second_checkpoint_comes_before_a_suggestion():
    of = target({"net/w": (2,)})
    plan = planned(of, arrays({"old/w": (2,)}), arrays({"x": (1,), "net/w": (2,)}), accept_suggestions=True)
    assert (only(plan).action, only(plan).source) == ("copy", "net/w")
    assert plan.tensors["net/w"].numpy().tolist() == [100, 101]


def test_what_the_second_checkpoint_gives_leaves_the_first_ones_extra():
    of, weights = target({"a": (2,), "b": (2,)}), arrays({"a": (2,), "b": (3,)})
    plan = planned(of, weights, arrays({"x": (1,), "b": (2,)}), mismatch="skip")
    assert [(row.action, row.source) for row in plan.report.rows] == [("copy", "a"), ("copy", "b")]
    assert plan.tensors["b"].numpy().tolist() == [100, 101]
    assert [(row.name, row.found_shape) for row in plan.report.extra] == [("b", [3])]


def test_what_cannot_be_initialized_is_unresolved_and_says_why():
    of = target({"w": (2,)})
    of.graph.set_nodes([*of.graph, *graph("odds = Const {f32 [2]}; n = Const {i32 []}; drawn = Multinomial(odds, n)")])
    assign = of.graph["w/Assign"].copy()
    assign.inputs = ("w", "drawn")
    of.graph.set_nodes([assign if node.name == "w/Assign" else node for node in of.graph])
    row = only(planned(of, arrays({}), missing="init"))
    assert row.action == "missing"
    assert "Multinomial cannot be evaluated without TensorFlow" in row.why


def test_initializers_read_the_values_that_others_got():
    of = target({"average": (2,), "w": (2,)})
    assign = of.graph["average/Assign"].copy()
    assign.inputs = ("average", "w/read")
    of.graph.set_nodes([assign if node.name == "average/Assign" else node for node in of.graph])
    plan = planned(of, arrays({"w": (2,)}), missing="init")
    assert plan.tensors["average"].numpy().tolist() == [0, 1]


def test_a_head_with_more_classes_keeps_the_initial_values_of_the_new_ones():
    plan = planned(target({"w": (2, 3)}), arrays({"w": (2, 2)}), mismatch="pad:init")
    assert plan.tensors["w"].numpy().tolist() == [[0, 1, 1], [2, 3, 1]]


def test_the_values_are_in_the_order_of_the_saver():
    plan = planned(target({"a": (2,), "b": (2,), "c": (2,)}), arrays({"c": (2,), "a": (2,)}), missing="zeros")
    assert list(plan.tensors) == ["a", "b", "c"]


@pytest.mark.parametrize("option", ["transform", "mismatch", "missing"])
def test_patterns_about_nothing(option):
    options: dict[str, Any] = {option: f"v={'init' if option == 'missing' else 'reshape'}"}
    with pytest.raises(NotFoundError, match="'v'"):
        planned(target({"w": (2,)}), arrays({"w": (2,)}), **options)


def test_what_a_rule_took_elsewhere_is_told():
    plan = planned(target({"a": (2,), "b": (2,)}), arrays({"a": (2,)}), map="a=b")
    assert "a rule took" in plan.report.rows[0].why


class Unread(Tensor):
    """A tensor that must not be read."""

    def chunks(self, nbytes=0):
        raise AssertionError("read")


def test_no_value_is_read():
    like = as_tensor(np.float32(0)).dtype
    weights = TensorDict({"w": Unread(like, (2, 3)), "v": Unread(like, (4,))})
    plan = planned(target({"w": (6,), "v": (3,)}), weights, mismatch=("w=reverse:0+reshape", "slice"))
    assert plan.report.unresolved == []
    assert Initializers(plan.model)["w"].shape == (6,)
