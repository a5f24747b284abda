"""What still needs nodes that are to go, in a graph and around it: an entry that stays, and names one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from graphsurgeon.ir.index import Index
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import MetaEntry, message_references, references, tensor_names
from graphsurgeon.names import node_of
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

# Entries that belong to one node, the one that they name first; and contexts, to their pivots.
_OWNED = {"VariableDef": "variable_name", "QueueRunnerDef": "queue_name"}


class StillNeeded(NamedTuple):
    """A node that is to go, and who needs it."""

    node: str
    by: str


def still_needed(
    index: Index, meta: schema.MetaGraphDef | None, gone: Collection[str], saver: Collection[str]
) -> Iterator[StillNeeded]:
    """Yield who needs nodes that are to go; the nodes of a `saver` that goes too need none."""
    for name in gone:
        readers = [node.name for node, _ in index.edges(name) if node.name not in gone and node.name not in saver]
        yield from (StillNeeded(name, f"node {reader!r}") for reader in dict.fromkeys(readers))
    if meta is None:
        return
    for key in sorted(meta.signature_def):
        for output, info in sorted(meta.signature_def[key].outputs.items()):
            for name in map(node_of, filter(None, tensor_names(info))):
                if name in gone and key != INIT_SIGNATURE:
                    yield StillNeeded(name, f"output {output!r} of signature {key!r}")
    for each in references(meta):
        owner = _owner(each.entry)
        name = node_of(each.name)
        if each.is_vital and name in gone and owner and owner not in gone and name != owner:
            yield StillNeeded(name, f"the {each.entry.where.removeprefix('collection ')!r} entry of {owner!r}")


def _owner(entry: MetaEntry) -> str:
    """Return the node that an entry is about, if it is about one."""
    message = entry.message
    field = "" if message is None else _OWNED.get(message.DESCRIPTOR.name, "")
    return node_of(getattr(message, field)) if field else ""


def unread_inputs(meta: schema.MetaGraphDef, gone: Collection[str]) -> list[tuple[str, str]]:
    """Take inputs that go out of signatures, which nobody reads; return signature and input of each."""
    found = []
    for key in sorted(meta.signature_def):
        inputs = meta.signature_def[key].inputs
        for name in sorted(inputs):
            refs = [node_of(each.name) for each in message_references(MetaEntry("", "", inputs[name]))]
            if any(each in gone for each in refs):
                found.append((key, name))
        for signature, name in found:
            if signature == key:
                del inputs[name]
    return found
