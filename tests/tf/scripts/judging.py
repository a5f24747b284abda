"""What TensorFlow says of a frozen graph and of what was unfrozen from it.

Every function takes and returns plain JSON values. They judge; they never correct: an answer lists what is wrong.
"""

import os
import tempfile

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1


def version():
    """TensorFlow's version."""
    return tf.__version__


def accepts(path, dimensions=running.DIMENSIONS, feeds=None):
    """Whether TensorFlow imports and runs a frozen graph, with which stand-in for unknown dimensions.

    Returns ``{"dimension", "outputs", "errors"}`` of the first dimension at which every guessed output runs, else of
    the one at which most do; ``{"refused": reason}`` when it cannot be imported or no output runs.
    """
    try:
        graph = running.imported(path)
    except Exception as error:
        return {"refused": "%s: %s" % (type(error).__name__, str(error)[:300])}
    unknown = any(tensor.shape.rank is None or None in tensor.shape.as_list() for tensor in running.placeholders(graph))
    best = {"refused": "it has no output that a session can fetch"}
    feeds = read_feeds(feeds)
    for dimension in dimensions if unknown and not feeds else dimensions[:1]:
        outputs, _, values = running.run_frozen(path, None, feeds, dimension)
        errors = {name: str(value)[:300] for name, value in values.items() if isinstance(value, Exception)}
        good = [name for name in outputs if name not in errors]
        if good and ("outputs" not in best or len(good) > len(best["outputs"])):
            best = {"dimension": dimension, "outputs": good, "errors": errors}
        elif outputs and not good and "outputs" not in best:
            best = {"refused": "no output runs: %s" % sorted(errors.values())[0]}
        if (good and not errors) or any(
            isinstance(value, tf.errors.DeadlineExceededError) for value in values.values()
        ):
            break
    return best


def compare(pb, prefix, outputs=None, dimension=2, feeds=None, seed=7):
    """Run the frozen graph and the restored one on the same feeds and compare bits.

    Returns ``{"compared": [names], "failed": {name: error}, "random": [names], "differ": {name: how}}``: outputs that
    were bit-equal or not; those that the frozen graph itself cannot give; those it gives differently each time.
    """
    feeds = read_feeds(feeds)
    outputs, feeds, frozen = running.run_frozen(pb, outputs, feeds, dimension, seed=seed)
    thawed = running.run_restored(prefix, outputs, feeds)
    answer = {"compared": [], "failed": {}, "random": [], "differ": {}}
    for name in outputs:
        if isinstance(frozen[name], Exception):
            answer["failed"][name] = type(frozen[name]).__name__
        else:
            answer["compared"].append(name)
            if isinstance(thawed[name], Exception):
                answer["differ"][name] = "%s: %s" % (type(thawed[name]).__name__, str(thawed[name])[:300])
            elif running.bits(frozen[name]) != running.bits(thawed[name]):
                answer["differ"][name] = difference(frozen[name], thawed[name])
    if answer["differ"]:
        drop_random(answer, running.run_frozen(pb, outputs, feeds)[2], frozen)
    return answer


def compare_frozen(pb, others, outputs=None, dimension=2, feeds=None, seed=7):
    """Run a frozen graph and others that were made of it on the same feeds.

    Returns by the path of each ``{output: how it differs}``: without outputs that are bit-equal, else
    ``{"how": sentence, "relative": greatest difference over the greatest magnitude, or None}``. Outputs that the
    first graph cannot give, or gives differently each time, are left out.
    """
    outputs, feeds, wanted = running.run_frozen(pb, outputs, read_feeds(feeds), dimension, seed=seed)
    again = running.run_frozen(pb, outputs, feeds)[2]
    steady = [
        name
        for name in outputs
        if not isinstance(wanted[name], Exception) and running.bits(wanted[name]) == running.bits(again[name])
    ]
    answer = {"compared": steady}
    for other in others:
        found = running.run_frozen(other, steady, feeds)[2]
        answer[other] = {
            name: distance_of(wanted[name], found[name])
            for name in steady
            if isinstance(found[name], Exception) or running.bits(wanted[name]) != running.bits(found[name])
        }
    return answer


