"""Ops by what they are for, where TensorFlow has several of one kind."""

from __future__ import annotations

#: Variables that are read by reference, and handles of variables that are resources.
REF_OPS = frozenset({"Variable", "VariableV2", "AutoReloadVariable"})
RESOURCE_OPS = frozenset({"VarHandleOp"})
