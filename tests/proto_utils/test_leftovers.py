"""Hidden names that a process left."""

from __future__ import annotations

import os
from pathlib import Path

from proto_utils.leftovers import half_replaced, leftovers
from proto_utils.places import hidden_beside


def test_hidden_names_are_found_again(tmp_path: Path):
    names = ["m.index", "x" * 200, "a.b\n.tmp"]
    for name in names:
        for kind in ("old", "tmp"):
            Path(hidden_beside(str(tmp_path / name), kind)).touch()
    for name in (".m.index.tmp", "m.index.0123456789ab.old", ".m.0123456789ab.new", ".0123456789ab.old"):
        (tmp_path / name).touch()
    found = leftovers(str(tmp_path))
    assert {(os.path.basename(each.target), each.kind) for each in found} == {
        (name, kind) for name in names for kind in ("old", "tmp")
    }
    assert all(os.path.exists(each.path) for each in found)


def test_half_replaced(tmp_path: Path):
    target = str(tmp_path / "m.index")
    assert half_replaced(target) is None
    Path(hidden_beside(target, "tmp")).touch()
    assert half_replaced(target) is None
    Path(hidden_beside(target, "old")).touch()
    error = half_replaced(target)
    assert error is not None
    assert str(tmp_path) in str(error.hint)
    Path(target).touch()
    assert half_replaced(target) is None
    assert half_replaced(str(tmp_path / "nowhere" / "m")) is None
