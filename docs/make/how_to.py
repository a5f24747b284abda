"""What the site adds to the pages of verbs: their list by groups, and the examples that ``VERB --help`` shows."""

from __future__ import annotations

from graphsurgeon.cli import catalog

_BEFORE = "## See also\n"


def page(name: str, markdown: str) -> str:
    """Return a page of the folder as the site has it: the index, or that of a verb."""
    return markdown + by_group() if name == "index.md" else with_examples(name.removesuffix(".md"), markdown)


def with_examples(verb: str, markdown: str) -> str:
    """Return the page of a verb with the examples of its help in front of what else to see."""
    lines = [
        f"# {about[0].upper()}{about[1:]}:\n$ graphsurgeon {command}\n" if about else f"$ graphsurgeon {command}\n"
        for command, about in catalog.examples(verb)
    ]
    if not lines:
        return markdown
    section = f"## As `{verb} --help` shows it\n\n```console\n{''.join(lines)}```\n\n"
    return markdown.replace(_BEFORE, section + _BEFORE, 1)


def by_group() -> str:
    """Return the list of all verbs, each with a link to its page, by what they are for."""
    lines = [
        f"- **{group}**: {', '.join(f'[{verb}]({verb}.md)' for verb in listed)}\n"
        for group, listed in catalog.groups().items()
    ]
    return f"\n## Verbs by what they are for\n\n{''.join(lines)}"
