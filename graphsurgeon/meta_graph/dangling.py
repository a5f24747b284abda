"""References to nodes that are not there, and taking out the entries that make them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import MetaEntry, Reference, references, tensor_names
from graphsurgeon.names import node_of
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

IsThere = Callable[[str], bool]

# The lists of a context that `MetaEntry.num_names` counts.
_LISTS = ("values", "loop_exit_names", "loop_enter_names")


class Gone(NamedTuple):
    """An entry that goes."""

    where: str  # ``collection variables``, ``signature`` ...
    name: str  # what it is known by
    part: str = ""  # how much of the entry goes; empty for all of it


def dangling(found: Iterable[Reference], is_there: IsThere) -> Iterator[Reference]:
    """Yield, of references, those to nodes that are not there, whose entries go with them."""
    return (each for each in found if each.is_vital and not is_there(node_of(each.name)))


def losses(missing: Iterable[Reference]) -> list[Gone]:
    """Return what goes with dangling references, one row for each entry of the meta graph."""
    lost: dict[MetaEntry, list[Reference]] = {}
    for each in missing:
        lost.setdefault(each.entry.root, []).append(each)
    return [Gone(root.where, root.label, _part(root, found)) for root, found in lost.items()]


def drop_dangling(meta: schema.MetaGraphDef, is_there: IsThere) -> list[Gone]:
    """Take out every entry of collections, signatures and assets that names a node which is not there.

    An asset that names no tensor goes, too. A control-flow context is cut down to what is there, and goes when its
    pivots are gone. The `saver_def` and the `object_graph_def` stay as they are.
    """
    missing = []
    for each in dangling(references(meta), is_there):
        if not each.entry.is_removed:
            each.entry.remove()
            missing.append(each)
    nameless = [asset for asset in meta.asset_file_def if not asset.tensor_info.name]
    for asset in nameless:
        meta.asset_file_def.remove(asset)
    return losses(missing) + [Gone("asset", asset.filename) for asset in nameless]


def narrow_signatures(meta: schema.MetaGraphDef, is_there: IsThere) -> list[Gone]:
    """Take outputs that are not there out of signatures of which others are, and with them the inputs that went too.

    So the outputs that are left keep their names. Where a signature is whole, it has them, and nothing is done.
    """
    found = {}
    for key in sorted(set(meta.signature_def) - {INIT_SIGNATURE}):
        sides = {side: getattr(meta.signature_def[key], side) for side in ("outputs", "inputs")}
        missing = [
            (side, n) for side, infos in sides.items() for n in sorted(infos) if not _is_whole(infos[n], is_there)
        ]
        if sides["outputs"] and not missing:
            return []
        lost = sum(side == "outputs" for side, _ in missing)
        if 0 < lost < len(sides["outputs"]):
            found[key] = missing
    for key, missing in found.items():
        for side, name in missing:
            del getattr(meta.signature_def[key], side)[name]
    return [Gone("signature", key, ", ".join(f"{side[:-1]} {n}" for side, n in found[key])) for key in found]


def _is_whole(info: schema.TensorInfo, is_there: IsThere) -> bool:
    return all(is_there(node_of(name)) for name in tensor_names(info) if name)


def idle_inputs(meta: schema.MetaGraphDef, kept: Container[str], before: Container[str]) -> list[str]:
    """Return the inputs of signatures that their outputs do not need and never did.

    Signatures whose outputs are not all `kept` do not count. An input among the nodes that were needed `before`, when
    the graph was whole, has been cut off.
    """
    found: list[str] = []
    for signature in meta.signature_def.values():
        outputs, inputs = (
            [node_of(name) for info in infos.values() for name in tensor_names(info) if name]
            for infos in (signature.outputs, signature.inputs)
        )
        missing = [name for name in inputs if name not in kept]
        if all(name in kept for name in outputs) and not any(name in before for name in missing):
            found += missing
    return found


def _part(root: MetaEntry, missing: Iterable[Reference]) -> str:
    """Return how much of a context goes; empty when all does, or when it is no context."""
    if root.message is None or any(each.entry is root for each in missing):
        return ""
    gone = {each.entry for each in missing if each.entry.message is not None}
    lost = sum(each.entry.within is root and each.entry not in gone and each.field in _LISTS for each in missing)
    parts = [f"{lost} of {root.num_names} names"] if lost else []
    parts += [f"{len(gone)} nested contexts"] if gone else []
    return ", ".join(parts) or "names further inside"
