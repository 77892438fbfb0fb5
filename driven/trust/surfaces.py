"""What a file makes an editor run, allow or trust by itself: the executable surfaces of a pack.

A rule says something to a model. A hook, an MCP server, a variable of the environment, a permission, an address for the
model's requests or a `!` command does something, mostly before anybody is asked (CVE-2025-59536, CVE-2026-21852,
CVE-2025-53773, CVE-2025-54136). So files that hold such are another class of a pack's content: told one by one, and of
no effect until a person granted the very bytes of the file. Which files and keys: the pages of each editor, as in
`driven.document.places`, `driven.trust.settings` and the checks EXE01 to EXE04 (verified 2026-11-21).

Paths are compared case-folded and in NFC: `.Claude/SETTINGS.json` is Claude Code's on two of three systems
(CVE-2025-59944). What a file of that class says and nobody understands is a surface too.
"""

from __future__ import annotations

import re
from itertools import islice

from driven.document.document import Document, Key
from driven.document.places import place_of
from driven.frozen import frozen
from driven.trust.jsonc import Leaf
from driven.trust.settings import EDITORS, FRONT, SETTINGS, servers, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Literal, TypeAlias

Kind: TypeAlias = (
    'Literal["hook", "server", "command", "environment", "permission", "approval", "address", "program", "setting"]'
)
KINDS: dict[str, str] = {
    "hook": "is run by the editor when something happens",
    "server": "is started, or called, as an MCP server",
    "command": "is run when the file is used",
    "environment": "is set for everything that the editor starts",
    "permission": "may be done without a question",
    "approval": "takes a question away from the user",
    "address": "is where requests, and the key, are sent",
    "program": "is run by a tool that is not driven",
    "setting": "changes what an editor does in a way that is not known here",
}
MAX_BYTES = 1 << 20  # of one file; a larger one is a surface as a whole
MOST = 1_000  # surfaces told of one file
MAX_SHOWN = 200
_DEEP = 8  # tables in tables of a front matter; no editor reads what is deeper
# A file or a folder, at any depth: who runs it.
PROGRAMS: dict[str, str] = {
    ".claude/hooks": "hooks of Claude Code", ".claude-plugin": "a plugin of Claude Code",
    ".cursor/hooks": "hooks of Cursor", ".cursor/environment.json": "Cursor's agents, when they start",
    ".clinerules/hooks": "Cline", ".opencode/plugin": "OpenCode", ".opencode/plugins": "OpenCode",
    ".opencode/tool": "OpenCode", ".opencode/tools": "OpenCode", ".gemini/extensions": "Gemini CLI",
    ".amp/plugins": "Amp", ".git": "git", ".githooks": "git", ".husky": "git", ".gitattributes": "git",
    ".gitmodules": "git", ".pre-commit-config.yaml": "pre-commit", ".github/workflows": "GitHub",
    ".github/actions": "GitHub", ".gitlab-ci.yml": "GitLab", ".vscode/tasks.json": "VS Code",
    ".vscode/launch.json": "VS Code", ".devcontainer": "VS Code", ".devcontainer.json": "VS Code",
    ".idea": "JetBrains IDEs", ".envrc": "direnv", ".mise.toml": "mise", ".netrc": "curl and git",
    ".driven": "driven itself",
}  # fmt: skip
_PROGRAMS = {tuple(path.split("/")): who for path, who in PROGRAMS.items()}
# What a hook says besides what it runs.
_BESIDES = frozenset(("type", "matcher", "version", "timeout", "timeoutsec", "name", "description", "$schema"))
_COMMANDS = frozenset((
    "apikeyhelper", "awsauthrefresh", "awscredentialexport", "gcpauthrefresh", "otelheadershelper", "statusline",
    "filesuggestion", "notify", "notifications-command", "lint-cmd", "test-cmd", "discoverycommand", "callcommand",
    "servercommand", "editor",
))  # fmt: skip
_APPROVING = re.compile(
    r"auto.?(?:approve|accept|run|execution)|always.?allow|yolo|bypass|dangerously|skip.*(?:prompt|permission)"
    r"|enable(?:all|d).*mcp|approval|sandbox|yes-always|trust|turbo|autopilot|full.?auto|allowed.?(?:commands|tools)"
)
_PERMITS = frozenset(("permissions", "permission", "allowed-tools", "allowedtools", "permissionmode", "tools"))
_NARROWS = frozenset(("deny", "ask", "disallowed-tools", "disallowedtools", "exclude"))
_ADDRESS = re.compile(r"base.?ur[li]|endpoint|proxy|api.?base|api.?host|ampurl|amp\.url")
# What the front matter of a rule, a command, a skill or an agent may say that is no word to a model.
_FRONT = frozenset((
    "hooks", "mcpservers", "mcp-servers", "mcp_servers", "allowed-tools", "allowedtools", "permissionmode", "env",
    "permissions", "permission",
))  # fmt: skip
_BLOCK = re.compile(r"!\{([^\n]{1,2000}?)\}")
_TICKS = re.compile(r"(?:^|(?<=\s))!`([^`\n]{1,2000})`")
_TURBO = re.compile(r"//\s?turbo(?:-all)?\b")


