"""`textDocument/completion`: keys, values, editors, globs, paths, rules and codes, wherever one may stand."""

from __future__ import annotations

from driven_lsp.front_place import place_at
from driven_lsp.values import Completions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from driven.document.document import Document
    from driven_lsp.features.completion_kit import Proposals
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here

SHOWN = 1_200  # characters of a file that are shown of it


def complete(here: Here) -> Completions:
    """What may be written at the cursor."""
    document = here.snapshot.document(here.path)
    if document is None or not 0 <= here.offset <= len(document.text):
        return Completions()
    into = _proposals(here, document)
    if into is None:
        return Completions()
    slot = into.slot
    if not slot.start <= here.offset <= slot.end:
        return Completions()  # before the quote of a value
    return Completions(items=tuple(into.items), incomplete=into.incomplete)


def _proposals(here: Here, document: Document) -> Proposals | None:
    from driven_lsp.features.completion_body import complete_body, complete_comment, complete_start

    found = complete_comment(here, document) or complete_start(document, here.offset)
    if found is not None:
        return found
    place = place_at(document, here.offset)
    if place is not None:
        if document.place == "driven/config":
            from driven_lsp.features.completion_config import complete_config

            return complete_config(here, document, place)
        from driven_lsp.features.completion_front import complete_front

        return complete_front(here, document, place)
    if not document.path.endswith((".md", ".mdc", ".txt", ".markdown")) and "." in document.name.lstrip("."):
        return None
    if here.offset < document.body_start:
        return None
    return complete_body(here, document)


def resolve(snapshot: Snapshot, data: Mapping[str, Any]) -> str:
    """The doc of a proposal, from its `data`: Markdown, "" for none."""
    match data.get("kind"), data:
        case "key", {"place": str(where), "path": list(path), "name": str(name)}:
            return _key(snapshot, where, tuple(map(str, path)), name)
        case "glob", {"glob": str(glob)}:
            from driven_lsp.glob_text import glob_text

            return glob_text(snapshot, glob)
        case "code", {"code": str(code)}:
            from driven_lsp.code_text import code_text

            return code_text(snapshot, code)
        case "editor", {"name": str(name)}:
            target = snapshot.targets.get(name)
            if target is None:
                return ""
            from driven_lsp.editor_text import editor_text

            return editor_text(snapshot, target)
        case "rule", {"id": str(rule_id)}:
            rule = snapshot.rule(rule_id)
            if rule is None:
                return ""
            from driven_lsp.landing_text import about_rule

            return about_rule(snapshot, rule)
        case "file", {"path": str(path)}:
            return _file(snapshot, path)
    return ""


def _key(snapshot: Snapshot, where: str, path: tuple[str, ...], name: str) -> str:
    from driven_lsp import keys

    key = keys.key_doc(where, path, name)
    if key is None and where == "driven/config":
        from driven_lsp.features.completion_config import known_at

        key = known_at(snapshot, path).get(name)
    return keys.markdown(key) if key is not None else ""


def _file(snapshot: Snapshot, path: str) -> str:
    """How a rule file begins; nothing of any other file: it may hold anything."""
    from driven.document.places import TEXT, place_of

    if place_of(path) not in TEXT and not path.endswith(".md"):
        return ""
    document = snapshot.document(path)
    if document is None:
        return ""
    text = document.text[document.body_start : document.body_start + SHOWN].strip("\ufeff \t\r\n")
    ticks = "````" if "```" in text else "```"
    return f"{ticks}markdown\n{text}\n{ticks}" if text and ticks not in text else ""
