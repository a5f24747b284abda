"""Replace values by their exponential moving averages.

For: evaluating and exporting what ``tf.train.ExponentialMovingAverage`` kept during training, without a Saver that maps
``w`` to ``w/ExponentialMovingAverage``; what optimizers of Keras keep with ``use_ema``; averages that an optimizer has
as slots, as the model garden's and TensorFlow Addons' have.

Leaves behind: the averages under the plain names, untouched; the averages' own names are gone, and with them what an
optimizer of TensorFlow 2 had of them: restoring it notices that. What has no average stays; the report lists
floating-point variables among that, but for the state of optimizers.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import refuse, targets
from graphsurgeon.errors import PassError
from graphsurgeon.names import Names
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import EMA
from graphsurgeon.variables.object_graph import ObjectGraph, read_object_graph
from graphsurgeon.variables.object_graph_keys import update_object_graph
from graphsurgeon.variables.object_names import slots_of_variables
from graphsurgeon.variables.optimizer_state import averages_of_objects, optimizer_state

#: What slots are called that are averages of their variable.
_SLOTS = ("average", "ema", "moving_average", EMA)


@checkpoint_edit
def ema(
    tensors: MutableMapping[str, Tensor],
    *,
    select: Names = (),
    exclude: Names = (),
    suffix: str = EMA,
) -> Remarks:
    """Replace values by their exponential moving averages.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; no value is read.
    select : str or sequence of str
        Patterns of the plain names: names, or regular expressions that match the whole name. Whatever has an average by
        default.
    exclude : str or sequence of str
        Patterns of what keeps its own value; its average goes too.
    suffix : str
        What follows the plain name and a slash in the name of an average, or what an optimizer calls the slot; slots
        called average, ema or moving_average need none.

    Raises
    ------
    NotFoundError
        A pattern matches no variable with an average.
    PassError
        There are no averages, or one differs in dtype or shape from what it is an average of.
    """
    ending = f"/{suffix}"
    averages = {name.removesuffix(ending): name for name in tensors if name.endswith(ending) and name != ending}
    objects = read_object_graph(tensors)
    if objects is not None:
        averages |= {key: own for key, own in _of_objects(objects, suffix).items() if own in tensors}
    if not averages:
        what = "there are no averages: no name ends in" if objects is None else "there are no averages: no slot, no end"
        raise PassError("ema", f"{what} {ending!r}", hint="`suffix` names another ending, or the slot of an optimizer")
    chosen = targets(averages, select, exclude)
    problems = []
    for plain in chosen:
        old, new = tensors.get(plain), tensors[averages[plain]]
        if old is not None and (old.dtype, old.shape) != (new.dtype, new.shape):
            kinds = [f"{each.dtype.name} {list(each.shape)}" for each in (old, new)]
            problems.append(f"{plain} is {kinds[0]}, its average {kinds[1]}")
    refuse("ema", problems)
    own = {*optimizer_state(tensors).reasons, *averages.values()}
    others = [name for name in targets(tensors) if tensors[name].dtype.is_floating and name not in own]
    taken = {plain: tensors[averages[plain]] for plain in chosen}
    # Of two objects with one key, tf.train.Checkpoint restores only one.
    new_keys = {averages[plain]: None if plain in tensors else plain for plain in chosen}
    for name in set(averages.values()):
        del tensors[name]
    tensors.update(taken)
    update_object_graph(tensors, {name: new_keys.get(name) for name in averages.values()})
    skipped = [Skipped(name, "has no average" if name not in averages else "not selected") for name in others]
    skipped = [row for row in skipped if row.name not in taken]
    note = f"{len(taken):,} of {len(skipped) + len(taken):,} floating-point variables have the value of their average"
    return Remarks(skipped, notes=[note])


def _of_objects(objects: ObjectGraph, suffix: str) -> dict[str, str]:
    """Return the keys of averages by those of their variables: what Keras lists as such, and slots of such a name."""
    names = {*_SLOTS, suffix}
    slots = {of: key for key, (of, name) in slots_of_variables(objects).items() if name in names}
    return slots | averages_of_objects(objects)
