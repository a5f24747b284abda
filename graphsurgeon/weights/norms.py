"""Pattern matching of normalization written out in small ops: batch, layer, group, instance, RMS norm.

Whatever the framework, the variance goes through ``Rsqrt(variance + epsilon)`` or a
division by ``Sqrt``. From there the other parts are found by their place::

    inv    = Rsqrt(variance + epsilon) [* scale]
    output = x * inv + (offset - mean * inv)          tf.nn.batch_normalization
    output = (x - mean) * inv [* scale] [+ offset]    written by hand, RMS norm

A variance that is a constant makes it a batch norm at inference, with a moving mean and
variance; one that is computed from `x` a layer, group, instance or RMS norm.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control
from graphsurgeon.weights.scope import Constant, Scope
from proto_utils.named_tuple import NamedTuple

_ADDS = ("Add", "AddV2", "BiasAdd")
_DIVS = ("RealDiv", "Div")

#: Ops that may take the square root of a variance.
ROOTS = frozenset({"Rsqrt", "Sqrt", "Pow"})

#: Ops that may lie between a normalized tensor and its scale or offset, counted so that the search stays near.
_MAX_DEPTH = 6


class NormPart(NamedTuple):
    """A constant that has a place in a normalization."""

    constant: Constant
    role: str
    text: str


class _Norm:
    """The search that starts from one square root."""

    def __init__(self, scope: Scope, *, is_batch: bool) -> None:
        self.scope = scope
        self.is_batch = is_batch
        self.is_used = False
        self.parts: list[NormPart] = []
        self._seen: set[str] = set()
        self._inverses: set[str] = set()

    def _add(self, constant: Constant, role: str, text: str) -> None:
        self.parts.append(NormPart(constant, role, text))

    def _scale_role(self) -> str:
        return "bn_scale" if self.is_batch else "norm_scale"

    def _offset_role(self) -> str:
        return "bn_offset" if self.is_batch else "norm_offset"

    def follow_inverse(self, inverse: Node, depth: int = 0) -> None:
        """Follow ``1 / sqrt(variance)``, possibly times a scale, to what it multiplies."""
        if depth > _MAX_DEPTH or inverse.name in self._seen:
            return
        self._seen.add(inverse.name)
        self._inverses.add(inverse.name)
        for node, position in self.scope.readers(inverse):
            if node.op != "Mul" or len(node.inputs) < 2:
                continue
            other = node.inputs[1 - position]
            constant = self.scope.constant_or_choice(other)
            self.is_used = True
            if constant is None:
                self._centered(other)
                if not self._is_subtracted(node):
                    self.follow_normalized(node, depth + 1)
            elif constant.is_scalar:
                self.follow_inverse(node, depth + 1)
            elif self.is_batch and self._is_mean_term(node):
                self._add(constant, "bn_mean", f"mean times the inverse deviation in {node.name!r}")
            else:
                self._add(constant, self._scale_role(), f"scale times the inverse deviation in {node.name!r}")
                self.follow_inverse(node, depth + 1)

    def follow_division(self, root: Node) -> None:
        """Follow ``sqrt(variance)`` to the divisions by it."""
        for node, position in self.scope.readers(root):
            if node.op in ("Reciprocal", "Inv"):
                self.follow_inverse(node)
            elif node.op in _DIVS and position == 1:
                self.is_used = True
                scale = self.scope.constant_or_choice(node.inputs[0])
                if scale is None:
                    self._centered(node.inputs[0])
                    self.follow_normalized(node, 0)
                else:
                    if not scale.is_scalar:
                        self._add(scale, self._scale_role(), f"scale over the deviation in {node.name!r}")
                    self.follow_inverse(node)

    def follow_normalized(self, tensor: Node, depth: int) -> None:
        """Follow a normalized tensor to the scale and the offset applied to it."""
        if depth > _MAX_DEPTH or tensor.name in self._seen:
            return
        self._seen.add(tensor.name)
        for node, position in self.scope.readers(tensor):
            if node.op == "AddN":
                for text in node.data_inputs:
                    self._offset(node, text, self.scope.constant_or_choice(text), depth)
            if len(node.inputs) < 2 or node.op not in (*_ADDS, "Mul", "Sub"):
                continue
            other = node.inputs[1 - position] if position < 2 else node.inputs[0]
            constant = self.scope.constant_or_choice(other)
            if node.op == "Mul" and constant is not None and not constant.is_scalar:
                self._add(constant, self._scale_role(), f"scale of the normalized tensor in {node.name!r}")
                self.follow_normalized(node, depth + 1)
            elif node.op in _ADDS:
                self._offset(node, other, constant, depth)
            elif node.op == "Sub" and position == 0 and self._is_scaled_mean(other):
                self.follow_normalized(node, depth + 1)

    def _offset(self, node: Node, other: str, constant: Constant | None, depth: int) -> None:
        if constant is not None:
            if not constant.is_scalar:
                self._add(constant, self._offset_role(), f"offset of the normalized tensor in {node.name!r}")
            return
        term = self.scope.origin(other)
        if term is None or len(term.inputs) < 2:
            return
        first, second = term.inputs[:2]
        if (term.op == "Sub" and self._is_scaled_mean(second)) or (term.op in _ADDS and self._is_scaled_mean(second)):
            self._offset_in(term, first)
        elif term.op in _ADDS and self._is_scaled_mean(first):
            self._offset_in(term, second)
        elif self._is_scaled_mean(other):  # no offset here, perhaps scale and offset follow
            self.follow_normalized(node, depth + 1)

    def _offset_in(self, term: Node, side: str) -> None:
        constant = self.scope.constant_or_choice(side)
        if constant is not None:
            self._add(constant, self._offset_role(), f"offset minus the scaled mean in {term.name!r}")

    def _centered(self, text: str) -> None:
        """Take the constant mean of ``x - mean``."""
        node = self.scope.origin(text)
        if node is not None and node.op == "Mul" and len(node.inputs) == 2:  # scale * (x - mean)
            sides = [self.scope.constant_or_choice(side) for side in node.inputs]
            scale = next((side for side in sides if side is not None and not side.is_scalar), None)
            if scale is None:
                return
            self._add(scale, self._scale_role(), f"scale of the centered tensor in {node.name!r}")
            node = self.scope.origin(node.inputs[1 if sides[0] is scale else 0])
        if not self.is_batch or node is None or node.op != "Sub" or len(node.inputs) < 2:
            return
        mean = self.scope.constant_or_choice(node.inputs[1])
        if mean is not None and not mean.is_scalar:
            self._add(mean, "bn_mean", f"mean subtracted in {node.name!r}")

    def _is_mean_term(self, product: Node) -> bool:
        """Whether a constant times the inverse is what is subtracted, rather than a scaled inverse."""
        readers = self.scope.readers(product)
        return bool(readers) and all(node.op in (*_ADDS, "Sub", "Neg") for node, _ in readers)

    def _is_subtracted(self, product: Node) -> bool:
        """Whether ``mean * inverse``, the mean computed, only serves to be subtracted."""
        readers = self.scope.readers(product)
        return bool(readers) and all(node.op == "Neg" or (node.op == "Sub" and i == 1) for node, i in readers)

    def _is_scaled_mean(self, text: str) -> bool:
        """Whether a tensor is something times the inverse, negative or not."""
        node = self.scope.origin(text)
        if node is not None and node.op == "Neg" and node.inputs:
            node = self.scope.origin(node.inputs[0])
        if node is None or node.op != "Mul":
            return False
        sides = [self.scope.origin(side) for side in node.inputs]
        return any(side is not None and side.name in self._inverses for side in sides)


def find_parts(scope: Scope, roots: list[Node]) -> Iterator[NormPart]:
    """Yield the constants that have a place in a normalization; `roots` are the nodes of `ROOTS`.

    All constants of the scope have to be traced.
    """
    for root in roots:
        is_inverse = _is_inverse(scope, root)
        if is_inverse is None or is_control(root.inputs[0]):
            continue
        variance = _variance(scope, root)
        if variance is None and scope.is_static(root.inputs[0]):
            continue  # the norm of a constant: a kernel being normalized, say
        if variance is not None and variance.is_scalar:
            continue  # the root of a number: a scaling factor
        norm = _Norm(scope, is_batch=variance is not None)
        if is_inverse:
            norm.follow_inverse(root)
        else:
            norm.follow_division(root)
        if variance is not None and norm.is_used:
            yield NormPart(variance, "bn_variance", f"variance under {root.op} {root.name!r}")
        yield from norm.parts


def _is_inverse(scope: Scope, root: Node) -> bool | None:
    """Whether a node takes the inverse of a square root; None when it takes no root at all."""
    if root.op != "Pow":
        return root.op == "Rsqrt" if root.inputs else None
    exponent = scope.number(root.inputs[1]) if len(root.inputs) > 1 else None
    return {-0.5: True, 0.5: False}.get(exponent) if exponent is not None else None


def _variance(scope: Scope, root: Node) -> Constant | None:
    """Return the constant variance under a root, looking past the epsilon added to it."""
    text = root.inputs[0]
    constant = scope.constant_or_choice(text)
    node = scope.origin(text)
    if constant is not None or node is None or node.op not in ("Add", "AddV2", "Maximum") or len(node.inputs) < 2:
        return constant
    sides = [scope.constant_or_choice(side) for side in node.inputs[:2]]
    if None in sides:
        return None
    return next((side for side in sides if side is not None and not side.is_scalar), sides[0])
