"""Checks of attrs, as TensorFlow makes them when it imports a node: against what its op is registered with.

Every attr that the op must have is there; it holds what it should, one or a list; types are types; a value is among
those allowed, a number or the length of a list not below its least. Attrs that begin with an underscore belong to
nobody. Nodes alike are looked at once (`recall`): large graphs have few kinds of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from graphsurgeon.checks.finding import ERROR, WARNING, Severity
from graphsurgeon.checks.shape_functions import Limit, limits, shape_problem
from graphsurgeon.ir import ops
from graphsurgeon.ir.attr_rules import AttrRule, attr_rules, holds_its_kind, kind_of, value_refusal
from graphsurgeon.ir.constant_layout import without_content
from graphsurgeon.ir.node import Kind, Node
from graphsurgeon.ir.op_attrs import OpAttr
from graphsurgeon.ir.signatures import OpSignature
from graphsurgeon.names import text_of
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

#: What is wrong with an attr.
Fault = tuple[Severity, str]

# Attrs of sound nodes that are remembered, and how many bytes they may take each.
_MAX_KNOWN: Final = 1 << 14
_MAX_NBYTES: Final = 512

_CLASS: Final = b"\n\x06_class\x12"
_BESIDE: Final = b"loc:@"
# Bytes of tags and lengths around them, of lengths that take one byte each.
_NUM_HEADER: Final = 7
_MIN_LENGTH, _MAX_LENGTH = len(_CLASS) + 5 + len(_BESIDE), 0x7F

_sound: dict[Kind, OpSignature] = {}


class _Rules(NamedTuple):
    """The rules of an op by attr, and which attrs a node must have."""

    by_name: Mapping[str, AttrRule]
    required: tuple[OpAttr, ...]
    since: str
    limits: tuple[Limit, ...]


def node_kind(node: Node) -> Kind | None:
    """Return what a node has in common with others, and note it with the node that it is to share a device with.

    None where there is no telling without parsing. Of constants all but the bytes of their values is in common, see
    `without_content`. The node to share a device with stands in an attr::

        2a LENGTH  0a 06 _class  12 LENGTH  0a LENGTH  12 LENGTH  loc:@NAME
    """
    kind = node.kind
    if kind is None:
        op, attrs = node.op, node.serialized_attrs()
        if attrs is not None and op == "Const":
            attrs = without_content(attrs)
        if attrs is None:
            return None
        if _CLASS not in attrs:
            kind = node.kind = (op, attrs)
        elif (found := _without_neighbour(op, attrs)) is not None:
            kind, node.beside = found
            node.kind = kind
    return kind


def _without_neighbour(op: str, attrs: bytes) -> tuple[Kind, str] | None:
    key = attrs.find(_CLASS)
    name = key + len(_CLASS) + 5
    head = attrs[key - 2 : key] + attrs[key + len(_CLASS) : name]
    if len(head) != _NUM_HEADER or not _MIN_LENGTH <= head[1] <= _MAX_LENGTH:
        return None
    # What each length must be for the name to be all that the attr holds.
    end, inner = key + head[1], head[1] - len(_CLASS) - 1
    wanted = bytes((0x2A, head[1], inner, 0x0A, inner - 2, 0x12, inner - 4))
    if head != wanted or attrs[name : name + len(_BESIDE)] != _BESIDE or attrs.find(_CLASS, end) >= 0:
        return None
    return (op, attrs[: key - 2] + attrs[end:]), text_of(attrs[name + len(_BESIDE) : end])


def recall(kind: Kind) -> OpSignature | None:
    """Return the signature of nodes of a kind, of an op of TensorFlow's, when one of them was found sound."""
    return _sound.get(kind)


def remember(kind: Kind, signature: OpSignature) -> None:
    """Remember that the attrs of such nodes are sound, in a graph and in a body."""
    if len(kind[1]) <= _MAX_NBYTES:
        if len(_sound) >= _MAX_KNOWN:
            _sound.clear()
        _sound[kind] = signature


