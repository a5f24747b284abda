"""TensorFlow's own graph tools, run on files; each job's result goes to a file of its own.

A job is a dict of arguments with ``path`` and ``out``. The answer has one entry per job: None, or ``"Kind: message"``
of what TensorFlow raised.
"""

import running
import tensorflow as tf
from tensorflow.python.framework import graph_util
from tensorflow.python.tools import strip_unused_lib

tf1 = tf.compat.v1


def extract_sub_graph(jobs):
    """Of each ``path``, the part that ``outputs`` need."""
    return [_done(job, lambda graph, job=job: graph_util.extract_sub_graph(graph, job["outputs"])) for job in jobs]


def remove_training_nodes(jobs):
    """Each ``path`` without training nodes, ``protected`` ones kept."""
    return [
        _done(job, lambda graph, job=job: graph_util.remove_training_nodes(graph, job["protected"])) for job in jobs
    ]


def strip_unused(jobs):
    """Of each ``path``, the part between ``inputs`` of ``types`` and ``outputs``."""
    return [
        _done(
            job,
            lambda graph, job=job: strip_unused_lib.strip_unused(graph, job["inputs"], job["outputs"], job["types"]),
        )
        for job in jobs
    ]


def _done(job, tool):
    try:
        result = tool(running.graph_def(job["path"]))
    except Exception as error:
        return "%s: %s" % (type(error).__name__, str(error)[:300])
    with open(job["out"], "wb") as file:
        file.write(result.SerializeToString(deterministic=True))
    return None


def same_outputs(whole, part, outputs, feeds_of="part"):
    """Run both graphs on the same feeds; names of outputs that differ in bits, or are not given."""
    feeds = running.generic_feeds(running.imported(part if feeds_of == "part" else whole))
    values = []
    for path in (whole, part):
        graph = running.imported(path)
        with running.session(graph) as session:
            values.append([running.bits(value) for value in session.run(outputs, feeds)])
    return [name for name, first, second in zip(outputs, values[0], values[1]) if first != second]
