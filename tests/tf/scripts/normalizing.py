"""Nets with batch norm or dropout: trained as they were built, and trained again from what was frozen of them.

``original`` builds a net for training, takes momentum steps, and freezes the same net at inference with the values that
it began with; ``again`` trains a meta graph in the same way. Runs on TensorFlow 1.15; nets of plain ops on 2.x, too.
"""

import os

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
RANDOM = np.random.RandomState(7)
IMAGES = RANDOM.rand(8, 6, 6, 2).astype(np.float32)
LABELS = RANDOM.randint(0, 3, 8).astype(np.int32)
STEPS = 20


def original(directory, net, kind="ref", momentum=0.99, steps=STEPS):
    """Train a net as it was built; freeze it at inference.

    Returns ``{"pb", "prefix", "losses", "values", "trainable", "logits"}``: what is frozen and the meta graph of the
    same with its values at the start, the bits of each step's loss, the variables in the end, and what the frozen
    graph computes.
    """
    start, answer = {}, {}
    graph = _built(net, kind, momentum, True)
    with graph.as_default():
        updates = graph.get_collection("test_updates") or graph.get_collection("update_ops")
        step = _step(graph, updates)
        variables = [v for v in tf1.global_variables() if not v.op.name.endswith("/Momentum")]
        answer["trainable"] = sorted(v.op.name for v in tf1.trainable_variables())
        with running.session(graph) as session:
            session.run(tf1.global_variables_initializer())
            for variable in variables:
                # Statistics that are neither 0 nor 1.
                if "moving" in variable.op.name:
                    shift = RANDOM.rand(*variable.shape.as_list()) + 0.5
                    variable.load(shift.astype(variable.dtype.base_dtype.as_numpy_dtype), session)
            start = dict(zip([v.op.name for v in variables], session.run(variables)))
            answer["losses"] = _losses(session, graph, step, steps)
            answer["values"] = {v.op.name: session.run(v).astype(np.float64).tolist() for v in variables}
    answer.update(_frozen(directory, net, kind, momentum, start))
    return answer


def _frozen(directory, net, kind, momentum, start):
    graph = _built(net, kind, momentum, False)
    prefix = os.path.join(directory, "%s_%s.ckpt" % (net, kind))
    with graph.as_default():
        variables = tf1.global_variables()
        with running.session(graph) as session:
            session.run(tf1.global_variables_initializer())
            for variable in variables:
                variable.load(start[variable.op.name], session)
            tf1.train.Saver().save(session, prefix)
            nodes = graph.as_graph_def()
            frozen = tf1.graph_util.convert_variables_to_constants(session, nodes, ["logits"])
            logits = session.run("logits:0", _fed(graph, False))
    pb = prefix[:-5] + ".pb"
    with open(pb, "wb") as file:
        file.write(frozen.SerializeToString())
    return {"pb": pb, "prefix": prefix, "logits": bits(logits)}


def again(prefix, steps=STEPS, scope=None, save=False):
    """Train a meta graph; ``save`` what was trained as ``trained.ckpt`` beside it, and tell what it serves.

    Returns ``{"losses", "values", "trainable", "updates", "logits", "still"}``: as ``original``, what ``update_ops``
    lists, what the graph computes as it is served, and whether running the updates then moves no variable.
    """
    graph = tf.Graph()
    inside = scope + "/" if scope else ""
    with graph.as_default():
        saver = tf1.train.import_meta_graph(prefix + ".meta", import_scope=scope)
        variables = tf1.global_variables()
        updates = graph.get_collection("update_ops")
        trainable = sorted(v.op.name[len(inside) :] for v in tf1.trainable_variables())
        step = _step(graph, updates, inside)
        with running.session(graph) as session:
            session.run(tf1.global_variables_initializer())
            saver.restore(session, prefix)
            # First, for what is random begins when the session does.
            losses = _losses(session, graph, step, steps, inside)
            values = {v.op.name[len(inside) :]: session.run(v).astype(np.float64).tolist() for v in variables}
            if save:
                saver.save(session, os.path.join(os.path.dirname(prefix), "trained.ckpt"), write_meta_graph=False)
                served = bits(session.run("logits:0", _fed(graph, False)))
            saver.restore(session, prefix)
            before = [bits(value) for value in session.run(variables)]
            logits = session.run([inside + "logits:0"] + updates, _fed(graph, False, inside))[0]
            still = before == [bits(value) for value in session.run(variables)]
    names = [each.name for each in updates]
    answer = {"losses": losses, "values": values, "trainable": trainable, "updates": names}
    answer.update(logits=bits(logits), still=still)
    if save:
        answer["values"] = values
        answer["served"] = served
    return answer


