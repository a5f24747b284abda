"""Pruning masks: told by names of constants and of their product, never taken for a filter that is trained."""

from __future__ import annotations

import pytest

from tests.weights.verdicts import plan, taken, untrained

#: What `tf.contrib.model_pruning` leaves behind, frozen.
MASKED = """
    x = Placeholder
    c/weights = Const {f32 [3,3,2,4]}
    c/weights/read = Identity(c/weights) {_class: loc:@c/weights}
    c/mask = Const {f32 [3,3,2,4] 1}
    c/mask/read = Identity(c/mask) {_class: loc:@c/mask}
    c/weights/masked_weight = Mul(c/mask/read, c/weights/read)
    y = Conv2D(x, c/weights/masked_weight)
"""


def test_a_mask_is_a_variable_that_no_optimizer_trains():
    assert taken(MASKED) == {"c/weights": "conv_filter", "c/mask": "mask"}
    assert untrained(MASKED) == {"c/mask"}
    assert "mask of 'c/weights' in 'c/weights/masked_weight'" in plan(MASKED).weights[1].evidence


def test_where_reads_are_gone():
    bare = MASKED.replace("/read, ", ", ").replace("/read)", ")")
    bare = "\n".join(line for line in bare.splitlines() if "/read" not in line)
    assert taken(bare) == {"c/weights": "conv_filter", "c/mask": "mask"}


def test_the_product_tells_which_one_it_is_when_their_names_do_not():
    assert untrained(MASKED.replace("c/mask", "c/Variable")) == {"c/Variable"}
    unnamed = MASKED.replace("c/mask", "c/Variable").replace("masked_weight", "mul")
    assert untrained(unnamed) == set()


@pytest.mark.parametrize("shape", ["3,3,2,1", "4", "1,1,1,4"])
def test_a_mask_may_broadcast_over_the_weight(shape):
    text = MASKED.replace("[3,3,2,4] 1", f"[{shape}] 1")
    assert untrained(text) == {"c/mask"}


def test_what_a_weight_would_broadcast_over_is_no_mask():
    text = MASKED.replace("[3,3,2,4] 1", "[7,3,3,2,4] 1")
    assert "mask" not in taken(text).values()


def test_masks_in_loops():
    text = """
        x = Placeholder
        k = Const {f32 [4,4]}
        m/kernel_mask = Const {f32 [4,4] 1}
        k/read = Identity(k)
        m/kernel_mask/read = Identity(m/kernel_mask)
        k/in = Enter(k/read) {frame_name: "f", is_constant: true}
        m/in = Enter(m/kernel_mask/read) {frame_name: "f", is_constant: true}
        mul = Mul(m/in, k/in)
        y = MatMul(x, mul)
    """
    assert taken(text)["m/kernel_mask"] == "mask"
    assert taken(text)["k"] != "mask"


def test_what_masks_no_weight_is_no_variable():
    text = "x = Placeholder\nmask = Const {f32 [4,4]}\nc = Const {f32 [4,4]}\nm = Mul(mask, c)\ny = Add(x, m)"
    assert taken(text) == {}
