"""Reshapes whose constant targets encode the size that inputs had.

What becomes of which axis is told by the old sizes; with the new ones each group of axes has to fit again::

    [1, 7, 7, 512] -> [-1, 25088]       1 | -1    7, 7, 512 | 25088
    [1, 14, 14, 512]                    14, 14, 512 is not 25088: the batch would be 4
    [8, 7, 7, 512]                      8 | -1    7, 7, 512 | 25088
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from graphsurgeon.rewrites.shaping.dims import ShapeMismatchError, aligned_groups, product, reshaped, text_of_dims
from graphsurgeon.rewrites.shaping.shape_inference import Conflict, ReshapeCall


def outdated(before: Mapping[str, ReshapeCall], after: Mapping[str, ReshapeCall]) -> Iterator[Conflict]:
    """Yield the Reshapes that would mix up axes with the new sizes, or have not enough elements."""
    for name, old in before.items():
        new = after.get(name)
        if new is None or new.target is None or old.dims is None or new.dims is None or old.dims == new.dims:
            continue
        if old.target != new.target:
            continue  # it is computed from a shape, so it follows
        reason = _mismatch(old, new)
        if reason:
            yield Conflict(name, reason)


def unclear(after: Mapping[str, ReshapeCall], changed: Container[str]) -> Iterator[str]:
    """Yield the Reshapes with a constant size that read what changes, of which nobody knows the shape."""
    for name, new in after.items():
        sizes = [size for size in new.target or () if size not in (-1, 1, None)]
        if sizes and new.dims is None and name in changed:
            yield name


def _mismatch(old: ReshapeCall, new: ReshapeCall) -> str:
    target, dims = new.target or (), new.dims or ()
    what = f"reshapes {text_of_dims(new.dims)}, which was {text_of_dims(old.dims)}, to {list(target)}"
    try:
        result = reshaped(old.dims, target)
    except ShapeMismatchError:
        return ""
    groups = aligned_groups(old.dims or (), result or ())
    if groups is None or len(old.dims or ()) != len(dims):
        return ""
    for given, made in groups:
        wanted, sizes = product(dims[i] for i in given), [target[i] for i in made]
        was = product((old.dims or ())[i] for i in given)
        if -1 in sizes:
            rest = product(size for size in sizes if size != -1)
            if wanted is not None and rest and wanted % rest:
                return f"{what}: {rest} does not divide {wanted}"
        elif wanted != was and product(sizes) is not None:
            return f"{what}: {'?' if wanted is None else wanted} is to be {product(sizes)}"
    return ""
