"""`python docs/editors.py`: docs/editors.md and the table of editors in README.md, written from the emitters' own data.

A test runs `document` and `table` again and compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from driven.model.target import Limit, Target
from driven.registry import load

ROOT = Path(__file__).resolve().parents[1]
ACTIVATIONS = {"always": "always", "paths": "for paths", "model": "the model decides", "manual": "on request"}
SIGNS = {"native": "", "approximated": "≈ ", "dropped": "× "}
BEGIN, END = "<!-- editors -->", "<!-- /editors -->"


def targets() -> list[Target]:
    """Every editor that our own plugins write for, by title."""
    ours = [emitter.target for emitter in load().emitters.values() if _is_ours(emitter)]
    return sorted(ours, key=lambda target: target.title.lower())


def _is_ours(emitter: object) -> bool:
    return type(emitter).__module__.startswith("driven_emitters.")


def table(editors: Iterable[Target]) -> str:
    """One row per editor, one column per activation."""
    lines = ["| editor | " + " | ".join(ACTIVATIONS.values()) + " |", "|---" * (len(ACTIVATIONS) + 1) + "|"]
    for target in editors:
        cells = [SIGNS[target.ways[key].fidelity] + target.ways[key].words for key in ACTIVATIONS]
        lines.append(f"| [{target.title}](docs/editors.md#{anchor(target.title)}) | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def anchor(title: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def document(editors: Iterable[Target]) -> str:
    """docs/editors.md."""
    return "\n".join(_document(editors)).rstrip("\n") + "\n"


def _document(editors: Iterable[Target]) -> Iterator[str]:
    yield from (
        "# Editors",
        "",
        "Written from the emitters' own data by `python docs/editors.py`; change those, not this file.",
        "",
        "*Native*: the editor has a word for it. *Approximated*: said in the nearest form, and told as a loss.",
        "*Dropped*: not written, and told as a loss. `driven explain PATH` says it for each rule and file.",
        "",
    )
    for target in editors:
        yield from (f"## {target.title}", "")
        yield f"`{target.name}` in `config.toml`. Documented at <{target.docs}>, checked on {target.verified}."
        yield ""
        yield from ("| a rule that holds | | is written as |", "|---|---|---|")
        for key, words in ACTIVATIONS.items():
            way = target.ways[key]
            yield f"| {words} | {way.fidelity} | {way.words} |"
        yield ""
        yield f"- Files: {_names(target.files)}"
        if target.also_reads:
            yield f"- Reads files of others, too: {_names(target.also_reads)}"
        yield from (f"- Limit: {_limit(limit)}" for limit in target.limits)
        yield from (f"- Globs: {words}" for words in _dialect(target))
        for name, default in target.options.items():
            others = [f'`"{value}"`' for value in target.choices.get(name, ()) if value != default]
            yield f'- Option: `{name}`, `"{default}"` unless given{", or " + ", ".join(others) if others else ""}'
        yield ""


def _names(files: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in files)


def _limit(limit: Limit) -> str:
    sizes = {"characters": limit.characters, "lines": limit.lines, "bytes": limit.bytes}
    size = next(f"{count:,} {unit}" for unit, count in sizes.items() if count)
    return f"{size}; {limit.note}" if limit.note else size


def _dialect(target: Target) -> Iterator[str]:
    dialect = target.dialect
    if dialect.anywhere:
        yield "one that starts with neither `/` nor `**/` matches at any depth"
    if dialect.ignore_case:
        yield "letters match in either case"
    if dialect.absolute:
        yield "the whole path of a file is matched, with the folders that the project lies in"
    if not dialect.dot:
        yield "`*` and `**` match no name that begins with a dot"
    if not dialect.braces:
        yield "`{a,b}` is not understood; the alternatives are written out"


def with_table(readme: str, rows: str) -> str:
    """README.md with `rows` between its two marks. ValueError when they are not there."""
    before, begin, rest = readme.partition(BEGIN + "\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no {BEGIN} … {END}")
    return f"{before}{begin}{rows}{end}{after}"


def main() -> int:
    """Write both."""
    editors = targets()
    (ROOT / "docs/editors.md").write_text(document(editors), encoding="utf-8", newline="")
    readme = ROOT / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), table(editors)), encoding="utf-8", newline="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
