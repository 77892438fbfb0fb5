"""Which files Claude Code's memory and rules import, followed from file to file, four hops deep.

https://code.claude.com/docs/en/memory#import-additional-files (verified 2026-11-21).
"""

from __future__ import annotations

from driven.check_kit import Document, Repository
from driven_checks.claude_words import OK, PROSE, Import, imports_of

HOPS = 4
MOST = 2_000  # files that are followed
PLACES = ("claude/memory", "claude/rule")


class Graph:
    """Who imports what. `files` are in the order in which they are reached; `depth` counts hops from a file that Claude
    Code reads by itself; `parent` is the import that reached a file first."""

    __slots__ = ("depth", "files", "imports", "is_rule_file", "parent")

    def __init__(self) -> None:
        self.files: dict[str, Document] = {}
        self.imports: dict[str, list[Import]] = {}
        self.depth: dict[str, int] = {}
        self.parent: dict[str, tuple[str, Import]] = {}
        self.is_rule_file: set[str] = set()

    def anchor(self, path: str, one: Import) -> tuple[str, Import]:
        """Where to tell of an import: there, or where the chain to its file leaves the last rule file."""
        for _ in range(HOPS + 2):
            if path in self.is_rule_file or path not in self.parent:
                break
            path, one = self.parent[path]
        return path, one


def graph(repository: Repository) -> Graph:
    """The graph of a repository, made once."""
    return repository.shared("claude imports", lambda: _follow(repository))


def _follow(repository: Repository) -> Graph:
    made = Graph()
    todo: list[str] = []
    for document in repository.of(*PLACES):
        if document.place == "claude/memory" or document.name.endswith(".md"):
            made.files[document.path] = document
            made.depth[document.path] = 0
            made.is_rule_file.add(document.path)
            if "@" in document.text:
                todo.append(document.path)
    for path in todo:
        document = made.files[path]
        found = made.imports[path] = imports_of(document, repository)
        for one in found:
            target = one.path
            if one.verdict != OK or target in made.depth or made.depth[path] == HOPS or len(made.files) >= MOST:
                continue
            made.depth[target] = made.depth[path] + 1
            made.parent[target] = (path, one)
            known = repository.document(target)
            suffix = target.rpartition("/")[2].partition(".")[2].lower()
            text = repository.read(target) if known is None and (not suffix or suffix in PROSE) else None
            if known is not None:
                made.is_rule_file.add(target)
            if known is not None or text is not None:
                made.files[target] = known or Document(target, (text or "").encode("utf-8", "surrogatepass"), place="")
                todo.append(target)
    return made