def served(pb):
    """What a frozen graph computes."""
    with running.imported(pb).as_default() as graph, running.session(graph) as session:
        return bits(session.run("logits:0", _fed(graph, False)))


def signed(path, steps=STEPS):
    """Train a SavedModel by its signature ``train`` in eager mode; answers are those of ``again``."""
    loaded = tf.saved_model.load(path)
    serve, train = loaded.signatures["serving_default"], loaded.signatures["train"]
    (name,) = serve.structured_input_signature[1]
    images = tf.constant(IMAGES)
    variables = {v.name.split(":")[0]: v for v in loaded.variables}
    weights = [v for key, v in variables.items() if "moving" not in key]
    slots = [tf.Variable(tf.zeros(v.shape)) for v in weights]
    (logits,) = serve(**{name: images}).values()
    before = [bits(v) for v in variables.values()]
    train(**{name: images, "training": tf.constant(False)})
    answer = {"logits": bits(logits), "still": before == [bits(v) for v in variables.values()], "losses": []}
    for _ in range(steps):
        with tf.GradientTape() as tape:
            (logits,) = train(**{name: images, "training": tf.constant(True)}).values()
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, logits))
        for variable, slot, gradient in zip(weights, slots, tape.gradient(loss, weights)):
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.handle, accum=slot.handle, lr=0.05, grad=gradient, momentum=0.9
            )
        answer["losses"].append(bits(loss))
    answer["values"] = {key: v.numpy().astype(np.float64).tolist() for key, v in variables.items()}
    return answer


def _step(graph, updates, inside=""):
    logits = graph.get_tensor_by_name(inside + "logits:0")
    labels = tf1.placeholder(tf.int32, [None], "labels")
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=tf.cast(logits, tf.float32))
    loss = tf.reduce_mean(losses, name="loss")
    with tf.control_dependencies(updates):
        return tf1.train.MomentumOptimizer(0.05, 0.9).minimize(loss)


def _losses(session, graph, step, steps, inside=""):
    found = []
    for _ in range(steps):
        feeds = _fed(graph, True, inside)
        feeds["labels:0"] = LABELS
        loss, _ = session.run(["loss:0", step], feeds)
        found.append(bits(loss))
    return found


def _fed(graph, training, inside=""):
    names = {operation.name for operation in graph.get_operations()}
    x = graph.get_tensor_by_name(inside + "x:0")
    shape = [8, 72] if x.shape.ndims == 2 else [8, 6, 6, 2]
    feeds = {inside + "x:0": IMAGES.reshape(shape).astype(x.dtype.as_numpy_dtype)}
    # What trains nothing needs not to be told.
    for name in ("is_training", "keras_learning_phase") + ("training",) * training:
        if inside + name in names and graph.get_operation_by_name(inside + name).type != "Const":
            feeds[inside + name + ":0"] = training
    return feeds


def bits(value):
    """The bytes of a value as text."""
    return np.asarray(value).tobytes().hex()


def _built(net, kind, momentum, training):
    """A graph with the net: ``x`` to ``logits``."""
    graph = tf.Graph()
    with graph.as_default(), tf1.variable_scope("", use_resource=kind == "resource"):
        if net != "dropout":
            # With one for the graph, the seed of dropout would be another.
            tf1.set_random_seed(3)
        NETS[net](momentum, training)
    return graph


def _images(dtype=tf.float32):
    return tf1.placeholder(dtype, [None, 6, 6, 2], "x")


def _dense(h, dtype=tf.float32):
    """The logits of features."""
    h = tf.reduce_mean(h, list(range(1, h.shape.ndims - 1))) if h.shape.ndims > 2 else h
    w = tf1.get_variable("fc/w", [h.shape[-1], 3], dtype, tf1.random_normal_initializer(stddev=0.3))
    b = tf1.get_variable("fc/b", [3], dtype, tf1.zeros_initializer())
    return tf.nn.bias_add(tf.matmul(h, w), b, name="logits")


def _conv(x, name, count, dtype=tf.float32):
    w = tf1.get_variable(name + "/w", [3, 3, x.shape[-1], count], dtype, tf1.random_normal_initializer(stddev=0.3))
    return tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME", name=name)


def _layers(fused, phase=None):
    def net(momentum, training):
        if phase:
            training = tf1.placeholder(tf.bool, [], phase)
        h = _conv(_images(), "c1", 4)
        h = tf.nn.relu(tf1.layers.batch_normalization(h, momentum=momentum, training=training, fused=fused, name="bn1"))
        h = _conv(h, "c2", 5)
        h = tf1.layers.batch_normalization(
            h, momentum=momentum, training=training, fused=fused, name="bn2", scale=False
        )
        _dense(tf.nn.relu(h))

    return net


