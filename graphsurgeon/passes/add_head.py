"""Put a new head on a model, which trains without TensorFlow's Python.

For: transfer learning: a classifier for other classes on the features of a network, trained in C, C++, Java, Go or
Python by running ``train_op``.

Prerequisites: a tensor of float numbers whose width is known, with a row ``[N, C]`` for each example or a map of them;
outside of loops, branches and function bodies. The model may be frozen: then the head has the only variables.

Leaves behind: ``head/kernel`` and ``head/bias`` with values (glorot uniform from a seed, and zeros), the placeholder
``labels``, ``loss`` (the mean), ``prob`` (for mean squared error the prediction), the slots of the optimizer under the
names of `tf.train`, with values, ``learning_rate``, which can be fed, ``train_op``, and ``init_head``, which gives the
head its first values again. A name that is taken stands below the scope, as in ``head/prob``. Saver, checkpoint and the
collections ``variables``, ``trainable_variables``, ``losses`` and ``train_op`` have them too; a model with signatures
gets the signature ``train``, one without them ``serving_default`` too. All else stays as it is.

``train_op`` trains the head, by its gradients in closed form, and never the body: for that an optimizer of TensorFlow
minimizes ``loss``, over all that ``trainable_variables`` lists. With `freeze_body` that is the head alone.

What else it meets: the head has no device. Batch norms and dropout of the body stay as they are; what updates moving
averages is not part of ``train_op``. The object graph of a SavedModel of TensorFlow 2, whose functions know no head,
goes, or is refused where it alone restores variables; control flow around the tensor is refused, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.evaluator.initializers import Initializers
from graphsurgeon.ir.frames import ENTER_OPS, frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.meta_graph.collections import set_trainable, variable_defs
from graphsurgeon.names import node_of, some_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.branches import guards_of, has_branches
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenTensor, choose_tensor
from graphsurgeon.rewrites.editing.rewiring import as_refusal, let_objects_go
from graphsurgeon.rewrites.serving.loss_signature import add_loss_signature
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.rewrites.training.features import HeadKind, Pooling, make_features
from graphsurgeon.rewrites.training.heads import Head, HeadMaker
from graphsurgeon.rewrites.training.losses import Labels, Loss
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.rewrites.training.new_variables import NewVariables
from graphsurgeon.rewrites.training.optimizers import HYPERPARAMETERS, Optimizer
from graphsurgeon.rewrites.training.training_graph import UPDATE_OPS
from graphsurgeon.variables.checkpoint_keys import VariableValues, saved_keys, variable_nodes
from graphsurgeon.variables.layout import VariableKind

_OPERATION: Final = "add_head"
#: Collections of variables that programs set up, and no checkpoint holds.
_LOCAL: Final = ("local_variables", "metric_variables")
_DEFAULTS: Final = {"momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
_RATES: Final = {"sgd": 0.01, "momentum": 0.01, "adam": 0.001}
_MAX_FLOAT: Final = 2.0**128 * (1 - 2**-25)
_MAX_SEED: Final = (1 << 31) - 2


@dataclass(frozen=True)
class HeadVariable:
    """A variable that was added."""

    variable: str
    dtype: str
    shape: list[int]
    trainable: bool


@dataclass(frozen=True)
class AddHeadReport(Displayed):
    """What `add_head` did.

    Attributes
    ----------
    at : str
        The tensor that the head reads.
    features : int
        How many of them each example, or each place of a map, has.
    labels : str
        The placeholder that labels are fed to.
    labels_dtype : str
        The dtype of labels.
    loss : str
        The node of the mean loss.
    prob : str
        The node of what the head gives when it serves.
    learning_rate : str
        The node that the learning rate can be fed to.
    train_op : str
        The node that trains the head when it is run.
    init_head : str
        The node that gives the head its first values.
    variables : list of HeadVariable
        What was added.
    num_trainable : int
        How many variables of the model the collection ``trainable_variables`` lists now.
    notes : list of str
    """

    at: str
    features: int
    labels: str
    labels_dtype: str
    loss: str
    prob: str
    learning_rate: str
    train_op: str
    init_head: str
    variables: list[HeadVariable]
    num_trainable: int
    notes: list[str] = field(default_factory=list)


@model_pass()
def add_head(  # noqa: PLR0913 -- they are the options of a verb
    model: Model,
    *,
    at: str,
    units: int,
    loss: Loss,
    optimizer: Optimizer,
    labels: Labels = "sparse",
    kind: HeadKind = "dense",
    pool: Pooling = "none",
    scope: str = "head",
    freeze_body: bool = False,
    seed: int = 0,
    learning_rate: float | None = None,
    momentum: float = 0.9,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    variables: VariableKind | None = None,
) -> AddHeadReport:
    """Put a new head on a model, which trains without TensorFlow's Python.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    at : str
        The tensor with the features: fc1, pool:0, or an output as a signature calls it.
    units : int
        How many classes or numbers the head gives.
    loss : {"softmax", "sigmoid", "mean_squared_error", "mse"}
        Cross entropy of one class in many, or of each unit for itself; or the mean squared error (also mse).
    optimizer : {"sgd", "momentum", "adam"}
        What `tf.train` has as GradientDescentOptimizer, MomentumOptimizer and AdamOptimizer.
    labels : {"sparse", "dense"}
        Of softmax: the number of the class (int64), or a probability for each.
    kind : {"dense", "conv"}
        A fully connected layer, or a 1x1 convolution over a map.
    pool : {"none", "mean", "flatten"}
        What a dense head reads of a map: the mean over all places, or all of it in one row.
    scope : str
        What the new nodes stand below.
    freeze_body : bool
        Only the head is trained: trainable_variables lists no other variable.
    seed : int
        For the kernel's first values, which are those of TensorFlow's glorot uniform initializer.
    learning_rate : float
        What learning_rate is when it is not fed; by default 0.001 of adam, 0.01 of others.
    momentum : float
        Of momentum.
    beta1 : float
        Of adam.
    beta2 : float
        Of adam.
    epsilon : float
        Of adam.
    variables : {"ref", "resource"}
        The kind of the head's variables; by default that of the model's own, or ref.

    Raises
    ------
    NotFoundError
        There is no such tensor.
    PassError
        The tensor cannot be read by such a head, its width is not known, names are taken, or values are missing.
    """
    given = {"momentum": momentum, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    numbers = {"learning_rate": _RATES[optimizer] if learning_rate is None else learning_rate}
    numbers |= _hyperparameters(optimizer, given)
    _require_options(units, seed, numbers, loss, labels)
    index = Index(model.graph)
    chosen = _chosen_tensor(model, index, at)
    _require_values(model, index)
    new = NewVariables(model, _OPERATION)
    make = NewNodes(model.graph, _free_scope(scope, new.taken), new.taken, _OPERATION)
    dims = _dims(model, index, chosen)
    with as_refusal(_OPERATION):
        features = make_features(make, chosen.tensor, dims, kind, pool, _OPERATION)
        maker = HeadMaker(make, new, features, units, variables or _kind_of(model))
        head = maker.add(loss, labels, optimizer, numbers, seed, is_conv=kind == "conv")
    notes = [*features.notes, *_objects_go(model), *_moved(make)]
    kernel = head.kernel.variable.node
    # As the op `init_head` makes them, so that both are the same.
    initial = Model(Graph([node.copy() for node in head.kernel.nodes]))
    new.values[kernel] = Initializers(initial, operation=_OPERATION)[kernel]
    new.finish({"losses": [f"{head.loss.loss.name}:0"], "train_op": [head.train_op.name]}.items())
    notes += _body(model, {each.node for each in new.made}, freeze_body=freeze_body)
    notes += _updates(model)
    notes += add_loss_signature(model, head.loss.loss.name, head.loss.prob.name)
    trained = _trained(model)
    made = [
        HeadVariable(each.node, each.dtype.name, [*new.values[each.node].shape], each.node in trained)
        for each in new.made
    ]
    return AddHeadReport(chosen.name, features.width, **_nodes(head), variables=made, num_trainable=len(trained),
                         notes=notes)  # fmt: skip


def _hyperparameters(optimizer: Optimizer, given: Mapping[str, float]) -> dict[str, float]:
    """Return those that the optimizer has; what is given for another one is a usage error."""
    own = HYPERPARAMETERS[optimizer]
    for name, value in given.items():
        if name not in own and value != _DEFAULTS[name]:
            takers = some_of([each for each, names in HYPERPARAMETERS.items() if name in names])
            raise PassError(_OPERATION, f"{optimizer} has no {name}; {takers} has", is_usage=True)
    return {name: given[name] for name in own}


def _require_options(units: int, seed: int, numbers: Mapping[str, float], loss: Loss, labels: Labels) -> None:
    if units < 1:
        raise PassError(_OPERATION, f"a head of {units} units gives nothing", is_usage=True)
    if not 0 <= seed <= _MAX_SEED:
        raise PassError(_OPERATION, f"{seed} is not a seed: TensorFlow's go from 0 to {_MAX_SEED}", is_usage=True)
    for name, value in numbers.items():
        # They are float32 in the graph, in which what is next to 1 is 1.
        limit, wanted = (1 - 2**-24, "below 1") if name in ("beta1", "beta2") else (_MAX_FLOAT, "a float32")
        if not 0 <= value < limit:
            reason = f"{name} is {value}; it has to be at least 0, and {wanted}"
            raise PassError(_OPERATION, reason, is_usage=True)
    if loss == "softmax" and labels == "sparse" and units == 1:
        hint = '`loss="sigmoid"` is for one class and its opposite'
        raise PassError(_OPERATION, "softmax over one unit is always 1", hint=hint, is_usage=True)


def _chosen_tensor(model: Model, index: Index, text: str) -> ChosenTensor:
    """Return the tensor with the features, which has a value whenever the graph runs."""
    hint = "name one that is computed whenever the graph runs"
    with as_refusal(_OPERATION):
        chosen = choose_tensor(model, text, _OPERATION)
    if chosen.function is not None:
        hint = "`gs.freeze` makes one graph of a model with functions, on which a head can be put"
        raise PassError(_OPERATION, "is in a function body", node=chosen.name, hint=hint)
    name = node_of(chosen.tensor.name)
    frames = frames_of(model.graph, index).get(name) if model.graph.nodes_of(ENTER_OPS) else None
    if frames:
        raise PassError(_OPERATION, f"is inside loop {frames[-1].name!r}", node=chosen.name, hint=hint)
    guards = guards_of(model.graph).get(name) if has_branches(model.graph) else None
    if guards:
        predicate, side = sorted(guards)[0]
        reason = f"has a value only when {predicate!r} is {'true' if side else 'false'}"
        raise PassError(_OPERATION, reason, node=chosen.name, hint=hint)
    return chosen


def _require_values(model: Model, index: Index) -> None:
    """Require values of all variables that are saved: with the head's alone, no checkpoint would restore the model."""
    local = () if model.meta is None else variable_defs(model.meta, _LOCAL)
    unsaved = {node_of(each.variable_name) for each in local}
    nodes = [node for node in variable_nodes(model.graph) if node.name not in unsaved]
    if not nodes:
        return
    saved, values = saved_keys(model, index), VariableValues(model, index)
    missing = [node.name for node in nodes if node.name in saved or not model.variables]
    missing = [name for name in missing if values.place(index.producers[name]) is None]
    if missing:
        reason = f"variables have no values: {some_of(missing)}; a checkpoint with the head's alone restores nothing"
        raise PassError(_OPERATION, reason, hint='`load(checkpoint="PREFIX")` gives them theirs')


