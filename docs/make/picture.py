"""The picture at the top of the README: a frozen graph, the trainable one with its checkpoint, and the way back.

Usage: python -m docs.make.picture
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docs.make.svg import THEMES, Theme, arrow, box, document, text

DOCS = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 820, 252
TITLE = "unfreeze turns a frozen graph into a graph with variables and a checkpoint; freeze gives the same graph back"
#: The ops of the network, from top to bottom, and the weights that one of them reads, with their first bytes.
OPS = (
    ("Placeholder", "", ""),
    ("Conv2D", "Conv/weights", "3f 80 1c be 07 ..."),
    ("MatMul", "Logits/weights", "b2 61 90 3d e4 ..."),
    ("Softmax", "", ""),
)
NODE_WIDTH, NODE_HEIGHT, STEP = 84, 26, 46


def draw(theme: Theme) -> str:
    """Return the picture in the colours of a theme."""
    return document(WIDTH, HEIGHT, TITLE, _shapes(theme))


def _shapes(theme: Theme) -> Iterator[str]:
    yield from _panel(theme, 8, 250, "frozen.pb", "weights are constants in the graph")
    yield from _network(theme, 20, "", theme["other"], theme["other_fill"])
    yield from _panel(theme, 372, 250, "model.ckpt.meta", "weights are variables")
    yield from _network(theme, 384, "VariableV2", theme["accent"], theme["accent_fill"])
    yield from _panel(theme, 662, 150, "model.ckpt", "their values")
    for number, (_, weights, values) in enumerate(OPS):
        if weights:
            y = _top(number)
            yield box(676, y - 5, 122, 36, fill=theme["other_fill"], line=theme["other"])
            yield text(737, y + 9, weights, colour=theme["text"], anchor="middle", mono=True, size=11)
            yield text(737, y + 24, values, colour=theme["other"], anchor="middle", mono=True, size=10)
            yield arrow((612, y + 13), (674, y + 13), colour=theme["other"], dashed=True)
    yield arrow((268, 110), (362, 110), colour=theme["accent"])
    yield text(315, 100, "unfreeze", colour=theme["accent"], anchor="middle", mono=True, bold=True, size=13)
    yield arrow((362, 168), (268, 168), colour=theme["accent"])
    yield text(315, 158, "freeze", colour=theme["accent"], anchor="middle", mono=True, bold=True, size=13)
    yield text(315, 186, "the same bytes", colour=theme["weak"], anchor="middle", size=11)


def _panel(theme: Theme, x: float, width: float, title: str, caption: str) -> Iterator[str]:
    yield box(x, 8, width, HEIGHT - 16, fill="none", line=theme["line"], radius=8)
    yield text(x + 12, 30, title, colour=theme["text"], mono=True, bold=True, size=13)
    yield text(x + 12, 47, caption, colour=theme["weak"])


def _network(theme: Theme, x: float, kind: str, line: str, fill: str) -> Iterator[str]:
    for number, (op, weights, values) in enumerate(OPS):
        y, values_size = _top(number), 10 if not kind else 11
        middle = x + NODE_WIDTH / 2
        yield box(x, y, NODE_WIDTH, NODE_HEIGHT, fill=theme["fill"], line=theme["line"])
        yield text(middle, y + 17, op, colour=theme["text"], anchor="middle")
        if number:
            yield arrow((middle, y - STEP + NODE_HEIGHT), (middle, y - 1), colour=theme["line"])
        if weights:
            yield box(x + 112, y - 5, 116, 36, fill=fill, line=line)
            yield text(x + 170, y + 9, weights, colour=theme["text"], anchor="middle", mono=True, size=11)
            yield text(x + 170, y + 24, kind or values, colour=line, anchor="middle", mono=not kind, size=values_size)
            yield arrow((x + 111, y + 13), (x + NODE_WIDTH + 1, y + 13), colour=line)


def _top(number: int) -> float:
    return 64 + number * STEP


def main() -> None:
    """Write the picture for light and for dark pages."""
    for name, theme in THEMES.items():
        (DOCS / f"picture-{name}.svg").write_text(draw(theme), encoding="utf-8")


if __name__ == "__main__":
    main()
