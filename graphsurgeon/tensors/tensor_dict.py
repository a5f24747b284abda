"""A dict of tensors into which arrays can be put."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

from graphsurgeon.tensors.tensor import Tensor, as_tensor


class TensorDict(dict[str, Tensor]):
    """A dict of tensors that makes tensors of what is put in, as `as_tensor` does: arrays, numbers, lists."""

    def __init__(self, values: Mapping[str, Any] = MappingProxyType({})) -> None:
        super().__init__()
        self.update(values)

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, as_tensor(value))

    def __ior__(self, values: Any) -> TensorDict:  # type: ignore[override,misc]
        self.update(values)
        return self

    def setdefault(self, name: str, value: Any = None) -> Tensor:
        """Return the tensor of that name, which is made of `value` when there is none."""
        if name not in self:
            self[name] = value
        return self[name]

    def update(self, *values: Any, **named: Any) -> None:
        """Put in what `dict.update` would."""
        for name, value in dict(*values, **named).items():
            self[name] = value


def require_mutable(tensors: Any) -> MutableMapping[str, Any]:
    """Return what an edit is to change.

    Raises
    ------
    TypeError
        It cannot be changed, as a checkpoint that was opened.
    """
    if not isinstance(tensors, MutableMapping):
        found = type(tensors).__name__
        raise TypeError(f"a dict of tensors is edited, and this is a {found}: dict(...) makes one of a mapping")
    return tensors
