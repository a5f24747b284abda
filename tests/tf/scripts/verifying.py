"""Whether TensorFlow takes a graph: when it is imported, and when all that is in it runs."""

import json

import running
import tensorflow as tf
from google.protobuf import text_format

tf1 = tf.compat.v1


def accepted(path):
    """For every text GraphDef of a JSON file, ``None``, or why TensorFlow refuses it."""
    with open(path) as file:
        texts = json.load(file)
    return {name: refusal(text) for name, text in texts.items()}


def refusal(text):
    graph = tf.Graph()
    try:
        with graph.as_default():
            tf1.import_graph_def(text_format.Parse(text, tf1.GraphDef()), name="")
        names = [operation.name for operation in graph.get_operations()]
        # A loop here has no end, and a call of a custom op no kernel; neither has more to refuse.
        if names and "NextIteration" not in text:
            with running.session(graph) as session:
                session.run([name for name in names if graph.get_operation_by_name(name).type != "VariableV2"])
    except tf.errors.FailedPreconditionError:
        return None  # a variable that nobody initialized: the graph itself runs
    except Exception as error:
        return "%s: %s" % (type(error).__name__, str(error)[:300])
    return None


def imports(path):
    """For every record of a file, a GraphDef, ``None``, or why TensorFlow does not import it, or run its Const."""
    with open(path, "rb") as file:
        data = file.read()
    from google.protobuf.internal import decoder

    refusals, position = [], 0
    while position < len(data):
        nbytes, start = decoder._DecodeVarint(data, position + 1)
        position = start + nbytes
        refusals.append(_import_refusal(tf1.GraphDef.FromString(data[start:position])))
    return refusals


def _import_refusal(graph_def):
    graph = tf.Graph()
    try:
        with graph.as_default():
            tf1.import_graph_def(graph_def, name="")
        if graph_def.node[-1].op == "Const":
            with running.session(graph) as session:
                session.run("n")
    except Exception as error:
        return "%s: %s" % (type(error).__name__, str(error)[:200])
    return None