def attr_faults(
    op: str, attr: Mapping[str, schema.AttrValue], *, in_body: bool, num_outputs: int | None = None
) -> list[Fault]:
    """Return what TensorFlow finds wrong with the attrs of a node; nothing of ops that it does not have.

    In the body of a function an attr may stand for one of the function's, and then is not looked at.
    """
    rules = _rules(op)
    if rules is None:
        return []
    found = list(_registry_faults(rules, attr, in_body))
    if rules.limits and not any(severity == ERROR for severity, _ in found):
        found += [(ERROR, reason) for limit in rules.limits for reason in limit(attr)]
    if "_output_shapes" in attr and not in_body:
        found += _output_shapes_faults(op, attr, num_outputs)
    return found


def _registry_faults(rules: _Rules, attr: Mapping[str, schema.AttrValue], in_body: bool) -> Iterator[Fault]:
    """Yield what is not as the op is registered."""
    for each in rules.required:
        if each.name not in attr:
            # A graph may be of a time when the op had no such attr.
            yield ERROR if each.since == rules.since else WARNING, f"attr {each.name!r} is missing"
    by_name = rules.by_name
    for key, value in attr.items():
        rule = by_name.get(key)
        if rule is None:
            if key[:1] != "_":
                yield WARNING, f"attr {key!r} is unknown, TensorFlow 1.15 refuses it and 2.21 ignores it"
        elif not holds_its_kind(rule, value):
            yield from _other_kind(rule, value, in_body)
        else:
            reason = value_refusal(rule, value)
            if reason:
                yield ERROR, f"attr {key!r} {reason}"


@lru_cache(maxsize=4096)
def _rules(op: str) -> _Rules | None:
    facts, rules = ops.facts(op), attr_rules(op)
    if facts is None or rules is None:
        return None
    required = tuple(attr for attr in facts.attrs.values() if attr.default is None)
    return _Rules(rules, required, facts.since, limits(op))


def _output_shapes_faults(op: str, attr: Mapping[str, schema.AttrValue], num_outputs: int | None) -> Iterator[Fault]:
    """Yield what is wrong with the shapes that a node is said to have."""
    shapes: Sequence[schema.TensorShapeProto] = attr["_output_shapes"].list.shape
    # Of another kind, or empty, TensorFlow takes it for an annotation of somebody else's.
    if shapes and num_outputs and len(shapes) != num_outputs:
        yield ERROR, f"attr '_output_shapes' has {len(shapes)} elements, but the node {num_outputs} outputs"
    for problem in filter(None, map(shape_problem, shapes)):
        yield ERROR, f"attr '_output_shapes': a shape {problem}"
    own = _own_shape(op, attr)
    if own is not None and len(shapes) == 1 and not shapes[0].unknown_rank and not shape_problem(shapes[0]):
        said = [dim.size for dim in shapes[0].dim]
        if len(said) != len(own) or any(-1 not in (x, y) and x != y for x, y in zip(said, own, strict=True)):
            yield ERROR, f"attr '_output_shapes' says {said}, but the node is of shape {own}"


def _own_shape(op: str, attr: Mapping[str, schema.AttrValue]) -> list[int] | None:
    """Return the shape of the output of a constant, placeholder or variable; -1 is an unknown dimension."""
    if op == "Const" and "value" in attr:
        return [dim.size for dim in attr["value"].tensor.tensor_shape.dim]
    # Old versions wrote the shape of a scalar for one that is unknown.
    if op in ("Placeholder", "VariableV2") and "shape" in attr:
        return [dim.size for dim in attr["shape"].shape.dim] or None
    return None


def _other_kind(rule: AttrRule, value: schema.AttrValue, in_body: bool) -> Iterator[Fault]:
    """Yield what is wrong with an attr that holds another kind than its own."""
    attr = rule.attr
    held = value.WhichOneof("value")
    if held == "placeholder" and value.placeholder:
        if not in_body:
            # Import asks for types and numbers; the kernel then for all.
            reason = f"stands for attr {value.placeholder!r} of a function, but is in none"
            yield ERROR if rule.counts else WARNING, f"attr {attr.name!r} {reason}"
        return
    if held is not None:
        yield ERROR, f"attr {attr.name!r} holds {kind_of(value, held)}, not {attr.kind}"
    elif attr.default is not None and not attr.is_list:
        yield WARNING, f"attr {attr.name!r} holds nothing, TensorFlow's Python takes its default"
    elif not attr.is_list or attr.minimum:
        yield ERROR, f"attr {attr.name!r} holds nothing, not {attr.kind}"
