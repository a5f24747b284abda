"""Loops that weights go through are told of, with where they train and where not."""

from __future__ import annotations

from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.rewrites.freezing.loops import loop_notes
from proto_utils import schema
from tests.passes.harness import FROZEN, model
from tests.passes.unfreeze.test_control_inputs import LOOP

BEFORE = (
    FROZEN
    + """
    enter = Enter(y) {frame_name: "loop"}
    inside = Neg(enter)
    exit = Exit(inside)
"""
)


def test_a_loop_that_weights_go_through():
    (note,) = unfreeze(model(BEFORE), contexts=False).notes
    assert note.startswith("TensorFlow cannot differentiate the while loop 'loop': freezing drops contexts")
    assert "train in v1 mode" in note
    assert "in eager TensorFlow 2, a SavedModel with resource variables does" in note


def test_a_loop_that_can_have_no_context():
    report = unfreeze(model(BEFORE))
    (note,) = report.notes
    assert note.startswith(
        "TensorFlow cannot differentiate the while loop 'loop': the loop with frame 'loop' has no LoopCond; "
        "so it gets no context, without which tf.gradients"
    )
    assert report.contexts is not None
    assert [row.reason for row in report.contexts] == ["the loop with frame 'loop' has no LoopCond"]


def test_also_when_the_weight_is_inside():
    of = model(LOOP)
    unfreeze(of, select=("w",), contexts=False)
    assert "cannot differentiate" in loop_notes(of)[0]


def test_what_comes_after_a_loop_trains():
    assert (
        unfreeze(model(FROZEN + 'enter = Enter(x) {frame_name: "loop"}; exit = Exit(enter); z = Add(y, exit)')).notes
        == []
    )


def test_what_nobody_trains_needs_no_gradient():
    assert unfreeze(model(BEFORE), not_trainable=("w",)).notes == []


def test_a_loop_that_has_its_context():
    of = model(BEFORE)
    unfreeze(of)
    assert of.meta is not None
    context = schema.WhileContextDef(context_name="loop")
    of.meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(context))
    (note,) = loop_notes(of)
    assert note.startswith("weights of the while loop 'loop' train in v1 mode")
    assert note.endswith("a SavedModel with resource variables does (tf.saved_model.load and GradientTape)")


def test_several_loops_are_one_note():
    of = model(BEFORE + 'enter2 = Enter(exit) {frame_name: "next"}; exit2 = Exit(enter2)')
    (note,) = unfreeze(of, contexts=False).notes
    assert note.startswith("TensorFlow cannot differentiate the while loops 'loop', 'next': ")


def test_a_graph_without_loops():
    of = model(FROZEN)
    unfreeze(of)
    assert loop_notes(of) == []
