"""The text of a recipe: a YAML or JSON list of steps, each a name, or a name and its options.

YAML is read by PyYAML's safe loader: a library that is kept well is worth more than a text format of our own. Every
step keeps the line it is on, for errors.
"""

from __future__ import annotations

import functools
import itertools
import json
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proto_utils.errors import UnsupportedError

#: What aliases stand for, in values for each letter of a recipe.
_MAX_EXPANSION = 4
_SHAPE = "a step is a name, or a name and its options: - cast: {dtype: float16}"


@dataclass(frozen=True)
class Step:
    """One edit of a recipe: its name as written, with dashes or underscores, and the line where it begins, from 1.

    The values of options are strings, numbers, bools, None, and lists and dicts of such.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    line: int = 1

    def __str__(self) -> str:
        """Print it in JSON, of which `parse_recipe` makes the same step."""
        return json.dumps({self.name: self.options} if self.options else self.name)


def parse_recipe(text: str, path: str | None = None) -> list[Step]:
    """Parse a recipe, JSON when it begins with a bracket and has quotes, else YAML; `path` is for errors.

    UnsupportedError, with the line, when it is not a list of steps.
    """
    # The names of steps are quoted in JSON: a list in brackets without quotes is one that YAML knows, as in [sort].
    is_json = text.lstrip()[:1] == "[" and '"' in text
    try:
        steps = list(_of_json(text) if is_json else _of_yaml(text))
    except RecursionError:
        raise UnsupportedError("lists within lists without end", path=path) from None
    except UnsupportedError as error:
        raise UnsupportedError(error.reason, path=path, hint=error.hint) from None
    if not steps:
        raise UnsupportedError("a recipe without steps", path=path, hint=_SHAPE)
    return steps


def _of_json(text: str) -> Iterator[Step]:
    """Yield the steps of a JSON list, decoded one by one so that their lines are known."""
    position = _skipped(text, text.index("[") + 1)
    try:
        while text[position : position + 1] not in ("]", ""):
            line = text.count("\n", 0, position) + 1
            decoder = json.JSONDecoder(object_pairs_hook=functools.partial(_distinct, line=line))
            step, end = decoder.raw_decode(text, position)
            yield _step(step, line)
            position = _skipped(text, end)
        json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}: {error.msg}"
        raise UnsupportedError(
            reason, hint="a recipe that begins with a bracket and has quotes is JSON: a list of steps"
        ) from None
    except ValueError:
        raise UnsupportedError(f"line {line}: a number of thousands of digits") from None


def _skipped(text: str, position: int) -> int:
    """Return where the next step of a list is, behind spaces and commas."""
    while text[position : position + 1] in {" ", "\t", "\r", "\n", ","}:
        position += 1
    return position


def _distinct(pairs: Sequence[tuple[Any, Any]], line: int) -> dict[Any, Any]:
    """Return the mapping of some pairs, whose keys are to be different."""
    made: dict[Any, Any] = {}
    for name, value in pairs:
        if name in made:
            raise UnsupportedError(f"line {line}: {name!r} is given twice")
        made[name] = value
    return made


def _of_yaml(text: str) -> Iterator[Step]:
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        _refuse_expansion(node, len(text))
        if node is not None and not isinstance(node, yaml.SequenceNode):
            raise UnsupportedError(f"line {node.start_mark.line + 1}: {_not_a_list(loader, node)}", hint=_SHAPE)
        for item in node.value if node is not None else ():
            line = item.start_mark.line + 1
            for each in _mappings(item):
                _distinct([(key.value, value) for key, value in each.value if key.id == "scalar"], line)
            yield _step(loader.construct_object(item, deep=True), line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        hint = 'within braces, quote it: {x: "${name}"}' if "${" in text else None
        reason = f"line {mark.line + 1 if mark else 1}: {error.problem or error.context}"
        raise UnsupportedError(reason, hint=hint) from None
    except (AttributeError, KeyError):
        # What the loader says of a tag that was given to the wrong value, as in !!bool x.
        raise UnsupportedError(f"line {line}: a value that is not what its tag says") from None
    except ValueError:
        raise UnsupportedError(f"line {line}: a number of thousands of digits, or an impossible date") from None
    except yaml.YAMLError as error:
        raise UnsupportedError(str(error).partition("\n")[0]) from None


def _refuse_expansion(node: Any, num_letters: int) -> None:
    """Refuse aliases of aliases, by which a few lines may stand for more than any memory holds."""
    sizes: dict[int, int] = {}

    def size(each: Any) -> int:
        if id(each) not in sizes:
            # Of one that is in itself, which is refused where it is made.
            sizes[id(each)] = 0
            parts = () if each is None or each.id == "scalar" else each.value
            parts = itertools.chain.from_iterable(parts) if each is not None and each.id == "mapping" else parts
            sizes[id(each)] = 1 + sum(map(size, parts))
        return sizes[id(each)]

    if size(node) > _MAX_EXPANSION * (num_letters + 1):
        raise UnsupportedError(f"aliases that stand for {size(node):,} values, in {num_letters:,} letters")


def _not_a_list(loader: Any, node: Any) -> str:
    """Return what is wrong with a recipe that is one mapping of steps, or anything else that is no list."""
    if node.id != "mapping":
        return "a recipe is a list of steps"
    names = [str(key.value) for key, _ in node.value if key.id == "scalar"]
    if len(node.value) == 1 and node.value[0][1].id == "sequence":
        return f"a recipe is a list of steps, and this is a mapping; leave out {', '.join(names)!r} above the list"
    is_json = loader.buffer.lstrip("\ufeff \t\r\n")[:1] == "{"
    example = ", ".join(f'{{"{name}": ...}}' for name in names[:2]) if is_json else f"- {', - '.join(names[:2])}"
    how = f"[{example}]" if is_json else f"a dash before each: {example}"
    return (
        f"a recipe is a list of steps, because their order counts, and this is a mapping of {len(names)}; write {how}"
    )


def _mappings(item: Any) -> Iterator[Any]:
    """Yield the mappings of a step: itself and its options."""
    if item.id == "mapping":
        yield item
        yield from (value for _, value in item.value if value.id == "mapping")


def steps_of(values: Any) -> list[Step]:
    """Return steps that a program gives: such, or plain values as in a recipe, numbered as its lines would be."""
    if isinstance(values, Mapping) or not isinstance(values, Iterable):
        raise UnsupportedError(f"a recipe is a list of steps, not {reprlib.repr(values)}", hint=_SHAPE)
    return [each if isinstance(each, Step) else _step(each, number) for number, each in enumerate(values, 1)]


def _step(value: object, line: int) -> Step:
    if isinstance(value, str):
        return Step(value, {}, line)
    if isinstance(value, dict) and len(value) == 1:
        ((name, options),) = value.items()
        if isinstance(name, str) and (options is None or isinstance(options, dict)):
            given = options or {}
            if all(isinstance(key, str) for key in given):
                return Step(name, given, line)
    raise UnsupportedError(f"line {line}: not a step: {reprlib.repr(value)}{_why_no_step(value)}", hint=_SHAPE)


def _why_no_step(value: object) -> str:
    """Return what is written otherwise in a mapping that is no step: lists for mappings, several steps in one."""
    if not isinstance(value, dict):
        return ""
    if len(value) > 1:
        return f"; each step is an item of its own: {', '.join(f'- {name}' for name in value)}"
    name, options = next(iter(value.items()), ("", None))
    if isinstance(options, list) and all(isinstance(each, dict) for each in options):
        pairs = ", ".join(f"{key}: ..." for each in options for key in each)
        return f"; its options are one mapping, not a list of them: {name}: {{{pairs}}}"
    return ""
