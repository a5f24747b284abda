"""``python -m graphsurgeon``: the same as the console script."""

from __future__ import annotations

from graphsurgeon.cli import main

main()