def _rank_2(momentum, training):
    x = tf1.placeholder(tf.float32, [None, 72], "x")
    w = tf1.get_variable("c1/w", [72, 4], tf.float32, tf1.random_normal_initializer(stddev=0.3))
    h = tf1.layers.batch_normalization(tf.matmul(x, w), momentum=momentum, training=training, name="bn1")
    h = tf1.layers.batch_normalization(h, momentum=momentum, training=training, name="bn2", center=False)
    _dense(tf.nn.relu(h))


def _channels_first(momentum, training):
    h = tf.transpose(_conv(_images(), "c1", 4), [0, 3, 1, 2])
    h = tf1.layers.batch_normalization(h, axis=1, momentum=momentum, training=training, fused=False, name="bn1")
    _dense(tf.transpose(tf.nn.relu(h), [0, 2, 3, 1]))


def _half(fused):
    def net(momentum, training):
        h = tf.cast(_conv(_images(), "c1", 4), tf.float16)
        h = tf1.layers.batch_normalization(h, momentum=momentum, training=training, fused=fused, name="bn1")
        _dense(tf.cast(tf.nn.relu(h), tf.float32))

    return net


def _slim(fused, phase=None):
    def net(momentum, training):
        if phase:
            training = tf1.placeholder(tf.bool, [], phase)
        layers = tf.contrib.layers
        params = {"is_training": training, "decay": momentum, "fused": fused, "scale": True}
        h = layers.conv2d(_images(), 4, 3, normalizer_fn=layers.batch_norm, normalizer_params=params, scope="Conv")
        h = layers.conv2d(h, 5, 3, normalizer_fn=layers.batch_norm, normalizer_params=params, scope="Conv_1")
        _dense(h)

    return net


def _keras(fused, phase=None):
    def net(momentum, training):
        training = tf1.placeholder_with_default(False, [], phase) if phase else training
        h = _conv(_images(), "c1", 4)
        for number in (1, 2):
            layer = tf.keras.layers.BatchNormalization(momentum=momentum, fused=fused, name="bn%d" % number)
            h = tf.nn.relu(layer(h, training=training))
            for update in layer.updates if training is not False else ():
                tf1.add_to_collection("test_updates", update)
            if number == 1:
                h = _conv(h, "c2", 5)
        _dense(h)

    return net


def _shared(momentum, training):
    """One norm for two inputs."""
    x = _images()
    layer = tf1.layers.BatchNormalization(momentum=momentum, name="bn1")
    a, b = (layer.apply(_conv(each, name, 4), training=training) for each, name in ((x, "c1"), (tf.negative(x), "c2")))
    for update in layer.updates:
        tf1.add_to_collection("test_updates", update)
    _dense(tf.nn.relu(a + b))


def _plain(form, dtype=tf.float32):
    """Of plain ops, for every TensorFlow."""

    def net(momentum, training):
        h = _conv(_images(), "c1", 4)
        h = tf.cast(h, dtype)
        gamma = tf1.get_variable("bn1/gamma", [4], tf.float32, tf1.ones_initializer())
        beta = tf1.get_variable("bn1/beta", [4], tf.float32, tf1.zeros_initializer())
        mean = tf1.get_variable("bn1/moving_mean", [4], tf.float32, tf1.zeros_initializer(), trainable=False)
        variance = tf1.get_variable("bn1/moving_variance", [4], tf.float32, tf1.ones_initializer(), trainable=False)
        with tf1.name_scope("bn1"):
            if form == "fused":
                given = {} if training else {"mean": mean, "variance": variance}
                h, m, v = tf1.nn.fused_batch_norm(h, gamma, beta, epsilon=1e-3, is_training=training, **given)
            else:
                m, v = tf.nn.moments(h, [0, 1, 2]) if training else (mean, variance)
                h = tf.nn.batch_normalization(
                    h, tf.cast(m, dtype), tf.cast(v, dtype), tf.cast(beta, dtype), tf.cast(gamma, dtype), 1e-3
                )
            if training:
                for average, value in ((mean, m), (variance, v)):
                    delta = (average - tf.cast(value, tf.float32)) * (1.0 - momentum)
                    tf1.add_to_collection("test_updates", tf1.assign_sub(average, delta))
        _dense(tf.nn.relu(tf.cast(h, tf.float32)))

    return net


