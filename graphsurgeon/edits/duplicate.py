r"""Copy tensors to a second name, without their bytes.

For: a graph with two branches that both start from the weights of one; tied weights that are to be trained apart.

Leaves behind: everything, and every named tensor once more under another key. Both keys lead to the same bytes in the
data file, so the duplicate takes no room; whoever trains them writes two tensors.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.errors import PassError
from graphsurgeon.names import Names
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY


@checkpoint_edit
def duplicate(tensors: MutableMapping[str, Tensor], *, map: Names) -> Remarks:  # noqa: A002 -- as of `rename`
    r"""Copy tensors to a second name; both lead to the same bytes.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; no value is read.
    map : str or sequence of str
        Old and new names, as in 'branch_1/(.*)=branch_2/\1': a name or regular expression of whole names, the last =
        and the new name, in which \1 is a group.

    Raises
    ------
    NotFoundError
        An entry takes no tensor.
    PassError
        A new name is taken already, or two tensors would get it.
    """
    entries = [NameMap([entry]) for entry in parse_texts(map, "duplicate")]
    added: dict[str, Tensor] = {}
    for entry in entries:
        for name in (name for name in tensors if name != OBJECT_GRAPH_KEY):
            new = entry.find(name)
            if new is None:
                continue
            if new in tensors or new in added:
                raise PassError("duplicate", f"{name!r} cannot be {new!r} too: that name is taken")
            added[new] = tensors[name]
        entry.require_all_used(tensors)
    tensors.update(added)
    return Remarks()
