"""Nets under the masks of tf.contrib.model_pruning, of TensorFlow 1.15: trained, frozen; thresholds as it has them."""

import numpy as np
import tensorflow as tf


def thresholds(cases):
    """Return the mask of each case, `weights` and a `sparsity`, a `block` or none, as lists."""
    from tensorflow.contrib.model_pruning.python import pruning

    found = []
    for case in cases:
        with tf.Graph().as_default(), tf.Session() as session:
            weights = tf.Variable(np.array(case["weights"], np.float32), name="w")
            step = tf.train.get_or_create_global_step()
            text = "target_sparsity=%r,initial_sparsity=%r,threshold_decay=0.0" % ((case["sparsity"],) * 2)
            if case.get("block"):
                text += ",block_height=%d,block_width=%d" % tuple(case["block"])
            made = pruning.Pruning(pruning.get_pruning_hparams().parse(text), global_step=step)
            threshold, mask = made._maybe_update_block_mask(weights, tf.constant(0.0))
            session.run(tf.global_variables_initializer())
            least, kept = session.run([threshold, mask])
            found.append({"threshold": float(least), "mask": kept.tolist()})
    return found


def _net(x):
    from tensorflow.contrib.model_pruning.python.layers import layers

    y = layers.masked_conv2d(x, 8, 3, scope="c1")
    y = tf.reshape(y, [-1, 8 * 8 * 8])
    y = layers.masked_fully_connected(y, 12, scope="fc1")
    return tf.identity(tf.layers.dense(y, 3, name="head"), name="out")


def train(directory, steps=12):
    """Train a net under masks; return its checkpoint with .meta, frozen graph, fed x, and outputs."""
    from tensorflow.contrib.model_pruning.python import pruning

    numbers = np.random.RandomState(5)
    fed, wanted = numbers.rand(16, 8, 8, 2).astype(np.float32), numbers.rand(16, 3).astype(np.float32)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.set_random_seed(3)
        x = tf.placeholder(tf.float32, [None, 8, 8, 2], name="x")
        labels = tf.placeholder(tf.float32, [None, 3], name="labels")
        out = _net(x)
        step = tf.train.get_or_create_global_step()
        loss = tf.reduce_mean(tf.square(out - labels), name="loss")
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss, global_step=step, name="train_op")
        text = "begin_pruning_step=0,end_pruning_step=10,pruning_frequency=2,target_sparsity=0.6,threshold_decay=0.0"
        pruned = pruning.Pruning(pruning.get_pruning_hparams().parse(text), global_step=step)
        update = pruned.conditional_mask_update_op()
        pruned.add_pruning_summaries()
        tf.summary.scalar("loss", loss)
        tf.summary.merge_all()
        session.run(tf.global_variables_initializer())
        for _ in range(steps):
            session.run([train_op, update], {x: fed, labels: wanted})
        prefix = tf.train.Saver().save(session, directory + "/pruned.ckpt")
        given = session.run(out, {x: fed})
        sparsity = session.run(pruning.get_weight_sparsity())
        masked = {
            weight.op.name: session.run(product).tolist()
            for weight, product in zip(pruning.get_weights(), pruning.get_masked_weights())
        }
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["out"])
    with open(directory + "/pruned.pb", "wb") as file:
        file.write(frozen.SerializeToString())
    np.save(directory + "/x.npy", fed)
    np.save(directory + "/labels.npy", wanted)
    np.save(directory + "/out.npy", given)
    return {
        "prefix": prefix,
        "pb": directory + "/pruned.pb",
        "sparsity": [float(s) for s in sparsity],
        "masked": masked,
    }


def plain(directory):
    """Write a net without masks, initialized, as a checkpoint with its .meta, and a frozen graph."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.set_random_seed(3)
        x = tf.placeholder(tf.float32, [None, 8, 8, 2], name="x")
        y = tf.layers.conv2d(x, 8, 3, padding="same", activation=tf.nn.relu, name="c1")
        y = tf.layers.dense(tf.reshape(y, [-1, 8 * 8 * 8]), 12, activation=tf.nn.relu, name="fc1")
        tf.identity(tf.layers.dense(y, 3, name="head"), name="out")
        session.run(tf.global_variables_initializer())
        prefix = tf.train.Saver().save(session, directory + "/plain.ckpt")
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["out"])
    with open(directory + "/plain.pb", "wb") as file:
        file.write(frozen.SerializeToString())
    return {"prefix": prefix, "pb": directory + "/plain.pb"}


def run_meta(prefix, directory):
    """Return whether a restored .meta gives the very outputs that were saved beside x.npy, and how far off it is."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(prefix + ".meta").restore(session, prefix)
        given = session.run("out:0", {"x:0": np.load(directory + "/x.npy")})
        left = [v.decode() for v in session.run(tf.report_uninitialized_variables())]
        session.run("save/control_dependency:0", {"save/Const:0": directory + "/again.ckpt"})
    wanted = np.load(directory + "/out.npy")
    return {"same": bool(np.array_equal(given, wanted)), "off": float(np.abs(given - wanted).max()), "left": left}


