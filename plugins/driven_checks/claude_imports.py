"""The `@path` imports of Claude Code's memory and rules: https://code.claude.com/docs/en/memory (verified 2026-11-21).

What is wrong in an imported file that is no rule file is told where the chain leaves the last rule file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from driven.check_kit import Document, Edit, Finding, Repair, Repository, repository_check
from driven_checks.claude_graph import HOPS, PLACES, Graph, graph
from driven_checks.claude_words import BEHIND, FOLDER, MISSING, NEAR, OK, UNSURE, WORD, Import
from driven_checks.elsewhere import is_for_another

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Severity

DOCS = "https://code.claude.com/docs/en/memory#import-additional-files"
AGENTS_DOCS = "https://code.claude.com/docs/en/memory#agents-md"
VERIFIED = "2026-11-21"
MOST_CIRCLES = 50
MOST_HELPED = 20  # missing files for which another is looked for
_COMMON = frozenset(("readme.md", "index.md", "changelog.md", "agents.md", "claude.md", "skill.md", "package.json"))
MOST_COMPARED = 200_000  # characters of two files
_NO_BETTER = "correct the path, which counts from the folder of this file, or put it in backticks if it is no import"
_COPY = 0.6  # of the lines of AGENTS.md: so many of them in CLAUDE.md make it a copy


def _told(
    made: Graph, path: str, one: Import, message: str, hint: str, repair: Repair | None = None,
    severity: Severity | None = None,
) -> Finding:  # fmt: skip
    """A finding at an import, or at the import that leads to its file."""
    where, at = made.anchor(path, one)
    if where != path:
        message = f"in `{path}`, which is imported here, {message}"
        repair = None
    return Finding(
        message=message, hint=hint, start=at.start, end=at.end, path=where, repair=repair, severity=severity
    )  # fmt: skip


def _name(one: Import) -> str:
    shown = one.target if len(one.target) <= 80 else one.target[:79] + "…"
    return f"`@{shown}`"


@repository_check(
    "CLA07", "an import of a file that is not there", *PLACES,
    why="Claude Code looks for the file next to the one that imports it, and skips it without a word when it is not"
    " there. Punctuation right behind the path is taken for a part of it, and a folder is not read.",
    url="https://github.com/anthropics/claude-code/issues/86060", verified=VERIFIED,
    bad="@docs/stlye.md", good="@docs/style.md", fix="unsafe",
)  # fmt: skip
def missing_import(repository: Repository) -> Iterator[Finding]:
    made = graph(repository)
    helped = 0
    for path, found in made.imports.items():
        for one in found if not is_for_another(path) else ():
            if one.verdict == BEHIND:
                text = made.files[path].text
                mark = "`" + text[one.end : one.end + 1] + "`"
                repair = Repair(
                    title="Put a blank behind the path", edits=(Edit(start=one.end, end=one.end, text=" "),)
                )
                yield _told(
                    made, path, one, f"the {mark} right behind {_name(one)} counts as a part of the path; Claude"
                    " Code finds no such"
                    " file and loads nothing", "put a blank or a line end behind the path", repair,
                )  # fmt: skip
            elif one.verdict == FOLDER:
                told = f"{_name(one)} is a folder; Claude Code imports files only, and loads nothing"
                yield _told(made, path, one, told, "name the files, or put it in backticks", severity="warning")
            elif one.verdict in (MISSING, UNSURE):
                helped += 1
                better = _alike(repository, path, one) if helped <= MOST_HELPED else ""
                hint = f"write `@{better}`" if better else _NO_BETTER
                repair = None
                if better:
                    edit = Edit(start=one.start, end=one.end, text="@" + better.replace(" ", "\\ "))
                    repair = Repair(title=f"Import {better}", edits=(edit,))
                told = f"{_name(one)} names no file; Claude Code loads nothing for it"
                yield _told(made, path, one, told, hint, repair, None if one.verdict == MISSING else "warning")


def _alike(repository: Repository, path: str, one: Import) -> str:
    """The one file of the project that has the same name, or nearly, relative to the importing file; "" for none."""
    folder, _, name = one.path.rpartition("/")
    if "." not in name:
        return ""
    by_name, by_folder = repository.shared("claude names", lambda: _names(repository))
    same = [] if name.lower() in _COMMON else [known for known in by_name.get(name.lower(), ()) if known != path]
    if not same:
        from difflib import get_close_matches

        beside = {known.rpartition("/")[2]: known for known in by_folder.get(folder, ())[:500] if known != path}
        same = [beside[near] for near in get_close_matches(name, list(beside), n=1, cutoff=0.8)]
    if len(same) != 1:
        return ""
    found = posixpath.relpath(same[0], path.rpartition("/")[0] or ".")
    return f"./{found}" if one.target.startswith("./") and not found.startswith("../") else found


def _names(repository: Repository) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The files by name and by folder."""
    by_name: dict[str, list[str]] = {}
    by_folder: dict[str, list[str]] = {}
    for path in repository.files:
        folder, _, name = path.rpartition("/")
        by_name.setdefault(name.lower(), []).append(path)
        by_folder.setdefault(folder, []).append(path)
    return by_name, by_folder


