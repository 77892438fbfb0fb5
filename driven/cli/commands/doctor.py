"""`driven doctor`: check this machine and this project, and say what to do about what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from driven.cli.check import Check
from driven.cli.text import count
from driven.errors import DrivenError

if TYPE_CHECKING:
    from driven.cli.app import App

_PYTHON = (3, 11)
_WATCHES = 65_536  # inotify watches below which a large project cannot be watched whole


def run(args: Any, app: App) -> int:
    """Run every check. 1 when one fails; warnings are warnings."""
    if args.what == "sandbox" or args.matrix:
        from driven.cli.commands.rings import run_doctor

        return run_doctor(args, app)
    from driven.cli.render_tables import show_checks

    checks = [check for part in _PARTS for check in _guarded(part, app)]
    app.answer(
        lambda: {
            "checks": [{"name": c.name, "state": c.state, "message": c.message, "hint": c.hint} for c in checks]
        },
        lambda out: show_checks(out, checks),
    )  # fmt: skip
    return app.outcome(findings=any(c.state == "fail" for c in checks))


def _guarded(part: Callable[[App], Iterable[Check]], app: App) -> list[Check]:
    """A check that breaks is a finding of its own: the doctor must not die of the disease."""
    try:
        return list(part(app))
    except DrivenError as error:
        return [Check(part.__name__.strip("_"), "fail", str(error), error.hint)]
    except Exception as error:
        return [Check(part.__name__.strip("_"), "fail", f"cannot be checked: {type(error).__name__}: {error}")]


def _python(_: App) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    text = f"{sys.implementation.name} {version} at {sys.executable}"
    if sys.version_info[:2] < _PYTHON:
        yield Check("python", "fail", text, "driven needs Python 3.11 or later")
    else:
        yield Check("python", "ok", text)


def _driven(_: App) -> Iterator[Check]:
    from driven import __file__ as face
    from driven import __version__
    from driven.core import tokens

    folder = os.path.dirname(face)
    yield Check("driven", "ok", f"{__version__} in {folder}")
    said = _build_record(folder)
    if not tokens.__file__.endswith(".py"):
        yield Check("core", "ok", said or "compiled")
        return
    why = said.removeprefix("pure Python: ") or "run from source, or installed as editable"
    hint = (
        "install a wheel, or a C compiler and then `pip install --force-reinstall .` in the clone; results are the same"
    )
    yield Check("core", "warn", f"pure Python ({why}): slower, nothing else", hint)


def _build_record(folder: str) -> str:
    """What the wheel says about how its core was built; "" in a source tree."""
    try:
        with open(os.path.join(folder, "core", "_build.txt"), encoding="utf-8") as file:
            return file.read(1000).strip()
    except OSError:
        return ""


def _libraries(_: App) -> Iterator[Check]:
    import importlib

    missing = []
    for name in ("blake3", "librt", "pluggy", "rich", "yaml"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    if missing:
        yield Check(
            "libraries", "fail", ", ".join(missing), "reinstall: `pip install --force-reinstall .` in the clone"
        )
        return
    import yaml

    if not getattr(yaml, "__with_libyaml__", False):
        hint = "a PyYAML wheel from PyPI has it: `pip install --force-reinstall pyyaml`"
        yield Check("libraries", "warn", "PyYAML is without its C part: unusual front matter loads slowly", hint)
    else:
        yield Check("libraries", "ok", "all there")


def _script(_: App) -> Iterator[Check]:
    import shutil

    path = shutil.which("driven")
    if path is None:
        hint = f"add {os.path.dirname(sys.executable)} to PATH, or use `python -m driven`"
        yield Check("script", "warn", "`driven` is not on PATH", hint)
        return
    with open(path, "rb") as file:
        head = file.read(4096)
    wanted = os.path.realpath(os.path.dirname(sys.executable))
    if os.path.realpath(os.path.dirname(path)) != wanted and wanted.encode() not in head:
        hint = "another environment comes first on PATH: activate the one you mean"
        yield Check("script", "warn", f"{path} is not of this Python ({sys.executable})", hint)
    elif b"import re\n" in head or b"\nfrom re import" in head:
        hint = "with pip 26 or later: `pip install --force-reinstall --no-deps .` in the clone"
        yield Check("script", "warn", f"{path} was written by an older pip and imports `re` at every start", hint)
    else:
        yield Check("script", "ok", path)


def _terminal(_: App) -> Iterator[Check]:
    encoding = (getattr(sys.stdout, "encoding", None) or "none").lower()
    if encoding.replace("-", "") != "utf8":
        yield Check("terminal", "warn", f"prints {encoding}: some signs are replaced", "set PYTHONUTF8=1")
    else:
        yield Check("terminal", "ok", "utf-8")


def _git(app: App) -> Iterator[Check]:
    import shutil

    if shutil.which("git") is None:
        hint = "install git; without it conditions in `when` look at every file, ignored ones too"
        yield Check("git", "warn", "not found", hint)
        return
    folder = app.base
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            yield Check("git", "warn", "this is no git repository", "`git init`, so that you can see what changes")
            return
        folder = parent
    yield Check("git", "ok", f"repository {folder}")


def _watching(_: App) -> Iterator[Check]:
    path = "/proc/sys/fs/inotify/max_user_watches"
    try:
        with open(path, encoding="ascii") as file:
            watches = int(file.read(32))
    except (OSError, ValueError):
        return  # not Linux, or closed to us: nothing to say
    if watches < _WATCHES:
        hint = f"sudo sysctl fs.inotify.max_user_watches={8 * _WATCHES}"
        yield Check("inotify", "warn", f"{watches:,} watches: few for a large project", hint)
    else:
        yield Check("inotify", "ok", f"{watches:,} watches")


def _plugins(app: App) -> Iterator[Check]:
    registry = app.registry(checks=True)
    for plugin in registry.plugins:
        if plugin.status == "broken":
            hint = f"update or uninstall `{plugin.distribution}`, or set DRIVEN_DISABLE_PLUGINS={plugin.name}"
            yield Check("plugins", "fail", f"`{plugin.name}` ({plugin.distribution}): {plugin.error}", hint)
    loaded = sum(plugin.status == "loaded" for plugin in registry.plugins)
    off = [plugin.name for plugin in registry.plugins if plugin.status == "disabled"]
    tail = f"; disabled: {', '.join(off)}" if off else ""
    if loaded:
        yield Check("plugins", "ok", f"{loaded} loaded, {len(registry.emitters)} editors{tail}")
    else:
        hint = "reinstall driven: its own editors are plugins, found by its installed metadata"
        yield Check("plugins", "fail", f"none loaded{tail}", hint)


def _templates(app: App) -> Iterator[Check]:
    """Jinja2 compiles what people write themselves; what comes with driven and in packs is compiled."""
    from driven.fusion.compiling import INSTALL, has_jinja

    own = _own_templates(os.path.join(app.base, ".driven", "templates"))
    if has_jinja():
        from importlib.metadata import version

        yield Check("templates", "ok", f"Jinja2 {version('jinja2')} compiles your own")
    elif own:
        text = f"{count(own, 'template')} of this project must be compiled, and Jinja2, which does that, is missing"
        yield Check("templates", "fail", text, INSTALL)
    else:
        yield Check("templates", "ok", "Jinja2 is not installed; only a project's own templates need it")


def _own_templates(folder: str) -> int:
    from driven.fusion.shelf import TemplateFolder

    return len(TemplateFolder("project", folder).names())


def _project(app: App) -> Iterator[Check]:
    try:
        root = app.root
    except DrivenError as error:
        yield Check("project", "warn", str(error), error.hint)
        return
    from driven import views

    rules, diagnostics = views.load_rules(root)
    errors = [d for d in diagnostics if d.severity == "error"]
    if errors:
        first = f"{errors[0].span}: {errors[0].message}"
        yield Check("project", "fail", f"{first}" + (f" and {len(errors) - 1} more" if errors[1:] else ""),
                    "`driven validate` lists every finding")  # fmt: skip
    else:
        yield Check("project", "ok", f"{root}, {count(len(rules), 'rule')}")
    folder = os.path.join(root, ".driven")
    if os.path.exists(os.path.join(root, ".DRIVEN")):
        yield Check("file names", "ok", "this file system takes upper and lower case for the same")
    else:
        yield Check("file names", "ok", "this file system tells upper from lower case")
    state = os.path.join(folder, "state")
    if not os.access(state if os.path.isdir(state) else folder, os.W_OK):
        yield Check("state", "fail", f"{folder} cannot be written", "check who owns it")
    elif os.path.isdir(state) and not os.path.exists(os.path.join(state, ".gitignore")):
        yield Check("state", "warn", f"{state} has no .gitignore", "put one line into it: `*`")
    else:
        yield Check("state", "ok", "can be written")


_PARTS: tuple[Callable[[App], Iterable[Check]], ...] = (
    _python, _driven, _libraries, _script, _terminal, _git, _watching, _plugins, _templates, _project,
)  # fmt: skip
