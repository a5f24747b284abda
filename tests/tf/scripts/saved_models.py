"""What TensorFlow makes of SavedModels, in sessions and as TensorFlow 2 loads them; and SavedModels to begin with."""

import os

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
NO_CALL = "__saved_model_init_op"
#: What inputs that are strings get; empty strings, because most are serialized examples, unless a script sets it.
TEXTS = []


def compare(first, second, tags):
    """Load two SavedModels in every way this TensorFlow has, and run all signatures of both on the same feeds.

    Returns ``{"equal": ["session serving_default/scores", ...], "refused": {"session": error}, "differ": {}}``; what
    the first is refused for, the second must be refused for too.
    """
    answer = {"equal": [], "refused": {}, "differ": {}}
    ways = {"session": run_in_session}
    if hasattr(tf, "function") and not tf.__version__.startswith("1."):
        ways["eager"] = run_eagerly
    for way, run in ways.items():
        wanted, found = outcome(run, first, tags), outcome(run, second, tags)
        if isinstance(wanted, str):
            answer["refused"][way] = wanted
        for name in {way} if isinstance(wanted, str) or isinstance(found, str) else sorted(set(wanted) | set(found)):
            left, right = (each if isinstance(each, str) else each.get(name) for each in (wanted, found))
            if kind(left) != kind(right):
                answer["differ"]["%s %s" % (way, name)] = [left, right]
            elif not isinstance(left, str):
                answer["equal"].append("%s %s" % (way, name))
    return answer


def outcome(run, directory, tags):
    try:
        return run(directory, tags)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, str(error)[:300])


def kind(value):
    """An error by its class, bits as they are."""
    return value.split(":")[0] if isinstance(value, str) else value


def run_in_session(directory, tags):
    """``{"signature/output": bits, or the error's class}`` of a SavedModel loaded into a session."""
    graph = tf.Graph()
    with graph.as_default(), running.session(graph) as session:
        return run_signatures(session, graph, tf1.saved_model.load(session, tags, directory))


def run_signatures(session, graph, meta):
    """The same in a session that is set up."""
    found = {}
    for key in sorted(meta.signature_def):
        signature = meta.signature_def[key]
        if key == NO_CALL:
            continue
        feeds = {
            info.name: value_for(info.name, graph.get_tensor_by_name(info.name))
            for info in signature.inputs.values()
            if info.name
        }
        for name, info in signature.outputs.items():
            if info.name and graph.get_tensor_by_name(info.name).dtype not in running.UNFETCHABLE:
                found["%s/%s" % (key, name)] = fetched(session, info.name, feeds)
    return found


def fetch(directory, name, feeds):
    """One tensor of a SavedModel in a session, as a list."""
    graph = tf.Graph()
    with graph.as_default(), running.session(graph) as session:
        tf1.saved_model.load(session, ["serve"], directory)
        return session.run(name, feeds).tolist()


def fetched(session, name, feeds):
    try:
        return running.bits(session.run(name, feeds))
    except tf.errors.OpError as error:
        return type(error).__name__