@repository_check(
    "CLA08", "an import more than four hops away", *PLACES,
    why="Imported files may import others, four hops deep. What lies further is never loaded.",
    url=DOCS, verified=VERIFIED, bad="CLAUDE.md -> a.md -> b.md -> c.md -> d.md -> e.md",
    good="CLAUDE.md -> a.md, e.md",
)  # fmt: skip
def too_deep(repository: Repository) -> Iterator[Finding]:
    made = graph(repository)
    if HOPS not in made.depth.values():
        return
    for path, found in made.imports.items():
        if made.depth[path] != HOPS:
            continue
        top = path
        while top in made.parent:
            top = made.parent[top][0]
        for one in found:
            if one.verdict == OK and one.path not in made.depth:
                yield _told(
                    made, path, one, f"{_name(one)} is more than {HOPS} hops from `{top}`; Claude Code does not load"
                    " it",
                    f"import it from a file nearer to `{top}`",
                )  # fmt: skip


@repository_check(
    "CLA09", "files that import each other in a circle", *PLACES, severity="warning",
    why="Claude Code loads each file once, so that one of the imports does nothing, and which one depends on where it"
    " begins. Tools that follow the imports without that care load the files again and again.",
    url=DOCS, verified=VERIFIED, bad="AGENTS.md holds @CLAUDE.md, and CLAUDE.md holds @AGENTS.md",
    good="CLAUDE.md holds @AGENTS.md, and AGENTS.md no import of it", fix="unsafe",
)  # fmt: skip
def circles(repository: Repository) -> Iterator[Finding]:
    made = graph(repository)
    for chain, one in _circles(made):
        path = chain[-1]
        names = [*chain, chain[0]]
        shown = " -> ".join(names if len(names) <= 8 else [*names[:4], "…", *names[-3:]])
        message = f"a circle of imports, {shown}; Claude Code loads each file once, so one of them does nothing"
        if path in made.is_rule_file:
            edits = (Edit(start=one.start, end=one.start, text="`"), Edit(start=one.end, end=one.end, text="`"))
            repair = Repair(title="Write it as code, which imports nothing", edits=edits)
            yield Finding(
                message=message, path=path, start=one.start, end=one.end, repair=repair,
                hint=f"take {_name(one)} out, or put it in backticks",
            )  # fmt: skip
            continue
        where, at = next(
            (
                (name, it)
                for name in chain
                if name in made.is_rule_file
                for it in made.imports[name]
                if it.path in chain
            ),
            made.anchor(path, one),
        )
        hint = f"take {_name(one)} out of `{path}`, or put it in backticks there"
        yield Finding(message=message, path=where, start=at.start, end=at.end, hint=hint)


def _circles(made: Graph) -> list[tuple[list[str], Import]]:
    """Each circle once: its files in order, and the import of the last that leads to the first."""
    edges = {
        path: [one for one in found if one.verdict == OK and one.path in made.imports]
        for path, found in made.imports.items()
    }
    done: set[str] = set()
    known: set[frozenset[str]] = set()
    out: list[tuple[list[str], Import]] = []
    for top in edges:
        if top in done:
            continue
        chain = {top: 0}
        stack = [(top, iter(edges[top]))]
        while stack:
            path, rest = stack[-1]
            one = next(rest, None)
            if one is None:
                done.add(path)
                chain.pop(path)
                stack.pop()
            elif one.path in chain:
                if len(out) < MOST_CIRCLES:
                    circle = list(chain)[chain[one.path] :]
                    if frozenset(circle) not in known:
                        known.add(frozenset(circle))
                        out.append((circle, one))
            elif one.path not in done:
                chain[one.path] = len(chain)
                stack.append((one.path, iter(edges[one.path])))
    return out


@repository_check(
    "CLA10", "an `@word` that looks like an import", *PLACES, severity="warning",
    why="Claude Code looks for a file for every word that begins with `@` outside of code. `@param` or `@scope/pkg` is"
    " found by accident at best; `@README` does not find `README.md`. In backticks a word is only a word, and other"
    " tools that follow imports leave it alone too.",
    url="https://github.com/google-gemini/gemini-cli/issues/11161", verified=VERIFIED,
    bad="Document every @param.", good="Document every `@param`.", fix="unsafe",
)  # fmt: skip
def looks_like_import(repository: Repository) -> Iterator[Finding]:
    made = graph(repository)
    for path, found in made.imports.items():
        document = made.files[path]
        if document.place not in PLACES or is_for_another(path):
            continue
        words: list[Import] = []
        for one in found:
            if one.verdict == NEAR:
                edit = Edit(start=one.end, end=one.end, text=one.suffix)
                yield Finding(
                    message=f"{_name(one)} names no file; there is `{one.path}{one.suffix}`, and Claude Code does"
                    " not load it",
                    path=path, start=one.start, end=one.end,
                    hint=f"write `@{one.target}{one.suffix}` to import it, or put the word in backticks",
                    repair=Repair(title=f"Import {one.target}{one.suffix}", edits=(edit,)),
                )  # fmt: skip
            elif one.verdict == WORD:
                words.append(one)
        if words:
            yield _words(document, words)


