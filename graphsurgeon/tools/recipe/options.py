"""Options of a step, checked against the signature of its function and made what that takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphsurgeon.errors import did_you_mean, near_names
from graphsurgeon.options import options_of
from proto_utils.errors import UnsupportedError


def check_options(
    function: Callable[..., Any], given: Mapping[str, Any], hidden: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the options of a step as its pass or edit takes them, and paths for checkpoints.

    Names in `given` have dashes or underscores; a recipe may not give the `hidden` ones. UnsupportedError when an
    option is unknown, missing or of another kind.
    """
    known = {
        each.word: each for name, each in options_of(function).items() if not each.is_internal and name not in hidden
    }
    made = {}
    for text, value in given.items():
        name = text.replace("-", "_")
        if name not in known:
            hint = did_you_mean(near_names(name, known)) or f"it takes {', '.join(known)}"
            raise UnsupportedError(f"no option {text!r}", hint=hint)
        if name in made:
            raise UnsupportedError(f"option {text!r} is given twice")
        made[name] = known[name]._replace(name=text).convert(value)
    for name, option in known.items():
        if option.is_required and name not in made:
            raise UnsupportedError(f"option {name!r} is missing", hint=f"wanted: {option.spell()}")
    return {known[name].name: value for name, value in made.items()}
