"""What TensorFlow's own tools make of frozen graphs before people get hold of them."""

import running
import tensorflow as tf

tf1 = tf.compat.v1


def transform(pb, target, outputs, transforms, inputs=("input",)):
    """Run the Graph Transform Tool, which either TensorFlow still has inside."""
    graph = running.graph_def(pb)
    if tf.__version__.startswith("1."):
        from tensorflow.tools.graph_transforms import TransformGraph

        result = TransformGraph(graph, list(inputs), list(outputs), list(transforms)).SerializeToString()
    else:
        from tensorflow.python.util import _pywrap_transform_graph

        result = _pywrap_transform_graph.TransformGraphWithStringInputs(
            graph.SerializeToString(), ",".join(inputs), ",".join(outputs), " ".join(transforms)
        )
    with open(target, "wb") as file:
        file.write(result)
    return target


def for_inference(pb, target, outputs, inputs=("input",)):
    """Run ``optimize_for_inference``, which folds batch norms and drops what only training needs."""
    from tensorflow.python.tools.optimize_for_inference_lib import optimize_for_inference

    result = optimize_for_inference(running.graph_def(pb), list(inputs), list(outputs), tf.float32.as_datatype_enum)
    with open(target, "wb") as file:
        file.write(result.SerializeToString())
    return target


def grappler(pb, target, outputs):
    """Run Grappler's default passes, as exporters do: constants folded, identities gone, layouts kept."""
    from tensorflow.core.protobuf import config_pb2
    from tensorflow.python.grappler import tf_optimizer

    graph = running.imported(pb)
    with graph.as_default():
        meta = tf1.train.export_meta_graph(graph_def=graph.as_graph_def(), graph=graph)
    meta.collection_def["train_op"].node_list.value.extend(outputs)
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    config.graph_options.rewrite_options.optimizers.extend(["constfold", "dependency", "remap", "constfold"])
    result = tf_optimizer.OptimizeGraph(config, meta)
    with open(target, "wb") as file:
        file.write(result.SerializeToString())
    return target