def _words(document: Document, words: list[Import]) -> Finding:
    """One finding for all words of a file: they do little harm, and one repair cures them."""
    first = words[0]
    names = list(dict.fromkeys(_name(one) for one in words))
    others = (
        "" if len(names) == 1 else f", {'like ' + names[1] if len(names) == 2 else f'like {len(names) - 1} more here'}"
    )
    text = document.text
    edits: list[Edit] = []
    for one in words:
        if text[one.end : one.end + 1] != "`" and text[one.start - 1 : one.start] != "`":
            edits += (Edit(start=one.start, end=one.start, text="`"), Edit(start=one.end, end=one.end, text="`"))
    return Finding(
        message=f"{names[0]} looks like an import{others}; Claude Code looks for a file of that name",
        path=document.path, start=first.start, end=first.end, hint="put it in backticks", severity="info",
        repair=Repair(title="Put it in backticks", edits=tuple(edits), safe=True) if edits else None,
    )  # fmt: skip


@repository_check(
    "CLA11", "an AGENTS.md that CLAUDE.md keeps from being read", "claude/memory", severity="warning",
    why="Claude Code reads AGENTS.md only where there is no CLAUDE.md; before version 2.1.277 it never does. What other"
    " agents are told there, Claude is not, unless CLAUDE.md imports it.",
    url=AGENTS_DOCS, verified=VERIFIED, bad="AGENTS.md, and a CLAUDE.md that does not name it",
    good="AGENTS.md, and a CLAUDE.md with the line `@AGENTS.md`", fix="unsafe",
)  # fmt: skip
def agents_unread(repository: Repository) -> Iterator[Finding]:
    for folder, memory in _memories(repository).items():
        agents = repository.document(f"{folder}/AGENTS.md".lstrip("/"))
        shared = [document for document in memory if document.name != "CLAUDE.local.md"]
        if agents is None or not shared or agents.ours or not agents.text.strip() or "CLAUDE.md" in agents.text:
            continue
        if any("AGENTS.md" in document.text for document in memory) or _is_copy(agents, shared):
            continue
        if agents.path in _reached(repository, [document.path for document in memory]):
            continue
        document = shared[0]
        target = posixpath.relpath(agents.path, document.folder or ".")
        edit = Edit(start=document.body_start, end=document.body_start, text=f"@{target}\n\n")
        yield Finding(
            message=f"Claude Code reads this file and not `{agents.path}`, which it does not import",
            path=document.path, hint=f"add the line `@{target}`",
            repair=Repair(title=f"Import {target}", edits=(edit,)),
        )  # fmt: skip


def _memories(repository: Repository) -> dict[str, list[Document]]:
    """The memory files by the folder that they are for."""
    found: dict[str, list[Document]] = {}
    for document in repository.of("claude/memory"):
        found.setdefault(document.scope, []).append(document)
    for documents in found.values():
        documents.sort(key=lambda document: (document.folder != document.scope, document.path))
    return found


def _is_copy(agents: Document, memory: Iterable[Document]) -> bool:
    """Whether what AGENTS.md says stands in CLAUDE.md as well."""
    lines = {line.strip() for line in agents.text[:MOST_COMPARED].split("\n")} - {""}
    held = {line.strip() for document in memory for line in document.text[:MOST_COMPARED].split("\n")}
    return len(lines & held) >= _COPY * len(lines)


def _reached(repository: Repository, tops: list[str]) -> set[str]:
    """What these files import, over other files too."""
    made = graph(repository)
    reached = set(tops)
    todo = list(tops)
    for _ in range(HOPS):
        found = {one.path for path in todo for one in made.imports.get(path, ()) if one.verdict == OK}
        todo = sorted(found - reached)
        reached |= found
    return reached


@repository_check(
    "CLA12", "a CLAUDE.local.md that keeps AGENTS.md from being read", "claude/memory",
    why="Any CLAUDE.md or CLAUDE.local.md stops Claude Code from reading AGENTS.md by itself. A personal file alone"
    " then takes the project's instructions away from whoever wrote it.",
    url=AGENTS_DOCS, verified=VERIFIED, bad="AGENTS.md and CLAUDE.local.md",
    good="AGENTS.md, CLAUDE.local.md, and a CLAUDE.md with the line `@AGENTS.md`",
)  # fmt: skip
def local_hides_agents(repository: Repository) -> Iterator[Finding]:
    memories = _memories(repository)
    for folder, memory in memories.items():
        agents = repository.document(f"{folder}/AGENTS.md".lstrip("/"))
        if agents is None or not agents.text.strip() or any(document.name != "CLAUDE.local.md" for document in memory):
            continue
        if any(above in memories for above in _above(folder)):
            continue  # another file has that effect already
        if agents.path not in _reached(repository, [document.path for document in memory]):
            yield Finding(
                message=f"because of this file Claude Code does not read `{agents.path}`, which no CLAUDE.md imports",
                path=memory[0].path, hint="add a `CLAUDE.md` with the line `@AGENTS.md`",
            )  # fmt: skip


def _above(folder: str) -> Iterator[str]:
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder
