"""Join the slices of partitioned tensors, and the parts that have names of their own.

For: programs whose variables are not partitioned, or are along other axes.

Leaves behind: tensors in one piece: slices under the name they had, ``w/part_0``, ``w/part_1`` ... as ``w``, and what
optimizers keep beside them, ``w/part_0/Adam`` ..., as ``w/Adam``. A partitioned variable of TensorFlow 1 restores its
slices from one as well. Parts lie along the axis in which their shapes differ; where all are alike, the graph beside
the checkpoint says which, or it is the first, as for TensorFlow's own partitioners.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import axis_of, change, objectless, refuse
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, matches_any, some_of, split_patterns
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.selection import Skipped, selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import declared_parts
from graphsurgeon.variables.named_parts import axes_of, boxes_of, broken_parts, joined_shape, named_parts
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils.errors import UnsupportedError

_MAX_TOLD = 3


@checkpoint_edit
def unpartition(
    tensors: MutableMapping[str, Tensor],
    *,
    select: Names = (),
    exclude: Names = (),
    axis: int | None = None,
    model: Model | None = None,
) -> Remarks:
    """Join the slices of partitioned tensors, and the parts that have names of their own.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    select : str or sequence of str
        Patterns of what to put together: names of tensors, of parts or of their whole, or regular expressions that
        match all of one. All that is in slices, or in parts ``w/part_0``, ``w/part_1`` ..., by default.
    exclude : str or sequence of str
        Patterns of what to leave as it is.
    axis : int
        Along which axis parts lie whose shapes do not tell; a negative one counts from the end.
    model : Model
        A graph whose variables these are, which may tell the axis.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        Parts that are selected do not make a whole, or its name is taken.
    """
    groups = {whole: parts for whole, parts in named_parts(tensors).items() if len(parts) > 1}
    names = [name for name in tensors if name != OBJECT_GRAPH_KEY]
    broken = broken_parts(names)
    wholes = [whole for whole in (*groups, *broken) if whole not in tensors]
    chosen = set(selected([*names, *wholes], select, exclude))
    sliced = [name for name in names if name in chosen and tensors[name].parts is not None]
    change("unpartition", tensors, sliced, lambda _, base: ReshapedTensor(base, base.shape))
    left_out = split_patterns(exclude)
    groups = {
        whole: parts
        for whole, parts in groups.items()
        if (whole in chosen or not chosen.isdisjoint(parts))
        and not matches_any(left_out, whole)
        and not all(matches_any(left_out, part) for part in parts)
    }
    declared = {} if model is None else dict(_declared_axes(model))
    made: dict[str, Tensor] = {}
    problems = {whole: f"part {number} is missing" for whole, number in broken.items() if whole in chosen}
    by_default: list[str] = []
    for whole, parts in groups.items():
        try:
            if whole in tensors:
                raise UnsupportedError(f"there is a {whole!r} beside its parts")
            given = declared.get(whole) if axis is None else axis
            made[whole] = _joined(whole, [tensors[part] for part in parts], given)
            if given is None and len(axes_of([tensors[part].shape for part in parts])) > 1:
                by_default.append(whole)
        except UnsupportedError as error:
            problems[whole] = error.reason
    if select:
        refuse("unpartition", [f"{whole}: {reason}" for whole, reason in problems.items()])
    return _finished(tensors, groups, made, problems, by_default)


def _finished(
    tensors: MutableMapping[str, Tensor],
    groups: Mapping[str, Sequence[str]],
    made: Mapping[str, Tensor],
    problems: Mapping[str, str],
    by_default: Iterable[str],
) -> Remarks:
    """Put wholes in the place of their parts, and say so."""
    reasons = {part: f"part of {whole}" for whole in made for part in groups[whole]}
    for part in reasons:
        del tensors[part]
    tensors.update(made)
    told = some_of(list(by_default), _MAX_TOLD)
    notes = [f"joined along axis 0, which their shapes do not tell (`axis` says another): {told}"] if told else []
    return Remarks([Skipped(*row) for row in problems.items()], reasons, [*notes, *objectless(tensors, made)])


def _joined(whole: str, parts: Sequence[Tensor], axis: int | None) -> Tensor:
    shapes = [part.shape for part in parts]
    axes = axes_of(shapes)
    number = axes[0] if axis is None and axes else axis_of(axis or 0, len(shapes[0]))
    if number not in axes or len({part.dtype for part in parts}) > 1:
        listed = some_of([f"{part.dtype.name} {list(part.shape)}" for part in parts], _MAX_TOLD)
        along = "" if axis is None else f" along axis {axis}"
        raise UnsupportedError(f"its {len(parts)} parts do not lie one behind the other{along}: {listed}")
    shape = joined_shape(shapes, number) or ()
    joined = JoinedTensor(shape, list(zip(boxes_of(shapes, number), parts, strict=True)), name=whole)
    return ReshapedTensor(joined, shape)


def _declared_axes(model: Model) -> Iterator[tuple[str, int]]:
    """Yield the axis of each partitioned variable, as its VariableDefs have it."""
    for place in declared_parts(model).values():
        if place.box is not None:
            lengths = [stop - start for start, stop in place.box]
            divided = [number for number, dim in enumerate(place.shape) if lengths[number] < dim]
            if len(divided) == 1:
                yield place.key, divided[0]
