"""A script that prepares a detector for UFF, in own words: what it does with NVIDIA's package it does with ours."""

from __future__ import annotations

import graphsurgeon.compat.nvidia as gs
from graphsurgeon.ir.model import Model
from tests.compat.nvidia.detector import detector


def plugins():
    boxes = gs.create_node("anchors", op="ConcatV2", dtype="float32", axis=2)
    return {
        "MultipleGridAnchorGenerator": gs.create_plugin_node(
            name="GridAnchor", op="GridAnchor_TRT", minSize=0.2, aspectRatios=[1.0, 2.0, 0.5], featureMapShapes=[19, 10]
        ),
        "MultipleGridAnchorGenerator/Concatenate": boxes,
        "Postprocessor": gs.create_plugin_node(name="NMS", op="NMS_TRT", topK=100, inputOrder=[1, 0, 2]),
        "Preprocessor": (image := gs.create_plugin_node(name="Input", op="Placeholder", shape=[1, 3, 300, 300])),
        "ToFloat": image,
        "image_tensor": image,
        "concat": gs.create_plugin_node("concat_box_loc", op="FlattenConcat_TRT", axis=1),
        "concat_1": gs.create_plugin_node("concat_box_conf", op="FlattenConcat_TRT", axis=1),
        "NotThere": gs.create_plugin_node("nowhere", op="Nowhere_TRT"),
    }


def preprocess(graph: gs.DynamicGraph) -> None:
    graph.remove(graph.find_nodes_by_op("Assert"), remove_exclusive_dependencies=True)
    graph.forward_inputs(graph.find_nodes_by_op("Identity"))
    graph.collapse_namespaces(plugins())
    if "NMS" not in [node.name for node in graph.graph_outputs]:
        graph.remove(graph.graph_outputs, remove_exclusive_dependencies=False)
    (nms,) = graph.find_nodes_by_op("NMS_TRT")
    if "Input" in nms.input:
        nms.input.remove("Input")


def test_what_is_left(tmp_path):
    graph = gs.DynamicGraph(Model(detector()).to_graph_def())
    preprocess(graph)
    assert {node.name: (node.op, list(node.input)) for node in graph} == {
        "Input": ("Placeholder", []),
        "Features/w": ("Const", []),
        "Features/Conv2D": ("Conv2D", ["Input", "Features/w"]),
        "GridAnchor": ("GridAnchor_TRT", ["Features/Conv2D"]),
        "anchors": ("ConcatV2", ["GridAnchor"]),
        "concat_box_loc": ("FlattenConcat_TRT", ["Features/Conv2D"]),
        "concat_box_conf": ("FlattenConcat_TRT", ["Features/Conv2D"]),
        "NMS": ("NMS_TRT", ["concat_box_loc", "anchors", "concat_box_conf"]),
    }
    assert [node.name for node in graph.graph_inputs] == ["Input"]
    assert [node.name for node in graph.graph_outputs] == ["NMS"]
    graph.write(tmp_path / "out.pb")
    again = gs.StaticGraph(tmp_path / "out.pb")
    assert again.as_graph_def() == graph.as_graph_def()
