"""Average checkpoints as the scripts in circulation do.

Usage: python average_checkpoints.py DST_PREFIX SRC_PREFIX...

All values are summed up in memory, put into variables through placeholders, and saved.
"""

import sys

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def main(target, *sources):
    shapes = tf1.train.NewCheckpointReader(sources[0]).get_variable_to_shape_map()
    values = {name: np.zeros(shape) for name, shape in shapes.items()}
    dtypes = {}
    for source in sources:
        reader = tf1.train.NewCheckpointReader(source)
        for name in values:
            tensor = reader.get_tensor(name)
            dtypes[name] = tensor.dtype
            values[name] += tensor
    with tf1.Graph().as_default(), tf1.Session() as session:
        assigns = []
        for name in sorted(values):
            variable = tf1.get_variable(name, shape=shapes[name], dtype=dtypes[name])
            given = tf1.placeholder(variable.dtype.base_dtype, variable.shape)
            assigns.append((name, given, tf1.assign(variable, given)))
        session.run(tf1.global_variables_initializer())
        for name, given, assign in assigns:
            session.run(assign, {given: values[name] / len(sources)})
        tf1.train.Saver().save(session, target, write_meta_graph=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
