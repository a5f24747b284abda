"""Small SVG pictures for pages that are light or dark: shapes in the colours of a theme, written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

Theme = Mapping[str, str]

#: Colours on the backgrounds of pages: their text, lines, weak lines, what stands out, and what that is filled with.
THEMES: Mapping[str, Theme] = {
    "light": {
        "text": "#1f2328", "weak": "#59636e", "line": "#8c959f", "fill": "#f6f8fa",
        "accent": "#0969da", "accent_fill": "#ddf4ff", "other": "#bc4c00", "other_fill": "#fff1e5",
    },
    "dark": {
        "text": "#f0f6fc", "weak": "#9198a1", "line": "#6e7681", "fill": "#151b23",
        "accent": "#4493f8", "accent_fill": "#121d2f", "other": "#db6d28", "other_fill": "#221a19",
    },
}  # fmt: skip
_SANS = "-apple-system,'Segoe UI',Helvetica,Arial,sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"


def document(width: float, height: float, title: str, shapes: Iterable[str]) -> str:
    """Return a picture of that size, in pixels; `title` is read aloud in its place."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
    view = f'viewBox="0 0 {width:g} {height:g}" role="img" font-family="{_SANS}" font-size="12"'
    return "\n".join([f"{head} {view}>", f"<title>{escape(title)}</title>", *shapes, "</svg>", ""])


def box(x: float, y: float, width: float, height: float, *, fill: str, line: str, radius: float = 5) -> str:
    """Return a rectangle with round corners."""
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
    return f'<rect {place} fill="{fill}" stroke="{line}"/>'


def text(
    x: float, y: float, words: str, *, colour: str, anchor: str = "start", mono: bool = False, bold: bool = False,
    size: float = 12,
) -> str:  # fmt: skip
    """Return a line of text; `y` is its base line, `anchor` says what of it is at `x`: start, middle or end."""
    style = f' font-family="{_MONO}"' if mono else ""
    style += ' font-weight="600"' if bold else ""
    style += f' font-size="{size:g}"' if size != 12 else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}" text-anchor="{anchor}"{style}>{escape(words)}</text>'


def rule(x: float, top: float, bottom: float, *, colour: str) -> str:
    """Return an upright line."""
    return f'<path d="M{x:g} {top:g}V{bottom:g}" stroke="{colour}" stroke-opacity="0.3"/>'


def arrow(start: tuple[float, float], end: tuple[float, float], *, colour: str, dashed: bool = False) -> str:
    """Return a straight or, where neither side is shared, a curved line with a head at its end."""
    (x, y), (to_x, to_y) = start, end
    is_straight = x == to_x or y == to_y
    middle = (x + to_x) / 2
    path = f"M{x:g} {y:g}" + (
        f"L{to_x:g} {to_y:g}" if is_straight else f"C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
    )
    if x == to_x:
        head = f"M{to_x - 4:g} {to_y - 6:g}L{to_x:g} {to_y:g}L{to_x + 4:g} {to_y - 6:g}"
    else:
        back = -6 if to_x > x else 6
        head = f"M{to_x + back:g} {to_y - 4:g}L{to_x:g} {to_y:g}L{to_x + back:g} {to_y + 4:g}"
    dashes = ' stroke-dasharray="3 3"' if dashed else ""
    shaft = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}/>'
    return f'{shaft}<path d="{head}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
