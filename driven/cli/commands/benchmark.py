"""`driven benchmark`: measure this machine against named baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output


def run(args: Any, app: App) -> int:
    """Run the benchmarks and show them. 1 when one misses its bar."""
    from dataclasses import asdict

    from driven import benchmarks

    with app.progress() as progress:
        rows = benchmarks.run(args.names, args.iterations, args.file, progress)

    def show(out: Output) -> None:
        from driven.cli.render_tables import show_benchmark

        show_benchmark(out, rows, benchmarks.build())

    app.answer(lambda: {"build": benchmarks.build(), "rows": [asdict(row) for row in rows]}, show)
    return app.outcome(findings=any(r.ok is False for r in rows))
