"""Names of variables that their readers imply, where TensorFlow 2 lost the variables' own.

A variable is called after the layer that reads it and after what it is there: ``unknown_17``, read by
``StatefulPartitionedCall/net/conv1/Conv2D/ReadVariableOp`` as a filter, is ``conv1/kernel``. The last part is Keras's
word for the role. The scope of the model is left out, as Keras leaves it out, where all layers are in one and it reads
nothing itself; that of a Sequential of Keras 3 stays, as there, where it has its default name. Keras 3 opens the scope
of a layer twice for a call, so that the second is numbered: its ``conv1_1`` is the layer ``conv1``. Which Keras it was
is told by how its layers ask for values.

What scopes do not tell: whether a model in a model was built by itself (Keras has ``conv1/kernel`` then; this gives
``inner/conv1/kernel``, but where the name is that of such a model), whether the model is a class of its own
(``net/conv1/kernel``), layers that are called without a scope, as Keras 3 does in a TimeDistributed, and what a program
calls the weights of its own layers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from graphsurgeon.names import NODE_NAME, some_of
from graphsurgeon.weights.plan import WeightPlan
from graphsurgeon.weights.reader_parts import parts_of
from graphsurgeon.weights.reader_scopes import Reading, reading_of
from proto_utils.named_tuple import NamedTuple

_COUNT: Final = re.compile(r"_\d+$")
_DIGITS: Final = re.compile(r"(\d+)")
#: How layers of Keras 3 ask for values, and how those of Keras 2 do.
_KERAS_3: Final = re.compile(r"Cast(_\d+)?|convolution(_\d+)?(/.*)?|conv_transpose(/.*)?|Shape|GatherV2|.*/Cast")
_KERAS_2: Final = re.compile(
    r"MatMul(_\d+)?|Conv[123]D(/.*)?|FusedBatchNorm(V\d)?|batchnorm(/mul)?|Tensordot(/.*)?|einsum(/.*)?"
    r"|embedding_lookup(/.*)?|Read(_\d+)?|conv[123]d_transpose(/.*)?"
)
#: Layers that have layers in them, by the names that Keras gives them.
_WITH_LAYERS: Final = re.compile(
    r"((stacked_)?rnn|lstm|gru|simple_rnn|conv_lstm[123]d|bidirectional|time_distributed"
    r"|(multi_head|grouped_query)_attention)(_\d+)?"
)
#: Models that Keras, or an application of it, built by themselves, by the names they have then: no scope of weights.
_BUILT_ALONE: Final = re.compile(
    r"(model|functional)(_\d+)?|(mobilenet|MobileNet|resnet|vgg|xception|inception|densenet|nasnet|NASNet|efficientnet"
    r"|convnext)[-\w.]*"
)
#: A model of Keras 3 that builds its layers in its own scope.
_SEQUENTIAL: Final = re.compile(r"sequential(_\d+)?")
_TIME_DISTRIBUTED: Final = re.compile(r"time_distributed(_\d+)?")


class Unnamed(NamedTuple):
    """A constant whose name tells nothing."""

    name: str
    role: str
    shape: tuple[int, ...]
    reads: list[str]  # the frozen ReadVariableOps that read it
    users: list[str]  # the nodes that use it in its role


class Implied(NamedTuple):
    """The name that readers imply, and the one that says so."""

    name: str
    evidence: str


class Placed(NamedTuple):
    """A constant, and its reader that counts."""

    unnamed: Unnamed
    reading: Reading


def names_by_readers(
    unnamed: Iterable[Unnamed], nodes: Collection[str], taken: Collection[str] = ()
) -> dict[str, Implied]:
    """Return the names that readers imply, by constant; all are different, and none is that of a node, or `taken`.

    Constants without a reader, and those whose names TensorFlow would not take, have none. Sorts; O(n log n).
    """
    placed = [each for each in (_placed(one, nodes) for one in unnamed) if each is not None]
    placed.sort(key=lambda each: (_natural(each.reading.layer), *_order(each)))
    is_keras_3 = _is_keras_3([each.reading for each in placed], nodes)
    layers = _layer_names({each.reading.layer: None for each in placed}, is_keras_3=is_keras_3)
    groups: dict[tuple[str, ...], list[Placed]] = {}
    for each in placed:
        groups.setdefault(each.reading.layer, []).append(each)
    found: dict[str, Implied] = {}
    names = _Names(nodes, taken)
    for layer, group in groups.items():
        parts = parts_of([(each.unnamed, each.reading) for each in group], is_keras_3=is_keras_3)
        for each in group:
            name = "/".join([*layers[layer], parts[each.unnamed.name]])
            if re.fullmatch(NODE_NAME, name):
                found[each.unnamed.name] = Implied(names.free(name), _evidence(each))
    return found


def naming_notes(plan: WeightPlan) -> list[str]:
    """Return what there is to say of variables that are named after their readers."""
    named = [each for each in plan.weights if plan.implied.get(each.node.name) == each.variable]
    if not named:
        return []
    some = some_of([f"{each.node.name!r} is {each.variable!r}" for each in named], 1)
    many = "1 variable is" if len(named) == 1 else f"{len(named):,} variables are"
    return [f"{many} named after the layers that read them, for tracing had lost their names: {some}"]


def _evidence(placed: Placed) -> str:
    unnamed, reading = placed
    where = f"in {'/'.join(reading.layer)!r}" if reading.layer else "in no scope of a layer"
    return f"named after its reader {reading.reader!r}: {unnamed.role} {where}; the constant is {unnamed.name!r}"


def _placed(unnamed: Unnamed, nodes: Collection[str]) -> Placed | None:
    """Find the reader that counts: the first read in the layer that uses the constant in its role."""
    readings = [reading_of(reader, nodes) for reader in unnamed.reads or unnamed.users]
    if not readings:
        return None
    using = {reading_of(user, nodes).layer for user in unnamed.users}
    return Placed(unnamed, min(readings, key=lambda each: (each.layer not in using, _key(each))))


def _key(reading: Reading) -> tuple[int, list[tuple[bool, int, str]], list[tuple[bool, int, str]]]:
    return len(reading.layer), _natural(reading.layer), _natural((reading.op, reading.reader))


def _order(placed: Placed) -> tuple[list[tuple[bool, int, str]], list[tuple[bool, int, str]]]:
    """Return the order of the weights of a layer: as they are used, then as they are read."""
    leaves = (user.rpartition("/")[2] for user in placed.unnamed.users)
    used = min((_natural((leaf,)) for leaf in leaves), default=[])
    return used, _natural((placed.reading.op, placed.reading.reader))


def _natural(texts: Iterable[str]) -> list[tuple[bool, int, str]]:
    """Return a key by which ``a_10`` comes after ``a_9``, and ``a`` before both."""
    parts = (part for text in texts for part in [*_DIGITS.split(text), ""] if part is not None)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _is_keras_3(readings: Collection[Reading], nodes: Collection[str]) -> bool:
    """Whether layers are of Keras 3, which numbers all their scopes."""
    votes = sum(map(_vote, readings))
    if not votes and readings:
        # Biases alone tell nothing, as in a graph whose other weights are variables already; their reads do.
        readings = [reading_of(name, nodes) for name in nodes if name.endswith("/ReadVariableOp")]
        votes = sum(map(_vote, readings))
    scopes = [scope for each in readings for scope in each.layer]
    return votes > 0 and 2 * sum(bool(_COUNT.search(scope)) for scope in scopes) > len(scopes)


def _vote(reading: Reading) -> int:
    return bool(_KERAS_3.fullmatch(reading.op)) - bool(_KERAS_2.fullmatch(reading.op))


def _layer_names(
    layers: Mapping[tuple[str, ...], object], *, is_keras_3: bool
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the names of layers by their scopes: all of them are different."""
    shown = {layer: tuple(_COUNT.sub("", each) for each in layer) if is_keras_3 else layer for layer in layers}
    num_left_out = _num_left_out(layers, shown, is_keras_3=is_keras_3)
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    seen: set[tuple[str, ...]] = set()
    for layer, name in shown.items():
        whole = name[num_left_out:]
        inner = tuple(each for each in whole[:-1] if not _BUILT_ALONE.fullmatch(each))
        if not is_keras_3 and inner and _TIME_DISTRIBUTED.fullmatch(inner[-1]):
            own: tuple[str, ...] = ()  # Keras 2 builds the layer in it in no scope of its own
        else:
            own = whole[-1:]
        # Another layer of the same name in such a scope: its own scope tells them apart.
        found[layer] = next((each for each in (inner + own, whole) if each not in seen), layer[num_left_out:])
        seen.add(found[layer])
    return found


def _num_left_out(
    layers: Mapping[tuple[str, ...], object], shown: Mapping[tuple[str, ...], tuple[str, ...]], *, is_keras_3: bool
) -> int:
    """Return how many scopes are the model's: the outermost, if all layers are in it."""
    roots = {layer[:1] for layer in layers}
    if len(roots) != 1 or any(len(layer) < 2 for layer in layers):
        return 0
    root = next(iter(shown.values()))[0]
    keeps = _WITH_LAYERS.fullmatch(root) or (is_keras_3 and _SEQUENTIAL.fullmatch(root))
    return 0 if keeps else 1


class _Names:
    """Names that are still free, each found in constant time."""

    def __init__(self, nodes: Collection[str], taken: Collection[str]) -> None:
        self._nodes, self._taken = nodes, set(taken)
        self._counts: dict[str, int] = {}

    def free(self, wanted: str) -> str:
        """Return `wanted`, or ``wanted_1`` ...: the first that is free, which is taken then."""
        name = wanted
        while name in self._nodes or name in self._taken:
            self._counts[wanted] = self._counts.get(wanted, 0) + 1
            name = f"{wanted}_{self._counts[wanted]}"
        self._taken.add(name)
        return name
