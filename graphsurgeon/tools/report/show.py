"""The page of a model in a cell of a notebook."""

from __future__ import annotations

import html
import os
from typing import Any

from graphsurgeon.display import count
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.tools.report.html_page import html_page
from graphsurgeon.tools.report.page_data import page_data

_HEIGHT = 640


class Picture:
    """A page that a notebook shows in a frame of its own, in which neither its style nor its script leaves the frame.

    Attributes
    ----------
    page : str
        The HTML, as `report` writes it.
    height : int
        Of the frame, in pixels.
    """

    def __init__(self, data: dict[str, Any], height: int = _HEIGHT) -> None:
        self.page = html_page(data)
        self.height = height
        self._title = data["title"]
        num_nodes = sum(len(each["nodes"]["name"]) - len(each["made"]) for each in data["graphs"])
        self._counts = f"{count(num_nodes, 'node')}, {count(len(data['weights']), 'weight')}"

    def __repr__(self) -> str:
        return f"Picture({self._title!r}: {self._counts})"

    def _repr_html_(self) -> str:
        # Without allow-same-origin, what is in the frame cannot reach the notebook.
        return (
            f'<iframe title="{html.escape(self._title)}" sandbox="allow-scripts" width="100%" height="{self.height}" '
            f'style="border: 1px solid #8888" srcdoc="{html.escape(self.page)}"></iframe>'
        )


def show(
    source: str | os.PathLike[str] | Model,
    *,
    against: str | os.PathLike[str] | Model | None = None,
    plan: str | None = None,
    tags: Names | None = None,
    values: bool = True,
    height: int = _HEIGHT,
) -> Picture:
    """Show a model in a notebook: the page that `report` writes, in a frame.

    Parameters
    ----------
    source : path or Model
    against, plan, tags, values
        As of `report`.
    height : int
        Of the frame, in pixels.

    Returns
    -------
    Picture
        What a cell shows when it ends with it; elsewhere ``display(gs.show(model))`` does. Errors are those of
        `report`.
    """
    return Picture(page_data(source, against=against, plan=plan, tags=tags, values=values), height)
