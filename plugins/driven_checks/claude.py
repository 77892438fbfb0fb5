"""Claude Code's rules in `.claude/rules`: https://code.claude.com/docs/en/memory (verified 2026-11-21).

CLAUDE.md and agents are in `claude_memory`, imports in `claude_imports`. How the front matter is read was looked up in
sources of version 2.1.88: where it is no YAML, Claude Code puts the values of lines `key: value` in quotes and tries
again.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Front, Key, Repair, file_check
from driven.plugin_kit import FormatError, count, is_universal, split_list
from driven_checks.globs import Pattern, patterns
from driven_checks.keys import is_empty, items, line_end, stands_alone, value_bounds, word

DOCS = "https://code.claude.com/docs/en/memory"
RULES = "https://code.claude.com/docs/en/memory#path-specific-rules"
VERIFIED = "2026-11-21"
BUDGET = 1_000  # patterns that the braces of one rule may stand for
MOST_CHARS = 20_000  # of a value that is looked into
_GLOBS = ("globs", "glob", "applyTo")
_SPECIAL = "{}[]*&#!|>%@`"  # a value that holds one of these, or `: `, is put in quotes and tried again


@file_check(
    "CLA01", "a key of another editor in place of `paths`", "claude/rule",
    why="`paths` is the only key that Claude Code reads in `.claude/rules`. With `globs`, `applyTo` or `alwaysApply:"
    " false` alone the rule is sent in every session, whatever files are worked on.",
    url="https://github.com/project-koku/koku/issues/6226", verified=VERIFIED,
    bad='globs: "src/**/*.ts"', good='paths:\n  - "src/**/*.ts"', fix="unsafe",
)  # fmt: skip
def foreign_key(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or front.end < 0 or not front.keys:
        return
    keys = {key.name: key for key in front.keys}
    if "paths" in keys or "path" in keys:
        return
    always, trigger = keys.get("alwaysApply"), keys.get("trigger")
    if (always and word(document, always).lower() == "true") or (trigger and word(document, trigger) == "always_on"):
        return  # it is always on, as it should be
    for name in _GLOBS:
        key = keys.get(name)
        globs = [] if key is None else _patterns_in(document, key)
        if key is None or not globs:
            continue
        if not any(is_universal(glob) for glob in globs):
            yield Finding(
                message=f"Claude Code reads only `paths`, not `{name}`; the rule is always on",
                start=key.start, end=key.end, hint="write `paths`, a list of patterns in double quotes",
                repair=_as_paths(document, key, globs),
            )  # fmt: skip
        return
    for key in (always, trigger):
        if key is not None and word(document, key).lower() in ("false", "manual", "model_decision", "glob"):
            yield Finding(
                message=f"Claude Code reads only `paths`, not `{key.name}`; the rule is always on",
                start=key.start, end=key.end,
                hint="limit it with `paths`, or make it a skill, which is loaded when it is needed",
            )  # fmt: skip
            return


def _patterns_in(document: Document, key: Key) -> list[str]:
    found = [part.strip().strip("\"'") for text, _, _ in items(document, key) for part in split_list(text[:MOST_CHARS])]
    return [text for text in found if text]


def _as_paths(document: Document, key: Key, globs: list[str]) -> Repair | None:
    if not stands_alone(document, key) or len(key.raw) > MOST_CHARS:
        return None
    if key.name == "applyTo":  # VS Code matches these at any depth
        globs = [glob if "/" in glob else f"**/{glob}" for glob in globs]
    text = line_end(document).join(["paths:", *[f"  - {_quoted(glob)}" for glob in globs]])
    edits = (Edit(start=key.start, end=value_bounds(key)[1], text=text),)
    return Repair(title="Make it `paths`", edits=edits, safe=key.name != "applyTo")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@file_check(
    "CLA02", "`path` in place of `paths`", "claude/rule",
    why="Claude Code reads `paths` and nothing else. A rule with `path` is not limited to any files: it is always on.",
    url=RULES, verified=VERIFIED, bad='path: "src/api/**"', good='paths: "src/api/**"', fix="safe",
)  # fmt: skip
def singular(document: Document) -> Iterator[Finding]:
    key = document.key("path")
    if key is None or is_empty(key) or document.key("paths") is not None:
        return
    rename = Edit(start=key.start, end=key.end, text="paths")
    yield Finding(
        message="`path` is no key of Claude Code's; the rule is always on",
        start=key.start, end=key.end, hint="write `paths`",
        repair=Repair(title="Rename it to `paths`", edits=(rename,), safe=True),
    )  # fmt: skip


@file_check(
    "CLA03", "front matter with `paths` that is no YAML", "claude/rule",
    why="What Claude Code cannot read as YAML it ignores, and the rule is always on. It puts some values in quotes"
    " itself and tries again; GitHub, VS Code and other readers of the file do not.",
    url="https://github.com/anthropics/claude-code/issues/13905", verified=VERIFIED,
    bad="paths:\n  - **/*.ts", good='paths:\n  - "**/*.ts"', fix="safe",
)  # fmt: skip
def no_yaml(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or not front.problem:
        return
    if front.end < 0:
        head = document.text[front.start : front.start + 2_000]
        if head.startswith("paths:") or "\npaths:" in head:
            yield Finding(
                message="the front matter is never closed; Claude Code takes it for text, and the rule is always on",
                start=0, end=3, hint="write `---` below the last key",
            )  # fmt: skip
        return
    if not _has_paths(front.text) or not _is_broken(front):
        return
    at = front.problem_at
    stop = document.text.find("\n", at)
    stop = front.end if stop < 0 else min(stop, front.end)
    end = at + len(document.text[at:stop].rstrip())
    repair = _in_quotes(front)
    if repair is not None:  # the value that needs quotes says more than the place where the reader gave up
        at, end = repair.edits[0].start, repair.edits[0].end
    what = front.problem.removeprefix("the YAML does not parse: ")
    told = f"the front matter is no YAML: {'this value needs quotes' if repair else what}"
    hint = "put each pattern in double quotes"
    if _is_rescued(front):
        message = f"{told}; Claude Code guesses what is meant, other readers of the file ignore `paths`"
        yield Finding(message=message, start=at, end=end, hint=hint, repair=repair, severity="warning")
    else:
        message = f"{told}; Claude Code cannot read `paths`, and the rule is not limited to these files"
        yield Finding(message=message, start=at, end=end, hint=hint, repair=repair)


def _has_paths(text: str) -> bool:
    return text.startswith("paths:") or "\npaths:" in text


def _is_broken(front: Front) -> bool:
    """Whether it is no YAML to anybody; what driven alone refuses (a tag, a key that stands twice) does not count."""
    problem = front.problem
    if "aliases are not allowed" in problem:
        return "&" not in front.text  # `*.ts` is an alias of nothing
    return "does not parse" in problem or "may not stand in YAML" in problem


def _is_rescued(front: Front) -> bool:
    """Whether Claude Code's second try succeeds: lines `key: value` with the value in quotes."""
    import re

    from driven.plugin_kit import load_yaml

    simple = re.compile(r"([a-zA-Z_-]+):\s+(.+)")
    lines = []
    for line in front.text.split("\n"):
        found = simple.fullmatch(line.rstrip())
        if found and not _is_quoted(found[2]) and (any(char in found[2] for char in _SPECIAL) or ": " in found[2]):
            if found[1] == "paths" and found[2][0] == "[":
                return False  # the brackets become a part of the first and the last pattern
            line = f"{found[1]}: {_quoted(found[2])}"
        lines.append(line)
    return not load_yaml("\n".join(lines), path="").diagnostics


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def _in_quotes(front: Front) -> Repair | None:
    """Quotes around each value that needs them, if that makes it YAML."""
    import re

    from driven.plugin_kit import load_yaml

    value_of = re.compile(r"(?:[A-Za-z_-]+:|[ \t]*-)[ \t]+(\S.*)")
    edits: list[Edit] = []
    lines: list[str] = []
    at = front.start
    for line in front.text.split("\n"):
        bare = line.rstrip()
        found = value_of.fullmatch(bare)
        new = _safe_value(found[1]) if found else ""
        if found and new and new != found[1]:
            edits.append(Edit(start=at + found.start(1), end=at + len(bare), text=new))
            lines.append(bare[: found.start(1)] + new)
        else:
            lines.append(line)
        at += len(line) + 1
    if not edits or load_yaml("\n".join(lines), path="").diagnostics:
        return None
    return Repair(title="Put the values in quotes", edits=tuple(edits), safe=True)


