"""Cursor's rules: https://cursor.com/docs/rules (verified 2026-11-21), and what users report of it.

CUR02-CUR05, CUR07 and CUR14, about `globs`, stand in `cursor_globs`, CUR10 in `cursor_front`.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Front, Key, Repair, Repository, file_check, repository_check
from driven.plugin_kit import is_universal, one_line, scalar
from driven_checks.companions import is_page
from driven_checks.cursor_globs import LONG, feed, is_always, items, joined, written

DOCS = "https://cursor.com/docs/rules"
VERIFIED = "2026-11-21"
LINES = 500
EMPTY = ("", '""', "''", "[]")
OURS = frozenset(("description", "globs", "alwaysApply"))
# Keys of other editors that say when a rule holds, in lower case without `-` and `_` -> what says it here.
ACTIVATION = {
    "glob": "globs", "path": "globs", "paths": "globs", "applyto": "globs", "filepattern": "globs",
    "filepatterns": "globs", "filematchpattern": "globs", "patterns": "globs", "files": "globs",
    "trigger": "alwaysApply", "inclusion": "alwaysApply", "always": "alwaysApply", "alwayson": "alwaysApply",
}  # fmt: skip
# Keys that only describe the file: whoever writes them expects nothing of Cursor.
NOTES = frozenset((
    "name", "title", "version", "author", "authors", "license", "created", "updated", "date", "lastupdated", "modified",
    "source", "url", "id", "status", "owner", "owners", "maintainer", "maintainers", "metadata", "category", "keywords",
    "references", "related", "see",
))  # fmt: skip


@repository_check(
    "CUR01", "a rule file that is no `.mdc`", "cursor/rule",
    why="Cursor loads only files that end in `.mdc` from `.cursor/rules`. A `.md`, a `.txt` or a folder with a"
    " `RULE.md` looks like a rule and is never read.",
    url="https://forum.cursor.com/t/145907", verified=VERIFIED,
    bad=".cursor/rules/style.md", good=".cursor/rules/style.mdc", fix="unsafe",
)  # fmt: skip
def only_mdc(repository: Repository) -> Iterator[Finding]:
    for document in repository.of("cursor/rule"):
        if not document.name.endswith(".mdc") and not document.ours:
            yield from _unread(repository, document)


def _unread(repository: Repository, document: Document) -> Iterator[Finding]:
    name = document.name
    stem, dot, suffix = name.rpartition(".")
    if name == "RULE.md":
        folder = document.folder
        inside = not folder.endswith(".cursor/rules")
        wanted = f"{folder}.mdc" if inside else f"{folder}/rule.mdc"
    elif dot and stem and suffix.lower() in ("md", "txt", "markdown") and stem.lower() not in ("readme", "license"):
        wanted = f"{document.folder}/{stem}.mdc"
    else:
        return
    if is_page(repository, document):
        return
    yield Finding(
        path=document.path,
        message=f"Cursor loads only `.mdc` files here; `{name}` is ignored", hint=f"rename it to `{wanted}`",
        repair=Repair(title=f"Rename to {wanted}", rename=wanted),
    )  # fmt: skip


@file_check(
    "CUR06", "`alwaysApply` that is not true or false", "cursor/rule",
    why="Cursor takes only a bare `true` or `false`. `\"true\"`, `yes` or `1` is text to it, and the rule is not"
    " applied.",
    url=DOCS, verified=VERIFIED, bad='alwaysApply: "true"', good="alwaysApply: true", fix="safe",
)  # fmt: skip
def always_boolean(document: Document) -> Iterator[Finding]:
    key = document.key("alwaysApply")
    if key is None or isinstance(key.value, bool) or key.value is None or not document.path.endswith(".mdc"):
        return
    text, end = written(key)
    if text.lower() in ("true", "false", "", "null", "~"):
        return
    word = text.strip("\"' \t").lower() if "\n" not in text else ""
    meant = {"true": "true", "yes": "true", "on": "true", "1": "true", "always": "true",
             "false": "false", "no": "false", "off": "false", "0": "false", "never": "false"}.get(word, "")  # fmt: skip
    effect = "Cursor reads a text here" if meant == "false" else "the rule is not always applied"
    yield Finding(
        message=f"`alwaysApply` must be true or false without quotes; {effect}",
        start=key.value_start, end=end, hint=f"write `alwaysApply: {meant or 'true'}`",
        severity="warning" if meant == "false" else None,
        repair=Repair(
            title="Write it without quotes", edits=(Edit(start=key.value_start, end=end, text=meant),), safe=True
        ) if meant else None,
    )  # fmt: skip


@file_check(
    "CUR08", "a rule that loads only when it is named", "cursor/rule", severity="info",
    why="Without `alwaysApply: true`, `globs` and `description` nothing but `@name` in a chat loads the rule. That is"
    " also what Cursor's own template for a new rule says until somebody fills it in.",
    url=DOCS, verified=VERIFIED, bad="description:\nglobs:\nalwaysApply: false",
    good="description: How errors are handled\nglobs:\nalwaysApply: false",
)  # fmt: skip
def manual(document: Document) -> Iterator[Finding]:
    front = _front(document)
    if front is None or is_always(document):
        return
    for key in front.keys:
        if key.name in ("description", "globs"):
            if key.raw not in EMPTY:
                return
        elif key.name == "alwaysApply":
            if key.raw[:1] in ("'", '"'):
                return  # CUR06: it is meant to be always on
        elif _plain_name(key.name) in ACTIVATION or _plain_name(key.name) in ("description", "globs", "alwaysapply"):
            return  # CUR11
    name = document.name.removesuffix(".mdc")
    yield Finding(
        message=f"the rule is manual: it loads only when someone types `@{name}` in a chat", start=0, end=3,
        hint="write a `description`, `globs` or `alwaysApply: true` if that is not what you want",
    )  # fmt: skip


@file_check(
    "CUR09", "a `description` that plays no part beside `globs`", "cursor/rule", severity="info",
    why="With globs the rule is attached when a file matches. The description is shown in lists, but the model does not"
    " choose the rule by it.",
    url=DOCS, verified=VERIFIED, bad="description: How we test\nglobs: tests/**", good="globs: tests/**",
)  # fmt: skip
def unused_description(document: Document) -> Iterator[Finding]:
    key = document.key("description")
    if key is None or not key.raw or key.value in ("", None) or not document.path.endswith(".mdc"):
        return
    globs = document.key("globs")
    if globs is None or globs.raw in EMPTY or is_always(document):
        return
    yield Finding(
        message="the description is not used to choose this rule, because `globs` are set",
        start=key.start, end=key.end,
        hint="nothing to do if the globs say it all; without globs the model decides by the description",
    )  # fmt: skip


@file_check(
    "CUR11", "a key that Cursor does not know", "cursor/rule",
    why="Cursor reads `description`, `globs` and `alwaysApply`, and nothing else. A key of another editor that says"
    " when a rule holds does nothing: the rule is then manual, or the model decides.",
    url=DOCS, verified=VERIFIED, bad='applyTo: "src/**"', good="globs: src/**", fix="both",
)  # fmt: skip
def unknown_key(document: Document) -> Iterator[Finding]:
    front = _front(document)
    if front is None:
        return
    for key in front.keys:
        if key.name not in OURS:
            yield _unknown(document, front, key)


@file_check(
    "CUR12", "a description of several lines", "cursor/rule",
    why="Cursor reads front matter line by line. Of a `|` or `>` block it gets the sign and not the text, so the model"
    " has nothing to choose the rule by.",
    url=DOCS, verified=VERIFIED, bad="description: >\n  How errors\n  are handled",
    good="description: How errors are handled", fix="safe",
)  # fmt: skip
def block_description(document: Document) -> Iterator[Finding]:
    key = document.key("description")
    if key is None or "\n" not in key.raw or not document.path.endswith(".mdc"):
        return
    raw = key.raw
    sign, _, below = raw.partition("\n")
    is_block = raw[0] in "|>" and len(sign.split("#")[0].strip()) <= 3
    front = document.front
    if front is not None and not front.problem:
        told = key.value if isinstance(key.value, str) else ""
    else:
        told = below if is_block else "" if raw[0] in "\"'[{" else raw
    if not told.strip() or (front is not None and front.problem and len(raw) > LONG):
        return
    globs = document.key("globs")
    needed = not is_always(document) and (globs is None or globs.raw in EMPTY)
    line = scalar(" ".join(told.split()))
    start = document.text.find(":", key.end) + 1
    yield Finding(
        message="a description of several lines is not read by Cursor's simple parser"
        + ("; the model cannot choose the rule by it" if needed else ""),
        start=key.value_start, end=key.value_start + len(sign.rstrip()), severity=None if needed else "info",
        hint="write it on one line",
        repair=Repair(title="Write it on one line", edits=(Edit(start=start, end=key.value_end, text=f" {line}"),),
                      safe=True) if 0 < start <= key.value_start else None,
    )  # fmt: skip


@repository_check(
    "CUR13", "a `.cursorrules` file", "cursor/legacy",
    why="`.cursorrules` is the form of before 2025. Cursor's documentation no longer names it, and its agent is"
    " reported not to load it. Other tools (Zed, Crush) still do, so that two sets of rules drift apart.",
    url=DOCS, verified=VERIFIED, bad=".cursorrules", good=".cursor/rules/project.mdc", fix="unsafe",
)  # fmt: skip
def legacy(repository: Repository) -> Iterator[Finding]:
    document = repository.document(".cursorrules")
    if document is None:
        return
    names = ("project", "general", "cursorrules")
    paths = [f".cursor/rules/{name}.mdc" for name in names]
    wanted = next((path for path in paths if not repository.exists(path)), "")
    text = document.text
    repair = None
    if wanted and text.strip():
        block = "---\nalwaysApply: true\n---\n\n".replace("\n", feed(text))
        at = 1 if text[:1] == "\ufeff" else 0
        edits = () if text[at:].lstrip()[:3] == "---" else (Edit(start=at, end=at, text=block),)
        repair = Repair(title=f"Move it to {wanted}", edits=edits, rename=wanted)
    yield Finding(
        path=".cursorrules", message="`.cursorrules` is a legacy file; Cursor's agent is reported not to load it",
        hint=f"move it to `{wanted or '.cursor/rules/'}` with `alwaysApply: true`, or to `AGENTS.md`", repair=repair,
    )  # fmt: skip


@file_check(
    "CUR15", "a rule of more than 500 lines", "cursor/rule", severity="info",
    why="Cursor advises to keep rules under 500 lines: a long one fills the context of every chat that it is attached"
    " to.",
    url=DOCS, verified=VERIFIED, bad="one file of 800 lines", good="two files of 400 lines",
)  # fmt: skip
def too_long(document: Document) -> Iterator[Finding]:
    text = document.text
    if len(text) <= LINES or not document.path.endswith(".mdc"):
        return
    lines = text.count("\n") + (text[-1] != "\n")
    if lines > LINES:
        yield Finding(
            message=f"the rule has {lines:,} lines; Cursor recommends at most {LINES}",
            start=document.line_bounds(LINES + 1)[0], hint="split it into rules with globs of their own",
        )  # fmt: skip


def _front(document: Document) -> Front | None:
    """The front matter that Cursor reads."""
    front = document.front if document.path.endswith(".mdc") else None
    return None if front is None or front.end < 0 else front


def _plain_name(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def _unknown(document: Document, front: Front, key: Key) -> Finding:
    plain = _plain_name(key.name)
    ours = {"description": "description", "globs": "globs", "alwaysapply": "alwaysApply"}.get(plain, "")
    wanted = ours or ACTIVATION.get(plain, "")
    globs = front.get("globs")
    decided = is_always(document) or (globs is not None and globs.raw not in EMPTY)
    if wanted and front.get(wanted) is None and not decided:
        repair = _renamed(document, key, wanted, safe=bool(ours))
        hint = f"write `{wanted}`"
        if repair is not None:
            hint = f"w{repair.title[1:]}"
        elif wanted == "alwaysApply":
            hint = "say it with `alwaysApply: true`, `globs` or a `description`"
        return Finding(
            message=f"`{one_line(key.name)[:60]}` is not a Cursor key and has no effect: it does not apply the rule"
            if wanted != "description" else f"`{one_line(key.name)[:60]}` is not a Cursor key and has no effect",
            start=key.start, end=key.end, hint=hint, repair=repair,
        )  # fmt: skip
    near = "" if wanted or plain in NOTES else _nearest(plain)
    if near and front.get(near) is None:
        return Finding(
            message=f"`{one_line(key.name)[:60]}` is not a Cursor key and has no effect", start=key.start, end=key.end,
            severity="warning", hint=f"did you mean `{near}`?", repair=_renamed(document, key, near, safe=False),
        )  # fmt: skip
    return Finding(
        message=f"`{one_line(key.name)[:60]}` is not a Cursor key and has no effect", start=key.start, end=key.end,
        severity="info" if wanted or plain in NOTES else "warning",
        hint="delete it, unless it is there for people or another tool",
    )  # fmt: skip


def _nearest(plain: str) -> str:
    """The key of Cursor's that a name is a slip for, "" for none."""
    from difflib import get_close_matches

    names = {name.lower(): name for name in OURS}
    near = get_close_matches(plain[:40], names, 1, 0.75)
    return names[near[0]] if near else ""


def _renamed(document: Document, key: Key, wanted: str, *, safe: bool) -> Repair | None:
    """The key under the name that Cursor reads, its value as Cursor reads it."""
    text, end = written(key)
    if len(text) > LONG or ("\n" in text and "#" in text):
        return None
    line = ""
    if wanted == "globs":
        patterns = items(text)
        line = "alwaysApply: true" if any(is_universal(pattern) for pattern in patterns) else joined(patterns)
        line = line if line[:12] == "alwaysApply:" or not line else f"globs: {line}"
        if line[:12] == "alwaysApply:" and document.key("alwaysApply") is not None:
            return None
    elif wanted == "alwaysApply":
        word = text.strip("\"' \t").lower()
        word = {"always_on": "true", "always": "true", "true": "true", "false": "false"}.get(word, "")
        line = f"alwaysApply: {word}" if word else ""
    elif "\n" not in text:
        line = f"{wanted}: {text}"
    if not line or document.text[key.start : key.end] != key.name:
        return None
    edit = Edit(start=key.start, end=max(end, key.end), text=line)
    return Repair(title=f"Write `{line[:60]}`", edits=(edit,), safe=safe)
