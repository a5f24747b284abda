"""A reference evaluator: the values of nodes, and so the initial values of variables, without TensorFlow.

The subgraph that assigns a variable its first value is evaluated with numpy::

    X <- X/Assign <- Add(Mul(RandomUniform(shape), Const), Const)       a glorot_uniform_initializer

`Initializers` walks it and gives a lazy tensor: nothing is computed before it is read, and what is
element by element (random numbers, arithmetic with scalars, casts, fills) streams in blocks of about
1 MiB. Only what has to see all elements at once (Qr, MatMul, transposes) is held in memory.

Random numbers are TensorFlow's own wherever the graph sets seeds, and stateless ones always:
the same generator (Philox 4x32-10) in the same order. Uniform and integer ones are equal bit by bit to those
of TensorFlow on the CPU; normal ones to the last bits, as they go through logarithms and sines of
the C library. An op without seeds, which TensorFlow starts anew each time, is started from a hash of a
seed and its name: the same in every run, and whatever else is evaluated (but for last bits, with another numpy).
"""

from __future__ import annotations

from graphsurgeon.evaluator.initializers import Initializers, assigned_values
from graphsurgeon.evaluator.values import evaluate

__all__ = ["Initializers", "assigned_values", "evaluate"]