def run_eagerly(directory, tags):
    """The same by `tf.saved_model.load`; called with Grappler off."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    loaded = tf.saved_model.load(directory, tags)
    found = {}
    for key in sorted(loaded.signatures):
        if key == NO_CALL:
            continue
        function = loaded.signatures[key]
        specs = function.structured_input_signature[1]
        try:
            values = function(**{name: tf.constant(value_for(name, spec)) for name, spec in specs.items()})
        except tf.errors.OpError as error:
            found[key] = type(error).__name__
            continue
        for name, value in values.items():
            found["%s/%s" % (key, name)] = running.bits(value.numpy())
    return found


def value_for(name, tensor, dimension=2):
    """A value for an input, a tensor or its spec."""
    shape, dtype = tensor.shape, tensor.dtype.base_dtype
    dims = [dimension if dim is None else dim for dim in shape.as_list()] if shape.rank is not None else [dimension]
    if dtype == tf.string and TEXTS:
        return np.resize(np.array(TEXTS, object), ([len(TEXTS)] + dims[1:]) if dims else [])
    if dtype == tf.string:
        return np.full(dims, b"", object)
    return running.filler(dtype.as_numpy_dtype, tuple(dims), sum(map(ord, name)) % 1000)


def outputs_as_frozen(pb, directory, tags=("serve",)):
    """Load a SavedModel into a session and compare its signature's outputs with those of a frozen graph.

    Returns the names of outputs that are equal to the bit.
    """
    graph = tf.Graph()
    with graph.as_default(), running.session(graph) as session:
        meta = tf1.saved_model.load(session, list(tags), directory)
        signature = meta.signature_def["serving_default"]
        inputs = [info.name for info in signature.inputs.values()]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        feeds = {name: value for name, value in running.generic_feeds(running.imported(pb)).items() if name in inputs}
        found = session.run(outputs, feeds)
    _, _, wanted = running.run_frozen(pb, list(outputs.values()), feeds)
    return sorted(name for name in outputs if running.bits(found[name]) == running.bits(wanted[outputs[name]]))


def restored_by_name(directory):
    """Restore as the C++ loader does, knowing only what the SaverDef names; the bits of every variable."""
    from tensorflow.core.framework.variable_pb2 import VariableDef

    meta = meta_graph(directory)
    graph = tf.Graph()
    with graph.as_default():
        tf1.import_graph_def(meta.graph_def, name="", producer_op_list=meta.meta_info_def.stripped_op_list)
    path = os.path.join(directory, "variables", "variables")
    with running.session(graph) as session:
        session.run(meta.saver_def.restore_op_name, {meta.saver_def.filename_tensor_name: path})
        definitions = [VariableDef.FromString(value) for value in meta.collection_def["variables"].bytes_list.value]
        return {d.variable_name[:-2]: running.bits(session.run(d.snapshot_name)) for d in definitions}


def meta_graph(directory):
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel()
    with open(os.path.join(directory, "saved_model.pb"), "rb") as file:
        message.ParseFromString(file.read())
    return message.meta_graphs[0]


def fine_tune(pb, directory, steps=3):
    """Open a SavedModel in TensorFlow 2, compare it with the frozen graph it came from, and train it.

    Returns ``{"equal": [outputs], "variables": {name: trainable}, "no_gradient": [names], "unchanged": [names],
    "losses": [before, after]}``.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    loaded = tf.saved_model.load(directory)
    call = loaded.signatures["serving_default"]
    tensors = {name: info.name for name, info in meta_graph(directory).signature_def["serving_default"].inputs.items()}
    values = running.generic_feeds(running.imported(pb))
    feeds = {name: tf.constant(values[tensor]) for name, tensor in tensors.items()}
    wanted = frozen_outputs(pb, directory, feeds)
    found = call(**feeds)
    answer = {
        "equal": sorted(name for name in found if running.bits(found[name].numpy()) == running.bits(wanted[name])),
        "variables": {variable.name[:-2]: bool(variable.trainable) for variable in loaded.variables},
        "checkpoint": {variable.name[:-2]: running.bits(variable.numpy()) for variable in loaded.variables},
    }
    return dict(answer, **trained(loaded, call, feeds, steps))


def frozen_outputs(pb, directory, feeds):
    """The outputs of a frozen graph, run as TensorFlow 2 runs functions."""
    signature = meta_graph(directory).signature_def["serving_default"]
    definition = running.graph_def(pb)
    wrapped = tf1.wrap_function(lambda: tf1.import_graph_def(definition, name=""), [])
    names = sorted(signature.outputs)
    inputs = [wrapped.graph.as_graph_element(signature.inputs[name].name) for name in sorted(feeds)]
    outputs = [wrapped.graph.as_graph_element(signature.outputs[name].name) for name in names]
    values = wrapped.prune(inputs, outputs)(*[feeds[name] for name in sorted(feeds)])
    return {name: value.numpy() for name, value in zip(names, values)}


def trained(loaded, call, feeds, steps):
    weights = [variable for variable in loaded.variables if variable.trainable]
    before = [variable.numpy() for variable in weights]
    losses = []
    for rate in (1e-2, 1e-4, 1e-6):
        for variable, value in zip(weights, before):
            variable.assign(value)
        losses = []
        for _ in range(steps + 1):
            with tf.GradientTape() as tape:
                loss = loss_of(call(**feeds))
            losses.append(float(loss))
            gradients = tape.gradient(loss, weights)
            for variable, gradient in zip(weights, gradients):
                if gradient is not None:
                    variable.assign_sub(rate * tf.convert_to_tensor(gradient))
        if losses[-1] < losses[0]:
            break
    # Where there is next to no gradient nothing can move.
    felt = [g is not None and bool(np.any(np.abs(tf.convert_to_tensor(g).numpy()) > 1e-3)) for g in gradients]
    same = [running.bits(old) == running.bits(v.numpy()) for old, v in zip(before, weights)]
    return {
        "no_gradient": [v.name[:-2] for v, gradient in zip(weights, gradients) if gradient is None],
        "unchanged": [v.name[:-2] for v, moves, kept in zip(weights, felt, same) if moves and kept],
        "losses": [losses[0], losses[-1]],
        "step": optimizer_step(call, feeds, weights),
    }


