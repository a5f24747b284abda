"""Pattern matching of pruning masks: constants of zeros and ones that a weight is multiplied by.

``tf.contrib.model_pruning`` makes a variable ``mask`` beside each weight, and a product that takes the weight's place::

    c1/weights/masked_weight = Mul(c1/mask/read, c1/weights/read)

An optimizer does not train the mask: what prunes sets it. Which of the two it is, names tell; values are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from graphsurgeon.ir.node import Node
from graphsurgeon.weights.scope import Constant, Scope

MASK: Final = r"(.*[/_])?masks?(_\d+)?"
PRODUCT: Final = r"(.*/)?masked_(weight|kernel)s?(_\d+)?"


def find_masks(scope: Scope, products: Iterable[Node]) -> Iterator[tuple[Constant, Constant, str]]:
    """Yield masks, of what, and where; whether that is a weight is not asked.

    `products` are the nodes of ``Mul``. All constants of the scope have to be traced.
    """
    for node in products:
        sides = [scope.constant(text) for text in node.data_inputs]
        pair = [side for side in sides if side is not None]
        if len(sides) != 2 or len(pair) != 2 or pair[0].name == pair[1].name:
            continue
        named = [side for side in pair if re.fullmatch(MASK, side.name)]
        if not named and re.fullmatch(PRODUCT, node.name) and pair[0].shape == pair[1].shape:
            named = pair[:1]
        if len(named) == 1:
            mask, weight = named[0], pair[pair[0] is named[0]]
            if mask.size > 1 and _broadcasts(mask.shape, weight.shape):
                yield mask, weight, f"mask of {weight.name!r} in {node.name!r}"


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether a shape broadcasts to another, without making that larger."""
    fits = all(dim in (1, wanted) for dim, wanted in zip(reversed(shape), reversed(to), strict=False))
    return len(shape) <= len(to) and fits
