"""Prune weights by magnitude: those that are smallest become zero.

For: models that compress better, or run on hardware that skips zeros; the start of fine-tuning under masks.

Prerequisites: a frozen graph, a graph with a checkpoint, or a checkpoint alone. Of a graph ops tell what is a kernel;
of a checkpoint alone ranks and names do.

Leaves behind: kernels of convolutions and products, recurrent ones too, of which a share is zero; names choose others,
such as embeddings and depthwise kernels. The threshold is that of tf.contrib.model_pruning and of tfmot: with
k = round(n * (1 - sparsity)) in float32, half to even, the k-th largest magnitude; all that are not below it stay, also
where that are more than k, and at least one does. What stays has its very bits, what does not is +0. A pattern n:m
keeps the n largest of each m along the axis before the last, input channels of kernels; of equal ones the first. A
pattern HxW prunes blocks of matrices by their mean magnitude. Values stream: twice to find a threshold, once to count,
once when they are saved.

With `masks` weights stay as they are, and the layers read their products with masks, in the layout of contrib's
model_pruning: variables beside variables, saved with them, constants beside constants, keys beside keys.

What else it meets: weights in function bodies of frozen graphs are left, and said to be; of a partitioned variable the
whole is pruned. What optimizers and moving averages keep of a weight is not touched. A weight that is no number (NaN)
is refused. Without masks graph, saver, collections and signatures stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, some_of
from graphsurgeon.passes._contract import model_pass, takes_tensors
from graphsurgeon.rewrites.training.prunable import PRUNED_ROLES, Prunable, prunable
from graphsurgeon.rewrites.training.sparsity import Decided, Sparsity, parse_sparsity
from graphsurgeon.tensors.selection import selected
from graphsurgeon.variables.checkpoint_keys import EMA
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple

#: Roles of weights that are pruned where names ask for them.
_BY_NAME: Final = frozenset({"embedding", "depthwise_filter"})


class _Chosen(NamedTuple):
    """A tensor to prune, its share of zeros if there is one, and whether it was named."""

    prunable: Prunable
    share: float | None
    is_named: bool


@dataclass(frozen=True)
class SparsifiedRow:
    """A weight that was pruned: its zeros before and now, their share of its elements, and the least magnitude kept."""

    tensor: str
    role: str
    shape: list[int]
    zeros_before: int
    zeros: int
    share: float
    threshold: float | None


@dataclass(frozen=True)
class UnprunedRow:
    """A weight that stays as it was, and why."""

    tensor: str
    reason: str


@dataclass(frozen=True)
class SparsifyReport(Displayed):
    """What `sparsify` did.

    Attributes
    ----------
    pruned : list of SparsifiedRow
    kept : list of UnprunedRow
    num_zeros : int
        Zeros in the weights that were pruned.
    num_elements : int
        Elements of these.
    notes : list of str
    """

    pruned: list[SparsifiedRow]
    kept: list[UnprunedRow]
    num_zeros: int
    num_elements: int
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {**vars(self), "pruned": [vars(row) for row in self.pruned], "kept": [vars(row) for row in self.kept]}


@takes_tensors
@model_pass(needs_graph=False, revalues=True)
def sparsify(
    model: Model,
    *,
    sparsity: Names | float | Mapping[str, Any] = (),
    pattern: str | None = None,
    threshold: float | None = None,
    global_: bool = False,
    select: Names = (),
    exclude: Names = (),
    masks: bool = False,
) -> SparsifyReport:
    """Prune weights by magnitude: those that are smallest become zero.

    Parameters
    ----------
    model : Model, or mutable mapping of str to Tensor
        Edited in place; weights are read to find thresholds. A checkpoint alone is a model, too.
    sparsity : str or sequence of str, or float, or mapping of str to float
        The share of zeros, from 0 to 1, as in 0.8; or that of kernels whose names match a pattern, as in 'fc/.*=0.9',
        or of a weight of that very name. The last that matches counts; weights that match none have the share that
        stands alone, if one does.
    pattern : str
        What is zero together: n:m, as in 2:4, keeps the n largest of each m in a row, and takes no sparsity; HxW, as in
        4x1, prunes blocks of matrices. Single elements by default.
    threshold : float
        Prune magnitudes below this, in place of a share.
    global_ : bool
        One threshold for all weights of the share that stands alone.
    select : str or sequence of str
        Names or patterns of what to prune; kernels by default.
    exclude : str or sequence of str
        Names or patterns of what not to prune.
    masks : bool
        Leave weights as they are, and add the masks of tf.contrib.model_pruning, under which training keeps zeros.

    Raises
    ------
    NotFoundError
        A pattern matches nothing that can be pruned.
    PassError
        It is not said how much to prune, or in two ways; there is nothing to prune, or a weight is no number (NaN).
    """
    wanted = parse_sparsity(sparsity, pattern, threshold, together=global_)
    chosen, kept = _chosen(prunable(model), wanted, select, exclude)
    rules = _rules(chosen, wanted, kept, together=global_)
    if not rules:
        hint = "`select` names what to prune"
        listed = [f"{row.tensor}: {row.reason}" for row in kept]
        raise PassError("sparsify", "there is no kernel that could be pruned", hint=hint, listed=listed)
    rows = _apply(model, rules, masks=masks)
    report = SparsifyReport(rows, kept, sum(row.zeros for row in rows), sum(each.tensor.size for each, _ in rules))
    averaged = [each.name for each, _ in rules if f"{each.name}/{EMA}" in model.variables]
    if averaged:
        report.notes.append(f"moving averages stay as they are: those of {some_of(averaged)}; `select` names them")
    return report


def _chosen(
    found: list[Prunable], wanted: Sparsity, select: Names, exclude: Names
) -> tuple[list[_Chosen], list[UnprunedRow]]:
    """Return what to prune, and what could be pruned and is not."""
    known = [name for each in found for name in each.names]
    named = set(selected(known, select)) if select else set()
    out = set(known).difference(selected(known, (), exclude)) if exclude else set()
    for pattern in wanted.shares:
        selected(known, pattern)
    chosen, kept = [], []
    for each in found:
        share, is_named = wanted.share_of(each.names)
        is_named = not named.isdisjoint(each.names) or (is_named and not select)
        if not out.isdisjoint(each.names):
            if is_named or each.role in PRUNED_ROLES:
                kept.append(UnprunedRow(each.name, "excluded"))
        elif is_named or (each.role in PRUNED_ROLES and not select and each.against is None):
            if share is not None or not wanted.needs_share:
                chosen.append(_Chosen(each, share, is_named))
            elif is_named or wanted.default is not None:
                kept.append(UnprunedRow(each.name, "no share is given for it"))
        elif each.role in PRUNED_ROLES | _BY_NAME and not select:
            kept.append(UnprunedRow(each.name, each.against or f"of role {each.role}, which `select` names"))
    return chosen, kept


def _rules(
    chosen: list[_Chosen], wanted: Sparsity, kept: list[UnprunedRow], *, together: bool
) -> list[tuple[Prunable, Decided]]:
    """Decide how each tensor is pruned; one that is not named and does not fit stays, with the reason."""
    fitting = []
    for each in chosen:
        try:
            wanted.require_fit(each.prunable.tensor)
        except UnsupportedError as error:
            if each.is_named:
                raise PassError("sparsify", error.reason, node=each.prunable.name) from error
            kept.append(UnprunedRow(each.prunable.name, error.reason))
        else:
            fitting.append(each)
    alike = [each for each in fitting if together and each.share == wanted.default]
    try:
        common = wanted.common([each.prunable.tensor for each in alike]) if alike else None
    except UnsupportedError as error:
        raise PassError("sparsify", error.reason) from error
    rules = []
    for each in fitting:
        try:
            decided = (
                common if common is not None and each in alike else wanted.decide(each.prunable.tensor, each.share)
            )
        except UnsupportedError as error:
            hint = f"`exclude={each.prunable.name!r}` leaves it as it is"
            raise PassError("sparsify", error.reason, node=each.prunable.name, hint=hint) from error
        rules.append((each.prunable, decided))
    return rules


def _apply(model: Model, rules: list[tuple[Prunable, Decided]], *, masks: bool) -> list[SparsifiedRow]:
    from graphsurgeon.rewrites.training.with_masks import MaskAdder
    from graphsurgeon.tensors.pruned import PrunedTensor, count_zeros

    rows, edit = [], GraphEdit(model.graph)
    adder = MaskAdder(model, "sparsify") if masks else None
    for each, decided in rules:
        try:
            before, after = count_zeros(each.tensor, decided.rule)
        except UnsupportedError as error:
            raise PassError("sparsify", error.reason, node=each.name) from error
        if adder is not None:
            adder.add(each, decided.rule, decided.threshold)
        elif each.is_key:
            model.variables[each.name] = PrunedTensor(each.tensor, decided.rule)
        elif each.node is not None:
            edit.edit(each.node).attrs["value"] = PrunedTensor(each.tensor, decided.rule)
        share = round(after / each.tensor.size, 6)
        shape = list(each.tensor.shape)
        rows.append(SparsifiedRow(each.name, each.role or "named", shape, before, after, share, decided.threshold))
    edit.apply()
    if adder is not None:
        adder.finish()
    return rows
