"""Two object graphs: names first, then paths, keys last; slots go with their variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.tools.fit import fit
from graphsurgeon.tools.fit.report import FitReport
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.object_graphs import message
from tests.object_layers import checkpoint, key


def fitted(target: dict[str, Tensor], source: dict[str, Tensor], **options: Any) -> FitReport:
    model = Model(Graph())
    model.variables = dict(target)
    return fit(model, source, dry_run=True, **options)


def sources(report: FitReport) -> dict[str, str | None]:
    return {row.name.partition("/.A")[0]: row.source and row.source.partition("/.A")[0] for row in report.rows}


def test_one_layer_more():
    report = fitted(checkpoint(a=0, new=0, b=0, c=0), checkpoint(a=1, b=2, c=3))
    assert sources(report) == {"0": "0", "1": None, "2": "1", "3": "2"}
    assert report.rows[1].why == "the tensor under that key is another variable's"
    (note,) = report.notes
    assert note.startswith(f"names count where keys and names disagree (1): {key('2')} is b, and c in the checkpoint")


def test_by_key_where_no_name_is_known_and_told():
    report = fitted(checkpoint(a=0, other=0), checkpoint(a=1, b=2))
    assert sources(report) == {"0": "0", "1": "1"}
    assert report.notes == [f"matched although the names differ (1): {key('1')} is other, and gets b"]


def test_rules_count_before_names():
    report = fitted(checkpoint(a=0, b=0), checkpoint(a=1, b=2), map=("a=b", "b=a"))
    assert sources(report) == {"0": "1", "1": "0"}


def of_message(made: Any) -> dict[str, Tensor]:
    keys = [each.checkpoint_key for node in made.nodes for each in node.attributes]
    tensors: dict[str, Tensor] = {name: as_tensor(np.float32(number)) for number, name in enumerate(keys)}
    return {**tensors, OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(made)])}


def trained(*names: str) -> dict[str, Tensor]:
    """A list of variables, and an optimizer with a slot for each."""
    count = len(names)
    return of_message(
        message(
            {"children": [("net", 1), ("optimizer", 2)]},
            {"children": [(str(number), 3 + number) for number in range(count)]},
            {"slots": [(3 + number, "m", 3 + count + number) for number in range(count)]},
            *({"attributes": [(name, key(f"net/{number}"))]} for number, name in enumerate(names)),
            *(
                {"attributes": [(f"Adam_{count}/{name}", key(f"net/{number}/.OPTIMIZER_SLOT/optimizer/m"))]}
                for number, name in enumerate(names)
            ),
        )
    )


def test_slots_follow_their_variables():
    slot = "/.OPTIMIZER_SLOT/optimizer/m"
    report = fitted(trained("a", "new", "b"), trained("a", "b"))
    assert sources(report) == {
        "net/0": "net/0", "net/1": None, "net/2": "net/1",
        f"net/0{slot}": f"net/0{slot}", f"net/1{slot}": None, f"net/2{slot}": f"net/1{slot}",
    }  # fmt: skip
    report = fitted(trained("a", "new"), trained("a", "b"), map=("b=new",))
    assert sources(report)[f"net/1{slot}"] == f"net/1{slot}"


def test_slots_follow_suggestions():
    report = fitted(trained("a", "net/w", "b"), trained("a", "b", "old/w"), accept_suggestions=True)
    found = sources(report)
    slot = "/.OPTIMIZER_SLOT/optimizer/m"
    assert {name: f"{found[name]}{slot}" for name in ("net/0", "net/1", "net/2")} == {
        name: found[f"{name}{slot}"] for name in ("net/0", "net/1", "net/2")
    }


def test_by_path_where_names_say_nothing():
    target = of_message(message({"children": [("x", 1)]}, {"children": [("w", 2)]}, {"attributes": [("", key("x/w"))]}))
    source = of_message(
        message(
            {"children": [("list", 1), ("x", 2)]},
            {"children": [("0", 3)]},
            {"children": [("w", 3)]},
            {"attributes": [("", key("list/0"))]},
        )
    )
    report = fitted(target, source)
    assert (sources(report), report.rows[0].why) == ({"x/w": "list/0"}, "the path x/w")


def test_one_tensor_for_twins_is_told():
    twins = of_message(
        message(
            {"children": [("variables", 1), ("_all_variables", 2)]},
            {"children": [("0", 3)]},
            {"children": [("0", 4)]},
            {"attributes": [("a", key("variables/0"))]},
            {"attributes": [("a", key("_all_variables/0"))]},
        )
    )
    report = fitted(twins, checkpoint(b=1, a=2))
    assert sources(report) == {"variables/0": "1", "_all_variables/0": "1"}
    assert report.notes == [
        f"one tensor goes to several keys (1): {key('1')} to {key('variables/0')} and {key('_all_variables/0')}"
    ]
