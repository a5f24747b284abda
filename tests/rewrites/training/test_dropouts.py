"""Dropout is put behind tensors, and Identities that seem to have been some are found."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.editing.rewiring import Rewiring
from graphsurgeon.rewrites.training.dropouts import add_dropout, choose_dropped, dropout_lookalikes, parse_rates
from proto_utils.errors import NotFoundError
from tests.passes.harness import model, shown

TEXT = """
    t = Placeholder {dtype: bool, shape: shape[]}
    x = Placeholder {dtype: f32, shape: shape[?,3]}
    a/Relu = Relu(x)
    y = Elu(a/Relu)
    z = Tanh(a/Relu)
    i = Cast(x) {SrcT: f32, DstT: i32}
"""


@pytest.mark.parametrize("training", ["", "t"])
def test_all_readers_read_what_is_left(training: str):
    of = model(TEXT)
    rewiring = Rewiring(of, "train_mode")
    (at,) = choose_dropped(of, rewiring, "a/.*", "train_mode")
    assert add_dropout(rewiring, at, 0.25, 7, training, "train_mode") == "a/dropout/mul_1"
    rewiring.finish()
    lines = shown(of)
    assert {"y = Elu(a/dropout/mul_1)", "z = Tanh(a/dropout/mul_1)"} <= {*lines}
    assert "a/dropout/mul = Mul(a/Relu, a/dropout/truediv)" in lines
    rate = "a/dropout/Select" if training else "a/dropout/rate"
    assert f"a/dropout/GreaterEqual = GreaterEqual(a/dropout/random_uniform, {rate})" in lines
    assert of.graph["a/dropout/random_uniform/RandomUniform"].attrs["seed2"] == 7


def test_what_cannot_be_dropped():
    of = model(TEXT)
    rewiring = Rewiring(of, "train_mode")
    with pytest.raises(PassError, match="dropout is of floating-point numbers"):
        choose_dropped(of, rewiring, "i", "train_mode")
    with pytest.raises(NotFoundError):
        choose_dropped(of, rewiring, "b/.*", "train_mode")


@pytest.mark.parametrize("rate", ["x", "", 0, 1, -0.5, "1.5", float("nan")])
def test_what_is_no_rate(rate: object):
    with pytest.raises(PassError, match="no rate"):
        parse_rates({"a": rate}, "train_mode")


def test_what_looks_like_dropout():
    of = model("""
        x = Placeholder {dtype: f32}
        w = Const {f32 [3]}
        fc/dropout/Identity = Identity(x)
        Dropout_1b/Identity = Identity(fc/dropout/Identity)
        drop/read = Identity(w)
        fc/Identity = Identity(x)
    """)
    assert dropout_lookalikes(of, of.graph.index, ()) == ["fc/dropout/Identity", "Dropout_1b/Identity"]
    assert dropout_lookalikes(of, of.graph.index, {"x"}) == ["Dropout_1b/Identity"]