def _functional(momentum, training):
    """A condition that is an If with functions, where TensorFlow makes these."""
    training = tf1.placeholder_with_default(False, [], "is_training")
    h = _conv(_images(), "c1", 4)
    gamma = tf1.get_variable("bn1/gamma", [4], tf.float32, tf1.ones_initializer())
    beta = tf1.get_variable("bn1/beta", [4], tf.float32, tf1.zeros_initializer())
    mean = tf1.get_variable("bn1/moving_mean", [4], tf.float32, tf1.zeros_initializer(), trainable=False)
    variance = tf1.get_variable("bn1/moving_variance", [4], tf.float32, tf1.ones_initializer(), trainable=False)
    read = [tf.identity(each) for each in (gamma, beta, mean, variance)]

    def norm(is_training):
        given = {} if is_training else {"mean": read[2], "variance": read[3]}
        return tf1.nn.fused_batch_norm(h, read[0], read[1], epsilon=1e-3, is_training=is_training, **given)

    h, m, v = tf.cond(training, lambda: norm(True), lambda: norm(False))
    for average, value in ((mean, m), (variance, v)):
        delta = (average - value) * (1.0 - tf.where(training, momentum, 1.0))
        tf1.add_to_collection("test_updates", tf1.assign_sub(average, delta))
    _dense(tf.nn.relu(h))


def _dropout(momentum, training):
    h = tf.nn.relu(_conv(_images(), "c1", 4), name="r1")
    h = tf1.nn.dropout(h, rate=0.4, seed=11) if training else tf.identity(h, "drop/Identity")
    _dense(h)


NETS = {
    "layers_fused": _layers(True),
    "layers_written_out": _layers(False),
    "layers_fused_placeholder": _layers(True, "is_training"),
    "layers_written_out_placeholder": _layers(False, "is_training"),
    "slim": _slim(None),
    "slim_written_out": _slim(False),
    "slim_placeholder": _slim(None, "is_training"),
    "keras": _keras(True),
    "keras_written_out": _keras(False),
    "keras_phase": _keras(True, "keras_learning_phase"),
    "rank_2": _rank_2,
    "channels_first": _channels_first,
    "half_fused": _half(True),
    "half_written_out": _half(False),
    "shared": _shared,
    "plain_fused": _plain("fused"),
    "plain_written_out": _plain("moments"),
    "plain_half": _plain("moments", tf.float16),
    "functional": _functional,
    "dropout": _dropout,
}


def keras_3(directory, momentum=0.9, steps=STEPS, saved=False):
    """A Keras 3 model, trained in eager mode, and frozen, or saved, with the values that it began with.

    Returns ``{"path", "losses", "statistics", "logits"}``: the statistics of each norm in the end, mean and variance.
    """
    import keras
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    keras.utils.set_random_seed(3)
    layers = keras.layers
    inputs = keras.Input((6, 6, 2), name="x")
    h = layers.Conv2D(4, 3, padding="same", use_bias=False, name="c1")(inputs)
    h = layers.ReLU()(layers.BatchNormalization(momentum=momentum, name="bn1")(h))
    h = layers.GlobalAveragePooling2D()(layers.Conv2D(5, 3, padding="same", use_bias=False, name="c2")(h))
    h = layers.BatchNormalization(momentum=momentum, scale=False, name="bn2")(h)
    model = keras.Model(inputs, layers.Dense(3, name="fc")(h))
    norms = [model.get_layer(name) for name in ("bn1", "bn2")]
    for norm in norms:
        norm.moving_mean.assign(RANDOM.rand(*norm.moving_mean.shape) + 0.5)
        norm.moving_variance.assign(RANDOM.rand(*norm.moving_variance.shape) + 0.5)

    @tf.function(input_signature=[tf.TensorSpec([None, 6, 6, 2], tf.float32, name="x")])
    def serve(x):
        return tf.identity(model(x, training=False), name="logits")

    path = os.path.join(directory, "keras_3")
    logits = bits(serve(tf.constant(IMAGES)))
    if saved:
        module = tf.Module()
        module.model, module.serve = model, serve
        tf.saved_model.save(module, path, signatures=serve)
    else:
        path += ".pb"
        frozen = convert_variables_to_constants_v2(serve.get_concrete_function())
        with open(path, "wb") as file:
            file.write(frozen.graph.as_graph_def().SerializeToString())
    losses = _keras_losses(model, steps)
    statistics = [[each.numpy().tolist() for each in (norm.moving_mean, norm.moving_variance)] for norm in norms]
    return {"path": path, "losses": losses, "statistics": statistics, "logits": logits}


def _keras_losses(model, steps):
    slots = [tf.Variable(tf.zeros(v.shape)) for v in model.trainable_variables]
    losses = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            logits = model(tf.constant(IMAGES), training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, logits))
        for variable, slot, gradient in zip(
            model.trainable_variables, slots, tape.gradient(loss, model.trainable_variables)
        ):
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.value.handle, accum=slot.handle, lr=0.05, grad=gradient, momentum=0.9
            )
        losses.append(bits(loss))
    return losses
