"""Join the slices of partitioned tensors.

For: programs whose variables are not partitioned, or are along other axes.

Leaves behind: tensors of the same names, dtypes, shapes and values, each in one piece. A partitioned variable restores
its slices from one as well.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import change, targets
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor


@checkpoint_edit
def unpartition(
    tensors: MutableMapping[str, Tensor], *, select: tuple[str, ...] = (), exclude: tuple[str, ...] = ()
) -> Remarks:
    """Join the slices of partitioned tensors.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    select : tuple of str
        Patterns of what to put together: names, or regular expressions that match the whole name. All that is
        partitioned by default.
    exclude : tuple of str
        Patterns of what to leave in slices.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    """
    chosen = [name for name in targets(tensors, select, exclude) if tensors[name].parts is not None]
    change("unpartition", tensors, chosen, lambda _, base: ReshapedTensor(base, base.shape))
    return Remarks()
