"""Variables that hold codes: the checkpoint has a quarter of the bytes, and reads give what the codes stand for.

::

    X = VariableV2 {float32}           X = VariableV2 {quint8}
    X/Assign = Assign(X, zeros)        X_quantized_initial = QuantizeV2(zeros, X_quantized_min, X_quantized_max)
                                       X/Assign = Assign(X, X_quantized_initial)
    X/read = Identity(X)               X/read = Dequantize(X, X_quantized_min, X_quantized_max)

A ReadVariableOp of a handle becomes a Dequantize of its name, too, which reads a new one; so does a ResourceGather, of
the rows that a GatherV2 takes of a new one. The range stands in the graph, and in each function body that reads the
variable, as constants: a checkpoint of codes belongs to its graph. Savers save and restore codes.

A gather by the handle would do as well, but for TensorFlow, which from then on cannot read codes by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import variable_dtype
from graphsurgeon.ir.op_families import ASSIGN_OPS, REF_OPS, SAVE_OPS
from graphsurgeon.ir.signatures import input_types, output_number, output_types
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.rewrites.quantizing.handle_flow import HandleUse
from graphsurgeon.rewrites.quantizing.stored_variables import StoredVariables
from graphsurgeon.rewrites.quantizing.told_types import keras_notes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor, FillTensor
from graphsurgeon.variables.checkpoint_keys import VariableValues

_MODE: Final = b"MIN_FIRST"
_CODES: Final[Mapping[str, Any]] = {"T": dtypes.QUINT8, "mode": _MODE}
#: What a function body calls the output of an op, where it is not output.
_OUTPUTS: Final = {"ReadVariableOp": "value"}
_KEPT_ATTRS: Final = ("_class", "_output_shapes")

#: The range of codes.
Ends = tuple[float, float]


class VariableCodes:
    """The variables of a model's graph that are to hold codes: first `choose`, then `apply`."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._index = Index(model.graph)
        self._stored = StoredVariables(model, self._index)
        self._values = VariableValues(model, self._index)
        self._bodies: dict[str | None, _Body] = {}

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
        return reasons | self._stored.choose(found)

    def common(self, ends: Mapping[str, Ends]) -> dict[str, Ends]:
        """Return the ranges, by key, where variables that one node reads have one that holds both."""
        found, groups = dict(ends), [names for _, names in self._stored.flow.together()]
        chosen = self.chosen
        before: dict[str, Ends] = {}
        while found != before:
            before = dict(found)
            for names in groups:
                keys = [chosen[name] for name in names if name in chosen]
                if keys:
                    lows, highs = zip(*(found[key] for key in keys), strict=True)
                    found |= dict.fromkeys(keys, (min(lows), max(highs)))
        return found

    def notes(self) -> list[str]:
        """Return what there is to say of how the model is loaded from now on."""
        return keras_notes(self._model.meta) if self._stored.chosen else []

    def apply(self, ends: Mapping[str, Ends], codes: Mapping[str, Tensor]) -> None:
        """Let variables hold codes, of these ranges, by the keys of the checkpoint."""
        self._bodies = {function: _Body(self._model, function) for function, _ in self._model.graphs()}
        self._stored.retype({function: body.edit for function, body in self._bodies.items()}, dtypes.QUINT8)
        read = set[tuple[str | None, str]]()
        for name, key in self.chosen.items():
            variable = self._index.producers[name]
            self._bodies[None].ends(variable, variable, ends[key])
            for use in self._stored.uses(variable):
                # Of several variables that one node reads, the ranges are the same.
                if (use.function, use.node.name) not in read:
                    self._convert(variable, use, ends[key])
                    if use.node.op not in SAVE_OPS:
                        read.add((use.function, use.node.name))
        for body in self._bodies.values():
            body.edit.apply()
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
        for use in self._stored.uses(node):
            is_around = self._stored.is_around(node, use.node, use.position)
            if not (is_around or self._stored.is_read(node, use.node)):
                return f"{use} takes it as it is"
            for reader, position in self._index.consumers(use.node.name) if use.function is None else ():
                if self._stored.savers.is_call(reader) and not self._stored.savers.is_saved(reader, position):
                    return f"{reader.name!r} ({reader.op}) saves it, and reads it in float32"
        return self._stored.against(node)

    def _convert(self, variable: Node, use: HandleUse, ends: Ends) -> None:
        body = self._bodies[use.function]
        if use.node.op in ASSIGN_OPS and use.position == 0:
            self._assign(body, variable, use.node, ends)
        elif use.node.op in SAVE_OPS:
            self._save(body, variable, use.node, use.position, variable.name, ends)
        elif self._stored.is_read(variable, use.node):
            self._read(body, variable, use.node, ends)

    def _assign(self, body: _Body, variable: Node, assign: Node, ends: Ends) -> None:
        """Let an assignment take codes: of an initial value, or of what a saver restores in float32."""
        text = body.edit.current(assign).data_inputs[1]
        if not body.is_float(text):
            return
        key = (variable.name, text)
        if key not in body.initial:
            inputs = [text, *body.ends(variable, assign, ends)]
            body.initial[key] = body.add(
                f"{variable.name}_quantized_initial", "QuantizeV2", inputs, _CODES, variable, assign
            )
        body.edit.set_input(assign, 1, body.initial[key])

    def _read(self, body: _Body, variable: Node, read: Node, ends: Ends) -> None:
        """Let a read be a Dequantize of codes, which savers read themselves."""
        chain = self._only_saved(body, read)
        for each in chain:
            body.edit.edit(each).attrs["dtype" if each.op == "ReadVariableOp" else "T"] = dtypes.QUINT8
        if chain:
            return
        own = body.edit.edit(read)
        texts = body.ends(variable, read, ends)
        codes = variable.name if variable.op in REF_OPS else body.codes(read)
        for reader, position in body.index.consumers(read.name):
            if self._is_save(body, reader, position):
                self._save(body, variable, reader, position, codes, ends)
        for key in [key for key in own.attrs if key not in _KEPT_ATTRS]:
            del own.attrs[key]
        if read.op == "ReadVariableOp":
            body.rename_output(read, "value")
        own.op = "Dequantize"
        own.attrs.update(_CODES)
        body.edit.set_inputs(own, [codes, *texts, *read.control_inputs])

    def _only_saved(self, body: _Body, read: Node) -> list[Node]:
        """Return a read, and the Identities behind it, if savers that take codes read these, and nobody else."""
        chain, is_saved = [read], False
        for each in chain if read.op in ("Identity", "ReadVariableOp") and not body.is_result(read) else ():
            for reader, position in body.index.consumers(each.name):
                if reader.op == "Identity" and not body.is_result(reader):
                    chain.append(reader)
                elif self._is_save(body, reader, position) and _takes_codes(body, reader, position):
                    is_saved = True
                else:
                    return []
        return chain if is_saved else []

    def _is_save(self, body: _Body, reader: Node, position: int) -> bool:
        return reader.op in SAVE_OPS or (body.function is None and self._stored.savers.is_saved(reader, position))

    def _save(self, body: _Body, variable: Node, save: Node, position: int, codes: str, ends: Ends) -> None:
        """Let a saver read codes; under another key of the checkpoint it saves float32."""
        if _takes_codes(body, save, position):
            body.edit.set_input(save, position, codes)
        elif codes == variable.name and save.data_inputs[position] == variable.name:
            inputs = [codes, *body.ends(variable, save, ends)]
            made = body.add(f"{variable.name}_dequantized", "Dequantize", inputs, _CODES, variable, save)
            body.edit.set_input(save, position, made)


