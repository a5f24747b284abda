"""Who trains what, as the caller says: definitions and collections agree, the narrower pattern decides."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.rewrites.training.trained import Choice, choose_trained
from proto_utils.errors import NotFoundError
from tests.passes.harness import definitions, listed, model

NET = """
    x = Placeholder {dtype: f32}
    a/kernel = Const {f32 [3,3]}
    b/kernel = Const {f32 [3,3]}
    b/bias = Const {f32 [3]}
    global_step = Const {i64 []}
    s = Identity(global_step)
    y = MatMul(x, a/kernel)
    z = MatMul(y, b/kernel)
    out = BiasAdd(z, b/bias)
    axes = Const {i32 [2]}
    t = Transpose(out, axes)
"""


def net() -> Model:
    of = model(NET)
    unfreeze(of, select=("global_step",))
    return of


def chosen(of: Model, trainable: tuple[str, ...] = (), not_trainable: tuple[str, ...] = ()) -> dict[str, Choice]:
    return choose_trained(of, trainable, not_trainable, operation="unfreeze")[0]


def test_definitions_and_collections_follow():
    of = net()
    chosen(of, not_trainable=("b/.*",))
    assert listed(of, "trainable_variables") == ["a/kernel"]
    assert [d.trainable for d in definitions(of, "variables")] == [True, False, False, False]
    assert definitions(of, "model_variables") == definitions(of, "variables")[:3]
    chosen(of, trainable=("b/bias",))
    assert listed(of, "trainable_variables") == ["a/kernel", "b/bias"]
    assert definitions(of, "trainable_variables")[1] in definitions(of, "variables")


def test_a_collection_that_nothing_is_left_in_goes():
    of = net()
    chosen(of, not_trainable=(".*",))
    assert "trainable_variables" not in of.to_meta_graph_def().collection_def


@pytest.mark.parametrize(
    ("trainable", "not_trainable", "trained"),
    [
        ("b/.*", ".*", {"b/kernel", "b/bias"}),
        (".*", "b/.*", {"a/kernel"}),
        ("b/kernel,a/kernel", "b/.*,.*", {"a/kernel", "b/kernel"}),
    ],
)
def test_the_narrower_of_two_patterns_decides(trainable, not_trainable, trained):
    of = net()
    chosen(of, (trainable,), (not_trainable,))
    assert set(listed(of, "trainable_variables")) == trained


def test_patterns_of_which_neither_is_narrower_are_declined():
    with pytest.raises(PassError, match="neither is the narrower") as caught:
        chosen(net(), ("b/.*",), (".*/kernel",))
    assert caught.value.node == "b/kernel"
    with pytest.raises(PassError):
        chosen(net(), ("b/bias",), ("b/bias",))


def test_integers_have_no_gradients():
    with pytest.raises(PassError, match="a variable of int64 has no gradient"):
        chosen(net(), ("global_step",))
    _, notes = choose_trained(net(), (".*",), (), operation="unfreeze")
    assert notes == ["'.*' matches 'global_step' too: not trained, for only real and complex numbers have gradients"]


def test_a_pattern_that_matches_nothing():
    with pytest.raises(NotFoundError, match="no variable 'b/bais'") as caught:
        chosen(net(), ("b/bais",))
    assert caught.value.near == ("b/bias",)
    with pytest.raises(NotFoundError) as caught:
        chosen(net(), ("axes",))
    assert caught.value.hint == "'axes' stays a constant; `select='axes'` makes it a variable"
