"""What functionalization declines names the node and the way that works."""

from __future__ import annotations

from graphsurgeon.rewrites.functionalizing.declined import declined


def test_it_says_what_works():
    error = declined("it cannot be", "a")
    assert (error.operation, error.node, error.reason) == ("functionalize", "a", "it cannot be")
    assert error.hint is not None
    assert error.hint.startswith("v1 mode")
