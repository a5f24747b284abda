"""Packages of which every file is one public function or verb of the same name: passes, edits and verbs.

A file whose name Python could not import, `import` for one, ends in an underscore; what it holds has the name without.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from keyword import iskeyword
from typing import Any

#: How the public functions of `graphsurgeon` are found by their names, for methods of lower floors that are the same;
#: the package says so when it is imported.
public: Callable[[str], Any]


class Registry:
    """The functions of a package, found by its files and imported when asked for.

    Parameters
    ----------
    package : str
        The dotted name.
    path : str
        Of its ``__init__.py``.
    """

    def __init__(self, package: str, path: str) -> None:
        self._package = package
        self._folder = os.path.dirname(path)

    def names(self) -> tuple[str, ...]:
        """Return the names of all functions; imports none of them."""
        files = os.listdir(self._folder)
        stems = (file[:-3] for file in files if file.endswith(".py") and not file.startswith("_"))
        return tuple(sorted(stem.removesuffix("_") for stem in stems))

    def stem(self, name: str) -> str:
        """Return the last part of the module of a function: its name, and an underscore after a keyword."""
        return f"{name}_" if iskeyword(name) else name

    def path(self, name: str) -> str:
        """Return the file of a function."""
        return os.path.join(self._folder, f"{self.stem(name)}.py")

    def load(self, name: str) -> Callable[..., Any]:
        """Import a function and return it.

        Raises
        ------
        KeyError
            There is none of that name.
        """
        if name not in self.names():
            raise KeyError(name)
        function: Callable[..., Any] = getattr(import_module(f"{self._package}.{self.stem(name)}"), name)
        return function
