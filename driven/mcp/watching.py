"""The grammar as a fresh process knows it, and when to ask again: a plugin's code is never imported by the server."""

from __future__ import annotations

import os

from driven.errors import PluginError
from driven.grammar.from_json import from_json
from driven.grammar.live import Grammar
from driven.mcp.calls import Job
from driven.registry.index import Entry, find, path_stamps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FILES = 2000  # of plugins that are looked at
SECONDS = 60.0
_OWN = "driven"


def build(root: str) -> Grammar:
    """Ask a process. PluginError when it answers no grammar."""
    done = Job().run(["grammar", "--json", "--root", root], root, SECONDS)
    envelope = done.answer
    if envelope is None or not envelope["ok"]:
        said = done.errors.decode("utf-8", "replace").strip().splitlines()
        why = f": {done.ended}" if done.ended else f": {said[-1][:300]}" if said else ""
        raise PluginError(f"`driven grammar --json` gave no grammar{why}", hint="run it in a terminal")
    try:
        commands, owners = from_json(envelope["data"])
    except (TypeError, ValueError, AttributeError) as error:
        raise PluginError(f"`driven grammar --json` gave what is no grammar: {error}") from None
    return Grammar(commands=commands, owners=owners)


class Stamp:
    """What changes when a plugin is installed, removed or edited: folders of modules, and the files of plugins."""

    def __init__(self) -> None:
        self._folders: list[tuple[str, int]] = []
        self._entries: list[Entry] = []

    def __call__(self) -> tuple[object, ...]:
        folders = path_stamps()
        if folders != self._folders:  # to find the plugins costs a hundred times what a look at these folders does
            self._folders, self._entries = folders, find()
        return (tuple(folders), tuple(sorted(_files(self._entries))))


def _files(entries: list[Entry]) -> Iterator[tuple[str, int, int]]:
    left = MOST_FILES
    for entry in entries:
        if entry.distribution == _OWN or entry.error:
            continue
        for path in _sources(entry.value.partition(":")[0].partition(".")[0]):
            left -= 1
            if left < 0:
                return
            try:
                found = os.stat(path)
            except OSError:
                continue
            yield path, found.st_mtime_ns, found.st_size


def _sources(module: str) -> Iterator[str]:
    """The files of a top module, found as imports find it but without importing it."""
    from importlib.machinery import PathFinder

    PathFinder.invalidate_caches()
    try:
        spec = PathFinder.find_spec(module)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    for folder in spec.submodule_search_locations or ():
        for base, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name != "__pycache__"]
            yield from (os.path.join(base, name) for name in names if name.endswith(".py"))
    if spec.origin and not spec.submodule_search_locations:
        yield spec.origin
