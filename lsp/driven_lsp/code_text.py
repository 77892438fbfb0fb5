"""What is told of the code of a finding: a `driven-ignore` comment and `[validate]` of the configuration name them."""

from __future__ import annotations

from driven_lsp.landing_text import code, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven_lsp.snapshot import Snapshot

MOST = 40  # codes of a kind that are named
_REPAIR = {
    "safe": "`driven validate --fix` repairs it.",
    "unsafe": "Its quick fix is *unsafe*: the file may mean something else afterwards, so it is only made when you"
    " choose it. `driven validate --unsafe-fixes` makes it, too.",
    "both": "`driven validate --fix` repairs it where it is certain what was meant. Elsewhere its quick fix is"
    " *unsafe*: the file may mean something else afterwards, so it is only made when you choose it, or with"
    " `driven validate --unsafe-fixes`.",
}  # fmt: skip


def code_text(snapshot: Snapshot, name: str) -> str:
    """Markdown about a code, or about all of a kind (`CUR`)."""
    from driven.validation.catalogue import catalogue, family_title

    checks = snapshot.view.plugins.checks
    check = checks.get(name)
    entry = catalogue([check] if check is not None else []).get(name)
    if entry is None:
        known = {*checks, *catalogue(())}
        below = sorted(one for one in known if one.startswith(name)) if len(name) >= 3 else []
        if below:
            named = ", ".join(map(code, below[:MOST]))
            return f"**{name}**: {counted(len(below), 'code')}, {family_title(name[:3])}\n\n{named}"
        return f"{code(name)} is no code: `driven explain-code` lists them all."
    lines = [f"**{entry.code}** · {entry.severity} · {entry.title}", entry.why]
    for word, example in (("Wrong", entry.bad), ("Right", entry.good)):
        if example:
            ticks = "````" if "```" in example else "```"
            lines.append(f"{word}:\n{ticks}\n{example}\n{ticks}")
    if entry.fix in _REPAIR:
        lines.append(_REPAIR[entry.fix])
    if entry.security:
        lines.append("A comment makes this finding a notice: it cannot hide it.")
    if entry.url:
        lines.append(f"[Source]({entry.url}), verified {entry.verified}")
    return "\n\n".join(lines)
