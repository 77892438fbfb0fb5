"""driven.explainCode: why a finding is one, as a page of Markdown."""

from __future__ import annotations

from driven.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven_lsp.snapshot import Snapshot


def explain_code(snapshot: Snapshot, code: str) -> str:
    """What `driven explain-code` says. UsageError for what is no code."""
    from driven.validation.catalogue import catalogue

    entry = catalogue(snapshot.view.plugins.checks.values()).get(code.upper())
    if entry is None:
        raise UsageError(f"there is no code `{code}`", hint="`driven explain-code` lists all kinds")
    lines = [f"# {entry.code}: {entry.title}", "", entry.why, ""]
    for name, text in (("Bad", entry.bad), ("Good", entry.good)):
        if text:
            lines += [f"## {name}", "", "```", text.rstrip("\n"), "```", ""]
    if entry.url:
        lines += [f"[{entry.url}]({entry.url}), verified {entry.verified}", ""]
    return "\n".join(lines)
