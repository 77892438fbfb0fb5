"""What is asked of the client, each thing only where it can be asked: edits, files to open, progress, news."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager

from lsprotocol import types as t

from driven_lsp.convert import uri_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Any

    from driven_lsp.root import Root
    from driven_lsp.server import Server
    from driven_lsp.values import Edits


class Client:
    """The client of one session. `caps` is what it declares."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ls = server.ls
        self._protocol = server.protocol
        self.caps = t.ClientCapabilities()
        self.wants_status = False

    def refresh(self, what: str) -> None:
        """Ask the client to ask again, where it can be asked."""
        workspace = self.caps.workspace
        able = getattr(workspace, what, None) if workspace is not None else None
        if able is None or not able.refresh_support:
            return
        asks: dict[str, Callable[[None], Awaitable[Any]]] = {
            "diagnostics": self._ls.workspace_diagnostic_refresh_async,
            "code_lens": self._ls.workspace_code_lens_refresh_async,
            "inlay_hint": self._ls.workspace_inlay_hint_refresh_async,
        }
        self._protocol.background(self.answer(asks[what](None)), f"refresh of {what}")

    @staticmethod
    async def answer(waiting: Awaitable[Any], seconds: float = 10.0) -> Any:
        """A client's answer, None when it gives none: some never do."""
        try:
            return await asyncio.wait_for(waiting, seconds)
        except Exception:
            return None

    async def apply(self, root: Root, edits: Edits, label: str) -> bool:
        """Have the client carry out edits. A client that answers nothing counts as one that did."""
        made = self._server.convert.workspace_edit(edits, lambda path: self._server.text_of(root, path), root.path)
        waiting = self._ls.workspace_apply_edit_async(t.ApplyWorkspaceEditParams(edit=made, label=label))
        answer = await self.answer(waiting, 5.0)
        return answer is None or bool(answer.applied)

    async def show(self, path: str) -> None:
        """Open a file in the editor, where it can be asked to."""
        window = self.caps.window
        if window is not None and window.show_document is not None and window.show_document.support:
            asked = t.ShowDocumentParams(uri=uri_of(path), take_focus=True)
            await self.answer(self._ls.window_show_document_async(asked))

    def say(self, text: str, *, is_wrong: bool = False) -> None:
        """Tell the person; not where the client shows what became of a command itself."""
        if self.wants_status:
            return
        kind = t.MessageType.Warning if is_wrong else t.MessageType.Info
        self._protocol.notify(t.WINDOW_SHOW_MESSAGE, t.ShowMessageParams(kind, text))

    @asynccontextmanager
    async def progress(self, title: str) -> AsyncIterator[None]:
        """Show that something is at work, where the client can."""
        window = self.caps.window
        if window is None or not window.work_done_progress:
            yield
            return
        token = f"driven-{os.urandom(6).hex()}"
        created = self._ls.work_done_progress.create_async(token)
        if await self.answer(_true(created), 2.0) is None:
            yield
            return
        self._ls.work_done_progress.begin(token, t.WorkDoneProgressBegin(title=title))
        try:
            yield
        finally:
            self._ls.work_done_progress.end(token, t.WorkDoneProgressEnd())


async def _true(waiting: Awaitable[Any]) -> bool:
    await waiting
    return True
