"""Which tensor a requirement gets."""

from __future__ import annotations

from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.tools.fit.matching import Weights, matches_by_name, suggested, wanted_item
from graphsurgeon.tools.fit.name_map import parse_rules
from graphsurgeon.tools.fit.object_matching import KeyMatch
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.tools.fit.targets import arrays, wanted

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def matched(names: list[str], *rules: str, of: tuple[str, ...] = ("a", "b")) -> dict[str, KeyMatch]:
    requirements = [wanted(name, (2,)) for name in names]
    return matches_by_name(requirements, Weights(arrays(dict.fromkeys(of, (2,)))), parse_rules(rules))


def test_by_name():
    assert matched(["a", "c"]) == {"a": KeyMatch("a", "name")}


def test_by_rule_before_name():
    assert matched(["a", "b"], "a=b", "b=a") == {"a": KeyMatch("b", "map b=a"), "b": KeyMatch("a", "map a=b")}


def test_what_a_rule_moved_is_not_there_any_more():
    assert matched(["a", "b"], "a=b") == {"b": KeyMatch("a", "map a=b")}
    assert set(matched(["a", "b"], "a=b", "a=a")) == {"a", "b"}


def test_a_rule_that_leads_nowhere_moves_nothing():
    assert matched(["a", "b"], "(.*)=my/\\1") == {"a": KeyMatch("a", "name"), "b": KeyMatch("b", "name")}


def test_the_name_of_the_variable_counts_too():
    weights = Weights(arrays({"v": (2,)}))
    assert matches_by_name([wanted("key", (2,), "float32", "v")], weights, []) == {
        "key": KeyMatch("v", "the variable's name, v")
    }


def object_based() -> Weights:
    message = schema.TrackableObjectGraph()
    message.nodes.add().children.add(node_id=1, local_name="layer")
    message.nodes.add().attributes.add(name="VARIABLE_VALUE", full_name="dense/kernel", checkpoint_key=f"layer{VALUE}")
    tensors = arrays({f"layer{VALUE}": (2,)})
    tensors[OBJECT_GRAPH_KEY] = as_tensor(schema.serialize(message))
    return Weights(tensors)


def test_full_names_and_ways_of_an_object_based_checkpoint():
    weights = object_based()
    assert list(weights.tensors) == [f"layer{VALUE}"]
    for name in ("dense/kernel", "layer", f"layer{VALUE}"):
        assert matches_by_name([wanted(name, (2,))], weights, [])[name].key == f"layer{VALUE}"
    assert weights.item(f"layer{VALUE}").name == "dense/kernel"
    assert (
        matches_by_name([wanted("my/w", (2,))], weights, parse_rules(["dense/kernel=my/w"]))["my/w"].key[:5] == "layer"
    )


def test_suggestions_are_for_what_is_open_among_what_is_unused():
    requirements = [wanted("a", (2,)), wanted("net/w", (2,))]
    weights = Weights(arrays({"a": (2,), "old/w": (2,)}))
    found = matches_by_name(requirements, weights, [])
    (suggestion,) = suggested(requirements, weights, found).values()
    assert (suggestion.wanted, suggestion.found) == ("net/w", "old/w")
    assert wanted_item(requirements[1]).shape == (2,)
