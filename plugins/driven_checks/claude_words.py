"""The words of a file that Claude Code takes for `@path` imports, and what each of them names.

Looked up in sources of Claude Code (2.1.88; the same pattern stands in 2.1.288), verified 2026-11-21: an import begins
behind a blank or at the start of a text and goes to the next blank; `\\ ` is a blank in it, and what follows `#` is cut
off. Then it must begin with a letter, a digit, `.`, `_`, `-`, `/` or `~/`. Punctuation behind it stays a part of the
path: https://github.com/anthropics/claude-code/issues/86060. A file that is not there is skipped without a word, and so
is a folder. Nothing is taken from code, from HTML and from the targets of links.
"""

from __future__ import annotations

import posixpath
import re

from driven.check_kit import Document, Repository
from driven_checks.ignored import is_ignored

MOST = 500  # words of one file; a list of names with `@` in front is no instruction
MOST_CHARS = 1_000  # of one word
# What Claude Code takes for text. A name with one of the first group is meant as a file wherever it stands; with one of
# the second it may as well be a part of a package (`@scope/pkg/index.js`), unless the folder is there.
PROSE = frozenset(("md", "txt", "text", "rst", "adoc", "asciidoc"))
CODE = frozenset(
    ("json", "yaml", "yml", "toml", "xml", "csv", "html", "htm", "css", "scss", "js", "ts", "tsx", "jsx", "mjs", "cjs",
     "mts", "py", "pyi", "rb", "go", "rs", "java", "kt", "cpp", "hpp", "cs", "swift", "sh", "bash", "ps1", "ini", "cfg",
     "sql", "graphql", "proto", "vue", "svelte", "php", "tex")
)  # fmt: skip
BEHIND_IT = ".,;:!?)]}'\"’”>"
_VALID = re.compile(r"[a-zA-Z0-9._-]")
# Names of no file: `Mention files as @path/to/file.md`.
_EXAMPLE = re.compile(
    r"(?:^|[/._-])(?:path|foo|bar|baz|example|your|my|some|placeholder|filename|xxx+)(?=$|[/._-])|^(?:file|name|doc|page)[0-9]?\.",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\S*")
_DISK = frozenset(
    ("Users", "home", "etc", "opt", "var", "usr", "tmp", "mnt", "root", "srv", "Volumes", "private", "workspace")
)  # fmt: skip
_MADE = ("node_modules/", "vendor/", "dist/", "build/", "out/", "target/", ".venv/", "venv/")  # not in a new clone

OK = "a file"
FOLDER = "a folder"
BEHIND = "a file, but for the punctuation behind it"
MISSING = "meant as a path, and nothing is there"
UNSURE = "perhaps meant as a path, and nothing is there"
NEAR = "a file, but for its suffix"
WORD = "a word"


class Import:
    """A word, from `start` to `end` with its `@` (offsets in the file) and without punctuation behind it.

    `target` is it as a path, `path` the same from the project's root. `suffix` is what a file has in addition (NEAR).
    """

    __slots__ = ("end", "path", "start", "suffix", "target", "verdict")

    def __init__(self, start: int, end: int, target: str, path: str, verdict: str, suffix: str = "") -> None:
        self.start = start
        self.end = end
        self.target = target
        self.path = path
        self.verdict = verdict
        self.suffix = suffix


def imports_of(document: Document, repository: Repository) -> list[Import]:
    """The words of a file that are to be judged, in order; not what lies outside of the project."""
    if "@" not in document.text:
        return []
    text = document.body.text
    shift = document.body_start
    found: list[Import] = []
    for start, end in document.body.imports[:MOST]:
        if end - start > MOST_CHARS or (start and not text[start - 1].isspace()) or _is_html(text, start):
            continue
        while text[end - 1] == "\\" and text[end : end + 1] == " " and end - start <= MOST_CHARS:
            after = _SPACES.match(text, end + 1)
            end = after.end() if after else end + 1
        word = _cut(text[start + 1 : end])
        target = word.partition("#")[0].replace("\\ ", " ")
        if not target or "\\" in target or any(char in target for char in "{}<>$*|…`") or "..." in target:
            continue  # a placeholder
        one = _judge(target, document, repository)
        if one is not None:
            one.start = start + shift
            one.end = one.start + 1 + len(word) - (0 if "#" in word else len(target) - len(one.target))
            found.append(one)
    return found


def _cut(word: str) -> str:
    """Up to a code span, the end of a link's text, the end of emphasis or a blank that is not ASCII."""
    for mark in ("`", "]("):
        at = word.find(mark)
        if at > 0:
            word = word[:at]
    if not word.isascii():
        word = word.replace("\\ ", "\\\0").split()[0].replace("\\\0", "\\ ")
    return word.rstrip("*_~")


def _is_html(text: str, at: int) -> bool:
    """Whether the block that a word stands in begins with a tag: Claude Code reads no import there."""
    least = max(0, at - 2_000)
    block = text.rfind("\n\n", least, at)
    head = text[block + 2 : at] if block >= 0 else "" if least else text[:at]
    head = head.lstrip()
    return head[:1] == "<" and head[:4] != "<!--"


def _judge(target: str, document: Document, repository: Repository) -> Import | None:
    """What a word names; None where there is nothing to say of it."""
    bare = target.rstrip(BEHIND_IT)
    if target[0] == "/":  # a folder of the machine, or `@/` of somebody's build tool
        first = bare[1:].partition("/")[0]
        return Import(0, 0, bare, "", WORD) if first.isidentifier() and first not in _DISK else None
    if not _VALID.match(target):
        return None
    path = resolved(document, target)
    kind = _kind(repository, path) if path else ""
    if not kind and bare != target:
        path = resolved(document, bare) if bare else ""
        kind = _kind(repository, path) if path else ""
        if kind == OK and ("." in bare or "/" in bare):
            return Import(0, 0, bare, path, BEHIND)
        target = bare
        kind = "" if kind == OK else kind
    if not path or not any(char.isalpha() for char in target) or target[0].isdigit():
        return None
    if kind == OK or (kind == FOLDER and target[-1] == "/"):
        return Import(0, 0, target, path, kind)
    if kind == FOLDER:
        return Import(0, 0, target, path, WORD)
    return _of_missing(target, path, document, repository)


def _of_missing(target: str, path: str, document: Document, repository: Repository) -> Import | None:
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    suffix = suffix.lower() if stem and dot else ""
    beside, slash, _ = target.partition("/")
    has_folder = bool(slash) and _kind(repository, resolved(document, beside)) == FOLDER
    if _EXAMPLE.search(target) is not None and not has_folder:
        return None
    if "@" in target or (slash and _is_alias(beside, repository)):
        return Import(0, 0, target, path, WORD)
    if target.startswith(("./", "../")) or suffix in PROSE or (suffix in CODE and (has_folder or not slash)):
        return None if _is_optional(path, repository) else Import(0, 0, target, path, MISSING)
    near = next((end for end in (".md", ".txt", ".rst") if repository.exists(path + end)), "")
    if near:
        return Import(0, 0, target, path, NEAR, near)
    if has_folder and not suffix:
        return None if _is_optional(path, repository) else Import(0, 0, target, path, UNSURE)
    return Import(0, 0, target, path, WORD)


def _is_optional(path: str, repository: Repository) -> bool:
    """Whether the file is there for some only: a personal one, a generated one, one of a submodule."""
    if ".local" in path or path.startswith(_MADE) or "/node_modules/" in path:
        return True
    if repository.exists(".gitignore") and is_ignored(repository.read(".gitignore") or "", path):
        return True
    modules = (repository.read(".gitmodules") or "") if repository.exists(".gitmodules") else ""
    return any(
        path.startswith(line.partition("=")[2].strip() + "/")
        for line in modules.split("\n")
        if line.strip().startswith("path") and line.partition("=")[2].strip()
    )


def _is_alias(scope: str, repository: Repository) -> bool:
    """Whether the project gives `@scope/…` another meaning: a package, or a path of a build tool."""
    return scope == "types" or any(
        f'"@{scope}/' in (repository.read(name) or "")
        for name in ("package.json", "tsconfig.json", "jsconfig.json", "tsconfig.base.json")
        if repository.exists(name)
    )


def resolved(document: Document, target: str) -> str:
    """What a target names, relative to the project's root; "" where that is not in the project."""
    found = posixpath.normpath(posixpath.join(document.folder, target))
    return "" if found.startswith(("../", "/")) or found in ("..", ".") or "\0" in found else found


def _kind(repository: Repository, path: str) -> str:
    if repository.document(path) is not None:
        return OK
    if not path or not repository.exists(path):
        return ""
    return FOLDER if repository.exists(path + "/.") else OK
