"""Advice names parameters, in backquotes; the command line alone makes flags of them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator

import click
import pytest

import graphsurgeon as gs
from graphsurgeon.cli.group import VerbGroup, cli
from graphsurgeon.cli.output import in_flags
from tests.architecture.source import Module, modules

# The table of options shows how verbs spell each kind.
PROGRAMS = ("graphsurgeon/cli/", "graphsurgeon/compat/", "graphsurgeon/options.py", "proto_utils/make_schema.py")
LIBRARY = [module for module in modules() if not module.relative.startswith(PROGRAMS)]
FLAG = re.compile(r"(?<![^\s(`])--[a-z]")
OPTION = re.compile(r"(?<![^\s(])`(?:(load|save)\()?([a-z_]+)(?:=[^`]+)?`")


def texts(module: Module) -> Iterator[str]:
    """Yield the strings of a module; what is put into one when it runs is ``select``."""
    inner = {part for node in module.nodes if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in module.nodes:
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "select" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inner:
            yield node.value


def advice() -> Iterator[tuple[Module, str]]:
    """Yield the strings that name options, but for docstrings."""
    for module in LIBRARY:
        docstrings = [node.value.value for node in module.nodes if isinstance(node, ast.Expr)
                      and isinstance(node.value, ast.Constant)]  # fmt: skip
        yield from ((module, text) for text in texts(module) if OPTION.search(text) and text not in docstrings)


def parameters(*functions: str) -> set[str]:
    return {name for each in functions for name in inspect.signature(getattr(gs, each)).parameters}


@pytest.fixture(scope="module")
def advised() -> list[tuple[Module, str]]:
    found = list(advice())
    assert len(found) > 100
    return found


@pytest.fixture(scope="module")
def flags() -> set[str]:
    assert isinstance(cli, VerbGroup)
    context = click.Context(cli)
    verbs = [cli.get_command(context, name) for name in cli.list_commands(context)]
    return {flag for verb in verbs if verb is not None for option in verb.params for flag in option.opts}


def test_the_library_speaks_of_no_flags():
    assert [(module.relative, text) for module in LIBRARY for text in texts(module) if FLAG.search(text)] == []


def test_advice_names_parameters_of_the_function_that_was_called(advised):
    everything = parameters(*(name for name in gs.__all__ if callable(getattr(gs, name))))
    for module, text in advised:
        _, room, *_, stem = module.name.split(".") if module.name.count(".") > 1 else ("", "", module.name)
        is_one = room in ("passes", "edits") and not stem.startswith("_")
        known = parameters(stem) if is_one else everything
        for function, name in OPTION.findall(text):
            assert name in (parameters(function) if function else known), (module.relative, text)


def test_flags_made_of_it_are_those_of_verbs(advised, flags):
    for module, text in advised:
        told = in_flags(text)
        found = set(re.findall(r"--[a-z][a-z-]*", told))
        assert found, (module.relative, text)
        assert found <= flags, (module.relative, text)
        assert "`" not in told, (module.relative, text)
