"""One client's server: the life of its session, its documents, its settings. Questions go to `answers`, commands to
`commands`, findings to `telling`, syncs to `saving`."""

from __future__ import annotations

import asyncio
import os

from lsprotocol import types as t
from pygls.lsp.server import LanguageServer

from driven import __version__
from driven.errors import DrivenError
from driven_lsp.answers import Answers
from driven_lsp.client import Client
from driven_lsp.commands import Commands, message_of
from driven_lsp.convert import Converter, path_of
from driven_lsp.protocol import Documents, Protocol, Refused
from driven_lsp.saving import Saving
from driven_lsp.session import Session
from driven_lsp.taking import taken
from driven_lsp.telling import Telling
from driven_lsp.texts import Text
from driven_lsp.watching import Watching

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from typing import Any, TypeVar

    from driven_lsp.feed import Feeds
    from driven_lsp.root import Root

    T = TypeVar("T")

WATCHED = (  # for clients that watch files for us; as many as name the places of `driven.document.places`
    "**/.driven/{config.toml,outputs.lock}",
    "**/.driven/rules/**",
    "**/{.cursor,.windsurf,.devin,.claude,.clinerules,.roo,.kilocode,.amazonq,.trae,.junie,.continue,.agents}/**",
    "**/.github/{copilot-instructions.md,instructions/**,prompts/**,agents/**,chatmodes/**}",
    "**/{AGENTS,AGENTS.override,CLAUDE,CLAUDE.local,GEMINI,QWEN,WARP,SKILL,CONVENTIONS}.md",
    "**/{.cursorrules,.windsurfrules,.clinerules,.goosehints,.rules,.aider.conf.yml}",
)


