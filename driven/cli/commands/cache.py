"""`driven cache status`, `list [KIND]`, `clear [KIND]`, `prune --days N` and `warm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driven.errors import DiskError, SourceError, TemplateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from driven.cli.app import App
    from driven.fusion.cache_files import Freed
    from driven.fusion.caches import Content
    from driven.model.diagnostic import Diagnostic

MOST_DAYS = 36_500


def run_status(args: Any, app: App) -> int:
    """Show how much each cache holds, and where."""
    from driven.cli.render_cache import show_status
    from driven.cli.render_snapshots import utc
    from driven.fusion import caches
    from driven.fusion.cache_files import top_folder

    found = caches.contents()

    def entry(one: Content) -> dict[str, Any]:
        times = [file.used // 1_000_000_000 for file in one.files]
        return {
            "name": one.cache.name,
            "holds": one.cache.holds,
            "folder": one.folder,
            "files": len(one.files),
            "bytes": one.bytes,
            "limit": one.cache.limit,
            "oldest": utc(min(times)) if times else "",
            "newest": utc(max(times)) if times else "",
            "others": one.others,
            "refused": one.refused,
        }

    app.answer(
        lambda: {
            "folder": top_folder(),
            "files": sum(len(one.files) for one in found),
            "bytes": sum(one.bytes for one in found),
            "caches": [entry(one) for one in found],
        },
        lambda out: show_status(out, found, top_folder()),
    )
    return app.outcome()


def run_list(args: Any, app: App) -> int:
    """List every file of all caches, or of one."""
    from driven.cli.render_cache import show_list
    from driven.cli.render_snapshots import utc
    from driven.fusion import caches

    found = caches.contents([args.kind] if args.kind else ())
    rows = [(one, file, caches.label(one, file)) for one in found for file in one.files]
    app.answer(
        lambda: {
            "files": [
                {
                    "cache": one.cache.name,
                    "name": file.name,
                    "what": what,
                    "bytes": file.size,
                    "used": utc(file.used // 1_000_000_000),
                }
                for one, file, what in rows
            ]
        },
        lambda out: show_list(out, rows),
    )
    return app.outcome()


def run_clear(args: Any, app: App) -> int:
    """Delete all files of all caches, or of one."""
    from driven.fusion import caches

    return _free(app, args, lambda one: caches.clear(one, dry=args.dry_run))


def run_prune(args: Any, app: App) -> int:
    """Delete what was neither written nor asked for in so many days."""
    from driven.fusion import caches

    if args.days > MOST_DAYS:
        raise UsageError(f"`--days {args.days}` is out of range", hint=f"give 1 to {MOST_DAYS:,} days")
    return _free(app, args, lambda one: caches.prune(one, args.days, dry=args.dry_run))


def _free(app: App, args: Any, free: Callable[[Content], Freed]) -> int:
    from driven.cli.render_cache import show_freed
    from driven.fusion import caches
    from driven.fusion.cache_files import top_folder

    done = [(one, free(one)) for one in caches.contents([args.kind] if args.kind else ())]
    applied = not args.dry_run
    app.answer(
        lambda: {
            "applied": applied,
            "files": sum(freed.files for _, freed in done),
            "bytes": sum(freed.bytes for _, freed in done),
            "caches": [{"name": one.cache.name, "files": freed.files, "bytes": freed.bytes} for one, freed in done],
        },
        lambda out: show_freed(out, done, top_folder(), applied=applied),
    )
    return app.outcome()


def run_warm(args: Any, app: App) -> int:
    """Compile every template that can be used here into the cache. 2 when one does not compile, or cannot be kept, or
    when Jinja2 is needed for that and not installed."""
    from driven.cli import data
    from driven.cli.commands.template import library
    from driven.cli.render_cache import show_warmed
    from driven.fusion.caches import open_cache
    from driven.fusion.compiling import has_jinja
    from driven.fusion.loading import TemplateLoader
    from driven.model.diagnostic import of_error
    from driven.templating.rendering import Renderer

    found = library(app)
    templates = found.all()
    problems: list[Diagnostic] = []
    cache = open_cache("templates")
    loader = TemplateLoader(cache)
    renderer = Renderer(found, loader)
    waiting: list[str] = []  # for Jinja2
    made = there = shipped = 0
    with app.progress() as progress:
        for done, template in enumerate(templates):
            progress(template.name, done, len(templates))
            if renderer.is_shipped(template):
                shipped += 1
                continue
            before = loader.counts.compiled
            try:
                renderer.prepare(template)
            except (SourceError, TemplateError, UsageError) as error:
                if isinstance(error, TemplateError) and not has_jinja():
                    waiting.append(template.name)
                else:
                    problems += of_error(error)
                continue
            made, there = made + (loader.counts.compiled > before), there + (loader.counts.compiled == before)
    if loader.counts.refused:
        why = f"the disk refuses it in `{cache.folder}`" if cache.folder else "there is no folder for it that is yours"
        raise DiskError(
            f"what was compiled cannot be kept: {why}",
            hint="look at the disk, or let XDG_CACHE_HOME name another folder",
        )
    if waiting:
        problems += of_error(_without_jinja(waiting))
    problems = [*found.diagnostics, *problems]
    app.answer(
        lambda: {
            "templates": len(templates),
            "compiled": made,
            "there": there,
            "shipped": shipped,
            "diagnostics": data.diagnostics(problems),
        },
        lambda out: show_warmed(out, made, there, shipped, problems, app.base),
    )
    return app.outcome(diagnostics=problems)


def _without_jinja(names: list[str]) -> TemplateError:
    from driven.cli.text import count
    from driven.fusion.compiling import INSTALL

    more = f" and {len(names) - 3} more" if names[3:] else ""
    listed = f"`{'`, `'.join(names[:3])}`{more}"
    need = "needs" if len(names) == 1 else "need"
    return TemplateError(
        f"{count(len(names), 'template')} {need} Jinja2 to be compiled, and it is not installed: {listed}", hint=INSTALL
    )
