"""The inputs of nodes as TensorFlow reads them: which output of which node."""


def of_graph(path):
    """Return the inputs of every node of a serialized GraphDef by graph and node: producer and output, or -1."""
    import tensorflow as tf
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def

    graph_def = tf.compat.v1.GraphDef()
    with open(path, "rb") as file:
        graph_def.ParseFromString(file.read())
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(graph_def, name="")
        found = {"": {op.name: _inputs(op) for op in graph.get_operations()}}
        for function in graph_def.library.function:
            body, _ = function_def_to_graph_def(function)
            found[function.signature.name] = {node.name: [_parsed(text) for text in node.input] for node in body.node}
    return found


def _inputs(op):
    data = [[tensor.op.name, tensor.value_index] for tensor in op.inputs]
    return data + [[each.name, -1] for each in op.control_inputs]


def _parsed(text):
    if text[:1] == "^":
        return [text[1:], -1]
    name, _, output = text.partition(":")
    return [name, int(output or 0)]
