"""Prune: what is refused, and that the model is then as it was."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import GraphError, NotFoundError, PassError
from graphsurgeon.passes.prune import prune
from tests import notation
from tests.passes.harness import check_pass, model, reloaded
from tests.passes.prune.models import NET


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


def test_what_is_named_must_be_there_or_be_read():
    with pytest.raises(NotFoundError, match="no node 'gon'") as caught:
        prune(notation.model("out = Relu(gone) {T: f32}"), outputs=("out",), inputs=("gon",))
    assert list(caught.value.near) == ["gone"]
    with pytest.raises(NotFoundError, match=r"x:1"):
        prune(model("x = Const {f32 [2]}; out = Relu(x)"), outputs=("out",), inputs=("x:1",))


def test_a_queue_is_fed_behind_its_dequeue():
    before = """
        q = FIFOQueueV2 {component_types: [f32]}
        d = QueueDequeueV2(q) {component_types: [f32]}
        out = Relu(d) {T: f32}
    """
    error = refused(before, outputs=("out",), inputs=("q",))
    assert (error.node, error.reason) == ("q", "is a handle, which nobody can feed")
    assert error.hint == 'name what takes values out of it: `inputs="d"`'


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
