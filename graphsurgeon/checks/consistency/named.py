"""Referential integrity: what signatures, collections, assets and the SaverDef name is in the graph."""

from __future__ import annotations

from collections.abc import Iterator

from graphsurgeon.checks.finding import ERROR, WARNING, Finding, Severity
from graphsurgeon.checks.inputs import type_name
from graphsurgeon.errors import near_names
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import num_outputs, output_types
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.meta_graph.dangling import Gone, dangling, losses
from graphsurgeon.meta_graph.references import collection_references, name_fields, tensor_names
from graphsurgeon.names import node_of, parse_input
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from proto_utils.errors import CorruptionError


def named_findings(model: Model) -> Iterator[Finding]:
    """Yield what the meta graph names although it is not in the graph, or not of that type."""
    if model.meta is not None:
        yield from _signature_findings(model.meta, model.graph)
        for key in sorted(model.meta.collection_def):
            yield from _collection_findings(key, model.meta, model.graph)
        yield from _variable_findings(model.meta, model.graph)
        yield from _asset_findings(model.meta, model.graph)
        yield from _saver_findings(model)


def _signature_findings(meta: schema.MetaGraphDef, graph: Graph) -> Iterator[Finding]:
    for key in sorted(meta.signature_def):
        signature = meta.signature_def[key]
        for word, infos in (("input", signature.inputs), ("output", signature.outputs)):
            for argument in sorted(infos):
                where = f"signature {key!r}, {word} {argument!r}"
                yield from _info_findings(where, word, infos[argument], graph)


def _info_findings(where: str, word: str, info: schema.TensorInfo, graph: Graph) -> Iterator[Finding]:
    for text in tensor_names(info):
        problem = _problem_of(text, graph, with_near=True)
        if problem:
            yield Finding(ERROR, "signature", None, None, f"{where}: {problem}")
    if info.WhichOneof("encoding") != "name" or not info.dtype:
        return
    found = _type_of(info.name, graph)
    if found is not None and found.base.number != info.dtype % 100:
        message = f"{where}: {info.name!r} is {found.base.name}, not {type_name(info.dtype)} as it says"
        severity: Severity = ERROR if word == "input" else WARNING
        yield Finding(severity, "signature", node_of(info.name), None, message)


def _problem_of(text: str, graph: Graph, *, with_near: bool = False) -> str:
    """Return why a text names no tensor of the graph, nor, without a colon, an op; empty when it does."""
    if not text:
        return "names no tensor"
    name = parse_input(text)
    node = graph.get(name.node)
    if node is None:
        near = near_names(name.node, (each.name for each in graph)) if with_near else ()
        return f"{text!r} is not in the graph" + (f"; near: {', '.join(map(repr, near))}" if near else "")
    number = num_outputs(node) if ":" in text else None
    if number is not None and name.output >= number:
        outputs = "1 output" if number == 1 else f"{number} outputs"
        return f"{text!r} is not in the graph: {node.name!r} has {outputs}"
    return ""


def _type_of(text: str, graph: Graph) -> DType | None:
    name = parse_input(text)
    node = graph.get(name.node)
    types = None if node is None else output_types(node)
    return types[name.output] if types is not None and name.output < len(types) else None


def _collection_findings(key: str, meta: schema.MetaGraphDef, graph: Graph) -> Iterator[Finding]:
    where = f"collection {key!r}"
    found = collection_references(meta, key)
    try:
        if meta.collection_def[key].WhichOneof("kind") == "node_list":
            problems = [problem for each in found if (problem := _problem_of(each.name, graph))]
        else:
            problems = [_gone(each) for each in losses(dangling(found, graph.__contains__))]
    except CorruptionError as error:
        yield Finding(ERROR, "collection", None, None, f"{where}: an entry does not parse: {error.reason}")
        return
    # What a saver in a collection names is looked at when it is used.
    severity: Severity = WARNING if key == "savers" else ERROR
    yield from (Finding(severity, "collection", None, None, f"{where}: {problem}") for problem in problems)


def _gone(gone: Gone) -> str:
    if gone.part:
        return f"{gone.name!r} names nodes that are not in the graph ({gone.part})"
    return f"{gone.name!r}, or what belongs to it, is not in the graph"


def _variable_findings(meta: schema.MetaGraphDef, graph: Graph) -> Iterator[Finding]:
    """Yield listed variables that are of the other kind, or have a part that is no output of its node."""
    try:
        definitions = {schema.serialize(each): each for each in variable_defs(meta)}
    except CorruptionError:
        return  # told of with the collection
    fields = name_fields("VariableDef")
    for each in definitions.values():
        node = graph.get(node_of(each.variable_name))
        if node is not None and node.op in (REF_OPS if each.is_resource else RESOURCE_OPS):
            listed = "a resource" if each.is_resource else "a reference"
            message = f"is listed among the variables as {listed}, but is a {node.op}"
            # A resource taken for a reference is noticed only when TensorFlow makes a saver for it.
            severity: Severity = WARNING if meta.HasField("saver_def") and not each.is_resource else ERROR
            yield Finding(severity, "collection", node.name, None, message)
        for text in (getattr(each, field) for field in fields):
            problem = _problem_of(text, graph) if node_of(text) in graph else ""
            if problem:
                yield Finding(ERROR, "collection", node_of(text), None, f"as a part of a listed variable: {problem}")


def _asset_findings(meta: schema.MetaGraphDef, graph: Graph) -> Iterator[Finding]:
    for asset in meta.asset_file_def:
        problem = _problem_of(asset.tensor_info.name, graph)
        if problem:
            yield Finding(ERROR, "asset", None, None, f"asset {asset.filename!r}: {problem}")


def _saver_findings(model: Model) -> Iterator[Finding]:
    meta = model.meta
    if meta is None or not meta.HasField("saver_def"):
        return
    # Nobody runs the saver of a SavedModel that has no values.
    is_idle = model.saved_model is not None and not model.variables
    for field in name_fields("SaverDef"):
        text = getattr(meta.saver_def, field)
        problem = _problem_of(text, model.graph, with_near=True) if text else "is not set"
        if problem:
            severity: Severity = WARNING if is_idle and text else ERROR
            yield Finding(severity, "saver", None, None, f"SaverDef, {field}: {problem}")