ONE_LINE = frozenset(("Neovim", "vim-lsp"))  # clients that show a finding behind its line


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
        self.client = Client(self)
        self.client_name = ""
        self.commands = Commands(self)
        self.answers = Answers(self)
        self.pulls = False
        self._saving = Saving(self)
        self._telling: Telling | None = None
        self._watching: dict[str, Watching] = {}
        self._feeds: Feeds | None = None  # once a client listens
        protocol.on_end = self._ended
        self._register()

    @property
    def telling(self) -> Telling:
        """Made in the loop."""
        if self._telling is None:
            self._telling = Telling(self)
        return self._telling

    @property
    def feeds(self) -> Feeds:
        """Made when a client asks for the first."""
        if self._feeds is None:
            from driven_lsp.feed import Feeds

            self._feeds = Feeds(self)
        return self._feeds

    # The life of a session

    def _initialize(self, params: t.InitializeParams) -> None:
        self.client.caps = params.capabilities
        options = params.initialization_options if isinstance(params.initialization_options, dict) else {}
        self.session.trusted = options.get("trusted") is not False
        self.client.wants_status = options.get("status") is True
        self.session.configure(options.get("settings"))
        self.client_name = params.client_info.name if params.client_info else ""
        chosen = self.protocol.workspace.position_encoding
        encoding = wanted_encoding(params) or str(getattr(chosen, "value", chosen) or "utf-16")
        one_line = options.get("oneLine") is True or self.client_name in ONE_LINE
        self.convert = Converter(encoding, self.client.caps, one_line=one_line)
        document = self.client.caps.text_document
        self.pulls = document is not None and document.diagnostic is not None
        if self.pulls:
            self._feature(
                t.TEXT_DOCUMENT_DIAGNOSTIC, self.answers.diagnostic,
                t.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="driven"),
            )  # fmt: skip
            self._feature(t.WORKSPACE_DIAGNOSTIC, self.answers.workspace_diagnostic)
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
            self.protocol.background(self.client.answer(asked), "registration")
        await self._configure()

    async def _configure(self) -> None:
        """Pull the settings from a client that has them."""
        workspace = self.client.caps.workspace
        if workspace is None or not workspace.configuration:
            return
        asked = t.ConfigurationParams([t.ConfigurationItem(section="driven")])
        answer = await self.client.answer(self.ls.workspace_configuration_async(asked))
        if isinstance(answer, list | tuple) and answer and isinstance(answer[0], dict):
            self.session.configure(answer[0])
            for root in list(self.session.roots.values()):
                self._changed(root)

    @property
    def _watches(self) -> bool:
        """Whether files must be watched here, because the client does not."""
        workspace = self.client.caps.workspace
        watched = workspace.did_change_watched_files if workspace is not None else None
        return watched is None or not watched.dynamic_registration

    def _ended(self, _reason: str) -> None:
        for watching in self._watching.values():
            watching.close()

    def _changed(self, root: Root) -> None:
        """There is something new about a root, or it has left."""
        if not root.closed and self.session.settle():
            for document in self.protocol.documents:
                if Documents.key(document.uri) not in self.session.documents:
                    self._put(document.uri)
        self.telling.everything(root)
        if self._feeds is not None:
            self._feeds.changed(root)
        self.client.refresh("code_lens")
        self.client.refresh("inlay_hint")
        if self.client.wants_status:
            from driven_lsp.features.tree import status

            roots = [status(one) for one in self.session.roots.values()]
            self.protocol.notify("driven/status", {"roots": roots})
        if root.closed:
            gone = self._watching.pop(root.path, None)
            if gone is not None:
                self.session.pools.back.submit(gone.close)
        elif self._watches and root.view is not None:
            watching = self._watching.get(root.path)
            if watching is None:
                watching = self._watching[root.path] = Watching(root, asyncio.get_running_loop(), self._seen)
            outputs = [piece.artefact.path for piece in root.view.emitted.pieces] if root.view.emitted else []
            paths = [*outputs, *root.view.documents, *self.session.beginnings(root)]
            self.session.pools.back.submit(watching.arm, paths)

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

    async def _subscribe(self, params: Any) -> dict[str, Any]:
        return await self.feeds.subscribe(params)

    # Documents

    def _put(self, uri: str) -> None:
        document = self.protocol.documents.get(uri)
        path = path_of(uri)
        if document is None or not path:
            return
        key = Documents.key(uri)
        if self.session.put(key, path, document.text, document.uri) is not None and not self.pulls:
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
        known = self.session.documents.get(Documents.key(params.text_document.uri))
        if known is not None:
            await self._saving.saved(*known)

    async def _watched(self, params: t.DidChangeWatchedFilesParams) -> None:
        changed: dict[str, tuple[Root, set[str]]] = {}
        for change in params.changes:
            found = self.session.relative(path_of(change.uri))
            if found is not None and not found[1].startswith(".driven/state"):
                changed.setdefault(found[0].path, (found[0], set()))[1].add(found[1])
        for root, paths in changed.values():
            await self._saving.changed(root, paths)

    def _seen(self, root: Root, paths: Collection[str]) -> None:
        """What our own watching sees."""
        self.protocol.background(self._saving.changed(root, paths), "changed files")

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
        self.answers.register(feature)
        feature("driven/rules/subscribe", self._subscribe)
        feature("driven/rules/resync", self._subscribe)
        feature("driven/rules/unsubscribe", lambda params: self.feeds.unsubscribe(params))
        feature("driven/rules/credit", lambda params: self.feeds.credit(params))
        for name, handler in self.commands.all().items():
            self.ls.command(name)(_command_of(name, handler))


def _bound(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A function that pygls can take: it sets attributes on what it is given, which a method does not allow."""
    if asyncio.iscoroutinefunction(handler):

        async def call(params: Any) -> Any:
            return await handler(params)

        return call

    def plain(params: Any) -> Any:
        return handler(params)

    return plain


def _command_of(name: str, handler: Callable[..., Awaitable[dict[str, Any]]]) -> Callable[..., Any]:
    async def call(*given: Any) -> dict[str, Any]:
        try:
            return await handler(taken(name, given))
        except DrivenError as error:
            raise Refused(message_of(error)) from None

    return call