def _takes_codes(body: _Body, save: Node, position: int) -> bool:
    types = input_types(body.edit.current(save))
    return types is not None and types[position].base is dtypes.QUINT8


class _Body:
    """The edits of the graph, or of a function's body, in which variables get codes.

    What is made beside a variable of the graph stands behind a node that reads it where that is in a body.
    """

    def __init__(self, model: Model, function: str | None) -> None:
        self.function = function
        self.initial: dict[tuple[str, str], str] = {}  # by variable and tensor, what begins with codes of it
        self._proto = None if function is None else model.library.functions[function].proto
        self._graph = model.graph if function is None else model.library.functions[function].body
        self.edit = GraphEdit(self._graph)
        self._ends: dict[str, list[str]] = {}

    @cached_property
    def index(self) -> Index:
        """The edges before the edits."""
        return Index(self._graph)

    @cached_property
    def _taken(self) -> dict[str, None]:
        arguments = () if self._proto is None else self._proto.signature.input_arg
        return dict.fromkeys([*self.index.producers, *(arg.name for arg in arguments)])

    def ends(self, variable: Node, reader: Node, ends: Ends) -> list[str]:
        """Return the constants with the range of a variable's codes."""
        if variable.name not in self._ends:
            import numpy as np

            values = [ArrayTensor(np.array(end, np.float32)) for end in ends]
            self._ends[variable.name] = [
                self.add(f"{variable.name}_quantized_{word}", "Const", [], _constant(value), variable, reader)
                for word, value in zip(("min", "max"), values, strict=True)
            ]
        return self._ends[variable.name]

    def codes(self, read: Node) -> str:
        """Return the codes, in the place of what an op reads by a handle."""
        handle, *indices = read.data_inputs
        attrs: dict[str, Any] = {"dtype": dtypes.QUINT8}
        inputs = [handle, *read.control_inputs]
        codes = self.add(f"{read.name}/quantized", "ReadVariableOp", inputs, attrs, read, read)
        if not indices:
            return codes
        kind = read.attrs["Tindices"]
        attrs = {"Tparams": dtypes.QUINT8, "Tindices": kind}
        if read.op == "ResourceGatherNd":
            return self.add(f"{read.name}/rows", "GatherNd", [codes, *indices], attrs, read, read)
        batch_dims = read.attrs.get("batch_dims", 0)
        axis = _constant(FillTensor(kind, (), batch_dims.to_bytes(kind.itemsize, "little")))
        inputs = [codes, *indices, self.add(f"{read.name}/axis", "Const", [], axis, read, read)]
        attrs |= {"Taxis": kind, "batch_dims": batch_dims} if batch_dims else {"Taxis": kind}
        return self.add(f"{read.name}/rows", "GatherV2", inputs, attrs, read, read)

    def add(self, name: str, op: str, inputs: list[str], attrs: Mapping[str, Any], beside: Node, reader: Node) -> str:
        """Add a node beside another, in a body beside a reader; return its output as readers write it."""
        made = unique_name(name, self._taken)
        self._taken[made] = None
        where = beside if self.function is None else reader
        self.edit.add(Node.new(made, op, inputs, device=where.device, attrs=dict(attrs)), behind=where.name)
        return made if self.function is None else f"{made}:{_OUTPUTS.get(op, 'output')}:0"

    def is_float(self, text: str) -> bool:
        """Whether a tensor is of float32 now."""
        source = self.edit.get(node_of_input(text))
        types = None if source is None else output_types(source)
        number = None if source is None else output_number(source, text.partition(":")[2])
        return types is not None and number is not None and types[number].base is dtypes.FLOAT

    def is_result(self, node: Node) -> bool:
        """Whether the function returns what a node gives."""
        return self._proto is not None and node.name in map(node_of_input, self._proto.ret.values())

    def rename_output(self, node: Node, old: str) -> None:
        """In a body, let readers of a node's output, and results, call it as that of a Dequantize."""
        if self._proto is None:
            return
        before, after = f"{node.name}:{old}:0", f"{node.name}:output:0"
        self.edit.redirect(before, after)
        for name, text in self._proto.ret.items():
            if text == before:
                self._proto.ret[name] = after


def _constant(value: Tensor) -> Mapping[str, Any]:
    return {"dtype": value.dtype, "value": value}
