"""Freeze a meta graph with TensorFlow's freeze_graph.

Usage: python freeze_graph_tool.py PREFIX OUT.pb, with any TensorFlow.
"""

import sys

from tensorflow.python.tools import freeze_graph

prefix, target = sys.argv[1:3]
freeze_graph.freeze_graph("", "", True, prefix, "prob", "", "", target, True, "", input_meta_graph=prefix + ".meta")
