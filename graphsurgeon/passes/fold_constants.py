"""Compute what depends on constants alone, and store it.

For: graphs that compute shapes, axes, masks and scales anew in each run; the step before graphs are converted or pruned
of what such nodes needed.

Prerequisites: a well-formed graph.

Leaves behind: in the place of what was computed constants of the same names, as TensorFlow would have computed them to
the last bit: shape arithmetic, what moves values about, and arithmetic on which both TensorFlow 1.15 and 2.21 and numpy
agree. With `approximate` also what TensorFlow's own releases compute to other last bits (logarithms, roots, sums,
products of matrices), in double precision and rounded once; the report has the bound. Sizes of tensors whose shape is
known without a run are folded too. Conditions whose predicate is constant are decided, in function bodies too, and
where a call gives it to a function. Nodes that only those have read go; all others stay in their order, on their
devices, with their control inputs.

What else it meets: nothing is computed of weights, which stay what they are by their names, unless `weights` says so.
What has state, calls functions or controls the flow of loops stays; so do constants that would grow past a size. Each
node that depends on constants alone and stays is in the report, with the reason. Function bodies are treated alike.
Saver, collections, signatures and versions stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from graphsurgeon.display import Displayed
from graphsurgeon.ir.exact_ops import APPROXIMATE_ULP, Exactness
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import Names, split_names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.folding.constants import FoldingRules
from graphsurgeon.rewrites.folding.models import ModelFolding
from graphsurgeon.tensors.tensor import Tensor

#: More bytes are not made of few, only to find that they are too many to keep.
_MAX_GROWTH = 1 << 28


@dataclass(frozen=True)
class FoldedRow:
    """A node that was computed; of function bodies as FUNCTION/node. `exactness` is exact or approximate."""

    node: str
    op: str
    exactness: Exactness = "exact"


@dataclass(frozen=True)
class DecidedRow:
    """A condition that was decided."""

    node: str
    op: str


@dataclass(frozen=True)
class UnfoldedRow:
    """A node that depends on constants alone, and why it was not computed."""

    node: str
    op: str
    reason: str


@dataclass(frozen=True)
class FoldConstantsReport(Displayed):
    """What `fold_constants` did.

    Attributes
    ----------
    folded : list of FoldedRow
        What is a constant now.
    kept : list of UnfoldedRow
    decided : list of DecidedRow
        Conditions of which the predicate is a constant.
    removed : int
        How many nodes fewer there are.
    notes : list of str
    """

    folded: list[FoldedRow]
    kept: list[UnfoldedRow]
    decided: list[DecidedRow]
    removed: int
    notes: list[str] = field(default_factory=list)


@model_pass(rewires=True)
def fold_constants(
    model: Model,
    *,
    outputs: Names = (),
    inputs: Names = (),
    approximate: bool = False,
    weights: Literal["keep", "fold"] = "keep",
    exclude_op: Names = (),
    exclude_node: Names = (),
    max_constant_size: int = 10 << 20,
) -> FoldConstantsReport:
    """Compute what depends on constants alone, and store it.

    Parameters
    ----------
    model : Model
        Edited in place; small constants are read.
    outputs : str or sequence of str
        Nodes that stay, by name or as a signature calls them; without any, nodes that nobody reads stay.
    inputs : str or sequence of str
        Nodes that are fed, and stay.
    approximate : bool
        Compute also what TensorFlow's own releases compute to other last bits.
    weights : {"keep", "fold"}
        Whether something may be computed of weights, which then are no variables any more.
    exclude_op : str or sequence of str
        Ops that are not computed.
    exclude_node : str or sequence of str
        Nodes that are not computed.
    max_constant_size : int
        A constant of more bytes is not made, unless what it is computed of takes as many.

    Raises
    ------
    NotFoundError
        An output or input means no node.
    """
    rules = FoldingRules(
        approximate, max_constant_size, frozenset(split_names(exclude_op)), frozenset(split_names(exclude_node))
    )
    before = sum(len(graph) for _, graph in model.graphs())
    folding = ModelFolding(model, rules, _evaluated, "fold_constants", keeps_weights=weights == "keep")
    folding.run(outputs, inputs)
    after = sum(len(graph) for _, graph in model.graphs())
    return FoldConstantsReport(
        [
            FoldedRow(name, op, "approximate" if name in folding.approximate else "exact")
            for name, op in folding.folded.items()
        ],
        [UnfoldedRow(*row) for row in folding.kept],
        [DecidedRow(each.node, each.op) for each in folding.decided],
        before - after, folding.notes + _bounds(len(folding.approximate)),
    )  # fmt: skip


def _bounds(count: int) -> list[str]:
    """Return how far from the true values results are that were computed approximately."""
    if not count:
        return []
    which = "1 constant is" if count == 1 else f"{count:,} constants are"
    return [
        f"{which} approximate: each op is computed in double precision and rounded once, so for types of up to 32 bits "
        f"it is within 1 unit in the last place of the true result of its operands, and {APPROXIMATE_ULP} for float64; "
        f"sums of float64 may cancel"
    ]


def _evaluated(node: Node, operands: Sequence[Tensor]) -> Sequence[Tensor]:
    # Imported here: graphs in which there is nothing to fold need no numpy.
    from graphsurgeon.evaluator import evaluate

    return evaluate(node, operands, operation="fold_constants", max_growth=_MAX_GROWTH)
