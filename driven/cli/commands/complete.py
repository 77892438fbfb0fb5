"""`driven --complete KIND [ROOT]`, which shells call for words that change, and `driven --install-completion`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from driven.errors import DiskError, DrivenError, UsageError
from driven.grammar.completion import DYNAMIC, SHELLS

if TYPE_CHECKING:
    from driven.cli.app import App

_MOST_RULES = 10_000


def run(words: Sequence[str], app: App) -> int:
    """Print the words of a kind that there are, one a line; nothing at all when they cannot be told.

    ROOT is the value of `--root` as it stands on the line that is typed, quotes and all.
    """
    kind = words[0] if words else ""
    if kind not in DYNAMIC:
        raise UsageError(f"`--complete` knows no `{kind}`", hint=f"one of: {', '.join(DYNAMIC)}")
    app.root_option = _folder(words[1]) if len(words) > 1 else None
    try:
        found = _words(kind, app)
    except (DrivenError, OSError):
        return 0
    for word in found:
        if word.isprintable():
            app.out.line(word)
    return 0


def _words(kind: str, app: App) -> list[str]:
    match kind:
        case "rule":
            return sorted(set(_rule_ids(os.path.join(app.base, ".driven", "rules"))))
        case "pack":
            from driven.project.packs import pack_names

            return pack_names(app.base)
        case "template":
            from driven.cli.commands.template import library

            return library(app).names()
        case "editor":
            return sorted(app.registry().emitters)
        case "form":
            from driven.cli.forms import OWN_FORMS

            return [*OWN_FORMS, *sorted({*app.registry().emitters, *app.registry().importers})]
        case "benchmark":
            from driven.benchmarks import names

            found = names()
            return sorted({*found, *(name.partition("/")[0] for name in found)})
        case "code":
            from driven.registry import load
            from driven.validation.catalogue import catalogue

            return list(catalogue(load(editors=(), checks=True).checks.values()))
        case _:
            return sorted(plugin.name for plugin in app.registry(checks=True).plugins)


def _folder(typed: str) -> str | None:
    """The folder that a shell's user means by a word that no shell has expanded yet; None for no word."""
    if not typed or os.path.isdir(typed):
        return typed or None
    import shlex

    try:
        bare = "".join(shlex.split(typed))
    except ValueError:  # a quote that is still open
        bare = typed
    return os.path.expanduser(bare)


def _rule_ids(folder: str) -> Iterator[str]:
    """The ids of the rule files, told by their names alone."""
    from driven.format.text import rule_id_for

    left = _MOST_RULES
    for base, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.endswith(".md") and name[0] != "." and left:
                left -= 1
                if rule_id := rule_id_for(os.path.relpath(os.path.join(base, name), folder).replace(os.sep, "/")):
                    yield rule_id


def install(app: App) -> int:
    """Write the script to where the user's shell looks for it, and say what is left to do."""
    from driven.grammar.completion import script

    shell = os.path.basename(os.environ.get("SHELL", ""))
    if shell not in SHELLS:
        raise UsageError(
            f"no completion for the shell `{shell}`" if shell else "the variable SHELL does not name your shell",
            hint=f"set SHELL to the path of one of: {', '.join(SHELLS)}",
        )
    path, left = _place(shell)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(path + ".new", flags, 0o644), "w", encoding="utf-8") as file:
            file.write(script(shell, app.commands()))
        os.replace(path + ".new", path)
    except OSError as error:
        raise DiskError(f"`{path}` cannot be written: {error.strerror}", hint="check who owns the folder") from error
    app.answer(
        lambda: {"shell": shell, "path": path, "todo": left},
        lambda out: out.line(f"completion for {shell} installed: {path}"),
    )
    if not app.json:
        for line in (left or "open a new shell to use it").splitlines():
            app.out.line(line)
    return 0


def _place(shell: str) -> tuple[str, str]:
    """Where the script belongs, and what the user has to add to the shell's start-up file, if anything."""
    home = os.path.expanduser("~")
    if shell == "fish":
        config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        return os.path.join(config, "fish", "completions", "driven.fish"), ""
    if shell == "zsh":
        path = os.path.join(home, ".zfunc", "_driven")
        line = "fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit"
        done = "/.zfunc" in _read(os.path.join(os.environ.get("ZDOTDIR") or home, ".zshrc"))
        return path, "" if done else f"add this line to ~/.zshrc and open a new shell:\n{line}"
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    path = os.path.join(data, "bash-completion", "completions", "driven")
    loads_itself = any(
        os.path.exists(os.path.join(prefix, "share/bash-completion/bash_completion"))
        for prefix in ("/usr", "/usr/local", "/opt/homebrew", "/opt/local")
    )
    done = loads_itself or path in _read(os.path.join(home, ".bashrc"))
    return path, "" if done else f"add this line to ~/.bashrc and open a new shell:\nsource {path}"


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""