def _free_scope(scope: str, taken: set[str]) -> str:
    wanted = scope.strip("/")
    if not wanted:
        raise PassError(_OPERATION, "a head needs a scope", hint='such as `scope="head"`', is_usage=True)
    there = sorted(name for name in taken if name == wanted or name.startswith(f"{wanted}/"))
    if there:
        number = 1
        while any(name == f"{wanted}_{number}" or name.startswith(f"{wanted}_{number}/") for name in taken):
            number += 1
        reason = f"scope {wanted!r} is taken: {some_of(there, 3)}"
        raise PassError(_OPERATION, reason, hint=f'`scope="{wanted}_{number}"` is free')
    return wanted


def _dims(model: Model, index: Index, chosen: ChosenTensor) -> list[int | None] | None:
    node = chosen.tensor.node
    return None if node is None else NodeShapes(model, infer=True, index=index).dims(node, chosen.tensor.index)


def _kind_of(model: Model) -> VariableKind:
    """Return the kind of the model's variables; reference variables where it has both, or none."""
    ops = model.graph.ops
    return "resource" if REF_OPS.isdisjoint(ops) and not RESOURCE_OPS.isdisjoint(ops) else "ref"


def _objects_go(model: Model) -> list[str]:
    note = (
        "the object graph is gone, whose functions know no head: the model is one of TensorFlow 1 now, loaded by its "
        "signatures, and only variables of the head are in collections"
    )
    try:
        return [note] if let_objects_go(model, _OPERATION) else []
    except PassError as error:
        hint = "`gs.freeze` makes one graph of the model, on which a head can be put"
        raise PassError(_OPERATION, error.reason, node=error.node, hint=hint) from error


