"""Copilot's files by name and place: instructions, chat modes, prompts, agents, and what VS Code reads twice.

Vendor facts, verified 2026-11-21: docs.github.com, VS Code's docs (the folders, `chat.instructionsFilesLocations`) and
its own validator (`promptSyntax/languageProviders/promptValidator.ts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.check_kit import Body, Document, Edit, Finding, Repair, Repository, file_check, repository_check
from driven.plugin_kit import one_line
from driven_checks.companions import is_page
from driven_checks.copilot import GITHUB, MAIN, SUFFIX, VERIFIED, VSCODE
from driven_checks.keys import is_empty, is_shifted, removal, stands_alone, word

AGENTS = "https://docs.github.com/en/copilot/reference/custom-agents-configuration"
MODES = "https://code.visualstudio.com/docs/copilot/customization/custom-agents"
PROMPTS = "https://code.visualstudio.com/docs/copilot/customization/prompt-files"
FOLDER = ".github/instructions"
CLAUDE = ".claude/rules"
SETTING = '"chat.instructionsFilesLocations"'
# Files of other readers, or of people, that may lie beside Copilot's.
OTHERS = frozenset(("agents.md", "claude.md", "gemini.md", "contributing.md", "changelog.md", "license.md"))
_TOKEN = re.compile(r'"((?:[^"\\\n]|\\.)*)"|"|//[^\n]*|/\*|[{}:,]|[a-z]+')


@repository_check(
    "COP02", "instructions without the suffix `.instructions.md`", "copilot/instructions",
    why="Copilot reads only files whose names end in `.instructions.md` from `.github/instructions`. Any other name"
    " looks right in the folder and is never read.",
    url=GITHUB, verified=VERIFIED, bad=".github/instructions/python.md",
    good=".github/instructions/python.instructions.md", fix="unsafe",
)  # fmt: skip
def suffix(repository: Repository) -> Iterator[Finding]:
    for document in repository.of("copilot/instructions"):
        if not document.name.endswith(SUFFIX) and not document.ours:
            yield from _unread(repository, document)


def _unread(repository: Repository, document: Document) -> Iterator[Finding]:
    name = document.name
    stem, dot, ending = name.rpartition(".")
    lower = name.lower()
    if not dot or ending.lower() not in ("md", "mdc", "markdown") or lower.endswith(SUFFIX) or lower in OTHERS:
        return
    if lower.startswith("readme") or lower == "copilot-instructions.md" or not document.text.strip():
        return
    if is_page(repository, document):
        return
    stem = stem.removesuffix(".instruction").removesuffix(".instructions")
    wanted = f"{document.folder}/{stem}{SUFFIX}"
    yield Finding(
        path=document.path,
        message=f"Copilot ignores the name `{name}`: only `*{SUFFIX}` is read here", hint=f"rename it to `{wanted}`",
        # Without any key it may be a page that other files link to.
        severity=None if document.front is not None else "warning",
        repair=Repair(title=f"Rename to {wanted}", rename=wanted),
    )  # fmt: skip


@file_check(
    "COP10", "a chat mode", "copilot/chatmode", severity="warning",
    why="VS Code renamed chat modes to custom agents, and looks for them in `.github/agents`. It still"
    " loads those of `.github/chatmodes` and asks to move each; github.com knows custom agents alone.",
    url=MODES, verified=VERIFIED, bad=".github/chatmodes/planner.chatmode.md", good=".github/agents/planner.agent.md",
    fix="unsafe",
)  # fmt: skip
def chat_mode(document: Document) -> Iterator[Finding]:
    name = document.name
    if not name.endswith(".md") or name.lower().startswith("readme"):
        return
    stem = name.removesuffix(".md").removesuffix(".chatmode")
    top, found, _ = f"/{document.path}".partition("/.github/chatmodes/")
    folder = f"{top}/.github/agents".lstrip("/") if found else document.folder
    wanted = f"{folder}/{stem}.agent.md".lstrip("/")
    yield Finding(
        message="chat modes were renamed to custom agents, which stand in `.agent.md` files",
        hint=f"move it to `{wanted}`", repair=Repair(title=f"Move to {wanted}", rename=wanted),
    )  # fmt: skip


@file_check(
    "COP11", "`mode` in a prompt file", "copilot/prompt", severity="warning",
    why="VS Code renamed `mode` to `agent` in prompt files and marks the old key as deprecated; a later version may"
    " not read it.",
    url=PROMPTS, verified=VERIFIED, bad="mode: agent", good="agent: agent", fix="safe",
)  # fmt: skip
def prompt_mode(document: Document) -> Iterator[Finding]:
    key = document.key("mode")
    if key is None or not document.name.endswith(".prompt.md"):
        return
    repair = None
    if document.key("agent") is not None:
        if stands_alone(document, key):
            repair = Repair(title="Delete `mode`", edits=(removal(document, key),), safe=True)
        yield Finding(
            message="`mode` is deprecated and has no effect beside `agent`", start=key.start, end=key.end,
            hint="delete `mode`", repair=repair,
        )  # fmt: skip
        return
    if document.text[key.start : key.end] == "mode":
        edit = Edit(start=key.start, end=key.end, text="agent")
        repair = Repair(title="Rename it to `agent`", edits=(edit,), safe=True)
    shown = one_line(word(document, key)[:40])
    yield Finding(
        message="`mode` is deprecated in prompt files; the key is `agent`", start=key.start, end=key.end,
        hint=f"write `agent: {shown}`" if shown else "rename it to `agent`", repair=repair,
    )  # fmt: skip


@file_check(
    "COP12", "a custom agent without `description`", "copilot/agent",
    why="GitHub requires a `description` of each custom agent: it is what people and other agents choose it by.",
    url=AGENTS, verified=VERIFIED, bad="---\nname: reviewer\n---",
    good="---\nname: reviewer\ndescription: Reviews changes for security\n---",
)  # fmt: skip
def agent_description(document: Document) -> Iterator[Finding]:
    key = document.key("description")
    if key is not None and not is_empty(key):
        return
    name = document.name
    own = name.endswith(".agent.md")
    here = f"/{document.folder}".endswith("/.github/agents")
    front = document.front
    if not name.endswith(".md") or not document.text.strip() or (here and name.lower() in OTHERS):
        return
    if name.lower() == "readme.md" or not (own or here) or (not here and (front is None or not front.keys)):
        return  # VS Code takes a README for none, and a folder of its own only from settings
    target = document.key("target")
    if target is not None and word(document, target) == "vscode":
        return  # there it may be missing
    hint = "write `description:` with what the agent is for"
    message = "a custom agent needs a `description`"
    if front is None and is_shifted(document):
        return
    if front is None:
        message, hint = f"{message}, and this file has no front matter", f"{hint}, between two lines `---` at the top"
    elif front.end < 0:
        message, hint = f"{message}; the front matter is never closed", "put a line `---` below the keys"
    yield Finding(
        message=message if key is None else f"{message}; this one is empty", hint=hint,
        start=key.start if key is not None else 0, end=key.end if key is not None else 0,
        severity=None if own or front is not None else "warning",
    )  # fmt: skip


@repository_check(
    "COP13", "one rule for VS Code twice", "copilot/instructions", severity="warning",
    why="VS Code reads `.claude/rules` as well as `.github/instructions`. A rule that stands in both is sent twice, and"
    " costs its tokens twice.",
    url=VSCODE, verified=VERIFIED,
    bad=".claude/rules/style.md and .github/instructions/style.instructions.md with the same text",
    good='"chat.instructionsFilesLocations": { ".claude/rules": false }',
)  # fmt: skip
def twice(repository: Repository) -> Iterator[Finding]:
    rules = [rule for rule in repository.of("claude/rule") if rule.name[-3:] == ".md"]
    if not rules:
        return
    exact = {(rule.scope, rule.body.text): rule for rule in reversed(rules)}
    begins: dict[tuple[str, str], list[Document]] = {}
    worded: dict[tuple[str, str], dict[str, Document]] = {}
    off: dict[str, bool] = {}
    for document in repository.of("copilot/instructions"):
        if f"{FOLDER}/" not in document.path or document.name[-len(SUFFIX) :] != SUFFIX:
            continue
        scope, body = document.scope, document.body
        same = exact.get((scope, body.text))
        if same is None:
            if not begins:
                for rule in rules:
                    begins.setdefault((rule.scope, _begin(rule.body)), []).append(rule)
            at = (scope, _begin(body))
            if at not in begins:
                continue
            if at not in worded:
                worded[at] = {rule.body.shared("words", _words): rule for rule in reversed(begins[at])}
            same = worded[at].get(body.shared("words", _words))
        applies = document.key("applyTo") or document.key("description")
        if same is None or applies is None or is_empty(applies) or body.text.isspace() or not body.text:
            continue  # nothing loads it by itself (COP03), or there is nothing to load
        if scope not in off:
            off[scope] = _is_off(repository, scope)
        if off[scope]:
            continue
        first = document.body_start + len(body.text) - len(body.text.lstrip())
        yield Finding(
            message=f"VS Code also loads `{same.path}`, which has the same text: the rule is sent twice",
            path=document.path, start=first, end=document.body_start + len(body.text.rstrip()),
            hint=f'set `"{CLAUDE}": false` in `chat.instructionsFilesLocations` of `.vscode/settings.json`',
        )  # fmt: skip


@repository_check(
    "COP14", "`copilot-instructions.md` outside `.github`", "copilot/stray", "copilot/instructions",
    why="Copilot reads `copilot-instructions.md` in `.github` alone. At the root, or in a folder beside it, nothing"
    " finds the file.",
    url=VSCODE, verified=VERIFIED, bad="copilot-instructions.md", good=MAIN, fix="unsafe",
)  # fmt: skip
def stray(repository: Repository) -> Iterator[Finding]:
    for document in repository.of("copilot/stray", "copilot/instructions"):
        # Deeper it may be a template or a page of a site, and in `.copilot` it is a person's own.
        if document.name.lower() != "copilot-instructions.md" or document.folder not in ("", ".vscode", FOLDER):
            continue
        standing = repository.exists(MAIN)
        where = document.folder and f" in `{document.folder}`"
        yield Finding(
            message=f"Copilot does not read `{document.name}`{where or ' at the root'}, only `{MAIN}`",
            path=document.path, hint=f"add its text to `{MAIN}`, and delete it" if standing else f"move it to `{MAIN}`",
            repair=None if standing else Repair(title=f"Move to {MAIN}", rename=MAIN),
        )  # fmt: skip


def _begin(body: Body) -> str:
    """How a body begins, blanks aside: equal texts have one beginning, and it costs little."""
    return "".join(body.text[:200].split())[:24]


def _words(body: Body) -> str:
    return " ".join(body.text.split())


def _is_off(repository: Repository, scope: str) -> bool:
    """Whether VS Code's settings take one of the two folders out."""
    text = repository.read(f"{scope}/.vscode/settings.json".lstrip("/"))
    if text is None or SETTING not in text:
        return False
    off = _switched_off(text)
    return FOLDER in off or CLAUDE in off


def _switched_off(text: str) -> set[str]:
    """The folders that `chat.instructionsFilesLocations` names with `false`, in JSON with comments."""
    off: set[str] = set()
    at, depth, name, inside = 0, 0, "", 0
    while (match := _TOKEN.search(text, at)) is not None:
        at = match.end()
        token = match.group()
        if token[:2] == "//":
            continue
        if token == '"':  # never closed: no text goes over a line end
            at = text.find("\n", at)
            if at < 0:
                break
            continue
        if token == "/*":
            at = text.find("*/", at) + 2
            if at < 2:
                break
        elif token == "{":
            depth += 1
            if depth == 2 and name == SETTING[1:-1]:
                inside = depth
        elif token == "}":
            depth -= 1
            inside = 0
        elif token[:1] == '"':
            name = match.group(1)
        elif token == "false" and inside:
            off.add(name.removeprefix("./").rstrip("/"))
    return off
