"""Whether TensorFlow's dtypes and ours are equal, and each other's, in TensorFlow's own process."""

import sys

import tensorflow as tf


def mistaken(root):
    """Return the pairs of dtypes that are equal and should not be, or should and are not."""
    sys.path.insert(0, root)
    from graphsurgeon.tensors import dtypes

    ours = [each for each in vars(dtypes).values() if isinstance(each, dtypes.DType) and each.number]
    wrong = []
    for one in ours:
        theirs = tf.as_dtype(one.number)
        if tf.as_dtype(one) is not theirs or dtypes.DType.of(theirs) is not one:
            wrong.append([one.name, "is taken for another"])
        equal = [each for each in ours if each == theirs], [each for each in ours if theirs == each]
        if equal != ([one], [one]):
            wrong.append([one.name, str(equal)])
    return wrong
