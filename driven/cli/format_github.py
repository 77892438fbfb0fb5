"""`driven validate --format github`: annotations of GitHub Actions, by workflow commands on stdout.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions (verified 2026-11-21). GitHub shows ten
errors, ten warnings and ten notices of a step and drops the rest without a word; what is over is printed for the log.
"""

from __future__ import annotations

from driven.cli.report_places import has_file, is_range, prefix_of
from driven.cli.text import count, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from driven.model.diagnostic import Diagnostic
    from driven.model.report import ValidateReport

MOST = 10  # annotations of one kind in one step
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: ValidateReport, failing: Collection[str] = ("error",), *, verbose: bool = False) -> str:
    """One line for each finding, and one that counts them; notices only with `verbose`, as in the text."""
    import os

    told = [d for d in report.diagnostics if verbose or d.severity != "info"]
    return to_github(told, prefix_of(report.root, os.environ.get("GITHUB_WORKSPACE", "")))


def to_github(found: Sequence[Diagnostic], prefix: str) -> str:
    """`prefix` stands before every path."""
    from driven.cli.render_findings import tally

    shown: dict[str, int] = {}
    lines: list[str] = []
    rest: list[str] = []
    for d in found:
        shown[d.severity] = shown.get(d.severity, 0) + 1
        if shown[d.severity] <= MOST:
            lines.append(_command(d, prefix))
        else:
            rest.append(_plain(d, prefix))
    if rest:
        what = count(len(rest), "more finding")
        lines += [f"::group::{what}: GitHub shows {MOST} of a kind", *rest, "::endgroup::"]
    return "\n".join([*lines, tally(found) or "no findings"]) + "\n"


def _command(d: Diagnostic, prefix: str) -> str:
    span = d.span
    properties = []
    if has_file(d):
        properties += [("file", prefix + span.path), ("line", str(span.line))]
        if not is_range(span):
            properties.append(("col", str(span.column)))
        elif span.end_line == span.line:
            properties += [("endLine", str(span.line)), ("col", str(span.column)), ("endColumn", str(span.end_column))]
        else:  # columns are taken of one line alone
            properties.append(("endLine", str(span.end_line)))
    properties.append(("title", f"driven {d.code}".rstrip()))
    words = ",".join(f"{name}={safe(value).translate(_PROPERTY)}" for name, value in properties)
    text = "\n".join(safe(part) for part in (d.message, d.hint) if part)
    return f"::{_COMMANDS[d.severity]} {words}::{text.translate(_DATA)}"


def _plain(d: Diagnostic, prefix: str) -> str:
    """A line of the log. The severity stands first, so that no path or text of a rule can begin a command; the older
    form of commands, `##[`, is read anywhere in a line."""
    place = f"{prefix}{d.span}: " if has_file(d) else ""
    hint = f" ({d.hint})" if d.hint else ""
    return safe(f"{d.severity} {d.code}: {place}{d.message}{hint}").replace("##[", "# #[")
