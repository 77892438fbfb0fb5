"""`driven show FILE.drv [RULE]`: header, sections and rules of a compiled file, or one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driven.errors import UsageError
from driven.grammar.suggest import did_you_mean

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.model.rule import Rule


def run(args: Any, app: App) -> int:
    """Show it. A file that is no `.drv`, or whose checksum is wrong, is an error."""
    from driven.cli import files
    from driven.format.drv import digest, from_drv
    from driven.format.drv_header import Header, read_header

    data = files.read(args.file)
    header: Header = read_header(data, args.file)
    rules = from_drv(data, path=args.file)
    chosen = list(rules)
    if args.rule is not None:
        one = rules.get(args.rule)
        if one is None:
            ids = [rule.id for rule in rules]
            hint = did_you_mean(args.rule, ids, otherwise=f"`driven show {args.file}` lists them")
            raise UsageError(f"`{args.file}` holds no rule `{args.rule}`", hint=hint)
        chosen = [one]
    name = digest(rules).hex()

    def show(out: Output) -> None:
        from driven.cli.render_drv import show_file, show_rule

        if args.rule is not None:
            show_rule(out, chosen[0])
        else:
            show_file(out, args.file, header, chosen, name)

    app.answer(
        lambda: {
            "path": args.file,
            "bytes": len(data),
            "version": header.version,
            "compressed": header.compressed,
            "signed": header.signed,
            "digest": name,
            "sections": [
                {"name": s.name, "kind": s.kind, "offset": s.offset, "length": s.length, "raw_length": s.raw_length}
                for s in header.sections
            ],
            "rules": [_rule(rule, body=args.rule is not None) for rule in chosen],
        },
        show,
    )
    return app.outcome()


def _rule(rule: Rule, *, body: bool) -> dict[str, Any]:
    from driven.cli.render_drv import activation

    word, paths = activation(rule)
    data = {
        "id": rule.id,
        "title": rule.title,
        "description": rule.description,
        "activation": word,
        "paths": list(paths),
        "kind": rule.kind,
        "category": rule.category,
        "priority": rule.priority,
        "targets": list(rule.targets),
        "tags": list(rule.tags),
        "when": rule.when,
        "characters": len(rule.body),
        "steps": len(rule.steps),
    }
    return data | {"body": rule.body} if body else data
