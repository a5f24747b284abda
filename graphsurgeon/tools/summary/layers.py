"""Which nodes make up a layer, and the tree of scopes that layers are in.

A layer is the deepest scope that uses parameters of its own: that of a variable's name as far as it stands in the name
of the node that uses it, else the scope of that node, without what TensorFlow's functions put around their ops, else
that of the variable::

    variable                       used by                                              layer
    vgg_16/conv1/weights           vgg_16/conv1/Conv2D                                  vgg_16/conv1
    MobilenetV1/Conv2d_0/weights   MobilenetV1/MobilenetV1/Conv2d_0/Conv2D              MobilenetV1/MobilenetV1/Conv2d_0
    bn/gamma                       model/bn/batchnorm/mul                               model/bn
    unknown_17                     model/head/Tensordot/MatMul                          model/head
    W                              MatMul                                               MatMul
    Logits/weights                 MatMul                                               Logits

What else is computed is a layer by the widest scope in which no layer with parameters is, or a node by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graphsurgeon.ir.node_facts import node_dtype
from graphsurgeon.ir.op_families import PLUMBING_OPS
from graphsurgeon.names import scope_of
from graphsurgeon.rewrites.shaping.multiply_adds import counts
from graphsurgeon.tools.summary.parameters import Parameter
from graphsurgeon.tools.summary.walk import Visit

#: Scopes that functions of TensorFlow make around ops.
_WRAPPERS = frozenset({"Tensordot", "tensordot", "einsum", "batchnorm", "moments", "Cast", "cond", "while"})
#: What is deeper counts as one name: no program has so many, and each is a row.
_MAX_SCOPES = 64
_NUMBER = re.compile(r"_\d+$")
_PART = re.compile(r"/part_\d+$")


@dataclass(slots=True)
class Layer:
    """A layer or scope in the tree; `parameters` are those that count here, `shared` those that count elsewhere."""

    path: str
    visits: list[Visit] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    shared: int = 0
    parts: list[Layer] = field(default_factory=list)


class LayerTree:
    """Scopes by their paths, made when they are asked for."""

    def __init__(self) -> None:
        self.root = Layer("")
        self._by_path = {"": self.root}

    def layer(self, path: str) -> Layer:
        """Return the layer of a path."""
        missing = []
        while path not in self._by_path:
            missing.append(path)
            path = _around(path)
        layer = self._by_path[path]
        for each in reversed(missing):
            made = self._by_path[each] = Layer(each)
            layer.parts.append(made)
            layer = made
        return layer

    def compact(self) -> Layer:
        """Return the root, with scopes that have nothing but one part joined with that."""
        pending = [self.root]
        while pending:
            current = pending.pop()
            current.parts = [_innermost(part) for part in current.parts]
            pending += current.parts
        return self.root


def _innermost(layer: Layer) -> Layer:
    while len(layer.parts) == 1 and not layer.visits and not layer.parameters:
        layer = layer.parts[0]
    return layer


def layers_of(visits: Sequence[Visit], parameters: Mapping[str, Parameter]) -> Layer:
    """Return the tree of layers, by its root; visits are in the order in which they run."""
    scopes = {_layer_of(parameters[key].name, visit.path) for visit in visits for key in visit.parameters}
    outer = {scope for path in scopes for scope in _scopes(path)}
    tree = LayerTree()
    counted: set[str] = set()
    homes = [_home(visit, parameters, scopes, outer) for visit in visits]
    # What is made of parameters alone may come early; it does not say where a layer stands.
    for home, visit in zip(homes, visits, strict=True):
        if home is not None and not visit.is_static:
            tree.layer(home)
    for home, visit in zip(homes, visits, strict=True):
        if home is None:
            continue
        tree.layer(home).visits.append(visit)
        for key in visit.parameters:
            owner = tree.layer(_layer_of(parameters[key].name, visit.path))
            if key not in counted:
                counted.add(key)
                owner.parameters.append(parameters[key])
            elif parameters[key] not in owner.parameters:
                owner.shared += parameters[key].size
    return tree.compact()


def _scopes(path: str) -> Iterable[str]:
    """Yield the scopes around a path, the nearest first."""
    while path:
        path = _around(path)
        if path:
            yield path


def _around(path: str) -> str:
    """Return the scope around a path; of one in very many scopes the outermost of them."""
    scopes = path.split("/", _MAX_SCOPES)
    return "/".join(scopes[:-1])


def _layer_of(name: str, path: str) -> str:
    """Return the layer in which a parameter of that name is used by a node of that path."""
    within = scope_of(path).split("/") if "/" in path else []
    scope = scope_of(_PART.sub("", name))
    if not within:
        return scope or path
    wanted = [_NUMBER.sub("", each) for each in scope.split("/")] if scope else []
    met = last = 0
    for number, each in enumerate(within):
        if met < len(wanted) and _NUMBER.sub("", each) == wanted[met]:
            met, last = met + 1, number + 1
    if wanted and met == len(wanted):
        within = within[:last]
    while len(within) > 1 and _NUMBER.sub("", within[-1]) in _WRAPPERS:
        within.pop()
    return "/".join(within)


def _home(visit: Visit, parameters: Mapping[str, Parameter], scopes: set[str], outer: set[str]) -> str | None:
    """Return the layer that a node belongs to, None for what is not one by itself."""
    path = visit.path
    if visit.parameters and "/" not in path:
        return _layer_of(parameters[visit.parameters[0]].name, path)
    if path in scopes:
        return path
    around = list(_scopes(path))
    # From the widest to the nearest: the first in which no other layer is, or the nearest that is one.
    for number, scope in enumerate(reversed(around)):
        is_nearest = number == len(around) - 1
        if scope not in outer or (is_nearest and scope in scopes):
            return scope if scope in scopes or _is_layer(visit) else None
    return path if _is_layer(visit) else None


def _is_layer(visit: Visit) -> bool:
    """Whether a node is worth a line by itself."""
    op = visit.node.op
    if counts(op) or visit.parameters:
        return True
    if visit.is_static or op in PLUMBING_OPS:
        return False
    dtype = node_dtype(visit.node)
    return dtype is not None and (dtype.is_floating or dtype.is_complex or dtype.is_quantized)
