"""Merge several checkpoints into one.

For: a model that is assembled from parts which were trained apart; a backbone and a head.

Leaves behind: every tensor of every checkpoint, untouched, under its own name or below the scope that its checkpoint
was given. The same name twice is an error unless both have the same value, both hold slices of one partitioned tensor
that the other lacks, as parts of a checkpoint that was never put together do, or one checkpoint is preferred. Object
graphs of TensorFlow 2 become one, in which the objects of a checkpoint with a scope are below it (those of the first
also where they were): what ``tf.train.Checkpoint(body=..., head=...)`` restores may come from two. What cannot be found
there any more, because another checkpoint has something else at its path, is told.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.errors import PassError
from graphsurgeon.names import Names, some_of, split_names
from graphsurgeon.rewrites.editing.callers import Callers
from graphsurgeon.tensors.boxes import overlapping
from graphsurgeon.tensors.compare import same_values
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_graph_keys import update_object_graph
from graphsurgeon.variables.object_graph_union import unite_object_graphs
from graphsurgeon.variables.object_names import disagreements, object_names, twins_as_in
from proto_utils.errors import UnsupportedError

_MAX_LISTED = 10


@checkpoint_edit
def merge(
    tensors: MutableMapping[str, Tensor],
    others: Sequence[Mapping[str, Tensor]],
    *,
    prefix: Names = (),
    prefer: str | None = None,
    sources: tuple[str, ...] = (),
) -> Remarks:
    """Merge several checkpoints into one.

    A checkpoint is called by its number (1, 2 ...), its letter (a, b ...), its path, or the last part of that.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        The first; edited in place. Values are read only where two tensors of one name have to be compared.
    others : sequence of mappings of str to Tensor
    prefix : str or sequence of str
        A scope for the names of one checkpoint, as in b=head: conv/w of the second becomes head/conv/w.
    prefer : str
        The checkpoint whose tensor is taken when another has one of the same name.
    sources : tuple of str
        The paths of the checkpoints, by which the other options may call them.

    Raises
    ------
    PassError
        Two tensors of one name differ, or keys stand for different variables in two object graphs; all are listed.
    """
    parts = [dict(tensors), *map(dict, others)]
    callers = Callers("merge", "checkpoint", sources, len(parts))
    scopes = dict.fromkeys(range(len(parts)), "")
    for text in split_names(prefix):
        which, equals, scope = text.rpartition("=")
        if not equals:
            hint = "write b=head for the names of the second"
            raise PassError("merge", f"not a prefix: {text!r}", hint=hint, is_usage=True)
        number = callers.number(which)
        parts[number] = _scoped(parts[number], scope)
        scopes[number] = f"{scope}/{scopes[number]}"
    preferred = None if prefer is None else callers.number(prefer)
    order = list(range(len(parts)))
    if preferred is not None:
        order.insert(0, order.pop(preferred))
    for number in order[1:]:
        parts[number] = _with_twins_of(parts[order[0]], parts[number])
    taken = {} if preferred is None else parts[preferred]
    _refuse_other_variables(parts, order)
    merged: dict[str, Tensor] = {}
    clashes = []
    for number in order:
        for name, tensor in parts[number].items():
            whole = _joined(name, merged[name], tensor) if name in merged else tensor
            if whole is not None:
                merged[name] = whole
            elif name != OBJECT_GRAPH_KEY and not (name in taken or _is_same(merged[name], tensor)):
                clashes.append(name)
    if clashes:
        names = "a name stands" if len(clashes) == 1 else f"{len(clashes):,} names stand"
        raise PassError(
            "merge",
            f"{names} for different values: {some_of(clashes, _MAX_LISTED)}",
            listed=clashes,
            hint='`prefer="a"` takes those of the first, `prefix="b=scope"` keeps both',
        )
    notes = _unite_object_graphs(merged, parts, order, scopes)
    tensors.clear()
    tensors.update(merged)
    return Remarks(notes=notes)


def _scoped(tensors: Mapping[str, Tensor], scope: str) -> dict[str, Tensor]:
    """Return the tensors below a scope; the object graph keeps its key and notes the new ones."""
    scope = scope if not scope or scope.endswith("/") else f"{scope}/"
    new_keys = {name: scope + name for name in tensors if name != OBJECT_GRAPH_KEY}
    renamed = {new_keys.get(name, name): tensor for name, tensor in tensors.items()}
    update_object_graph(renamed, new_keys)
    return renamed


def _with_twins_of(first: Mapping[str, Tensor], part: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a checkpoint with the twins of a Keras export in the order of another; their own order means nothing."""
    new_keys = twins_as_in(first, part)
    if not new_keys:
        return part
    renamed = {new_keys.get(name, name): tensor for name, tensor in part.items()}
    update_object_graph(renamed, new_keys)
    return renamed


def _refuse_other_variables(parts: Sequence[Mapping[str, Tensor]], order: Sequence[int]) -> None:
    """Refuse keys that stand for different variables in two object graphs: one would be lost under the other's name."""
    known = [(number, names) for number in order if (names := object_names(parts[number])) is not None]
    lines = []
    for position, (first, names) in enumerate(known):
        for second, others in known[position + 1 :]:
            for key, (name, other) in disagreements(names, others).items():
                if key in parts[first] and key in parts[second]:
                    lines.append(f"{key} is {name} in checkpoint {first + 1} and {other} in {second + 1}")
    if lines:
        raise PassError(
            "merge",
            f"{len(lines):,} keys stand for different variables: {some_of(lines, _MAX_LISTED, '; ')}",
            listed=lines,
            hint='`prefix="b=scope"` keeps both; fit finds values by the names of variables',
        )


def _unite_object_graphs(
    merged: dict[str, Tensor], parts: Sequence[Mapping[str, Tensor]], order: Sequence[int], scopes: Mapping[int, str]
) -> list[str]:
    """Put the union of all object graphs into a checkpoint; return notes."""
    lost = unite_object_graphs(merged, [(parts[number], scopes[number]) for number in order])
    if not lost:
        return []
    return [
        f"tf.train.Checkpoint does not find by objects, for others are at their paths: {some_of(lost, _MAX_LISTED)}"
    ]


def _joined(name: str, a: Tensor, b: Tensor) -> Tensor | None:
    """Return what slices of one partitioned tensor are together; None unless each lacks what the other has."""
    if not isinstance(a, JoinedTensor) or not isinstance(b, JoinedTensor) or (a.dtype, a.shape) != (b.dtype, b.shape):
        return None
    parts = [*a.parts, *b.parts]
    if a.is_complete or b.is_complete or overlapping(box for box, _ in parts) is not None:
        return None
    return JoinedTensor(a.shape, parts, name=name, slices=[*a.slices, *b.slices], path=a.path)


def _is_same(a: Tensor, b: Tensor) -> bool:
    try:
        return same_values(a, b)
    except UnsupportedError:
        # Variants: nobody but TensorFlow can compare them.
        return False
