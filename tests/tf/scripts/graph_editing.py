"""What TensorFlow 1.15's own graph editor makes of small graphs: the same program text runs there and on our nodes."""

import base64
import inspect

import numpy as np
import tensorflow as tf

try:
    from tensorflow.contrib import graph_editor as ge
except ImportError:
    ge = None

tf1 = tf.compat.v1


def scopes():
    """Eight ops in nested scopes, with one control edge."""
    a = tf.constant([1.0, 1.0], shape=[2], name="a")
    with tf1.name_scope("foo"):
        b = tf.constant([2.0, 2.0], shape=[2], name="b")
        c = tf.add(a, b, name="c")
        d = tf.constant([3.0, 3.0], shape=[2], name="d")
        with tf1.name_scope("bar"):
            tf.add(c, d, name="e")
            f = tf.add(c, d, name="f")
            g = tf.add(c, a, name="g")
            with tf.control_dependencies([c.op]):
                tf.add(f, g, name="h")


def pairs():
    """Three sums of two constants, the last of another shape, and one who reads two of them."""
    for number, size in enumerate((2, 2, 3)):
        a = tf.constant(1.0 + number, shape=[size], name="a%d" % number)
        b = tf.constant(2.0 + number, shape=[size], name="b%d" % number)
        tf.add(a, b, name="c%d" % number)


def sums():
    """Constants that are added one by one."""
    total = tf.constant(1.0, shape=[10], name="Input")
    for _ in range(3):
        total = tf.add(tf.constant(1.0, shape=[10], name="Const"), total, name="Add")


def variables():
    """A variable between two constants."""
    a, b = tf.constant(1.0, name="a"), tf1.Variable(1.0, name="b", use_resource=False)
    eps = tf.constant(0.001, name="eps")
    tf.identity(a + b + eps, name="c")


def loop():
    """A loop that sums up, with what it reads and what reads it."""
    last = tf1.placeholder(tf.int32, [], name="last")
    start = tf.constant(1, name="start")
    _, total = tf1.while_loop(
        lambda i, _: i <= last, lambda i, total: (i + 1, total + i), [start, tf.constant(0, name="zero")], name="while"
    )
    tf.identity(total, name="total")


def branch():
    """One of two sums."""
    x = tf1.placeholder(tf.float32, [], name="x")
    y = tf1.cond(x > 0.0, lambda: x + 1.0, lambda: x - 1.0, name="cond")
    tf.identity(y, name="y")


def split():
    """Several outputs, several edges between two ops, and who waits for some."""
    x = tf1.placeholder(tf.float32, [4], name="x")
    one, two = tf.split(x, 2, name="s")
    with tf.control_dependencies([x.op]):
        y = tf.add(one, two, name="y")
    z = tf.multiply(one, one, name="z")
    with tf.control_dependencies([y.op, z.op]):
        tf.no_op(name="n")
    with tf1.colocate_with(y):
        tf.negative(z, name="m")


NETS = {each.__name__: each for each in (scopes, pairs, sums, variables, loop, branch, split)}


def build(net):
    """Make a net and return its graph."""
    was_v2 = tf1.control_flow_v2_enabled()
    tf1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default() as graph:
            NETS[net]()
    finally:
        (tf1.enable_control_flow_v2 if was_v2 else tf1.disable_control_flow_v2)()
    return graph


def nets():
    """The nets as GraphDefs, base64."""
    return {net: base64.b64encode(build(net).as_graph_def().SerializeToString()).decode() for net in NETS}


def judge(cases):
    """Run program texts on nets, and return what each gives and what the graph is then."""
    return [_judge(net, text) for net, text in cases]


def _judge(net, text):
    graph = build(net)
    names = {
        "ge": ge,
        "graph": graph,
        "op": graph.get_operation_by_name,
        "t": graph.get_tensor_by_name,
        "new_graph": tf.Graph,
    }
    try:
        for line in text.split(";")[:-1]:
            exec(line.strip(), names)
        result = plain(eval(text.split(";")[-1].strip(), names))
    except (ValueError, TypeError, KeyError) as error:
        result = type(error).__name__
    return {"result": result, "edges": edges(graph.as_graph_def())}


def edges(graph_def):
    """Nodes with their ops and inputs, those of control sorted."""
    found = {}
    for node in graph_def.node:
        controls = sorted(text for text in node.input if text.startswith("^"))
        found[node.name] = [node.op] + [text for text in node.input if not text.startswith("^")] + controls
    return found


def plain(value):
    """Ops, tensors and views as names."""
    if hasattr(value, "passthroughs"):
        return {
            "ops": sorted(op.name for op in value.ops),
            "inputs": plain(value.inputs),
            "outputs": plain(value.outputs),
        }
    if isinstance(value, ge.TransformerInfo):
        return None
    if isinstance(value, (tf.Operation, tf.Tensor)):
        return value.name
    if isinstance(value, dict):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, ge.util.ListView)):
        return [plain(each) for each in value]
    return value


def values(graph_def, fetches, feeds):
    """What tensors of a graph are."""
    message = tf1.GraphDef.FromString(base64.b64decode(graph_def))
    with tf.Graph().as_default(), tf1.Session() as session:
        tf.import_graph_def(message, name="")
        return [float(each) for each in session.run(fetches, feeds)]


def arrays(graph_def, fetches, rows):
    """What tensors of a net of ``graph_edits`` are, whatever it is fed by: all inputs of one type get the same."""
    message = tf1.GraphDef.FromString(base64.b64decode(graph_def))
    feeds = {node.name + ":0": np.array(rows, np.float32) for node in message.node if node.op == "Placeholder"}
    with tf.Graph().as_default(), tf1.Session() as session:
        tf.import_graph_def(message, name="")
        return [value.tolist() for value in session.run(fetches, feeds)]


def names():
    """The public functions and classes of the graph editor and its modules, with their parameters."""
    parts = ("edit", "reroute", "select", "subgraph", "transform", "util")
    modules = dict({"": ge}, **{part: getattr(ge, part) for part in parts})
    own = {name: [each for each in dir(module) if _is_own(module, each)] for name, module in modules.items()}
    return {name: {each: _parameters(getattr(modules[name], each)) for each in found} for name, found in own.items()}


def _is_own(module, name):
    where = getattr(getattr(module, name), "__module__", None)
    return not name.startswith("_") and "graph_editor" in (where or "")


def _parameters(value):
    return list(inspect.signature(value).parameters)
