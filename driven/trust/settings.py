"""The values of editors' settings, hooks and MCP files, whatever they are written in; and the MCP servers among them.

JSON with comments, the TOML of Codex and Gemini, YAML, and the front matter of agents, commands and skills all become
`Leaf`s: a path of names, a value, the place of the value in the file.
"""

from __future__ import annotations

from driven.document.document import Document
from driven.frozen import frozen
from driven.trust.jsonc import Leaf, leaves, toml_leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from driven.model.rule import Value

EDITORS = {
    "claude": "Claude Code", "cursor": "Cursor", "copilot": "Copilot", "windsurf": "Windsurf", "gemini": "Gemini CLI",
    "qwen": "Qwen Code", "amp": "Amp", "opencode": "OpenCode", "codex": "Codex", "roo": "Roo Code", "kiro": "Kiro",
    "cline": "Cline", "continue": "Continue", "aider": "Aider", "skill": "the agent", "zed": "Zed", "trae": "Trae",
    "junie": "Junie", "antigravity": "Antigravity", "factory": "Factory Droid",
}  # fmt: skip
FRONT = ("claude/agent", "claude/command", "skill/skill", "copilot/agent", "cursor/agent")  # settings in front matter
SETTINGS = (
    "claude/settings", "claude/mcp", "cursor/mcp", "cursor/hooks", "cursor/cli", "copilot/settings", "copilot/mcp",
    "copilot/hooks", "windsurf/hooks", "windsurf/mcp", "cline/hooks", "gemini/settings", "gemini/command", "kiro/hooks",
    "kiro/mcp", "qwen/settings", "amp/settings", "codex/config", "codex/hooks", "opencode/config", "roo/mcp",
    "continue/config", "continue/mcp", "aider/config", "zed/settings", "trae/mcp", "trae/hooks", "junie/mcp",
    "antigravity/mcp", "antigravity/hooks", "factory/mcp", "factory/hooks",
)  # fmt: skip
_SERVERS = ("mcpServers", "servers", "mcp", "context_servers", "mcp_servers", "amp.mcpServers", "mcp-servers")
MOST_DEPTH = 16


@frozen(kw_only=False)
class Server:
    """An MCP server: how it is started, and what else is said of it, by name."""

    name: str
    words: list[Leaf]
    others: list[Leaf]


def values(document: Document) -> list[Leaf]:
    """The values of a file of settings, read once."""
    name = document.name.lower()
    if document.place in FRONT:
        return document.shared("settings", lambda: list(_of_front(document)))  # and not the body's: many share that
    start = document.body_start
    if name.endswith((".json", ".jsonc", ".hook")):
        found = document.body.shared("settings in JSON", lambda body: list(leaves(body.text)))
    elif name.endswith(".toml"):
        found = document.body.shared("settings in TOML", lambda body: list(toml_leaves(body.text)))
    elif name.endswith((".yml", ".yaml")):
        return document.shared("settings", lambda: list(_of_yaml(document)))
    else:
        return []
    if not start:
        return found
    return [Leaf(leaf.path, leaf.value, leaf.start + start, leaf.end + start) for leaf in found]


def servers(found: list[Leaf]) -> list[Server]:
    """The MCP servers among values."""
    known: dict[tuple[str | int, ...], Server] = {}
    for leaf in found:
        path = leaf.path
        at = next((i for i, part in enumerate(path[:3]) if part in _SERVERS), -1)
        if at < 0:
            continue
        if path[at] == "mcp" and path[at + 1 : at + 2] == ("servers",):
            at += 1
        if len(path) < at + 3:
            continue
        key = path[: at + 2]
        server = known.get(key)
        if server is None:
            server = known[key] = Server(str(path[at + 1]), [], [])
        what = path[at + 2]
        inner = path[at + 3 :]
        if isinstance(leaf.value, str) and (
            what == "args"
            or (what == "command" and (not inner or isinstance(inner[0], int) or inner[0] in ("path", "args")))
        ):
            # The command stands before its arguments, in whatever order the file has them.
            first = what == "command" and (not inner or inner[0] in ("path", 0))
            server.words.insert(0 if first else len(server.words), leaf)
        else:
            server.others.append(leaf)
    return list(known.values())


def _of_front(document: Document) -> Iterator[Leaf]:
    front = document.front
    if front is None:
        return
    for key in front.keys:
        if isinstance(key.value, (dict, list)):
            yield from _walk(document.text, key.value, (key.name,), [key.value_start], key.value_end)
        elif isinstance(key.value, (str, bool, int, float)):
            yield Leaf((key.name,), key.value, key.value_start, key.value_end)


def _of_yaml(document: Document) -> Iterator[Leaf]:
    from driven.format.yaml12 import load_yaml

    loaded = load_yaml(document.text, path=document.path)
    yield from _walk(document.text, dict(loaded.values), (), [0], len(document.text))


def _walk(text: str, value: Value, path: tuple[str | int, ...], at: list[int], end: int) -> Iterator[Leaf]:
    """The values below one; each is looked for behind the last that was found."""
    if len(path) > MOST_DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            found = text.find(str(name), at[0], end)
            at[0] = found + len(str(name)) if found >= 0 else at[0]
            yield from _walk(text, inner, (*path, str(name)), at, end)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(text, inner, (*path, number), at, end)
    else:
        written = str(value).lower() if isinstance(value, bool) else str(value)
        line = written.strip().partition("\n")[0]
        found = text.find(line, at[0], end) if line else -1
        if found >= 0:
            at[0] = found + len(line)
        yield Leaf(path, value, *((found, found + len(line)) if found >= 0 else (at[0], at[0])))
