"""docs/template-library.md: every template of the library, what it asks for and what it brings.

`python docs/template_library.py` writes it; a test holds the page to the library. Change the template, not the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from driven.fusion.template import Template
from driven.fusion.variables import fits, written
from driven.registry import load
from driven.templating.conditions import condition_of
from driven.templating.finding import Library

ROOT = Path(__file__).resolve().parents[1]
TITLES = {"persona": "Personas", "project": "Projects", "standard": "Standards", "workflow": "Workflows"}
SAID = {
    "persona": "A role that an agent takes: what it looks at, what it leaves alone, and what it hands back. It is taken"
    " up for a task that fits its description; with `--set attach=files`, with the files that it is about.",
    "project": "A kind of project: how it is laid out and run, with the standards and workflows that go with it.",
    "standard": "How one thing is written, in one language or in all.",
    "workflow": "Steps, each with its end; taken up as a persona is.",
}


def library() -> Library:
    """The templates that come with driven, and no others."""
    return Library("", load(editors=(), templates=True, strangers=False))


def document(found: Library) -> str:
    """The page."""
    return "\n".join(_page(found)).rstrip("\n") + "\n"


def _page(found: Library) -> Iterator[str]:
    templates = found.all()
    yield from (
        "# The template library", "",
        "Written from the templates by `python docs/template_library.py`; change the template, not this page.",
        "[Templates](templates.md) says how they are found and applied; `driven template show NAME` shows one.", "",
        f"{len(templates)} templates.", "",
    )  # fmt: skip
    for kind, title in TITLES.items():
        yield from (f"## {title}", "", SAID[kind], "")
        for one in templates:
            if one.kind == kind:
                yield from _entry(found, one)


def _entry(found: Library, one: Template) -> Iterator[str]:
    yield from (f"### {one.name}", "", one.description, "")
    condition = condition_of(found, one)
    if condition:
        yield f"- holds when `{condition}`"
    if one.tags:
        yield f"- tags: {', '.join(one.tags)}"
    if one.include:
        yield f"- brings {', '.join(f'[{name}](#{_anchor(name)})' for name in one.include)}"
    for variable in one.variables:
        default = written(variable.default)
        shown = " must be given" if variable.default is None else f" `{default}`" if default else ""
        help = f": {variable.help}" if variable.help else ""
        yield f"- `{variable.name}`{shown} ({fits(variable)}){help}"
    if condition or one.tags or one.include or one.variables:
        yield ""


def _anchor(name: str) -> str:
    return name.lower().replace("/", "")


if __name__ == "__main__":
    page = ROOT / "docs/template-library.md"
    page.write_text(document(library()), encoding="utf-8")
    print(page, file=sys.stderr)
