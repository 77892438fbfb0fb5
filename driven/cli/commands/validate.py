"""`driven validate`: every mistake in the rules and in every editor's files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output


def run(args: Any, app: App) -> int:
    """Report all findings. 1 when there are errors, with --strict also when there are warnings."""
    from driven.cli import data
    from driven.cli.render_findings import show_findings, tally
    from driven.cli.text import count
    from driven.validation.engine import Choice
    from driven.validation.validate import validate

    report = validate(app.base, Choice(select=_codes(args.select), ignore=_codes(args.ignore)))
    failing = ("error", "warning") if args.strict else ("error",)

    def show(out: Output) -> None:
        show_findings(out, report.diagnostics, report.root)
        scope = f"{count(report.rules, 'rule')}, {count(report.files, 'file')}"
        told = tally(report.diagnostics)
        bad = any(d.severity in failing for d in report.diagnostics)
        style = "bold red" if bad else "bold yellow" if told else "bold green"
        out.note((told or "no findings", style), f" ({scope})")

    app.answer(lambda: data.validate(report), show)
    return app.outcome(findings=any(d.severity in failing for d in report.diagnostics))


def _codes(words: list[str] | None) -> tuple[str, ...]:
    return tuple(code.strip().upper() for word in words or () for code in word.split(",") if code.strip())
