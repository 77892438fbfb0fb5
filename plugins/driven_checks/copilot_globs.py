"""Copilot's `applyTo` beside the files of the project: where VS Code and github.com would not take the same ones."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Key, Repair, Repository, repository_check
from driven.plugin_kit import one_line, quoted
from driven_checks.copilot import GITHUB, VERIFIED, is_instructions, is_list
from driven_checks.glob_checks import has_files, listing_of
from driven_checks.globs import Pattern, patterns
from driven_checks.keys import value_bounds


@repository_check(
    "COP09", "a glob that VS Code and github.com read differently", "copilot/instructions", severity="warning",
    why="VS Code puts `**/` before a pattern, so `*.py` matches at any depth. On github.com it matches in that folder"
    " alone, and the file reaches less than its author sees in the editor.",
    url=GITHUB, verified=VERIFIED, bad='applyTo: "*.py"', good='applyTo: "**/*.py"', fix="unsafe",
)  # fmt: skip
def floating_glob(repository: Repository) -> Iterator[Finding]:
    listing = None
    for document in repository.of("copilot/instructions"):
        key = document.key("applyTo")
        if key is None or document.ours or not is_instructions(document) or is_list(document, key):
            continue  # COP01
        for pattern, finding in _floating(document, key):
            if listing is None:
                listing = listing_of(repository)
            # Where no such file stands deeper the two agree.
            if not has_files(repository) or listing.matches(f"*/**/{pattern.text}", ("",), False):
                yield finding


def _floating(document: Document, key: Key) -> Iterator[tuple[Pattern, Finding]]:
    found = patterns(document)
    for pattern in found:
        text = pattern.text
        if "**" in text or text == "*" or text[:1] in ("/", "!", "") or not _has_wildcard(text):
            continue
        folder, slash, _ = text.rpartition("/")
        only = (
            f"in `{one_line(folder[:80])}`"
            if slash and not _has_wildcard(folder)
            else "just there"
            if slash
            else "in the root"
        )
        shown = one_line(text[:80])
        yield pattern, Finding(
            path=document.path,
            message=f"VS Code matches `{shown}` at any depth, github.com only {only}",
            start=pattern.start, end=pattern.end, hint=f"write `**/{shown}` for any depth, or name the exact path",
            repair=_anchored(document, key, pattern),
        )  # fmt: skip


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text or "[" in text or "{" in text


def _anchored(document: Document, key: Key, pattern: Pattern) -> Repair | None:
    """`**/` before the pattern; quotes around all of them where the value would begin with it."""
    if document.text[pattern.start : pattern.end] != pattern.text:
        return None
    edits = [Edit(start=pattern.start, end=pattern.start, text="**/")]
    start, end = value_bounds(key)
    if pattern.start == start and key.raw[:1] != "*":
        if "\n" in key.raw:
            return None
        whole = document.text[start:end]
        edits = [Edit(start=start, end=end, text=quoted(f"**/{whole}"))]
    return Repair(title="Match at any depth everywhere", edits=tuple(edits))
