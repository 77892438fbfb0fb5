"""The `@path` imports of CLAUDE.md: where they stand in the text, and which files they take in.

Vendor facts, https://code.claude.com/docs/en/memory, verified 2026-11-21: `@path` counts anywhere outside of code spans
and fences, relative to the file that holds it; `~/` and absolute paths are allowed; a blank is escaped with a
backslash, a quoted path is no import; files that are taken in take in others, four hops deep; a missing file is
silently nothing. Block-level HTML comments are taken out before the model sees the text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from driven.frozen import field, frozen, record
from driven.plugin_kit import one_line
from driven_emitters.markdown_read import prose

HOPS = 4
MOST = 500  # imports of one file; a list of names with `@` in front is no instruction
_IMPORT = re.compile(r"(?<!\S)@((?:\\ |\S)+)")
_START = re.compile(r"[\w.~/-]")
_SHOWN = 10  # findings of one kind for one file


@frozen
class Import:
    """`@target` on `line` of a file; `path` is what it names, relative to the project root, "" outside of it."""

    target: str
    line: int
    path: str


@record
class Taken:
    """What the files take in. `by` maps each path that is taken in to the files that begin a chain to it; `imports`
    holds those of every file of a chain; `findings` are (path, code, line, message, hint)."""

    by: dict[str, list[str]] = field(default_factory=dict)
    imports: dict[str, list[Import]] = field(default_factory=dict)
    findings: list[tuple[str, str, int, str, str]] = field(default_factory=list)


def imports_of(text: str, path: str) -> list[Import]:
    """The imports in `text`, which stands at `path`: each target once, in the order of the text, at most `MOST`."""
    shown, _ = prose(text)
    found: dict[str, Import] = {}
    line, done = 1, 0
    for match in _IMPORT.finditer(shown):
        target = match[1].partition("#")[0].rstrip(".,;:!?)\"'").replace("\\ ", " ")
        if not _START.match(target) or target in found or not target.isprintable():
            continue
        if len(found) == MOST:
            break
        line += shown.count("\n", done, match.start())
        done = match.start()
        found[target] = Import(target=target, line=line, path=resolved(path, target))
    return list(found.values())


def resolved(path: str, target: str) -> str:
    """What `target` names in the file at `path`, relative to the project root; "" where that is not in the project."""
    if target.startswith(("/", "~")) or "\\" in target:
        return ""
    found = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return "" if found.startswith("../") or found in ("..", ".") else found


def take_in(texts: Mapping[str, str], begins: Callable[[str], bool]) -> Taken:
    """Follow the imports through `texts` (path -> text), from the files of which `begins` says that they are read
    anyway."""
    out = Taken()
    nearest: dict[str, int] = {}  # hops from the next file that is read anyway
    for top in texts:
        if begins(top):
            depths = {top: 0}
            queue = [top]
            for path in queue:
                queue += _next(path, top, texts, depths, out, begins)
            for path, depth in depths.items():
                nearest[path] = min(depth, nearest.get(path, depth))
    for path, depth in nearest.items():
        _missing(path, depth, texts, out)
    _cycles(out)
    out.findings = list(dict.fromkeys(out.findings))
    return out


def _next(
    path: str, top: str, texts: Mapping[str, str], depths: dict[str, int], out: Taken, begins: Callable[[str], bool]
) -> list[str]:
    """The files that `path` takes in and that no file nearer to `top` has taken in already."""
    if path not in out.imports:
        out.imports[path] = imports_of(texts[path], path)
    found: list[str] = []
    for item in out.imports[path]:
        if item.path not in texts or item.path in depths or begins(item.path):
            continue
        if depths[path] == HOPS:
            out.findings.append((path, "CLA08", item.line, *_told(item, "CLA08", f"`{top}`")))
            continue
        depths[item.path] = depths[path] + 1
        out.by.setdefault(item.path, []).append(top)
        found.append(item.path)
    return found


def _missing(path: str, depth: int, texts: Mapping[str, str], out: Taken) -> None:
    """Findings for what the file at `path`, `depth` hops away, names and nobody handed us."""
    for code, items in _by_code([item for item in out.imports[path] if item.path not in texts]).items():
        if depth == HOPS and code != "CLA16":  # it may well be there: so far away, nobody looked
            if code == "CLA10":
                continue
            code = "CLA08"
        for item in items[:_SHOWN]:
            out.findings.append((path, code, item.line, *_told(item, code, "the first file")))


def _by_code(missing: list[Import]) -> dict[str, list[Import]]:
    found: dict[str, list[Import]] = {}
    for item in missing:
        last = item.target.rpartition("/")[2]
        named = item.target.startswith(("./", "../")) or "." in last[1:-1]  # a path, whether it is there or not
        found.setdefault("CLA16" if not item.path else "CLA07" if named else "CLA10", []).append(item)
    return found


def _told(item: Import, code: str, top: str) -> tuple[str, str]:
    """The message and the hint. `top`: from where the chain begins."""
    shown = f"`@{one_line(item.target)[:80]}`"
    match code:
        case "CLA16":
            message = f"{shown} is outside of the project: it stays an import, and no other editor gets it"
            return message, "move the text into the project to share it"
        case "CLA08":
            message = f"{shown} is more than {HOPS} hops from {top}: Claude Code does not take it in"
            return message, "take it in from a file nearer to the first"
        case "CLA07":
            return f"{shown} names no file: nothing is loaded", "correct the path"
        case _:
            return f"{shown} looks like an import, and there is no such file", "write it as `code`"


def _cycles(out: Taken) -> None:
    """A finding for each import that closes a circle."""
    done: set[str] = set()
    for top in out.imports:
        stack = [(top, iter(out.imports[top]))] if top not in done else []
        chain = {path: None for path, _ in stack}
        while stack:
            path, rest = stack[-1]
            item = next(rest, None)
            if item is None:
                done.add(path)
                chain.pop(path)
                stack.pop()
            elif item.path in chain:
                held = list(chain)
                circle = " -> ".join([*held[held.index(item.path) :][:5], item.path])
                message = f"a circle of imports: {circle}"
                out.findings.append((path, "CLA09", item.line, message, f"take out `@{one_line(item.target)[:80]}`"))
            elif item.path in out.imports and item.path not in done:
                chain[item.path] = None
                stack.append((item.path, iter(out.imports[item.path])))
