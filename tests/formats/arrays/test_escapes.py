"""Names escaped, and back; what others wrote is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.arrays import hdf5, npy_directory, npz
from graphsurgeon.formats.arrays.escapes import Escaping, escape, is_encodable, is_printable_ascii, quote, unquote
from proto_utils.errors import UnsupportedError
from tests.formats.arrays.samples import ODD_NAMES, names

FORMATS = [npz.ESCAPING, npy_directory.ESCAPING, hdf5.ESCAPING]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a b", "a b"), ("50%", "50%25"), ("é", "%C3%A9"), ("\udcff", "%FF"), ("a\0", "a%00"), ("", "")],
)
def test_quoted_and_back(text, expected):
    assert quote(text, is_printable_ascii) == expected
    assert unquote(expected) == text


def test_no_unicode():
    with pytest.raises(UnsupportedError, match="no Unicode"):
        escape("\ud800")
    assert [is_encodable(c) for c in ("a", "é", "\ud800", "\udfff", "\ue000")] == [True, True, False, False, True]


def test_slashes_that_make_no_component_are_escaped():
    plain = Escaping(lambda component: quote(component, is_encodable))
    paths = [plain.encode(name) for name in ("a/b", "a//b", "/a", "a/", "/")]
    assert paths == ["a/b", "a%2F%2Fb", "%2Fa", "a%2F", "%2F"]


@pytest.mark.parametrize("escaping", FORMATS)
@pytest.mark.parametrize("path", ["50%", "a%20b", "%zz", "a%2fb", "%C3", "x/%61/y"])
def test_what_we_never_write_is_left_as_it_is(escaping, path):
    if path == "%C3":
        assert escaping.decode(path) == "\udcc3"
    else:
        assert escaping.decode(path) == path


@pytest.mark.parametrize("escaping", FORMATS)
def test_odd_names_lead_nowhere_else(escaping):
    paths = [escaping.encode(name) for name in ODD_NAMES]
    assert len(set(paths)) == len(ODD_NAMES)
    for path, name in zip(paths, ODD_NAMES, strict=True):
        assert not {"", ".", ".."} & set(path.split("/"))
        assert "\0" not in path
        assert escaping.decode(path) == name


@pytest.mark.parametrize("escaping", FORMATS)
@given(name=names() | st.text(min_size=1, alphabet=st.characters(codec="utf-8")))
def test_every_name_comes_back(escaping, name):
    assert escaping.decode(escaping.encode(name)) == name