def compare_restored(pb, prefix, outputs, dimension=2, seed=7):
    """Run a frozen graph and a meta graph with its checkpoint on the same feeds; answers are those of compare_frozen.

    ``{"compared": outputs, "differ": {output: {"how", "relative"}}}``.
    """
    outputs, feeds, wanted = running.run_frozen(pb, outputs, None, dimension, seed=seed)
    found = running.run_restored(prefix, outputs, feeds)
    steady = [name for name in outputs if not isinstance(wanted[name], Exception)]
    differ = {
        name: distance_of(wanted[name], found[name])
        for name in steady
        if isinstance(found[name], Exception) or running.bits(wanted[name]) != running.bits(found[name])
    }
    return {"compared": steady, "differ": differ}


def distance_of(wanted, found):
    """How two values differ, and by how much of the greatest magnitude."""
    if isinstance(found, Exception):
        return {"how": "%s: %s" % (type(found).__name__, str(found)[:300]), "relative": None}
    how, a, b = difference(wanted, found), np.asarray(wanted), np.asarray(found)
    if a.shape != b.shape or a.dtype != b.dtype or a.dtype.kind not in "fc" or not np.all(np.isfinite(a)):
        return {"how": how, "relative": None}
    a, b = a.astype(np.float64), b.astype(np.float64)
    return {"how": how, "relative": float(np.max(np.abs(a - b)) / max(np.max(np.abs(a)), 1e-30))}


def judge_file(pb, prefix, feeds=None):
    """``{"refused": reason}`` when TensorFlow cannot run a frozen graph; else how it compares with what was restored.

    With ``prefix`` none there is nothing to compare; with ``feeds`` the graph runs on those.
    """
    running.OPTIONS.timeout_in_ms = 5000  # queues that nobody fills
    accepted = accepts(pb, feeds=feeds)
    if "refused" in accepted or prefix is None:
        return accepted
    return compare(pb, prefix, accepted["outputs"], accepted["dimension"], feeds)


def drop_random(answer, again, frozen):
    """Move out of ``differ`` what the frozen graph does not repeat either."""
    for name in list(answer["differ"]):
        if running.bits(again[name]) != running.bits(frozen[name]):
            answer["random"].append(name)
            answer["compared"].remove(name)
            del answer["differ"][name]


def difference(first, second):
    """How two values differ, in a sentence."""
    first, second = np.asarray(first), np.asarray(second)
    if first.dtype != second.dtype or first.shape != second.shape:
        return "%s%s against %s%s" % (first.dtype, first.shape, second.dtype, second.shape)
    if first.dtype.kind not in "fc":
        return "values differ"
    return "greatest difference %g" % float(np.nanmax(np.abs(first.astype(np.float64) - second.astype(np.float64))))


def read_feeds(path):
    """Feeds recorded in an ``.npz`` file, by tensor name (``/`` and ``:`` kept)."""
    if path is None:
        return None
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def variables(prefix):
    """The variables of a meta graph as TensorFlow sees them after a restore, by name, and its saver.

    Each is ``{"dtype", "shape", "trainable", "resource", "collections", "bits"}``.
    """
    graph, saver = running.restored(prefix)
    with running.session(graph) as session:
        saver.restore(session, prefix)
        return {"variables": described(graph, session), "saver": saver_fields(saver)}


def described(graph, session):
    """Facts of each variable in any collection of ``graph``, and its bits, none when it is not initialized."""
    found = {}
    for key in graph.get_all_collection_keys():
        for item in graph.get_collection(key):
            if isinstance(item, (tf1.Variable, tf.Variable)):  # two classes in TensorFlow 2
                found.setdefault(item.op.name, (item, []))[1].append(key)
    return {
        name: {
            "dtype": item.dtype.base_dtype.name,
            "shape": item.shape.as_list(),
            "trainable": tf1.GraphKeys.TRAINABLE_VARIABLES in keys,
            "trainable_attribute": bool(item.trainable),
            "resource": item.op.type == "VarHandleOp",
            "collections": sorted(keys),
            "bits": bits_of(item, session),
        }
        for name, (item, keys) in found.items()
    }


def bits_of(item, session):
    try:
        return running.bits(session.run(item))
    except tf.errors.FailedPreconditionError:
        return None


def saver_fields(saver):
    """The SaverDef that C++, Java and Go callers go by."""
    fields = saver.as_saver_def()
    return {
        "filename_tensor_name": fields.filename_tensor_name,
        "save_tensor_name": fields.save_tensor_name,
        "restore_op_name": fields.restore_op_name,
        "version": fields.version,
        "sharded": fields.sharded,
    }


