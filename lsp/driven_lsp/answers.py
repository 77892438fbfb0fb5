"""Every question of the protocol and the feature that answers it. Features know no protocol: what they say is written
down by `convert`. One method of the protocol is one method here, so this is longer than 350 lines."""

from __future__ import annotations

import os

from lsprotocol import types as t

from driven.errors import DrivenError
from driven_lsp.commands import message_of, move
from driven_lsp.convert import SYMBOLS, TOKENS, path_of, uri_of
from driven_lsp.protocol import ContentModified, Documents, Refused
from driven_lsp.session import argument
from driven_lsp.values import Here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from driven_lsp.root import Open, Root
    from driven_lsp.server import Server
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Command, Edits

    T = TypeVar("T")


class Asked:
    """A request about a place: its root, the document as it was when it was asked, and what the answer is made with."""

    __slots__ = ("document", "path", "root", "text")

    def __init__(self, root: Root, document: Open) -> None:
        self.root = root
        self.document = document
        self.path = document.path
        self.text = document.text


class Answers:
    """The answers of one session."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._renamed: tuple[tuple[str, str], ...] = ()  # the files that the last answer of a rename moves

    def _asked(self, uri: str) -> Asked | None:
        known = self._server.session.documents.get(Documents.key(uri))
        document = known[0].open.get(known[1]) if known is not None else None
        if known is None or document is None or document.is_huge:
            return None
        return Asked(known[0], document)

    async def _answer(self, asked: Asked, question: Callable[[Snapshot], T], *, early: bool = False) -> T:
        """What a feature says; `early` as `Root.ask` has it. ContentModified when the document was edited meanwhile:
        the answer would be about another text."""
        try:
            answer = await asked.root.ask(question, early=early)
        except DrivenError as error:
            raise Refused(message_of(error)) from None
        now = asked.root.open.get(asked.path)
        if now is None or now.text is not asked.text:
            raise ContentModified
        return answer

    def _here(self, asked: Asked, at: t.Position, end: t.Position | None = None) -> Callable[[Snapshot], Here]:
        encoding = self._server.convert.encoding
        start = asked.text.offset(at.line, at.character, encoding)
        last = asked.text.offset(end.line, end.character, encoding) if end is not None else start
        return lambda snapshot: Here(snapshot=snapshot, path=asked.path, offset=start, end=last)

    async def diagnostic(self, params: t.DocumentDiagnosticParams) -> t.DocumentDiagnosticReport:
        known = self._server.session.documents.get(Documents.key(params.text_document.uri))
        if known is None:
            return t.RelatedFullDocumentDiagnosticReport(items=[], result_id="")
        return await self._server.telling.pull(known[0], known[1], params.previous_result_id)

    async def workspace_diagnostic(self, params: t.WorkspaceDiagnosticParams) -> t.WorkspaceDiagnosticReport:
        return await self._server.telling.pull_all(
            {Documents.key(one.uri): one.value for one in params.previous_result_ids}
        )

    async def completion(self, params: t.CompletionParams) -> t.CompletionList | None:
        from driven_lsp.features.completion import complete

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: complete(here(s)), early=asked.path.startswith(".driven/"))
        made = self._server.convert.completions(asked.text, found)
        for item in made.items:
            if isinstance(item.data, dict):
                item.data["uri"] = params.text_document.uri
        return made

    async def resolve(self, item: t.CompletionItem) -> t.CompletionItem:
        from driven_lsp.features.completion import resolve

        data = item.data if isinstance(item.data, dict) else {}
        asked = self._asked(str(data.get("uri", "")))
        if asked is not None:
            doc = await asked.root.ask(lambda s: resolve(s, data))
            if doc:
                item.documentation = self._server.convert.doc(doc)
        return item

    async def hover(self, params: t.HoverParams) -> t.Hover | None:
        from driven_lsp.features.hover import hover

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: hover(here(s)), early=asked.path.startswith(".driven/"))
        return self._server.convert.hover(asked.text, found) if found is not None else None

    async def definition(self, params: t.DefinitionParams) -> list[t.Location] | list[t.LocationLink] | None:
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
        if not self._server.convert.links:
            return [t.Location(uri, where) for uri, where in places]
        origins = [self._server.convert.range(asked.text, one.origin_start, one.origin_end) for one in found]
        return [
            t.LocationLink(uri, where, where, origin)
            for (uri, where), origin in zip(places, origins, strict=True)
        ]  # fmt: skip

    async def references(self, params: t.ReferenceParams) -> list[t.Location] | None:
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

    async def highlight(self, params: t.DocumentHighlightParams) -> list[t.DocumentHighlight] | None:
        from driven_lsp.features.document_highlight import highlight

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: highlight(here(s)))
        return [t.DocumentHighlight(self._server.convert.range(asked.text, start, end)) for start, end in found]

    async def prepare_rename(self, params: t.PrepareRenameParams) -> t.PrepareRenamePlaceholder | None:
        from driven_lsp.features.rename import prepare

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        found = await self._answer(asked, lambda s: prepare(here(s)))
        if found is None:
            return None
        return t.PrepareRenamePlaceholder(self._server.convert.range(asked.text, found[0], found[1]), found[2])

    async def rename(self, params: t.RenameParams) -> t.WorkspaceEdit | None:
        from driven_lsp.features.rename import rename

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.position)
        edits = await self._answer(asked, lambda s: rename(here(s), params.new_name))
        root = asked.root
        if self._server.convert.lacks(edits):
            for old, new in edits.renames:
                await self._move(root, edits, old, new)
        else:
            self._renamed = edits.renames
        return self._server.convert.workspace_edit(edits, lambda path: self._server.text_of(root, path), root.path)

    async def _move(self, root: Root, edits: Edits, old: str, new: str) -> None:
        """Rename a file for a client that cannot; where the client has it open, or is to edit it, a person must."""
        edited = any(one.place.path == old for one in edits.edits)
        if old in root.open or edited or not root.trusted:
            self._server.client.say(f"this editor renames no files: save all, then rename `{old}` to `{new}`")
            return
        try:
            await self._server.compute(lambda: move(root.path, old, new))
        except DrivenError as error:
            self._server.client.say(message_of(error), is_wrong=True)
        root.on_disk((old, new))

    async def symbols(
        self, params: t.DocumentSymbolParams
    ) -> list[t.DocumentSymbol] | list[t.SymbolInformation] | None:
        from driven_lsp.features.document_symbol import symbols

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        found = await self._answer(asked, lambda s: symbols(here(s)))
        return self._server.convert.symbols(asked.text, found, params.text_document.uri)

    async def workspace_symbols(self, params: t.WorkspaceSymbolParams) -> list[t.SymbolInformation]:
        from driven_lsp.features.workspace_symbol import find

        made = []
        for root in list(self._server.session.roots.values()):
            for one in await root.ask(lambda s: find(s, params.query)):
                where = self._range(root, one.place.path, one.place.start, one.place.end)
                place = t.Location(self._uri(root, one.place.path), where)
                made.append(
                    t.SymbolInformation(place, one.name, SYMBOLS[one.kind], container_name=one.container or None)
                )
        return made

    async def links(self, params: t.DocumentLinkParams) -> list[t.DocumentLink] | None:
        from driven_lsp.features.document_link import links

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        found = await self._answer(asked, lambda s: links(here(s)))
        return [
            t.DocumentLink(
                range=self._server.convert.range(asked.text, one.start, one.end),
                tooltip=one.tooltip or None,
                target=one.url or self._uri(asked.root, one.path),
            )
            for one in found
        ]

    async def folding(self, params: t.FoldingRangeParams) -> list[t.FoldingRange] | None:
        from driven_lsp.features.folding_range import folds

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        return self._server.convert.folds(asked.text, await self._answer(asked, lambda s: folds(here(s))))

    async def selection(self, params: t.SelectionRangeParams) -> list[t.SelectionRange] | None:
        from driven_lsp.features.selection_range import select

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        places = [self._here(asked, position) for position in params.positions]
        found = await self._answer(asked, lambda s: [select(here(s)) for here in places])
        return [self._server.convert.selection(asked.text, one) for one in found]

    async def lenses(self, params: t.CodeLensParams) -> list[t.CodeLens] | None:
        from driven_lsp.features.code_lens import lenses

        asked = self._asked(params.text_document.uri)
        if asked is None or not self._server.session.settings.code_lens:
            return None
        here = self._here(asked, t.Position(0, 0))
        found = await self._answer(asked, lambda s: lenses(here(s)))
        return self._server.convert.lenses(asked.text, found, lambda command: self._command(asked.root, command))

    async def hints(self, params: t.InlayHintParams) -> list[t.InlayHint] | None:
        from driven_lsp.features.inlay_hint import hints

        asked = self._asked(params.text_document.uri)
        if asked is None or not self._server.session.settings.inlay_hints:
            return None
        here = self._here(asked, params.range.start, params.range.end)
        found = await self._answer(asked, lambda s: hints(one := here(s), one.offset, one.end))
        return self._server.convert.hints(asked.text, found)

    async def tokens(self, params: t.SemanticTokensParams) -> t.SemanticTokens | None:
        from driven_lsp.features.semantic_tokens import tokens

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        return t.SemanticTokens(
            self._server.convert.tokens(asked.text, await self._answer(asked, lambda s: tokens(here(s))))
        )

    async def formatting(self, params: t.DocumentFormattingParams) -> list[t.TextEdit] | None:
        from driven_lsp.features.formatting import format

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, t.Position(0, 0))
        return self._server.convert.text_edits(asked.text, await self._answer(asked, lambda s: format(here(s))))

    async def range_formatting(self, params: t.DocumentRangeFormattingParams) -> list[t.TextEdit] | None:
        from driven_lsp.features.formatting import format_range

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        here = self._here(asked, params.range.start, params.range.end)
        return self._server.convert.text_edits(asked.text, await self._answer(asked, lambda s: format_range(here(s))))

    async def actions(self, params: t.CodeActionParams) -> list[t.CodeAction] | None:
        from driven_lsp.features.code_action import actions, the_one

        asked = self._asked(params.text_document.uri)
        if asked is None:
            return None
        alone = self._alone(asked, params)
        where = params.range if alone is None else alone.range
        here = self._here(asked, where.start, where.end)
        only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]

        def look(snapshot: Snapshot) -> Any:
            place = here(snapshot)
            told = [
                one for one in asked.root.told(asked.path)
                if _touches(self._server.convert.span_offsets(asked.text, one.span), place.offset, place.end)
            ]  # fmt: skip
            if alone is not None:
                return the_one(actions(place, [one for one in told if one.code == alone.code], only))
            return actions(place, told, only)

        made = []
        for one in await self._answer(asked, look):
            if one.edits is not None and self._server.convert.lacks(one.edits):
                continue  # this client could carry out a part of it alone
            edit = None
            if one.edits is not None:
                edit = self._server.convert.workspace_edit(
                    one.edits, lambda p: self._server.text_of(asked.root, p), asked.root.path
                )
            found = self._server.telling.converted(asked.root, asked.path, asked.text) if one.repairs else []
            starts = [(told.code, told.message.split("\n")[0]) for told in one.repairs]
            repairs = [d for d in found if any(d.code == code and d.message.startswith(text) for code, text in starts)]
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

    def _alone(self, asked: Asked, params: t.CodeActionParams) -> t.Diagnostic | None:
        """The finding that Kate's *Quick Fix* is about. Up to 22.12, Kate asks about one finding and the whole text and
        carries out every answer, one after the other; later ones and other clients let a person choose."""
        context, whole, client = params.context, params.range, self._server.client
        if self._server.client_name or client.caps.workspace is not None or context.only or context.trigger_kind:
            return None
        if len(context.diagnostics) != 1:
            return None
        last = asked.text.offset(whole.end.line, whole.end.character, self._server.convert.encoding)
        if (whole.start.line, whole.start.character) != (0, 0) or last < len(asked.text):
            return None
        return context.diagnostics[0]

    async def will_rename(self, params: t.RenameFilesParams) -> t.WorkspaceEdit | None:
        by_root: dict[str, tuple[Root, list[tuple[str, str]]]] = {}
        for one in params.files:
            old, new = (
                self._server.session.relative(path_of(one.old_uri)),
                self._server.session.relative(path_of(one.new_uri)),
            )
            if old is not None and new is not None and old[0] is new[0]:
                by_root.setdefault(old[0].path, (old[0], []))[1].append((old[1], new[1]))
        changes: list[t.WorkspaceEdit] = []
        for root, renames in by_root.values():
            if tuple(renames) == self._renamed:
                continue  # it is a part of the edit that a rename answered, and so are the mentions
            changes.append(await self._moved(root, renames))
        return _joined(changes)

    async def _moved(self, root: Root, renames: list[tuple[str, str]]) -> t.WorkspaceEdit:
        from driven_lsp.features.will_rename_files import edits

        found = await root.ask(lambda s: edits(s, renames))
        return self._server.convert.workspace_edit(found, lambda path: self._server.text_of(root, path), root.path)

    def did_rename(self, params: t.RenameFilesParams) -> None:
        self._renamed = ()
        for one in params.files:
            found = self._server.session.relative(path_of(one.new_uri))
            if found is not None:
                found[0].on_disk()

    async def rules_here(self, params: Any) -> dict[str, Any] | None:
        from driven_lsp.features.rules_here import rules_here

        found = self._server.session.relative(path_of(_uri_in(params)))
        return await found[0].ask(lambda s: rules_here(s, found[1]), whole=True) if found is not None else None

    async def tree(self, _params: Any) -> dict[str, Any]:
        from driven_lsp.features.tree import tree

        roots = list(self._server.session.roots.values())
        return {"roots": [await root.ask(lambda s, root=root: tree(s, root.name), whole=True) for root in roots]}  # type: ignore[misc]

    async def drv(self, params: Any) -> dict[str, Any]:
        from driven_lsp.features.drv import drv

        path = path_of(_uri_in(params))
        return await self._server.compute(lambda: drv(path))

    # Names and places

    def _uri(self, root: Root, path: str) -> str:
        """The URI of a file, as the client wrote it where it is open."""
        known = root.open.get(path)
        return known.uri if known is not None else uri_of(os.path.join(root.path, path))

    def _range(self, root: Root, path: str, start: int, end: int) -> t.Range:
        if not start and not end:
            return t.Range(t.Position(0, 0), t.Position(0, 0))
        return self._server.convert.range(self._server.text_of(root, path)[0], start, end)

    def _command(self, root: Root, command: Command) -> t.Command:
        argument = dict(command.argument)
        if "path" in argument:
            argument["uri"] = self._uri(root, str(argument.pop("path")))
        elif argument and "uri" not in argument:
            argument["uri"] = uri_of(root.path)
        return t.Command(title=command.title, command=command.name, arguments=[argument] if argument else None)

    # Registration

    def register(self, feature: Callable[..., None]) -> None:
        """Say which method is whose."""
        keys = t.CompletionOptions(trigger_characters=[*":\"'/*[,@(`-"], resolve_provider=True)
        feature(t.TEXT_DOCUMENT_COMPLETION, self.completion, keys)
        feature(t.COMPLETION_ITEM_RESOLVE, self.resolve)
        feature(t.TEXT_DOCUMENT_HOVER, self.hover)
        feature(t.TEXT_DOCUMENT_DEFINITION, self.definition)
        feature(t.TEXT_DOCUMENT_REFERENCES, self.references)
        feature(t.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, self.highlight)
        feature(t.TEXT_DOCUMENT_PREPARE_RENAME, self.prepare_rename)
        feature(t.TEXT_DOCUMENT_RENAME, self.rename, t.RenameOptions(prepare_provider=True))
        feature(t.TEXT_DOCUMENT_DOCUMENT_SYMBOL, self.symbols)
        feature(t.WORKSPACE_SYMBOL, self.workspace_symbols)
        feature(t.TEXT_DOCUMENT_DOCUMENT_LINK, self.links)
        feature(t.TEXT_DOCUMENT_FOLDING_RANGE, self.folding)
        feature(t.TEXT_DOCUMENT_SELECTION_RANGE, self.selection)
        feature(t.TEXT_DOCUMENT_CODE_LENS, self.lenses)
        feature(t.TEXT_DOCUMENT_INLAY_HINT, self.hints)
        legend = t.SemanticTokensLegend(list(TOKENS), [])
        feature(
            t.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, self.tokens, t.SemanticTokensRegistrationOptions(legend, full=True)
        )
        feature(t.TEXT_DOCUMENT_FORMATTING, self.formatting)
        feature(t.TEXT_DOCUMENT_RANGE_FORMATTING, self.range_formatting)
        kinds = [t.CodeActionKind.QuickFix, t.CodeActionKind.Refactor, "source.fixAll.driven"]
        feature(t.TEXT_DOCUMENT_CODE_ACTION, self.actions, t.CodeActionOptions(code_action_kinds=kinds))
        files = t.FileOperationFilter(t.FileOperationPattern("**/*"), scheme="file")
        options = t.FileOperationRegistrationOptions([files])
        feature(t.WORKSPACE_WILL_RENAME_FILES, self.will_rename, options)
        feature(t.WORKSPACE_DID_RENAME_FILES, self.did_rename, options)
        feature("driven/rulesHere", self.rules_here)
        feature("driven/tree", self.tree)
        feature("driven/drv", self.drv)


def _joined(changes: list[t.WorkspaceEdit]) -> t.WorkspaceEdit | None:
    """The edits of several roots as one; all are of one form, the client's."""
    if not changes:
        return None
    whole = changes[0]
    for one in changes[1:]:
        if one.changes:
            whole.changes = {**(whole.changes or {}), **one.changes}
        if one.document_changes:
            whole.document_changes = [*(whole.document_changes or ()), *one.document_changes]
    return whole


def _touches(span: tuple[int, int], start: int, end: int) -> bool:
    return span[0] <= end and start <= span[1]


def _uri_in(params: Any) -> str:
    return argument(params, "uri") if isinstance(params, dict) else ""
