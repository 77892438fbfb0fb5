"""Paths that a rule names and the project does not have."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from driven.check_kit import Body, Document, Edit, Finding, Repair, Repository, repository_check
from driven_checks.elsewhere import is_for_another
from driven_checks.rule_texts import RULES, folders_up, is_ours

VERIFIED = "2026-11-21"
PLACES = (*RULES, "skill/skill", "cursor/command", "claude/command", "copilot/prompt")

MOST_PATHS = 2_000  # different ones of a text that are looked at
MOST_EQUAL = 5  # mentions of one path
LINE = 300  # characters to either side that are the line of a mention
# A code span that is a path and nothing else, perhaps with a line: `src/api/server.ts:42`.
_PATH = re.compile(r"`(?:\./)?((?:[\w.@+-]{1,80}/){1,16}[\w.@+-]{0,80})(?::[0-9]{1,6}(?:-[0-9]{1,6})?)?`")
_EXTENSION_WORDS = """
    c cc cfg cjs conf cpp cs css csv cts cxx dart ex exs go gql gradle graphql h hpp html ini ipynb java js json
    json5 jsonc jsx kt kts less lua m md mdc mdx mjs mk mts php pl prisma proto ps1 py pyi r rb rs sass scala scss
    sh sol sql svelte swift tf tfvars toml ts tsx txt vue xml yaml yml zig
