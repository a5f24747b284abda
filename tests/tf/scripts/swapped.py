"""TensorFlow's functions and ours, called with the same TensorFlow objects in one process.

Arguments: the project's directory, then frozen graphs. Prints ``{"compared": number, "failed": [what]}``.
"""

import json
import sys

import running
import tensorflow as tf
from tensorflow.python.framework import graph_util as theirs
from tensorflow.python.tools import strip_unused_lib as their_strip

tf1 = tf.compat.v1


def outcome(function, arguments):
    """What a call gives, or the kinds of exception that what it raises can be caught as."""
    try:
        return "returned", function(*arguments)
    except Exception as error:
        return "raised", [base.__name__ for base in type(error).__mro__]


class Comparison:
    """Calls both and keeps what differs."""

    def __init__(self):
        self.compared = 0
        self.failed = []

    def __call__(self, their_function, our_function, *arguments):
        self.compared += 1
        before = [each.SerializeToString(deterministic=True) for each in arguments if is_message(each)]
        (how, expected), (ours, found) = outcome(their_function, arguments), outcome(our_function, arguments)
        after = [each.SerializeToString(deterministic=True) for each in arguments if is_message(each)]
        if how == "raised":
            same = ours == "raised" and expected[0] in found
        else:
            same = ours == "returned" and type(found) is type(expected) and found == expected
        if not same or before != after:
            shown = [str(each)[:80] for each in arguments[1:]]
            self.failed.append(
                "%s%s: %s, not %s" % (their_function.__name__, shown, str(found)[:200], str(expected)[:200])
            )


def is_message(value):
    return hasattr(value, "SerializeToString")


def all_nodes(part, graph):
    """A function that compares only the nodes: TensorFlow's results lack versions and library."""

    def nodes(*arguments):
        return list(part(*arguments).node)

    nodes.__name__ = part.__name__
    return nodes


def compare_graph(compare, ours, our_strip, graph):
    names = [node.name for node in graph.node]
    for outputs in (
        [names[-1]],
        names[::7],
        tuple(names[:3]),
        set(names[-2:]),
        [],
        ["nowhere"],
        names[0],
        [names[0] + ":0"],
    ):
        compare(theirs.extract_sub_graph, ours.extract_sub_graph, graph, outputs)
    # Ours keep what nobody reads.
    read = {text.lstrip("^").partition(":")[0] for node in graph.node for text in node.input}
    unread = [name for name in names if name not in read]
    for protected in (unread, [names[-1], *unread], names):
        compare(
            all_nodes(theirs.remove_training_nodes, graph),
            all_nodes(ours.remove_training_nodes, graph),
            graph,
            protected,
        )
    for inputs, types in (([names[1]], 1), ([names[1], names[2]], [1, 3]), (["nowhere"], 1), ([names[0] + ":0"], 1)):
        compare(
            all_nodes(their_strip.strip_unused, graph),
            all_nodes(our_strip.strip_unused, graph),
            graph,
            inputs,
            [names[-1]],
            types,
        )
    for node in graph.node:
        for pin in (False, True):
            compare(theirs.must_run_on_cpu, ours.must_run_on_cpu, node, pin)


def compare_live(compare, ours, path):
    graph = running.imported(path)
    for operation in graph.get_operations():
        compare(theirs.must_run_on_cpu, ours.must_run_on_cpu, operation)
        for tensor in operation.outputs[:1]:
            for name in (operation.name, tensor.name):
                compare_shapes(compare, ours, graph, name)
    compare_shapes(compare, ours, graph, "nowhere")


def compare_shapes(compare, ours, graph, name):
    def shape_of(function):
        def shape(*arguments):
            return function(*arguments).as_proto()

        shape.__name__ = function.__name__
        return shape

    compare(
        shape_of(theirs.tensor_shape_from_node_def_name), shape_of(ours.tensor_shape_from_node_def_name), graph, name
    )


def main(root, *paths):
    sys.path.insert(0, root)
    from graphsurgeon.compat import graph_util as ours
    from graphsurgeon.compat import strip_unused_lib as our_strip

    compare = Comparison()
    for path in paths:
        compare_graph(compare, ours, our_strip, running.graph_def(path))
        compare_live(compare, ours, path)
    for wrong in ("text", None, 3, tf1.NodeDef()):
        compare(theirs.extract_sub_graph, ours.extract_sub_graph, wrong, ["a"])
    for wrong in ("text", None, tf1.GraphDef()):
        compare(theirs.must_run_on_cpu, ours.must_run_on_cpu, wrong)
    assert "tensorflow" in sys.modules
    print(json.dumps({"compared": compare.compared, "failed": compare.failed[:20]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
