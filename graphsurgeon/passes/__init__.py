"""The passes, which change a model: one file, one public function each, found by their files."""

from graphsurgeon.registry import Registry

_REGISTRY = Registry(__name__, __file__)
names = _REGISTRY.names
load = _REGISTRY.load
path = _REGISTRY.path
