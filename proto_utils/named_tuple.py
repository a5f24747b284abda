"""Named tuples whose declaration costs next to nothing.

``typing.NamedTuple`` compiles a constructor for each class, and each annotation besides: for the sixty classes that a
small command imports, that was a fifth of all it did. This `NamedTuple` is declared and used in the same way, and to
type checkers it is that of ``typing``. A constructor is one of those below, which were compiled with this file, with
other names of its parameters.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    try:
        # Written in C: a field is read in half the time that a property takes.
        from _collections import _tuplegetter as _field
    except ImportError:
        from operator import itemgetter

        def _field(position, doc):
            return property(itemgetter(position), doc=doc)

    _new = tuple.__new__
    #: By the number of fields.
    _CONSTRUCTORS = (
        lambda cls: _new(cls, ()),
        lambda cls, a: _new(cls, (a,)),
        lambda cls, a, b: _new(cls, (a, b)),
        lambda cls, a, b, c: _new(cls, (a, b, c)),
        lambda cls, a, b, c, d: _new(cls, (a, b, c, d)),
        lambda cls, a, b, c, d, e: _new(cls, (a, b, c, d, e)),
        lambda cls, a, b, c, d, e, f: _new(cls, (a, b, c, d, e, f)),
        lambda cls, a, b, c, d, e, f, g: _new(cls, (a, b, c, d, e, f, g)),
        lambda cls, a, b, c, d, e, f, g, h: _new(cls, (a, b, c, d, e, f, g, h)),
        lambda cls, a, b, c, d, e, f, g, h, i: _new(cls, (a, b, c, d, e, f, g, h, i)),
        lambda cls, a, b, c, d, e, f, g, h, i, j: _new(cls, (a, b, c, d, e, f, g, h, i, j)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k: _new(cls, (a, b, c, d, e, f, g, h, i, j, k)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m: _new(cls, (a, b, c, d, e, f, g, h, i, j, k, m)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m, n: _new(cls, (a, b, c, d, e, f, g, h, i, j, k, m, n)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o: _new(cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p: _new(
            cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p)
        ),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q: _new(
            cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q)
        ),
    )

    class _Declaration(type):
        """Turns the annotations of a class into fields of a tuple."""

        def __new__(cls, name, bases, namespace):
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace[field] for field in fields if field in namespace}
            own = {
                "__slots__": (),
                "__match_args__": fields,
                "_fields": fields,
                "_field_defaults": defaults,
                "__new__": _constructor(name, fields, tuple(defaults.values())),
                **{field: _field(position, None) for position, field in enumerate(fields)},
            }
            return super().__new__(cls, name, bases, namespace | own)

    def _constructor(name, fields, defaults):
        """Return a function of a class and its fields, the last of which have defaults."""
        code = _CONSTRUCTORS[len(fields)].__code__
        called = f"{name}.__new__"
        names = {"co_name": called, "co_varnames": ("cls", *fields)}
        if "co_qualname" in dir(code):
            names["co_qualname"] = called
        made = FunctionType(code.replace(**names), globals(), called, defaults)
        made.__qualname__ = called
        return made

    class NamedTuple(tuple, metaclass=_Declaration):
        """A tuple whose values have names: those that a class of this one annotates.

        Parameters
        ----------
        *values, **named
            The values, by position or by name. Those that are left out are the defaults of the class.

        Raises
        ------
        TypeError
            A value is missing or given twice, or there is no such field.
        """

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            values = ", ".join(f"{field}={value!r}" for field, value in self._asdict().items())
            return f"{type(self).__name__}({values})"

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **named):
            return type(self)(**{**self._asdict(), **named})