def checkpoint(prefix):
    """Name to bits of every tensor of a checkpoint."""
    reader = tf1.train.NewCheckpointReader(prefix)
    return {name: running.bits(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()}


def initialize(prefix):
    """Run every variable's initializer and say what is not zero afterwards (initial values hold no weights)."""
    graph, _ = running.restored(prefix)
    with running.session(graph) as session, graph.as_default():
        session.run(tf1.global_variables_initializer())
        left = session.run(tf1.report_uninitialized_variables())
        values = {item.op.name: np.asarray(session.run(item)) for item in tf1.global_variables()}
    empty = [name for name, value in values.items() if not running.is_nonzero(value)]
    return {"uninitialized": [name.decode() for name in left.ravel()], "not_zero": sorted(set(values) - set(empty))}


def restore_by_name(prefix):
    """Restore and save as a C++ caller does: by the SaverDef's node names alone. Bits of what it saved."""
    meta = tf1.MetaGraphDef()
    with open(prefix + ".meta", "rb") as file:
        meta.ParseFromString(file.read())
    graph = tf.Graph()
    with graph.as_default():
        tf1.import_graph_def(meta.graph_def, name="")
    names = meta.saver_def
    with tempfile.TemporaryDirectory() as directory, running.session(graph) as session:
        copy = os.path.join(directory, "copy")
        session.run(names.restore_op_name, {names.filename_tensor_name: prefix})
        session.run(names.save_tensor_name, {names.filename_tensor_name: copy})
        return checkpoint(copy)


def distance(pb, prefix, outputs):
    """The greatest difference between frozen and restored outputs in sessions as users have them, Grappler on."""
    outputs, feeds, frozen = running.run_frozen(pb, outputs, grappler=True)
    thawed = running.run_restored(prefix, outputs, feeds, grappler=True)
    return max(float(np.max(np.abs(np.subtract(frozen[name], thawed[name])))) for name in outputs)


def latest(directory):
    """The checkpoint that a directory's state file names."""
    return tf1.train.latest_checkpoint(directory)


def assign_kernels(op):
    """Names of the dtypes for which this TensorFlow has a CPU kernel that assigns a variable."""
    from tensorflow.core.framework import types_pb2
    from tensorflow.python.framework import kernels

    found = kernels.get_registered_kernels_for_op(op).kernel
    constraints = [item for kernel in found if kernel.device_type == "CPU" for item in kernel.constraint]
    numbers = {number for item in constraints for number in allowed(item)}
    return sorted(types_pb2.DataType.Name(number) for number in numbers)


def allowed(constraint):
    return constraint.allowed_values.list.type if constraint.name in ("T", "dtype") else []


def refreeze(prefix, outputs, pb):
    """Freeze what was restored with TensorFlow and say how it differs from the frozen graph it came from.

    Returns ``[missing, extra, changed]``: names of nodes of either graph only, and of those that are not the same.
    """
    graph, saver = running.restored(prefix)
    names = [name.split(":")[0] for name in outputs]
    with running.session(graph) as session:
        saver.restore(session, prefix)
        again = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), names)
    first = {node.name: canonical(node) for node in running.graph_def(pb).node}
    second = {node.name: canonical(node) for node in again.node}
    changed = [name for name in first if name in second and first[name] != second[name]]
    return [sorted(set(first) - set(second)), sorted(set(second) - set(first)), sorted(changed)]


def canonical(node):
    """A node as bytes, its constant's value as an array, whichever way it was encoded."""
    copy = tf1.NodeDef()
    copy.CopyFrom(node)
    value = running.bits(tf.make_ndarray(copy.attr["value"].tensor)) if copy.op == "Const" else None
    copy.attr.pop("value", None)
    return copy.SerializeToString(deterministic=True), value


def scoped(prefix, outputs, pb):
    """Import under a scope and without devices, restore, save with a meta graph, restore that; then compare outputs."""
    _, feeds, frozen = running.run_frozen(pb, outputs)
    graph = tf.Graph()
    with graph.as_default():
        saver = tf1.train.import_meta_graph(prefix + ".meta", import_scope="net", clear_devices=True)
    with tempfile.TemporaryDirectory() as directory:
        with running.session(graph) as session:
            saver.restore(session, prefix)
            again = saver.save(session, os.path.join(directory, "again"))
        inside = ["net/" + name for name in outputs]
        values = running.run_restored(again, inside, {"net/" + name: value for name, value in feeds.items()})
    return [name for name in outputs if running.bits(values["net/" + name]) != running.bits(frozen[name])]
