"""The file: complete in itself, and text stays text."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.library import Library
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tools.report import html_page as module
from graphsurgeon.tools.report.html_page import data_text, html_page
from graphsurgeon.tools.report.page_data import page_data
from proto_utils import schema
from tests import notation

HOSTILE = "</script><script>alert(1)</script><!--<b>&lt;@@DATA@@"


class Blocks(HTMLParser):
    """What a browser would find: start tags with their attributes, and the text of each script and style."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = (dict(attrs).get("id") or tag) if tag in ("script", "style", "title") else None

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.texts[self._open] = self.texts.get(self._open, "") + data


def parsed(page: str) -> Blocks:
    blocks = Blocks()
    blocks.feed(page)
    return blocks


def data_of(page: str) -> Any:
    found = json.loads(parsed(page).texts["data"])
    return json.loads(gzip.decompress(base64.b64decode(found["text"]))) if "encoding" in found else found


def hostile_model() -> gs.Model:
    function = notation.function("f", "a", "y:y:0", "y = Neg(a)")
    function.proto.signature.name = HOSTILE
    attrs = {"note": HOSTILE.encode(), "T": dtypes.FLOAT}
    nodes = [
        Node.new(f"x{HOSTILE}", HOSTILE, device=HOSTILE, attrs=attrs),
        Node.new(f"y{HOSTILE}", "Neg", [f"x{HOSTILE}", f"^{HOSTILE}"], attrs=attrs),
    ]
    model = gs.Model(gs.Graph(nodes), Library([function]))
    model.meta = hostile_meta()
    return model


def hostile_meta() -> Any:
    meta = schema.MetaGraphDef()
    meta.meta_info_def.tensorflow_version = HOSTILE
    meta.collection_def[HOSTILE].bytes_list.value.append(HOSTILE.encode())
    meta.signature_def[HOSTILE].inputs[HOSTILE].name = HOSTILE
    meta.saver_def.restore_op_name = HOSTILE
    return meta


def test_markup_in_names_is_text_wherever_it_is():
    plain = parsed(html_page(page_data(notation.model("x = NoOp"))))
    page = html_page({**page_data(hostile_model()), "title": HOSTILE})
    blocks = parsed(page)
    assert blocks.tags == plain.tags
    assert page.count("alert(1)</script>") == 0
    found = data_of(page)
    assert found["graphs"][0]["nodes"]["name"] == [f"x{HOSTILE}", f"y{HOSTILE}"]
    assert (
        found["graphs"][1]["name"] == found["collections"][0]["name"] == found["collections"][0]["items"][0] == HOSTILE
    )
    assert found["signatures"][0]["inputs"][0][0] == found["saver"]["restore_op"] == HOSTILE
    assert HOSTILE in found["strings"]


def test_nothing_is_loaded_from_anywhere(fixtures: Path):
    blocks = parsed(html_page(page_data(fixtures / "mobile_cnn.pb")))
    for tag, attrs in blocks.tags:
        assert not {"src", "href", "action", "onload", "onclick", "style"} & set(attrs), tag
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")


def test_the_policy_allows_this_style_and_script_alone(fixtures: Path):
    blocks = parsed(html_page(page_data(fixtures / "mobile_cnn.pb")))
    (policy,) = (attrs["content"] for _, attrs in blocks.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    texts = blocks.texts
    for name in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(texts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_no_script_ends_itself():
    assert not re.search(r"</script|<!--", module._script(), re.IGNORECASE)
    assert "</style" not in module._asset("page.css").lower()


@pytest.mark.parametrize("size", [10, module.MAX_PLAIN])
def test_data_are_compressed_when_they_are_large(size: int):
    data = {"text": "<&>\u2028" + "x" * size}
    text = data_text(data)
    assert not set("<>&\u2028") & set(text)
    found = json.loads(text)
    assert ("encoding" in found) is (size == module.MAX_PLAIN)
    if "encoding" in found:
        found = json.loads(gzip.decompress(base64.b64decode(found["text"])))
    assert found == data


def test_a_checkpoint_has_nothing_to_lay_out(tmp_path: Path):
    import numpy as np

    gs.save_checkpoint({"a": np.zeros(3, np.float32)}, tmp_path / "c")
    texts = parsed(html_page(page_data(tmp_path / "c"))).texts
    assert texts.get("elk", "") == ""


def test_the_same_model_makes_the_same_page(fixtures: Path):
    first, second = (html_page(page_data(fixtures / "lstm_calls.pb")) for _ in range(2))
    assert first == second
