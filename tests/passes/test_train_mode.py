"""train_mode: the report, what is fixed, and what is refused."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import node_of_input
from graphsurgeon.passes.set_inputs import set_inputs
from graphsurgeon.passes.train_mode import train_mode
from proto_utils import schema
from tests.passes.harness import check_refusal, model, reloaded, shown, state, variable_def
from tests.rewrites.training.norms import FUSED, PARTS, UNDER_A_PREDICATE, WRITTEN_OUT, with_variables

BARE = "x = Placeholder {dtype: f32, shape: shape[?,3]}\ny = Relu(x)"


def two_norms() -> Model:
    """Two batch norms with a signature that serves."""
    text = FUSED.replace("bn/", "a/bn/").replace("y = Relu", "h = Relu")
    more = FUSED.replace("bn/", "b/bn/").replace("(x,", "(h,").partition("[?,4,4,3]}")[2]
    meta = schema.MetaGraphDef()
    for name in (f"{scope}/bn/{part}" for scope in "ab" for part in PARTS):
        for collection in ("variables", "trainable_variables"):
            meta.collection_def[collection].bytes_list.value.append(variable_def(name))
    meta.signature_def["serving_default"].inputs["x"].name = "x:0"
    meta.signature_def["serving_default"].outputs["y"].name = "y:0"
    return model(text + more, meta=meta)


def test_the_report():
    of = with_variables(FUSED)
    twin = reloaded(of)
    report = train_mode(of, momentum="0.9")
    (row,) = report.norms
    assert (row.node, row.op, row.momentum, row.mean, row.guard) == (
        "bn/norm",
        "FusedBatchNorm",
        0.9,
        "bn/mean",
        "training",
    )
    assert row.updates == ["bn/AssignMovingAvg", "bn/AssignMovingAvg_1"]
    assert (report.training, report.update_op, report.kept) == ("training", "update_op", [])
    assert train_mode(twin, momentum="0.9").to_json() == report.to_json()
    assert state(twin)[:2] == state(of)[:2]


@pytest.mark.parametrize("text", [FUSED, WRITTEN_OUT])
def test_no_guard(text: str):
    of = with_variables(text)
    report = train_mode(of, no_guard=True)
    assert report.training is None
    assert not of.graph.nodes_of({"Switch", "Select", "PlaceholderWithDefault"})


@pytest.mark.parametrize("text", [FUSED, WRITTEN_OUT])
def test_nothing_trains_any_more_when_the_guard_is_false(text: str):
    of = with_variables(text)
    before = {line.partition(" = ")[0] for line in shown(of)}
    train_mode(of)
    set_inputs(of, set="training=false", outputs="y")
    assert {node.op for node in of.graph}.isdisjoint({"Switch", "Merge", "Select"})
    assert before <= {node.name for node in of.graph}


def test_a_predicate_stays_or_is_fixed():
    of = with_variables(UNDER_A_PREDICATE)
    assert [row.guard for row in train_mode(of).norms] == ["p"]
    assert "training" not in of.graph
    of = with_variables(UNDER_A_PREDICATE)
    report = train_mode(of, training="p=true")
    assert [row.guard for row in report.norms] == ["p"]
    assert of.graph["p"].op == "Const"
    assert not of.graph.nodes_of({"Switch", "Merge"})
    assert of.graph["bn/AssignMovingAvg"].op == "AssignSub"
    of = with_variables(UNDER_A_PREDICATE)
    assert [row.guard for row in train_mode(of, training={"p": False}).norms] == ["training"]


def test_dropout_alone():
    of = model(BARE + "\nz = Relu(y)")
    report = train_mode(of, dropout={"y": 0.5}, seed=3)
    assert [(row.tensor, row.rate, row.node) for row in report.dropouts] == [("y:0", 0.5, "dropout/mul_1")]
    assert of.graph["z"].inputs == ("dropout/mul_1",)
    assert (report.training, report.update_op) == ("training", None)


def test_signatures_get_one_that_trains():
    of = with_variables(FUSED)
    assert of.meta is not None
    of.meta.signature_def["serving_default"].inputs["x"].name = "x:0"
    of.meta.signature_def["serving_default"].outputs["y"].name = "y:0"
    report = train_mode(of)
    assert report.notes == ["signature 'train' runs the updates, too"]
    assert sorted(of.meta.signature_def["train"].inputs) == ["training", "x"]


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        (BARE, {}, "there is no batch norm, and no dropout is asked for"),
        (
            FUSED.replace("is_training: false", "is_training: true"),
            {},
            "'bn/norm': the batch norm stays: is in training",
        ),
        ("x = Placeholder {dtype: f32}\ndrop/Identity = Identity(x)", {}, "'drop/Identity' may be left"),
        (FUSED, {"momentum": "1.5"}, "'1.5' is not a momentum"),
        (FUSED, {"dropout": "y"}, "'y' is no NAME=VALUE"),
        (FUSED, {"dropout": "y=2"}, "'2' is no rate"),
    ],
)
def test_what_is_refused(text: str, options: dict[str, str], match: str):
    check_refusal(train_mode, model(text), PassError, match, **options)


def test_one_half_after_the_other():
    """One op runs all updates, and one signature that, whichever run made them."""
    of = two_norms()
    assert train_mode(of, select="a/.*").update_op == "update_op"
    report = train_mode(of, select="b/.*")
    assert (report.update_op, report.training, report.notes) == ("update_op", "training", [])
    assert [*map(node_of_input, of.graph["update_op"].inputs)] == [
        f"{scope}/bn/AssignMovingAvg{number}" for scope in "ab" for number in ("", "_1")
    ]
    assert of.meta is not None
    assert sorted(of.meta.signature_def) == ["serving_default", "train"]
    assert train_mode(of, dropout="y=0.5").notes == []
    assert sorted(of.meta.signature_def) == ["serving_default", "train"]


def test_an_op_that_is_called_so_and_does_something_else():
    of = with_variables(FUSED + "\n    update_op = NoOp(^y)")
    assert train_mode(of).update_op == "update_op_1"
    assert of.graph["update_op"].inputs == ("^y",)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("training = Placeholder {dtype: bool, shape: shape[]}", "training_1"),
        ("training = Placeholder {dtype: bool, shape: shape[]}\n    z = Identity(training)", "training"),
        ("training = Placeholder {dtype: bool, shape: shape[3]}\n    z = Identity(training)", "training_1"),
        ("c = Const {bool [] 1}\n    training = PlaceholderWithDefault(c) {dtype: bool, shape: shape[]}", "training_1"),
        ("c = Const {bool [] 0}\n    training = PlaceholderWithDefault(c) {dtype: bool, shape: shape[]}", "training"),
    ],
)
def test_inputs_that_may_be_the_guard(given: str, name: str):
    """Not those that serving would have to feed from now on, nor those that train when nothing is fed."""
    of = with_variables(f"{FUSED}\n    {given}")
    assert train_mode(of).training == name


def test_dropout_alone_makes_a_signature_that_updates_nothing():
    of = two_norms()
    assert train_mode(of, dropout="y=0.5", exclude=".*").notes == ["signature 'train' is fed what trains"]


def test_it_is_done_once():
    of = with_variables(FUSED)
    train_mode(of)
    check_refusal(train_mode, of, PassError, "stays")