"""
_EXTENSIONS = frozenset(_EXTENSION_WORDS.split())
# Parts of a path that is made by a tool, or that stands for any path.
_MADE = frozenset(
    ("dist", "build", "out", "output", "target", "coverage", "node_modules", "generated", "__generated__", "gen", "tmp",
     "temp", "vendor", "logs", "cache", "bin", "obj", "artifacts", "reports", "__pycache__", "venv", "local")
)  # fmt: skip
_ANY = re.compile(
    r"(?:^|[/._-])(?:path|to|foo|bar|baz|qux|example|examples|sample|your|my|some|xxx+|yyy+|nnn+|todo|name|filename|feature"
    r"|module|thing|placeholder|dummy|new)(?=$|[/._-])|XX|YY|NNN|ComponentName|[Mm]yComponent|Example|Foo|Bar\b"
)
# Words on the line that make a path an example, a wish or something past.
_MARKED = re.compile(
    r"\b(?:e\.?g|i\.e|example|examples|such\s+as|like|create|creates|created|creating|new|add|adding|generate|generates"
    r"|generated|instead|rename|renamed|move|moved|if|would|will|not|never|don't|do\s+not|no\s+longer|removed|deleted"
    r"|deprecated|legacy|previously|formerly|old|save|saved|write|writes|written|output|outputs|template|named|naming"
    r"|pattern|convention|called|format|scaffold|copy|copied|ignore|ignored|optional|may|might|could|becomes|produces"
    r"|suppose|imagine|sample|todo|planned|future|missing|local|personal|gitignored?)\b|→|->|=>|…|\.\.\.",
    re.IGNORECASE,
)


@repository_check(
    "REF01", "a path that does not exist", *PLACES, severity="info",
    why="The rule sends the model to a file that is not there. It searches, guesses, or creates the file anew; each"
    " costs time, and the last one leaves two.",
    url="https://code.claude.com/docs/en/memory", verified=VERIFIED,
    bad="Handlers stand in `src/api/server.ts`.", good="Handlers stand in `src/http/server.ts`.", fix="unsafe",
)  # fmt: skip
def missing_path(repository: Repository) -> Iterator[Finding]:
    for document in repository.of(*PLACES):
        if (document.ours and is_ours(document)) or "/" not in document.text or is_for_another(document.path):
            continue
        told: set[str] = set()
        for start, end, path in document.body.shared("driven_checks.paths", _paths):
            if path in told or not is_missing(repository, document, path):
                continue
            told.add(path)
            yield _finding(repository, document, document.body_start + start, document.body_start + end, path)


def _finding(repository: Repository, document: Document, start: int, end: int, path: str) -> Finding:
    name = path.rstrip("/").rpartition("/")[2]
    others = [] if path.endswith("/") else names(repository).get(name, [])
    if len(others) != 1:
        return Finding(
            message=f"`{path}` does not exist", start=start, end=end, path=document.path,
            hint="name the file that is meant, or delete the mention; where it is an example, say so (`for example`)",
        )  # fmt: skip
    edit = Edit(start=start, end=end, text=others[0])
    return Finding(
        message=f"`{path}` does not exist; there is `{others[0]}`", start=start, end=end, path=document.path,
        hint=f"write `{others[0]}`", severity="warning", repair=Repair(title=f"Write {others[0]}", edits=(edit,)),
    )  # fmt: skip


def is_missing(repository: Repository, document: Document, path: str) -> bool:
    """Whether nothing of the project can be meant by a path that a file names, and its first folder is there."""
    bases = _bases(document)
    first = path.partition("/")[0]
    roots = [base for base in bases if repository.exists(base + first)]
    if not roots or ".." in path.split("/"):
        return False
    bare = path.rstrip("/")
    spellings = [bare]
    stem, _, ending = bare.rpartition(".")
    if ending in ("js", "jsx", "mjs"):
        spellings += [f"{stem}.ts", f"{stem}.tsx", f"{stem}.mts"]  # as TypeScript's imports write it
    if any(repository.exists(base + spelling) for base in bases for spelling in spellings):
        return False
    if _is_ignored(repository, bare):
        return False
    name = bare.rpartition("/")[2]
    if path.endswith("/"):
        return not any(f"/{path}" in f"/{other}" for other in repository.files)
    known = names(repository)
    return not any(f"/{other}".endswith(f"/{bare}") for other in known.get(name, ()))


def _bases(document: Document) -> list[str]:
    """The folders that a path in a file may be relative to, each with its `/`."""
    if document.place == "skill/skill":
        return [document.folder + "/"] if document.folder else [""]
    folders = {document.folder, *folders_up(document.scope)}
    return [folder + "/" if folder else "" for folder in sorted(folders)]


def names(repository: Repository) -> dict[str, list[str]]:
    """The files of the project by their names."""
    return repository.shared("driven_checks.names", lambda: _names(repository))


def _names(repository: Repository) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in repository.files:
        found.setdefault(path.rpartition("/")[2], []).append(path)
    return found


def _is_ignored(repository: Repository, path: str) -> bool:
    """Whether `.gitignore` may name the path: files that each person has of their own are not missing."""
    patterns = repository.shared("driven_checks.ignored", lambda: _ignore_lines(repository))
    if not patterns:
        return False
    from fnmatch import fnmatchcase

    parts = path.split("/")
    tops = {"/".join(parts[:at]) for at in range(1, len(parts) + 1)}
    return any(pattern in tops or any(fnmatchcase(part, pattern) for part in parts) for pattern in patterns)


def _ignore_lines(repository: Repository) -> list[str]:
    text = repository.read(".gitignore") or ""
    lines = [line.strip().strip("/") for line in text.split("\n") if line.strip() and line[0] not in "#!"]
    return [line.removeprefix("**/").removesuffix("/*").removesuffix("/**") for line in lines][:500]


def _paths(body: Body) -> list[tuple[int, int, str]]:
    """(start, end, path) of the code spans of a text that are paths of a project and no examples."""
    text = body.text
    found = []
    spans: set[tuple[int, int]] = set()
    count: dict[str, int] = {}
    for match in _PATH.finditer(text):
        path = match[1]
        count[path] = count.get(path, 0) + 1
        if count[path] > MOST_EQUAL or not is_plain(path):
            continue
        if len(count) > MOST_PATHS:
            break
        if not spans:
            spans = set(body.code)
        if (match.start() + 1, match.end() - 1) in spans and not is_marked(body, match.start()):
            found.append((match.start(1), match.end(1), path))
    return found


def is_plain(path: str) -> bool:
    """Whether a path names one file or folder that people keep in a project."""
    segments = path.split("/")
    last = segments[-1]
    if "." in segments[0][1:] or segments[0][:1] == "@" or not _MADE.isdisjoint(segments) or "" in segments[:-1]:
        return False
    if last:
        if last.rpartition(".")[2].lower() not in _EXTENSIONS or "." not in last:
            return False
    elif len(segments) < 3:
        return False
    return _ANY.search(path) is None


def is_marked(body: Body, at: int) -> bool:
    """Whether the line, or the heading above it, says that what stands there is an example or not there yet."""
    text = body.text
    start = max(text.rfind("\n", max(0, at - LINE), at) + 1, at - LINE)
    end = text.find("\n", at, at + LINE)
    line = text[max(0, start) : end if end >= 0 else at + LINE]
    if _MARKED.search(line) is not None:
        return True
    headings = body.headings
    above = bisect_left(headings, at, key=lambda heading: heading.start) - 1
    return above >= 0 and _MARKED.search(text[headings[above].text_start : headings[above].end][:200]) is not None
