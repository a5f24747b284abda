"""The decision about each constant from its evidence: marks before roles, the user before both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from graphsurgeon import names
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import TABLE_FILE_OPS
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor
from graphsurgeon.weights import roles
from graphsurgeon.weights.evidence import Clue, Evidence, marks_decide
from graphsurgeon.weights.marks import HINT, INTACT, NAME_ONLY, folded_variable
from graphsurgeon.weights.plan import Kept, Weight
from graphsurgeon.weights.reader_scopes import is_capture
from graphsurgeon.weights.scope import Constant

if TYPE_CHECKING:
    from graphsurgeon.weights.reader_names import Implied, Unnamed

#: Roles that code fills with one value where a layer has no such weight: a batch norm without scale, say.
_FILLABLE: Final = frozenset({"bn_scale", "bn_offset", "norm_scale", "norm_offset"})

#: The input of `TABLE_FILE_OPS` that takes the name of a file.
_FILE_NAME: Final = 1


class Judge:
    """The classifier of one graph's constants.

    `select` and `exclude` are names or whole-name regular expressions, `exclude` is the stronger, and `only` says where
    evidence is heard; they match the name of a constant, or of the variable it was. `colocated` are the nodes to be
    placed with another, by the name of that other, and `taken` the names that no variable may have;
    `against` is why constants are no weights whatever the evidence, by name, and `implied` the names that variables
    have by their readers.
    """

    def __init__(
        self,
        found: Mapping[str, Evidence],
        select: Sequence[str],
        exclude: Sequence[str],
        only: Sequence[str],
        colocated: Mapping[str, list[Node]],
        taken: Iterable[str],
        against: Mapping[str, str],
        implied: Mapping[str, Implied],
    ) -> None:
        self._found = found
        self._select = select
        self._exclude = exclude
        self._only = only
        self._colocated = colocated
        self._taken = set(taken)
        self._known_against = against
        self._implied = implied
        self._num_marked = sum(evidence.mark > 0 for evidence in found.values())
        self.fingerprinted = marks_decide(found)  # whether marks of freezing decide

    def verdict(self, constant: Constant, node: Node) -> Weight | Kept:
        """Decide about the constant that `node` holds."""
        evidence = self._found[constant.name]
        known = self._names(constant, node, evidence)
        excluding = _matching(self._exclude, known)
        if excluding is not None:
            return Kept(node, constant.dtype, constant.shape, f"excluded by {excluding!r}")
        selecting = _matching(self._select, known)
        if selecting is None and self._only and _matching(self._only, known) is None:
            return Kept(node, constant.dtype, constant.shape, "not among the only ones to take")
        against = None if selecting is not None else self._against(constant, node, evidence)
        if against is not None:
            return Kept(node, constant.dtype, constant.shape, against, role=roles.strongest(evidence.sure))
        self._taken.add(known[-1])
        return self._weight(constant, node, evidence, selecting, known[-1])

    def _names(self, constant: Constant, node: Node, evidence: Evidence) -> list[str]:
        """Return the names of a constant: its own, and last that of the variable it was."""
        if constant.name in self._implied and not node.inputs:
            return [constant.name, self._implied[constant.name].name]
        folded = folded_variable(constant.name) if evidence.mark == NAME_ONLY and not node.inputs else None
        return [constant.name] if folded is None or folded in self._taken else [constant.name, folded]

    def _weight(
        self, constant: Constant, node: Node, evidence: Evidence, selecting: str | None, variable: str
    ) -> Weight:
        role, by_structure = _role(constant, evidence, "variable" if selecting is None else "selected")
        texts = [] if selecting is None else [f"selected by {selecting!r}"]
        texts += [finding.text for finding in evidence.findings]
        texts = _with_colocated(texts, self._colocated.get(constant.name, ()))
        if variable != constant.name and constant.name in self._implied:
            texts.append(self._implied[constant.name].evidence)
        is_untrained = not by_structure and roles.is_untrained_name(constant.name)
        if is_untrained:
            texts.append("named like what training code updates by itself")
        return Weight(
            node,
            constant.dtype,
            constant.shape,
            role,
            roles.is_trainable(role, constant.dtype) and not is_untrained,
            texts,
            variable,
        )

    def _against(self, constant: Constant, node: Node, evidence: Evidence) -> str | None:
        """Return why a constant is not a weight, if it is not."""
        if node.inputs:
            return f"{_usage(evidence)}; fed by control inputs, as no variable is"
        if constant.name in self._known_against:
            return f"{_usage(evidence)}; {self._known_against[constant.name]}"
        if any(use.position == _FILE_NAME and use.node.op in TABLE_FILE_OPS for use in evidence.uses):
            return f"{_usage(evidence)}; the name of a file"
        if evidence.mark >= (HINT if self.fingerprinted else NAME_ONLY):
            return None
        if self.fingerprinted:
            bearers = "another bears" if self._num_marked == 1 else f"{self._num_marked} others bear"
            return f"{_usage(evidence)}; without a mark of freezing, which {bearers}"
        if constant.dtype is dtypes.STRING or constant.dtype is dtypes.BOOL:
            return f"{_usage(evidence)}; {constant.dtype.name} values"
        return _against_role(constant, node, evidence)


def implied_names(model: Model, found: Mapping[str, Evidence], constants: Iterable[Constant]) -> dict[str, Implied]:
    """Return the names that readers imply, of the constants whose names tracing made up."""
    unnamed = [each for constant in constants if (each := _unnamed(constant, found[constant.name])) is not None]
    if not unnamed:
        return {}
    # Imported here, and below: most constants have names, and a small graph takes as long as its imports.
    from graphsurgeon.weights.reader_names import names_by_readers

    nodes = {node.name for _, graph in model.graphs() for node in graph}
    return names_by_readers(unnamed, nodes, [*filter(None, map(folded_variable, found)), *model.variables])


def _unnamed(constant: Constant, evidence: Evidence) -> Unnamed | None:
    is_read = evidence.mark == NAME_ONLY and folded_variable(constant.name) is None
    if not is_read and not is_capture(constant.name, is_read=evidence.mark == INTACT):
        return None
    role, _ = _role(constant, evidence, "variable")
    reads = [clue.node for clue in evidence.findings if clue.mark and clue.node]
    users = [clue.node for clue in evidence.findings if clue.role == role and clue.node]
    if not reads and not users:
        return None
    from graphsurgeon.weights.reader_names import Unnamed

    return Unnamed(constant.name, role, constant.shape, reads, users)


def _against_role(constant: Constant, node: Node, evidence: Evidence) -> str | None:
    if constant.size == 0:
        return f"{_usage(evidence)}; empty"
    sure = roles.strongest(evidence.sure - roles.EITHER)
    role = sure or roles.strongest(evidence.likely)
    if role is None:
        return f"{_usage(evidence)}; not a weight's use"
    dtype = constant.dtype
    if not (dtype.is_floating or dtype.is_complex):
        if not (dtype.is_quantized or (dtype in roles.NARROW and sure in roles.KERNELS)):
            return f"{_usage(evidence)}; {dtype.name} values"
    elif (sure is None or role in _FILLABLE) and _is_uniform(node, constant):
        return f"{_usage(evidence)}; one value repeated, as code writes it"
    return None


def _role(constant: Constant, evidence: Evidence, default: str) -> tuple[str, bool]:
    """Return the role, and whether it was established by structure."""
    dtype = constant.dtype
    if not (dtype.is_floating or dtype.is_complex or dtype.is_quantized or dtype in roles.NARROW):
        if constant.size == 1 and dtype.is_integer and roles.is_step_name(constant.name):
            return "global_step", True
        return (default if constant.size == 1 or default == "selected" else "table"), True
    sure = roles.strongest(evidence.sure)
    if sure == "embedding" and dtype in roles.NARROW:
        return "table", True
    if sure is not None:
        return sure, True
    likely = roles.strongest(evidence.likely)
    return likely or default, False


def _is_uniform(node: Node, constant: Constant) -> bool:
    """Whether a constant is written as one value that repeats; looks at no payload."""
    tensor = node.tensor
    return isinstance(tensor, FillTensor) and constant.size > 1 and len(tensor.head) <= constant.dtype.itemsize


def _with_colocated(texts: list[str], near: Sequence[Node]) -> list[str]:
    """Add to the evidence the nodes that are to be placed with a constant; two of them will do."""
    for node in near[:2]:
        text = f"read by {node.op} {node.name!r}"
        if text in texts:
            texts[texts.index(text)] += ", colocated with it"
        else:
            texts.append(f"{node.op} {node.name!r} is colocated with it")
    return texts


def _matching(patterns: Sequence[str], known: Sequence[str]) -> str | None:
    if not patterns:
        return None
    return next((pattern for pattern in patterns if any(names.matches(pattern, name) for name in known)), None)


def _usage(evidence: Evidence) -> str:
    """Say how a constant is used, in a few words."""
    likely: Clue | None = next((f for f in evidence.findings if f.role is not None), None)
    if likely is not None:
        return f"looks like {likely.role}: {likely.text}"
    for use in evidence.uses:
        more = f" and {len(evidence.uses) - 1} more" if len(evidence.uses) > 1 else ""
        return f"{roles.input_name(use.node, use.position)} of {use.node.op} {use.node.name!r}{more}"
    return "nothing uses it"
