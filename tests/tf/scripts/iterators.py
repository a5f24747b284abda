"""Checkpoints with tf.data iterators: made, and continued from."""

import tensorflow as tf


def _made():
    numbers = tf.data.Dataset.range(100).shuffle(7, seed=3).batch(2)
    return iter(numbers)


def save(prefix, taken):
    """Save an iterator after some elements and a variable; return the path and what comes next."""
    iterator = _made()
    for _ in range(taken):
        next(iterator)
    variable = tf.Variable([1.0, 2.0])
    path = tf.train.Checkpoint(it=iterator, w=variable).save(prefix)
    return path, [next(iterator).numpy().tolist() for _ in range(5)]


def continued(prefix, name):
    """Restore an iterator under a name; return what comes next, or why it does not."""
    iterator = _made()
    checkpoint = tf.train.Checkpoint(w=tf.Variable([0.0, 0.0]), **{name: iterator})
    try:
        checkpoint.restore(prefix).assert_existing_objects_matched()
        return [next(iterator).numpy().tolist() for _ in range(5)]
    except Exception as error:
        return type(error).__name__
