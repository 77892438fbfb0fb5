"""Which files are rule files, and whose: a path -> the name of its place, `cursor/rule`. Data, and one look-up.

Sources: each editor's documentation as gathered in the tables of the emitters; all verified 2026-11-21. A project holds
ten thousand files that are none of these: the look-up asks the name, and then the folders that begin with a dot.
"""

from __future__ import annotations

# Files that have a place wherever they stand in a project, by name; at its top also in other letters, as they are on a
# disk that ignores case. `docs/agents.md` is a page of a manual.
NAMES: dict[str, str] = {
    ".cursorrules": "cursor/legacy",
    "copilot-instructions.md": "copilot/stray",  # in `.github` it is `copilot/root`
    ".windsurfrules": "windsurf/legacy",
    "global_rules.md": "windsurf/global",
    "CLAUDE.md": "claude/memory",
    "CLAUDE.local.md": "claude/memory",
    ".aider.conf.yml": "aider/config",
    ".aider.conf.yaml": "aider/config",
    "AGENTS.md": "agents/memory",
    "AGENT.md": "agents/memory",
    "AGENTS.override.md": "agents/memory",
    "GEMINI.md": "gemini/memory",
    "QWEN.md": "qwen/memory",
    "WARP.md": "warp/memory",
    ".rules": "zed/memory",
    ".goosehints": "goose/memory",
    "SKILL.md": "skill/skill",
    "opencode.json": "opencode/config",
    "opencode.jsonc": "opencode/config",
    ".mcp.json": "claude/mcp",
    ".clinerules": "cline/legacy",  # a file; a folder of that name holds `cline/rule`
    ".roorules": "roo/legacy",
}
TOP: dict[str, str] = {
    "conventions.md": "aider/conventions", **{name.lower(): place for name, place in NAMES.items()},
}  # fmt: skip
# Files below a folder, wherever that folder stands: (folder, place of files in it, place by first subfolder or name).
FOLDERS: dict[str, tuple[str, dict[str, str]]] = {
    ".driven": ("", {"rules": "driven/rule", "config.toml": "driven/config"}),
    ".cursor": (
        "",
        {
            "rules": "cursor/rule",
            "mcp.json": "cursor/mcp",
            "hooks.json": "cursor/hooks",
            "cli.json": "cursor/cli",
            "commands": "cursor/command",
            "agents": "cursor/agent",
        },
    ),
    ".github": (
        "",
        {
            "instructions": "copilot/instructions",
            "copilot-instructions.md": "copilot/root",
            "chatmodes": "copilot/chatmode",
            "prompts": "copilot/prompt",
            "agents": "copilot/agent",
            "hooks": "copilot/hooks",
            "mcp.json": "copilot/mcp",
        },
    ),
    ".vscode": ("", {"mcp.json": "copilot/mcp", "settings.json": "copilot/settings"}),
    ".windsurf": ("", {"rules": "windsurf/rule", "workflows": "windsurf/workflow", "hooks.json": "windsurf/hooks"}),
    ".devin": (
        "",
        {
            "rules": "windsurf/rule",
            "workflows": "windsurf/workflow",
            "hooks.v1.json": "windsurf/hooks",
            "mcp_config.json": "windsurf/mcp",
        },
    ),
    ".claude": (
        "",
        {
            "rules": "claude/rule",
            "agents": "claude/agent",
            "commands": "claude/command",
            "settings.json": "claude/settings",
            "settings.local.json": "claude/settings",
        },
    ),
    ".clinerules": ("cline/rule", {"workflows": "cline/workflow", "hooks": "cline/hooks", "skills": ""}),
    ".cline": ("", {"rules": "cline/rule", "workflows": "cline/workflow"}),
    ".gemini": ("", {"settings.json": "gemini/settings", "commands": "gemini/command"}),
    ".kiro": ("", {"steering": "kiro/rule", "hooks": "kiro/hooks", "settings": "kiro/mcp"}),
    ".kilo": ("", {"rules": "kilo/rule"}),
    ".kilocode": ("", {"rules": "kilo/rule"}),
    ".continue": ("", {"rules": "continue/rule", "config.yaml": "continue/config", "mcpservers": "continue/mcp"}),
    ".agent": ("", {"rules": "antigravity/old", "workflows": "antigravity/workflow"}),
    ".agents": (
        "",
        {
            "rules": "antigravity/rule",
            "workflows": "antigravity/workflow",
            "hooks.json": "antigravity/hooks",
            "mcp_config.json": "antigravity/mcp",
        },
    ),
    ".augment": ("", {"rules": "augment/rule"}),
    ".roo": ("", {"rules": "roo/rule", "mcp.json": "roo/mcp"}),
    ".qwen": ("", {"rules": "qwen/rule", "settings.json": "qwen/settings"}),
    ".aiassistant": ("", {"rules": "aiassistant/rule"}),
    ".junie": ("", {"guidelines.md": "junie/memory", "agents.md": "junie/memory", "mcp": "junie/mcp"}),
    ".trae": ("", {"rules": "trae/rule", "mcp.json": "trae/mcp", "hooks.json": "trae/hooks"}),
    ".amp": ("", {"settings.json": "amp/settings", "settings.jsonc": "amp/settings"}),
    ".codex": ("", {"config.toml": "codex/config", "hooks.json": "codex/hooks"}),
    ".zed": ("", {"settings.json": "zed/settings"}),
    ".factory": ("", {"mcp.json": "factory/mcp", "hooks.json": "factory/hooks"}),
}
SUFFIXES = {  # in any folder: VS Code finds them where its settings say so
    ".instructions.md": "copilot/instructions",
    ".prompt.md": "copilot/prompt",
    ".agent.md": "copilot/agent",
    ".chatmode.md": "copilot/chatmode",
}
# Kinds of places whose text is not given to a model: what an editor is told, not what is said to it.
SETTINGS = frozenset(("config", "settings", "mcp", "hooks", "cli"))
# Places whose text is given to a model.
TEXT: frozenset[str] = frozenset(
    place
    for place in (*TOP.values(), *(p for whole, parts in FOLDERS.values() for p in (whole, *parts.values())))
    if place and place.partition("/")[2] not in SETTINGS
)
KNOWN: frozenset[str] = TEXT | {
    place for whole, parts in FOLDERS.values() for place in (whole, *parts.values()) if place
} | frozenset(TOP.values())  # fmt: skip


def place_of(path: str) -> str:
    """The place of the file at `path` (relative to the project, POSIX), "" when it is no rule file.

    The innermost folder that is an editor's decides; a `SKILL.md` is a skill wherever it stands.
    """
    folder, _, name = path.rpartition("/")
    if name.lower() == "skill.md":
        return "skill/skill"
    if "." in path[:1] or "/." in path:
        parts = path.split("/")
        for at in range(len(parts) - 2, -1, -1):
            known = FOLDERS.get(parts[at]) if parts[at][:1] == "." else None
            if known is not None:
                whole, inner = known
                place = inner.get(parts[at + 1].lower(), whole)
                if place:
                    return place
    found = NAMES.get(name) if folder else TOP.get(name.lower())
    if found is not None:
        return found
    name = name.lower()
    if name[-3:] == ".md" and name.count(".") > 1:
        for suffix, place in SUFFIXES.items():
            if name.endswith(suffix):
                return place
    return ""
