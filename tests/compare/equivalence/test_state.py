"""State that is no variable, on both sides of a freeze."""

from __future__ import annotations

import numpy as np

import graphsurgeon as gs
from graphsurgeon.compare.equivalence import same_model
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import as_tensor
from tests.saved_tables import table_model


def frozen(*, drop: tuple[str, ...] = ()) -> Model:
    model = table_model()
    gs.freeze(model, outputs=("y",), drop_state=drop)
    return model


def messages(here: Model, there: Model) -> list[str]:
    return [f"{each.severity} {each.node}: {each.message}" for each in same_model(here, there)]


def test_what_was_carried_over_is_the_same():
    assert messages(frozen(), table_model()) == ["warning None: the other graph goes on from here in 'z'"]


def test_other_entries_are_not():
    there = table_model()
    there.variables["counts-values"] = as_tensor(np.array([10, 21], np.float32))
    assert "error counts: LookupTableImportV2 sets it up, with another tensor 1 than there" in messages(frozen(), there)


def test_a_table_that_starts_empty_is_not():
    (found, _) = sorted(messages(frozen(drop=("counts",)), table_model()))
    assert found == (
        "error counts: LookupTableImportV2 sets it up from the checkpoint or from constants there, and not here"
    )


def test_nor_one_that_nobody_fills_there():
    there = table_model()
    for key in ("counts-keys", "counts-values"):
        del there.variables[key]
    assert "error counts: LookupTableImportV2 sets it up here, and not there" in messages(frozen(), there)
