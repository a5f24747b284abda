"""Functions of signatures for eager TensorFlow 2, in which loops of control flow v1 are functions too.

``tf.saved_model.load`` makes functions of the signatures by cutting them out of the graph; what it cuts out runs, but
GradientTape does not go through loops of Enter and Exit, nor through a _SwitchN. With an object graph it takes the
functions that this names. So a graph with such gets one, beside the graph that sessions load, as TensorFlow 2 would
have written it::

    objects      root                    variables, signatures
                 variables               0, 1 ...: each a SavedVariable
                 signatures              serving_default: a SavedBareConcreteFunction
    functions    __inference_signature_wrapper_serving_default_N(inputs, handles of variables), in which loops and
                 branches are While and If nodes with functions, and TensorArrays TensorLists: see `functionalizing`

The checkpoint stays as it is: TensorFlow restores variables by their names where it lists no objects, and warns that
this is old. All of this is made of the graph when a SavedModel is written, and taken out again when it is read, so that
nobody edits one of two.

Source: TensorFlow's ``saved_model/load.py``, ``signature_serialization.py``, ``checkpoint.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.frames import ENTER_OPS
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.names import is_control, node_of, node_of_input, some_of, text_of
from graphsurgeon.rewrites.functionalizing.declined import declined
from graphsurgeon.rewrites.functionalizing.graphs import functionalize_graph
from graphsurgeon.rewrites.functionalizing.regions import Argument, Functions, Region, argument_name
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFact, TensorFacts
from graphsurgeon.rewrites.lowering.switch_rows import MANY
from graphsurgeon.rewrites.serving.object_functions import EAGER_FUNCTIONS
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.tensors import dtypes
from graphsurgeon.variables.checkpoint_keys import VariableValues
from proto_utils import schema
from proto_utils.errors import CorruptionError

#: What GradientTape does not go through.
_OBSTACLES = ENTER_OPS | {MANY}
_PRODUCER = 1
# The object that lists the variables.
_VARIABLES = 1


def with_eager_functions(model: Model) -> tuple[Model, list[str]]:
    """Return a model that is to be a SavedModel with functions of its signatures, and what there is to say.

    It is the same object where there are no loops and no _SwitchN, where it has objects, or where nothing is to be
    trained in eager TensorFlow; else a new one that shares its nodes. Costs O(nodes + edges), and an inference of
    shapes.
    """
    meta = model.meta
    if meta is None or meta.HasField("object_graph_def") or _OBSTACLES.isdisjoint(model.graph.ops):
        return model, []
    variables = _variables(model)
    if not variables or not _keys(meta):
        return model, []
    twin = model.copy()
    many = _obstacles(model)
    try:
        handles = functionalize_graph(twin).handles
        exports = _Exports(model, twin, variables)
        exports.run()
    except PassError as error:
        where = "" if error.node is None else f"node {error.node!r}: "
        return model, [f"GradientTape does not go through the {many}: {where}{error.reason}; in v1 mode they train"]
    made = Model(model.graph, exports.library, rest=schema.serialize(model.rest), meta=schema.serialize(meta))
    made.variables, made.path, made.saved_model = model.variables, model.path, model.saved_model
    assert made.meta is not None
    made.meta.object_graph_def.CopyFrom(exports.objects)
    told = {"version": 1, "functions": exports.added, "has_library": not model.library.is_empty}
    made.meta.collection_def[EAGER_FUNCTIONS].bytes_list.value.append(json.dumps(told, separators=(",", ":")).encode())
    notes = []
    if handles:
        some = some_of([*map(repr, handles)], 3)
        notes.append(f"{some} is changed in a loop or branch: TensorFlow 2 may have no gradient of it there")
    note = f"eager TensorFlow 2 gets functions of the signatures, in which GradientTape goes through the {many}"
    return made, [note, *notes]


def _obstacles(model: Model) -> str:
    """Return what GradientTape does not go through."""
    found = sorted({text_of(node.attrs["frame_name"]) for node in model.graph.nodes_of(ENTER_OPS)})
    kind = "loop"
    if not found:
        found, kind = [node.name for node in model.graph.nodes_of((MANY,))][:1], MANY
    return f"{kind}{'s' if len(found) > 1 else ''} {some_of([*map(repr, found)], 3)}"


def drop_eager_functions(model: Model) -> None:
    """Take out what `with_eager_functions` added, from a model that was read."""
    meta = model.meta
    if meta is None or EAGER_FUNCTIONS not in meta.collection_def:
        return
    added, has_library = _read(meta)
    del meta.collection_def[EAGER_FUNCTIONS]
    meta.ClearField("object_graph_def")
    functions = model.library.functions
    model.library.functions = {name: functions[name] for name in functions if name not in added}
    model.library.is_set = has_library


def _read(meta: schema.MetaGraphDef) -> tuple[set[str], bool]:
    """Return which functions were added, and whether there was a library before."""
    data = b"".join(meta.collection_def[EAGER_FUNCTIONS].bytes_list.value)
    try:
        # A name scope that the graph was imported under is put before all texts.
        told = json.loads(data[data.find(b"{") :])
        return set(told["functions"]), bool(told["has_library"])
    except (ValueError, KeyError, TypeError):
        raise CorruptionError(
            f"the collection {EAGER_FUNCTIONS} is damaged: it holds no JSON as saving writes it"
        ) from None


def _keys(meta: schema.MetaGraphDef) -> list[str]:
    return [key for key in sorted(meta.signature_def) if key != INIT_SIGNATURE]


def _variables(model: Model) -> list[Node]:
    """Return the resource variables, as collections list them; none where some are references, which no object is."""
    graph = model.graph
    if not REF_OPS.isdisjoint(graph.ops):
        return []
    listed = [node_of(each.variable_name) for each in variable_defs(model.meta, ["variables"])] if model.meta else []
    names = dict.fromkeys([*listed, *(node.name for node in graph.nodes_of(RESOURCE_OPS))])
    found = [graph.get(name) for name in names]
    return [node for node in found if node is not None and node.op in RESOURCE_OPS]


class _Exports:
    """The objects and functions of a model; `twin` has its graph without loops."""

    def __init__(self, model: Model, twin: Model, variables: list[Node]) -> None:
        self.objects = schema.SavedObjectGraph()
        self.library = twin.library
        self.added: list[str] = []
        self._before = set(model.library.functions)
        self._model = model
        self._variables = {node.name: number for number, node in enumerate(variables, 2)}
        self._nodes = {node.name: node for node in twin.graph}
        self._signatures = OpSignatures(twin.library.functions)
        self._facts = TensorFacts(twin, NodeShapes(twin))
        self._functions = Functions(twin.library)

    def run(self) -> None:
        """Make them all."""
        assert self._model.meta is not None
        keys = _keys(self._model.meta)
        for _ in range(2 + len(self._variables)):
            self.objects.nodes.add()
        root, listed = self.objects.nodes[0], self.objects.nodes[_VARIABLES]
        signatures = self.objects.nodes.add()
        self._add_user_object(
            root, "_generic_user_object", {"variables": _VARIABLES, "signatures": 2 + len(self._variables)}
        )
        numbered = {str(number): node for number, node in enumerate(self._variables.values())}
        self._add_user_object(listed, "trackable_list_wrapper", numbered)
        first = len(self.objects.nodes)
        self._add_user_object(signatures, "signature_map", {key: first + at for at, key in enumerate(keys)})
        self._add_variables()
        for key in keys:
            self._add_signature(key, self._model.meta.signature_def[key])
        self._functions.install()
        self.added = [name for name in self.library.functions if name not in self._before]

    def _add_user_object(self, node: schema.SavedObject, identifier: str, children: dict[str, int]) -> None:
        node.user_object.identifier = identifier
        node.user_object.version.producer = node.user_object.version.min_consumer = _PRODUCER
        for name, number in children.items():
            node.children.add(node_id=number, local_name=name)

    def _add_variables(self) -> None:
        index = Index(self._model.graph)
        values = VariableValues(self._model, index)
        assert self._model.meta is not None
        trained = {node_of(each.variable_name) for each in variable_defs(self._model.meta, ["trainable_variables"])}
        for name, number in self._variables.items():
            node = self._model.graph[name]
            place = values.place(node)
            if place is None or place.box is not None or place.key != name:
                raise declined("it is saved under another name, or with others as parts of one", name)
            made = self.objects.nodes[number].variable
            made.dtype, made.name, made.trainable = node.attrs["dtype"].number, name, name in trained
            made.shape.CopyFrom(_shape(node.attrs.get("shape")).to_proto())

    def _add_signature(self, key: str, signature: schema.SignatureDef) -> None:
        """Add the function of a signature, and the object that it is."""
        inputs = {name: _tensor(signature.inputs[name], name) for name in sorted(signature.inputs)}
        outputs = {name: _tensor(signature.outputs[name], name) for name in sorted(signature.outputs)}
        body = _Body(self._nodes, self._signatures, list(inputs.values()), list(outputs.values()))
        taken = set(body.nodes)
        fed = [Argument(argument_name(name, taken), self._facts.of(text)) for name, text in inputs.items()]
        handles = [Argument(argument_name(name, taken), self._facts.of(name)) for name in body.variables]
        names = dict(zip([*inputs.values(), *body.variables], [each.name for each in (*fed, *handles)], strict=True))
        results = [(names.get(text, text), self._facts.of(text)) for text in outputs.values()]
        region = Region(body.copies(names), [*fed, *handles], results)
        name = self._functions.name(f"__inference_signature_wrapper_{argument_name(key, set())}", "eager")
        self._functions.make(name, region)
        concrete = self.objects.concrete_functions[name]
        concrete.bound_inputs.extend(self._variables[each] for each in body.variables)
        both = concrete.canonicalized_input_signature.tuple_value.values
        both.add().tuple_value.SetInParent()
        _fill_specs(both.add(), {each: self._facts.of(text) for each, text in inputs.items()})
        _fill_specs(concrete.output_signature, {each: self._facts.of(text) for each, text in outputs.items()})
        made = self.objects.nodes.add()
        # Who keeps the signature only, keeps them; a function does not.
        made.children.add(node_id=_VARIABLES, local_name="_variables")
        bare = made.bare_concrete_function
        bare.concrete_function_name = name
        bare.argument_keywords.extend(inputs)
        bare.allowed_positional_arguments = min(len(inputs), 1)
        _fill_spec(bare.function_spec, list(inputs))


class _Body:
    """The nodes of a graph that compute outputs of inputs and of variables."""

    def __init__(self, nodes: dict[str, Node], signatures: OpSignatures, inputs: list[str], outputs: list[str]) -> None:
        self._all = nodes
        self._inputs = set(inputs)
        self.nodes: dict[str, Node] = {}
        self.variables: dict[str, None] = {}
        pending = list(outputs)
        while pending:
            text = _plain(pending.pop())
            name = node_of_input(text)
            if text in self._inputs or name in self.nodes:
                continue
            node = nodes.get(name)
            if node is None:
                raise declined("a signature names it, and it is inside of a loop or branch", name)
            if node.op in RESOURCE_OPS:
                self.variables[name] = None
            elif not (is_control(text) and name in self._inputs):
                self._check(node, signatures)
                self.nodes[name] = node
                pending += node.inputs

    def _check(self, node: Node, signatures: OpSignatures) -> None:
        """Require that a function may hold a node."""
        if node.op in PLACEHOLDER_OPS:
            raise declined("a signature needs it, and does not feed it", node.name)
        types = signatures.of(node).outputs or ()
        is_made = not any(self._all[node_of_input(text)].op in RESOURCE_OPS for text in node.data_inputs)
        if is_made and node.op != "Identity" and dtypes.RESOURCE.number in types:
            raise declined("it is state besides variables", node.name)

    def copies(self, names: dict[str, str]) -> list[Node]:
        """Return copies of the nodes, in the order of the graph, that read arguments."""
        made = []
        for name, node in self._all.items():
            if name in self.nodes:
                own = node.copy()
                texts = [names.get(_plain(text), text) for text in node.inputs]
                own.inputs = [text for text in texts if not is_control(text) or text[1:] in self.nodes]
                made.append(own)
        return made


def _tensor(info: schema.TensorInfo, name: str) -> str:
    if info.WhichOneof("encoding") != "name":
        raise declined(f"argument {name!r} of a signature is of several tensors")
    return _plain(info.name)


def _plain(text: str) -> str:
    """Write ``a:0`` as ``a``."""
    return text.removesuffix(":0")


def _shape(found: object) -> Shape:
    return found if isinstance(found, Shape) else Shape(None)


def _fill_specs(value: schema.StructuredValue, facts: dict[str, TensorFact]) -> None:
    """Describe a dict of tensors."""
    value.dict_value.SetInParent()
    for name, fact in facts.items():
        spec = value.dict_value.fields[name].tensor_spec_value
        spec.name, spec.dtype = name, fact.dtype.number
        spec.shape.CopyFrom(fact.shape.to_proto())


def _fill_spec(spec: schema.FunctionSpec, names: Iterable[str]) -> None:
    """Describe a Python function that takes keywords only."""
    values = spec.fullargspec.named_tuple_value
    values.name = "FullArgSpec"
    kinds = {"args": "list_value", "varargs": "none_value", "varkw": "none_value", "defaults": "none_value"}
    kinds |= {"kwonlyargs": "list_value", "kwonlydefaults": "none_value", "annotations": "dict_value"}
    for key, kind in kinds.items():
        made = values.values.add(key=key)
        getattr(made.value, kind).SetInParent()
        if key == "kwonlyargs":
            made.value.list_value.values.extend([schema.StructuredValue(string_value=name) for name in names])
    spec.input_signature.none_value.SetInParent()
