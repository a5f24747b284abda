"""Modules of TensorFlow 2 to fit checkpoints to."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


class Layer(tf.Module):
    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(np.ones([4, 3], np.float32), name="dense/kernel")
        self.bias = tf.Variable(np.zeros(3, np.float32), name="dense/bias")

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def __call__(self, x):
        return x @ self.kernel + self.bias


def module(directory):
    """Save a module of TensorFlow 2 as a SavedModel; return what it gives for ones."""

    layer = Layer()
    tf.saved_model.save(layer, directory, signatures=layer.__call__)


def served(directory, feed):
    """Load a SavedModel of TensorFlow 2 and call it."""
    loaded = tf.saved_model.load(directory)
    found = loaded.signatures["serving_default"](tf.constant(feed, tf.float32))
    return next(np.asarray(value).tolist() for value in found.values())


def objects(prefix):
    """Save a module by its objects."""
    tf.train.Checkpoint(layer=Layer()).write(prefix)


def restored_objects(prefix):
    """Restore a module, all of it, and return its values."""
    layer = Layer()
    tf.train.Checkpoint(layer=layer).read(prefix).assert_consumed()
    return [layer.kernel.numpy().tolist(), layer.bias.numpy().tolist()]
