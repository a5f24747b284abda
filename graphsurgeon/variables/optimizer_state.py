"""Which tensors of a checkpoint an optimizer keeps for itself.

Three witnesses are heard, the surest first. The object graph of a TensorFlow 2 checkpoint tells the slot variables, and
what else the optimizers save. A graph tells them by the ops that apply gradients: ``ApplyAdam(w, m, v, ...)``. Names
tell the rest: a slot is called after its variable and its optimizer, and has the shape of that variable::

    w/Adam  w/Adam_1  beta1_power            tf.train: the optimizer's name, numbered from the second slot on
    train/w/Momentum                         the same, made in a name scope
    w/adam_m  w/adam_v                       BERT and its descendants
    w_slot_vr  w_slot_vc                     Adafactor of Mesh TensorFlow: of the shape of w less an axis
    training/Adam/w/m  Adam/iter             tf.keras in a graph
    training/Adam/Variable_1                 Keras before that, for which the name alone speaks
    w/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/..   tf.train.Checkpoint

A name that looks like a slot without a variable of that shape proves nothing, and is told as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import READ_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import EMA, saved_keys
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, ObjectGraph, read_object_graph

#: What optimizers of TensorFlow 1, its contrib and the model garden call themselves, and so their slots.
SLOT_NAMES = (
    "Adam", "AdamW", "AdaMax", "Nadam", "AMSGrad", "LazyAdam", "Adafactor", "Adagrad", "AdagradDA", "AdagradW",
    "Adadelta", "AddSign", "Ftrl", "GGT", "LAMB", "LARSOptimizer", "Momentum", "MomentumW", "PowerSign",
    "ProximalAdagrad", "RMSProp", "Shampoo", "Yogi", "adam_m", "adam_v", "lamb_m", "lamb_v",
)  # fmt: skip

#: What optimizers of Keras 3 call the variables that they train, and the averages of these.
_LISTS = ("_trainable_variables", "_model_variables_moving_average")
#: Lists of an optimizer that are not of one variable per variable that it trains.
_UNPAIRED = (_LISTS[0], "_variables")
#: What an object refers to by these names that is an optimizer: one of Keras 3, and one of Keras 2.
_MARKS = ({"_iterations", "_learning_rate"}, {"iter", "learning_rate", "decay"})
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_KERAS = "Adam|AdamW|Adamax|Nadam|Adagrad|Adadelta|Ftrl|RMSprop|SGD"
_KERAS_SLOT = re.compile(
    rf"(?:training(?:_\d+)?/)?(?P<optimizer>{_KERAS})(?:_\d+)?/(?P<owner>.+)/"
    r"(?P<slot>m|v|vhat|rms|momentum|mg|accumulator|accum_grad|accum_var|linear)(?:_\d+)?"
)
_KERAS_NUMBER = re.compile(
    rf"(?:training(?:_\d+)?/)?(?P<optimizer>{_KERAS})(?:_\d+)?/"
    r"(?:iter|iterations|decay|learning_rate|lr|momentum|rho|epsilon|beta|beta_1|beta_2|learning_rate_power|"
    r"initial_accumulator_value|l1_regularization_strength|l2_(?:shrinkage_)?regularization_strength)(?:_\d+)?"
)
_KERAS_UNNAMED = re.compile(rf"training(?:_\d+)?/(?P<optimizer>{_KERAS})(?:_\d+)?/Variable(?:_\d+)?")
_POWER = re.compile(r"(?:.+/)?beta[12]_power(?:_\d+)?")
_FACTORED = re.compile(r"(?P<owner>.+)_slot_(?P<slot>vr|vc|v|m)")
_OBJECT_SLOT = "/.OPTIMIZER_SLOT/"
#: So many name scopes an optimizer may have; names of a hundred thousand of them are no names of variables.
_MAX_SCOPES = 64
_APPLY = re.compile(r"(?:Resource)?(?:Sparse)?Apply[A-Z]\w*")


@dataclass(frozen=True)
class OptimizerState:
    """What an optimizer keeps for itself."""

    reasons: dict[str, str] = field(default_factory=dict)  # by the key of a tensor: what it is
    doubtful: dict[str, str] = field(default_factory=dict)  # of tensors that only look like it: what speaks against it


def optimizer_state(
    tensors: Mapping[str, Tensor], *, slot_names: Sequence[str] = (), model: Model | None = None
) -> OptimizerState:
    """Find what an optimizer keeps for itself; of the values of a checkpoint only the object graph is read.

    `slot_names` are more names of optimizers, ``MyAdam`` where slots are called ``w/MyAdam`` and ``w/MyAdam_1``;
    `model` is a graph that trains these variables.
    """
    found = OptimizerState()
    objects = read_object_graph(tensors)
    witnesses: list[Iterable[tuple[str, str]]] = []
    if objects is not None:
        witnesses.append(_of_objects(objects))
    if model is not None:
        witnesses.append(_of_graph(model, tensors))
    for witness in witnesses:
        for key, reason in witness:
            if key in tensors:
                found.reasons.setdefault(key, reason)
    _of_names(tensors, slot_names, found)
    return found


def averages_of_objects(objects: ObjectGraph) -> dict[str, str]:
    """Return the keys of the moving averages that optimizers of Keras 3 keep, by the keys of their variables."""
    found: dict[str, str] = {}
    for number in _optimizers(objects):
        lists = {name: dict(objects.children(child)) for name, child in objects.children(number) if name in _LISTS}
        if len(lists) == len(_LISTS):
            variables, averages = (lists[name] for name in _LISTS)
            for place in variables.keys() & averages.keys():
                keys = [[each.key for each in objects.saved_by(side[place])] for side in (variables, averages)]
                found.update(zip(*keys, strict=False))
    return found


def slots_of_objects(objects: ObjectGraph) -> dict[str, tuple[str, str]]:
    """Return the key of the variable that a slot belongs to, and what the slot is called, by the slot's own key.

    Optimizers of Keras 3 have no slots, but lists beside the one of what they train, in its order or by its numbers.
    What Adafactor keeps is in the list of all its variables only, as many of them in turn for each.
    """
    pairs = [(slot.variable, slot.original, slot.slot_name) for slot in objects.slots.values()]
    for number in _optimizers(objects):
        lists = {name: dict(objects.children(child)) for name, child in objects.children(number)}
        trained = lists.get(_LISTS[0], {})
        listed = {child for _, child in objects.children(number)}
        for name, members in lists.items():
            if name not in _UNPAIRED and members and members.keys() <= trained.keys():
                pairs += [(own, trained[place], name.strip("_")) for place, own in members.items()]
                listed.update(members.values())
        unlisted = [own for own in _in_order(lists.get(_UNPAIRED[1], {})) if own not in listed]
        pairs += _in_turn(objects, unlisted, _in_order(trained))
    found = {}
    for variable, original, name in pairs:
        for own, of in zip(objects.saved_by(variable), objects.saved_by(original), strict=False):
            found[own.key] = (of.key, name)
    return found


def _in_order(members: Mapping[str, int]) -> list[int]:
    """Return the members of a list, whose names are their places."""
    return [members[place] for place in sorted(members, key=lambda place: (len(place), place))]


def _in_turn(objects: ObjectGraph, values: Sequence[int], trained: Sequence[int]) -> list[tuple[int, int, str]]:
    """Return what an optimizer keeps in turn for each variable that it trains, where all names say so; else nothing.

    They are called after the variable alone, ``adafactor/kernel``, or after its layers too,
    ``adafactor/model_dense_kernel_velocity``.
    """
    if not values or not trained or len(values) % len(trained):
        return []
    size = len(values) // len(trained)
    found = []
    for position, own in enumerate(values):
        original = trained[position // size]
        called, of = (next((each.full_name for each in objects.saved_by(one)), "") for one in (own, original))
        called, whole = called.partition("/")[2], f"{of.replace('/', '_')}_"
        if not of or not (called == of.rpartition("/")[2] or called.startswith(whole)):
            return []
        found.append((own, original, called.removeprefix(whole) if called.startswith(whole) else f"#{position % size}"))
    return found


def own_of_objects(objects: ObjectGraph) -> set[str]:
    """Return the keys of what optimizers keep for themselves, slots and numbers."""
    return {key for key, _ in _of_objects(objects)}


def _optimizers(objects: ObjectGraph) -> set[int]:
    """Return the objects that are optimizers, by their slots or by what they or others call things."""
    found = set(objects.optimizers())
    for number in range(len(objects)):
        names = {name for name, _ in objects.children(number)}
        if any(marks <= names for marks in _MARKS):
            found.add(number)
    return found


def _of_objects(objects: ObjectGraph) -> Iterator[tuple[str, str]]:
    """Yield the slots, and what is saved at or below an optimizer and is not a variable that it trains."""
    optimizers = _optimizers(objects)
    ways = {objects.path(number) for number in optimizers} - {None, ""}
    others = _others(objects, optimizers)
    for key, attribute in objects.attributes.items():
        slot = objects.slots.get(attribute.node)
        if slot is not None:
            of = objects.path(slot.original) or "a variable that is not there"
            yield key, f"slot {slot.slot_name} of {of}, by the object graph"
        elif attribute.node not in others:
            way = next((way for way in _parents(key) if way in ways), None)
            if way is not None:
                yield key, f"a variable of the optimizer {way}, by the object graph"


def _others(objects: ObjectGraph, optimizers: set[int]) -> set[int]:
    """Return the objects that are not an optimizer's own, though its variables may have their keys by way of it.

    An optimizer of Keras 3 has a list of what it trains, and is nearer to the root than the layers are.
    """
    found = {slot.original for slot in objects.slots.values()}
    waiting = [*range(min(1, len(objects))), *found]
    for number in optimizers:
        waiting += [child for name, child in objects.children(number) if name == _LISTS[0]]
    while waiting:
        number = waiting.pop()
        found.add(number)
        waiting += [child for _, child in objects.children(number) if child not in found and child not in optimizers]
    return found


def _parents(key: str) -> Iterator[str]:
    """Yield the ways to the objects that a key leads through."""
    position = key.find("/")
    while position >= 0:
        yield key[:position]
        position = key.find("/", position + 1)


def _of_graph(model: Model, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, str]]:
    """Yield what ops that apply gradients to a variable are given beside it: slots of its shape."""
    index = Index(model.graph)
    keys = {node: place.key for node, place in saved_keys(model, index).items()}
    trained = {}
    for node in model.graph:
        if _APPLY.fullmatch(node.op) and node.inputs:
            variable = _variable(index, node.inputs[0])
            if variable is not None:
                trained[variable.name] = node
    for owner, node in trained.items():
        whole = tensors.get(keys.get(owner, owner))
        for text in node.inputs[1:]:
            variable = _variable(index, text)
            if variable is None or variable.name in trained or whole is None:
                continue
            key = keys.get(variable.name, variable.name)
            if key in tensors and tensors[key].shape == whole.shape:
                yield key, f"slot of {owner}, by {node.op} in the graph"


def _variable(index: Index, text: str) -> Node | None:
    """Return the variable that an input is, or is the value of."""
    node = index.producer(text)
    seen = set()  # in a graph that nobody has verified, a read may read itself
    while node is not None and node.op in READ_OPS and node.inputs and node.name not in seen:
        seen.add(node.name)
        node = index.producer(node.inputs[0])
    return node if node is not None and node.op in REF_OPS | RESOURCE_OPS else None


def _of_names(tensors: Mapping[str, Tensor], slot_names: Sequence[str], found: OptimizerState) -> None:
    words = "|".join(map(re.escape, (*SLOT_NAMES, *slot_names)))
    slot = re.compile(rf"(?P<owner>.+)/(?P<slot>(?:{words})(?:_\d+)?)")
    for key, tensor in tensors.items():
        if key in found.reasons or key == OBJECT_GRAPH_KEY or key.endswith(f"/{EMA}"):
            continue
        parts = _object_slot(key)
        if parts is not None:
            found.reasons[key] = "slot {} of {}, by its key".format(*parts)
            continue
        match = slot.fullmatch(key) or _KERAS_SLOT.fullmatch(key) or _FACTORED.fullmatch(key)
        if match is not None:
            owner = _owner(match["owner"], tensors, tensor, is_factored=_is_factored(match))
            if owner is not None:
                found.reasons[key] = f"slot {match['slot']} of {owner}, by name and shape"
            else:
                found.doubtful[key] = f"looks like a slot, but no variable {match['owner']!r} has its shape"
        elif _KERAS_UNNAMED.fullmatch(key):
            found.reasons[key] = "a variable of an optimizer, by name"
        elif (_POWER.fullmatch(key) or _KERAS_NUMBER.fullmatch(key)) and not tensor.shape:
            found.reasons[key] = "a number of an optimizer, by name and shape"


def _object_slot(key: str) -> tuple[str, str] | None:
    """Return the name of a slot and its owner's, of a key ``owner/.OPTIMIZER_SLOT/optimizer/slot/.ATTRIBUTES/..``."""
    owner, mark, rest = key.removesuffix(_VALUE).rpartition(_OBJECT_SLOT)
    optimizer, _, slot = rest.rpartition("/")
    return (slot, owner) if mark and key.endswith(_VALUE) and owner and optimizer and slot else None


def _is_factored(match: re.Match[str]) -> bool:
    return match.re is _FACTORED or match["slot"].startswith("Adafactor")


def _owner(name: str, tensors: Mapping[str, Tensor], slot: Tensor, *, is_factored: bool) -> str | None:
    """Return the variable of a slot, whose name may have the scope of the optimizer before it."""
    for _ in range(_MAX_SCOPES):
        owner = tensors.get(name)
        if owner is not None and (owner.shape == slot.shape or (is_factored and _is_factor(owner.shape, slot.shape))):
            return name
        name = name.partition("/")[2]
    return None


def _is_factor(whole: Sequence[int], factor: Sequence[int]) -> bool:
    """Return whether a shape is another one less an axis, or the single element that stands for none at all."""
    return tuple(factor) == (1,) or any(
        tuple(whole[:axis]) + tuple(whole[axis + 1 :]) == tuple(factor) for axis in range(len(whole))
    )
