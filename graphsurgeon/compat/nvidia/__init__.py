"""NVIDIA's old ``graphsurgeon`` for TensorFlow graphs, which scripts use that prepare a graph for UFF.

Such a script runs with one line changed::

    import graphsurgeon.compat.nvidia as gs

Graphs are made of NodeDefs, which may be edited in place; TensorFlow's own where TensorFlow is loaded. What is known of
a graph (`node_map`, `graph_outputs` ...) is found out when it is asked for, so that it is true after any edit.
"""

from __future__ import annotations

from graphsurgeon.compat.nvidia.dynamic_graph import DynamicGraph
from graphsurgeon.compat.nvidia.nodes import create_node, create_plugin_node
from graphsurgeon.compat.nvidia.static_graph import StaticGraph

__all__ = ["DynamicGraph", "StaticGraph", "create_node", "create_plugin_node"]
