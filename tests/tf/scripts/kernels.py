"""What TensorFlow's kernels make of constants: many nodes in one process."""

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1


def run(pb, values):
    """Run each node named ``case/...`` of a graph alone, with its constants; write what it gives to an ``.npz`` file.

    Returns by case its error, or the ``[dtype, shape]`` of each output. Outputs are there as ``case:number``: raw
    bytes; strings as their hexadecimal digits.
    """
    groups, answer, arrays = {}, {}, {}
    for node in running.graph_def(pb).node:
        groups.setdefault(node.name.split("/")[0], []).append(node)
    for case, nodes in groups.items():
        try:
            found = one(nodes, case)
        except Exception as error:
            answer[case] = "%s: %s" % (type(error).__name__, str(error)[:200])
            continue
        answer[case] = []
        for number, (dtype, value) in enumerate(found):
            answer[case].append([dtype, list(np.shape(value))])
            if dtype == "string":
                flat = np.array(value, object).reshape(-1)
                arrays["%s:%d" % (case, number)] = np.array([each.hex() for each in flat] or [""])
            else:
                arrays["%s:%d" % (case, number)] = np.frombuffer(np.asarray(value).tobytes(), np.uint8)
    np.savez(values, **arrays)
    return answer


def one(nodes, case):
    graph = tf.Graph()
    part = tf1.GraphDef()
    part.node.extend(nodes)
    with graph.as_default():
        tf1.import_graph_def(part, name="")
    outputs = graph.get_operation_by_name(case + "/of").outputs
    with running.session(graph) as session:
        values = session.run(list(outputs))
    return [(output.dtype.base_dtype.name, value) for output, value in zip(outputs, values)]
