"""Windsurf's files, now Devin Desktop's: how much of each is read, and from which folders.

Vendor facts, verified 2026-11-21: docs.devin.ai/desktop/cascade/memories (the limits, `.devin/rules` before
`.windsurf/rules`) and docs.devin.ai/cli/extensibility/rules (`*.md` of each, at every level of a project).
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Repair, Repository, file_check, repository_check
from driven_checks.keys import line_end
from driven_checks.windsurf import CLI, DOCS, VERIFIED, is_rule

LIMIT = 12_000  # characters of a rule or a workflow
SMALL = 6_000  # of the files that are always on


@file_check(
    "WND05", "a rule or workflow over 12,000 characters", "windsurf/rule", "windsurf/workflow",
    why="Windsurf limits each file of rules or workflows to 12,000 characters. What stands behind them may be cut, and"
    " the model follows half of the rule.",
    url=DOCS, verified=VERIFIED, bad="a rule of 15,000 characters", good="two rules of 7,500 characters",
)  # fmt: skip
def too_long(document: Document) -> Iterator[Finding]:
    if len(document.text) > LIMIT and is_rule(document):
        yield from _over(document, LIMIT, "may be cut", "split it into smaller files")


@file_check(
    "WND06", "an always-on file over 6,000 characters", "windsurf/global", "windsurf/legacy",
    why="`global_rules.md` and `.windsurfrules` are limited to 6,000 characters. The rest is cut without a word, and"
    " the model never sees it.",
    url=DOCS, verified=VERIFIED, bad="a .windsurfrules of 9,000 characters",
    good="5,000 characters in it, the rest in .devin/rules",
)  # fmt: skip
def too_long_always(document: Document) -> Iterator[Finding]:
    # Devin's own `.devin/global_rules.md` has no such limit.
    if len(document.text) > SMALL and ".devin/" not in document.path:
        yield from _over(document, SMALL, "are not seen", "make it shorter, or move parts to `.devin/rules`")


@file_check(
    "WND07", "a `.windsurfrules` file", "windsurf/legacy", severity="info",
    why="`.windsurfrules` is the old form: one file of 6,000 characters, always on. Rules in `.devin/rules` have 12,000"
    " each, and say when they apply.",
    url=DOCS, verified=VERIFIED, bad=".windsurfrules", good=".devin/rules/project.md", fix="unsafe",
)  # fmt: skip
def legacy(document: Document) -> Iterator[Finding]:
    if document.folder or not document.text.strip("\ufeff \t\r\n"):
        return
    wanted = ".devin/rules/project.md"
    end = line_end(document)
    header = end.join(("---", "trigger: always_on", "---", "", ""))
    yield Finding(
        message="`.windsurfrules` is a legacy file; current versions prefer `.devin/rules`",
        hint=f"move it to `{wanted}` with `trigger: always_on`",
        repair=Repair(
            title=f"Move to {wanted}", edits=(Edit(start=0, end=int(document.text[0] == "\ufeff"), text=header),),
            rename=wanted,
        ),
    )  # fmt: skip


@repository_check(
    "WND08", "one rule in `.windsurf/rules` and `.devin/rules`", "windsurf/rule", severity="warning",
    why="Both folders are read and merged. A rule that was copied to the new folder and left in the old one is sent"
    " twice, and the two drift apart.",
    url=CLI, verified=VERIFIED, bad=".windsurf/rules/style.md and .devin/rules/style.md", good=".devin/rules/style.md",
)  # fmt: skip
def both_folders(repository: Repository) -> Iterator[Finding]:
    rules = [rule for rule in repository.of("windsurf/rule") if is_rule(rule)]
    new = {rule.path: rule for rule in rules if ".devin/rules/" in rule.path}
    if not new:
        return
    for rule in rules:
        top, found, own = _parts(rule, ".windsurf")
        twin = new.get(f"{top}.devin/rules/{own}") if found and "/" not in own else None
        if twin is None:
            continue
        same = rule.body is twin.body or rule.body.text.split() == twin.body.text.split()
        what = "has the same name and the same text" if same else "has the same name"
        yield Finding(
            message=f"`{twin.path}` {what}, and both are read", path=rule.path,
            hint="delete this one" if same else "keep one of the two, with what both say",
        )  # fmt: skip


@repository_check(
    "WND09", "a rule below the folder of rules", "windsurf/rule",
    why="Only files directly in `.devin/rules` are read: `*.md`, not `**`. A folder below it looks tidy and is never"
    " looked into; rules for one directory stand in that directory's own `.devin/rules`.",
    url="https://github.com/Chemaclass/agnostic-ai/issues/628", verified=VERIFIED,
    bad=".devin/rules/web/style.md", good="web/.devin/rules/style.md", fix="unsafe",
)  # fmt: skip
def nested(repository: Repository) -> Iterator[Finding]:
    for rule in repository.of("windsurf/rule"):
        tool = ".devin" if ".devin/rules/" in rule.path else ".windsurf"
        top, found, own = _parts(rule, tool)
        if not found or "/" not in own or not is_rule(rule):
            continue
        below, _, name = own.rpartition("/")
        if repository.exists(f"{top}{below}"):
            wanted = f"{top}{below}/{tool}/rules/{name}"
        else:
            wanted = f"{top}{tool}/rules/{own.replace('/', '-')}"
        yield Finding(
            message=f"only files directly in `{top}{tool}/rules` are read; this one is not", path=rule.path,
            hint=f"move it to `{wanted}`", severity=None if tool == ".devin" else "warning",
            repair=Repair(title=f"Move to {wanted}", rename=wanted),
        )  # fmt: skip


def _over(document: Document, limit: int, fate: str, hint: str) -> Iterator[Finding]:
    """A file with more than `limit` characters; blanks at the end are nothing lost."""
    text = document.text
    start = limit + (text[0] == "\ufeff")
    kept = len(text[start:].rstrip())
    if kept:
        # The count is no part of the message: it changes with every edit, and the mistake is the same.
        yield Finding(
            message=f"the file is over {limit:,} characters: those behind {fate}",
            start=start, end=start + kept, hint=f"{hint}: {kept:,} are too many",
        )  # fmt: skip


def _parts(rule: Document, tool: str) -> tuple[str, bool, str]:
    """The folder that a rule is for, with `/`; whether it stands in the rules of `tool`; its path there."""
    top, found, own = f"/{rule.path}".partition(f"/{tool}/rules/")
    return f"{top}/".lstrip("/"), bool(found), own
