"""Which ranks of an input an op takes, by its shape function alone. TensorFlow 2."""

import tensorflow as tf
from tensorflow.python.framework import op_def_registry

tf1 = tf.compat.v1


def taken(table, ranks):
    """By op and input which of some ranks TensorFlow imports, when nothing is known of the other inputs."""
    return {
        op: {number: [rank for rank in ranks if _is_taken(op, int(number), rank)] for number in numbers}
        for op, numbers in table.items()
    }


def _is_taken(op, number, rank):
    if _is_imported(op, number, [None] * rank, None):
        return True
    dtype = _dtypes(op)[number]
    # A scalar that is -1 may stand for an unknown shape.
    return rank == 0 and dtype in ("int32", "int64", "float32") and _is_imported(op, number, [], -1)


def _is_imported(op, number, dims, value):
    graph = tf.Graph()
    with graph.as_default():
        for position, dtype in enumerate(_dtypes(op)):
            if position == number and value is not None:
                tf.constant(value, dtype, name="i%d" % position)
            else:
                tf1.placeholder(dtype, dims if position == number else None, name="i%d" % position)
    graph_def = graph.as_graph_def()
    node = graph_def.node.add(name="node", op=op, input=["i%d" % n for n in range(len(_dtypes(op)))])
    for name, value in _attrs(op).items():
        node.attr[name].CopyFrom(value)
    try:
        with tf.Graph().as_default():
            tf.import_graph_def(graph_def, name="")
    except ValueError:
        return False
    return True


def _attrs(op):
    """The attrs that have no default, as simple as their definition allows."""
    attrs = op_def_registry.get(op).attr
    return {attr.name: _simplest(attr) for attr in attrs if not attr.HasField("default_value")}


def _simplest(attr):
    value, number = tf1.AttrValue(), max(attr.minimum, 1)
    kinds, words = list(attr.allowed_values.list.type), list(attr.allowed_values.list.s)
    if attr.type == "shape":
        value.shape.unknown_rank = True
    elif attr.type == "list(shape)":
        value.list.shape.extend([tf1.AttrValue.FromString(b"").shape] * number)
    else:
        simple = {
            "type": {"type": kinds[0] if kinds and 1 not in kinds else 1},
            "int": {"i": number},
            "string": {"s": words[0] if words else b"SAME"},
            "bool": {"b": False},
            "list(type)": {"list": {"type": [1] * number}},
            "list(int)": {"list": {"i": [1, 1, 1, 1]}},
        }
        value = tf1.AttrValue(**simple[attr.type])
    return value


def _dtypes(op):
    definition = op_def_registry.get(op)
    given = {attr.name: attr.default_value.type for attr in definition.attr}
    given.update((name, value.type) for name, value in _attrs(op).items())
    counts = {attr.name: max(attr.minimum, 1) for attr in definition.attr}
    dtypes = []
    for each in definition.input_arg:
        number = given[each.type_attr] if each.type_attr else each.type
        dtypes += [tf.as_dtype(number).name] * (counts[each.number_attr] if each.number_attr else 1)
    return dtypes
