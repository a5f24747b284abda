"""Which TensorFlow came with what a node has: its op, its attrs, the values of these.

TensorFlow loads a graph whose ops it registers, with attrs that these have there and values that are allowed there.
What came when is in `ops`; of what no TensorFlow has (ops of other libraries, functions, attrs that begin with ``_``)
nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from graphsurgeon.ir import attr_value
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_attrs import OpAttr
from graphsurgeon.ir.op_defs import default_value
from graphsurgeon.ir.ops import facts
from graphsurgeon.tensors.dtypes import DType
from proto_utils.named_tuple import NamedTuple

#: The first release of which the ops are known.
FIRST: Final = "1.0"
#: The release that graphs are asked about when nobody says which: every one that is in use is newer.
OLDEST: Final = "1.15"

#: The types that came later, by TensorFlow's ``types.proto`` in its releases.
LATER_DTYPES: Final = tuple(
    (DType.from_name(name), since)
    for since, names in {
        "1.4": ("variant",),
        "1.5": ("uint32", "uint64"),
        "2.12": ("float8_e5m2", "float8_e4m3fn"),
        "2.15": ("int4", "uint4"),
        "2.19": ("float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz"),
        "2.20": ("int2", "uint2"),
        "2.21": ("float4_e2m1fn",),
    }.items()
    for name in names
)

# The ops by which a type comes into a graph.
_ENTRIES: Final = frozenset((
    "Const", "Placeholder", "PlaceholderV2", "PlaceholderWithDefault", "Variable", "VariableV2", "VarHandleOp", "Cast",
    "Bitcast",
))  # fmt: skip

Version = tuple[int, ...]


#: What a newer TensorFlow does for a variable that is read, and an older one need not: nothing is computed.
IDLE_OPS: Final = frozenset({"DisableCopyOnRead"})
# Names for people: of a variable, and of a dataset in what monitors it.
_FOR_PEOPLE: Final = frozenset({"debug_name", "metadata"})


class Need(NamedTuple):
    """Something of a node that not every TensorFlow knows: its op, an attr of it, or a value of that.

    `since` is the first that does; `is_default` says that the attr stands at its default.
    """

    since: str
    op: str
    attr: str = ""
    value: str = ""
    is_default: bool = False

    @property
    def what(self) -> str:
        """What it is, for people."""
        if not self.attr:
            return f"op {self.op}"
        return f"{self.value} as {self.attr!r} of op {self.op}" if self.value else f"attr {self.attr!r} of op {self.op}"

    @property
    def can_go(self) -> bool:
        """Whether the graph means the same without it."""
        if not self.attr:
            return self.op in IDLE_OPS
        return self.is_default or (not self.value and self.attr in _FOR_PEOPLE)


def version_of(text: str) -> Version:
    """Return a version such as ``2.10`` or ``1.15.5`` as numbers that compare, without what is behind the second."""
    major, _, minor = text.partition(".")
    return int(major), int(minor.partition(".")[0])


def needs_of(node: Node, oldest: str = OLDEST) -> Iterator[Need]:
    """Yield what of a node came after a TensorFlow; costs a look at its attrs where its op has any that did."""
    since, attrs = _later(node.op, oldest)
    if since:
        yield Need(since, node.op)
    if not attrs:
        return
    held = node.proto.attr
    for name, attr in attrs.items():
        if name not in held:
            continue
        if attr.since != since:
            is_default = attr.default is not None and held[name] == default_value(attr)
            yield Need(attr.since, node.op, name, is_default=is_default)
        if attr.later:
            value = attr_value.decode(held[name])
            values = value if isinstance(value, list) else [value]
            for allowed, came in attr.later:
                if allowed in values:
                    text = allowed.name if isinstance(allowed, DType) else allowed.decode()
                    yield Need(came, node.op, name, text)


def drop_later_defaults(node: Node) -> None:
    """Take attrs out of a node that is new, where they stand at defaults and an older TensorFlow does not know them."""
    for need in list(needs_of(node)):
        if need.attr and need.is_default:
            del node.attrs[need.attr]


@lru_cache(maxsize=4096)
def _later(op: str, oldest: str) -> tuple[str, Mapping[str, OpAttr]]:
    """Return since when an op is there, and its attrs that came later than a release, or have values that did."""
    known = facts(op)
    if known is None:
        return "", {}
    since = _after(known.since, oldest)
    attrs = {}
    for name, attr in known.attrs.items():
        all_later = LATER_DTYPES if op in _ENTRIES and attr.kind == "type" and not attr.allowed else attr.later
        later = tuple((value, mark) for value, mark in all_later if _after(mark, oldest))
        found = attr._replace(since=_after(attr.since, oldest), later=later)
        if found.since != since or later:
            attrs[name] = found
    return since, attrs


def _after(mark: str, oldest: str) -> str:
    """Return a mark when it is of a later release than the oldest that is asked about, else an empty one."""
    return mark if mark and version_of(mark) > version_of(oldest) else ""
