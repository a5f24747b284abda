"""One file per verb that is not a pass; each holds its `command`, and its first line is its help."""

from graphsurgeon.registry import Registry

_REGISTRY = Registry(__name__, __file__)
names = _REGISTRY.names
path = _REGISTRY.path
stem = _REGISTRY.stem
