"""Put a checkpoint's variables below a scope as the scripts in circulation do.

Usage: python rename_checkpoint.py SRC_PREFIX DST_PREFIX SCOPE

Every value becomes an array, every array a variable, and a Saver writes all of them.
"""

import sys

import tensorflow as tf

tf1 = tf.compat.v1


def main(source, target, scope):
    reader = tf1.train.NewCheckpointReader(source)
    with tf1.Graph().as_default(), tf1.Session() as session:
        for name in sorted(reader.get_variable_to_shape_map()):
            tf1.Variable(reader.get_tensor(name), name=f"{scope}/{name}")
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, target, write_meta_graph=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
