"""What saving returns."""

from __future__ import annotations

import os

from graphsurgeon.formats.saved import Saved


def test_it_is_the_list_of_paths_with_facts():
    saved = Saved(["a", "b"], notes=["lacks c"], kept=["b"])
    assert saved == ["a", "b"]
    assert (saved.notes, saved.kept, Saved().notes) == (["lacks c"], ["b"], [])


def test_linked_paths_share_their_bytes(tmp_path):
    (tmp_path / "a").write_text("x")
    os.link(tmp_path / "a", tmp_path / "b")
    (tmp_path / "c").write_text("x")
    assert Saved([f"{tmp_path}/b", f"{tmp_path}/c"]).linked == [f"{tmp_path}/b"]
