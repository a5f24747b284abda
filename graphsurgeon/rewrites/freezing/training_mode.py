"""Batch norms that stay in training mode when a graph is frozen, and what that drops.

A fused batch norm in training mode normalizes by its batch. The moving averages that it
was trained to use otherwise are read by their own updates alone, so they go::

    FusedBatchNormV3(x, gamma, beta, (), ()) {is_training: true} -> :1 -> sub_1 -> AssignSub(moving_mean, ...)

One that is written out takes the mean of its batch, and an update reads that::

    Mean(x) -> StopGradient, Squeeze -> sub -> AssignSub(moving_mean, ...)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.names import node_of_input, some_of

_FUSED = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
_SUBTRACTING = frozenset({"AssignSub", "AssignSubVariableOp"})

# What stands between a batch's statistics and the update of their average.
_BETWEEN = frozenset(
    {"Sub", "Mul", "Squeeze", "Identity", "StopGradient", "Reshape", "Cast", "Switch", "_SwitchN", "Merge"}
)


def training_mode_notes(index: Index, roots: Sequence[str], variables: Iterable[str]) -> list[str]:
    """Return a note that names batch norms which stay in training mode, and their moving averages, which go.

    `roots` are the outputs. Costs one look at each node, and at what is around updates.
    """
    updates = [node for node in index.producers.values() if node.op in _SUBTRACTING]
    fused = [node for node in index.producers.values() if node.op in _FUSED]
    if not updates and not fused:
        return []
    needed = ancestors(index.producers, roots)
    read = _read_by_data(index, roots)
    norms = [node.name for node in fused if node.name in needed and _is_training(index, node)]
    names = set(variables)
    dropped = []
    for update in updates:
        average, statistics = _average(index, update, names), _statistics(index, update)
        if average and average not in read and not statistics.isdisjoint(needed):
            dropped.append(average)
            norms += [name for name in statistics if index.producers[name].op not in _FUSED and name in needed]
    if not norms:
        return []
    note = f"batch normalization stays in training mode, and takes the statistics of each batch: {_few(norms)}"
    return [f"{note}; moving averages that go: {_few(dropped)}" if dropped else note]


def _is_training(index: Index, node: Node) -> bool:
    """Whether a fused batch norm is in training mode whatever is fed; one in a branch is not."""
    source = index.producer(node.data_inputs[0]) if node.data_inputs else None
    return bool(node.attrs.get("is_training", True)) and (source is None or source.op not in ("Switch", "_SwitchN"))


def _is_moment(index: Index, node: Node) -> bool:
    """Whether a node is a mean of which the variance is taken as well, or that variance."""
    if node.op != "Mean" or not node.data_inputs:
        return False
    source = index.producer(node.data_inputs[0])
    readers = [reader for reader, _ in index.consumers(node.name)]
    readers += [after for reader in readers if reader.op == "StopGradient" for after, _ in index.consumers(reader.name)]
    return any(each.op == "SquaredDifference" for each in [*readers, *([] if source is None else [source])])


def _few(names: Iterable[str]) -> str:
    return some_of(sorted(set(names)))


def _read_by_data(index: Index, roots: Sequence[str]) -> set[str]:
    """Return what the roots read, directly or not."""
    found: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        node = index.producers.get(name)
        if node is not None and name not in found:
            found.add(name)
            pending += map(node_of_input, node.data_inputs)
    return found


def _average(index: Index, update: Node, variables: set[str]) -> str | None:
    """Return the variable that an op changes, through what hands it on."""
    name = node_of_input(update.data_inputs[0]) if update.data_inputs else ""
    for _ in range(len(index.producers)):
        node = index.producers.get(name)
        if name in variables or node is None or not node.data_inputs:
            break
        name = node_of_input(node.data_inputs[0])
    return name if name in variables else None


def _statistics(index: Index, update: Node) -> set[str]:
    """Return the ops whose results an update averages."""
    found, seen = set(), set()
    pending = list(map(node_of_input, update.data_inputs[1:]))
    while pending:
        name = pending.pop()
        node = index.producers.get(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        if node.op in _FUSED or _is_moment(index, node):
            found.add(name)
        elif node.op in _BETWEEN:
            pending += map(node_of_input, node.data_inputs)
    return found
