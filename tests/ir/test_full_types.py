"""Full types: what is in a variant."""

from __future__ import annotations

from graphsurgeon.ir import attr_value, ops
from graphsurgeon.ir.full_types import full_type
from graphsurgeon.tensors import dtypes
from proto_utils import schema


def of(op: str, **attrs: object) -> schema.FullTypeDef | None:
    known = ops.facts(op)
    assert known is not None
    return full_type(known, {key: attr_value.encode(value) for key, value in attrs.items()})


def test_most_ops_have_none():
    assert of("Relu", T=dtypes.FLOAT) is None


def test_a_type_stands_for_its_attr():
    found = of("EmptyTensorList", element_dtype=dtypes.FLOAT)
    assert found is not None
    (listed,) = found.args
    assert [each.type_id for each in listed.args[0].args] == [210]


def test_a_dataset_has_a_part_for_each_type():
    found = of("RangeDataset", output_types=[dtypes.INT64, dtypes.STRING])
    assert found is not None
    (dataset,) = found.args
    (parts,) = dataset.args
    assert [each.args[0].type_id for each in parts.args] == [208, 214]


def test_an_argument_without_one_is_unset():
    found = of("TensorListPopBack", element_dtype=dtypes.FLOAT)
    assert found is None or len(found.args) == 2