def _safe_value(value: str) -> str:
    if _is_quoted(value):
        return value
    if value[0] == "[" and value[-1] == "]":
        parts = split_list(value[1:-1])
        return "[" + ", ".join(part if _is_quoted(part) else _quoted(part) for part in parts) + "]"
    return _quoted(value) if value[0] in "*&!{[%@`" or ": " in value else value


@file_check(
    "CLA04", "a `[` in a pattern that opens no class", "claude/rule",
    why="`[` begins a class of characters. Where no `]` follows, Claude Code drops the pattern: it matches nothing, and"
    " a rule that has no other pattern is never loaded.",
    url=RULES, verified=VERIFIED, bad='- "photos [2024/**"', good='- "photos \\\\[2024/**"', fix="unsafe",
)  # fmt: skip
def open_bracket(document: Document) -> Iterator[Finding]:
    if "[" not in document.text[: document.body_start]:
        return
    for pattern in patterns(document):
        at = _unclosed(pattern.text)
        if at < 0:
            continue
        written = document.text[pattern.start : pattern.end] == pattern.text
        start = pattern.start + at if written else pattern.start
        yield Finding(
            message=f"the `[` in `{_shown(pattern.text)}` opens no class; the pattern matches nothing",
            start=start, end=start + 1 if written else pattern.end, hint="write `\\[` (in double quotes `\\\\[`)",
            repair=_escape(document, pattern, start) if written else None,
        )  # fmt: skip


