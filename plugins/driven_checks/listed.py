"""OpenCode and Kilo: instruction files that a configuration lists, and that are not there, or the other way round.

https://opencode.ai/docs/rules and https://kilo.ai/docs/customize/custom-rules (verified 2026-11-21). Both take a path
or a glob under `instructions` and look for it in the folder that they work in and in each one above it, so an entry is
missing only where no folder of the project has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.check_kit import Document, Finding, Repository, repository_check
from driven.plugin_kit import FormatError, Glob, literal_prefix

VERIFIED = "2026-11-21"
MOST = 1 << 20  # characters of a configuration; nobody's is longer
DEPTH = 64
_TOKEN = re.compile(r'["{}\[\]/]')
_CONFIGS = ("kilo.jsonc", "kilo.json", "opencode.jsonc", "opencode.json")


@repository_check(
    "OPC01", "an entry of `instructions` that matches no file", "opencode/config",
    why="OpenCode says nothing of an entry that matches no file: the instructions are just not there.",
    url="https://opencode.ai/docs/rules/", verified=VERIFIED,
    bad='"instructions": ["docs/stlye.md"]', good='"instructions": ["docs/style.md"]',
)  # fmt: skip
def missing_instructions(repository: Repository) -> Iterator[Finding]:
    for document in repository.of("opencode/config"):
        if document.folder not in ("", ".opencode"):
            continue  # an example or a template: nobody knows where it will stand
        for entry, start, end in instructions(document.text) or ():
            severity = _missing(repository, document, entry)
            if severity:
                what = "matches no file" if "*" in entry else "is not there"
                yield Finding(
                    path=document.path, start=start, end=end, severity="warning" if severity == "warning" else None,
                    message=f"`{entry[:100]}` {what}; OpenCode goes on without these instructions",
                    hint="correct the path: it is relative to the folder that OpenCode is started in, or one above it",
                )  # fmt: skip


@repository_check(
    "KIL01", "a file in `.kilo/rules` that is not in `instructions`", "kilo/rule",
    why="Kilo's documentation loads the files that `instructions` of `kilo.jsonc` names. Some versions also take `.md`"
    " files that stand directly in `.kilo/rules`; files of other kinds, or in folders below it, none does.",
    url="https://kilo.ai/docs/customize/custom-rules", verified=VERIFIED,
    bad=".kilo/rules/style.md without an entry", good='"instructions": [".kilo/rules/*.md"]',
)  # fmt: skip
def unlisted_rules(repository: Repository) -> Iterator[Finding]:
    known: dict[str, list[tuple[str, Glob | str]] | None] = {}
    for document in repository.of("kilo/rule"):
        head, _, inner = document.path.partition(".kilo/rules/")
        if not inner or (head and head[-1] != "/") or document.name.lower() == "readme.md":
            continue
        scope = head.rstrip("/")
        if scope not in known:
            known[scope] = _listed(repository, scope)
        entries = known[scope]
        if entries is None or any(_is_listed(document.path, folder, entry) for folder, entry in entries):
            continue
        direct = "/" not in inner and inner.endswith(".md")
        where = f"{head}kilo.jsonc"
        yield Finding(
            path=document.path, severity="warning" if direct else None,
            message="no entry of `instructions` names this file; not every version of Kilo loads it by itself"
            if direct else "Kilo does not load this file: no entry of `instructions` names it",
            hint=f'add it to `{where}`: `"instructions": [".kilo/rules/{inner if not direct else "*.md"}"]`',
        )  # fmt: skip


def instructions(text: str) -> list[tuple[str, int, int]] | None:
    """The entries of the top-level list `instructions` of JSON with comments: text, offsets without the quotes.

    None where the text is no such JSON. Commas are not looked at, as the readers of these files do not mind them.
    """
    if len(text) > MOST:
        return None
    from json import JSONDecoder

    decode = JSONDecoder(strict=False).raw_decode
    found: list[tuple[str, int, int]] = []
    depth, at = 0, 0
    last, last_end, inside = "", 0, False
    while True:
        match = _TOKEN.search(text, at)
        if match is None:
            return found if depth == 0 and at else None
        start = match.start()
        at = start + 1
        char = match.group()
        if char == '"':
            try:
                value, at = decode(text, start)
            except ValueError:
                return None
            if depth == 1:
                last, last_end = value, at
            elif depth == 2 and inside:
                found.append((value, start + 1, at - 1))
        elif char == "/":
            stop = {"/": "\n", "*": "*/"}.get(text[at : at + 1], "")
            end = text.find(stop, at + 1) if stop else -1
            if end < 0:
                return found if stop == "\n" and depth == 0 else None
            at = end + len(stop)
        elif char in "{[":
            depth += 1
            if depth > DEPTH:
                return None
            if depth == 2 and char == "[":
                inside = last == "instructions" and text[last_end:start].strip() == ":"
        else:
            depth -= 1
            inside = inside and depth > 1
            if depth < 0:
                return None


def _missing(repository: Repository, document: Document, entry: str) -> str:
    """How certain it is that an entry matches nothing: "error", "warning", "" when something may match."""
    path = entry.strip().removeprefix("./")
    if not path or path[:1] in ("/", "~", "!") or ":" in path or "\\" in path or "{env" in path or "{file" in path:
        return ""
    if ".." in path.split("/") or "${" in path or "<" in path:
        return ""
    bases = ("", document.folder + "/") if document.folder else ("",)
    if not any(sign in path for sign in "*?[{"):
        if any(repository.exists(base + path) for base in bases):
            return ""
        return "" if any(file == path or file.endswith("/" + path) for file in repository.files) else "error"
    try:
        glob, folder = Glob("**/" + path), literal_prefix(path)
    except FormatError:
        return ""
    if any(glob.match(file) for file in repository.files):
        return ""
    there = any(repository.exists(base + folder) for base in bases) if folder else True
    # In a folder that is there may be files that git ignores, or that a search leaves out.
    return "warning" if there else "error"


def _listed(repository: Repository, scope: str) -> list[tuple[str, Glob | str]] | None:
    """The entries that hold in a folder, each with the folder that it is relative to; None where one is unreadable."""
    folders = [""]
    for part in scope.split("/") if scope else []:
        folders.append(f"{folders[-1]}/{part}".lstrip("/"))
    found: list[tuple[str, Glob | str]] = []
    for folder in folders:
        top = folder + "/" if folder else ""
        for inner in ("", ".kilo/", ".kilocode/"):
            for name in _CONFIGS:
                path = f"{top}{inner}{name}"
                text = repository.read(path) if repository.exists(path) else None
                entries = [] if text is None else instructions(text)
                if entries is None:
                    return None
                for entry, _, _ in entries:
                    plain = entry.strip().removeprefix("./")
                    found += [(one, _matcher(plain)) for one in folders]
    return found


def _matcher(entry: str) -> Glob | str:
    try:
        return Glob(entry) if any(sign in entry for sign in "*?[{") else entry
    except FormatError:
        return entry


def _is_listed(path: str, folder: str, entry: Glob | str) -> bool:
    inner = path[len(folder) + 1 :] if folder else path
    if folder and not path.startswith(folder + "/"):
        return False
    if isinstance(entry, str):  # an absolute path or one from home names the file by its end
        return inner == entry or (entry[:1] in ("/", "~") and entry.endswith("/" + path))
    return entry.match(inner)