@frozen
class Surface:
    """One thing that a file does. `what`: the name of the setting, "" for the whole file; `value`: what it is set to,
    in one line of printable characters; `does`: in words; `line` from 1."""

    kind: Kind
    path: str
    line: int
    what: str
    value: str
    does: str

    def __str__(self) -> str:
        said = f"{self.what} = {self.value}" if self.what else self.value
        return f"{self.path}:{self.line}: {self.kind}: {said}"


def surfaces(path: str, data: bytes) -> list[Surface]:
    """What the file `path` (relative to the project or the pack, `/`) would run, allow or trust; [] where it only says
    something. Never raises."""
    name = "/".join(fold(path))
    who = _program(name)
    if who:
        return [_whole("program", path, data, f"{who}: this is run")]
    place = place_of(name)
    settings = place in SETTINGS and place != "gemini/command"  # which is a text, and its name
    if len(data) > MAX_BYTES:
        return [_whole("setting", path, data, "too large to look at")] if settings or place else []
    if not settings and not name.endswith((".md", ".mdc", ".toml", ".markdown")) and not place:
        return []
    document = Document(name, data, place=place)
    found = list(islice(_of_settings(document, path) if settings else _of_text(document, path), MOST))
    if settings and (not found or document.broken >= 0 or len(found) == MOST):
        editor = EDITORS.get(document.editor, "an editor")
        found.append(_whole("setting", path, data, f"{editor}: what else it says is not understood here"))
    return found


def fold(path: str) -> tuple[str, ...]:
    """The parts of a path as file systems see it that tell neither case nor composition apart."""
    from driven.trust.rings.protected import folded

    return folded(path)


def digest(data: bytes) -> str:
    """What a grant names: "sha256:" and 64 hex digits, of the bytes of a file."""
    from hashlib import sha256

    return "sha256:" + sha256(data).hexdigest()


def grant(files: Mapping[str, bytes]) -> dict[str, str]:
    """Path -> digest, of the files that have surfaces: what a person grants who accepts all that was told of them."""
    return {path: digest(data) for path, data in sorted(files.items()) if surfaces(path, data)}


def ungranted(files: Mapping[str, bytes], granted: Mapping[str, str]) -> list[Surface]:
    """The surfaces of files that were not granted as they stand. A grant is for one path and its bytes, no others."""
    by_path = {fold(path): word for path, word in granted.items()}
    found: list[Surface] = []
    for path, data in sorted(files.items()):
        told = surfaces(path, data)
        if told and by_path.get(fold(path)) != digest(data):
            found += told
    return found


def changed(before: Iterable[Surface], after: Iterable[Surface]) -> tuple[list[Surface], list[Surface]]:
    """What is new and what is gone between two versions of a pack: its diff. A line number is no change."""
    first, second = list(before), list(after)
    old, new = {_key(one) for one in first}, {_key(one) for one in second}
    return [one for one in second if _key(one) not in old], [one for one in first if _key(one) not in new]


def _key(one: Surface) -> tuple[object, ...]:
    return one.kind, fold(one.path), one.what, one.value


def _program(name: str) -> str:
    parts = tuple(name.split("/"))
    for start in range(len(parts)):
        for size in (1, 2):
            who = _PROGRAMS.get(parts[start : start + size]) if start + size <= len(parts) else None
            if who is not None:
                return who
    return ""


def _of_settings(document: Document, path: str) -> Iterator[Surface]:
    found = values(document)
    known = {id(leaf) for leaf in found if _is_server(leaf)}
    for server in servers(found):
        words = " ".join(str(leaf.value) for leaf in server.words)
        others = " ".join(f"{_dotted(leaf.path[-2:])}={leaf.value}" for leaf in server.others)
        first = (server.words or server.others)[0]
        kind: Kind = "server"
        line = document.line_of(first.start)
        yield Surface(
            kind=kind, path=path, line=line, what=server.name, value=_one_line(f"{words} {others}".strip()),
            does=KINDS[kind],
        )  # fmt: skip
    for leaf in found:
        told = _kind(document, leaf) if id(leaf) not in known else ""
        if told:
            yield _told(document, path, leaf, told)


def _is_server(leaf: Leaf) -> bool:
    return bool(servers([leaf]))


