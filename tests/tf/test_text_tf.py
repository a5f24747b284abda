"""Text graphs: an older TensorFlow reads what we write of a newer one's."""

from __future__ import annotations

from pathlib import Path

from graphsurgeon.formats.load import load
from graphsurgeon.formats.save import save
from graphsurgeon.ir.endpoints import guess_inputs, guess_outputs
from graphsurgeon.ir.index import Index
from graphsurgeon.names import node_of
from tests.tf.judge import TensorFlow


def test_text_of_a_newer_graph(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path):
    for path in tf2.call("older_text:make", directory=str(tmp_path)):
        model = load(path)
        index = Index(model.graph)
        (output,) = guess_outputs(model.graph, index, guess_inputs(model.graph, index))
        save(model, f"{path}txt")
        # Whether it can import it is another question, which `downgrade` answers.
        names = [node.name for node in model.graph]
        assert tf1.call("older_text:parse", path=f"{path}txt") == names, path
        result = tf2.call("older_text:run", path=f"{path}txt", feed=[1.0, 2.0], output=f"{node_of(output.name)}:0")
        assert result == [[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]], path
