"""Recurrent nets of TensorFlow 1.15's own libraries: rnn cells, Keras in a graph, decoders of ``contrib``."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib import seq2seq

tf1 = tf.compat.v1
rnn = tf1.nn.rnn_cell


def sequence(length=4, width=3):
    return tf1.placeholder(tf.float32, [2, length, width], "input")


def run(cell, **options):
    return tf1.nn.dynamic_rnn(cell, sequence(), dtype=tf.float32, **options)


def dense(tensor):
    return tf.matmul(tensor, tf1.get_variable("after", [tensor.shape[-1], 2]))


def lstm():
    """Only the last h is read."""
    return dense(run(rnn.LSTMCell(5, use_peepholes=True))[1].h)


def lstm_last():
    return dense(run(rnn.BasicLSTMCell(5))[0][:, -1])


def lstm_length():
    return dense(run(rnn.LSTMCell(5), sequence_length=tf.constant([2, 4]))[0][:, -1])


def gru_layers():
    return dense(run(rnn.MultiRNNCell([rnn.GRUCell(5), rnn.GRUCell(4)]))[0][:, -1])


def bidirectional():
    cells = rnn.LSTMCell(4), rnn.LSTMCell(4)
    outputs = tf1.nn.bidirectional_dynamic_rnn(*cells, inputs=sequence(), dtype=tf.float32)[0]
    return dense(tf.concat(outputs, 2)[:, 1])


def lstm_resource():
    """Variables that are read in the loop."""
    with tf1.variable_scope("inner", use_resource=True):
        return dense(run(rnn.BasicLSTMCell(5))[0][:, -1])


def keras_lstm():
    return tf.keras.layers.Dense(2)(tf.keras.layers.LSTM(5)(sequence()))


def keras_bidirectional():
    masked = tf.keras.layers.Masking()(sequence())
    return tf.keras.layers.Dense(2)(tf.keras.layers.Bidirectional(tf.keras.layers.GRU(4))(masked))


def attention():
    """A decoder that looks at a memory in each step."""
    memory = tf1.layers.dense(sequence(), 5, name="memory")
    mechanism = seq2seq.BahdanauAttention(4, memory)
    cell = seq2seq.AttentionWrapper(rnn.GRUCell(4), mechanism, attention_layer_size=4)
    helper = seq2seq.TrainingHelper(sequence_of_targets(), tf.constant([3, 3]))
    decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32), tf1.layers.Dense(3, name="projection"))
    return seq2seq.dynamic_decode(decoder)[0].rnn_output


def sequence_of_targets():
    return tf.constant(np.random.RandomState(2).randn(2, 3, 3).astype("f"))


def beam_search():
    """The scores of the beams are read."""
    table = tf1.get_variable("table", [6, 4])
    cell = rnn.GRUCell(4)
    state = seq2seq.tile_batch(tf1.layers.dense(sequence()[:, 0], 4, name="encoder"), 2)
    projection = tf1.layers.Dense(6, name="projection")
    decoder = seq2seq.BeamSearchDecoder(cell, table, tf.constant([1, 2]), 0, state, 2, projection)
    return seq2seq.dynamic_decode(decoder, maximum_iterations=3)[0].beam_search_decoder_output.scores


NETS = {
    "lstm": lstm, "lstm_last": lstm_last, "lstm_length": lstm_length, "gru_layers": gru_layers,
    "bidirectional": bidirectional, "lstm_resource": lstm_resource, "keras_lstm": keras_lstm,
    "keras_bidirectional": keras_bidirectional, "attention": attention, "beam_search": beam_search,
}  # fmt: skip
