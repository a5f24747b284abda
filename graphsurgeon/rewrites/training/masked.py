"""Pattern matching of weights under pruning masks, in a graph and in a checkpoint.

``tf.contrib.model_pruning`` leaves, beside each weight::

    c1/mask                    a variable of zeros and ones, not trained; a constant where it is frozen
    c1/threshold               a number, from which the mask was made
    c1/weights/masked_weight   Mul(c1/mask/read, c1/weights/read), which the layer reads

and ``model_pruning/last_mask_update_step`` once. tensorflow-model-optimization has variables ``mask``, ``threshold``
and ``pruning_step`` in a layer ``prune_low_magnitude_...``; its weights are zero already, and no product stands in the
graph.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.op_families import READ_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.ops import facts
from graphsurgeon.names import node_of, scope_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.weights.masks import MASK, PRODUCT
from proto_utils.named_tuple import NamedTuple

#: Collections of contrib's model_pruning, and what they list.
MASK_COLLECTIONS: Final = ("masks", "masked_weights", "thresholds", "kernel")
_STEP: Final = r"(.*/)?last_mask_update_step|(.*/)?prune_low_magnitude\w*/(.*/)?pruning_step"
_THRESHOLD: Final = r"(.*[/_])?thresholds?(_\d+)?"
_OF_TFMOT: Final = r"(.*/)?prune_low_magnitude\w*/(.*/)?(mask|threshold|pruning_step)(_\d+)?"
_VALUE: Final = "/.ATTRIBUTES/VARIABLE_VALUE"
_SOURCES: Final = REF_OPS | RESOURCE_OPS | {"Const"}


class MaskedWeight(NamedTuple):
    """A product of a weight and its mask, the variables or constants behind it, and where the weight stands in it."""

    product: Node
    mask: Node
    weight: Node
    position: int


def find_masked(model: Model, index: Index) -> Iterator[MaskedWeight]:
    """Yield the products of weights and masks in a graph; values are not looked at."""
    listed = {key: listed_nodes(model, key) for key in MASK_COLLECTIONS}
    for node in model.graph.nodes_of(("Mul",)):
        texts = node.data_inputs
        sources = [source_of(index, text) for text in texts]
        pair = [source for source in sources if source is not None]
        if len(pair) != 2 or pair[0] is pair[1]:
            continue
        named = [source for source in pair if source.name in listed["masks"] or re.fullmatch(MASK, source.name)]
        if not named and (node.name in listed["masked_weights"] or re.fullmatch(PRODUCT, node.name)):
            named = pair[:1]
        if len(named) == 1:
            position = 0 if pair[1] is named[0] else 1
            yield MaskedWeight(node, named[0], pair[position], position)


def source_of(index: Index, text: str) -> Node | None:
    """Return the variable or constant that a tensor is the value of, through reads, also into a loop."""
    node = index.producer(text)
    for _ in range(20):
        if node is None or node.op in _SOURCES:
            return node
        if not (node.op in READ_OPS or node.op in ("Enter", "Snapshot")) or not node.data_inputs:
            return None
        node = index.producer(node.data_inputs[0])
    return None


def masks_of_functions(model: Model, index: Index) -> dict[str, str]:
    """Return the masks that functions get or hold, those of bodies as FUNCTION/node, and why they stay; by their names.

    What a body multiplies by an argument of it, nothing tells apart but the name of the variable or constant behind it.
    """
    found: dict[str, str] = {}
    for node in model.graph.nodes_of(_SOURCES) if model.library.functions else ():
        if re.fullmatch(MASK, node.name):
            reader = _calling(index, node)
            dtype = attr_of(node, "dtype")
            if reader is not None and isinstance(dtype, DType) and dtype.is_floating:
                found[node.name] = f"{reader.name!r} ({reader.op}) gives it to a function"
    for name, function in model.library.functions.items():
        inner = Index(function.body)
        for product in function.body.nodes_of(("Mul",)):
            sources = [source_of(inner, text) for text in product.data_inputs]
            pair = [source for source in sources if source is not None]
            for node in pair if len(pair) == len(sources) else ():
                if re.fullmatch(MASK, node.name):
                    found[f"{name}/{node.name}"] = f"{product.name!r} multiplies by it in a function"
    return found


def _calling(index: Index, node: Node) -> Node | None:
    """Return a node that gives a variable or constant, or what it reads of it, to a function."""
    pending, seen = [node.name], {node.name}
    while pending:
        for reader, _ in index.consumers(pending.pop()):
            known = facts(reader.op)
            if known is None or known.functions:
                return reader
            if reader.op in READ_OPS and reader.name not in seen:
                seen.add(reader.name)
                pending.append(reader.name)
    return None


def listed_nodes(model: Model, key: str) -> Collection[str]:
    """Return the nodes that a collection of tensors lists."""
    if model.meta is None or key not in model.meta.collection_def:
        return ()
    return {node_of(name) for name in model.meta.collection_def[key].node_list.value}


def is_of_pruning(name: str, masks: Collection[str], shape: tuple[int, ...]) -> bool:
    """Whether a variable, or a key, is a threshold beside one of the masks, or a counter of what prunes."""
    if re.fullmatch(_STEP, name) or re.fullmatch(_OF_TFMOT, name):
        return not shape or re.fullmatch(MASK, name) is not None
    beside = {re.sub(r"masks?((_\d+)?)$", r"threshold\1", mask) for mask in masks}
    return not shape and re.fullmatch(_THRESHOLD, name) is not None and name in beside


def paired_keys(tensors: Mapping[str, Tensor]) -> dict[str, list[str]]:
    """Return the masks of a checkpoint without its graph, and the weights that each may be of."""
    found: dict[str, list[str]] = {}
    for key, tensor in tensors.items():
        if not re.fullmatch(MASK, key) or not tensor.dtype.is_floating or not tensor.size:
            continue
        own = re.sub(r"_masks?((_\d+)?)$", "", key)
        has_own = own != key and own in tensors
        if has_own or _threshold(key) in tensors:
            found[key] = [
                name
                for name in ([own] if has_own else tensors)
                if scope_of(name) == scope_of(key)
                and not re.fullmatch(f"{MASK}|{_THRESHOLD}", name)
                and tensors[name].shape == tensor.shape
                and tensors[name].dtype is tensor.dtype
            ]
    return found


def keys_of_tfmot(tensors: Mapping[str, Tensor]) -> list[str]:
    """Return the keys of what layers of tensorflow-model-optimization keep beside their weights, which are masked."""
    found = []
    for key in tensors:
        base = key.removesuffix(_VALUE)
        scope, _, last = base.rpartition("/")
        if last in ("pruning_step", "mask", "threshold"):
            found += [key] if scope and f"{scope}/pruning_step{key[len(base) :]}" in tensors else []
    return found


def _threshold(mask: str) -> str:
    return re.sub(r"masks?((_\d+)?)$", r"threshold\1", mask)
