"""Codes of quantized weights stay with their scales."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.arithmetic import arithmetic
from graphsurgeon.edits.average import average
from graphsurgeon.errors import PassError
from tests.edits.values import lists, singles, tensors

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def keras(scale: float, *codes: int, dtype: str = "int8", **more: object):
    """A layer as Keras 3 quantizes it, in a checkpoint of TensorFlow 2."""
    held = {"_kernel": np.array(codes, dtype), "kernel_scale": singles(scale), "bias": singles(scale), **more}
    return tensors(**{f"model/d/{name}{VALUE}": value for name, value in held.items()})


@pytest.mark.parametrize(
    ("sides", "found"),
    [
        ([keras(1, 5, 6), keras(2, 5, 7)], rf"model/d/_kernel{VALUE} \(int8 \[2\]\): .*, beside kernel_scale"),
        (
            [keras(1, 5, kernel_zero=np.array([n], "int8"), g_idx=singles(0)) for n in (3, 4)],
            rf"model/d/kernel_zero{VALUE} \(int8 \[1\]\): .*, beside kernel_scale",
        ),
        ([tensors(q__qweight=[n, 2], q__scales=singles(n)) for n in (1, 2)], r"q/qweight .*, beside scales"),
        ([tensors(**{"l.0.qweight": [n], "l.0.scales": singles(n)}) for n in (1, 2)], r"l.0.qweight .*, beside scales"),
        (
            [tensors(layers__d__vars__0=np.array([n], "int8"), layers__d__vars__1=singles(n)) for n in (1, 2)],
            r"layers/d/vars/0 \(int8 \[1\]\): integers, of which it cannot be told whether they are codes, beside 1",
        ),
    ],
)
def test_what_is_refused(sides, found):
    first, second = map(dict, sides)
    with pytest.raises(PassError, match=f"average: {found}") as caught:
        average(first, [second])
    assert "`exclude`" in str(caught.value.hint)
    with pytest.raises(PassError, match=f"arithmetic: {found}"):
        arithmetic(first, operation="subtract", other=second)
    assert first == sides[0]


@pytest.mark.parametrize(
    ("sides", "mean"),
    [
        ([keras(1, 5, 6), keras(2, 5, 6)], {f"model/d/kernel_scale{VALUE}": [1.5], f"model/d/bias{VALUE}": [1.5]}),
        ([tensors(n=np.int8(n), w=singles(n)) for n in (1, 3)], {"w": [2]}),
        ([tensors(counts=[n, n], w=singles(n)) for n in (1, 3)], {"w": [2]}),
        ([tensors(a__table=np.array([n], "int8"), b__w=singles(n)) for n in (1, 3)], {"b/w": [2]}),
    ],
)
def test_what_goes_together(sides, mean):
    first, second = map(dict, sides)
    average(first, [second])
    assert lists(first).items() >= mean.items()


def test_one_side_may_give_all_of_a_layer():
    first, second = keras(1, 5), keras(2, 6)
    average(first, [second], exclude=(r"model/d/(_kernel|kernel_scale)/.*",))
    assert lists(first) == {**lists(keras(1, 5)), f"model/d/bias{VALUE}": [1.5]}