def optimizer_step(call, feeds, weights):
    """One step of an optimizer of TensorFlow's own; how many weights it moved."""
    before = [running.bits(variable.numpy()) for variable in weights]
    optimizer = tf1.train.AdamOptimizer(1e-3)
    with tf.GradientTape() as tape:
        loss = loss_of(call(**feeds))
    pairs = [pair for pair in zip(tape.gradient(loss, weights), weights) if pair[0] is not None]
    optimizer.apply_gradients(pairs)
    return sum(old != running.bits(variable.numpy()) for old, variable in zip(before, weights))


def loss_of(values):
    floats = [value for value in values.values() if value.dtype.is_floating]
    return tf.add_n([tf.reduce_mean(tf.square(tf.cast(value, tf.float32) - 0.5)) for value in floats])


def compare_checkpoint(directory, prefix, tags=("serve",)):
    """Hold the outputs of a SavedModel against those of a meta graph with a checkpoint, at the same feeds.

    Returns ``{"equal": [outputs], "differ": {output: [both]}}``, and ``"refused"`` where TensorFlow refuses the meta
    graph.
    """
    answer = {"equal": [], "differ": {}}
    try:
        graph, saver = running.restored(prefix)
    except Exception as error:
        return dict(answer, refused="%s: %s" % (type(error).__name__, str(error)[:300]))
    wanted = run_in_session(directory, list(tags))
    meta = meta_graph(directory)
    with running.session(graph) as session:
        saver.restore(session, prefix)
        session.run(graph.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS))
        for name, bits in wanted.items():
            key, _, output = name.rpartition("/")
            signature = meta.signature_def[key]
            tensors = [info.name for info in signature.inputs.values()]
            feeds = {tensor: value_for(tensor, graph.get_tensor_by_name(tensor)) for tensor in tensors}
            found = fetched(session, signature.outputs[output].name, feeds)
            if found == bits:
                answer["equal"] += [] if isinstance(bits, str) else [name]
            else:
                answer["differ"][name] = [bits, found]
    return answer


def make_two_tag_sets(directory):
    """A SavedModel with meta graphs tagged serve and train, of which only the second has a bias."""
    builder = tf1.saved_model.Builder(directory)
    for tag in ("train", "serve"):
        graph = tf.Graph()
        with graph.as_default(), running.session(graph) as session:
            tf1.set_random_seed(5)
            x = tf1.placeholder(tf.float32, [None, 3], "x")
            kernel = tf1.get_variable("kernel", [3, 2], use_resource=False)
            y = tf.matmul(x, kernel)
            if tag == "train":
                y = y + tf1.get_variable("bias", [2], initializer=tf1.ones_initializer(), use_resource=False)
            y = tf.identity(y, "y")
            signature = tf1.saved_model.predict_signature_def({"x": x}, {"y": y})
            given = {"signature_def_map": {"serving_default": signature}}
            if tag == "train":
                session.run(tf1.global_variables_initializer())
                builder.add_meta_graph_and_variables(session, [tag], **given)
            else:
                builder.add_meta_graph([tag], **given)
    builder.save()


def make_tables(directory, vocabulary):
    """A frozen graph ``tables.pb`` in which words are looked up, by constants and by a file, and weighed.

    Its table initializers are in the graph, and nothing says so.
    """
    graph = tf.Graph()
    with graph.as_default(), running.session(graph) as session:
        words = tf1.placeholder(tf.string, [None], "words")
        by_constants = tf.lookup.KeyValueTensorInitializer(tf.constant(["a", "b"]), tf.constant([1, 0], tf.int64))
        by_file = tf1.lookup.TextFileInitializer(
            vocabulary, tf.string, tf1.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf1.lookup.TextFileIndex.LINE_NUMBER
        )
        tables = [tf.lookup.StaticHashTable(each, 0) for each in (by_constants, by_file)]
        kernel = tf1.get_variable("kernel", [4, 2], use_resource=False)
        rows = [tf.gather(kernel, table.lookup(words)) for table in tables]
        tf.add(rows[0], rows[1], name="scores")
        session.run(tf1.global_variables_initializer())
        initializers = [each.name for each in graph.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS)]
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["scores"] + initializers)
    tf.io.write_graph(frozen, directory, "tables.pb", as_text=False)
    return initializers


def look_up(directory, words):
    """What the SavedModel of `make_tables` says of words, in a session and, in TensorFlow 2, eagerly."""
    graph = tf.Graph()
    with graph.as_default(), running.session(graph) as session:
        tf1.saved_model.load(session, ["serve"], directory)
        answers = [session.run("scores:0", {"words:0": words}).tolist()]
    if not tf.__version__.startswith("1."):
        loaded = tf.saved_model.load(directory)
        answers.append(loaded.signatures["serving_default"](words=tf.constant(words))["scores"].numpy().tolist())
    return answers


