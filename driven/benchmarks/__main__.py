"""`python -m driven.benchmarks docs/benchmarks.md`: measure, and write the table into that file between its marks.

Run it from an installed, compiled wheel: the figures of the documentation are those of `driven benchmark`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from driven.benchmarks import Row, build, run
from driven.benchmarks.claims import CLAIMS

BEGIN, END = "<!-- benchmarks:begin -->\n", "<!-- benchmarks:end -->\n"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, below a line that names the build."""
    lines = [f"{build()}; {_system()}", "", "| benchmark | what | value | ratio | against | bar | |"]
    lines.append("|---|---|---:|---:|---|---:|---|")
    for row in rows:
        ratio = "–" if row.ratio is None else f"{_three_digits(row.ratio)}x"
        bar = "–" if row.bar is None else f"{'≤' if row.better == '<=' else '≥'} {row.bar:,g}x"
        verdict = {None: "", True: "met", False: "**missed**"}[row.ok]
        value = _three_digits(row.value)
        lines.append(
            f"| `{row.name}` | {row.note} | {value} {row.unit} | {ratio} | {row.baseline} | {bar} | {verdict} |"
        )
    return "\n".join([*lines, "", *_claims(rows)]) + "\n"


def _claims(rows: Sequence[Row]) -> list[str]:
    """What was promised before anything was measured, with what its rows say now."""
    found = {row.name: row for row in rows}
    lines = ["| founding claim | what is true | measured |", "|---|---|---|"]
    for claim in CLAIMS:
        said = [f"`{row.name}` {_three_digits(row.value)} {row.unit}, {_three_digits(row.ratio)}x {row.baseline}"
                for row in (found[name] for name in claim.rows if name in found) if row.ratio is not None]  # fmt: skip
        lines.append(f"| {claim.text} | {claim.truth} | {'; '.join(said) or '–'} |")
    return lines


def _three_digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def _system() -> str:
    import os
    import platform

    return f"{platform.system()} {platform.release().partition('-')[0]}, {os.cpu_count()} cores"


def main(words: Sequence[str]) -> int:
    """Write the table into the file named, between the marks."""
    (path,) = words
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    made = f"{head}{BEGIN}\n{table(run())}\n{END}{tail}"
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
