"""`driven convert IN OUT`: any form of rules into any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driven.errors import SourceError

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output


def run(args: Any, app: App) -> int:
    """Convert all or nothing: 2, and nothing is written, when a rule of IN cannot be read."""
    from driven.cli import data, files, forms
    from driven.cli.render_findings import loss_pieces, show_findings
    from driven.cli.text import count

    plugins = app.registry()
    for form, known in ((args.from_, plugins.importers), (args.to, plugins.emitters)):
        if form is not None:
            forms.check_form(form, known)
    source, rules, diagnostics = forms.read_rules(args.input, args.from_ or "", plugins.importers)
    failed = any(d.severity == "error" for d in diagnostics)
    if failed and not app.json:
        show_findings(app.out, diagnostics, "", error=True)
    if failed:
        first = next(d for d in diagnostics if d.severity == "error")
        raise SourceError(
            f"`{args.input}` has rules that cannot be read; nothing was written", hint=f"{first.span}: {first.message}"
        )
    target = args.to or forms.form_of_output(args.output)
    made, losses = forms.write_rules(
        rules, args.output, target, plugins.emitters,
        compress=args.compress, source=not args.no_source, project=forms.project_of(args.input),
    )  # fmt: skip
    files.write(made, force=args.force)

    def show(out: Output) -> None:
        show_findings(out, diagnostics, "", error=True)
        for path in made:
            out.note(("+ ", "green"), path)
        for loss in losses:
            out.note(f"{loss.rule_id}  ", *loss_pieces(out, loss))
        out.note(
            (f"{count(len(rules), 'rule')}: {source} {out.glyph('arrow')} {target}", "bold"),
            f", {count(len(made), 'file')}",
        )

    app.answer(
        lambda: {
            "input": args.input,
            "source": source,
            "output": args.output,
            "target": target,
            "rules": [rule.id for rule in rules],
            "files": list(made),
            "losses": [data.loss(loss) for loss in losses],
            "diagnostics": data.diagnostics(diagnostics),
        },
        show,
    )
    return app.outcome()
