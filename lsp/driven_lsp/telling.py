"""Findings on their way to the client: pushed to one that cannot pull, pulled by one that can, never both."""

from __future__ import annotations

import asyncio
import os
import re
from typing import NamedTuple

from lsprotocol import types as t

from driven.format.hashes import digest
from driven.frozen import replace
from driven_lsp.conflicts import CODE as CONFLICT
from driven_lsp.convert import uri_of
from driven_lsp.held import held_hint
from driven_lsp.pages import page_of
from driven_lsp.protocol import Documents
from driven_lsp.texts import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driven.document.document import Document
    from driven.model.diagnostic import Diagnostic
    from driven_lsp.root import Root
    from driven_lsp.server import Server

MOST = 1_000  # findings of one file that are sent
LONGEST = 160  # characters of a line that is shown
LONG = 20.0  # seconds that a pull of the whole workspace waits for something new
_NAMED = re.compile(r"`([^`\s:]{1,300})(?::(\d{1,7}))?`(?:,? line (\d{1,7}))?")


class Sent(NamedTuple):
    """What was pushed for a file: the URI as it was written, the file's path, and a digest of the findings."""

    uri: str
    path: str
    state: str


class Telling:
    """What each file was told last, and who waits for news. Everything here runs in the loop."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sent: dict[str, Sent] = {}  # by the key of the URI; what has no findings is not kept
        self._busy: set[str] = set()
        self._again: set[str] = set()
        self._news = asyncio.Event()
        self._state: dict[str, str] = {}  # root -> digest of all its findings
        self._pulled: dict[str, list[tuple[str, int, int, str]]] = {}  # by the key of a URI: what was answered last

    # Pushed

    def soon(self, key: str) -> None:
        """Push the findings of an open document: at once, or when the push that is under way has ended."""
        if key in self._busy:
            self._again.add(key)
            return
        self._busy.add(key)
        self._server.protocol.background(self._push(key), "diagnostics")

    async def _push(self, key: str) -> None:
        try:
            while True:
                self._again.discard(key)
                known = self._server.session.documents.get(key)
                if known is None:
                    return
                root, path = known
                await root.ready()
                document = root.open.get(path)
                if document is None:
                    return
                found = await self._server.compute(lambda: self.converted(root, path, document.text))  # noqa: B023
                now = root.open.get(path)
                if now is not document:
                    continue  # it was edited meanwhile: what was found may be of either text, and has no version;
                    # or it was closed, or is another root's now
                self._publish(document.uri, os.path.join(root.path, path), document.text.version, found)
                if key not in self._again:
                    return
        finally:
            self._busy.discard(key)

    def everything(self, root: Root) -> None:
        """Something changed in a folder, or the folder has left: tell what is new."""
        told = self._all(root)
        if self._server.pulls:
            state = digest(repr([(path, self._names(one)) for path, one in told.items()]).encode())
            # What was pulled of a text that the look before had not seen may be true no more, though the looks agree.
            is_old = any(
                not one.is_huge and self._pulled.get(Documents.key(one.uri), names) != names
                for path, one in root.open.items()
                for names in [self._names(told.get(path, ()))]
            )
            if is_old or self._state.get(root.path) != state:
                self._state[root.path] = state
                self._news.set()
                self._news = asyncio.Event()
                self._server.client.refresh("diagnostics")
            return
        opened = {Documents.key(document.uri) for document in root.open.values()}
        for key in opened:
            self.soon(key)
        wanted: dict[str, str] = {}
        if self._server.session.settings.workspace_diagnostics:
            wanted = {uri_of(os.path.join(root.path, path)): path for path in told if path and path not in root.open}
        keys = {Documents.key(uri) for uri in wanted} | opened
        inside = os.path.join(root.path, "")
        owns = self._server.session.owns(root)
        for key, sent in list(self._sent.items()):
            if sent.path.startswith(inside) and key not in keys and owns(sent.path[len(inside) :]):
                self._clear(key)
        for uri, path in wanted.items():
            self._publish(uri, os.path.join(root.path, path), None, self.converted(root, path, None))

    def closed(self, key: str) -> None:
        """A document was closed: it has no findings until the next look at the folder says which ones."""
        self._pulled.pop(key, None)
        if not self._server.pulls:
            self._clear(key)

    def _clear(self, key: str) -> None:
        sent = self._sent.pop(key, None)
        if sent is not None:
            self._notify(sent.uri, None, [])

    def _publish(self, uri: str, path: str, version: int | None, found: Sequence[t.Diagnostic]) -> None:
        key = Documents.key(uri)
        state = digest(repr((version, found)).encode())
        before = self._sent.get(key)
        if before is not None and before.uri != uri:
            self._clear(key)  # the client may know it by one of its names alone
        if not found:
            self._clear(key)
        elif before is None or before.state != state:
            self._sent[key] = Sent(uri, path, state)
            self._notify(uri, version, found)

    def _notify(self, uri: str, version: int | None, found: Sequence[t.Diagnostic]) -> None:
        params = t.PublishDiagnosticsParams(uri, list(found), version)
        self._server.protocol.notify(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    # Pulled

    async def pull(self, root: Root, path: str, previous: str | None) -> t.DocumentDiagnosticReport:
        """The findings of one file, or that they are those of `previous`."""
        await root.ready()
        while True:
            document = root.open.get(path)
            text = document.text if document is not None else None
            found, names = await self._server.compute(
                lambda: (self.converted(root, path, text), self._names(root.told(path)))  # noqa: B023
            )
            if root.open.get(path) is document:
                break  # else it was edited meanwhile: what was found may be of either text
        if document is not None:
            self._pulled[Documents.key(document.uri)] = names
        key = digest(repr(found).encode())
        if key == previous:
            return t.RelatedUnchangedDocumentDiagnosticReport(result_id=key)
        return t.RelatedFullDocumentDiagnosticReport(items=found, result_id=key)

    async def pull_all(self, previous: Mapping[str, str]) -> t.WorkspaceDiagnosticReport:
        """The findings of every file that is not open. Nothing new: the answer waits, so that nobody asks in vain."""
        loop = asyncio.get_running_loop()
        end = loop.time() + LONG
        while True:
            news = self._news
            items = await self._items(previous)
            if items or loop.time() >= end:
                return t.WorkspaceDiagnosticReport(items=items)
            try:
                await asyncio.wait_for(news.wait(), end - loop.time())
            except TimeoutError:
                return t.WorkspaceDiagnosticReport(items=[])

    async def _items(self, previous: Mapping[str, str]) -> list[t.WorkspaceDocumentDiagnosticReport]:
        items: list[t.WorkspaceDocumentDiagnosticReport] = []
        wanted: dict[str, tuple[str, Root, str]] = {}
        if self._server.session.settings.workspace_diagnostics:
            for root in list(self._server.session.roots.values()):
                await root.ready()
                for path in self._all(root):
                    if path and path not in root.open:
                        uri = uri_of(os.path.join(root.path, path))
                        wanted[Documents.key(uri)] = (uri, root, path)
        for key, (uri, root, path) in wanted.items():
            found = self.converted(root, path, None)
            state = digest(repr(found).encode())
            if previous.get(key) != state:
                items.append(t.WorkspaceFullDocumentDiagnosticReport(uri=uri, items=found, result_id=state))
        opened = set(self._server.session.documents)
        for key in previous.keys() - wanted.keys() - opened:
            if previous[key]:
                uri = uri_of(key.removeprefix("file://"))
                items.append(t.WorkspaceFullDocumentDiagnosticReport(uri=uri, items=[], result_id=""))
        return items

    # Both

    def converted(self, root: Root, path: str, text: Text | None) -> list[t.Diagnostic]:
        """A file's findings in the client's words. `text` is what they are about, where it is open."""
        told = root.told(path)
        if not told:
            return []
        convert = self._server.convert
        if text is None:
            document = root.view.documents.get(path) if root.view is not None else None
            text = Text(document.text if document is not None else "")
        plugins = root.view.plugins if root.view is not None else None
        wrong = root.mistake(path)
        found = []
        for one in told[:MOST]:
            # The first mistake of a rule says that it is held back: the others would say the same. On one line it would
            # take the room of what is to be done.
            if one == wrong and not convert.one_line:
                is_known = root.view is not None and any(rule.span.path == path for rule in root.view.rules)
                one, wrong = replace(one, hint=held_hint(one, is_known=is_known)), None
            check = plugins.checks.get(one.code) if plugins is not None else None
            href = check.about.url if check is not None else page_of(one.code)
            found.append(convert.diagnostic(one, text, href, self._related(root, one)))
        return found

    def _related(self, root: Root, told: Diagnostic) -> list[t.DiagnosticRelatedInformation]:
        """The other files that a finding names."""
        view = root.view
        if view is None:
            return []
        found: dict[str, t.DiagnosticRelatedInformation] = {}
        places = [(match[1], int(match[2] or match[3] or 1)) for match in _NAMED.finditer(told.message)]
        rule = view.rules.get(told.rule_id) if told.rule_id else None
        if rule is not None:
            places.append((rule.span.path, 1))
        for path, line in places:
            if path == told.span.path or path in found or path not in view.documents:
                continue
            at = t.Position(max(line - 1, 0), 0)
            where = t.Location(uri_of(os.path.join(root.path, path)), t.Range(at, at))
            words = _line(view.documents[path], line) if told.code == CONFLICT else ""
            found[path] = t.DiagnosticRelatedInformation(where, words or f"`{path}`")
        return list(found.values())

    def _all(self, root: Root) -> Mapping[str, Sequence[Diagnostic]]:
        """All findings of a folder by path, of open files as they were at the last look at everything; none of a folder
        that has left, and of no file of another root."""
        if root.view is None or root.closed:
            return {}
        owns = self._server.session.owns(root)
        found: dict[str, Sequence[Diagnostic]] = {path: told for path, told in root.view.told.items() if owns(path)}
        for path in (*root.conflicts.files, *root.conflicts.rules):
            found[path] = root.told(path)
        return found

    @staticmethod
    def _names(told: Sequence[Diagnostic]) -> list[tuple[str, int, int, str]]:
        return [(one.code, one.span.line, one.span.column, one.message) for one in told]


def _line(document: Document, line: int) -> str:
    """A line of a file, for people."""
    from driven.format.words import shown

    if line < 2:
        return ""  # no line of a side: all that is known is the file
    start, end = document.line_bounds(line)
    return shown(document.text[start:end].strip(), LONGEST)
