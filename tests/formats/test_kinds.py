"""The rows of the kinds agree with what is asked of them."""

from __future__ import annotations

from itertools import chain
from typing import get_args

import pytest

from graphsurgeon.formats.kinds import KINDS, OUTPUT_KINDS, Kind, binary_kind, text_kind
from graphsurgeon.ir.model import Model
from proto_utils import schema
from proto_utils.files import BytesSource
from tests.models import frozen, meta_graph, saved_model

MESSAGES = {"graph_def": frozen(), "meta_graph": meta_graph(), "saved_model": saved_model()}


def test_every_kind_has_a_row_and_every_output_comes_of_one():
    assert sorted(KINDS) == sorted(get_args(Kind))
    copies = chain.from_iterable((row.file, row.text) for row in KINDS.values())
    assert {*copies, "saved_model"} == set(OUTPUT_KINDS)


@pytest.mark.parametrize("kind", MESSAGES)
def test_what_is_told_by_its_bytes_is_read(tmp_path, kind):
    for is_text, data in enumerate((MESSAGES[kind].SerializeToString(), schema.print_text(MESSAGES[kind]).encode())):
        (tmp_path / "x").write_bytes(data)
        model = KINDS[kind].load(str(tmp_path / "x"), is_text=bool(is_text))
        assert isinstance(model, Model)
        assert [node.name for node in model.graph] == ["x", "w", "w/read", "out"]
    assert binary_kind(BytesSource(MESSAGES[kind].SerializeToString())) == kind


@pytest.mark.parametrize("kind", MESSAGES)
def test_text_fields_are_those_of_the_message(kind):
    names = KINDS[kind].text_fields
    assert set(names) <= {field.name for field in MESSAGES[kind].DESCRIPTOR.fields}
    assert {text_kind(name) for name in names} == {kind}
    assert text_kind("other") is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("graph_def", ["graph_def", "graph_def_text"]),
        ("meta_graph", ["meta_graph", "meta_graph_text"]),
        ("saved_model", ["meta_graph", "meta_graph_text"]),
        ("checkpoint", ["checkpoint"] * 2),
        ("checkpoint_v1", ["checkpoint"] * 2),
    ],
)
def test_copies(kind, expected):
    assert [KINDS[kind].copied_as(as_text=text) for text in (False, True)] == expected


def test_where_values_would_be():
    found = {kind: row.prefix("d/x.meta") for kind, row in KINDS.items() if row.prefix is not None}
    assert found == {"saved_model": "d/variables/variables", "meta_graph": "d/x"}
    assert KINDS["meta_graph"].prefix is not None
    assert KINDS["meta_graph"].prefix("d/x.pb") is None
