"""A sync after each save: a rule, the configuration, or a file that driven writes. One sync at a time for each root;
what is saved meanwhile is synced when it has ended."""

from __future__ import annotations

import os

from driven.errors import DrivenError
from driven.project.config import CONFIG
from driven.project.sources import RULES
from driven_lsp.commands import message_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from driven_lsp.root import Root
    from driven_lsp.server import Server

Stamp = tuple[int, int, int]


class Saving:
    """The syncs of one session."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waiting: dict[str, set[str]] = {}  # root -> what was saved since its sync began
        self._synced: dict[str, Stamp] = {}  # absolute path -> how the file stood when it was synced last

    async def saved(self, root: Root, path: str) -> None:
        """A document was saved in the editor."""
        root.saved(path)
        await self._sync(root, {path})

    async def changed(self, root: Root, paths: Collection[str]) -> None:
        """Files changed on the disk. One that is open and now says what the editor says was saved there: some editors
        tell of a save before it is done, and some not at all."""
        root.on_disk(paths)
        saved = {path for path in paths if path in root.open and self._is_news(root, path) and root.is_saved(path)}
        if saved:
            await self._sync(root, saved)

    def _is_wanted(self, root: Root, path: str) -> bool:
        if not self._server.session.settings.sync_on_save or not root.trusted or not root.is_managed:
            return False
        return path.startswith(RULES + "/") or path == CONFIG or path in root.outputs()

    def _is_news(self, root: Root, path: str) -> bool:
        full = os.path.join(root.path, path)
        return self._synced.get(full) != _stamp(full)

    async def _sync(self, root: Root, paths: set[str]) -> None:
        await root.ready()  # before that, nobody knows which files a sync would write
        todo = {path for path in paths if self._is_wanted(root, path)}
        if not todo:
            return
        if root.path in self._waiting:
            self._waiting[root.path] |= todo
            return
        self._waiting[root.path] = set()
        try:
            while todo:
                for path in todo:
                    full = os.path.join(root.path, path)
                    stamp = _stamp(full)
                    if stamp is not None:
                        self._synced[full] = stamp
                await self._once(root, todo)
                todo, self._waiting[root.path] = self._waiting[root.path], set()
        finally:
            del self._waiting[root.path]

    async def _once(self, root: Root, paths: set[str]) -> None:
        client = self._server.client
        try:
            told = await root.sync(hints=None if CONFIG in paths else paths)
        except DrivenError as error:
            client.say(message_of(error), is_wrong=True)
        else:
            if told.conflicts:
                client.say(told.message, is_wrong=True)


def _stamp(full: str) -> Stamp | None:
    try:
        seen = os.stat(full)
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
