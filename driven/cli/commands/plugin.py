"""`driven plugin list` and `driven plugin show NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driven.errors import UsageError
from driven.grammar.suggest import did_you_mean

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.model.diagnostic import Diagnostic
    from driven.registry import PluginInfo, Registry


def run_list(args: Any, app: App) -> int:
    """List every plugin. 1 when one is broken."""
    registry = _registry(app)

    def show(out: Output) -> None:
        from driven.cli.render_findings import show_findings
        from driven.cli.render_tables import show_plugins

        show_plugins(out, registry.plugins)
        show_findings(out, registry.diagnostics, app.base, error=True)

    app.answer(lambda: _data(registry.plugins, registry.diagnostics), show)
    return app.outcome(findings=any(p.status == "broken" for p in registry.plugins))


def run_show(args: Any, app: App) -> int:
    """Show the plugins of that name: two distributions may use one. 1 when one of them is broken."""
    registry = _registry(app)
    found = [p for p in registry.plugins if p.name == args.name]
    if not found:
        names = [p.name for p in registry.plugins]
        hint = did_you_mean(args.name, names, otherwise="`driven plugin list` lists them")
        raise UsageError(f"there is no plugin `{args.name}`", hint=hint)

    def show(out: Output) -> None:
        from driven.cli.render_tables import show_plugin

        for plugin in found:
            show_plugin(out, plugin)

    app.answer(lambda: _data(found, ()), show)
    return app.outcome(findings=any(p.status == "broken" for p in found))


def _registry(app: App) -> Registry:
    """All plugins: those that are installed, and those that come with packs."""
    from driven.workspace import with_code

    return with_code(app.registry(checks=True), app.base)


def _data(plugins: list[PluginInfo], found: list[Diagnostic] | tuple[()]) -> dict[str, Any]:
    from driven.cli import data

    rows = [
        {
            "name": p.name,
            "distribution": p.distribution,
            "version": p.version,
            "value": p.value,
            "status": p.status,
            "error": p.error,
            "offers": list(p.offers),
            "ring": p.ring,
        }
        for p in plugins
    ]
    return {"plugins": rows, "diagnostics": data.diagnostics(found)}
