"""What functionalization declines: the node, the reason, and the way that works."""

from __future__ import annotations

from graphsurgeon.errors import PassError

OPERATION = "functionalize"
V1_MODE = "v1 mode (TensorFlow 1, or 2 after tf.compat.v1.disable_v2_behavior()) runs it as it is"

PRUNE = "prune takes out what the outputs do not need"


def declined(reason: str, node: str | None = None, *, hint: str = V1_MODE) -> PassError:
    """Return the error for a graph that has to stay as it is."""
    return PassError(OPERATION, reason, node=node, hint=hint)
