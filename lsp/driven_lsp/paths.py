"""Paths as texts write them: taken apart, looked up from the folders they may count from, written anew."""

from __future__ import annotations

import re

from driven.document.paths import folders, joined, relative
from driven.format.text import rule_id_for
from driven.project.sources import RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from driven.document.document import Document
    from driven_lsp.mentions import Mention

LINES = re.compile(r":[0-9]{1,7}(?:[-:][0-9]{1,7})?$")  # `src/a.py:12`, `:12-20`, `:12:3`
OWN_FOLDER = frozenset(("claude", "gemini", "qwen"))  # their imports count from the folder of the file


def bases(document: Document, kind: str, head: str, at: int) -> Sequence[str]:
    """The folders that a path at the offset `at` may be relative to."""
    if head or (kind == "path" and (document.place == "driven/config" or at < document.body_start)):
        return ("",)
    if document.place == "aider/config":
        return (document.folder,)
    if kind == "import" and document.editor in OWN_FOLDER:
        return (document.folder,)
    return folders(document.folder)


def split_target(raw: str, kind: str) -> tuple[str, str, str]:
    """What stands before a path (`mdc:`, `/`), the path as it is written, and what is behind it (`#part`, `:12`)."""
    head = "mdc:" if raw.startswith("mdc:") else ""
    if raw[len(head) : len(head) + 1] == "/":
        head += "/"
    path = raw[len(head) :]
    stops = [at for char in "#?" if (at := path.find(char)) >= 0] if kind in ("link", "import") else []
    cut = min(stops, default=len(path))
    lines = LINES.search(path[:cut])
    if lines:
        cut = lines.start()
    return head, path[:cut], path[cut:]


def unescaped(path: str) -> str:
    """The target of a link as a path."""
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    return path.replace("\\_", "_").replace("\\(", "(").replace("\\)", ")") if "\\" in path else path


def rewritten(document: Document, mention: Mention, new: str, folder: str | None = None) -> str:
    """The text of a mention that is to lead to the path `new`, in the manner in which it is written; its anchor stays.

    `folder`: where the document is going to stand, if it moves too. The same text when nothing has to change.
    """
    raw = document.text[mention.start : mention.end]
    going = document.folder if folder is None else folder
    head, path, tail = split_target(raw, mention.kind)
    if not path or not mention.path:
        return raw
    if mention.kind == "glob":
        return raw if new == mention.path else head + new + path[len(path.rstrip("/")) :]
    if mention.kind == "rule":
        return rule_id_for(new.removeprefix(RULES + "/")) if new.startswith(RULES + "/") else raw
    near = bases(document, mention.kind, head, mention.start)
    base = next((base for base in near if _leads(base, path, mention.path)), None)
    if base is None:
        return raw
    start = base  # where the new path is to count from
    stays = head or (len(near) == 1 and base != document.folder)  # it counts from the root wherever it stands
    if not stays and (base == document.folder or base not in folders(going)):
        start = going
    if start == base and mention.path == new:
        return raw
    text = relative(new, start)
    if mention.path.endswith(".md") and joined(base, unescaped(path)) != mention.path:
        text = text.removesuffix(".md")  # it was left out
    if path.startswith("./") and not text.startswith("../"):
        text = "./" + text
    if path.endswith("/"):
        text += "/"
    if mention.kind == "import":
        text = text.replace(" ", "\\ ")
    elif mention.kind == "link" and document.text[mention.start - 1 : mention.start] != "<":
        text = text.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    return head + text + tail


def _leads(base: str, path: str, to: str) -> bool:
    whole = joined(base, unescaped(path).replace("\\ ", " "))
    return whole is not None and whole in (to, to.removesuffix(".md"))
