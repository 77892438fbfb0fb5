"""Claude Code's memory and agents: https://code.claude.com/docs/en/memory and sub-agents (verified 2026-11-21).

What CLAUDE.md imports is in `claude_imports`, the rules of `.claude/rules` are in `claude`.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Front, Key, Repair, Repository, file_check, repository_check
from driven_checks.ignored import is_ignored
from driven_checks.keys import is_empty, line_end, value_bounds, word

DOCS = "https://code.claude.com/docs/en/memory"
VERIFIED = "2026-11-21"
ADVISED = 200  # lines of a CLAUDE.md
LOCAL = "CLAUDE.local.md"


@file_check(
    "CLA13", "a CLAUDE.md of more than 200 lines", "claude/memory", severity="info",
    why="All of CLAUDE.md is sent in every session. Past 200 lines it costs context, and Claude follows it less well.",
    url="https://code.claude.com/docs/en/memory#write-effective-instructions", verified=VERIFIED,
    bad="CLAUDE.md with 340 lines", good="CLAUDE.md with 120 lines, the rest in .claude/rules with `paths`",
)  # fmt: skip
def long_memory(document: Document) -> Iterator[Finding]:
    text = document.text
    lines = text.count("\n") + (text[-1:] not in ("\n", ""))
    if lines > ADVISED:
        yield Finding(
            message=f"the file has {lines:,} lines; up to {ADVISED} are advised, and all are sent in every session",
            start=document.line_bounds(ADVISED + 1)[0],
            hint="move what is for some files only into `.claude/rules`, with `paths`",
        )  # fmt: skip


@repository_check(
    "CLA14", "a CLAUDE.local.md that git does not ignore", "claude/memory",
    why="CLAUDE.local.md holds what one person wants. Committed, it steers everybody's Claude Code.",
    url=DOCS, verified=VERIFIED, bad="CLAUDE.local.md, and no line for it in .gitignore",
    good="CLAUDE.local.md in .gitignore",
)  # fmt: skip
def shared_local(repository: Repository) -> Iterator[Finding]:
    for document in repository.of("claude/memory"):
        path = document.path
        if document.name != LOCAL:
            continue
        if path in repository.tracked:
            yield Finding(
                message=f"`{LOCAL}` is a personal file, and it is in git: everybody gets it", path=path,
                hint=f"add `{LOCAL}` to `.gitignore`, then run `git rm --cached {path}`",
            )  # fmt: skip
        elif path in repository.files and not _is_kept_out(repository, path):
            yield Finding(
                message=f"`{LOCAL}` is a personal file, and git does not ignore it: it may be committed", path=path,
                hint=f"add `{LOCAL}` to `.gitignore`", severity="warning",
            )  # fmt: skip


def _is_kept_out(repository: Repository, path: str) -> bool:
    """Of a file that git would not ignore: whether there is no git, and no `.gitignore` that misses it."""
    if repository.exists(".git"):
        return False
    text = repository.read(".gitignore") if repository.exists(".gitignore") else None
    return text is None or is_ignored(text, path)


@file_check(
    "CLA15", "an agent without a name or a description", "claude/agent",
    why="Claude Code loads a file of `.claude/agents` only with a `name` and a `description`, and a name may not hold"
    " `:`, which separates a plugin from its agents. Any other file is skipped, and only the debug log says so.",
    url="https://code.claude.com/docs/en/sub-agents", verified=VERIFIED,
    bad="name: team:reviewer", good="name: team-reviewer\ndescription: Reviews changes before a commit", fix="unsafe",
)  # fmt: skip
def agent_fields(document: Document) -> Iterator[Finding]:
    if document.name[-3:] != ".md":
        return
    front = document.front
    if front is None:
        top = document.folder.endswith("/agents") or document.folder == "agents"
        if (
            document.name.lower() not in ("readme.md", "index.md", "claude.md", "agents.md")
            and document.name[0] not in "._"
        ):
            yield Finding(
                message="the agent has no front matter with `name` and `description`; it will not load",
                hint="begin the file with `---`, `name`, `description` and `---`", severity=None if top else "warning",
            )  # fmt: skip
        return
    if front.end < 0:
        return  # told as such
    name = front.get("name")
    if name is None or is_empty(name):
        yield Finding(
            message="the agent has no `name`; it will not load", start=front.start if name is None else name.start,
            end=front.start if name is None else name.end, hint="add a `name` in small letters with hyphens",
            repair=_named(document, front, name),
        )  # fmt: skip
    elif ":" in word(document, name):
        start, end = value_bounds(name)
        new = "-".join(part for part in word(document, name).replace(" ", "").split(":") if part)
        yield Finding(
            message=f"`:` may not stand in the name of an agent; `{word(document, name)[:80]}` will not load",
            start=start, end=end, hint="write `-` for it",
            repair=Repair(title=f"Name it {new}", edits=(Edit(start=start, end=end, text=new),)) if new else None,
        )  # fmt: skip
    description = front.get("description")
    if description is None or is_empty(description):
        yield Finding(
            message="the agent has no `description`; it will not load",
            start=front.start if description is None else description.start,
            end=front.start if description is None else description.end, hint="say when Claude should use it",
        )  # fmt: skip


def _named(document: Document, front: Front, name: Key | None) -> Repair | None:
    stem = document.name[:-3].lower().replace(" ", "-").replace("_", "-")
    if not stem.replace("-", "").isalnum() or not stem.isascii():
        return None
    if name is None:
        edit = Edit(start=front.start, end=front.start, text=f"name: {stem}{line_end(document)}")
    else:
        edit = Edit(start=name.start, end=max(name.end + 1, value_bounds(name)[1]), text=f"name: {stem}")
    return Repair(title=f"Name it {stem}", edits=(edit,))
