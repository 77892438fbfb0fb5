"""How much text is sent with every request, and the limits that an editor sets without telling."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Finding, Repository, file_check, repository_check
from driven.model.activation import Always
from driven_checks.readers import TOOLS, named, readers
from driven_checks.rule_texts import folders_up, held

VERIFIED = "2026-11-21"
BUDGET = 40_000  # characters; Claude Code warns of one file above it

# Our editors, by the tool that reads what is written for them.
_EDITORS = {
    "cursor": "Cursor", "copilot": "Copilot in VS Code", "windsurf": "Devin", "claude": "Claude Code",
    "cline": "Cline", "aider": "Aider", "agents": "Codex",
}  # fmt: skip


@repository_check(
    "SIZ01", "too much text in every request", severity="warning",
    why="Always-on rules are sent with every request, whatever it is about. They take room from the code, cost money"
    " each time, and a model follows each of many rules less: Claude Code warns from 40,000 characters.",
    url="https://github.com/anthropics/claude-code/issues/2766", verified=VERIFIED,
    bad="CLAUDE.md: 52,000 characters", good="CLAUDE.md: 9,000 characters, the rest in rules with globs",
)  # fmt: skip
def too_much(repository: Repository) -> Iterator[Finding]:
    files = _always_on(repository)
    if sum(size for _, size, _, _ in files) <= BUDGET:
        return
    by_tool: dict[str, dict[str, list[tuple[int, str]]]] = {}
    for path, size, scope, tools in files:
        for tool in tools:
            by_tool.setdefault(tool, {}).setdefault(scope, []).append((size, path))
    # (largest file, folder) -> tool -> the files that it loads there, the largest first.
    found: dict[tuple[str, str], dict[str, list[tuple[int, str]]]] = {}
    for tool in TOOLS:
        scopes = by_tool.get(tool, {})
        over: set[str] = set()
        for scope in sorted(scopes):
            above = list(folders_up(scope))
            if not over.isdisjoint(above):
                continue
            loaded = sorted((one for folder in above for one in scopes.get(folder, ())), reverse=True)
            if sum(size for size, _ in loaded) > BUDGET:
                over.add(scope)
                found.setdefault((loaded[0][1], scope), {})[tool] = loaded
    for (path, scope), loads in found.items():
        tool = max(loads, key=lambda name: sum(size for size, _ in loads[name]))
        total = sum(size for size, _ in loads[tool])
        where = f"for files in `{scope}` " if scope else ""
        largest = ", ".join(f"`{name}` ({size:,})" for size, name in loads[tool][:3])
        others = f"; so do {named(frozenset(loads) - {tool})}" if len(loads) > 1 else ""
        yield Finding(
            message=f"{tool} loads {total:,} characters of rules {where}with every request, more than {BUDGET:,}; the"
            f" largest {'file is' if len(loads[tool]) == 1 else 'files are'} {largest}{others}",
            path=path, hint="move what holds for some files only into rules with globs, and long texts into skills",
        )  # fmt: skip


def _always_on(repository: Repository) -> list[tuple[str, int, str, frozenset[str]]]:
    """(path, characters, the folder it is for, who reads it): the files of people, and our rules where driven writes
    them for an editor."""
    found = []
    for one in held(repository):
        document = one.document
        if document.place != "driven/rule" and one.when == "always":
            ours = sum(end - start for start, end in document.ours)
            found.append((document.path, max(0, len(document.text) - ours), one.scope, readers(one)))
    for rule in repository.rules if repository.managed else ():
        if isinstance(rule.activation, Always) and repository.active.get(rule.id, True):
            tools = frozenset(
                _EDITORS[name] for name in repository.editors if name in _EDITORS and rule.for_editor(name)
            )
            found.append((rule.span.path, len(rule.body), "", tools))
    return found


# Place -> (limit in characters, what happens, hint).
_SPLIT = "split it into several rules, each with the globs that it is for"
_LIMITS: dict[str, tuple[int, str, str]] = {
    "antigravity/rule": (12_000, "Antigravity takes at most 12,000 characters of a rule file", _SPLIT),
    "antigravity/old": (12_000, "Antigravity takes at most 12,000 characters of a rule file", _SPLIT),
    "antigravity/workflow": (12_000, "Antigravity takes at most 12,000 characters of a workflow", "split it"),
    "claude/memory": (4 << 20, "Claude Code skips a memory file above 4 MiB", _SPLIT),
    "claude/rule": (4 << 20, "Claude Code skips a rule above 4 MiB", _SPLIT),
    "copilot/agent": (30_000, "the prompt of a custom agent may have 30,000 characters", "shorten it"),
}  # fmt: skip
_FACTORY = (80_000, 40_000)  # characters of an AGENTS.md at the root, and below it
_SKILL_LINES = 500


@file_check(
    "SIZ02", "a file above the limit of its editor", *_LIMITS, "agents/memory", "skill/skill", severity="warning",
    why="The editor cuts the file, or skips it, and tells nobody: what stands behind the limit is never read.",
    url="https://skly.ai/docs/rules/antigravity", verified=VERIFIED,
    bad=".agents/rules/all.md: 31,000 characters", good=".agents/rules/api.md: 4,000 characters",
)  # fmt: skip
def over_the_limit(document: Document) -> Iterator[Finding]:
    text = document.text
    size = len(text)
    place = document.place
    if place == "skill/skill":
        if size > _SKILL_LINES and (count := text.count("\n", document.body_start)) > _SKILL_LINES:
            line = document.line_of(document.body_start) + _SKILL_LINES
            start, end = document.line_bounds(line)
            yield Finding(
                message=f"this skill has {count:,} lines; the standard advises at most {_SKILL_LINES}, for all of it is"
                " loaded when the skill is used",
                start=start, end=end, severity="info",
                hint="move details into files below `references/` and link them: they are read when needed",
            )  # fmt: skip
        return
    if place == "agents/memory":
        limit = _FACTORY[1] if document.scope else _FACTORY[0]
        if document.name.lower() != "agents.md" or size <= limit:
            return
        what, hint = f"Factory Droid reads the first {limit:,} characters of it", _SPLIT
    else:
        limit, what, hint = _LIMITS[place]
        length = len(document.data) if limit == 4 << 20 else size - document.body_start
        if length <= limit:
            return
    start = min(size, document.body_start + limit if limit != 4 << 20 else 0)
    yield Finding(
        message=f"{what}; this one has {size:,}", start=start, end=start,
        severity="error" if limit == 4 << 20 else None, hint=hint,
    )  # fmt: skip
