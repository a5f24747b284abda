"""Files of the root are pages: links lead to pages, or say the path of what is not one."""

from __future__ import annotations

from docs.make.root_pages import moved


def test_links_lead_to_pages():
    text = "[A](docs/verbs.md), [B](CONTRIBUTING.md#versions), [C](https://c), [D](#d)"
    assert moved(text) == "[A](verbs.md), [B](contributing.md#versions), [C](https://c), [D](#d)"


def test_what_is_no_page_is_named():
    assert moved("[Notebooks](examples/README.md)") == "Notebooks (`examples/README.md`)"


def test_pictures_are_beside_the_page():
    assert moved('<img src="docs/p.svg">') == '<img src="p.svg">'
