"""Batch norms at inference whose statistics are variables: what can train again.

Fused ones, and those that are written out as `tf.nn.batch_normalization` does::

    FusedBatchNormV3(x, gamma, beta, mean, variance) {is_training: false}

    variance -> Add(epsilon) -> Rsqrt -> Mul(gamma) = m        Add(Mul(x, m), Sub(beta, Mul(mean, m)))

``mean`` and ``variance`` are variables when only reads stand between, with a Cast or Reshape where these serve the norm
alone. Under a predicate that says whether the graph trains, both ways are there::

    Merge(FusedBatchNorm_1 of variables, FusedBatchNorm in training mode)        Merge(mean, mean of the batch)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from graphsurgeon.ir.frames import ENTER_OPS, MERGE_OPS, SPLITTING_OPS, frames_of
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import output_number
from graphsurgeon.meta_graph.references import signature_references
from graphsurgeon.names import node_of_input, scope_of
from graphsurgeon.rewrites.editing.branches import Guards, guards_of, has_branches
from graphsurgeon.rewrites.folding.normalizations import FUSED_OPS, GLOBAL_OPS
from proto_utils.named_tuple import NamedTuple

_HANDED_ON: Final = ENTER_OPS | {"Identity", "ReadVariableOp"} | SPLITTING_OPS
_CONVERTED: Final = frozenset({"Cast", "Reshape"})
_ADDS: Final = frozenset({"Add", "AddV2"})
_UPDATES: Final = frozenset({"AssignSub", "AssignSubVariableOp", "AssignAdd", "AssignAddVariableOp"})
# Keras 3 reads each variable in a cast to the type of its layer, which is a no-op when it has that already.
_KERAS_3: Final = re.compile(r"(.*/)?[Cc]ast(_\d+)?/ReadVariableOp(_\d+)?")
_BRANCH: Final = re.compile(r"/((cond|batchnorm|moments|then|else)(_\d+)?|_\d+)$")
_MAX_STEPS: Final = 20
#: Why a batch norm stays that there is nothing to do about.
IN_TRAINING: Final = "is in training mode already"


class UntrainableError(Exception):
    """A batch norm stays as it is; the text says why."""


class _ComputedError(UntrainableError):
    """A norm whose statistics are computed, as layer norms have them, and batch norms in training mode."""


class Statistic(NamedTuple):
    """A moving statistic: its variable, the tensor that is its value, and where the norm reads that.

    `read` is the node next to the variable that reads it, empty when that is within a branch; `merged` what stands for
    the value where a predicate chooses between it and that of the batch.
    """

    variable: str
    read: str
    value: str
    reader: str
    position: int
    merged: str = ""
    used: str = ""  # the tensor that the norm computes with: the value, converted and reshaped
    is_reshaped: bool = False
    is_keras_3: bool = False


class InferenceNorm(NamedTuple):
    """A batch norm of which both statistics are variables.

    `node` is the fused op, or the last one of a norm that is written out; `trained` is the fused op in training mode
    where there is one under the same `predicate`, which is empty when nothing chooses.
    """

    node: Node
    scope: str
    x: str
    mean: Statistic
    variance: Statistic
    predicate: str = ""
    trained: str = ""

    @property
    def is_fused(self) -> bool:
        """Whether one op does it all."""
        return self.node.op in FUSED_OPS

    @property
    def names(self) -> tuple[str, ...]:
        """What patterns may mean it by: its node, its scope, its variables."""
        return self.node.name, self.scope, self.mean.variable, self.variance.variable


class _Parts(NamedTuple):
    """Parts of a norm that is written out: the scaled mean, which factor the mean is, the result, and x."""

    taken: Node
    mean_at: int
    last: Node
    x: str


class NormFinder:
    """The batch norms of a model's graph.

    Costs O(nodes + edges) where there are branches or loops, else a look at each norm.

    Attributes
    ----------
    found : list of InferenceNorm
    kept : dict of str to str
        Batch norms that stay as they are, and why.
    updates : list of str
        Ops that update the moving averages of norms which train already.
    """

    def __init__(self, model: Model, index: Index) -> None:
        self._index = index
        self._guards = guards_of(model.graph) if has_branches(model.graph) else {}
        self._frames = frames_of(model.graph, index) if model.graph.nodes_of(ENTER_OPS) else {}
        self._named = set() if model.meta is None else {each.name for each in signature_references(model.meta)}
        self.found: list[InferenceNorm] = []
        self.kept: dict[str, str] = {}
        self.updates: list[str] = []
        for node in model.graph.nodes_of(FUSED_OPS | GLOBAL_OPS | {"Rsqrt"}):
            self._look_at(node)
        trained = {norm.trained for norm in self.found}
        for name in trained & self.kept.keys():
            del self.kept[name]

    def _look_at(self, node: Node) -> None:
        name, norm = node.name, None
        try:
            if node.op == "Rsqrt":
                add, candidates = self._written_out(node)
                name = candidates[0].last.name if candidates else name
                norm = self._plain(add, candidates) if candidates else None
            elif node.op in GLOBAL_OPS:
                raise UntrainableError(f"op {node.op} has no training mode")
            else:
                norm = self._fused(node)
            if norm is not None:
                self._require_sole_updates(norm)
        except UntrainableError as error:
            self.kept[name] = str(error)
        else:
            self.found += [] if norm is None else [norm]

    def _fused(self, node: Node) -> InferenceNorm:
        if attr_of(node, "is_training") is not False:
            raise UntrainableError(IN_TRAINING)
        mean, variance = self._statistic(node, 3), self._statistic(node, 4)
        if any(each.merged or each.reader != node.name for each in (mean, variance)):
            raise UntrainableError("its statistics are chosen or converted before it")
        predicate, trained = self._place(node)
        # Under a predicate the norm stays as it is.
        readers = [] if trained else self._index.consumers(node.name)
        if any(output_number(node, reader.inputs[at].partition(":")[2]) != 0 for reader, at in readers):
            raise UntrainableError("more than its first output is read, as gradients do")
        if not trained and any(f"{node.name}:{number}" in self._named for number in range(1, 6)):
            raise UntrainableError("a signature gives more than its first output")
        return InferenceNorm(
            node, _scope(node.name) or scope_of(mean.variable), node.data_inputs[0], mean, variance, predicate, trained
        )

    def _place(self, node: Node) -> tuple[str, str]:
        """Return the predicate that chooses a fused norm at inference, and the one in training mode beside it."""
        self._require_outside_loops(node)
        guards = self._conditions(node.name)
        if not guards:
            return "", ""
        merges = self._merges(node)
        for other in [self._handed_on(text) for merge in merges for text in merge.data_inputs]:
            if other is not None and other.op in FUSED_OPS and attr_of(other, "is_training") is not False:
                ((predicate, side), *more) = guards
                if not more and self._conditions(other.name) == {(predicate, not side)}:
                    return predicate, other.name
        raise UntrainableError(f"is in a branch of a condition: {_told(guards)}")

    def _merges(self, node: Node) -> list[Node]:
        """Return the Merges that take the first output of a node, through Identities, as after `lower`."""
        found, pending = [], [node]
        while pending:
            for reader, at in self._index.consumers(pending.pop().name):
                if output_number(node, reader.inputs[at].partition(":")[2]) == 0:
                    found += [reader] if reader.op in MERGE_OPS else []
                    pending += [reader] if reader.op == "Identity" else []
        return found

    def _handed_on(self, text: str) -> Node | None:
        """Return the node whose first output a tensor is, through Identities."""
        for _ in range(_MAX_STEPS):
            node = self._index.producer(text)
            if node is None or node.op != "Identity":
                break
            text = node.data_inputs[0]
        return node

    def _conditions(self, name: str) -> Guards:
        """Return the guards of a node by the tensors that predicates are handed on from."""
        return frozenset((self._origin(text), side) for text, side in self._guards.get(name, ()))

    def _origin(self, text: str) -> str:
        node = self._index.producer(text)
        for _ in range(_MAX_STEPS):
            if node is None or node.op not in ("Identity", "Switch", "_SwitchN") or not node.data_inputs:
                break
            text = node.data_inputs[0]
            node = self._index.producer(text)
        return text if ":" in text else f"{text}:0"

    def _require_outside_loops(self, node: Node) -> None:
        frames = self._frames.get(node.name, ())
        if frames:
            raise UntrainableError(
                f"is in the loop with frame {frames[-1].name!r}, where nothing can average over its runs"
            )

    def _written_out(self, rsqrt: Node) -> tuple[Node, list[_Parts]]:
        """Return the node that adds epsilon, and what may be the other parts; none of no batch norm.

        Without an offset, scaled input and scaled mean stand in the same places, and the statistics tell.
        """
        index = self._index
        add = index.producer(rsqrt.data_inputs[0]) if rsqrt.data_inputs else None
        if add is None or add.op not in _ADDS:
            return rsqrt, []
        readers = index.consumers(rsqrt.name)
        inverse = readers[0][0] if len(readers) == 1 and readers[0][0].op == "Mul" else rsqrt
        products = list(self._products(inverse))
        found = []
        for taken, at in products:
            for scaled, place in products:
                last = self._last(taken, scaled) if taken is not scaled else None
                if last is not None:
                    found.append(_Parts(taken, at, last, scaled.data_inputs[place]))
        return add, found

    def _products(self, inverse: Node) -> Iterator[tuple[Node, int]]:
        """Yield the products with the inverse deviation, and which factor is the other one."""
        for reader, at in self._index.consumers(inverse.name):
            if reader.op == "Mul":
                yield reader, 1 - at
            elif reader.op == "Cast":
                for after, place in self._index.consumers(reader.name):
                    if after.op == "Mul":
                        yield after, 1 - place

    def _last(self, taken: Node, scaled: Node) -> Node | None:
        """Return the sum of the scaled input, and of the offset less the scaled mean."""
        index = self._index
        after = [taken]
        for reader, at in index.consumers(taken.name):
            if (reader.op == "Sub" and at == 1) or reader.op == "Cast":
                after.append(reader)
        for node in list(after[1:]):
            after += [reader for reader, _ in index.consumers(node.name) if reader.op == "Cast"]
        names = {node.name for node in after}
        for reader, at in index.consumers(scaled.name):
            if reader.op in _ADDS and node_of_input(reader.data_inputs[1 - at]) in names - {scaled.name}:
                return reader
        return None

    def _plain(self, add: Node, candidates: list[_Parts]) -> InferenceNorm | None:
        """Return a norm that is written out; None of one that computes its statistics."""
        try:
            variance = self._statistic(add, self._place_of_variance(add))
        except _ComputedError:
            return None
        for number, parts in enumerate(candidates):
            try:
                mean = self._statistic(parts.taken, parts.mean_at)
                break
            except _ComputedError:
                if number == len(candidates) - 1:
                    raise
        last = parts.last
        self._require_outside_loops(last)
        guards = self._conditions(last.name)
        if guards:
            raise UntrainableError(f"is in a branch of a condition: {_told(guards)}")
        if bool(mean.merged) != bool(variance.merged):
            raise UntrainableError("a condition chooses one of its statistics, and not the other")
        scope = _scope(last.name) or scope_of(mean.variable)
        return InferenceNorm(last, scope, parts.x, mean, variance, self._predicate(mean.merged))

    def _place_of_variance(self, add: Node) -> int:
        """Return which operand is the variance, beside epsilon."""
        producers = [self._index.producer(text) for text in add.data_inputs]
        return 1 if producers[0] is not None and producers[0].op == "Const" and producers[1] is not None else 0

    def _predicate(self, merged: str) -> str:
        """Return the predicate by which a Merge chooses, empty without one."""
        merge = self._index.producer(merged) if merged else None
        for text in () if merge is None else merge.data_inputs:
            node = self._index.producer(text)
            if node is not None and node.op in SPLITTING_OPS:
                return self._origin(node.data_inputs[1])
            for predicate, _ in sorted(self._conditions(node_of_input(text))):
                return predicate
        return ""

    def _statistic(self, reader: Node, position: int) -> Statistic:
        """Return the variable that a norm reads as a statistic; an UntrainableError when it reads something else."""
        is_reshaped, used = False, reader.data_inputs[position]
        for _ in range(_MAX_STEPS):
            text = reader.data_inputs[position]
            found = self._variable(text)
            if found is not None:
                variable, read = found
                is_keras_3 = _KERAS_3.fullmatch(read) is not None
                read = "" if read in self._guards else read
                return Statistic(variable, read, text, reader.name, position, "", used, is_reshaped, is_keras_3)
            node = self._index.producer(text)
            if node is not None and node.op in MERGE_OPS:
                return self._chosen(node, text, reader.name, position)
            if node is None or node.op not in (*_CONVERTED, "Identity", "Neg"):
                break
            if len(self._index.consumers(node.name)) > 1:
                raise UntrainableError(f"{node.name!r} before it is read by others too")
            is_reshaped |= node.op == "Reshape"
            reader, position = node, 0
        node = self._index.producer(text)
        if node is not None and node.op == "Const":
            raise UntrainableError(
                f"its statistics are constants, as {node.name!r}, and unfreeze makes variables of them"
            )
        raise _ComputedError(f"its statistics are no variables: {text!r} is computed")

    def _chosen(self, merge: Node, text: str, reader: str, position: int) -> Statistic:
        """Return a statistic that a predicate chooses: the variable, or that of the batch."""
        sides = [self._variable(each) for each in merge.data_inputs]
        found = [(each, side) for each, side in zip(merge.data_inputs, sides, strict=True) if side is not None]
        if len(found) != 1 or len(sides) != 2 or output_number(merge, text.partition(":")[2]) != 0:
            raise _ComputedError(f"its statistics are no variables: {text!r} is computed")
        ((value, (variable, read)),) = found
        return Statistic(variable, "" if read in self._guards else read, value, reader, position, text)

    def _variable(self, text: str) -> tuple[str, str] | None:
        """Return the variable whose value a tensor is, and the node that reads it; None of anything else."""
        read = ""
        for _ in range(_MAX_STEPS):
            node = self._index.producer(text)
            if node is None:
                return None
            if node.op in REF_OPS or node.op in RESOURCE_OPS:
                return (node.name, read) if read or node.op in REF_OPS else None
            if node.op not in _HANDED_ON or not node.data_inputs:
                return None
            read = node.name if node.op not in ("Switch", "_SwitchN") else read
            text = node.data_inputs[0]
        return None

    def _require_sole_updates(self, norm: InferenceNorm) -> None:
        """Require that nothing updates a norm's moving averages; what does is noted."""
        updates = [
            update for statistic in (norm.mean, norm.variance) for update in self._updates_of(statistic.variable)
        ]
        if updates:
            self.updates += [name for name in updates if name not in self.updates]
            raise UntrainableError(f"its moving averages are updated already, as by {updates[0]!r}")

    def _updates_of(self, variable: str) -> list[str]:
        return [reader.name for reader, at in self._index.consumers(variable) if reader.op in _UPDATES and at == 0]


def _scope(name: str) -> str:
    """Return the scope of a batch norm: without those of the branch or part of it that its op is in."""
    scope = scope_of(name)
    while _BRANCH.search(f"/{scope}"):
        scope = scope_of(scope)
    return scope


def _told(guards: Guards) -> str:
    return ", ".join(f"{predicate!r} is {'true' if side else 'false'}" for predicate, side in sorted(guards))
