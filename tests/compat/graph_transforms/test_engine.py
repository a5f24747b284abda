"""TransformGraph: transforms one after the other, all or none of them, on messages of the caller's kind."""

from __future__ import annotations

import pytest

from graphsurgeon.compat.graph_transforms import TransformGraph
from graphsurgeon.compat.graph_transforms.engine import transform_model
from graphsurgeon.compat.graph_transforms.offered import NOT_OFFERED
from graphsurgeon.errors import NotFoundError, PassError
from proto_utils import schema
from tests.compat.test_graph_util import graph, lines
from tests.passes.harness import model

NET = "x = Placeholder {dtype: f32}\na = Identity(x)\nb = Relu(a)\nout = Identity(b)\nmore = Neg(x)"


def test_it_returns_another_graph_def():
    before = graph(NET)
    after = TransformGraph(before, ["x"], ["out"], ["strip_unused_nodes", "remove_nodes(op=Identity)"])
    assert isinstance(after, type(before))
    assert lines(after) == ["x:", "b: x", "out: b"]
    assert lines(before) == lines(graph(NET))


def test_versions_and_functions_stay():
    """TensorFlow's transforms drop the versions."""
    before = graph(NET)
    before.versions.producer, before.versions.min_consumer = 134, 12
    before.library.function.add().signature.name = "f"
    for transform in ("remove_nodes(op=Identity)", "sort_by_execution_order", "fold_constants(ignore_errors=true)"):
        after = TransformGraph(before, ["x"], ["out"], [transform])
        assert after.versions == before.versions, transform


def test_no_transforms():
    assert TransformGraph(graph(NET), [], [], []) == graph(NET)


def test_inputs_that_a_transform_took_out_are_not_missed():
    whole = graph(NET + "\ny = Placeholder {dtype: f32}")
    transforms = ["strip_unused_nodes fold_constants remove_nodes(op=Identity)"]
    after = TransformGraph(whole, ["x", "y"], ["out"], transforms)
    assert lines(after) == ["x:", "b: x", "out: b"]


def test_tensors_may_be_named():
    assert lines(TransformGraph(graph(NET), ["x:0"], ["b:0"], ["strip_unused_nodes"])) == ["x:", "a: x", "b: a"]


@pytest.mark.parametrize(
    ("inputs", "outputs", "transform", "message"),
    [
        (["x"], ["owt"], "fold_constants", "no node 'owt'"),
        (["q"], ["out"], "fold_constants", "no node 'q'"),
        (["x"], ["out"], "fold_constant", "no transform 'fold_constant'.*"),
    ],
)
def test_names_that_are_not_there(inputs: list[str], outputs: list[str], transform: str, message: str):
    with pytest.raises(NotFoundError, match=message):
        TransformGraph(graph(NET), inputs, outputs, [transform])


@pytest.mark.parametrize("name", sorted(NOT_OFFERED))
def test_transforms_that_are_not_offered_say_what_to_do_instead(name: str):
    with pytest.raises(PassError, match=f"the transform {name} is not offered") as error:
        TransformGraph(graph(NET), ["x"], ["out"], ["sort_by_execution_order", name])
    assert (error.value.is_usage, bool(error.value.hint)) == (False, True)


def test_ignored_errors_leave_the_graph_as_it_was():
    of = model(NET)
    wrong = "rename_op(old_op_name=Relu, new_op_name=MatMul, ignore_errors=true)"
    report = transform_model(of, "x", "out", f"{wrong} fuse_pad_and_conv(ignore_errors=true) remove_nodes(op=Identity)")
    assert report.transforms == ["remove_nodes"]
    assert [node.op for node in of.graph] == ["Placeholder", "Relu", "Identity", "Neg"]
    first, second = report.undone
    assert first.startswith("transform 1 (rename_op): rename_op: ")
    assert first.endswith("errors of it are ignored, so it was left out")
    assert second == "transform 2 (fuse_pad_and_conv) is not offered, and was left out"
    with pytest.warns(UserWarning, match=r"transform 1 \(rename_op\)"):
        TransformGraph(graph(NET), ["x"], ["out"], [wrong])


def test_an_error_undoes_all():
    of = model(NET)
    with pytest.raises(PassError, match=r"transform 2 \(rename_op\): "):
        transform_model(of, "x", "out", "strip_unused_nodes rename_op(old_op_name=Relu, new_op_name=MatMul)")
    assert [node.name for node in of.graph] == ["x", "a", "b", "out", "more"]


def test_ignore_errors_is_true_or_false():
    with pytest.raises(PassError, match="ignore_errors is 'yes', neither true nor false"):
        TransformGraph(graph(NET), ["x"], ["out"], ["fold_constants(ignore_errors=yes)"])


def test_parameters_that_do_nothing_are_told():
    """TensorFlow ignores them in silence."""
    with pytest.warns(UserWarning, match="fold_constants has no parameter 'foo', which does nothing"):
        TransformGraph(graph(NET), ["x"], ["out"], ["fold_constants(foo=bar)"])


def test_what_is_no_graph():
    with pytest.raises(Exception, match="GraphDef"):
        TransformGraph(schema.NodeDef(), ["x"], ["out"], ["fold_constants"])
