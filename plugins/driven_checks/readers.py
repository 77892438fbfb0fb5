"""Which tool reads whose always-on files: what is sent twice, and how much is sent. Verified 2026-11-21.

Sources: section 6 of the format notes and the editors' own pages; only what is read without a setting stands here. A
tool that takes the first file it finds (Zed, Junie, Amp, OpenCode) reads nothing twice and is left out.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven_checks.rule_texts import Held

# Tool -> its places. "tree": a file holds for its folder and those below it; "root": only the project's own is read.
TOOLS: dict[str, dict[str, str]] = {
    "Claude Code": {"claude/memory": "tree", "claude/rule": "tree"},
    "Copilot in VS Code": {
        "copilot/root": "root", "copilot/instructions": "root", "agents/memory": "root", "claude/memory": "root",
        "claude/rule": "root",
    },
    "Cursor": {"cursor/rule": "tree", "agents/memory": "tree"},
    "Cursor CLI": {"cursor/rule": "tree", "agents/memory": "tree", "claude/memory": "root"},
    "Devin": {"windsurf/rule": "tree", "windsurf/legacy": "root", "agents/memory": "tree", "claude/memory": "root"},
    "Cline": {"cline/rule": "root", "cline/legacy": "root", "agents/memory": "root"},
    "Codex": {"agents/memory": "tree"},
    "Copilot CLI": {
        "copilot/root": "root", "copilot/instructions": "root", "agents/memory": "tree", "claude/memory": "root",
        "gemini/memory": "root",
    },
    "Gemini CLI": {"gemini/memory": "tree"},
    "Antigravity": {
        "antigravity/rule": "root", "antigravity/old": "root", "agents/memory": "root", "gemini/memory": "root",
    },
    "Kiro": {"kiro/rule": "root", "agents/memory": "tree"},
    "Continue": {"continue/rule": "root", "agents/memory": "root"},
    "Kilo Code": {"kilo/rule": "root", "agents/memory": "root"},
    "Roo Code": {"roo/rule": "root", "agents/memory": "root"},
    "Augment": {"augment/rule": "root", "agents/memory": "root", "claude/memory": "root"},
    "Goose": {"goose/memory": "tree", "agents/memory": "tree"},
    "Qwen Code": {"qwen/rule": "root", "qwen/memory": "tree"},
    "Trae": {"trae/rule": "root"},
    "AI Assistant": {"aiassistant/rule": "root"},
    "Aider": {"aider/conventions": "root"},
    "Crush": {
        "copilot/root": "root", "cursor/legacy": "root", "cursor/rule": "root", "claude/memory": "root",
        "gemini/memory": "root", "agents/memory": "root",
    },
}  # fmt: skip
# Copilot CLI sends identical files once (its changelog, 1.0.26).
ONCE_WHEN_EQUAL = frozenset(("Copilot CLI",))
# Tools that read a place at all, for a quick answer.
_BY_PLACE: dict[str, frozenset[str]] = {}
for _tool, _places in TOOLS.items():
    for _place in _places:
        _BY_PLACE[_place] = _BY_PLACE.get(_place, frozenset()) | {_tool}


def readers(one: Held) -> frozenset[str]:
    """The tools that read an always-on file."""
    place = one.document.place
    found = _BY_PLACE.get(place, frozenset())
    if place == "agents/memory" and one.document.name.lower() != "agents.md":
        return frozenset()  # other names: read by one tool each, or instead of AGENTS.md
    if one.scope:
        found = frozenset(tool for tool in found if TOOLS[tool][place] == "tree")
    if one.document.name == "CLAUDE.local.md":
        found &= {"Claude Code", "Copilot in VS Code"}
    return found


def named(tools: frozenset[str]) -> str:
    """Some tools in words, those that most people use first: `A, B and 3 others`."""
    ordered = [tool for tool in TOOLS if tool in tools]
    shown = ordered[:3] if len(ordered) > 4 else ordered
    rest = len(ordered) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} others"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
