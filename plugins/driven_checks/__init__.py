"""Our checks: what editors ignore, misread or cut of rule files, and what is wrong with the rules themselves."""

from __future__ import annotations

from driven.hookspecs import Check, hookimpl

# One module for each editor or subject; each offers all that it defines.
MODULES = (
    "cursor", "cursor_globs", "cursor_front", "others", "listed", "skills", "copilot", "copilot_files", "copilot_globs",
    "windsurf", "windsurf_files", "claude", "claude_imports", "claude_memory", "aider", "cline", "agents",
    "general", "front", "fences", "glob_checks", "links",
    "duplicates", "contradictions", "wording", "reach", "glob_overlaps", "sizes", "references", "scripts",
    "hidden", "lookalikes", "instructions", "secrets", "surfaces", "servers", "approvals",
)  # fmt: skip


@hookimpl
def driven_checks() -> list[Check]:
    from importlib import import_module

    from driven.check_kit import collect

    return [check for name in MODULES for check in collect(vars(import_module(f"driven_checks.{name}")))]
