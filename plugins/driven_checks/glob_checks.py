"""Globs of every editor: patterns that cannot match, that match no file of the project, and that match everything."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Key, Repair, Repository, file_check, repository_check
from driven.plugin_kit import is_universal, literal_prefix
from driven_checks.globs import FLOATING, KEYS, Pattern, bases, patterns
from driven_checks.matching import Listing

VERIFIED = "2026-11-21"
MOST = 100  # globs of one file that are told to match nothing
_FOREIGN = tuple(place for place in KEYS if place != "driven/rule")  # of those the mistakes are RUL10 and RUL11
_HOMES = ("Users", "home", "root", "var", "opt", "tmp", "mnt", "etc", "usr", "private", "workspace", "workspaces")
# Place -> the key that says when a rule holds, the value with which its globs count, the one for always. Without a
# value: globs always count, and a rule without them is always on.
_MODES: dict[str, tuple[str, str, str]] = {
    "cursor/rule": ("alwaysApply", "false", "true"),
    "trae/rule": ("alwaysApply", "false", "true"),
    "continue/rule": ("alwaysApply", "false", "true"),
    "windsurf/rule": ("trigger", "glob", "always_on"),
    "antigravity/rule": ("trigger", "glob", "always_on"),
    "antigravity/old": ("trigger", "glob", "always_on"),
    "kiro/rule": ("inclusion", "fileMatch", "always"),
    "aiassistant/rule": ("apply", "by file patterns", "always"),
    "claude/rule": ("", "", ""),
    "cline/rule": ("", "", ""),
    "kilo/rule": ("", "", ""),
    "qwen/rule": ("", "", ""),
}


@file_check(
    "GEN04", "a glob that is no path of the project", *_FOREIGN,
    why="Globs are matched against paths with `/`, relative to the project. A backslash, `..`, or a `/` or a drive"
    " letter in front fits none of them, and the rule never loads.",
    url="https://code.claude.com/docs/en/memory", verified=VERIFIED,
    bad="globs: \\src\\*.ts", good="globs: src/*.ts", fix="safe",
)  # fmt: skip
def not_relative(document: Document) -> Iterator[Finding]:
    for pattern in patterns(document):
        text = pattern.text
        if "\\" not in text and text[:1] not in "/~!" and ".." not in text and text[1:2] != ":":
            continue
        found = _wrong(text)
        if found is None:
            continue
        what, hint, better = found
        written = document.text[pattern.start : pattern.end]
        repair = None
        if better and written == text:
            edit = Edit(start=pattern.start, end=pattern.end, text=better)
            repair = Repair(title=f"Write {better}", edits=(edit,), safe=True)
        yield Finding(
            message=f"the glob `{_shown(text)}` {what}, and matches no file of the project", start=pattern.start,
            end=pattern.end, hint=f"write `{_shown(better)}`" if better else hint, repair=repair,
            severity="warning" if document.place == "copilot/instructions" and text[:1] == "/" else None,
        )  # fmt: skip


def _wrong(text: str) -> tuple[str, str, str] | None:
    """What is wrong with a pattern, what to do, and the pattern that was meant, "" when that is not certain."""
    bare = text.removeprefix("!")
    if bare[:1].isalpha() and bare[1:2] == ":" and bare[2:3] in ("/", "\\"):
        return "begins with a drive letter", "write it relative to the project, without the folders above", ""
    if "\\" in bare:
        if bare[:1] == "^" or bare[-1:] == "$" or ".*" in bare or "\\w" in bare or "\\d" in bare or ".+" in bare:
            return "is a regular expression", "write a glob: `**/*.ts` for all files that end in `.ts`", ""
        at = bare.find("\\")
        while at >= 0:
            follows = bare[at + 1 : at + 2]
            if not follows or follows.isalnum() or follows in "._*\\":
                better = _slashes(bare)
                fine = better and (better == bare or _wrong(better) is None)
                escaped = not fine and (bare[:1] == "\\" or "/\\" in bare)
                return (
                    "has a backslash",
                    "write it without backslashes: a formatter may have put them there"
                    if escaped
                    else "write `/` between names",
                    text[: len(text) - len(bare)] + better if fine else "",
                )
            at = bare.find("\\", at + 2)
    if bare[:2] == "~/":
        return "begins with the home folder", "write it relative to the project", ""
    if bare[:1] == "/":
        better = bare.lstrip("/")
        if not better or better.split("/")[0] in _HOMES:
            return "is an absolute path", "write it relative to the project, without the folders above", ""
        return "begins with `/`", "write it without", text[: len(text) - len(bare)] + better
    if ".." in bare and ".." in bare.split("/"):
        return "leaves the project with `..`", "write it relative to the project", ""
    return None


def _slashes(text: str) -> str:
    """Backslashes between names as slashes; those that take the meaning of a character away stay."""
    parts = []
    at = 0
    while at < len(text):
        char = text[at]
        follows = text[at + 1 : at + 2]
        if char == "\\" and (not follows or follows.isalnum() or follows in "._*\\"):
            parts.append("/")
            at += 2 if follows == "\\" else 1
            continue
        parts.append(char)
        at += 1
    made = "".join(parts).lstrip("/")
    return made if "//" not in made else ""


@repository_check(
    "GEN05", "a glob that matches no file", *KEYS, severity="warning",
    why="The rule waits for a file that is not there: a folder was renamed, an extension is wrong, or the pattern is"
    " written for another tool. Nothing says so; the rule is simply never used.",
    url="https://docs.cline.bot/features/cline-rules/conditional-rules", verified=VERIFIED,
    bad="paths: [scr/**/*.ts]", good="paths: [src/**/*.ts]", fix="unsafe",
)  # fmt: skip
def matches_nothing(repository: Repository) -> Iterator[Finding]:
    # A rule whose `when` is false waits for the files that it is for.
    off = {rule.span.path for rule in repository.rules if rule.when and not repository.active.get(rule.id, True)}
    wanted = [
        (document, found)
        for document in repository.of(*KEYS)
        if not document.ours and document.path not in off and (found := patterns(document)) and _counts(document)
    ]
    if not wanted:
        return
    listing = listing_of(repository)
    if not has_files(repository):
        return
    for document, found in wanted:
        floating = document.place in FLOATING
        where = bases(document)
        missing: list[Pattern] = []
        for one in found:
            if one.text[:1] == "!" or listing.matches(one.text, where, floating):
                continue
            if document.place != "driven/rule" and _wrong(one.text) is not None:
                continue
            if not _is_aside(repository, one.text, where):
                missing.append(one)
            if len(missing) == MOST:
                break
        alone = len(missing) == len(found)
        if not alone:
            missing = _without_siblings(found, missing)
        for pattern in missing:
            hint, typo, meant = listing.advice(pattern.text, where)
            shown = _shown(pattern.text)
            last = "so the rule never applies" if len(found) == 1 else "as do the rule's others, so it never applies"
            repair = None
            if meant and document.text[pattern.start : pattern.end] == pattern.text:
                edit = Edit(start=pattern.start, end=pattern.end, text=meant)
                repair = Repair(title=f"Write {meant}", edits=(edit,))
            yield Finding(
                path=document.path, start=pattern.start, end=pattern.end, hint=hint, repair=repair,
                message=f"the glob `{shown}` matches no file of the project"
                + (f", {last}" if alone else "; the rule's other globs do"),
                severity=None if alone or typo else "info",
            )  # fmt: skip


def _without_siblings(found: list[Pattern], missing: list[Pattern]) -> list[Pattern]:
    """Without those that differ only by the extension from one that matches: `*.ts,*.tsx` names a family of files."""
    gone = {one.start for one in missing}
    stems = {one.text.rpartition(".")[0] for one in found if one.start not in gone}
    return [one for one in missing if not (stem := one.text.rpartition(".")[0]) or stem not in stems]


def _counts(document: Document) -> bool:
    """Whether the rule hangs on its globs, by the key that says when it holds."""
    name, with_globs, _ = _MODES.get(document.place, ("", "", ""))
    if not name:
        return True
    stated = document.key(name)
    if stated is None or stated.value is None:
        return document.place not in ("kiro/rule", "aiassistant/rule")
    return str(stated.value).lower() == with_globs.lower()


def _is_aside(repository: Repository, text: str, where: tuple[str, ...]) -> bool:
    """Whether the files may be there without being listed: git ignores them, or the folder is one that begins with a
    dot, which is not looked into without git."""
    bare = text.removeprefix("./")
    if bare[:4] == ".env" or "/.env" in bare:
        return True
    names = bare.split("/")
    if any(name[:1] == "." for name in names) and not repository.tracked:
        return True
    folder = literal_prefix(bare) if any(char in bare for char in "*?[{") else bare
    return bool(folder) and any(
        not listing_of(repository).has_folder(whole) and repository.exists(whole)
        for whole in (f"{base}/{folder}" if base else folder for base in where)
    )


def listing_of(repository: Repository) -> Listing:
    """The files of the project, ready to be asked for."""
    return repository.of_files("globs:listing", Listing)


def has_files(repository: Repository) -> bool:
    """Whether the project has any file that is no rule file: else nothing can be said of globs."""
    return repository.shared(
        "globs:files", lambda: listing_of(repository).has_files({d.path for d in repository.documents})
    )


@file_check(
    "GEN06", "a glob that matches every file", *_FOREIGN, severity="info",
    why="A rule for every file is a rule that is always on. Said that way, it also loads before a file is opened, and"
    " nobody has to read the globs to see it.",
    url="https://cursor.com/docs/context/rules", verified=VERIFIED,
    bad="globs: **/*", good="alwaysApply: true", fix="unsafe",
)  # fmt: skip
def matches_everything(document: Document) -> Iterator[Finding]:
    found = patterns(document)
    pattern = next((one for one in found if one.text[:1] == "*" and _is_all(one.text, document.place)), None)
    if pattern is None:
        return
    if document.place == "copilot/instructions":
        finding = _copilot(pattern, found)
        if finding is not None:
            yield finding
        return
    mode = _MODES.get(document.place)
    key = document.key(pattern.key)
    if mode is None or key is None:
        return
    name, _, always = mode
    if not _counts(document) or (document.place == "continue/rule" and document.key(name) is None):
        return
    hint = f"write `{name}: {always}` and delete `{pattern.key}`" if name else f"delete `{pattern.key}`"
    yield Finding(
        message=f"the glob `{pattern.text}` matches every file; the rule is in fact always on",
        start=pattern.start, end=pattern.end, hint=hint, repair=_always(document, key, name, always),
    )  # fmt: skip


def _is_all(text: str, place: str) -> bool:
    return is_universal(text) or (text == "*" and place == "copilot/instructions")


def _copilot(pattern: Pattern, found: list[Pattern]) -> Finding | None:
    """`applyTo: "**"` is how Copilot is told "always"; only what stands beside it is odd, and a bare `*`."""
    if len(found) > 1:
        return Finding(
            message=f"the glob `{pattern.text}` matches every file; the others beside it change nothing",
            start=pattern.start, end=pattern.end, hint='write `applyTo: "**"`, or delete this one',
        )  # fmt: skip
    if pattern.text != "*":
        return None
    return Finding(
        message="`*` is every file in VS Code, and those of the root folder by another reading on github.com",
        start=pattern.start, end=pattern.end, hint='write `applyTo: "**"`',
        repair=Repair(title="Write **", edits=(Edit(start=pattern.start, end=pattern.end, text="**"),)),
    )  # fmt: skip


def _always(document: Document, key: Key, name: str, always: str) -> Repair | None:
    """The rule as one that is always on: the key says so, the globs are gone; and the front matter when it is empty."""
    front = document.front
    if front is None or front.end < 0:
        return None
    first = document.line_bounds(document.line_of(key.start))[0]
    last = document.line_bounds(document.line_of(max(key.value_end, key.end)))[1]
    stated = document.key(name) if name else None
    title = f"Write {name}: {always}" if name else f"Delete {key.name}"
    if stated is not None:
        change = Edit(start=stated.value_start, end=stated.value_end, text=always)
        return Repair(title=title, edits=(Edit(start=first, end=last, text=""), change))
    if name:
        end = "\r\n" if document.text[last - 2 : last] == "\r\n" else "\n"
        return Repair(title=title, edits=(Edit(start=first, end=last, text=f"{name}: {always}{end}"),))
    if len(front.keys) == 1:
        return Repair(title=title, edits=(Edit(start=0, end=document.body_start, text=""),))
    return Repair(title=title, edits=(Edit(start=first, end=last, text=""),))


def _shown(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
