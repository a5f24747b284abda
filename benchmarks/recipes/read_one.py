"""Read one tensor of a checkpoint with TensorFlow's own reader.

Usage: python read_one.py PREFIX NAME, with any TensorFlow.
"""

import sys

import tensorflow as tf

print(tf.compat.v1.train.NewCheckpointReader(sys.argv[1]).get_tensor(sys.argv[2]).shape)
