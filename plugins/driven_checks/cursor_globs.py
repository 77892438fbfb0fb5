"""How `globs` stand in Cursor's rules: https://cursor.com/docs/rules (verified 2026-11-21) and user reports.

Cursor has two readers of front matter, and neither is YAML as others know it: what matches is a bare text, split at
commas. So `globs: **/*.ts,src/**` is right here, though no strict YAML reader takes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Key, Repair, file_check
from driven.plugin_kit import FormatError, count, expand, is_universal, plain_first, split_list, starts_plain

DOCS = "https://cursor.com/docs/rules"
VERIFIED = "2026-11-21"
LONG = 20_000  # characters of one value: longer ones are told, not rewritten
MANY = 100  # patterns that braces are written out to
_NEVER_BARE = "#\"'|>&!%@`"  # what no bare text may begin with, whichever reader it gets


def feed(text: str) -> str:
    """The line end of a file, for lines that a repair adds."""
    return "\r\n" if text[text.find("\n") - 1 : text.find("\n")] == "\r" else "\n"


def written(key: Key) -> tuple[str, int]:
    """The value of a key as written, without a comment behind it, and the offset of its end."""
    raw = key.raw
    if "#" not in raw or "\n" in raw:
        return raw, key.value_end
    end = len(raw)
    if raw[0] == "#":
        end = 0
    elif raw[0] in "\"'":
        closed = raw.find(raw[0], 1)
        if closed > 0 and raw[closed + 1 :].lstrip(" \t")[:1] == "#":
            end = closed + 1
    elif " #" in raw:
        end = len(raw[: raw.find(" #")].rstrip(" \t"))
    return raw[:end], key.value_start + end


def is_always(document: Document) -> bool:
    """Whether Cursor puts the rule into every chat, whatever its globs say."""
    key = document.key("alwaysApply")
    return key is not None and (key.value is True or (key.raw[:4] in ("true", "True", "TRUE") and _is_true(key)))


def _is_true(key: Key) -> bool:
    return written(key)[0].lower() == "true"


def is_list(text: str) -> bool:
    """Whether `globs` stand as a list, or on several lines."""
    if "\n" in text or text[:2] in ("- ", "-\t"):
        return True
    if text[:1] != "[" or text[-1:] != "]":
        return False
    # `[a-z]*.[ch]` is a pattern: its first bracket closes before the end, and no comma or quote is in it.
    return text.find("]") == len(text) - 1 or "," in text or '"' in text or "'" in text


def items(text: str) -> list[str]:
    """The patterns that are meant by `text`, however they stand there."""
    lines = [text]
    if "\n" in text or text[:2] in ("- ", "-\t"):
        lines = [line.strip() for line in text.split("\n")]
        if lines[0][:1] in ("|", ">"):
            lines = lines[1:]
        lines = [line[1:].strip() if line[:2] in ("- ", "-\t") else line for line in lines if line[:1] != "#"]
        if len(lines) > 1 and lines[0] == "[" and lines[-1] == "]":
            lines = lines[1:-1]
    elif is_list(text):
        lines = [text[1:-1]]
    found = []
    for line in lines:
        quote = line[:1]
        bare = line[1:-1] if quote in ("'", '"') and line[1:].find(quote) == len(line) - 2 else line
        found += [item.strip("\"' \t") for item in split_list(bare)]
    return [item for item in found if item]


def joined(patterns: list[str]) -> str:
    """The patterns as Cursor wants them, braces with commas written out; "" when that cannot be written."""
    found: dict[str, None] = {}
    for pattern in patterns:
        try:
            several = expand(pattern, MANY) if "{" in pattern and "," in pattern else [pattern]
        except FormatError:
            return ""
        found.update(dict.fromkeys(several))
        if any("," in one for one in several):
            return ""  # in a class, `[a,b]`: half of the readers split there
    text = ",".join(found)
    if text[:1] in _NEVER_BARE or " #" in text or ": " in text or "\\" in text or is_list(text):
        return ""
    return text


def rewrite(document: Document, key: Key, title: str) -> Repair | None:
    """The whole value as Cursor wants it: the same edit whatever was wrong with it."""
    text, end = written(key)
    if len(text) > LONG or ("\n" in text and "#" in text):
        return None
    wanted = joined(items(text))
    start = document.text.find(":", key.end) + 1
    if not wanted or not 0 < start <= key.value_start:
        return None
    return Repair(title=title, edits=(Edit(start=start, end=end, text=f" {wanted}"),), safe=True)


def _matters(document: Document) -> bool:
    """Whether Cursor looks at the globs of the file."""
    return document.path.endswith(".mdc") and not is_always(document)


@file_check(
    "CUR02", "`globs` in quotes", "cursor/rule",
    why="One of Cursor's two readers keeps the quotes as part of the pattern. No file is called so, and the rule is"
    " never attached.",
    url="https://github.com/cosai-oasis/project-codeguard/issues/121", verified=VERIFIED,
    bad='globs: "src/**/*.ts"', good="globs: src/**/*.ts", fix="safe",
)  # fmt: skip
def quoted(document: Document) -> Iterator[Finding]:
    key = document.key("globs")
    if key is None or ('"' not in key.raw and "'" not in key.raw):
        return
    text, end = written(key)
    at = min(at for at in (text.find('"'), text.find("'"), len(text)) if at >= 0)
    if is_list(text) or not text.strip(" \t\"',") or not _matters(document):
        return
    if at and text[:at].rstrip(" \t")[-1:] != ",":
        return  # inside a pattern: a file name with an apostrophe
    yield Finding(
        message=f"quotes can become part of the pattern in Cursor: {_shown(text)} may match no file",
        start=key.value_start, end=end, hint="write `globs` without quotes",
        repair=rewrite(document, key, "Write globs without quotes"),
    )  # fmt: skip


@file_check(
    "CUR03", "`globs` as a list", "cursor/rule",
    why="Cursor reads `globs` as one comma-separated text on one line. Of a YAML list it makes nothing, or one pattern"
    " with brackets in it; either way the rule is never attached.",
    url="https://github.com/PIsberg/vibetags/issues/712", verified=VERIFIED,
    bad='globs: ["src/**", "lib/**"]', good="globs: src/**,lib/**", fix="safe",
)  # fmt: skip
def as_list(document: Document) -> Iterator[Finding]:
    key = document.key("globs")
    if key is None or not ("[" in key.raw or "\n" in key.raw or key.raw[:1] == "-"):
        return
    text, end = written(key)
    if not is_list(text) or not items(text[:LONG]) or not _matters(document):
        return
    what = "list" if text[:1] in "[-" else "block of lines"
    yield Finding(
        message=f"Cursor reads `globs` as one comma-separated text; this {what} may match no file",
        start=key.value_start, end=end, hint="write the patterns on one line, with `,` between them",
        repair=rewrite(document, key, "Join the globs with commas"),
    )  # fmt: skip


@file_check(
    "CUR04", "a blank after a comma in `globs`", "cursor/rule",
    why="Users report that Cursor keeps the blank as the first character of the next pattern, which then matches no"
    " file.",
    url="https://github.com/nefarius/BthPS3/issues/143", verified=VERIFIED,
    bad="globs: src/**, lib/**", good="globs: src/**,lib/**", fix="safe",
)  # fmt: skip
def spaced(document: Document) -> Iterator[Finding]:
    key = document.key("globs")
    if key is None or not (", " in key.raw or ",\t" in key.raw):
        return
    text, _ = written(key)
    if is_list(text) or not _matters(document):
        return
    at, end = _gap(text)
    if end:
        start = key.value_start + at
        after = text[end : end + 60].partition(",")[0].strip(" \t\"'")
        yield Finding(
            message=f"a blank after the comma is reported to stop matching: `{after}` may match no file",
            start=start, end=key.value_start + end, hint="write `,` alone between globs",
            repair=rewrite(document, key, "Delete the blanks"),
        )  # fmt: skip


@file_check(
    "CUR05", "braces with a comma in `globs`", "cursor/rule",
    why="Some builds of Cursor split `globs` at every comma, those inside braces too. `*.{ts,tsx}` is then the two"
    " patterns `*.{ts` and `tsx}`, which match nothing.",
    url="https://github.com/PIsberg/vibetags/issues/696", verified=VERIFIED,
    bad="globs: src/**/*.{ts,tsx}", good="globs: src/**/*.ts,src/**/*.tsx", fix="safe",
)  # fmt: skip
def braces(document: Document) -> Iterator[Finding]:
    key = document.key("globs")
    if key is None or "{" not in key.raw or "," not in key.raw:
        return
    text, _ = written(key)
    if len(text) > LONG or is_list(text) or not _matters(document):
        return
    for pattern in items(text):
        if "{" in pattern and "," in pattern and _has_alternatives(pattern):
            at = text.find(pattern)
            start = key.value_start + max(at, 0)
            yield Finding(
                message=f"Cursor may split `{pattern[:80]}` at the comma inside the braces, and match no file",
                start=start, end=start + len(pattern), hint="write the alternatives out, one pattern for each",
                repair=rewrite(document, key, "Write the alternatives out"),
            )  # fmt: skip
            return


@file_check(
    "CUR07", "`globs` beside `alwaysApply: true`", "cursor/rule",
    why="`alwaysApply: true` wins: the rule is in every chat, for files of any kind, and costs its tokens there. The"
    " globs say that somebody meant it for some files.",
    url=DOCS, verified=VERIFIED, bad="globs: src/**\nalwaysApply: true", good="globs: src/**\nalwaysApply: false",
    fix="unsafe",
)  # fmt: skip
def ignored_globs(document: Document) -> Iterator[Finding]:
    key = document.key("globs")
    if key is None or not key.raw or not document.path.endswith(".mdc") or not is_always(document):
        return
    text, end = written(key)
    patterns = items(text) if len(text) <= LONG else [text]
    if not patterns or any(pattern == "*" or is_universal(pattern) for pattern in patterns):
        return  # both say "every file"
    start = document.line_bounds(key.line)[0]
    stop = document.line_bounds(document.line_of(key.value_end))[1]
    yield Finding(
        message="`globs` are ignored when `alwaysApply` is true: the rule is in every chat, not only for "
        + _shown(",".join(patterns)),
        start=key.value_start, end=end, hint="remove `globs`, or write `alwaysApply: false`",
        repair=Repair(title="Remove globs", edits=(Edit(start=start, end=stop, text=""),)),
    )  # fmt: skip


@file_check(
    "CUR14", "`globs` that begin with `*` though another pattern could stand first", "cursor/rule", severity="info",
    why="A bare `*` at the beginning is right for Cursor, but to YAML it is an alias: linters, site generators and"
    " other tools refuse the file. With a pattern in front that begins with a letter, all of them can read it.",
    url="https://github.com/triggerdotdev/trigger.dev/pull/1833", verified=VERIFIED,
    bad="globs: **/*.ts,src/**", good="globs: src/**,**/*.ts", fix="safe",
)  # fmt: skip
def star_first(document: Document) -> Iterator[Finding]:
    key = document.key("globs")
    if key is None or key.raw[:1] != "*" or "," not in key.raw:
        return
    text, end = written(key)
    if is_list(text) or not _matters(document):
        return
    patterns = items(text) if len(text) <= LONG else []
    plain = next((pattern for pattern in patterns if starts_plain(pattern)), "")
    if plain:
        repair = None
        try:
            wanted = joined(plain_first(patterns))
        except FormatError:
            wanted = ""
        if wanted:
            edit = Edit(start=key.value_start, end=end, text=wanted)
            repair = Repair(title=f"Put {_shown(plain)} first", edits=(edit,), safe=True)
        yield Finding(
            message="`globs` begin with `*`: right for Cursor, but no valid YAML for other tools that read the file",
            start=key.value_start, end=end, hint=f"put {_shown(plain)} first: the order makes no difference",
            repair=repair,
        )  # fmt: skip


def _shown(text: str) -> str:
    """Text in backquotes, shortened."""
    text = text.partition("\n")[0].replace("`", "'")
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def _gap(text: str) -> tuple[int, int]:
    """Where the first blanks after a comma outside braces and classes begin and end; (0, 0) for none."""
    depth = 0
    for at, char in enumerate(text):
        if char in "{[":
            depth += 1
        elif char in "}]":
            depth = max(0, depth - 1)
        elif char == "," and depth == 0 and text[at + 1 : at + 2] in (" ", "\t"):
            end = len(text) - len(text[at + 1 :].lstrip(" \t"))
            return (at + 1, end) if end < len(text) else (0, 0)
    return 0, 0


def _has_alternatives(pattern: str) -> bool:
    try:
        return count(pattern) > 1
    except FormatError:
        return False  # no pattern at all: another check's
