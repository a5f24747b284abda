"""What unfreezing did that cannot be seen in its result, noted so that freezing can undo it.

The note is JSON in a collection of its own, which TensorFlow carries along when the
graph is trained and exported again, and otherwise ignores. When it imports the graph
under a name scope it takes the note for a name and puts the scope before it, as it does
with all names of the graph: ``scope/{"version":1 ...}``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphsurgeon.names import node_of
from proto_utils import schema
from proto_utils.errors import CorruptionError

COLLECTION = "graphsurgeon/unfreeze"
#: Of a constant, in which `freeze` notes what it was, see `remembered`. Private to us: TensorFlow lets every node have
#: attrs that begin with an underscore.
ATTR = "_graphsurgeon"


# What a note of a constant says, in order.
_SAID = ("read", "rewired", "controls", "anchors", "num_typed", "name")


class ConstantNote:
    """How one constant was read before it became a variable.

    Attributes
    ----------
    read : str
        The read made for it; empty when the graph had one of its own.
    rewired : sequence of [node, input position]
        The constant's own readers, put on a read that the graph had.
    controls : sequence of str
        The constant's control inputs, as written.
    anchors : sequence of str
        The nodes that brought the value to where those had held the constant, in order.
    num_typed : int
        How many values stood in a typed list, where they usually do not; see `tensor_proto.encode`.
    name : str
        The constant's own, which is the read's now; empty when the variable has it.
    """

    __slots__ = ("anchors", "controls", "name", "num_typed", "read", "rewired")

    def __init__(
        self,
        read: str = "",
        rewired: Sequence[list[Any]] = (),
        controls: Sequence[str] = (),
        anchors: Sequence[str] = (),
        num_typed: int = 0,
        name: str = "",
    ) -> None:
        self.read = read
        self.rewired = rewired
        self.controls = controls
        self.anchors = anchors
        self.num_typed = num_typed
        self.name = name

    def to_json(self) -> dict[str, object]:
        """Return what it says as JSON types."""
        said = (self.read, self.rewired, self.controls, self.anchors, self.num_typed, self.name)
        return {key: value for key, value in zip(_SAID, said, strict=True) if value}

    def renamed(self, new: Callable[[str], str]) -> ConstantNote:
        """Return the same of nodes of other names."""
        return ConstantNote(
            read=self.read and new(self.read),
            rewired=[[new(reader), position] for reader, position in self.rewired],
            controls=[f"^{new(text[1:])}" for text in self.controls],
            anchors=list(map(new, self.anchors)),
            num_typed=self.num_typed,
            name=self.name and new(self.name),
        )


class UnfreezeNote:
    """The note that unfreezing leaves in a graph's collections.

    Attributes
    ----------
    constants : dict of str to ConstantNote
        By variable.
    gradient_op_type : dict of str to str
        Dropped attrs, by node (``function/node`` in a function body).
    passed : dict of str to str
        Tensors of nodes that were put between two others, for contexts: what their readers had read.
    swapped : list of str
        Merges of which the first two inputs were exchanged, for contexts.
    contexts : bool
        Whether there were no contexts before.
    """

    def __init__(
        self, constants: Mapping[str, ConstantNote] | None = None, gradient_op_type: Mapping[str, str] | None = None
    ) -> None:
        self.constants = dict(constants or {})
        self.gradient_op_type = dict(gradient_op_type or {})
        self.passed: dict[str, str] = {}
        self.swapped: list[str] = []
        self.contexts = False

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.constants or self.gradient_op_type or self.passed or self.swapped or self.contexts)

    def keep(self, there: Callable[[str], bool]) -> None:
        """Let it speak only of nodes that are there."""
        self.constants = {name: each for name, each in self.constants.items() if there(name)}
        pairs = self.passed.items()
        self.passed = {new: old for new, old in pairs if there(node_of(new)) and there(node_of(old))}
        self.swapped = list(filter(there, self.swapped))

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        constants = {name: each.to_json() for name, each in self.constants.items()}
        more: dict[str, object] = {"passed": self.passed, "swapped": self.swapped, "contexts": self.contexts}
        more = {key: value for key, value in more.items() if value}
        return {"version": 1, "constants": constants, "gradient_op_type": self.gradient_op_type, **more}

    def write(self, meta: schema.MetaGraphDef) -> None:
        """Add the note to a graph's collections; an older one stays, and counts too."""
        data = json.dumps(self.to_json(), separators=(",", ":")).encode()
        meta.collection_def[COLLECTION].bytes_list.value.append(data)

    @classmethod
    def read(cls, meta: schema.MetaGraphDef | None) -> UnfreezeNote:
        """Return the note in a graph's collections, an empty one when there is none; damage is a CorruptionError."""
        note = cls()
        if meta is None or COLLECTION not in meta.collection_def:
            return note
        for data in meta.collection_def[COLLECTION].bytes_list.value:
            try:
                scope, brace, rest = data.decode().partition("{")
                found = json.loads(brace + rest)
                constants = {name: ConstantNote(**c) for name, c in found["constants"].items()}
                note.constants.update({scope + name: c.renamed(scope.__add__) for name, c in constants.items()})
                dropped = found["gradient_op_type"]
                note.passed.update({scope + new: scope + old for new, old in found.get("passed", {}).items()})
                note.contexts |= bool(found.get("contexts"))
                note.swapped += [scope + name for name in found.get("swapped", ())]
                # A node of a function body has no scope before it.
                note.gradient_op_type.update({**dropped, **{scope + where: name for where, name in dropped.items()}})
            except (ValueError, KeyError, TypeError, AttributeError):
                reason = f"the collection {COLLECTION} is damaged: it holds no JSON as unfreeze writes it"
                raise CorruptionError(reason) from None
        return note
