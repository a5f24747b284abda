"""Put batch norms and dropout back into training mode, so that a graph trains as its original did.

For: fine-tuning what was frozen: `unfreeze` brings the variables back, and this the behaviour of layers that differ
between training and serving.

Prerequisites: a graph with variables, as a ``.meta`` with its checkpoint or a SavedModel, whose batch norms are at
inference: fused ones of three versions, and those that are written out, of tf.layers, slim, Keras 2 and 3. A batch norm
that was folded into the weights of a layer cannot come back: nothing is left of its statistics.

Leaves behind: batch norms that take the statistics of each batch, and updates of their moving averages as TensorFlow's
own layers make them, listed in the collection ``update_ops`` and grouped by the op ``update_op``. By default the input
``training``, false where it is not fed, guards what was added: one file serves and trains, and without training no
average moves. Unguarded, the nodes are those of a graph that was built for training alone. Where a predicate such as
``is_training`` or ``keras_learning_phase`` chooses already, it goes on choosing, or `training` fixes it. Signatures get
one more, ``train``, which also runs the updates.

What else it meets: norms in loops, in branches of other conditions, in function bodies, or whose statistics are
constants or computed stay, each with its reason in the report. Calls of a TensorFlow 2 SavedModel are inlined first.
Control inputs, devices and the saver stay; what is added is where its layer or variable is, in the contexts of its
branch. Averages are not trained. Identities that seem to have been dropout are named; the rate is not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names, some_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.passes.set_inputs import set_inputs
from graphsurgeon.rewrites.editing.pairs import parse_pairs
from graphsurgeon.rewrites.training.inference_norms import IN_TRAINING
from graphsurgeon.rewrites.training.training_graph import TrainingGraph
from graphsurgeon.rewrites.training.training_options import TrainingOptions

_FALSE: Final = ("false", "0")


@dataclass(frozen=True)
class TrainedNormRow:
    """A batch norm that trains, the momentum of its averages, these, and the ops that update them."""

    node: str
    op: str
    momentum: float
    mean: str
    variance: str
    updates: list[str]
    guard: str


@dataclass(frozen=True)
class KeptNormRow:
    """A batch norm that stays as it was, and why."""

    node: str
    reason: str


@dataclass(frozen=True)
class DropoutRow:
    """Dropout that was added: the tensor behind which it is, its rate, and the node that gives the result."""

    tensor: str
    rate: float
    node: str


@dataclass(frozen=True)
class TrainModeReport(Displayed):
    """What `train_mode` did.

    Attributes
    ----------
    norms : list of TrainedNormRow
    kept : list of KeptNormRow
    dropouts : list of DropoutRow
    lookalikes : list of str
        Identities that seem to be what is left of dropout.
    training : str or None
        The input that guards what was added.
    update_op : str or None
        The op that updates all moving averages.
    notes : list of str
    """

    norms: list[TrainedNormRow]
    kept: list[KeptNormRow]
    dropouts: list[DropoutRow]
    lookalikes: list[str]
    training: str | None
    update_op: str | None
    notes: list[str] = field(default_factory=list)


@model_pass()
def train_mode(
    model: Model,
    *,
    momentum: Names | float | Mapping[str, Any] = (),
    training: Names | Mapping[str, Any] = (),
    dropout: Names | Mapping[str, Any] = (),
    seed: int | None = None,
    select: Names = (),
    exclude: Names = (),
    no_guard: bool = False,
) -> TrainModeReport:
    """Put batch norms and dropout back into training mode, so that a graph trains as its original did.

    Parameters
    ----------
    model : Model
        Edited in place; no value of a weight is read.
    momentum : str or sequence of str, or float, or mapping of str to float
        The momentum of moving averages, as in 0.9, or that of batch norms whose node, scope or variables match a
        pattern, as in 'block1/.*=0.9'; the last that matches counts. 0.99 by default, as layers have it; no graph says.
    training : str or sequence of str, or mapping of str to value
        NAME=VALUE of an input that says whether the graph trains, as in is_training=true, which becomes a constant.
        With one that is true, nothing is guarded. By default such inputs stay, and choose as they did.
    dropout : str or sequence of str, or mapping of str to float
        TENSOR=RATE puts dropout behind a tensor, as in fc6/Relu=0.5; a pattern of nodes means several.
    seed : int
        The seed of dropout, as `tf.nn.dropout` takes it, and one more for each further one; random by default.
    select : str or sequence of str
        Names or patterns of the batch norms to train, by node, scope or variable; all by default.
    exclude : str or sequence of str
        Names or patterns of batch norms that stay as they are.
    no_guard : bool
        Train whatever is fed: no input `training`, and exactly the nodes of TensorFlow's own training graphs.

    Raises
    ------
    NotFoundError
        A tensor or pattern means nothing.
    PassError
        There is nothing to put into training mode; a momentum or rate is out of range.
    """
    values = parse_pairs(training, "training", "train_mode")
    options = TrainingOptions.parse(momentum, dropout, seed, select, exclude, operation="train_mode")
    is_false = {name: str(value).strip().lower() in _FALSE for name, value in values.items()}
    notes = _fix(model, {name: value for name, value in values.items() if is_false[name]})
    made = TrainingGraph(model, options, is_guarded=not (no_guard or False in is_false.values()))
    made.train()
    if not (made.norms or made.dropouts or made.update_op or values):
        raise _nothing(made)
    notes += made.finish()
    notes += _fix(model, {name: value for name, value in values.items() if not is_false[name]})
    return TrainModeReport(
        [TrainedNormRow(*each) for each in made.norms],
        [KeptNormRow(*each) for each in sorted(made.kept.items())],
        [DropoutRow(*each) for each in made.dropouts],
        made.lookalikes, made.training or None, made.update_op or None, notes,
    )  # fmt: skip


def _fix(model: Model, values: Mapping[str, Any]) -> list[str]:
    """Let inputs have values from now on, and return notes."""
    return list(set_inputs(model, set=values).notes) if values else []


def _nothing(made: TrainingGraph) -> PassError:
    """Return the refusal of a graph in which nothing can train."""
    # What can be done something about comes first.
    kept = sorted(made.kept.items(), key=lambda each: (each[1] == IN_TRAINING, each))
    if kept:
        (node, reason), *others = kept
        hint = f"so do {len(others):,} more, and nothing else is there to train" if others else None
        listed = [f"{name}: {text}" for name, text in kept]
        return PassError("train_mode", f"the batch norm stays: {reason}", node=node, hint=hint, listed=listed)
    hint = "`dropout` names tensors that had dropout"
    if made.lookalikes:
        hint = f"{hint}, of which {some_of([*map(repr, made.lookalikes)], 3)} may be left"
    elif made.biases:
        hint = (
            f"batch norms that were folded into the weights of layers, as that before {made.biases[0]!r} may be, "
            "cannot come back: nothing is left of their statistics"
        )
    return PassError("train_mode", "there is no batch norm, and no dropout is asked for", hint=hint)
