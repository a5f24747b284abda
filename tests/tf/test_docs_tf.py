"""The tutorials that need TensorFlow run, each with the one that it is about, and show what comes out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import documents
from tests.conftest import ROOT
from tests.tf.judge import TensorFlow

TUTORIALS = ROOT / "docs" / "tutorials"
#: The TensorFlow of each page that imports it.
JUDGES = {
    "fine-tune-tf1": "tf1",
    "fine-tune-tf2": "tf2",
    "train-from-c": "tf2",
    "train-on-device": "tf2",
    "onnx-and-openvino": "clients",
}


@pytest.mark.parametrize(("page", "judge"), JUDGES.items())
def test_tutorials_with_tensorflow_show_what_comes_out(
    page: str, judge: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if "$ gcc " in (TUTORIALS / f"{page}.md").read_text(encoding="utf-8") and shutil.which("gcc") is None:
        pytest.skip("gcc not found, which the page compiles a program with")
    tensorflow: TensorFlow = request.getfixturevalue(judge)
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    documents.enter(tmp_path, monkeypatch)

    def python(text: str) -> str:
        printed = tensorflow.call("documents:execute", text=text, directory=str(tmp_path))
        assert isinstance(printed, str)
        return printed

    documents.check(TUTORIALS / f"{page}.md", python, request.config)
    tensorflow.call("documents:close", directory=str(tmp_path))


def test_each_page_with_tensorflow_runs():
    pages = {page.stem for page in TUTORIALS.glob("*.md") if "import tensorflow" in page.read_text(encoding="utf-8")}
    assert pages == {*JUDGES}
