"""Tables in checkpoints whose values would get other keys."""

from __future__ import annotations

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.table_entries import torn_entries


def table(
    keys: list[int], values: list[float], name: str = "t", ends: tuple[str, str] = ("-keys", "-values")
) -> dict[str, Tensor]:
    arrays = np.array(keys, np.int64), np.array(values, np.float32)
    return {name + end: as_tensor(array) for end, array in zip(ends, arrays, strict=True)}


OBJECT = ("/.ATTRIBUTES/table-keys", "/.ATTRIBUTES/table-values")


@pytest.mark.parametrize("ends", [("-keys", "-values"), OBJECT])
def test_other_keys_or_another_order_tear_a_table(ends: tuple[str, str]):
    one, same, other = (table(keys, [1, 2], ends=ends) for keys in ([1, 2], [1, 2], [2, 1]))
    values = f"t{ends[1]}"
    assert torn_entries([one, same], [values]) == []
    assert torn_entries([one, other], [values]) == [
        f"{values}: the values of a table, whose keys in t{ends[0]} are others"
    ]


def test_keys_are_not_to_be_computed():
    one = table([1, 2], [1, 2])
    assert torn_entries([one, one], ["t-keys", "t-values"]) == [
        "t-keys: the keys of a table, whose values are in t-values"
    ]


def test_other_tensors_may_be_called_so():
    one = {"a-values": as_tensor(np.ones(2, np.float32)), "b-keys": as_tensor(np.ones(2, np.float32))}
    assert torn_entries([one, one], list(one)) == []
    attention = {f"a-{part}": as_tensor(np.ones(2, np.float32)) for part in ("keys", "values")}
    assert torn_entries([attention, attention], list(attention)) == []
    scalars = {"c-keys": as_tensor(np.int32(1)), "c-values": as_tensor(np.float32(1))}
    assert torn_entries([scalars, scalars], list(scalars)) == []


def test_what_computes_with_two_checkpoints_declines_by_name():
    with pytest.raises(gs.PassError, match="t-values: the values of a table"):
        gs.average(table([1, 2], [1, 2]), [table([2, 1], [1, 2])])
    with pytest.raises(gs.PassError, match="t-values: the values of a table"):
        gs.arithmetic(table([1, 2], [1, 2]), operation="add", other=table([2, 3], [1, 2]))
    mean = table([1, 2], [1, 2])
    gs.average(mean, [table([1, 2], [3, 4])])
    assert mean["t-values"].numpy().tolist() == [2, 3]
