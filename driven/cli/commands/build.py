"""`driven build`: the project's rules as one `.drv` file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driven.errors import SourceError, UsageError

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output


def run(args: Any, app: App) -> int:
    """Build all or nothing: 2, and nothing is written, when a rule cannot be read."""
    from driven import views
    from driven.cli import data, files
    from driven.cli.render_findings import show_findings
    from driven.cli.text import count, size
    from driven.format.drv import digest, to_drv

    rules, diagnostics = views.load_rules(app.root)
    errors = [d for d in diagnostics if d.severity == "error"]
    if errors:
        if not app.json:
            show_findings(app.out, diagnostics, app.root, error=True)
        raise SourceError(
            "a rule cannot be read; nothing was written", hint=f"{errors[0].span}: {errors[0].message}"
        )  # fmt: skip
    path = args.output or os.path.join(app.root, ".driven", "rules.drv")
    if not path.endswith(".drv"):
        raise UsageError(f"`{path}` is not the name of a rule set", hint="let it end with `.drv`")
    made = to_drv(rules, compress=args.compress, source=not args.no_source)
    files.write({path: made}, force=True)
    name = digest(rules).hex()

    def show(out: Output) -> None:
        show_findings(out, diagnostics, app.root, error=True)
        shown = os.path.relpath(path)
        out.note(("+ ", "green"), shown if not shown.startswith("..") else path)
        out.note((f"{count(len(rules), 'rule')}, {size(len(made))}", "bold"), (f"  {name[:16]}", "dim"))
        if os.path.lexists(path + ".sig") or os.path.lexists(path + ".manifest.minisig"):
            out.note(
                ("! ", "yellow"), "the signature beside it is of what stood there before: ", ("driven sign", "bold")
            )

    app.answer(
        lambda: {
            "output": path,
            "rules": len(rules),
            "bytes": len(made),
            "digest": name,
            "compressed": args.compress,
            "source": not args.no_source,
            "diagnostics": data.diagnostics(diagnostics),
        },
        show,
    )
    return app.outcome(diagnostics=diagnostics)
