"""What a document names: rules, files, editors, globs, addresses; where each of them leads, and how it is written anew.

A path in a text is looked for beside the file, then in the folders above it, then from the project's root, as editors
and models do; an import of Claude Code, Gemini CLI or Qwen Code counts from its file alone. What driven copied into an
editor's file means what it means in its rule.
"""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

from driven.document.paths import joined
from driven.format.text import rule_id_for
from driven.frozen import frozen
from driven.project.config import CONFIG
from driven.project.sources import RULES
from driven_lsp.marks import Mark, link_at, marks_of
from driven_lsp.paths import LINES, bases, split_target, unescaped
from driven_lsp.world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from driven.document.document import Document
    from driven_lsp.snapshot import Snapshot

    MentionKind = Literal["link", "import", "path", "rule", "glob", "marker", "target", "url"]

KEPT = 4_096  # documents whose marks are kept
MEANT = frozenset(("claude", "gemini", "qwen", "driven"))  # where `@word.md` is an import, there or not
_TEMPLATES = frozenset("{}<>$*|`^\n\"';!…[]:")
_CUE = re.compile(r"\b(?:rules?|see|follow\w*|driven)\b", re.IGNORECASE)
_BEHIND = ".,;:!?)]}'\"’”>"


@frozen
class Mention:
    """A word of a document that names something. `start` to `end` is that word alone: the target of a link, what stands
    behind the `@` of an import, a name without its quotes or ticks.

    `path`: the file or folder of the project that it leads to, "" for none; of an editor the configuration. `rule_id`:
    the rule, when it leads to one. `exists`: whether it is there; a glob with wildcards counts as there.
    """

    start: int
    end: int
    kind: MentionKind
    path: str = ""
    rule_id: str = ""
    url: str = ""
    exists: bool = True


_WORLDS: WeakKeyDictionary[Snapshot, World] = WeakKeyDictionary()
_LAST: dict[str, World] = {}  # of each folder
_MARKS: dict[tuple[str, str], tuple[Document, list[Mark]]] = {}
_NO_MARKS: tuple[None, list[Mark]] = (None, [])


def mentions_of(snapshot: Snapshot, document: Document) -> list[Mention]:
    """Everything that a document names, in order. Kept for as long as the snapshot."""
    world = _world(snapshot)
    known = world.mentions.get(document.path)
    if known is None or known[0] is not document:
        asked, world.asked = world.asked, False
        made = [mention for mark in marks(snapshot, document) if (mention := _resolve(snapshot, world, document, mark))]
        known = world.mentions[document.path] = (document, made, world.asked)
        world.asked = world.asked or asked
    return known[1]


def mention_at(snapshot: Snapshot, document: Document, offset: int, *, text: bool = False) -> Mention | None:
    """The mention at a place; its end counts too. With `text` also that of the link whose text stands there."""
    found = mentions_of(snapshot, document)
    for mention in found:
        if mention.start <= offset <= mention.end:
            return mention
    start = link_at(document, offset)[2] if text else -1
    return next((mention for mention in found if mention.start == start), None) if start >= 0 else None


def marks(snapshot: Snapshot, document: Document) -> list[Mark]:
    """The marks of a document, kept for as long as it is the newest of its path."""
    at = (snapshot.root, document.path)
    known, found = _MARKS.get(at, _NO_MARKS)
    if known is not document:
        found = marks_of(document)
        if len(_MARKS) >= KEPT:
            _MARKS.clear()
        _MARKS[at] = (document, found)
    return found


def rule_ids(snapshot: Snapshot) -> dict[str, str]:
    """The id of every rule, also of those that cannot be read, and its file."""
    return _world(snapshot).ids


def rule_id_of(path: str) -> str:
    """The id of the rule at a path, "" when it is no rule's file."""
    if not path.startswith(RULES + "/") or not path.endswith(".md"):
        return ""
    return rule_id_for(path[len(RULES) + 1 :])


def is_all_written(snapshot: Snapshot, document: Document) -> bool:
    """Whether driven writes all of a file, or all but the sections of other tools."""
    return document.place != "driven/rule" and document.path in _world(snapshot).written(snapshot)


def is_alias(snapshot: Snapshot, document: Document) -> bool:
    """Whether a document is another one by a link: an edit of both would be made twice."""
    known = snapshot.view.documents.get(document.path)
    return known is not None and known.linked != ""


def is_written(snapshot: Snapshot, document: Document, offset: int) -> bool:
    """Whether what stands at a place is written by driven: an edit belongs in the rule."""
    if any(start <= offset < end for start, end in document.ours):
        return True
    return is_all_written(snapshot, document)


def is_there(snapshot: Snapshot, path: str) -> bool:
    """Whether a file or folder of the project is there."""
    return _world(snapshot).exists(snapshot, path)


def is_file(snapshot: Snapshot, path: str) -> bool:
    """Whether there is a file, and no folder."""
    return bool(path) and is_there(snapshot, path) and not _world(snapshot).is_folder(path)


def _world(snapshot: Snapshot) -> World:
    world = _WORLDS.get(snapshot)
    if world is None:
        files = snapshot.files.files()
        world = _LAST.get(snapshot.root)
        if world is None or not world.fits(snapshot, files):
            world = _LAST[snapshot.root] = World(snapshot, files)
        _WORLDS[snapshot] = world
    return world


