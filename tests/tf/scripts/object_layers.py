"""Models whose checkpoints have positions for keys: Keras 3's, and objects called as Keras 2 calls layers.

Every value tells its variable and its slot: a tensor is filled with one number.
"""

from __future__ import annotations

import tensorflow as tf

SIZE = 8


def _keras(names, optimizer):
    layers = [tf.keras.layers.Dense(SIZE, name=name) for name in names]
    model = tf.keras.Sequential([tf.keras.Input((SIZE,)), *layers], name="net")
    made = getattr(tf.keras.optimizers, optimizer)(**({"momentum": 0.9} if optimizer == "SGD" else {}))
    model.compile(made, "mse")
    made.build(model.trainable_variables)
    variables = {}
    for layer in layers:
        for kind in ("kernel", "bias"):
            variables[f"{layer.name}/{kind}"] = getattr(layer, kind)
            for other in made.variables:
                start = f"{layer.name}_{kind}_"
                if start in other.path:
                    variables[f"{layer.name}/{kind} {other.path.rpartition(start)[2]}"] = other
    return model, variables


def _fill(variables, first):
    for number, variable in enumerate(variables.values()):
        variable.assign(tf.fill(variable.shape, float(first + number if first >= 0 else first)))


def _values(variables):
    found = {}
    for name, variable in variables.items():
        value = variable.numpy()
        assert (value == value.flat[0]).all(), name
        found[name] = float(value.flat[0])
    return found


def save_keras(prefix, names, optimizer, first=1, directory=None, export=None):
    """Write a checkpoint of a Keras model and its optimizer, also SavedModels of it; return the values."""
    model, variables = _keras(names, optimizer)
    _fill(variables, first)
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).write(prefix)
    if directory is not None:
        tf.saved_model.save(model, directory)
    if export is not None:
        model.export(export, verbose=False)
    return _values(variables)


def restore_keras(prefix, names, optimizer):
    """Restore all of a model and its optimizer."""
    model, variables = _keras(names, optimizer)
    _fill(variables, -1)
    status = tf.train.Checkpoint(model=model, optimizer=model.optimizer).read(prefix)
    status.assert_consumed()
    return _values(variables)


def served(directory):
    """What a SavedModel gives for ones, and the values of its variables by name."""
    loaded = tf.saved_model.load(directory)
    (found,) = loaded.signatures["serving_default"](tf.ones([1, SIZE])).values()
    return found.numpy().tolist()


def _objects(names):
    """Objects called like layers of Keras 2, and an optimizer with slots."""
    tf1 = tf.compat.v1
    layers, variables = {}, {}
    for number, name in enumerate(names):
        made = {}
        for kind, shape in (("kernel", [SIZE, SIZE]), ("bias", [SIZE])):
            initial = tf.fill(shape, 0.0)
            made[kind] = variables[f"{name}/{kind}"] = tf1.Variable(initial, name=f"{name}/{kind}", use_resource=True)
        layers[f"layer_with_weights-{number}"] = tf1.train.Checkpoint(**made)
    optimizer = tf1.train.AdamOptimizer(0.5)
    optimizer.minimize(tf.add_n([tf.reduce_sum(v * v) for v in variables.values()]))
    for name, variable in list(variables.items()):
        for slot in ("m", "v"):
            variables[f"{name} {slot}"] = optimizer.get_slot(variable, slot)
    return tf1.train.Checkpoint(model=tf1.train.Checkpoint(**layers), optimizer=optimizer), variables


def _graph_values(session, variables):
    return {name: float(value.flat[0]) for name, value in session.run(variables).items()}


def save_objects(prefix, names, first=1):
    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        saved, variables = _objects(names)
        session.run(tf1.global_variables_initializer())
        for number, variable in enumerate(variables.values()):
            session.run(variable.assign(tf.fill(variable.shape, float(first + number))))
        return saved.save(prefix, session=session), _graph_values(session, variables)


def restore_objects(prefix, names):
    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        saved, variables = _objects(names)
        session.run(tf1.global_variables_initializer())
        status = saved.restore(prefix)
        status.assert_existing_objects_matched()
        status.run_restore_ops(session)
        return _graph_values(session, variables)
