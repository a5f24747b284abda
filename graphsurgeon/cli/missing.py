"""A package that graphsurgeon needs and that is not installed: said in one line that tells what to type.

Imports nothing, so that it works whatever is missing.
"""

from __future__ import annotations

#: The exit code, that of an operation that declines.
DECLINED = 4
#: What a package is imported as, when that is not what it is installed as.
_INSTALLED_AS = {"apache_beam": "apache-beam", "google": "protobuf", "yaml": "pyyaml"}
_NEEDED = frozenset(("protobuf", "numpy", "crc32c", "ml_dtypes", "cramjam", "click", "rich", "pyyaml"))
#: What a verb needs that not everybody has.
_OPTIONAL = frozenset(("apache-beam",))


def missing_package(error: BaseException) -> str | None:
    """Return the dependency whose absence an error tells of, by the name that it is installed by; else None."""
    if not isinstance(error, ModuleNotFoundError):
        return None
    module = (error.name or "").partition(".")[0]
    package = _INSTALLED_AS.get(module, module)
    return package if package in _NEEDED | _OPTIONAL else None


def describe_missing(package: str) -> dict[str, object]:
    """Return the absence of a package as the object that ``--json`` prints."""
    message = f"graphsurgeon needs the package {package}, which is not installed: python -m pip install {package}"
    return {"type": "ModuleNotFoundError", "message": message, "package": package}
