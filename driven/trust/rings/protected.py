"""What foreign code never writes, whatever it was granted: what runs by itself later, and what says who is trusted.

A path is compared by its parts, case-folded and in NFC, at any depth: `Sub/.GIT/hooks` is a place of git on the file
systems of two of three systems.
"""

from __future__ import annotations

import os

from driven.trust.rings.landlock import INSIDE, MAKE_DIR, READ, REFER, WRITE, Grant

_LOOKED_AT = 20_000  # entries of a folder
# A file, or a folder and all below it.
PLACES = (
    ".git/hooks", ".git/config", ".git/info", ".git/modules", ".gitmodules", ".gitattributes", ".gitconfig",
    ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin",
    ".config/fish", ".envrc", ".vscode", ".idea", ".mcp.json", ".claude/settings.json", ".claude/settings.local.json",
    ".claude/commands", ".claude/agents", ".claude/hooks", ".cursor/mcp.json", ".cursor/hooks.json", ".cursor/hooks",
    ".github/workflows", ".github/hooks", ".pre-commit-config.yaml", ".husky", ".ssh", ".netrc",
    # What else an editor or a tool runs or takes for its settings, as `driven.trust.surfaces` tells of a pack.
    ".githooks", ".gitlab-ci.yml", ".github/actions", ".github/mcp.json", ".devcontainer", ".devcontainer.json",
    ".mise.toml", ".claude-plugin", ".cursor/environment.json", ".cursor/cli.json", ".clinerules/hooks",
    ".opencode/plugin", ".opencode/plugins", ".opencode/tool", ".opencode/tools", "opencode.json", "opencode.jsonc",
    ".gemini/settings.json", ".gemini/extensions", ".gemini/commands", ".amp/plugins", ".amp/settings.json",
    ".amp/settings.jsonc", ".codex/config.toml", ".codex/hooks.json", ".kiro/hooks", ".kiro/settings",
    ".windsurf/hooks.json", ".roo/mcp.json", ".trae/mcp.json", ".trae/hooks.json", ".factory/mcp.json",
    ".factory/hooks.json", ".junie/mcp", ".qwen/settings.json", ".zed/settings.json", ".continue/config.yaml",
    ".continue/mcpservers", ".aider.conf.yml", ".aider.conf.yaml", ".agents/hooks.json", ".agents/mcp_config.json",
    ".driven/trust", ".driven/keys", ".driven/state", ".driven/driven.lock", "driven.lock", "allowed_signers",
)  # fmt: skip
_PARTS = tuple(tuple(one.split("/")) for one in PLACES)


def folded(path: str) -> tuple[str, ...]:
    """The parts of a path as file systems that do not tell case and composition apart see them. Windows forgets dots
    and blanks at the end of a name, HFS+ the characters that join nothing."""
    import unicodedata

    def fold(part: str) -> str:
        kept = "".join(one for one in part if unicodedata.category(one) != "Cf")
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", kept).casefold()).rstrip(" .") or part

    return tuple(fold(part) for part in path.split("/"))


def why(path: str) -> str:
    """The protected place that a path below the project is, stands in or holds up; "" for any other. What a protected
    place stands in may not be replaced by something else either: `.git` as a file names another repository."""
    parts = folded(path)
    for place, wanted in zip(PLACES, _PARTS, strict=True):
        for start in range(len(parts)):
            if parts[start : start + len(wanted)] == wanted:
                return place
        for size in range(1, len(wanted)):
            if parts[-size:] == wanted[:size]:
                return place
    return ""


def beside(root: str, place: str) -> list[Grant]:
    """Rights to write `place` and all below it but protected places. Landlock has no exception below a grant: of a
    folder that holds a protected place, as the project itself always may, what stands in it is granted, and no new
    name there. In every other folder files can be made, and no folders: a repository and an editor's settings begin
    with one."""
    relative = os.path.relpath(place, root)
    if relative != "." and _covered(relative):
        return []
    if not os.path.isdir(place):
        return [] if why(relative) else [Grant(path=place, rights=READ | INSIDE)]
    if relative != "." and not why(relative) and not _holds(place, relative):
        return [Grant(path=place, rights=READ | (WRITE & ~(MAKE_DIR | REFER)))]
    grants = [Grant(path=place, rights=READ)]
    for entry in _entries(place):
        if not entry.is_symlink():
            grants += beside(root, entry.path)
    return grants


def _holds(folder: str, relative: str) -> bool:
    """Whether a protected place stands somewhere below a folder; so too where that is too much to look at."""
    waiting, seen = [(folder, relative)], 0
    while waiting:
        at, path = waiting.pop()
        for entry in _entries(at):
            seen += 1
            below = f"{path}/{entry.name}"
            if why(below) or seen > _LOOKED_AT:
                return True
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, below))
    return False


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def _covered(path: str) -> bool:
    """Whether a path is a protected place or below one."""
    parts = folded(path)
    return any(parts[start : start + len(wanted)] == wanted for wanted in _PARTS for start in range(len(parts)))
