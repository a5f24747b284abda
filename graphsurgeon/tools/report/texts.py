"""The texts of a page: a string table, and long texts cut with a mark.

What comes out of files may be anything: texts have their control characters escaped, so that none of them is a
surrogate, a mark of direction, or an escape sequence.
"""

from __future__ import annotations

from graphsurgeon.display import printable

#: Texts that are longer, but for names, are cut.
MAX_TEXT = 400
#: No name that a program makes is as long.
MAX_NAME = 4000


class StringTable:
    """Texts with a number each, equal ones with the same.

    Attributes
    ----------
    texts : list of str
    num_cut : int
        How many texts were cut.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.num_cut = 0
        self._numbers: dict[str, int] = {}

    def __getitem__(self, text: str) -> int:
        """Return the number of a text that is shown whole."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(named(text))
        return number

    def cut(self, text: str) -> int:
        """Return the number of a text that may be long."""
        self.num_cut += len(text) > MAX_TEXT
        return self[shortened(text)]


def named(text: str) -> str:
    """Return a name as it is shown."""
    return printable(shortened(text, MAX_NAME))


def shortened(text: str, limit: int = MAX_TEXT) -> str:
    """Return the beginning of a long text, and how much more there is."""
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text) - limit:,} more characters)"