def _unclosed(pattern: str) -> int:
    """The first `[` without a `]` behind it, -1 for none."""
    at = pattern.rfind("]") + 1
    while True:
        at = pattern.find("[", at)
        if at < 0:
            return -1
        slashes = at - len(pattern[:at].rstrip("\\"))
        if slashes % 2 == 0:
            return at
        at += 1


def _escape(document: Document, pattern: Pattern, start: int) -> Repair:
    key = document.key(pattern.key)
    whole = "" if key is None else key.raw[:1]
    double = '"' in (whole, document.text[pattern.start - 1])
    edit = Edit(start=start, end=start, text="\\\\" if double else "\\")
    return Repair(title="Escape the bracket", edits=(edit,))


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"


@file_check(
    "CLA05", "braces that stand for too many patterns", "claude/rule",
    why="All patterns of a rule share a budget of 1,000 that their braces may stand for. A pattern that would exceed it"
    " is used as it is written, with its braces, and matches no file.",
    url=RULES, verified=VERIFIED, bad='- "{a,b,c,d,e,f}/{a,b,c,d,e,f}/{a,b,c,d,e,f}/{a,b,c,d,e,f}/**"',
    good='- "src/**/*.{ts,tsx}"',
)  # fmt: skip
def many_braces(document: Document) -> Iterator[Finding]:
    if "{" not in document.text[: document.body_start]:
        return
    total = 0
    for pattern in patterns(document):
        text = pattern.text
        try:
            many = count(text.replace("..", "__")) if "{" in text else 1  # a range is no alternative to Claude Code
        except FormatError:
            continue
        if total + many <= BUDGET or many == 1:
            total += many
            continue
        rest = f"{many:,} patterns" if many < 10**12 else "very many patterns"
        more = f", with {total:,} before them" if total else ""
        yield Finding(
            message=f"these braces stand for {rest}{more}; a rule may have {BUDGET:,}, so Claude Code does not expand"
            " them, and the pattern matches nothing",
            start=pattern.start, end=pattern.end, hint="write fewer alternatives, or `*` in place of a brace",
        )  # fmt: skip


@file_check(
    "CLA06", "a rule file that is no `.md`", "claude/rule",
    why="Claude Code loads only files that end in `.md` from `.claude/rules`. A `.mdc` or `.txt` there is never read.",
    url=DOCS, verified=VERIFIED, bad=".claude/rules/style.mdc", good=".claude/rules/style.md", fix="unsafe",
)  # fmt: skip
def only_md(document: Document) -> Iterator[Finding]:
    name = document.name
    stem, dot, suffix = name.rpartition(".")
    if suffix == "md" or not stem or not dot or suffix.lower() not in ("md", "mdc", "mdx", "markdown", "txt"):
        return
    wanted = f"{document.folder}/{stem}.md"
    yield Finding(
        message=f"Claude Code loads only `.md` files here; `{name}` is ignored", hint=f"rename it to `{stem}.md`",
        repair=Repair(title=f"Rename to {wanted}", rename=wanted),
    )  # fmt: skip
