"""One client's server: every method of the protocol and what answers it. Handlers ask features, which know no protocol,
and `convert` writes down what they say."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager

from lsprotocol import types as t
from pygls.lsp.server import LanguageServer

from driven import __version__
from driven.errors import DrivenError
from driven_lsp.commands import Commands, message_of
from driven_lsp.convert import TOKENS, Converter, path_of, uri_of
from driven_lsp.protocol import ContentModified, Documents, Protocol, Refused
from driven_lsp.session import Session
from driven_lsp.telling import Telling
from driven_lsp.texts import Text
from driven_lsp.values import Edits, Here
from driven_lsp.watching import Watching

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Any, TypeVar

    from driven_lsp.root import Open, Root
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Command

    T = TypeVar("T")

WATCHED = (  # for clients that watch files for us; as many as name the places of `driven.document.places`
    "**/.driven/{config.toml,outputs.lock}",
    "**/.driven/rules/**",
    "**/{.cursor,.windsurf,.devin,.claude,.clinerules,.roo,.kilocode,.amazonq,.trae,.junie,.continue,.agents}/**",
    "**/.github/{copilot-instructions.md,instructions/**,prompts/**,agents/**,chatmodes/**}",
    "**/{AGENTS,AGENTS.override,CLAUDE,CLAUDE.local,GEMINI,QWEN,WARP,SKILL,CONVENTIONS}.md",
    "**/{.cursorrules,.windsurfrules,.clinerules,.goosehints,.rules,.aider.conf.yml}",
)


class Asked:
    """A request about a place: its root, the document as it was when it was asked, and what the answer is made with."""

    __slots__ = ("document", "path", "root", "text")

    def __init__(self, root: Root, document: Open) -> None:
        self.root = root
        self.document = document
        self.path = document.path
        self.text = document.text


class ServerProtocol(Protocol):
    """The hardened protocol, with an encoding of positions that a client may ask for without declaring any: some
    count bytes and have no way to say so."""

    def lsp_initialize(self, params: t.InitializeParams) -> Any:
        result = yield from super().lsp_initialize(params)
        wanted = wanted_encoding(params)
        if wanted:
            self.encoding = wanted
            result.capabilities.position_encoding = t.PositionEncodingKind(wanted)
        return result

    lsp_initialize.method_name = t.INITIALIZE  # type: ignore[attr-defined]


def wanted_encoding(params: t.InitializeParams) -> str:
    """The encoding of positions that a client asks for in its options, where it declares none; "" for none."""
    options = params.initialization_options
    wanted = options.get("positionEncoding") if isinstance(options, dict) else None
    general = getattr(params.capabilities, "general", None)
    declared = getattr(general, "position_encodings", None)
    return wanted if not declared and wanted in ("utf-8", "utf-16", "utf-32") else ""


class Server:
    """The session of one client."""

    def __init__(self) -> None:
        self.ls = LanguageServer(
            "driven", __version__, protocol_cls=ServerProtocol, max_workers=1,
            text_document_sync_kind=t.TextDocumentSyncKind.Incremental,
        )  # fmt: skip
        protocol = self.ls.protocol
        assert isinstance(protocol, Protocol)
        self.protocol = protocol
        self.convert = Converter()
        self.session = Session(self._changed)
        self.commands = Commands(self)
        self.pulls = False
        self.client_name = ""
        self._telling: Telling | None = None
        self._watching: dict[str, Watching] = {}
        self._caps = t.ClientCapabilities()
        self._wants_status = False
        self._renamed: tuple[tuple[str, str], ...] = ()  # the files that the last rename moves
        self._saving: dict[str, set[str] | None] = {}  # root -> paths saved since its sync began
        protocol.on_end = self._ended
        self._register()

    @property
    def telling(self) -> Telling:
        """Made in the loop."""
        if self._telling is None:
            self._telling = Telling(self)
        return self._telling

    # The life of a session

    def _initialize(self, params: t.InitializeParams) -> None:
        self._caps = params.capabilities
        options = params.initialization_options if isinstance(params.initialization_options, dict) else {}
        self.session.trusted = options.get("trusted") is not False
        if not self.session.trusted:
            from driven.registry import ALL_THIRD_PARTY, DISABLE

            os.environ[DISABLE] = ",".join(filter(None, (os.environ.get(DISABLE, ""), ALL_THIRD_PARTY)))
        self._wants_status = options.get("status") is True
        self.session.configure(options.get("settings"))
        self.client_name = params.client_info.name if params.client_info else ""
        chosen = self.protocol.workspace.position_encoding
        encoding = wanted_encoding(params) or str(getattr(chosen, "value", chosen) or "utf-16")
        self.convert = Converter(encoding, self._caps)
        document = self._caps.text_document
        self.pulls = document is not None and document.diagnostic is not None
        if self.pulls:
            self._feature(
                t.TEXT_DOCUMENT_DIAGNOSTIC, self._diagnostic,
                t.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="driven"),
            )  # fmt: skip
            self._feature(t.WORKSPACE_DIAGNOSTIC, self._workspace_diagnostic)
        folders = [path_of(folder.uri) for folder in params.workspace_folders or ()]
        if not folders and (top := path_of(params.root_uri or "") or params.root_path):
            folders = [top]
        self.session.add_folders(folder for folder in folders if folder)

    async def _initialized(self, _params: t.InitializedParams | None) -> None:
        for root in list(self.session.roots.values()):
            root.soon(0)
        if not self._watches:
            watchers = [t.FileSystemWatcher(glob) for glob in WATCHED]
            options = t.DidChangeWatchedFilesRegistrationOptions(watchers)
            one = t.Registration("driven-watch", t.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            asked = self.ls.client_register_capability_async(t.RegistrationParams([one]))
            self.protocol.background(self._ask_client(asked), "registration")
        await self._configure()

    async def _configure(self) -> None:
        """Pull the settings from a client that has them."""
        workspace = self._caps.workspace
        if workspace is None or not workspace.configuration:
            return
        asked = t.ConfigurationParams([t.ConfigurationItem(section="driven")])
        answer = await self._ask_client(self.ls.workspace_configuration_async(asked))
        if isinstance(answer, list | tuple) and answer and isinstance(answer[0], dict):
            self.session.configure(answer[0])
            for root in self.session.roots.values():
                self._changed(root)

    @property
    def _watches(self) -> bool:
        """Whether files must be watched here, because the client does not."""
        workspace = self._caps.workspace
        watched = workspace.did_change_watched_files if workspace is not None else None
        return watched is None or not watched.dynamic_registration

    def _ended(self, _reason: str) -> None:
        for watching in self._watching.values():
            watching.close()

    def _changed(self, root: Root) -> None:
        """There is something new about a root."""
        self.telling.everything(root)
        self.refresh("code_lens")
        self.refresh("inlay_hint")
        if self._wants_status:
            from driven_lsp.features.tree import status

            roots = [status(one) for one in self.session.roots.values()]
            self.protocol.notify("driven/status", {"roots": roots})
        if self._watches and root.view is not None:
            watching = self._watching.get(root.path)
            if watching is None:
                watching = self._watching[root.path] = Watching(root, asyncio.get_running_loop())
            outputs = [piece.artefact.path for piece in root.view.emitted.pieces] if root.view.emitted else []
            paths = [*outputs, *root.view.documents]
            self.session.pools.back.submit(watching.arm, paths)

    def refresh(self, what: str) -> None:
        """Ask the client to ask again, where it can be asked."""
        workspace = self._caps.workspace
        able = getattr(workspace, what, None) if workspace is not None else None
        if able is None or not able.refresh_support:
            return
        asks: dict[str, Callable[[None], Awaitable[Any]]] = {
            "diagnostics": self.ls.workspace_diagnostic_refresh_async,
            "code_lens": self.ls.workspace_code_lens_refresh_async,
            "inlay_hint": self.ls.workspace_inlay_hint_refresh_async,
        }
        self.protocol.background(self._ask_client(asks[what](None)), f"refresh of {what}")

    # What is asked of the client

    @staticmethod
    async def _ask_client(waiting: Awaitable[Any], seconds: float = 10.0) -> Any:
        """A client's answer, None when it gives none: some never do."""
        try:
            return await asyncio.wait_for(waiting, seconds)
        except Exception:
            return None

    async def apply(self, root: Root, edits: Edits, label: str) -> bool:
        """Have the client carry out edits. A client that answers nothing counts as one that did."""
        made = self.convert.workspace_edit(edits, lambda path: self.text_of(root, path), root.path)
        waiting = self.ls.workspace_apply_edit_async(t.ApplyWorkspaceEditParams(edit=made, label=label))
        answer = await self._ask_client(waiting, 5.0)
        return answer is None or bool(answer.applied)

    async def show(self, path: str) -> None:
        """Open a file in the editor, where it can be asked to."""
        window = self._caps.window
        if window is not None and window.show_document is not None and window.show_document.support:
            asked = t.ShowDocumentParams(uri=uri_of(path), take_focus=True)
            await self._ask_client(self.ls.window_show_document_async(asked))

    def say(self, text: str, *, is_wrong: bool = False) -> None:
        """Tell the person; not where the client shows what became of a command itself."""
        if self._wants_status:
            return
        kind = t.MessageType.Warning if is_wrong else t.MessageType.Info
        self.protocol.notify(t.WINDOW_SHOW_MESSAGE, t.ShowMessageParams(kind, text))

    @asynccontextmanager
    async def progress(self, title: str) -> AsyncIterator[None]:
        """Show that something is at work, where the client can."""
        window = self._caps.window
        if window is None or not window.work_done_progress:
            yield
            return
        token = f"driven-{os.urandom(6).hex()}"
        created = self.ls.work_done_progress.create_async(token)
        if await self._ask_client(_true(created), 2.0) is None:
            yield
            return
        self.ls.work_done_progress.begin(token, t.WorkDoneProgressBegin(title=title))
        try:
            yield
        finally:
            self.ls.work_done_progress.end(token, t.WorkDoneProgressEnd())

    async def compute(self, work: Callable[[], T]) -> T:
        """Run something in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.session.pools.front, work)

    def text_of(self, root: Root, path: str) -> tuple[Text, int | None]:
        """A file's text, and its version where it is open."""
        document = root.open.get(path)
        if document is not None:
            return document.text, document.text.version
        snapshot_of = root.view.documents.get(path) if root.view is not None else None
        if snapshot_of is not None:
            return Text(snapshot_of.text), None
        try:
            with open(os.path.join(root.path, path), encoding="utf-8", newline="") as file:
                return Text(file.read()), None
        except (OSError, ValueError):
            return Text(""), None

    # Documents

    def _put(self, uri: str) -> None:
        document = self.protocol.documents.get(uri)
        path = path_of(uri)
        if document is None or not path:
            return
        key = Documents.key(uri)
        if self.session.put(key, path, document.text) is not None and not self.pulls:
            self.telling.soon(key)

    def _did_open(self, params: t.DidOpenTextDocumentParams) -> None:
        self._put(params.text_document.uri)
        known = self.session.documents.get(Documents.key(params.text_document.uri))
        if known is not None:
            known[0].opened(known[1])

    def _did_change(self, params: t.DidChangeTextDocumentParams) -> None:
        self._put(params.text_document.uri)

    def _did_close(self, params: t.DidCloseTextDocumentParams) -> None:
        key = Documents.key(params.text_document.uri)
        if self.session.drop(key) is not None:
            self.telling.closed(key)

    async def _did_save(self, params: t.DidSaveTextDocumentParams) -> None:
        """Sync, as far as that is wanted: a rule, the configuration, or a file that driven writes was saved."""
        known = self.session.documents.get(Documents.key(params.text_document.uri))
        if known is None:
            return
        root, path = known
        root.saved(path)
        if not self.session.settings.sync_on_save or not root.trusted or not root.is_managed:
            return
        is_source = path.startswith(".driven/rules/") or path == ".driven/config.toml"
        if not is_source and path not in root.outputs():
            return
        if root.path in self._saving:  # one more sync when this one has ended, for all that is saved meanwhile
            waiting = self._saving[root.path]
            self._saving[root.path] = (waiting or set()) | {path}
            return
        self._saving[root.path] = None
        todo: set[str] | None = {path}
        try:
            while todo:
                hints = todo if all(one != ".driven/config.toml" for one in todo) else None
                try:
                    told = await root.sync(hints=hints)
                except DrivenError as error:
                    self.say(message_of(error), is_wrong=True)
                else:
                    if told.conflicts:
                        self.say(told.message, is_wrong=True)
                todo, self._saving[root.path] = self._saving[root.path], None
        finally:
            self._saving.pop(root.path, None)

    def _watched(self, params: t.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            found = self.session.relative(path_of(change.uri))
            if found is not None and not found[1].startswith(".driven/state"):
                found[0].on_disk((found[1],))

    async def _configuration(self, params: t.DidChangeConfigurationParams) -> None:
        if isinstance(params.settings, dict) and params.settings:
            self.session.configure(params.settings)
        await self._configure()

    def _folders(self, params: t.DidChangeWorkspaceFoldersParams) -> None:
        self.session.remove_folders(path_of(folder.uri) for folder in params.event.removed)
        self.session.add_folders(path_of(folder.uri) for folder in params.event.added)
        for root in self.session.roots.values():
            if root.view is None:
                root.soon(0)

    # Answers

    def _asked(self, uri: str) -> Asked | None:
        known = self.session.documents.get(Documents.key(uri))
        document = known[0].open.get(known[1]) if known is not None else None
        return Asked(known[0], document) if known is not None and document is not None else None

    async def _answer(self, asked: Asked, question: Callable[[Snapshot], T]) -> T:
        """What a feature says. ContentModified when the document was edited meanwhile: the answer would be about
        another text."""
        try:
            answer = await asked.root.ask(question)
        except DrivenError as error:
            raise Refused(message_of(error)) from None
        now = asked.root.open.get(asked.path)
        if now is None or now.text is not asked.text:
            raise ContentModified
        return answer

    def _here(self, asked: Asked, at: t.Position, end: t.Position | None = None) -> Callable[[Snapshot], Here]:
        encoding = self.convert.encoding
        start = asked.text.offset(at.line, at.character, encoding)
        last = asked.text.offset(end.line, end.character, encoding) if end is not None else start
        return lambda snapshot: Here(snapshot=snapshot, path=asked.path, offset=start, end=last)

    async def _diagnostic(self, params: t.DocumentDiagnosticParams) -> t.DocumentDiagnosticReport:
        known = self.session.documents.get(Documents.key(params.text_document.uri))
        if known is None:
            return t.RelatedFullDocumentDiagnosticReport(items=[], result_id="")
        return await self.telling.pull(known[0], known[1], params.previous_result_id)

    async def _workspace_diagnostic(self, params: t.WorkspaceDiagnosticParams) -> t.WorkspaceDiagnosticReport:
        return await self.telling.pull_all({Documents.key(one.uri): one.value for one in params.previous_result_ids})

    async def _completion(self, params: t.CompletionParams) -> t.CompletionList | None:
        from driven_lsp.features.completion import complete

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: complete(here(s)))
        made = self.convert.completions(asked.text, found)
        for item in made.items:
            if isinstance(item.data, dict):
                item.data["uri"] = params.text_document.uri
        return made

    async def _resolve(self, item: t.CompletionItem) -> t.CompletionItem:
        from driven_lsp.features.completion import resolve

        data = item.data if isinstance(item.data, dict) else {}
        asked = self._asked(str(data.get("uri", "")))
        if asked is not None:
            doc = await asked.root.ask(lambda s: resolve(s, data))
            if doc:
                item.documentation = t.MarkupContent(t.MarkupKind.Markdown, doc)
        return item

    async def _hover(self, params: t.HoverParams) -> t.Hover | None:
        from driven_lsp.features.hover import hover

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: hover(here(s)))
        return self.convert.hover(asked.text, found) if found is not None else None

    async def _definition(self, params: t.DefinitionParams) -> list[t.Location] | list[t.LocationLink] | None:
        from driven_lsp.features.definition import definition

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: definition(here(s)))
        places = [
            (
                self._uri(asked.root, one.place.path),
                self._range(asked.root, one.place.path, one.place.start, one.place.end),
            )
            for one in found
        ]
        if not self.convert.links:
            return [t.Location(uri, where) for uri, where in places]
        origins = [self.convert.range(asked.text, one.origin_start, one.origin_end) for one in found]
        return [
            t.LocationLink(uri, where, where, origin)
            for (uri, where), origin in zip(places, origins, strict=True)
        ]  # fmt: skip

    async def _references(self, params: t.ReferenceParams) -> list[t.Location] | None:
        from driven_lsp.features.references import references

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: references(here(s), params.context.include_declaration))
        return [
            t.Location(self._uri(asked.root, one.path), self._range(asked.root, one.path, one.start, one.end))
            for one in found
        ]  # fmt: skip

    async def _highlight(self, params: t.DocumentHighlightParams) -> list[t.DocumentHighlight] | None:
        from driven_lsp.features.document_highlight import highlight

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: highlight(here(s)))
        return [t.DocumentHighlight(self.convert.range(asked.text, start, end)) for start, end in found]

    async def _prepare_rename(self, params: t.PrepareRenameParams) -> t.PrepareRenamePlaceholder | None:
        from driven_lsp.features.rename import prepare

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: prepare(here(s)))
        if found is None:
            return None
        return t.PrepareRenamePlaceholder(self.convert.range(asked.text, found[0], found[1]), found[2])

    async def _rename(self, params: t.RenameParams) -> t.WorkspaceEdit | None:
        from driven_lsp.features.rename import rename

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        edits = await self._answer(asked, lambda s: rename(here(s), params.new_name))
        self._renamed = edits.renames
        if self.convert.lacks(edits):
            for old, new in edits.renames:
                self.say(f"this editor renames no files: rename `{old}` to `{new}` yourself")
        return self.convert.workspace_edit(edits, lambda path: self.text_of(asked.root, path), asked.root.path)

    async def _symbols(
        self, params: t.DocumentSymbolParams
    ) -> list[t.DocumentSymbol] | list[t.SymbolInformation] | None:
        from driven_lsp.features.document_symbol import symbols

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        found = await self._answer(asked, lambda s: symbols(here(s)))
        return self.convert.symbols(asked.text, found, params.text_document.uri)

    async def _workspace_symbols(self, params: t.WorkspaceSymbolParams) -> list[t.SymbolInformation]:
        from driven_lsp.convert import _SYMBOL
        from driven_lsp.features.workspace_symbol import find

        made = []
        for root in list(self.session.roots.values()):
            for one in await root.ask(lambda s: find(s, params.query)):
                where = self._range(root, one.place.path, one.place.start, one.place.end)
                place = t.Location(self._uri(root, one.place.path), where)
                made.append(
                    t.SymbolInformation(place, one.name, _SYMBOL[one.kind], container_name=one.container or None)
                )
        return made

    async def _links(self, params: t.DocumentLinkParams) -> list[t.DocumentLink] | None:
        from driven_lsp.features.document_link import links

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        found = await self._answer(asked, lambda s: links(here(s)))
        return [
            t.DocumentLink(
                range=self.convert.range(asked.text, one.start, one.end),
                tooltip=one.tooltip or None,
                target=one.url or self._uri(asked.root, one.path),
            )
            for one in found
        ]

    async def _folding(self, params: t.FoldingRangeParams) -> list[t.FoldingRange] | None:
        from driven_lsp.features.folding_range import folds

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        return self.convert.folds(asked.text, await self._answer(asked, lambda s: folds(here(s))))

    async def _selection(self, params: t.SelectionRangeParams) -> list[t.SelectionRange] | None:
        from driven_lsp.features.selection_range import select

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        places = [self._here(asked, position) for position in params.positions]
        found = await self._answer(asked, lambda s: [select(here(s)) for here in places])
        return [self.convert.selection(asked.text, one) for one in found]

    async def _lenses(self, params: t.CodeLensParams) -> list[t.CodeLens] | None:
        from driven_lsp.features.code_lens import lenses

        asked = self._asked(params.text_document.uri)
        if asked is None or not self.session.settings.code_lens:
            return None
        here = self._here(asked, t.Position(0, 0))
        found = await self._answer(asked, lambda s: lenses(here(s)))
        return self.convert.lenses(asked.text, found, lambda command: self._command(asked.root, command))

    async def _hints(self, params: t.InlayHintParams) -> list[t.InlayHint] | None:
        from driven_lsp.features.inlay_hint import hints

        asked = self._asked(params.text_document.uri)
        if asked is None or not self.session.settings.inlay_hints:
            return None
        here = self._here(asked, params.range.start, params.range.end)
        found = await self._answer(asked, lambda s: hints(one := here(s), one.offset, one.end))
        return self.convert.hints(asked.text, found)

    async def _tokens(self, params: t.SemanticTokensParams) -> t.SemanticTokens | None:
        from driven_lsp.features.semantic_tokens import tokens

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        return t.SemanticTokens(self.convert.tokens(asked.text, await self._answer(asked, lambda s: tokens(here(s)))))

    async def _formatting(self, params: t.DocumentFormattingParams) -> list[t.TextEdit] | None:
        from driven_lsp.features.formatting import format

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        return self.convert.text_edits(asked.text, await self._answer(asked, lambda s: format(here(s))))

    async def _range_formatting(self, params: t.DocumentRangeFormattingParams) -> list[t.TextEdit] | None:
        from driven_lsp.features.formatting import format_range

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.range.start, params.range.end)
        return self.convert.text_edits(asked.text, await self._answer(asked, lambda s: format_range(here(s))))

    async def _actions(self, params: t.CodeActionParams) -> list[t.CodeAction] | None:
        from driven_lsp.features.code_action import actions

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.range.start, params.range.end)
        only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]

        def look(snapshot: Snapshot) -> Any:
            place = here(snapshot)
            told = [
                one for one in asked.root.told(asked.path)
                if _touches(self.convert.span_offsets(asked.text, one.span), place.offset, place.end)
            ]  # fmt: skip
            return actions(place, told, only)

        made = []
        for one in await self._answer(asked, look):
            if one.edits is not None and self.convert.lacks(one.edits):
                continue  # this client could carry out a part of it alone
            edit = None
            if one.edits is not None:
                edit = self.convert.workspace_edit(one.edits, lambda p: self.text_of(asked.root, p), asked.root.path)
            found = self.telling.converted(asked.root, asked.path, asked.text) if one.repairs else []
            titles = {(told.code, told.message) for told in one.repairs}
            repairs = [d for d in found if (d.code, d.message.partition("\n")[0]) in titles]
            made.append(
                t.CodeAction(
                    title=one.title,
                    kind=one.kind,
                    diagnostics=repairs or None,
                    edit=edit,
                    is_preferred=one.preferred or None,
                    command=self._command(asked.root, one.command) if one.command is not None else None,
                    disabled=t.CodeActionDisabled(one.disabled) if one.disabled else None,
                )
            )
        return made

    async def _will_rename(self, params: t.RenameFilesParams) -> t.WorkspaceEdit | None:
        from driven_lsp.features.will_rename_files import edits

        by_root: dict[str, tuple[Root, list[tuple[str, str]]]] = {}
        for one in params.files:
            old, new = self.session.relative(path_of(one.old_uri)), self.session.relative(path_of(one.new_uri))
            if old is not None and new is not None and old[0] is new[0]:
                by_root.setdefault(old[0].path, (old[0], []))[1].append((old[1], new[1]))
        for root, renames in by_root.values():
            if tuple(renames) == self._renamed:
                return None  # it is a part of the edit that a rename answered, and so are the mentions
            found = await root.ask(lambda s, renames=renames: edits(s, renames))  # type: ignore[misc]
            return self.convert.workspace_edit(found, lambda path, root=root: self.text_of(root, path), root.path)  # type: ignore[misc]
        return None

    def _did_rename(self, params: t.RenameFilesParams) -> None:
        self._renamed = ()
        for one in params.files:
            found = self.session.relative(path_of(one.new_uri))
            if found is not None:
                found[0].on_disk()

    async def _rules_here(self, params: Any) -> dict[str, Any] | None:
        from driven_lsp.features.rules_here import rules_here

        found = self.session.relative(path_of(_uri_in(params)))
        return await found[0].ask(lambda s: rules_here(s, found[1])) if found is not None else None

    async def _tree(self, _params: Any) -> dict[str, Any]:
        from driven_lsp.features.tree import tree

        roots = list(self.session.roots.values())
        return {"roots": [await root.ask(lambda s, root=root: tree(s, root.name)) for root in roots]}  # type: ignore[misc]

    async def _drv(self, params: Any) -> dict[str, Any]:
        from driven_lsp.features.drv import drv

        path = path_of(_uri_in(params))
        return await self.compute(lambda: drv(path))

    # Names and places

    def _uri(self, root: Root, path: str) -> str:
        """The URI of a file, as the client wrote it where it is open."""
        known = root.open.get(path)
        document = self.protocol.documents.get(known.uri) if known is not None else None
        return document.uri if document is not None else uri_of(os.path.join(root.path, path))

    def _range(self, root: Root, path: str, start: int, end: int) -> t.Range:
        if not start and not end:
            return t.Range(t.Position(0, 0), t.Position(0, 0))
        return self.convert.range(self.text_of(root, path)[0], start, end)

    def _command(self, root: Root, command: Command) -> t.Command:
        argument = dict(command.argument)
        if "path" in argument:
            argument["uri"] = self._uri(root, str(argument.pop("path")))
        elif argument and "uri" not in argument:
            argument["uri"] = uri_of(root.path)
        return t.Command(title=command.title, command=command.name, arguments=[argument] if argument else None)

    # Registration

    def _feature(self, method: str, handler: Callable[..., Any], options: Any = None) -> None:
        self.ls.feature(method, options)(_bound(handler))

    def _register(self) -> None:
        feature = self._feature
        feature(t.INITIALIZE, self._initialize)
        feature(t.INITIALIZED, self._initialized)
        feature(t.TEXT_DOCUMENT_DID_OPEN, self._did_open)
        feature(t.TEXT_DOCUMENT_DID_CHANGE, self._did_change)
        feature(t.TEXT_DOCUMENT_DID_CLOSE, self._did_close)
        feature(t.TEXT_DOCUMENT_DID_SAVE, self._did_save, t.SaveOptions(include_text=False))
        feature(t.WORKSPACE_DID_CHANGE_WATCHED_FILES, self._watched)
        feature(t.WORKSPACE_DID_CHANGE_CONFIGURATION, self._configuration)
        feature(t.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, self._folders)
        keys = t.CompletionOptions(trigger_characters=[*":\"'/*[,@(`-"], resolve_provider=True)
        feature(t.TEXT_DOCUMENT_COMPLETION, self._completion, keys)
        feature(t.COMPLETION_ITEM_RESOLVE, self._resolve)
        feature(t.TEXT_DOCUMENT_HOVER, self._hover)
        feature(t.TEXT_DOCUMENT_DEFINITION, self._definition)
        feature(t.TEXT_DOCUMENT_REFERENCES, self._references)
        feature(t.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, self._highlight)
        feature(t.TEXT_DOCUMENT_PREPARE_RENAME, self._prepare_rename)
        feature(t.TEXT_DOCUMENT_RENAME, self._rename, t.RenameOptions(prepare_provider=True))
        feature(t.TEXT_DOCUMENT_DOCUMENT_SYMBOL, self._symbols)
        feature(t.WORKSPACE_SYMBOL, self._workspace_symbols)
        feature(t.TEXT_DOCUMENT_DOCUMENT_LINK, self._links)
        feature(t.TEXT_DOCUMENT_FOLDING_RANGE, self._folding)
        feature(t.TEXT_DOCUMENT_SELECTION_RANGE, self._selection)
        feature(t.TEXT_DOCUMENT_CODE_LENS, self._lenses)
        feature(t.TEXT_DOCUMENT_INLAY_HINT, self._hints)
        legend = t.SemanticTokensLegend(list(TOKENS), [])
        feature(
            t.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, self._tokens, t.SemanticTokensRegistrationOptions(legend, full=True)
        )
        feature(t.TEXT_DOCUMENT_FORMATTING, self._formatting)
        feature(t.TEXT_DOCUMENT_RANGE_FORMATTING, self._range_formatting)
        kinds = [t.CodeActionKind.QuickFix, t.CodeActionKind.Refactor, "source.fixAll.driven"]
        feature(t.TEXT_DOCUMENT_CODE_ACTION, self._actions, t.CodeActionOptions(code_action_kinds=kinds))
        files = t.FileOperationFilter(t.FileOperationPattern("**/*"), scheme="file")
        options = t.FileOperationRegistrationOptions([files])
        feature(t.WORKSPACE_WILL_RENAME_FILES, self._will_rename, options)
        feature(t.WORKSPACE_DID_RENAME_FILES, self._did_rename, options)
        feature("driven/rulesHere", self._rules_here)
        feature("driven/tree", self._tree)
        feature("driven/drv", self._drv)
        for name, handler in self.commands.all().items():
            self.ls.command(name)(_command_of(handler))


def _bound(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A function that pygls can take: it sets attributes on what it is given, which a method does not allow."""
    if asyncio.iscoroutinefunction(handler):

        async def call(params: Any) -> Any:
            return await handler(params)

        return call

    def plain(params: Any) -> Any:
        return handler(params)

    return plain


def _command_of(handler: Callable[..., Awaitable[dict[str, Any]]]) -> Callable[..., Any]:
    async def call(*given: Any) -> dict[str, Any]:
        argument = given[0] if given and isinstance(given[0], dict) else {}
        try:
            return await handler(argument)
        except DrivenError as error:
            raise Refused(message_of(error)) from None

    return call


def _touches(span: tuple[int, int], start: int, end: int) -> bool:
    return span[0] <= end and start <= span[1]


def _uri_in(params: Any) -> str:
    uri = params.get("uri") if isinstance(params, dict) else getattr(params, "uri", "")
    return uri if isinstance(uri, str) else ""


async def _true(waiting: Awaitable[Any]) -> bool:
    await waiting
    return True
