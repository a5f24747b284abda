"""`tensorflow.tools.graph_transforms` without TensorFlow: the Graph Transform Tool.

Transforms, their parameters and the grammar of the strings are TensorFlow's; what is done
is what our passes do, which keep versions, outputs, colocation and function bodies.
From the command line, ``python -m graphsurgeon transform_graph`` takes the tool's flags.
"""

from graphsurgeon.compat.graph_transforms.engine import TransformGraph

__all__ = ["TransformGraph"]
