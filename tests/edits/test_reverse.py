"""The other way round along axes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from graphsurgeon.edits.reverse import reverse
from graphsurgeon.errors import PassError
from tests.edits.values import tensors

KERNEL = np.arange(2 * 2 * 3 * 2).reshape(2, 2, 3, 2)


@pytest.mark.parametrize("axis", [(2,), (-2,)])
def test_input_channels(axis):
    given = tensors(w=KERNEL)
    reverse(given, axis=axis, select=("w",))
    assert given["w"].numpy().tolist() == KERNEL[:, :, ::-1].tolist()


@pytest.mark.parametrize(("axis", "reason"), [((4,), "no axis 4 in a tensor of rank 4"), ((1, -3), "different axes")])
def test_what_is_refused(axis, reason):
    with pytest.raises(PassError, match=reason):
        reverse(tensors(w=KERNEL), axis=axis, select=("w",))


def test_the_verb_takes_numbers(verb, checkpoint, tmp_path):
    done = verb("reverse", checkpoint, "-o", tmp_path / "x", "--select", "w", "--axis", "-1", "--json")
    assert [row["name"] for row in json.loads(done.out)["changes"]] == ["w"]
