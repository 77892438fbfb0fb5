"""Which patterns a file is limited to, with the place of each: the one answer for all checks that look at globs.

    for pattern in patterns(document):
        pattern.text, pattern.start, pattern.end, pattern.key

`text` is the pattern as the editor would get it: without quotes and the blanks around it, else as written. `start` and
`end` are its offsets in `document.text`; `key` is the name of the key. A value that the editor does not read as globs
gives none (Cline's `paths` that is no list). `!…` of Continue is given as it stands. Where the front matter is no YAML,
the lines are read as the lenient readers of Cursor and Windsurf do.

`bases(document)` are the folders that the patterns may be relative to: of `web/.cursor/rules/x.mdc` `web` and the root.
"""

from __future__ import annotations

from driven.check_kit import Document, Key
from driven.plugin_kit import split_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Place -> (key, what a text is: "comma", a list of patterns; "one", a single pattern; "", nothing that is read).
# In a list every item is one pattern. Section 1.3 of the format notes; verified 2026-11-21.
KEYS: dict[str, tuple[str, str]] = {
    "cursor/rule": ("globs", "comma"),
    "copilot/instructions": ("applyTo", "comma"),
    "windsurf/rule": ("globs", "comma"),
    "claude/rule": ("paths", "comma"),
    "cline/rule": ("paths", ""),
    "continue/rule": ("globs", "one"),
    "kiro/rule": ("fileMatchPattern", "one"),
    "kilo/rule": ("paths", "comma"),
    "qwen/rule": ("paths", "comma"),
    "antigravity/rule": ("globs", "comma"),
    "antigravity/old": ("globs", "comma"),
    "trae/rule": ("globs", "comma"),
    "aiassistant/rule": ("patterns", "comma"),
    "skill/skill": ("paths", "comma"),
    "driven/rule": ("paths", "one"),
}
# Places whose documentation does not say that a pattern with a `/` begins at the root: it may match at any depth.
FLOATING = frozenset(
    ("copilot/instructions", "windsurf/rule", "continue/rule", "antigravity/rule", "antigravity/old", "kiro/rule",
     "aiassistant/rule", "skill/skill")
)  # fmt: skip
MOST = 1_000  # patterns of one file; nobody means more


class Pattern:
    """A pattern of a file's front matter: see above."""

    __slots__ = ("end", "key", "start", "text")

    def __init__(self, text: str, start: int, end: int, key: str) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.key = key

    def __repr__(self) -> str:
        return f"Pattern({self.text!r}, {self.start}, {self.end}, {self.key!r})"


def patterns(document: Document) -> list[Pattern]:
    """The patterns of a file, in order; [] where it has none. Made once for each document."""
    known = KEYS.get(document.place)
    if known is None or document.text[:3] not in ("---", "\ufeff--"):
        return []
    name, form = known

    def make() -> list[Pattern]:
        key = document.key(name)
        return [] if key is None else _read(document, key, form)

    return document.shared("globs.patterns", make)


def bases(document: Document) -> tuple[str, ...]:
    """The folders that its patterns may be relative to, the likeliest first; "" is the project."""
    if document.path[:1] == ".":
        return ("",)
    parts = document.folder.split("/")
    inside = any(part[:1] == "." for part in parts)
    return (document.scope, "") if inside and document.scope else ("",)


def _read(document: Document, key: Key, form: str) -> list[Pattern]:
    front = document.front
    value = key.value
    if front is not None and front.problem:
        texts = _lenient(key.raw, form)
    elif isinstance(value, list):
        texts = [item.strip() for item in value if isinstance(item, str)]
    elif isinstance(value, str):
        texts = _split(value, form)
    else:
        return []
    found = []
    at = key.value_start
    for text in texts[:MOST]:
        if text:
            start = _find(document.text, text, at, key.value_end)
            if start < 0:  # written with escapes, or over several lines
                found.append(Pattern(text, key.value_start, key.value_end, key.name))
            else:
                at = start + len(text)
                found.append(Pattern(text, start, at, key.name))
    return found


def _split(text: str, form: str) -> list[str]:
    if form == "comma":
        return split_list(text.replace("\n", ",")) if "\n" in text else split_list(text)
    return [text.strip()] if form == "one" else []


def _find(text: str, wanted: str, at: int, end: int) -> int:
    """Where an item stands, comment lines aside; -1 where it is not written like that."""
    for _ in range(64):
        start = text.find(wanted, at, end)
        if start < 0:
            return -1
        line = text.rfind("\n", 0, start) + 1
        if text[line:start].lstrip(" \t")[:1] != "#":
            return start
        at = start + 1
    return -1


def _lenient(raw: str, form: str) -> list[str]:
    """The items of a value in front matter that is no YAML: a list in brackets, one of lines, or text."""
    if raw[:1] == "[" and raw[-1:] == "]":
        return [_bare(item) for item in split_list(raw[1:-1])]
    if raw[:2] in ("- ", "-\t"):
        lines: Sequence[str] = raw.split("\n")
        return [_bare(line.strip()[1:].strip()) for line in lines if line.strip()[:1] == "-"]
    return [_bare(item) for item in _split(_bare(raw), form)]


def _bare(text: str) -> str:
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
