"""Cursor's rules: https://cursor.com/docs/context/rules (verified 2026-11-21), and what users report of it."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Repair, file_check

DOCS = "https://cursor.com/docs/context/rules"
VERIFIED = "2026-11-21"


@file_check(
    "CUR01", "a rule file that is no `.mdc`", "cursor/rule",
    why="Cursor loads only files that end in `.mdc` from `.cursor/rules`. A `.md`, a `.txt` or a folder with a `RULE.md`"
    " looks like a rule and is never read.",
    url="https://forum.cursor.com/t/145907", verified=VERIFIED,
    bad=".cursor/rules/style.md", good=".cursor/rules/style.mdc", fix="unsafe",
)  # fmt: skip
def only_mdc(document: Document) -> Iterator[Finding]:
    stem, dot, suffix = document.name.rpartition(".")
    if document.name == "RULE.md":
        folder = document.folder.rpartition("/")[2]
        wanted = f"{document.folder}.mdc" if folder != "rules" else f"{document.folder}/rule.mdc"
    elif dot and suffix in ("md", "txt", "markdown"):
        wanted = f"{document.folder}/{stem}.mdc"
    else:
        return
    yield Finding(
        message=f"Cursor loads only `.mdc` files here; `{document.name}` is ignored", hint=f"rename it to `{wanted}`",
        repair=Repair(title=f"Rename to {wanted}", rename=wanted),
    )  # fmt: skip


@file_check(
    "CUR06", "`alwaysApply` that is not true or false", "cursor/rule",
    why="Cursor takes only a bare `true` or `false`. `\"true\"`, `yes` or `1` is text to it, and the rule is not applied.",
    url=DOCS, verified=VERIFIED, bad='alwaysApply: "true"', good="alwaysApply: true", fix="safe",
)  # fmt: skip
def always_boolean(document: Document) -> Iterator[Finding]:
    key = document.key("alwaysApply")
    if key is None or isinstance(key.value, bool) or key.value is None:
        return
    meant = {"true": "true", "false": "false"}.get(str(key.value).lower(), "")
    yield Finding(
        message="`alwaysApply` must be true or false without quotes; the rule is not always applied",
        start=key.value_start, end=key.value_end, hint=f"write `alwaysApply: {meant or 'true'}`",
        repair=Repair(
            title="Write it without quotes", edits=(Edit(start=key.value_start, end=key.value_end, text=meant),), safe=True
        ) if meant else None,
    )  # fmt: skip
