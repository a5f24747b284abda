"""The layers of a model as a tree of scopes, with the parameters, multiply-adds and bytes of each.

What counts is what the outputs need: neither gradients, nor optimizers, savers and initializers. Where the first size
of an input is not known it is taken for one, so that multiply-adds are those of one example; a loop of which nobody
knows how often it runs counts once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.display import count
from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import load_graph, open_checkpoint
from graphsurgeon.ir.endpoints import Endpoint
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.traversal import closure
from graphsurgeon.meta_graph.arguments import SERVING_DEFAULT, find_outputs, named_tensors
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.names import Names, node_of, node_of_input, some_of, split_names, texts_of
from graphsurgeon.rewrites.shaping.dims import Told
from graphsurgeon.rewrites.shaping.given_shapes import given_shapes
from graphsurgeon.rewrites.shaping.model_shapes import infer
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.tools.inspect import stated_endpoints
from graphsurgeon.tools.summary.checkpoint_layers import checkpoint_summary
from graphsurgeon.tools.summary.layers import layers_of
from graphsurgeon.tools.summary.parameters import Parameter, parameters_of
from graphsurgeon.tools.summary.report import Summary, SummaryInput
from graphsurgeon.tools.summary.rows import multiply_adds_of, rows_of
from graphsurgeon.tools.summary.walk import ModelWalk, RunGraph, Visit
from proto_utils.errors import NotFoundError, UnsupportedError

_OPERATION = "summary"


def summary(
    source: str | os.PathLike[str] | Model,
    *,
    outputs: Names = (),
    signature: str | None = None,
    shape: Names | Mapping[str, Any] = (),
    depth: int | None = None,
    tags: Names | None = None,
) -> Summary:
    """List the layers of a model as a tree of scopes: op, output shape, parameters, multiply-adds and bytes of each.

    Parameters
    ----------
    source : path or Model
        Of a checkpoint without a graph, scopes and parameters are all that is told.
    outputs : str or sequence of str
        What is computed: nodes, or outputs as a signature calls them; by default those of a signature, else what looks
        like an output.
    signature : str, optional
        The key of the signature; by default ``serving_default``, where a model has several.
    shape : str or sequence of str, or mapping of str to shape
        Other shapes of inputs, ``INPUT=1,224,224,3``, such as of one whose sizes are left open.
    depth : int, optional
        How many scopes deep layers are listed; one that is so deep stands for all in it.
    tags : str or sequence of str, optional
        Which meta graph of a SavedModel.

    Returns
    -------
    Summary
        No value of a weight is read. Costs O(nodes + edges), those of functions as often as they are called.

    Raises
    ------
    NotFoundError
        There is no such output, signature or input.
    PassError
        A shape is given for what is no input, or cannot be read.
    """
    if depth is not None and depth < 1:
        raise PassError(_OPERATION, f"a depth of {depth} shows nothing", is_usage=True)
    if isinstance(source, Model):
        return _summary(source, texts_of(outputs, "outputs"), signature, shape, depth)
    found = detect(source)
    if found.graph is None and found.prefix is not None:
        if outputs or signature is not None or shape:
            raise UnsupportedError("a checkpoint without a graph (.meta) beside it has no outputs", path=found.path)
        with open_checkpoint(found, partial=True) as checkpoint:
            return checkpoint_summary(checkpoint, depth)
    return _summary(load_graph(found, tags=tags), texts_of(outputs, "outputs"), signature, shape, depth)


def _summary(
    model: Model,
    outputs: Sequence[str],
    signature: str | None,
    shape: Names | Mapping[str, Any],
    depth: int | None,
) -> Summary:
    index = Index(model.graph)
    notes: list[str] = []
    inputs, results = _endpoints(model, index, outputs, signature, notes)
    needed = closure(map(node_of, results), lambda name: _needs(index, name))
    inputs = [each for each in inputs if node_of(each.name) in needed]
    # Neither savers nor gradients are looked into.
    part = index if len(needed) == len(index.producers) else Index(n for n in model.graph if n.name in needed)
    given = given_shapes(model, (shape,) if isinstance(shape, str) else shape, _OPERATION)
    shown = infer(model, part, given, keep_bodies=True)
    single = {node_of(each.name): dims for each in inputs if (dims := _of_one(shown, each)) is not None}
    parameters = parameters_of(model, index)
    own = set(parameters)
    batch = {found[0] for name in single if (found := shown.shape(name))}
    sized, walk = shown, ModelWalk(model, index, parameters, batch)
    visits = list(walk.run(results, sized, shown))
    if single and any(visit.multiply_adds is None for visit in visits):
        # Where the size of the batch gets lost on the way, it has to be there from the beginning.
        sized = infer(model, part, {**given, **single}, keep_bodies=True, open_size=1)
        walk = ModelWalk(model, index, parameters)
        visits = list(walk.run(results, sized, shown))
    used = {key for visit in visits for key in visit.parameters}
    # What is handed on up to an output, by ops that make nothing else of it.
    place = RunGraph(sized, shown)
    visits += [
        Visit(key, part.producers[key], place, 0, (key,), True) for key in own if key in needed and key not in used
    ]
    used.update(own & needed)
    notes += [*_remarks(walk, visits, sized), *_unused(parameters, [key for key in own - used if _is_used(index, key)])]
    counted = [parameters[key] for key in used]
    return Summary(
        [_input(each, shown) for each in inputs],
        list(results),
        list(rows_of(layers_of(visits, parameters), depth)),
        sum(each.size for each in counted),
        sum(each.size for each in counted if each.is_trained),
        sum(each.nbytes for each in counted),
        multiply_adds_of(visits),
        bool(single),
        notes,
    )


def _endpoints(
    model: Model, index: Index, outputs: Sequence[str], signature: str | None, notes: list[str]
) -> tuple[list[Endpoint], list[str]]:
    """Return what may be inputs, and the tensors that are computed."""
    inputs, guessed = stated_endpoints(model, index)
    signatures = {} if model.meta is None else model.meta.signature_def
    keys = sorted(set(signatures) - {INIT_SIGNATURE})
    if signature is not None and signature not in keys:
        raise NotFoundError.among("signature", signature, keys)
    if outputs:
        named = named_tensors(model, split_names(outputs), "outputs", _OPERATION, signature)
        find_outputs(model, index.producers, named, _OPERATION, signature)
        return inputs, named
    if not keys:
        found = [each.name for each in guessed]
        if not found:
            notes.append("nothing looks like an output: all that nothing reads counts")
            found = [node.name for node in model.graph if not index.edges(node.name)]
        return inputs, found
    key = signature or (SERVING_DEFAULT if SERVING_DEFAULT in keys else keys[0])
    others = [each for each in keys if each != key]
    if others and signature is None:
        notes.append(f"this is signature {key!r}; others are {some_of([*map(repr, others)])}")
    tensors = [each for info in signatures[key].outputs.values() for each in tensor_names(info) if each]
    return inputs, sorted(dict.fromkeys(each.removesuffix(":0") for each in tensors))


def _needs(index: Index, name: str) -> Iterable[str]:
    node = index.producers.get(name)
    return () if node is None else map(node_of_input, node.data_inputs)


def _of_one(shown: ShapeInference, endpoint: Endpoint) -> Told:
    """Return the shape of an input for one example; None when its first size is known, or nothing is."""
    dims = shown.dims(endpoint.name)
    return (1, *dims[1:]) if dims and dims[0] is None and ":" not in endpoint.name else None


def _input(endpoint: Endpoint, shown: ShapeInference) -> SummaryInput:
    dims = shown.dims(endpoint.name)
    return SummaryInput(endpoint.name, endpoint.dtype, None if dims is None else list(dims))


def _remarks(walk: ModelWalk, visits: Sequence[Visit], sized: ShapeInference) -> Iterator[str]:
    """Yield what the multiply-adds leave out."""
    if walk.loops:
        many = count(len(walk.loops), "loop")
        yield f"how often {many} run is not known, and each counts as one step: {some_of([*map(repr, walk.loops)])}"
    if walk.branches:
        yield f"all branches of conditions count: {some_of([*map(repr, walk.branches)])}"
    if walk.unentered:
        yield f"functions of calls were not looked into: {some_of([*map(repr, walk.unentered)])}"
    unknown = [visit for visit in visits if visit.multiply_adds is None]
    if unknown:
        names = some_of([repr(visit.path) for visit in unknown], 3)
        many = count(len(unknown), "op")
        yield f"of {many} the multiply-adds are not known, for sizes are not, which `shape` may say: {names}"
    if sized.conflicts:
        listed = some_of([f"{each.node}: {each.reason}" for each in sized.conflicts], 3, "; ")
        yield f"shapes do not go together: {listed}"


def _is_used(index: Index, name: str) -> bool:
    """Whether more than a read that is for nothing is made of a variable: SavedModels have handles of no variables."""
    return any(reader.op != "ReadVariableOp" or index.edges(reader.name) for reader, _ in index.edges(name))


def _unused(parameters: Mapping[str, Parameter], unused: Iterable[str]) -> Iterator[str]:
    """Yield what becomes of variables that the outputs do not need."""
    sizes = [parameters[key].size for key in unused]
    if sizes:
        many = count(len(sizes), "other variable")
        yield f"not counted, for the outputs do not need them: {many} of {count(sum(sizes), 'element')}"
