"""Steps are checked, and what they read is opened once, when they are done."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import UnsupportedError
from graphsurgeon.formats.save import save, save_checkpoint
from graphsurgeon.tools.recipe.preparation import Preparation
from graphsurgeon.tools.recipe.syntax import Step
from tests import notation
from tests.edits.values import singles, tensors


def test_files_are_opened_once_and_late(tmp_path):
    preparation = Preparation(str(tmp_path), ("merge", "arithmetic"), "edit")
    steps = [
        preparation.prepared(Step("merge", {"others": ["a"]})),
        preparation.prepared(Step("arithmetic", {"operation": "add", "other": "a"})),
    ]
    assert [each.kind for each in steps] == ["edit", "edit"]
    save_checkpoint(tensors(w=singles(1)), tmp_path / "a")
    (first, second) = [preparation.opened(each, None)[1] for each in steps]
    assert first["others"] == [second["other"]]
    assert first["sources"] == ("SRC", "a")


def test_other_models_are_loaded(tmp_path):
    save(notation.model("x = Placeholder {dtype: f32}"), tmp_path / "a.pb")
    preparation = Preparation(str(tmp_path), ("join",), "verb")
    model = notation.model("y = Placeholder {dtype: f32}")
    models, options = preparation.opened(preparation.prepared(Step("join", {"others": "a.pb"})), model)
    assert [[node.name for node in each.graph] for each in models] == [["x"]]
    assert "others" not in options


def test_what_is_not_known_is_told_with_its_line():
    with pytest.raises(UnsupportedError, match=r"r\.yaml: line 7: no verb 'prone'") as caught:
        Preparation("", ("prune", "cast"), "verb", "r.yaml").prepared(Step("prone", {}, 7))
    assert caught.value.hint == "did you mean 'prune'?"
