"""TensorFlow's checkpoint functions without TensorFlow: the same names, parameters, results and errors.

::

    from graphsurgeon.compat import checkpoint as train    # was: import tensorflow.compat.v1.train as train

    reader = train.NewCheckpointReader(train.latest_checkpoint("run"))
    reader.get_tensor("dense/kernel")

Where TensorFlow raises a `tf.errors.OpError`, these raise the class of that name in `graphsurgeon.compat.errors`, which
is TensorFlow's own class too where TensorFlow is loaded. Dtypes are `graphsurgeon.compat.dtypes`. Paths are files of
this machine, also as ``file:///path``: there are no ``gs://`` and the like.
"""

from graphsurgeon.compat.checkpoint.load import (
    checkpoints_iterator,
    list_variables,
    load_checkpoint,
    load_variable,
    wait_for_new_checkpoint,
)
from graphsurgeon.compat.checkpoint.reader import CheckpointReader, NewCheckpointReader
from graphsurgeon.compat.checkpoint.state import (
    checkpoint_exists,
    generate_checkpoint_state_proto,
    get_checkpoint_mtimes,
    get_checkpoint_state,
    latest_checkpoint,
    meta_graph_filename,
    remove_checkpoint,
    update_checkpoint_state,
    update_checkpoint_state_internal,
)

__all__ = [
    "CheckpointReader",
    "NewCheckpointReader",
    "checkpoint_exists",
    "checkpoints_iterator",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "meta_graph_filename",
    "remove_checkpoint",
    "update_checkpoint_state",
    "update_checkpoint_state_internal",
    "wait_for_new_checkpoint",
]
