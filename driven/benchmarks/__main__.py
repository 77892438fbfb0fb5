"""`python -m driven.benchmarks docs/benchmarks.md`: measure, and write the table into that file between its marks.

Run it from an installed, compiled wheel: the figures of the documentation are those of `driven benchmark`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from driven.benchmarks import Row, build, run

BEGIN, END = "<!-- benchmarks:begin -->\n", "<!-- benchmarks:end -->\n"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, below a line that names the build."""
    lines = [f"{build()}; {_system()}", "", "| benchmark | what | value | ratio | against | bar | |"]
    lines.append("|---|---|---:|---:|---|---:|---|")
    for row in rows:
        ratio = "–" if row.ratio is None else f"{row.ratio:,.3g}x"
        bar = "–" if row.bar is None else f"{'≤' if row.better == '<=' else '≥'} {row.bar:,g}x"
        verdict = {None: "", True: "met", False: "**missed**"}[row.ok]
        value = f"{row.value:,.0f}" if row.unit == "bytes" else f"{row.value:,.3g}"
        lines.append(
            f"| `{row.name}` | {row.note} | {value} {row.unit} | {ratio} | {row.baseline} | {bar} | {verdict} |"
        )
    return "\n".join(lines) + "\n"


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
