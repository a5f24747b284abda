"""The full type of a node: what is in its outputs, where a dtype (``variant``) does not tell.

TensorFlow 2 gives it to every node of an op that is registered with one, when the node is put into a graph: a product
with one part for each argument of the op, in which the op's attrs stand for variables (``VAR``), and a part is repeated
for each type of a list (``FOR_EACH``).

Source: ``SpecializeType`` in TensorFlow's ``core/framework/full_type_util.cc``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from graphsurgeon.ir.ops import OpFacts
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema

_UNSET, _VAR, _PRODUCT, _FOR_EACH = 0, 1, 3, 20

#: TensorFlow's ``map_dtype_to_tensor``: the full type of an element.
_ELEMENT_TYPES: Final[Mapping[str, int]] = {
    "bool": 200, "uint8": 201, "uint16": 202, "uint32": 203, "uint64": 204, "int8": 205, "int16": 206, "int32": 207,
    "int64": 208, "float16": 209, "float32": 210, "float64": 211, "complex64": 212, "complex128": 213, "string": 214,
    "bfloat16": 215, "variant": 10203,
}  # fmt: skip


def full_type(known: OpFacts, attrs: Mapping[str, schema.AttrValue]) -> schema.FullTypeDef | None:
    """Return the full type of a node of an op with these attrs; None when its op has none."""
    registered = dict(_registered(known))
    if not registered:
        return None
    made = schema.FullTypeDef(type_id=_PRODUCT)
    for arg in known.outputs:
        part = made.args.add()
        if arg.name in registered:
            part.ParseFromString(registered[arg.name])
            _specialize(part, attrs)
    return made


def _registered(known: OpFacts) -> Iterator[tuple[str, bytes]]:
    outputs = {arg.name for arg in known.outputs}
    for trait in known.traits:
        name, _, rest = trait.partition(":")
        place, _, value = rest.partition("=")
        if name == "full_type" and place in outputs:
            yield place, bytes.fromhex(value)


def _specialize(part: schema.FullTypeDef, attrs: Mapping[str, schema.AttrValue]) -> None:
    """Put the types that attrs hold in the place of their names."""
    if part.type_id == _VAR:
        part.CopyFrom(_elements(attrs[part.s])[0])
    elif part.type_id == _FOR_EACH:
        # The container, what is repeated in it, and the variable that the repeats are of.
        container, template, variable = part.args
        whole = schema.FullTypeDef(type_id=container.type_id)
        for each in _elements(attrs[variable.s]):
            repeat = whole.args.add()
            repeat.CopyFrom(template)
            _replace(repeat, variable.s, each)
        part.CopyFrom(whole)
    else:
        for each in part.args:
            _specialize(each, attrs)


def _elements(attr: schema.AttrValue) -> list[schema.FullTypeDef]:
    numbers = list(attr.list.type) if attr.WhichOneof("value") == "list" else [attr.type]
    return [schema.FullTypeDef(type_id=_ELEMENT_TYPES.get(DType.from_number(n).name, _UNSET)) for n in numbers]


def _replace(part: schema.FullTypeDef, name: str, value: schema.FullTypeDef) -> None:
    if part.type_id == _VAR and part.s == name:
        part.CopyFrom(value)
    for each in part.args:
        _replace(each, name, value)
