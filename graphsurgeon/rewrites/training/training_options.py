"""What is asked for of a graph that is to train: momenta, rates of dropout, which norms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.names import Names
from graphsurgeon.rewrites.editing.pairs import parse_pairs
from graphsurgeon.rewrites.training.dropouts import parse_rates
from graphsurgeon.rewrites.training.per_pattern import PerPattern, parse_per_pattern
from proto_utils.named_tuple import NamedTuple


class TrainingOptions(NamedTuple):
    """What was asked for."""

    momentum: PerPattern
    rates: Mapping[str, float]
    seed: int | None
    select: Names
    exclude: Names
    operation: str

    @classmethod
    def parse(
        cls,
        momentum: Names | float | Mapping[str, Any],
        dropout: Names | Mapping[str, Any],
        seed: int | None,
        select: Names,
        exclude: Names,
        *,
        operation: str,
    ) -> TrainingOptions:
        """Return the options; a PassError for what is no momentum, rate or seed."""

        def number(value: Any) -> float:
            try:
                found = float(value)
            except (TypeError, ValueError):
                found = -1.0
            if not 0 <= found < 1:
                hint = "a momentum is a number from 0 to below 1, or PATTERN=MOMENTUM"
                raise PassError(operation, f"{value!r} is not a momentum", hint=hint, is_usage=True)
            return found

        twice = PassError(operation, "two momenta stand alone", hint="others are PATTERN=MOMENTUM", is_usage=True)
        momenta = parse_per_pattern(momentum, "momentum", number, twice)
        rates = parse_rates(parse_pairs(dropout, "dropout", operation), operation)
        if seed is not None and not 0 <= seed < 1 << 63:
            raise PassError(operation, f"{seed} is not a seed", hint="a seed is 0 or more", is_usage=True)
        return cls(momenta, rates, seed, select, exclude, operation)
