"""How a descriptor set differs from TensorFlow's own descriptors. Runs on TensorFlow 1.15 (Python 3.7) and 2.x."""

import glob
import importlib
import os

import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool

PACKABLE_BUT = (9, 10, 11, 12)  # string, group, message, bytes: never packed
REPEATED = 3


def against_ours(path):
    """Compare the messages and enums of package ``tensorflow`` in the FileDescriptorSet of a file with TensorFlow's.

    Returns ``{"messages": {name: count of fields}, "enums": [names], "absent": [names TensorFlow lacks], "differ":
    {"message.field" or "enum.value": [ours, TensorFlow's]}}``; None stands for what one side lacks.
    """
    with open(path, "rb") as file:
        ours = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    import_all()
    answer = {"messages": {}, "enums": [], "absent": [], "differ": {}}
    for file in ours.file:
        if file.package.startswith("tensorflow"):
            for message in file.message_type:
                compare_message(message, "%s.%s" % (file.package, message.name), file.syntax, answer)
            for enum in file.enum_type:
                compare_enum(enum, "%s.%s" % (file.package, enum.name), answer)
    return answer


def import_all():
    """Import every generated module, so that the default pool has every message."""
    root = os.path.dirname(tf.__file__)
    for folder in (root, os.path.join(os.path.dirname(root), "tensorflow_core")):
        for place in ("core/framework", "core/protobuf", "core/util", "python/training"):
            for path in glob.glob(os.path.join(folder, place, "*_pb2.py")):
                # As `tensorflow.`, whatever the folder: a second import under another name makes the message classes
                # anew, and TensorFlow 1.15 then does not know its own messages any more.
                relative = os.path.relpath(path, folder)
                importlib.import_module("tensorflow." + relative[:-3].replace(os.sep, "."))


def compare_message(message, name, syntax, answer):
    """Compare a message, and what is nested in it, with TensorFlow's of the same full name."""
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    except KeyError:
        answer["absent"].append(name)
        return
    theirs = descriptor_pb2.DescriptorProto()
    descriptor.CopyToProto(theirs)
    their_file = descriptor_pb2.FileDescriptorProto.FromString(descriptor.file.serialized_pb)
    mine, other = fields(message, syntax), fields(theirs, their_file.syntax)
    answer["messages"][name] = len(mine)
    note(answer, name, mine, other)
    for nested in message.nested_type:
        compare_message(nested, "%s.%s" % (name, nested.name), syntax, answer)
    for enum in message.enum_type:
        compare_enum(enum, "%s.%s" % (name, enum.name), answer)


def fields(message, syntax):
    """``{field: [number, type, label, type name, packed, oneof or presence]}`` of a DescriptorProto."""
    return {field.name: field_facts(message, field, syntax) for field in message.field}


def field_facts(message, field, syntax):
    packed = field.options.packed
    if syntax == "proto3" and not field.options.HasField("packed"):
        packed = field.label == REPEATED and field.type not in PACKABLE_BUT
    oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
    presence = syntax != "proto3" and field.label != REPEATED
    return [field.number, field.type, field.label, field.type_name, packed, oneof or presence]


def compare_enum(enum, name, answer):
    """Compare an enum with TensorFlow's of the same full name."""
    try:
        descriptor = descriptor_pool.Default().FindEnumTypeByName(name)
    except KeyError:
        answer["absent"].append(name)
        return
    theirs = descriptor_pb2.EnumDescriptorProto()
    descriptor.CopyToProto(theirs)
    answer["enums"].append(name)
    note(answer, name, {value.name: value.number for value in enum.value}, {v.name: v.number for v in theirs.value})


def note(answer, name, mine, other):
    """Add what differs between two dicts to the answer."""
    for key in sorted(set(mine) | set(other)):
        if mine.get(key) != other.get(key):
            answer["differ"]["%s.%s" % (name, key)] = [mine.get(key), other.get(key)]


def dtypes():
    """``{number: [name, size, floating, integer, complex, quantized, numpy dtype or None]}`` of every dtype."""
    from tensorflow.core.framework import types_pb2

    answer = {}
    for word, number in types_pb2.DataType.items():
        if number == 0:
            continue
        dtype = tf.as_dtype(number)
        traits = [dtype.is_floating, dtype.is_integer, dtype.is_complex, dtype.is_quantized]
        answer[str(number)] = [word, dtype.name, dtype.size, traits, numpy_name(dtype)]
    return answer


def numpy_name(dtype):
    """The name of the numpy dtype TensorFlow gives for a dtype; None where it has none."""
    import numpy as np

    try:
        found = np.dtype(dtype.as_numpy_dtype)
    except (KeyError, TypeError):
        return None
    return found[0].name if found.names else found.name


def text_to_text(source, target):
    """Read a text GraphDef and write it as ``tf.io.write_graph`` does."""
    from google.protobuf import text_format

    with open(source, encoding="utf-8") as file:
        graph = text_format.Parse(file.read(), tf.compat.v1.GraphDef())
    tf.io.write_graph(graph, os.path.dirname(target), os.path.basename(target), as_text=True)
