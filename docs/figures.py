"""`python docs/figures.py`: the table of figures in README.md, measured anew on this machine.

Run it with the interpreter of an installed wheel, since the bars hold for a compiled core:
`.venv-wheel/bin/python docs/figures.py` after `make bench`. It takes what `driven benchmark` measures and has a bar
for.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from driven import benchmarks

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def table(rows: list[benchmarks.Row], build: str, machine: str) -> str:
    """One row per figure that something is promised of; the ratio compares with what stands in `against`."""
    lines = [
        f"Measured by `driven benchmark`: {build}, {machine}. A ratio whose bar is ≤ is a multiple of what",
        "stands in *against*; one whose bar is ≥ says how many times as fast as that it is.",
        "",
        "| figure | driven | against | ratio | bar |",
        "|---|---:|---|---:|---:|",
    ]
    for row in rows:
        if row.bar is None:
            continue
        ratio = "" if row.ratio is None else f"{row.ratio:,.0f}×" if row.ratio >= 1000 else f"{row.ratio:.3g}×"
        bar = f"{'≤' if row.better == '<=' else '≥'} {row.bar:,.4g}×"
        value = f"{row.value:,.0f}" if row.value >= 1000 else f"{row.value:.3g}"
        lines.append(f"| `{row.name}` | {value} {row.unit} | {row.baseline} | {ratio} | {bar} |")
    return "\n".join(lines) + "\n"


def with_table(readme: str, rows: str) -> str:
    """README.md with `rows` between its two marks. ValueError when they are not there."""
    before, begin, rest = readme.partition(BEGIN + "\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no {BEGIN} … {END}")
    return f"{before}{begin}{rows}{end}{after}"


def main() -> int:
    """Measure, and write the table."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    rows = benchmarks.run(progress=lambda name, done, total: print(f"{done}/{total} {name}", file=sys.stderr))
    text = table(rows, benchmarks.build(), machine)
    README.write_text(with_table(README.read_text(encoding="utf-8"), text), encoding="utf-8", newline="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
