"""A model as one page for a browser, which needs nothing else: no network, no server; and pictures of its graph."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.output_names import check_report_name
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.tools.report.browser import find_browser
from graphsurgeon.tools.report.drawing import PictureKind, draw
from graphsurgeon.tools.report.html_page import html_page
from graphsurgeon.tools.report.page_data import page_data
from graphsurgeon.tools.retention.stored import files_of
from proto_utils.output import Transaction


@dataclass(frozen=True)
class PageReport(Displayed):
    """What `report` wrote.

    Attributes
    ----------
    outputs : list of str
        The page, and the pictures.
    nodes : int
        In it, those of functions and of the other model included.
    functions : int
        How many have a graph of their own in it.
    weights : int
        How many it lists.
    differences : list of str or None
        What differs, in words; None when nothing was compared.
    plan : list of str or None
        What would be done, in words; None when nothing was planned.
    notes : list of str
        What the page leaves out.
    """

    outputs: list[str] = field(default_factory=list)
    nodes: int = 0
    functions: int = 0
    weights: int = 0
    differences: list[str] | None = None
    plan: list[str] | None = None
    notes: list[str] = field(default_factory=list)


def report(  # noqa: PLR0913 -- each is one option
    source: str | os.PathLike[str] | Model,
    output: str | os.PathLike[str] | None = None,
    *,
    svg: str | os.PathLike[str] | None = None,
    png: str | os.PathLike[str] | None = None,
    scope: str | None = None,
    against: str | os.PathLike[str] | Model | None = None,
    plan: str | None = None,
    tags: Names | None = None,
    values: bool = True,
    force: bool = False,
    sync: bool = False,
    dry_run: bool = False,
) -> PageReport:
    """Write a page for a browser that shows a model: its graph to be unfolded and searched, its weights, what differs.

    Parameters
    ----------
    source : path or Model
        A graph, a checkpoint, a SavedModel.
    output : path, optional
        The HTML file, complete in itself.
    svg, png : path, optional
        Pictures of the graph as the page draws it: by a Chromium on PATH, or the one that the environment variable
        GRAPHSURGEON_CHROMIUM names.
    scope : str, optional
        The scope that the pictures show, unfolded; else they show the whole graph, folded as for a first look.
    against : path or Model, optional
        Another model: what `diff` finds is drawn, nodes and edges that one of them has in colours.
    plan : str, optional
        ``unfreeze``: which constants it would make variables, before it does.
    tags : str or sequence of str, optional
        Which meta graph of a SavedModel.
    values : bool
        Whether values of weights are read, once, for histograms.
    force : bool
        Whether an existing file may be replaced.
    sync : bool
        Return only when the output is on the disk.
    dry_run : bool
        Write nothing.

    Returns
    -------
    PageReport

    Raises
    ------
    NotFoundError
        Nothing is there; or for a picture, no such scope or no Chromium.
    UnsupportedError
        It is something else; the reason says what.
    PassError
        There is no such plan; nothing is to be written, or over what is read, or under a name that promises another
        format; there is no graph to draw; the browser failed.
    CorruptionError
        It is damaged, or values do not match their checksum.
    """
    pictures: dict[PictureKind, str] = {}
    if svg is not None:
        pictures["svg"] = os.fspath(svg)
    if png is not None:
        pictures["png"] = os.fspath(png)
    paths = ([] if output is None else [os.fspath(output)]) + list(pictures.values())
    _check(paths, pictures, scope)
    for each in (source, against):
        _keep_what_is_read(each, paths)
    if output is not None:
        check_report_name(paths[0], "html")
    for kind, path in pictures.items():
        check_report_name(path, kind)
    data = page_data(source, against=against, plan=plan, tags=tags, values=values and output is not None)
    if not dry_run:
        html = html_page(data)
        drawn = draw(html, scope=scope or "", kinds=tuple(pictures)) if pictures else {}
        contents = ([] if output is None else [html.encode()]) + [drawn[kind] for kind in pictures]
        with Transaction(paths[0], overwrite=force, sync=sync) as transaction:
            for path, content in zip(paths, contents, strict=True):
                transaction.create(path).write(content)
    return _told(paths, data)


def _check(paths: list[str], pictures: Mapping[PictureKind, str], scope: str | None) -> None:
    if not paths:
        raise PassError("report", "nothing is to be written", hint="give `output`, `svg` or `png`", is_usage=True)
    if len(set(map(os.path.realpath, paths))) < len(paths):
        reason = f"{paths[-1]} would be written twice"
        raise PassError("report", reason, hint="a page and its pictures are files each", is_usage=True)
    if scope is not None and not pictures:
        reason = "`scope` is what pictures show, and none is asked for"
        raise PassError("report", reason, hint="give `svg` or `png`", is_usage=True)
    if pictures:
        # Before anything is read, which may take long.
        find_browser()


def _keep_what_is_read(source: str | os.PathLike[str] | Model | None, paths: list[str]) -> None:
    """Refuse to replace a model by a picture of it."""
    written = {os.path.realpath(path): path for path in paths if os.path.lexists(path)}
    for each in _files_of(source) if written else ():
        if os.path.realpath(each) in written:
            reason = f"{written[os.path.realpath(each)]} is of what is to be shown, and would be replaced"
            raise PassError("report", reason, hint="write to another file", is_usage=True)


def _files_of(source: str | os.PathLike[str] | Model | None) -> Iterator[str]:
    """Yield the files that a source is read from."""
    path = source.path if isinstance(source, Model) else source
    if path is None or not (source is path or os.path.exists(path)):
        return
    found = detect(path)
    yield from (each for each in (found.path, found.graph) if each is not None)
    yield from () if found.prefix is None else files_of(found.prefix)


def _told(paths: list[str], data: dict[str, Any]) -> PageReport:
    graphs = data["graphs"]
    return PageReport(
        paths,
        sum(len(each["nodes"]["name"]) - len(each["made"]) for each in graphs),
        max(len(graphs) - 1, 0),
        len(data["weights"]),
        None if data["against"] is None else data["against"]["summary"],
        None if data["plan"] is None else data["plan"]["summary"],
        data["notes"],
    )
