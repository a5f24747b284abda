"""Variables that hold codes: the checkpoint has a quarter of the bytes, and reads give what the codes stand for.

::

    X = VariableV2 {float32}           X = VariableV2 {quint8}
    X/Assign = Assign(X, zeros)        X_quantized_initial = QuantizeV2(zeros, X_quantized_min, X_quantized_max)
                                       X/Assign = Assign(X, X_quantized_initial)
    X/read = Identity(X)               X/read = Dequantize(X, X_quantized_min, X_quantized_max)

A ReadVariableOp of a handle becomes a Dequantize of its name, too, which reads a new one. The range stands in the
graph, as constants: a checkpoint of codes belongs to its graph. Savers save and restore codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_dtype
from graphsurgeon.ir.op_families import ASSIGN_OPS, REF_OPS, SAVE_OPS
from graphsurgeon.ir.signatures import input_types, output_number, output_types
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.rewrites.quantizing.stored_variables import StoredVariables, depending_on_inputs
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.variables.checkpoint_keys import VariableValues

_MODE: Final = b"MIN_FIRST"
_KEPT_ATTRS: Final = ("_class", "_output_shapes")


class VariableCodes:
    """The variables of a model's graph that are to hold codes: first `choose`, then `apply`."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._index = Index(model.graph)
        self._stored = StoredVariables(model, self._index)
        self._values = VariableValues(model, self._index)
        self._edit = GraphEdit(model.graph)
        self._taken = dict.fromkeys(self._index.producers)
        self._initial: dict[tuple[str, str], str] = {}

    @property
    def chosen(self) -> Mapping[str, str]:
        """Where the checkpoint holds the variables that were chosen, by their names."""
        return {name: self._key(self._index.producers[name]) for name in self._stored.chosen}

    def choose(self, names: Iterable[str]) -> dict[str, str]:
        """Choose those of some variables that can hold codes; return why others cannot."""
        reasons, found = {}, []
        for name in names:
            reason = self._against(self._index.producers[name])
            if reason:
                reasons[name] = reason
            else:
                found.append(name)
        return reasons | self._stored.choose(found, depending_on_inputs(self._index))

    def apply(self, ends: Mapping[str, tuple[float, float]], codes: Mapping[str, Tensor]) -> None:
        """Let variables hold codes, of these ranges, by the keys of the checkpoint."""
        self._stored.retype(self._edit, dtypes.QUINT8)
        for name, key in self.chosen.items():
            self._convert(self._index.producers[name], ends[key])
        self._edit.apply()
        self._stored.finish(dtypes.QUINT8, lambda key, _: codes[key])

    def _key(self, node: Node) -> str:
        place = self._values.place(node)
        assert place is not None  # looked at before
        return place.key

    def _against(self, node: Node) -> str:
        dtype = variable_dtype(node)
        if dtype is not dtypes.FLOAT:
            return f"is of {'no type' if dtype is None else dtype.name}, and TensorFlow's Dequantize gives float32"
        if self._values.place(node) is None:
            return "its value is not there, as without a checkpoint"
        for reader, position in self._index.consumers(node.name):
            if not (self._stored.is_around(node, reader, position) or self._stored.is_read(node, reader)):
                return f"{reader.name!r} ({reader.op}) takes it as it is"
        return ""

    def _convert(self, node: Node, ends: tuple[float, float]) -> None:
        import numpy as np

        from graphsurgeon.tensors.values import ArrayTensor

        texts = []
        for word, end in zip(("min", "max"), ends, strict=True):
            value = ArrayTensor(np.array(end, np.float32))
            attrs = {"dtype": dtypes.FLOAT, "value": value}
            texts.append(self._add(f"{node.name}_quantized_{word}", "Const", [], attrs, node))
        for reader, position in self._index.consumers(node.name):
            if reader.op in ASSIGN_OPS and position == 0:
                self._assign(node, reader, texts)
            elif reader.op in SAVE_OPS:
                self._save(node, reader, position, node.name, texts)
            elif self._stored.is_read(node, reader):
                self._read(node, reader, texts)

    def _assign(self, node: Node, assign: Node, ends: list[str]) -> None:
        """Let an assignment take codes: of an initial value, or of what a saver restores in float32."""
        text = self._edit.current(assign).data_inputs[1]
        if not self._is_float(text):
            return
        if (node.name, text) not in self._initial:
            attrs = {"T": dtypes.QUINT8, "mode": _MODE}
            made = self._add(f"{node.name}_quantized_initial", "QuantizeV2", [text, *ends], attrs, node)
            self._initial[node.name, text] = made
        self._edit.set_input(assign, 1, self._initial[node.name, text])

    def _read(self, node: Node, read: Node, ends: list[str]) -> None:
        """Let a read be a Dequantize of codes, which savers read themselves."""
        chain = self._only_saved(read)
        for each in chain:
            self._edit.edit(each).attrs["dtype" if each.op == "ReadVariableOp" else "T"] = dtypes.QUINT8
        if chain:
            return
        is_ref, own = node.op in REF_OPS, self._edit.edit(read)
        saves = [edge for edge in self._index.consumers(read.name) if edge[0].op in SAVE_OPS]
        codes = node.name
        if not is_ref:
            attrs = {"dtype": dtypes.QUINT8}
            codes = self._add(f"{read.name}/quantized", read.op, [node.name, *read.control_inputs], attrs, read)
        for reader, position in saves:
            self._save(node, reader, position, codes, ends)
        for key in [key for key in own.attrs if key not in _KEPT_ATTRS]:
            del own.attrs[key]
        own.op = "Dequantize"
        own.attrs.update({"T": dtypes.QUINT8, "mode": _MODE})
        self._edit.set_inputs(own, [codes, *ends, *read.control_inputs])

    def _only_saved(self, read: Node) -> list[Node]:
        """Return a read, and the Identities behind it, if savers that take codes read these, and nobody else."""
        chain, is_saved = [read], False
        for each in chain:
            for reader, position in self._index.consumers(each.name):
                if reader.op == "Identity":
                    chain.append(reader)
                elif reader.op in SAVE_OPS and self._takes_codes(reader, position):
                    is_saved = True
                else:
                    return []
        return chain if is_saved else []

    def _save(self, node: Node, save: Node, position: int, codes: str, ends: list[str]) -> None:
        """Let a saver read codes; under another key of the checkpoint it saves float32."""
        if self._takes_codes(save, position):
            self._edit.set_input(save, position, codes)
        elif codes == node.name and save.data_inputs[position] == node.name:
            attrs = {"T": dtypes.QUINT8, "mode": _MODE}
            made = self._add(f"{node.name}_dequantized", "Dequantize", [codes, *ends], attrs, node)
            self._edit.set_input(save, position, made)

    def _takes_codes(self, save: Node, position: int) -> bool:
        types = input_types(self._edit.current(save))
        return types is not None and types[position].base is dtypes.QUINT8

    def _is_float(self, text: str) -> bool:
        source = self._edit.get(node_of_input(text))
        types = None if source is None else output_types(source)
        number = None if source is None else output_number(source, text.partition(":")[2])
        return types is not None and number is not None and types[number].base is dtypes.FLOAT

    def _add(self, name: str, op: str, inputs: list[str], attrs: dict[str, Any], beside: Node) -> str:
        made = unique_name(name, self._taken)
        self._taken[made] = None
        self._edit.add(Node.new(made, op, inputs, device=beside.device, attrs=attrs), behind=beside.name)
        return made