def run_pb(pb, directory):
    """Return whether a frozen graph gives the very outputs that were saved beside x.npy."""
    graph_def = tf.GraphDef()
    with open(pb, "rb") as file:
        graph_def.ParseFromString(file.read())
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph_def, name="")
        given = session.run("out:0", {"x:0": np.load(directory + "/x.npy")})
    wanted = np.load(directory + "/out.npy")
    return {"same": bool(np.array_equal(given, wanted)), "off": float(np.abs(given - wanted).max())}


def strip_by_tensorflow(pb, target):
    """Strip masks of a frozen graph by TensorFlow's own function; return its nodes, and the weights it makes."""
    from tensorflow.contrib.model_pruning.python import strip_pruning_vars_lib as lib

    with tf.Graph().as_default():
        graph_def = tf.GraphDef()
        with open(pb, "rb") as file:
            graph_def.ParseFromString(file.read())
        stripped = lib.strip_pruning_vars_fn(graph_def, ["out"])
    values = {
        node.name: tf.make_ndarray(node.attr["value"].tensor).tolist()
        for node in stripped.node
        if node.op == "Const" and "masked_weight" in node.name
    }
    with open(target, "wb") as file:
        file.write(stripped.SerializeToString())
    return {"num_nodes": len(stripped.node), "values": values}


def train_on(prefix, directory, steps=4, update=False):
    """Go on training a .meta that has masks in their collections; return zeros of each masked weight and mask."""
    from tensorflow.contrib.model_pruning.python import pruning

    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(prefix + ".meta")
        masks, weights = pruning.get_masks(), pruning.get_weights()
        numbers = np.random.RandomState(1)
        fed, wanted = numbers.rand(16, 8, 8, 2).astype(np.float32), numbers.rand(16, 3).astype(np.float32)
        out = tf.get_default_graph().get_tensor_by_name("out:0")
        loss = tf.reduce_mean(tf.square(out - wanted))
        step = tf.train.get_or_create_global_step()
        train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=step)
        extra = []
        if update:
            text = (
                "begin_pruning_step=0,end_pruning_step=4,pruning_frequency=1,target_sparsity=0.8,initial_sparsity=0.8"
            )
            made = pruning.Pruning(pruning.get_pruning_hparams().parse(text + ",threshold_decay=0.0"), global_step=step)
            extra = [made.mask_update_op()]
        session.run(tf.global_variables_initializer())
        saver.restore(session, prefix)
        before = session.run([masks, pruning.get_masked_weights(), weights])
        for _ in range(steps):
            session.run([train_op] + extra, {"x:0": fed})
        after = session.run([masks, pruning.get_masked_weights(), weights])
        trained = [v.op.name for v in tf.trainable_variables()]
        names = [m.op.name for m in masks]
    return {
        "masks": names,
        "trainable": trained,
        "zeros_before": [int((np.asarray(w) == 0).sum()) for w in before[1]],
        "zeros": [int((np.asarray(w) == 0).sum()) for w in after[1]],
        "same_masks": all(np.array_equal(a, b) for a, b in zip(before[0], after[0])),
        "moved": [bool((np.asarray(a) != np.asarray(b)).any()) for a, b in zip(before[2], after[2])],
    }


def run_steps(prefix, directory, steps=5):
    """Run the train op of a restored .meta; return losses, and zeros of its masked weights before and after."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(prefix + ".meta").restore(session, prefix)
        fed = {"x:0": np.load(directory + "/x.npy"), "labels:0": np.load(directory + "/labels.npy")}
        weights = ["c1/weights:0", "fc1/weights:0"]
        before = session.run(weights)
        losses = [float(session.run(["loss:0", "Merge/MergeSummary:0", "train_op"], fed)[0]) for _ in range(steps)]
        after = session.run(weights)
    zeros = [sum(int((value == 0).sum()) for value in values) for values in (before, after)]
    return {"losses": losses, "num_zeros_before": zeros[0], "num_zeros": zeros[1]}