def _resolve(snapshot: Snapshot, world: World, document: Document, mark: Mark) -> Mention | None:
    kind, start, end, text = mark
    match kind:
        case "url":
            return Mention(start=start, end=end, kind="url", url=text)
        case "code":
            return _of_code(snapshot, world, document, mark)
        case "target" | "marker":
            known = text in snapshot.view.plugins.emitters
            path = CONFIG if snapshot.is_managed else ""
            return Mention(
                start=start, end=end, kind="marker" if kind == "marker" else "target", path=path, exists=known
            )
        case "glob":
            plain = text.removeprefix("./").strip("/")
            if not plain or any(char in text for char in "*?[]{}"):
                return Mention(start=start, end=end, kind="glob")
            return Mention(start=start, end=end, kind="glob", path=plain, exists=world.exists(snapshot, plain))
        case "import":
            return _of_import(snapshot, world, document, mark)
        case _:
            return _of_path(snapshot, world, document, mark)


def _of_path(snapshot: Snapshot, world: World, document: Document, mark: Mark) -> Mention | None:
    """A link, or the path that a setting holds."""
    kind: Literal["link", "path"] = "link" if mark[0] == "link" else "path"
    head, path, tail = split_target(mark[3], kind)
    if not path:  # an anchor alone
        if kind != "link" or len(tail) < 2 or tail[0] != "#":
            return None
        return Mention(start=mark[1], end=mark[2], kind=kind, path=document.path)
    path = unescaped(path)
    if not _TEMPLATES.isdisjoint(path) or "//" in path or "..." in path:
        return None
    found, there = _find(snapshot, world, world.near(snapshot, document, kind, head, mark[1]), path)
    if not found or (not there and kind == "link" and "." not in path and "/" not in path):
        return None
    return Mention(start=mark[1], end=mark[2], kind=kind, path=found, rule_id=_id(world, found), exists=there)


def _of_import(snapshot: Snapshot, world: World, document: Document, mark: Mark) -> Mention | None:
    _, start, end, text = mark
    if text[:1] in "/~@" or not _TEMPLATES.isdisjoint(text) or "..." in text or "//" in text:
        return None
    near = bases(document, "import", "", start)
    bare = text.partition("#")[0].replace("\\ ", " ")
    found, there = _find(snapshot, world, near, bare, pages=False)
    if not there and bare[-1:] in _BEHIND:
        cut = bare.rstrip(_BEHIND)
        second, is_second = _find(snapshot, world, near, cut, pages=False)
        if is_second or cut.rpartition("/")[2].count(".") > 0:
            end -= len(text) - len(text.rstrip(_BEHIND))
            found, there, bare = second, is_second, cut
    if not found or end <= start:
        return None
    if there:
        if world.is_folder(found):
            return None
    elif document.editor not in MEANT or not bare.endswith((".md", ".mdc", ".txt")):
        return None
    return Mention(start=start, end=end, kind="import", path=found, rule_id=_id(world, found), exists=there)


def _of_code(snapshot: Snapshot, world: World, document: Document, mark: Mark) -> Mention | None:
    """A code span: the id of a rule, or a path that is there."""
    _, start, end, text = mark
    path = world.ids.get(text)
    if path is not None and ("/" in text or "-" in text or _is_cued(document.text, start, end)):
        return Mention(start=start, end=end, kind="rule", path=path, rule_id=text)
    bare = LINES.sub("", text)
    if ("/" not in bare and "." not in bare) or not _TEMPLATES.isdisjoint(bare) or bare[0] in "/~@-#" or "//" in bare:
        return None
    end = start + len(bare)
    near = world.near(snapshot, document, "path", "", start)
    found, there = _find(snapshot, world, near, bare, pages=False)
    if there and found:
        return Mention(start=start, end=end, kind="path", path=found, rule_id=_id(world, found))
    rule_id = rule_id_of(bare)
    if rule_id:
        return Mention(start=start, end=end, kind="path", path=bare, rule_id=rule_id, exists=False)
    if bare.rpartition("/")[0] in world.tops and rule_id_for(bare) == bare and _is_cued(document.text, start, end):
        return Mention(start=start, end=end, kind="rule", path=f"{RULES}/{bare}.md", rule_id=bare, exists=False)
    return None


def _id(world: World, path: str) -> str:
    return world.paths.get(path) or rule_id_of(path)


def _is_cued(text: str, start: int, end: int) -> bool:
    """Whether the line says that it speaks of a rule: `style` alone may be any word."""
    before = text[max(text.rfind("\n", 0, start) + 1, start - 60) : start]
    feed = text.find("\n", end)
    before = before[before.rfind(". ") + 1 :]
    return bool(_CUE.search(before) or _CUE.search(text[end : min(feed if feed >= 0 else len(text), end + 20)]))


def _find(
    snapshot: Snapshot, world: World, near: Sequence[str], path: str, *, pages: bool = True
) -> tuple[str, bool]:  # fmt: skip
    """The file or folder that a path means, and whether it is there; "" when it leaves the project."""
    at = (near, path, pages)
    known = world.found.get(at)
    if known is None:
        asked, world.asked = world.asked, False
        known = world.found[at] = (*_look(snapshot, world, near, path, pages), world.asked)
        world.asked = asked
    world.asked = world.asked or known[2]
    return known[:2]


def _look(snapshot: Snapshot, world: World, near: Sequence[str], path: str, pages: bool) -> tuple[str, bool]:
    first: str | None = None
    for base in near:
        whole = joined(base, path)
        if whole is None:
            continue
        if whole and world.exists(snapshot, whole):
            return whole, True
        if first is None:
            first = whole
    if pages and first and "." not in path.rpartition("/")[2]:
        for base in near:
            whole = joined(base, path)
            if whole and world.exists(snapshot, whole + ".md"):
                return whole + ".md", True
    return first or "", False