def _kind(document: Document, leaf: Leaf) -> Kind | Literal[""]:
    """What a value of a file of settings is, "" where it does nothing or only forbids. What is not known is told."""
    names = [str(part).lower() for part in leaf.path if isinstance(part, str)]
    if not names or leaf.value in (None, "", False):
        return ""
    joined, last = ".".join(names), names[-1]
    if document.kind == "hooks" or "hooks" in names:
        return "" if last in _BESIDES else "hook"
    if _NARROWS.intersection(names):
        return ""
    if names[0] == "env" or "env" in names[-2:-1] or "environment" in names:
        return "environment"
    if _COMMANDS.intersection(names):
        return "command"
    if _ADDRESS.search(joined.replace("_", "")):
        return "address"
    if _APPROVING.search(joined):
        return "approval"
    if _PERMITS.intersection(names):
        return "permission"
    return "" if last == "$schema" else "setting"


def _of_text(document: Document, path: str) -> Iterator[Surface]:
    """`!` commands and what the front matter allows, in a text that may be written as a command or a skill."""
    if document.place == "gemini/command" or document.name.endswith(".toml"):
        pattern = _BLOCK if document.editor == "gemini" else None
    else:
        pattern = _TICKS
    if document.place in FRONT:
        yield from _of_front(document, path, values(document))
    elif document.front is not None:
        keys = document.front.keys
        yield from _of_front(document, path, [leaf for key in keys for leaf in _below(key, (), key.value)])
    if pattern is not None and "!" in document.text:
        for match in pattern.finditer(document.text, document.body_start):
            yield _inline(document, path, match[1], match.start())
        if "```!" in document.text:
            for fence in document.body.fences:
                if fence.info.startswith("!"):
                    at = fence.content_start + document.body_start
                    lines = document.text[at : fence.end + document.body_start].rstrip()
                    yield _inline(document, path, lines.removesuffix("```").strip(), at)
    if document.kind == "workflow":
        for match in _TURBO.finditer(document.text):
            line = document.line_of(match.start())
            yield Surface(
                kind="approval", path=path, line=line, what="", value=match[0], does="runs without a question"
            )  # fmt: skip


def _of_front(document: Document, path: str, leaves: Iterable[Leaf]) -> Iterator[Surface]:
    for leaf in leaves:
        inner = {str(part).lower() for part in leaf.path}
        if not (_FRONT & inner) or leaf.value in (None, "", False):
            continue
        kind: Kind = "permission"
        if "hooks" in inner:
            kind = "hook"
        elif inner & {"mcpservers", "mcp-servers", "mcp_servers"}:
            kind = "server"
        elif "env" in inner:
            kind = "environment"
        elif "permissionmode" in inner:
            kind = "approval"
        yield _told(document, path, leaf, kind)


def _below(key: Key, above: tuple[str, ...], value: object) -> Iterator[Leaf]:
    """All that a key of front matter says, however deep: `claude: {hooks: …}`, and `extra: {claude: {hooks: …}}` of a
    rule, which driven writes into Claude Code's own. What says something by itself is told whole."""
    names = above or (key.name,)
    if isinstance(value, dict) and names[-1].lower() not in _FRONT and len(names) <= _DEEP:
        for name, inner in value.items():
            yield from _below(key, (*names, str(name)), inner)
        return
    if names[-1] == "$front" and isinstance(value, str):  # a front matter, word for word
        inside = Document("front.md", value.encode("utf-8", "replace")).front
        for one in inside.keys if inside is not None else ():
            for leaf in _below(one, (), one.value):
                yield Leaf((*names, *leaf.path), leaf.value, key.value_start, key.value_end)
        return
    if value not in (None, {}):
        yield Leaf(names, str(value), key.value_start, key.value_end)


def _inline(document: Document, path: str, command: str, at: int) -> Surface:
    does = "is run before the text is given to the model"
    return Surface(
        kind="command", path=path, line=document.line_of(at), what="!", value=_one_line(command), does=does
    )  # fmt: skip


def _told(document: Document, path: str, leaf: Leaf, kind: Kind) -> Surface:
    return Surface(
        kind=kind, path=path, line=document.line_of(leaf.start), what=_one_line(_dotted(leaf.path)),
        value=_one_line(str(leaf.value).lower() if isinstance(leaf.value, bool) else str(leaf.value)),
        does=KINDS[kind],
    )  # fmt: skip


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)


def _whole(kind: Kind, path: str, data: bytes, does: str) -> Surface:
    return Surface(kind=kind, path=path, line=1, what="", value=f"{len(data):,} bytes, {digest(data)[:23]}…", does=does)


def _one_line(text: str) -> str:
    """A value as it can be shown, whole where a change of it must be seen: what is cut off stands as a digest."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: 4 * MAX_SHOWN])
    if len(text) <= MAX_SHOWN and len(shown) <= 4 * MAX_SHOWN:
        return shown
    return f"{shown[:MAX_SHOWN]}… ({digest(text.encode('utf-8', 'surrogatepass'))[:19]})"
