"""Average the values of checkpoints.

For: the mean of the last checkpoints of a training run, which often does better than any of them; soups of models that
were fine-tuned apart.

Leaves behind: the mean of every floating-point or complex tensor, summed up in double precision and rounded once.
Integers, bools and strings, such as step counters, are taken from one of the checkpoints, which the report says; but
not the codes of quantized weights, which mean nothing with the mean of scales beside them. All checkpoints are read
side by side, front to back, in a few buffers. In TensorFlow 2 checkpoints whose keys stand for other variables than in
the one that gives the rest, variables are averaged with those of their names.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Literal

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import change, paired, refuse, refuse_unfit, targets
from graphsurgeon.errors import PassError
from graphsurgeon.names import Names
from graphsurgeon.tensors.elementwise import MeanTensor
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.quantized import torn_codes
from graphsurgeon.variables.table_entries import torn_entries


@checkpoint_edit
def average(  # noqa: PLR0913 -- they are the options of a verb
    tensors: MutableMapping[str, Tensor],
    others: Sequence[Mapping[str, Tensor]],
    *,
    weights: tuple[float, ...] = (),
    decay: float | None = None,
    select: Names = (),
    exclude: Names = (),
    take: Literal["first", "last"] = "first",
    missing: Literal["error", "keep"] = "error",
    saturate: bool = False,
) -> Remarks:
    """Average the values of checkpoints.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        The first; edited in place.
    others : sequence of mappings of str to Tensor
        The others, from the oldest to the newest where that matters.
    weights : tuple of float
        One for each checkpoint, in their order; all alike by default.
    decay : float
        Average exponentially: each checkpoint counts 1 - decay, and what came before it decay.
    select : str or sequence of str
        Patterns of what to average: names, or regular expressions that match the whole name. Everything by default.
    exclude : str or sequence of str
        Patterns of what to take from one checkpoint as it is.
    take : {"first", "last"}
        The checkpoint that gives what is not averaged.
    missing : {"error", "keep"}
        What to do about a tensor that not all checkpoints have: refuse, or keep it if the one that gives has it.
    saturate : bool
        Clamp means to the range of the dtype, which weights below zero may leave. Otherwise one out of range is an
        error.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        There is nothing to average, or not of what `select` names, tensors differ in dtype or shape, one is missing, or
        quantized weights would get scales of other ones, or keys of a table values of other ones; while values are
        read: a mean is out of range.
    """
    sources = [dict(tensors), *others]
    factors = _factors(len(sources), weights, decay)
    giver = sources[-1 if take == "last" else 0]
    sources, notes = paired(giver, sources)
    tensors.clear()
    tensors.update(giver)
    chosen, skipped, problems, unfit = [], [], [], []
    wanted = set(targets(giver, select, exclude))
    for name in dict.fromkeys(name for source in sources for name in source):
        absent = [str(number + 1) for number, source in enumerate(sources) if name not in source]
        if name == OBJECT_GRAPH_KEY or (name in giver and name not in wanted):
            continue
        if absent and missing == "error":
            problems.append(f"{name}: not in checkpoint {', '.join(absent)}")
        elif absent:
            skipped.append(Skipped(name, f"not in checkpoint {', '.join(absent)}"))
        elif giver[name].dtype.is_floating or giver[name].dtype.is_complex:
            chosen.append(name)
        else:
            unfit.append(Skipped(name, f"of dtype {giver[name].dtype.name}; taken from the {take}"))
    refuse_unfit("average", unfit, select, chosen, ", of which no means are made")
    skipped += unfit
    refuse("average", problems, hint='`missing="keep"` takes them from one checkpoint, or leaves them out')
    hint = "`exclude` takes the codes and what is beside them from one checkpoint"
    refuse("average", torn_codes(sources, giver, chosen), hint)
    hint = "`exclude` takes keys and values from one checkpoint"
    refuse("average", torn_entries([giver, *sources], chosen), hint)

    def mean(name: str, _base: Tensor) -> Tensor:
        return MeanTensor([source[name] for source in sources], factors, name=name, saturate=saturate)

    change("average", tensors, chosen, mean)
    return Remarks(skipped, notes=notes)


def _factors(count: int, weights: Sequence[float], decay: float | None) -> list[float] | None:
    """Return the weights of the checkpoints in the mean; None when all are alike."""
    if count < 2:
        raise PassError("average", "one checkpoint has no average", hint="name two or more")
    if weights and decay is not None:
        raise PassError("average", "weights and decay exclude each other")
    if decay is not None:
        if not 0 < decay < 1:
            raise PassError("average", f"decay {decay} is not between 0 and 1")
        return [decay ** (count - 1), *((1 - decay) * decay ** (count - 1 - number) for number in range(1, count))]
    if not weights:
        return None
    if len(weights) != count:
        raise PassError("average", f"{len(weights)} weights for {count} checkpoints")
    if not all(abs(weight) < float("inf") for weight in weights) or not abs(sum(weights)) > 0:
        raise PassError("average", f"weights {list(weights)} sum up to nothing")
    return list(weights)
