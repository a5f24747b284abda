"""What goes into data files: refused before anything is written, and dealt out in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.errors import UnsupportedError
from graphsurgeon.formats.bundle_rows import check_rows, deal_rows
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import OpaqueTensor
from tests.models import floats


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 40))
def test_files_are_no_larger_than_asked_for(sizes, nbytes):
    rows = [(str(i).encode(), floats(*range(size))) for i, size in enumerate(sizes)]
    dealt = deal_rows(rows, nbytes)
    assert [row for shard in dealt for row in shard] == rows
    for shard in dealt:
        held = [tensor.nbytes for _, tensor in shard if tensor.nbytes]
        assert sum(held) <= nbytes or len(held) == 1


def test_without_a_size_there_is_one():
    assert deal_rows([], None) == [[]]


def test_rows_that_cannot_be():
    check_rows("m", [(b"a", floats(1)), (b"b", floats(1))])
    with pytest.raises(UnsupportedError, match="two tensors are named"):
        check_rows("m", [(b"a", floats(1)), (b"a", floats(1))])
    with pytest.raises(UnsupportedError, match="without a name"):
        check_rows("m", [(b"", floats(1))])
    with pytest.raises(UnsupportedError, match="no values to save"):
        check_rows("m", [(b"a", OpaqueTensor(dtypes.RESOURCE, []))])
