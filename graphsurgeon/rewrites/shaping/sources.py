"""Who made the handle that a tensor is: a variable, a queue, an array or list of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphsurgeon.ir.op_families import PASS_ON_OPS
from graphsurgeon.rewrites.shaping.op_calls import HandleSource

if TYPE_CHECKING:
    from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference

_MAX_STEPS = 200
_HANDS_ON = PASS_ON_OPS | {"RefIdentity", "RefEnter", "RefExit", "RefSwitch", "RefMerge", "RefNextIteration"}
#: What makes another list of the elements of one.
_LISTS = frozenset((
    "TensorListSetItem", "TensorListPushBack", "TensorListPopBack", "TensorListResize",
    "TensorListScatterIntoExistingList",
))  # fmt: skip
# What gives each input as the output of the same number.
_BY_NUMBER = frozenset({"IdentityN", "While", "StatelessWhile"})


def made_of(inference: ShapeInference, text: str) -> HandleSource | None:
    """Return the node that made a handle, and where it is; None when that is not known.

    The variables of a loop are taken for those that enter it.
    """
    for _ in range(_MAX_STEPS):
        name, number = inference.place(text)
        node = inference.producers.get(name)
        if node is None:
            return None if inference.outer is None else inference.outer.source(name)
        texts = node.data_inputs
        if node.op in _BY_NUMBER and number is not None and number < len(texts):
            text = texts[number]
        elif name in inference.loops:
            text = next((each for each in texts if each != inference.loops[name]), texts[0])
        elif texts and (node.op in _HANDS_ON or node.op in _LISTS):
            text = texts[0]
        else:
            return HandleSource(node, inference)
    return None
