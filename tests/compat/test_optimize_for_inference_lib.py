"""The drop-in for TensorFlow's optimize_for_inference: what goes, what is folded, and what is left."""

from __future__ import annotations

import pytest

from graphsurgeon.compat.optimize_for_inference_lib import optimize_for_inference, optimize_model
from graphsurgeon.errors import NotFoundError, PassError
from tests.compat.test_graph_util import graph, lines
from tests.passes.harness import model

FLOAT = 1
NET = """
    i = Placeholder {dtype: u8, shape: shape[?,4,4,3]}
    x = Cast(i) {DstT: f32}
    k = Const {f32 [1,1,3,2]}
    k/read = Identity(k)
    g = Const {f32 [2] 2}
    y = Conv2D(x, k/read) {strides: [1,1,1,1], padding: "VALID"}
    n = FusedBatchNormV3(y, g, g, g, g) {is_training: false, epsilon: 0.001}
    z = Relu(n)
    checked = CheckNumerics(z) {message: "no"}
    out = Identity(checked)
    loss = Neg(out)
"""


def test_what_only_training_needs_goes_and_norms_are_folded():
    whole = graph(NET)
    whole.versions.producer = 134
    before = whole.SerializeToString()
    after = optimize_for_inference(whole, ["x"], ["out"], FLOAT)
    assert lines(after)[0] == "x:"
    assert lines(after)[-2:] == ["z: n", "out: z"]
    assert not {"FusedBatchNormV3", "CheckNumerics", "Neg"} & {node.op for node in after.node}
    assert "k" in {node.name for node in after.node}
    assert (whole.SerializeToString(), after.versions) == (before, whole.versions)


def test_inputs_keep_the_dtype_that_they_have():
    """TensorFlow makes float32 of an image of bytes, unless it is told, and the graph cannot be imported."""
    after = optimize_for_inference(graph(NET), ["i"], ["out"], FLOAT)
    assert after.node[0].attr["dtype"].type == 4
    with pytest.raises(PassError, match="takes uint8"):
        optimize_for_inference(graph(NET), ["i"], ["out"], 3)


def test_what_others_read_is_not_folded():
    """TensorFlow folds it for both, which is wrong for the other."""
    text = NET + "second = Neg(y)\nboth = AddN(out, second)"
    of = model(text)
    (note,) = optimize_model(of, "x", "both", FLOAT)
    assert note.startswith("n (FusedBatchNormV3) stays: 'y' is read by others too")
    assert "n" in of.graph


def test_constants_for_placeholders():
    text = """
        x = Placeholder {dtype: f32}
        keras_learning_phase = Placeholder {dtype: bool, shape: shape[]}
        s = Switch(x, keras_learning_phase)
        a = Neg(s)
        b = Abs(s:1)
        m = Merge(a, b)
        out = Relu(m)
    """
    assert lines(optimize_for_inference(graph(text), ["x"], ["out"], FLOAT)) == ["x:", "a: x", "out: a"]
    text = text.replace("keras_learning_phase", "trains")
    after = optimize_for_inference(graph(text), ["x"], ["out"], FLOAT, placeholder_to_const_names=["trains=True"])
    assert lines(after) == ["x:", "b: x", "out: b"]
    with pytest.raises(PassError, match="'trains' is no name=value"):
        optimize_for_inference(graph(text), ["x"], ["out"], FLOAT, False, ["trains"])


@pytest.mark.parametrize(("inputs", "outputs"), [(["xx"], ["out"]), (["x"], ["outt"])])
def test_wrong_names(inputs: list[str], outputs: list[str]):
    with pytest.raises(NotFoundError, match="no node"):
        optimize_for_inference(graph(NET), inputs, outputs, FLOAT)


def test_types_for_other_inputs():
    with pytest.raises(PassError, match="2 dtypes for 1 inputs"):
        optimize_for_inference(graph(NET), ["x"], ["out"], [1, 1])
