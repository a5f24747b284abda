"""What recipes do."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from graphsurgeon.errors import LimitError, NotFoundError, PassError, UnsupportedError
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.recipe import Step, apply_recipe, read_recipe
from graphsurgeon.tools.recipe import apply as apply_module
from tests import notation
from tests.edits.values import lists, singles, tensors, told
from tests.tensors.streams import DrippingTensor

KERNEL = np.arange(12, dtype=np.float32).reshape(2, 2, 3)


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def given():
    return tensors(net__w=KERNEL, net__w__Adam=KERNEL * 0, beta1_power=np.float32(1), net__b=singles(1, 2, 3), step=7)


def test_steps_are_done_in_order(given, tmp_path):
    recipe = written(
        tmp_path / "r.yaml",
        """
- strip-optimizer
- rename: {strip_scope: net}
- reverse: {axis: -1, select: w}
- reshape: {shape: [4, -1], select: w}
- scale: {select: [w, b], factor: 2}
- cast: {dtype: float16, exclude: b}
""",
    )
    report = apply_recipe(given, recipe)
    expected = (KERNEL[..., ::-1] * 2).reshape(4, 3).astype(np.float16)
    assert lists(given) == {"w": expected.tolist(), "b": [2, 4, 6], "step": 7}
    assert given["w"].dtype.name == "float16"
    assert told(report) == {"step": "cast: of dtype int64; `select` it to cast it"}
    assert {row.name: row.reason for row in report.changes if row.action == "dropped" and row.reason} == {
        "net/w/Adam": "slot Adam of net/w, by name and shape",
        "beta1_power": "a number of an optimizer, by name and shape",
    }
    assert report.notes[0] == "strip-optimizer: 52 bytes of values are not needed any more"


def test_values_are_read_once_when_the_result_is():
    base = DrippingTensor(KERNEL)
    given: dict[str, Tensor] = {"w": base}
    apply_recipe(given, [Step("transpose", {"select": "w"}), Step("scale", {"select": "w", "factor": 2})])
    assert base.num_reads == 0
    given["w"].numpy()
    assert base.num_reads == 1


def test_renamed_only_is_the_same_object(given):
    w = given["net/w"]
    report = apply_recipe(given, [Step("rename", {"map": {"net/w": "v"}})])
    assert given["v"] is w
    assert ("v", "renamed", "net/w") in [(row.name, row.action, row.was) for row in report.changes]


def test_renamed_and_changed_is_no_other_tensor(given):
    steps = [
        Step("rename", {"strip_scope": "net"}),
        Step("cast", {"dtype": "float16", "select": "w"}),
        Step("reshape", {"select": "w", "shape": [12]}),
        Step("rename", {"map": {"w": "v"}}),
        Step("fill", {"add": "new", "value": 0}),
    ]
    report = apply_recipe(given, steps)
    rows = {row.name: (row.action, row.was, row.old_dtype, row.old_shape) for row in report.changes}
    assert rows == {
        "v": ("renamed", "net/w", "float32", [2, 2, 3]),
        "v/Adam": ("renamed", "net/w/Adam", None, None),
        "b": ("renamed", "net/b", None, None),
        "new": ("added", None, None, None),
    }


def test_a_name_that_another_tensor_has_now(given):
    report = apply_recipe(
        given,
        [Step("scale", {"select": "net/b", "factor": 2}), Step("rename", {"map": {"net/b": "c", "net/w": "net/b"}})],
    )
    rows = {row.name: (row.action, row.was) for row in report.changes}
    assert rows == {
        "c": ("renamed", "net/b"),
        "net/b": ("renamed", "net/w"),
        "net/b/Adam": ("renamed", "net/w/Adam"),
    }


def test_other_checkpoints_are_beside_the_recipe(tmp_path):
    (tmp_path / "sub").mkdir()
    save_checkpoint(tensors(w=singles(3), step=1), tmp_path / "sub" / "b")
    recipe = written(
        tmp_path / "sub" / "r.json",
        '[{"average": {"others": "b"}}, {"arithmetic": {"operation": "add", "other": "b"}}]',
    )
    given = tensors(w=singles(1), step=5)
    apply_recipe(given, recipe)
    assert lists(given) == {"w": [5], "step": 5}
    apply_recipe(given, [Step("arithmetic", {"operation": "add", "other": str(tmp_path / "sub" / "b")})], directory="x")
    assert lists(given) == {"w": [8], "step": 5}
    given = tensors(w=singles(1))
    apply_recipe(given, [Step("merge", {"others": ["b"], "prefix": "b=other"})], directory=str(tmp_path / "sub"))
    assert lists(given) == {"w": [1], "other/w": [3], "other/step": 1}


@pytest.mark.parametrize(
    ("step", "reason", "hint"),
    [
        (Step("casst", {}, 3), "line 3: no edit 'casst'", "did you mean 'cast'"),
        (Step("unfreeze", {}, 3), "line 3: no edit 'unfreeze'", None),
        (Step("cast", {"dtipe": "float16"}, 4), "line 4: cast: no option 'dtipe'", "did you mean 'dtype'?"),
        (Step("cast", {}, 5), "line 5: cast: option 'dtype' is missing", "wanted: a text"),
        (Step("average", {}, 5), "line 5: average: option 'others' is missing", "wanted: a list of paths"),
        (Step("rename", {"map_file": "x"}, 6), "line 6: rename: no option 'map_file'", None),
        (Step("rename", {"checkpoint-only": True}, 6), "line 6: rename: no option 'checkpoint-only'", None),
    ],
)
def test_steps_are_checked_before_any_is_done(given, step, reason, hint):
    before = dict(given)
    with pytest.raises(UnsupportedError, match=reason) as caught:
        apply_recipe(given, [Step("strip_optimizer"), step])
    assert hint is None or hint in str(caught.value.hint)
    assert given == before


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Step("reverse", {"axis": 9, "select": "net/w"}), PassError),
        (Step("scale", {"select": "gone", "factor": 2}), NotFoundError),
        (Step("rename", {"map": ["gone=x"]}), NotFoundError),
    ],
)
def test_a_step_that_fails_undoes_those_before(given, step, error):
    before = dict(given)
    with pytest.raises(error):
        apply_recipe(given, [Step("strip-optimizer"), step])
    assert given == before


def test_arrays_are_tensors_too_and_one_that_is_left_alone_is_not_changed():
    given: dict[str, Any] = {"w": singles(1, 2), "b": singles(3)}
    report = apply_recipe(given, [Step("scale", {"select": "w", "factor": 2}), Step("rename", {"map": "w=v"})])
    assert lists(given) == {"v": [2, 4], "b": [3]}
    assert [(row.name, row.action, row.was) for row in report.changes] == [("v", "renamed", "w")]
    assert report.num_unchanged == 1


def test_a_checkpoint_that_cannot_be_changed_is_refused():
    with pytest.raises(TypeError, match="this is a mappingproxy"):
        apply_recipe(MappingProxyType(tensors(w=1)), [Step("unpartition")])  # type: ignore[arg-type]


def test_files(tmp_path, monkeypatch):
    assert read_recipe(written(tmp_path / "r", "\ufeff- unpartition\n")) == [Step("unpartition")]
    with pytest.raises(FileNotFoundError):
        read_recipe(tmp_path / "gone")
    (tmp_path / "r").write_bytes(b"- \xff")
    with pytest.raises(UnsupportedError, match=r"at byte 2: not a text in UTF-8"):
        read_recipe(tmp_path / "r")
    monkeypatch.setattr(apply_module, "MAX_NBYTES", 2)
    with pytest.raises(LimitError, match=r"the recipe .*r.*, in bytes, is 3, the limit is 2"):
        read_recipe(tmp_path / "r")


def test_the_graph_is_as_it_was_when_a_later_step_fails():
    model = notation.model("""
        w = VariableV2 {dtype: f32, shape: shape[2]}
        w/Adam = VariableV2 {dtype: f32, shape: shape[2]}
    """)
    given = tensors(**{"w": singles(1, 2), "w/Adam": singles(3, 4)})
    with pytest.raises(NotFoundError):
        apply_recipe(given, ["strip-optimizer", {"select": {"keep": "nothing"}}], model=model)
    assert (len(model.graph), len(given)) == (2, 2)
    apply_recipe(given, ["strip-optimizer"], model=model)
    assert (len(model.graph), len(given)) == (1, 1)


def test_other_checkpoints_are_named_without_being_opened(tmp_path):
    steps: list[Any] = [{"average": {"others": ["a", "b"]}}, {"merge": {"others": ["b", "c"]}}, "strip-optimizer"]
    assert apply_module.named_checkpoints(steps) == ["a", "b", "c"]
    path = written(tmp_path / "r.yaml", "- average: {others: [x]}\n")
    assert apply_module.named_checkpoints(path) == ["x"]
    with pytest.raises(UnsupportedError, match="no edit 'unfreeze'"):
        apply_module.named_checkpoints(["unfreeze"])