def _moved(make: NewNodes) -> list[str]:
    """Say which names were taken."""
    words = [*map(repr, make.moved)]
    if not words:
        return []
    which = f"{words[0]} is" if len(words) == 1 else f"{', '.join(words)} are"
    more = " and so on" if words[1:] else ""
    return [f"{which} taken: the new node is '{make.scope}/{make.moved[0]}'{more}"]


def _body(model: Model, own: set[str], *, freeze_body: bool) -> list[str]:
    """Let the body be trained or not; return what there is to say of it."""
    others = sorted(_trained(model) - own)
    count = "1 variable" if len(others) == 1 else f"{len(others):,} variables"
    if not others:
        if all(node.name in own for node in variable_nodes(model.graph)):
            return ["the body has no variables: only the head is trained; `gs.unfreeze` first makes some"]
        return []
    if freeze_body and model.meta is not None:
        set_trainable(model.meta, {f"{name}:0": False for name in others})
        return [f"{count} of the body are not trained any more: {some_of(others, 3)}"]
    return [
        f"train_op trains the head alone: gradients of the body, of {count}, are left to TensorFlow, as in "
        'tf.compat.v1.train.AdamOptimizer(name="Body").minimize(loss): without a name its slots would be the head\'s'
    ]


def _updates(model: Model) -> list[str]:
    """Say that moving averages are not part of a step."""
    if model.meta is None or UPDATE_OPS not in model.meta.collection_def:
        return []
    return [f"train_op updates no moving averages: run what collection {UPDATE_OPS!r} lists beside it"]


def _trained(model: Model) -> set[str]:
    if model.meta is None:
        return set()
    return {node_of(each.variable_name) for each in variable_defs(model.meta, ("trainable_variables",))}


def _nodes(head: Head) -> dict[str, Any]:
    labels = head.loss.labels
    return {
        "labels": labels.name,
        "labels_dtype": labels.attrs["dtype"].name,
        "loss": head.loss.loss.name,
        "prob": head.loss.prob.name,
        "learning_rate": head.learning_rate.name,
        "train_op": head.train_op.name,
        "init_head": head.init_head.name,
    }