def make_objects(directory, vocabulary):
    """A SavedModel of TensorFlow 2: objects, functions, variables, a table with its vocabulary as an asset."""

    class Scorer(tf.Module):
        def __init__(self):
            super().__init__()
            initializer = tf.lookup.TextFileInitializer(
                vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
            )
            self.table = tf.lookup.StaticHashTable(initializer, 0)
            self.kernel = tf.Variable(tf.reshape(tf.range(8.0), [4, 2]), name="kernel")
            self.step = tf.Variable(3, trainable=False, name="step")

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def score(self, words):
            return {"scores": tf.gather(self.kernel, self.table.lookup(words))}

        @tf.function(input_signature=[tf.TensorSpec([None, 4])])
        def product(self, rows):
            return {"product": tf.matmul(rows, self.kernel)}

    scorer = Scorer()
    tf.saved_model.save(scorer, directory, signatures={"serving_default": scorer.score, "product": scorer.product})


def use_objects(directory, words):
    """What the objects of `make_objects` still do: scores by method and by signature, variables, the gradient."""
    loaded = tf.saved_model.load(directory)
    with tf.GradientTape() as tape:
        scores = loaded.score(tf.constant(words))["scores"]
    gradient = tf.convert_to_tensor(tape.gradient(scores, loaded.kernel))
    by_signature = loaded.signatures["serving_default"](words=tf.constant(words))["scores"]
    return {
        "scores": scores.numpy().tolist(),
        "by_signature": by_signature.numpy().tolist(),
        "step": int(loaded.step),
        "gradient": float(tf.reduce_sum(gradient)),
    }


def checkpoint_of_objects(prefix):
    """The variables in an object-based checkpoint, as `tf.train.load_checkpoint` names them."""
    return sorted(tf.train.load_checkpoint(prefix).get_variable_to_shape_map())


def make_layer(directory):
    """A SavedModel of a module that holds a layer of Keras 3: its saver restores copies of what its signature reads."""
    import keras

    module = tf.Module()
    module.layer = keras.layers.Dense(2, name="dense", bias_initializer="ones")
    module.layer.build((None, 2))
    given = tf.TensorSpec([None, 2], tf.float32, name="x")
    tf.saved_model.save(module, directory, signatures=tf.function(module.layer.__call__, input_signature=[given]))


def served(directories, x):
    """What the signatures of SavedModels give: by their objects, if there are any, and by their savers."""
    found = {}
    for directory in directories:
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            meta = tf.compat.v1.saved_model.load(session, ["serve"], directory)
            by_saver = served_by_saver(session, meta, x)
        loaded = tf.saved_model.load(directory).signatures
        by_objects = {key: next(iter(loaded[key](x=tf.constant(x)).values())).numpy().tolist() for key in loaded}
        found[directory] = [by_objects, by_saver]
    return found


def served_by_saver(session, meta, x):
    """What the signatures of a restored meta graph give, or what those lack that cannot run."""
    found = {}
    for key, signature in meta.signature_def.items():
        if signature.inputs:
            (given,), (wanted,) = signature.inputs.values(), signature.outputs.values()
            try:
                found[key] = session.run(wanted.name, {given.name: x}).tolist()
            except tf.errors.FailedPreconditionError as error:
                found[key] = "a variable" if "Could not find variable" in str(error) else str(error)
    return found


def served_from_meta(prefix, x):
    """What the signatures of a checkpoint's .meta give, whose own saver has restored it."""
    meta = tf.compat.v1.MetaGraphDef()
    with open(prefix + ".meta", "rb") as file:
        meta.ParseFromString(file.read())
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.train.import_meta_graph(meta).restore(session, prefix)
        return served_by_saver(session, meta, x)


def two_outputs(directory):
    """Save a module whose signature has two outputs, and return what they are for ones, by name."""

    class Heads(tf.Module):
        def __init__(self):
            super().__init__()
            self.left = tf.Variable(tf.reshape(tf.range(8.0), [4, 2]), name="left")
            self.right = tf.Variable(tf.reshape(tf.range(12.0), [4, 3]), name="right")

        @tf.function(input_signature=[tf.TensorSpec([None, 4], name="x")])
        def call(self, x):
            return {"left": x @ self.left, "right": tf.nn.softmax(x @ self.right)}

    heads = Heads()
    tf.saved_model.save(heads, directory, heads.call)
    return called(directory)


def called(directory):
    """What the signature of a SavedModel gives for ones, by name."""
    function = tf.saved_model.load(directory).signatures["serving_default"]
    (name,) = function.structured_input_signature[1]
    return {key: value.numpy().tolist() for key, value in function(**{name: tf.ones([2, 4])}).items()}
