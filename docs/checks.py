"""docs/checks.md: every code with its reason, an example, its source and the day that was looked up.

`python docs/checks.py` writes it; a test holds the page to the checks. Change the check, not the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from driven.cli.text import safe_line
from driven.registry import load
from driven.validation.catalogue import Entry, catalogue, family_title

ROOT = Path(__file__).resolve().parents[1]
_FIX = {
    "safe": "`--fix` repairs it", "unsafe": "`--unsafe-fixes` repairs it", "": "",
    "both": "`--fix` repairs it where it is certain what was meant, `--unsafe-fixes` also where it is not",
}  # fmt: skip


def entries() -> list[Entry]:
    """All codes of ours, by family."""
    own = {check.about.code: check for check in load(editors=(), checks=True).checks.values()}
    return list(catalogue(own.values()).values())


def document(found: list[Entry]) -> str:
    """The page."""
    return "\n".join(_page(found)).rstrip("\n") + "\n"


def _page(found: list[Entry]) -> Iterator[str]:
    families: dict[str, list[Entry]] = {}
    for entry in found:
        families.setdefault(entry.family, []).append(entry)
    checks = [entry for entry in found if entry.is_check]
    yield from (
        "# Checks",
        "",
        "Written from the checks by `python docs/checks.py`; change the check, not this page. In the terminal,",
        "`driven explain-code CUR06` shows one. [Validate](validate.md): how to repair and to silence what they find.",
        "",
        f"{len(checks)} checks, {sum(bool(entry.fix) for entry in checks)} of them with a repair, and"
        f" {len(found) - len(checks)} codes that the other commands tell.",
        "",
        "| | of | codes |",
        "|---|---|---|",
    )
    for prefix, group in families.items():
        links = " ".join(f"[{entry.code[3:]}](#{entry.code.lower()})" for entry in group)
        yield f"| {prefix} | [{family_title(prefix)}](#{_anchor(_title(prefix))}) | {links} |"
    for prefix, group in families.items():
        yield from ("", f"## {_title(prefix)}", "")
        for entry in group:
            yield from _entry(entry)


def _title(prefix: str) -> str:
    return f"{prefix}: {family_title(prefix)}"


def _entry(entry: Entry) -> Iterator[str]:
    traits = [f"**{entry.severity}**", *([_FIX[entry.fix]] if entry.fix else [])]
    if entry.security:
        traits.append("looked for in what driven wrote, too")
    if entry.reads:
        traits.append(f"reads {entry.reads}")
    title = _visible(entry.title)
    yield from (f"### {entry.code}", "", f"{title[:1].upper()}{title[1:]}: {'; '.join(traits)}.", "")
    yield from (_visible(entry.why), "")
    for word, example in (("Wrong:", entry.bad), ("Right:", entry.good)):
        if example:
            fence = "```"
            while fence in example:
                fence += "`"
            yield from (word, "", fence, *(_visible(line) for line in example.split("\n")), fence, "")
    if entry.url:
        yield from (f"Source: <{entry.url}>, verified {entry.verified}.", "")


def _visible(text: str) -> str:
    """As text that hides nothing: an example of a hidden character shows it as an escape."""
    return safe_line(text)


def _anchor(heading: str) -> str:
    """Where GitHub finds a heading."""
    kept = "".join(char for char in heading.lower() if char.isalnum() or char in "-_ ")
    return kept.replace(" ", "-")


def main() -> int:
    """Write it."""
    (ROOT / "docs/checks.md").write_text(document(entries()), encoding="utf-8", newline="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
