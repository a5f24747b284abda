"""A node of every op that can be made without knowing what the op does, as TensorFlow's Python makes it.

Inputs are placeholders of types that are allowed, and variables where a reference is wanted; attrs that have no
default are given the first of a few values with which TensorFlow takes the node. Runs unchanged on TensorFlow 1.15
and later.
"""

import itertools

import tensorflow as tf
from tensorflow.core.framework import types_pb2

tf1 = tf.compat.v1

COUNTS = (2, 1, 3)
LENGTHS = (4, 1, 5, 2, 3)
INTS = (1, 2, 8, 0)
STRINGS = ("x", "ij,jk->ik", "i->j", "", "ADD", "{}")
SHAPES = ([2, 3], [], [None, 3])

#: Left out: TensorFlow 2.21 does not survive made-up attrs of these.
FATAL = {"SplitDedupData", "MergeDedupData"}


class Attempt:
    """A choice of values for the attrs of an op."""

    def __init__(self, op, choice, flip):
        self.attrs, self.given = {}, {}
        index = lambda of: of[choice % len(of)]  # noqa: E731
        args = list(op.input_arg)
        told = {name for arg in args for name in (arg.type_attr, arg.type_list_attr, arg.number_attr) if name}
        for attr in op.attr:
            allowed = attr.allowed_values.list
            count = max(attr.minimum, index(COUNTS))
            if attr.name in told or not attr.HasField("default_value"):
                self.attrs[attr.name] = self.value(attr, allowed, count, index)
            elif flip and attr.type == "bool":
                self.attrs[attr.name] = not attr.default_value.b
            elif flip and attr.type == "string" and len(allowed.s) > 1:
                self.attrs[attr.name] = allowed.s[-1]
            elif flip and attr.type == "type" and len(allowed.type) > 1:
                self.attrs[attr.name] = allowed.type[-1]
        for attr in op.attr:
            if attr.type == "list(shape)" and attr.name in self.attrs:
                lists = [v for k, v in self.attrs.items() if k != attr.name and isinstance(v, list)]
                self.attrs[attr.name] = [[2]] * (len(lists[0]) if lists else 2)
        self.given = {name: value for name, value in self.attrs.items() if name not in told}

    def value(self, attr, allowed, count, index):
        kind = attr.type
        types = list(allowed.type) or [types_pb2.DT_FLOAT, types_pb2.DT_INT32, types_pb2.DT_STRING]
        strings = [index(list(allowed.s) or STRINGS)]
        one = {
            "type": index(types),
            "int": max(attr.minimum if attr.has_minimum else -99, index(INTS)),
            "float": 0.5,
            "bool": True,
            "string": strings[0],
            "shape": index(SHAPES),
            "func": "f",
            "tensor": tf1.make_tensor_proto([1, 2, 3]),
        }
        if not kind.startswith("list("):
            return one[kind]
        if kind == "list(type)":
            return (types * count)[:count]
        length = max(attr.minimum, index(LENGTHS)) if kind == "list(int)" else count
        return [one[kind[5:-1]]] * length


def tensor(dtype, is_ref):
    if is_ref:
        return tf.raw_ops.VariableV2(shape=[2], dtype=dtype)
    return tf1.placeholder(tf.as_dtype(dtype))


def inputs_of(op, attrs):
    """The tensors of each argument."""
    for arg in op.input_arg:
        if arg.type_list_attr:
            found = [tensor(each, arg.is_ref) for each in attrs[arg.type_list_attr]]
        else:
            dtype = attrs[arg.type_attr] if arg.type_attr else arg.type
            found = [tensor(dtype, arg.is_ref) for _ in range(attrs[arg.number_attr] if arg.number_attr else 1)]
        yield arg, found


def apply(op, graph, arguments):
    """Make the node with the function that TensorFlow has for it, or with what all of these call."""
    before = len(graph.get_operations())
    try:
        getattr(tf.raw_ops, op.name)(**arguments)
    except (AttributeError, TypeError):  # internal ops have none, of others the arguments have other names
        from tensorflow.python.framework import op_def_library

        inferred = {name for arg in op.input_arg for name in (arg.type_attr, arg.type_list_attr, arg.number_attr)}
        defaults = [attr.name for attr in op.attr if attr.HasField("default_value") and attr.name not in inferred]
        keywords = dict(dict.fromkeys(defaults), **arguments)
        if hasattr(op_def_library, "apply_op"):
            op_def_library.apply_op(op.name, **keywords)
        else:
            library = op_def_library.OpDefLibrary()
            library.add_op(op)
            library.apply_op(op.name, **keywords)
    made = [each for each in graph.get_operations()[before:] if each.type == op.name]
    return made[-1].node_def


def attempt(op, choice, flip):
    """What was given and what became of it; None when TensorFlow does not take it."""
    with tf.Graph().as_default() as graph:
        try:
            tried = Attempt(op, choice, flip)
            groups = list(inputs_of(op, tried.attrs))
            arguments = dict(tried.given)
            for arg, found in groups:
                arguments[arg.name] = found if arg.type_list_attr or arg.number_attr else found[0]
            node = apply(op, graph, arguments)
        except Exception:  # whatever it is, another choice is tried
            return None
        given = {name: node.attr[name].SerializeToString().hex() for name in tried.given}
        return {
            "inputs": [[[each.name, each.dtype.as_datatype_enum] for each in found] for _, found in groups],
            "attrs": given,
            "node": node.SerializeToString().hex(),
        }


def made(choices=6):
    """A few nodes of every op, by its name; none for ops of which none was made."""
    from tensorflow.python.framework import op_def_registry

    if hasattr(op_def_registry, "get_registered_ops"):
        names = op_def_registry.get_registered_ops()
    else:
        from tensorflow.core.framework import op_def_pb2
        from tensorflow.python.client import pywrap_tf_session

        ops = op_def_pb2.OpList()
        ops.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
        names = [op.name for op in ops.op]
    get = getattr(op_def_registry, "get", None) or op_def_registry.get_registered_ops().get
    found = {}
    for name in names:
        op = get(name)
        if name in FATAL:
            continue
        tried = ((choice, flip) for flip in (False, True) for choice in range(choices))
        nodes = (attempt(op, choice, flip) for choice, flip in tried)
        found[name] = list(itertools.islice((node for node in nodes if node is not None), 3))
    return found
