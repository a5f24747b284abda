"""What TensorFlow's checkpoint functions and its inspect_checkpoint do, as plain data.

`outcomes` and `describe` take any module and reader of that kind: the tests call them with ours. Runs unchanged on
TensorFlow 1.15 and later; TensorFlow is imported inside functions.
"""

import contextlib
import hashlib
import io
import os


def describe(reader):
    """Everything a checkpoint reader says."""
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    return {
        "text": reader.debug_string().decode("latin-1"),
        "shapes": shapes,
        "dtypes": {name: [repr(dtype), str(dtype), dtype.as_datatype_enum] for name, dtype in dtypes.items()},
        "values": {name: value_of(reader, name) for name in shapes},
        "there": all(reader.has_tensor(name) for name in shapes),
    }


def value_of(reader, name):
    """The kind, dtype, shape and digest of a value; the error where there is none."""
    try:
        value = reader.get_tensor(name)
    except Exception as error:
        return [type(error).__name__, str(error)]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    content = b"".join(map(repr_bytes, value.reshape(-1))) if value.dtype.hasobject else value.tobytes()
    # numpy 1 calls its bool `bool_`.
    return [type(value).__name__.rstrip("_"), str(value.dtype), list(value.shape), hashlib.sha256(content).hexdigest()]


def repr_bytes(element):
    return b"%d:%s," % (len(element), element)


def read(prefix):
    return describe(train().NewCheckpointReader(prefix))


def train():
    import tensorflow as tf

    return tf.compat.v1.train


def outcome(module, name, arguments):
    """The result of a function, or the classes and the text of what it raises."""
    try:
        result = getattr(module, name)(*arguments)
    except Exception as error:
        return {"raised": [cls.__name__ for cls in type(error).__mro__], "text": str(error)}
    if hasattr(result, "ListFields"):
        return {
            field.name: value if isinstance(value, (str, float)) else list(value)
            for field, value in result.ListFields()
        }
    return "reader" if hasattr(result, "get_tensor") else result


def outcomes(directory, calls, module=None):
    """The outcomes of calls of functions, made one after the other in a directory."""
    before = os.getcwd()
    os.chdir(directory)
    try:
        return [outcome(module or train(), name, arguments) for name, arguments in calls]
    finally:
        os.chdir(before)


def inspect(arguments, options):
    """What inspect_checkpoint prints."""
    import numpy as np
    from tensorflow.python.tools import inspect_checkpoint

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), np.printoptions(**options):
        inspect_checkpoint.print_tensors_in_checkpoint_file(*arguments)
    return printed.getvalue()


def save_as_checkpoint(directory, version):
    """Let a sharded Saver save under ``d/checkpoint``, relative to a directory; what it calls it, and the values."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    before = os.getcwd()
    os.chdir(directory)
    try:
        os.mkdir("d")
        with tf.Graph().as_default(), tf1.Session() as session:
            values = {"a": [1.0, 2.0], "b": [3.0]}
            for name, value in values.items():
                tf1.get_variable(name, initializer=tf.constant(value), use_resource=False)
            session.run(tf1.global_variables_initializer())
            return tf1.train.Saver(sharded=True, write_version=version).save(session, "d/checkpoint"), values
    finally:
        os.chdir(before)
