"""Pages beside rules: files in a folder of rules that no editor loads by itself, and that a rule sends the model to."""

from __future__ import annotations

from driven.check_kit import Document, Repository

MOST = 10_000  # names that are looked for in one file
LONGEST = 100  # characters of a name


def is_page(repository: Repository, document: Document) -> bool:
    """Whether a file without front matter is named by another file of rules: it is then read when that one says so."""
    if document.front is not None or "." in document.name.removesuffix(".md") or document.name == "RULE.md":
        return False
    by = repository.shared("companions:named", lambda: _named(repository)).get(document.name)
    return by is not None and by != document.path


def _named(repository: Repository) -> dict[str, str]:
    """File name -> the path of the file of rules that names it, "" where there are several."""
    names: dict[str, str] = {}
    for document in repository.documents:
        if document.name.lower().startswith("readme"):
            continue  # a list for people: no model follows it
        text, path = document.text, document.path
        at = text.find(".md")
        for _ in range(MOST):
            if at < 0:
                break
            start, first = at, max(0, at - LONGEST)
            while start > first and (text[start - 1].isalnum() or text[start - 1] in "._-"):
                start -= 1
            name = text[start : at + 3]
            if names.setdefault(name, path) != path:
                names[name] = ""
            at = text.find(".md", at + 3)
    return names
