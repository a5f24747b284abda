"""Which tensors are suggested for which, how sure, and at what cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphsurgeon.tools.fit import suggestions
from graphsurgeon.tools.fit.likeness import Item
from graphsurgeon.tools.fit.suggestions import rules_for, suggest


def item(name: str, *shape: int) -> Item:
    return Item(name, name, "float32", shape)


def pairs(wanted: list[Item], found: list[Item]) -> dict[str, str]:
    return {each.wanted: each.found for each in suggest(wanted, found)}


def items(*names: str, shape: tuple[int, ...] = (3,)) -> list[Item]:
    return [item(name, *shape) for name in names]


def test_names_that_end_alike():
    found = suggest(items("my/conv1/w", "my/conv2/w"), items("vgg/conv2/w", "vgg/conv1/w"))
    assert {each.wanted: each.found for each in found} == {"my/conv1/w": "vgg/conv1/w", "my/conv2/w": "vgg/conv2/w"}
    assert "the only one of the same shape that ends in 'conv1/w'" in {each.why for each in found}


def test_the_longest_common_end_goes_first():
    wanted, found = items("a/x/w", "b/x/w"), items("old/b/x/w", "x/w")
    assert pairs(wanted, found) == {"b/x/w": "old/b/x/w", "a/x/w": "x/w"}


def test_another_shape_is_suggested_when_two_components_agree():
    assert pairs([item("my/fc6/w", 8, 4)], [item("vgg/fc6/w", 2, 2, 2, 4)]) == {"my/fc6/w": "vgg/fc6/w"}
    assert pairs([item("my/fc6/w", 8, 4)], [item("vgg/fc7/w", 2, 2, 2, 4)]) == {}


def test_kernel_and_weights_are_one():
    wanted = items("net/dense_1/kernel", "net/dense_2/kernel", "net/dense_10/kernel")
    found = items("old/fc10/weights", "old/fc2/weights", "old/fc1/weights")
    assert pairs(wanted, found) == {
        "net/dense_1/kernel": "old/fc1/weights",
        "net/dense_2/kernel": "old/fc2/weights",
        "net/dense_10/kernel": "old/fc10/weights",
    }


def test_families_count_alike_whatever_their_numbers_are():
    wanted, found = items("net/dense_1/kernel", "net/dense_2/kernel"), items("old/x5/weights", "old/x6/weights")
    assert pairs(wanted, found) == {"net/dense_1/kernel": "old/x5/weights", "net/dense_2/kernel": "old/x6/weights"}
    (why,) = {each.why for each in suggest(wanted, found)}
    assert why == "the only ones of the same shape and kind; 2 in the same order"


def test_families_that_count_otherwise_are_not_paired():
    wanted = items("net/dense_1/kernel", "net/dense_2/kernel", "net/dense_3/kernel")
    assert pairs(wanted, items("old/x5/weights", "old/x6/weights")) == {}


UNITS = {1: 2, 2: 4, 3: 3}


def test_a_resnet_by_another_name():
    """Slim's names and Keras's have hardly a word in common, but count the same units."""
    wanted, found, truth = [], [], {}
    for block, number in UNITS.items():
        for unit in range(1, number + 1):
            for conv, shape in enumerate([(1, 1, 64, 16), (3, 3, 16, 16), (1, 1, 16, 64)], 1):
                new, old = f"conv{block + 1}_block{unit}_{conv}", f"net_v1_50/block{block}/unit_{unit}/v1/conv{conv}"
                for ours, theirs, size in (
                    ("conv/kernel", "weights", shape),
                    ("bn/gamma", "BatchNorm/gamma", shape[3:]),
                ):
                    wanted.append(item(f"{new}_{ours}", *size))
                    found.append(item(f"{old}/{theirs}", *size))
                    truth[wanted[-1].key] = found[-1].key
    assert pairs(sorted(wanted), sorted(found)) == truth


def test_a_transformer_by_another_name():
    """Query, key, value and output are all of one shape; words that begin alike tell them apart."""
    words = {"q": "self/query", "k": "self/key", "v": "self/value", "proj": "output/dense"}
    truth = {
        f"model/block{layer}/attention/{new}/kernel": f"bert/layer_{layer}/attention/{old}/kernel"
        for layer in range(12)
        for new, old in words.items()
    }
    assert pairs(items(*sorted(truth)), items(*sorted(truth.values()))) == truth


def test_most_alike_of_a_group_of_other_size():
    wanted = items("net/encoder/query/kernel", "net/decoder/query/kernel")
    found = items("model/encoder/query/weights", "model/decoder/query/weights", "model/pooler/output/weights")
    assert pairs(wanted, found) == {
        "net/encoder/query/kernel": "model/encoder/query/weights",
        "net/decoder/query/kernel": "model/decoder/query/weights",
    }


def test_dtypes_and_shapes_keep_apart():
    assert pairs([item("a/w", 3)], [item("b/w", 4)]) == {}
    assert pairs([Item("a/w", "a/w", "int32", (3,))], [item("b/w", 3)]) == {}


def test_each_is_taken_once():
    found = suggest(items("a/w", "b/w", "c/w"), items("x/w", "y/w"))
    assert len({each.found for each in found}) == len(found) <= 2


def test_comparisons_grow_with_the_names_and_not_their_square(monkeypatch: pytest.MonkeyPatch):
    counts: list[int] = []
    for name in ("alike", "common_words"):
        compared = getattr(suggestions, name)

        def counting(a: Any, b: Any, compared: Callable[..., float] = compared) -> float:
            counts[-1] += 1
            return compared(a, b)

        monkeypatch.setattr(suggestions, name, counting)
    for size in (200, 400):
        counts.append(0)
        wanted = items(*(f"net/{'abcdefghij'[i % 10]}/block{i}/one/kernel" for i in range(size)))
        suggest(wanted, items(*(f"old/{'klmnopqrst'[i % 10]}/part{i}/two/weights" for i in range(size + 7))))
    assert 0 < counts[1] < 2.5 * counts[0]


def test_rules_that_suggestions_have_in_common():
    found = suggest(items("my/conv1/w", "my/conv2/w"), items("vgg.16/conv2/w", "vgg.16/conv1/w"))
    assert rules_for(found) == [r"`map=r'vgg\.16/(.*)=my/\1'` says 2 of the suggestions"]
    assert rules_for(found[:1]) == []
