"""Rules for the attrs of ops, as TensorFlow registers them: what each holds, which values are allowed, how few.

Who checks the attrs of a node that is there asks them, and who makes one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from graphsurgeon.ir import ops
from graphsurgeon.ir.op_attrs import OpAttr
from graphsurgeon.ir.signatures import type_refusal
from graphsurgeon.names import some_of, text_of
from graphsurgeon.tensors.dtypes import VALUE_TYPES, DType
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

# By the kind that an attr has: the field of an AttrValue, and of its list, that holds it.
_FIELDS: Final[Mapping[str, str]] = {
    "string": "s", "int": "i", "float": "f", "bool": "b", "type": "type", "shape": "shape", "tensor": "tensor",
    "func": "func",
}  # fmt: skip
#: The kinds of attrs by the fields that hold them.
KINDS: Final[Mapping[str, str]] = {field: kind for kind, field in _FIELDS.items()}

# More allowed values than this are not all written out.
_MAX_SHOWN: Final = 8


class AttrRule(NamedTuple):
    """What to look at in an attr: `OpAttr` with the field that holds it, and types as their numbers.

    `counts` when it tells of which types, or how many, the node's tensors are.
    """

    attr: OpAttr
    field: str
    allowed: frozenset[Any]
    counts: bool


@lru_cache(maxsize=4096)
def attr_rules(op: str) -> Mapping[str, AttrRule] | None:
    """Return the rules of an op by attr, in the order of their registration; None of an op that TensorFlow has not."""
    facts = ops.facts(op)
    if facts is None:
        return None
    # A list of the types of outputs is taken for an empty one.
    args = facts.inputs + tuple(arg for arg in facts.outputs if not arg.is_list)
    counting = {name for arg in args for name in (arg.type, arg.number)}
    rules = {}
    for name, attr in facts.attrs.items():
        kind = attr.element_kind
        allowed = frozenset(each.number if kind == "type" else each for each in attr.allowed)
        allowed = allowed or (VALUE_TYPES if kind == "type" else allowed)
        rules[name] = AttrRule(attr, _FIELDS[kind], allowed, name in counting)
    return rules


def holds_its_kind(rule: AttrRule, value: schema.AttrValue) -> bool:
    """Whether an attr holds what it should: one, or a list."""
    return value.WhichOneof("value") == ("list" if rule.attr.is_list else rule.field)


def value_refusal(rule: AttrRule, value: schema.AttrValue) -> str:
    """Return what is wrong with a value of the right kind, such as ``is -1, but ...``; empty when nothing is."""
    attr, field = rule.attr, rule.field
    if attr.is_list:
        found = value.list
        elements: Sequence[Any] = getattr(found, field)
        strange = [name.name for name, _ in found.ListFields() if name.name != field]
        if strange:
            return f"holds list({KINDS[strange[0]]}), not {attr.kind}"
        if attr.minimum is not None and len(elements) < attr.minimum:
            return f"has {len(elements)} elements, but must have at least {attr.minimum}"
    else:
        elements = (getattr(value, field),)
        if attr.minimum is not None and elements[0] < attr.minimum:
            return f"is {elements[0]}, but must be at least {attr.minimum}"
    if rule.allowed:
        for each in elements:
            if each not in rule.allowed:
                return _refusal(attr, each)
    return ""


def kind_of(value: schema.AttrValue, held: str) -> str:
    """Return the kind of what an attr holds, in the words of op registration."""
    if held != "list":
        return KINDS.get(held, held)
    return ", ".join(f"list({KINDS[name.name]})" for name, _ in value.list.ListFields()) or "an empty list"


def _refusal(attr: OpAttr, value: Any) -> str:
    """Return why the attr, or an element of it, may not have a value."""
    verb = "has" if attr.is_list else "is"
    if attr.element_kind != "type":
        return f"{verb} {text_of(value)!r}, but must be {_choice([repr(text_of(each)) for each in attr.allowed])}"
    reason = type_refusal(value)
    if reason:
        return f"{verb} {reason}"
    return f"{verb} {DType.from_number(value).name}, but must be {_choice([each.name for each in attr.allowed])}"


def _choice(names: list[str]) -> str:
    if len(names) > _MAX_SHOWN:
        return f"one of {some_of(names)}"
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
