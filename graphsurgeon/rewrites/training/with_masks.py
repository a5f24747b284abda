"""Pruning masks in the layout of ``tf.contrib.model_pruning``, added to a graph and its variables.

::

    c1/weights                 stays, with its value
    c1/mask                    a variable of zeros and ones, not trained, beside the weight; a constant beside constants
    c1/threshold               the least magnitude that is kept, where the weight is a variable
    c1/weights/masked_weight   Mul(c1/mask/read, c1/weights/read), which all read that read the weight

The collections ``masks``, ``thresholds``, ``masked_weights`` and ``kernel`` list them, so that `Pruning` of contrib
goes on from there; and a gradient goes through the product, so that what is zero stays zero without it, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.ir.op_families import ASSIGN_OPS, IS_INITIALIZED_OPS, READ_OPS, REF_OPS, SAVE_OPS
from graphsurgeon.names import scope_of, unique_name
from graphsurgeon.rewrites.training.masked import MASK_COLLECTIONS, find_masked
from graphsurgeon.rewrites.training.new_variables import NewVariables
from graphsurgeon.rewrites.training.prunable import Prunable
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.pruned import MaskTensor, PruningRule
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor, FillTensor
from graphsurgeon.variables.layout import VariableKind

_SETS: Final = ASSIGN_OPS | IS_INITIALIZED_OPS | SAVE_OPS


class MaskAdder:
    """Adds masks to one model: `add` for each weight, then `finish`; `added` are their names."""

    def __init__(self, model: Model, operation: str) -> None:
        self._model = model
        self._operation = operation
        self._index = Index(model.graph)
        self._edit = GraphEdit(model.graph)
        self._variables = NewVariables(model, operation)
        self._taken = self._variables.taken
        self._there = {each.weight.name: each.mask.name for each in find_masked(model, self._index)}
        self._values: dict[str, Tensor] = {}
        self._entries: dict[str, list[str]] = {key: [] for key in MASK_COLLECTIONS}
        self.added: list[str] = []

    def add(self, each: Prunable, rule: PruningRule, threshold: float | None) -> None:
        """Add the mask of a weight, whose value stays."""
        mask = MaskTensor(each.tensor, rule)
        least = _number(threshold or 0.0, each.tensor.dtype)
        if each.node is not None and each.node.name in self._there:
            raise PassError(self._operation, "has a mask", node=each.node.name, hint="`gs.strip_masks` takes it away")
        base = each.name if each.node is None else each.node.name
        name, limit = self._free(base, "mask"), self._free(base, "threshold")
        self.added.append(name)
        if each.node is None:
            self._values |= {name: mask, limit: least}
        elif each.is_key:
            self._add_variable(each.node, name, mask, limit, least)
        else:
            device = each.node.device
            attrs = {"dtype": mask.dtype, "value": mask}
            read = self._free(name, "read", below=True)
            self._edit.add(Node.new(name, "Const", device=device, attrs=attrs), behind=base)
            self._edit.add(make_node(read, "Identity", [(name, mask.dtype)], device=device), behind=name)
            reads = [node for node, _ in self._index.consumers(base) if node.op in READ_OPS]
            for source in [each.node.name] if self._read_directly(base) else [node.name for node in reads]:
                self._multiply(each.node, source, read, mask.dtype)

    def _read_directly(self, name: str) -> bool:
        return any(node.op not in READ_OPS for node, _ in self._index.consumers(name))

    def _free(self, base: str, word: str, *, below: bool = False) -> str:
        """Return the name beside a weight that contrib gives, or another one that says of which weight it is."""
        scope = base if below else scope_of(base)
        wanted = f"{scope}/{word}" if scope else f"{base}_{word}"
        name = wanted if wanted not in self._taken else unique_name(f"{base}_{word}", self._taken)
        self._taken.add(name)
        return name

    def _add_variable(self, weight: Node, name: str, mask: Tensor, limit: str, least: Tensor) -> None:
        reads = list(self._reads(weight))
        kind: VariableKind = "ref" if weight.op in REF_OPS else "resource"
        for variable, value, first in ((name, mask, 1.0), (limit, least, 0.0)):
            made = self._variables.make(variable, value, kind, device=weight.device)
            for node in made.nodes:
                if node.op == "Const" and node.attrs["dtype"] is value.dtype and first:
                    shape = node.attrs["value"].shape
                    element = _number(first, value.dtype).numpy().tobytes()
                    node.attrs["value"] = FillTensor(value.dtype, shape, element)
                self._edit.add(node)
            self._entries["masks" if variable == name else "thresholds"].append(f"{variable}:0")
            read = made.read if variable == name else ""
            for source in reads if read else ():
                self._multiply(weight, source, read, mask.dtype)
        self._entries["kernel"].append(f"{weight.name}:0" if kind == "ref" else f"{reads[0]}:0")

    def _reads(self, weight: Node) -> Iterator[str]:
        """Yield the nodes that give a variable's value; a PassError when something else does."""
        direct = False
        for node, _ in self._index.consumers(weight.name):
            if node.op in READ_OPS:
                others = [reader for reader, _ in self._index.consumers(node.name) if reader.op not in SAVE_OPS]
                if others or node.name == f"{weight.name}/read":
                    yield node.name
            elif node.op not in _SETS and not node.op.startswith(("Apply", "ResourceApply")):
                direct = True
        if direct:
            reason = "is used by other ops than reads, as in functions: no product can stand between"
            raise PassError(self._operation, reason, node=weight.name, hint="freeze the graph first, or take `exclude`")

    def _multiply(self, weight: Node, source: str, mask: str, dtype: DType) -> None:
        """Let who reads a value read its product with the mask."""
        wanted = f"{weight.name}/masked_weight"
        name = wanted if wanted not in self._taken else unique_name(wanted, self._taken)
        self._taken.add(name)
        for node, position in list(self._index.tensor_consumers(source)):
            is_kept = node.op in SAVE_OPS or (node.op in READ_OPS and self._is_saved(node))
            if not is_kept:
                self._edit.set_input(node, position, name)
        made = make_node(name, "Mul", [(mask, dtype), (source, dtype)], device=weight.device)
        self._edit.add(made, behind=source)
        self._entries["masked_weights"].append(f"{name}:0")

    def _is_saved(self, node: Node) -> bool:
        readers = [reader for reader, _ in self._index.consumers(node.name)]
        return bool(readers) and all(reader.op in SAVE_OPS for reader in readers)

    def finish(self) -> None:
        """Make the edits, and let saver and collections know of them."""
        self._edit.apply()
        if self._variables.made:
            self._variables.finish(self._entries.items())
        else:
            self._model.variables = {**self._model.variables, **self._values}


def _number(value: float, dtype: DType) -> ArrayTensor:
    import numpy as np

    return ArrayTensor(np.array(value, dtype.numpy()), dtype)
