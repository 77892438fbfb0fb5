"""Our values <-> the protocol's: the one module that speaks lsprotocol. Offsets become positions in the encoding that
the client asked for; paths become URIs."""

from __future__ import annotations

import os
from urllib.parse import quote, unquote, urlsplit

from lsprotocol import types as t

from driven.model.diagnostic import Diagnostic
from driven.span import Span
from driven_lsp import values as v
from driven_lsp.texts import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


BOM = "\ufeff"
TOKENS: tuple[str, ...] = ("property", "class", "regexp", "namespace", "enumMember", "type", "comment", "function")
_TOKEN = {
    "key": 0, "rule": 1, "glob": 2, "import": 3, "value": 4, "editor": 5, "comment": 6, "function": 7,
}  # fmt: skip
_SEVERITY = {
    "error": t.DiagnosticSeverity.Error, "warning": t.DiagnosticSeverity.Warning,
    "info": t.DiagnosticSeverity.Information,
}  # fmt: skip
_COMPLETION = {
    "key": t.CompletionItemKind.Property, "value": t.CompletionItemKind.EnumMember,
    "editor": t.CompletionItemKind.Module, "glob": t.CompletionItemKind.Operator, "file": t.CompletionItemKind.File,
    "folder": t.CompletionItemKind.Folder, "rule": t.CompletionItemKind.Class, "code": t.CompletionItemKind.Constant,
    "function": t.CompletionItemKind.Function, "snippet": t.CompletionItemKind.Snippet,
}  # fmt: skip
SYMBOLS = {
    "rule": t.SymbolKind.Class, "heading": t.SymbolKind.String, "key": t.SymbolKind.Property,
    "file": t.SymbolKind.File, "editor": t.SymbolKind.Module, "list": t.SymbolKind.Array,
}  # fmt: skip
_FOLD = {
    "region": t.FoldingRangeKind.Region, "comment": t.FoldingRangeKind.Comment, "imports": t.FoldingRangeKind.Imports,
}  # fmt: skip


def path_of(uri: str) -> str:
    """The absolute path of a `file:` URI, "" for any other: an unsaved buffer, a page of git's history."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return ""
    path = unquote(parts.path, errors="surrogateescape")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return ""  # half of a letter: no file has such a name
    return os.path.normpath(path) if path[:1] == "/" and "\0" not in path else ""


def uri_of(path: str) -> str:
    """The `file:` URI of an absolute path."""
    return "file://" + quote(os.fsencode(path), safe="/!$&'()*+,;=:@~-._")


class Converter:
    """Ours to theirs for one client. `text_of` gives the document of an absolute path, None where there is none."""

    def __init__(
        self, encoding: str = "utf-16", features: t.ClientCapabilities | None = None, *, one_line: bool = False
    ) -> None:  # fmt: skip
        """`one_line`: the client shows a finding on one line, whatever line ends are in it."""
        self.encoding = encoding
        self.one_line = one_line
        caps = features or t.ClientCapabilities()
        document = caps.text_document or t.TextDocumentClientCapabilities()
        workspace = caps.workspace or t.WorkspaceClientCapabilities()
        edit = workspace.workspace_edit or t.WorkspaceEditClientCapabilities()
        item = (document.completion and document.completion.completion_item) or t.ClientCompletionItemOptions()
        published = document.publish_diagnostics or document.diagnostic or t.DiagnosticClientCapabilities()
        self.snippets = bool(item.snippet_support)
        self.deprecated = bool(item.tag_support)
        self.related = bool(published.related_information)
        self.document_changes = bool(edit.document_changes)
        self.operations = frozenset(edit.resource_operations or ())
        self.hierarchy = bool(
            document.document_symbol and document.document_symbol.hierarchical_document_symbol_support
        )
        self.links = bool(document.definition and document.definition.link_support)
        self.plain_hovers = _prefers_plain(document.hover.content_format if document.hover else None)
        self.plain_docs = _prefers_plain(item.documentation_format)

    # Places

    def range(self, text: Text, start: int, end: int) -> t.Range:
        """Offsets as a range."""
        return t.Range(t.Position(*text.position(start, self.encoding)), t.Position(*text.position(end, self.encoding)))

    def span_offsets(self, text: Text, span: Span) -> tuple[int, int]:
        """The offsets of a span; of a point, the word that begins there, so that there is something to see."""
        start = _offset(text, span.line, span.column)
        if span.end_line:
            return start, max(start, _offset(text, span.end_line, span.end_column))
        line = text.line_text(span.line - 1)
        at = start - text.line_start(span.line - 1)
        end = at
        while end < len(line) and (line[end].isalnum() or line[end] in "_-"):
            end += 1
        return start, start + max(end - at, 1 if at < len(line) else 0)

    def span(self, text: Text, span: Span) -> t.Range:
        """A span as a range."""
        return self.range(text, *self.span_offsets(text, span))

    # Findings

    def diagnostic(
        self, told: Diagnostic, text: Text, href: str, related: Sequence[t.DiagnosticRelatedInformation] = ()
    ) -> t.Diagnostic:  # fmt: skip
        """A finding; `href` explains its code."""
        return t.Diagnostic(
            range=self.span(text, told.span), message=self.message(told), severity=_SEVERITY[told.severity],
            code=told.code or None,
            code_description=t.CodeDescription(href) if href and told.code else None, source="driven",
            tags=_tags(told), related_information=list(related) if related and self.related else None,
            data={"fix": told.fix.title} if told.fix else None,
        )  # fmt: skip

    def message(self, told: Diagnostic) -> str:
        """What is wrong and what to do, each on a line of its own, or all on one."""
        whole = told.message if not told.hint else f"{told.message}\n{told.hint}"
        if not self.one_line:
            return whole
        lines = [line.strip() for line in whole.split("\n") if line.strip()]
        ends = [" " if line[-1] in ".?!:;" else "; " for line in lines]
        return "".join([part for pair in zip(lines, [*ends[:-1], ""], strict=True) for part in pair])

    # Answers

    def hover(self, text: Text, hover: v.Hover) -> t.Hover:
        """Markdown, or plain text for a client that names that first."""
        return t.Hover(_markup(hover.markdown, self.plain_hovers), self.range(text, hover.start, hover.end))

    def doc(self, markdown: str) -> t.MarkupContent:
        """What is told of a proposal."""
        return _markup(markdown, self.plain_docs)

    def completions(self, text: Text, found: v.Completions) -> t.CompletionList:
        """Proposals, with the edit that each one is."""
        return t.CompletionList(found.incomplete, [self._completion(text, item) for item in found.items])

    def _completion(self, text: Text, item: v.Completion) -> t.CompletionItem:
        snippet = item.snippet if self.snippets else ""
        return t.CompletionItem(
            label=item.label, kind=_COMPLETION[item.kind], detail=item.detail or None,
            documentation=self.doc(item.doc) if item.doc else None,
            sort_text=item.sort or None, filter_text=item.filter or None, insert_text=snippet or item.insert,
            insert_text_format=t.InsertTextFormat.Snippet if snippet else t.InsertTextFormat.PlainText,
            text_edit=t.TextEdit(self.range(text, item.start, item.end), snippet or item.insert),
            tags=[t.CompletionItemTag.Deprecated] if item.deprecated and self.deprecated else None,
            data=dict(item.data) if item.data else None,
        )  # fmt: skip

    def symbols(
        self, text: Text, found: Sequence[v.Symbol], uri: str
    ) -> list[t.DocumentSymbol] | list[t.SymbolInformation]:
        """The outline: a tree, or a flat list for clients that know no trees."""
        if self.hierarchy:
            return [self._symbol(text, one) for one in found]
        flat: list[t.SymbolInformation] = []

        def walk(symbols: Sequence[v.Symbol], above: str) -> None:
            for one in symbols:
                place = t.Location(uri, self.range(text, one.name_start, one.name_end))
                flat.append(t.SymbolInformation(place, one.name, SYMBOLS[one.kind], container_name=above or None))
                walk(one.children, one.name)

        walk(found, "")
        return flat

    def _symbol(self, text: Text, one: v.Symbol) -> t.DocumentSymbol:
        return t.DocumentSymbol(
            name=one.name or "…", kind=SYMBOLS[one.kind], range=self.range(text, one.start, one.end),
            selection_range=self.range(text, one.name_start, one.name_end), detail=one.detail or None,
            children=[self._symbol(text, child) for child in one.children] or None,
        )  # fmt: skip

    def folds(self, text: Text, folds: Iterable[v.Fold]) -> list[t.FoldingRange]:
        """Whole lines, as every client can fold them."""
        made = []
        for fold in folds:
            first, last = text.position(fold.start, self.encoding)[0], text.position(fold.end, self.encoding)[0]
            if last > first:
                made.append(t.FoldingRange(first, last, kind=_FOLD[fold.kind]))
        return made

    def selection(self, text: Text, selection: v.Selection) -> t.SelectionRange:
        """Nested ranges, the smallest outermost in the answer."""
        made: t.SelectionRange | None = None
        for start, end in reversed(selection.ranges):
            made = t.SelectionRange(self.range(text, start, end), parent=made)
        return made or t.SelectionRange(self.range(text, 0, 0))

    def tokens(self, text: Text, tokens: Iterable[v.Token]) -> list[int]:
        """Semantic tokens as the protocol counts them: each from the one before."""
        data: list[int] = []
        line = column = 0
        for token in sorted(tokens, key=lambda token: token.start):
            row, start = text.position(token.start, self.encoding)
            last, end = text.position(token.end, self.encoding)
            if row != last or end <= start:
                continue
            data += [row - line, start - column if row == line else start, end - start, _TOKEN[token.kind], 0]
            line, column = row, start
        return data

    def lenses(
        self, text: Text, lenses: Iterable[v.Lens], command: Callable[[v.Command], t.Command]
    ) -> list[t.CodeLens]:
        """Lines above places."""
        return [t.CodeLens(self.range(text, lens.start, lens.end), command(lens.command)) for lens in lenses]

    def hints(self, text: Text, hints: Iterable[v.Hint]) -> list[t.InlayHint]:
        """Words behind places."""
        return [
            t.InlayHint(
                position=t.Position(*text.position(hint.offset, self.encoding)),
                label=hint.label,
                padding_left=True,
                tooltip=t.MarkupContent(t.MarkupKind.Markdown, hint.tooltip) if hint.tooltip else None,
            )
            for hint in hints
        ]

    def text_edits(self, text: Text, edits: Iterable[v.Edit]) -> list[t.TextEdit]:
        """Edits of one document."""
        return [t.TextEdit(self.range(text, one.place.start, one.place.end), one.text) for one in edits]

    def workspace_edit(
        self, edits: v.Edits, text_of: Callable[[str], tuple[Text, int | None]], root: str
    ) -> t.WorkspaceEdit:  # fmt: skip
        """Edits of several files as this client can take them. `text_of`: a path of the project -> its text, and its
        version where it is open. What the client cannot do with files (rename, create) is left out: see `lacks`."""
        by_path: dict[str, list[v.Edit]] = {}
        for one in edits.edits:
            by_path.setdefault(one.place.path, []).append(one)
        if not self.document_changes and not self._operates(edits):
            changes = {
                uri_of(os.path.join(root, path)): self.text_edits(text_of(path)[0], group)
                for path, group in by_path.items()
            }
            return t.WorkspaceEdit(changes=changes)
        steps: list[t.TextDocumentEdit | t.CreateFile | t.RenameFile | t.DeleteFile] = []
        if "create" in self.operations:
            for path, text in edits.creates.items():
                uri = uri_of(os.path.join(root, path))
                steps.append(t.CreateFile(uri, options=t.CreateFileOptions(overwrite=False, ignore_if_exists=False)))
                origin = t.Range(t.Position(0, 0), t.Position(0, 0))
                made = t.OptionalVersionedTextDocumentIdentifier(uri)
                steps.append(t.TextDocumentEdit(made, [t.TextEdit(origin, text)]))
        for path, group in by_path.items():
            text_now, version = text_of(path)
            uri = uri_of(os.path.join(root, path))
            place = t.OptionalVersionedTextDocumentIdentifier(uri, version)
            steps.append(t.TextDocumentEdit(place, list(self.text_edits(text_now, group))))
        if "rename" in self.operations:
            for old, new in edits.renames:
                steps.append(t.RenameFile(uri_of(os.path.join(root, old)), uri_of(os.path.join(root, new))))
        if "delete" in self.operations:
            steps += [t.DeleteFile(uri_of(os.path.join(root, path))) for path in edits.deletes]
        return t.WorkspaceEdit(document_changes=steps)

    def lacks(self, edits: v.Edits) -> bool:
        """Whether the client cannot do all that these edits are."""
        wanted = {"create": edits.creates, "rename": edits.renames, "delete": edits.deletes}
        return any(what and name not in self.operations for name, what in wanted.items())

    def _operates(self, edits: v.Edits) -> bool:
        wanted = {"create": edits.creates, "rename": edits.renames, "delete": edits.deletes}
        return any(what and name in self.operations for name, what in wanted.items())


def _prefers_plain(formats: Sequence[str] | None) -> bool:
    """Whether a client names plain text before Markdown; one that names nothing gets Markdown."""
    named = [str(getattr(one, "value", one)) for one in formats or ()]
    return bool(named) and named[0] == "plaintext"


def _markup(markdown: str, plain: bool) -> t.MarkupContent:
    if not plain:
        return t.MarkupContent(t.MarkupKind.Markdown, markdown)
    from driven_lsp.plain import plain_text

    return t.MarkupContent(t.MarkupKind.PlainText, plain_text(markdown))


def _offset(text: Text, line: int, column: int) -> int:
    """The offset of a span's line and column; a BOM is no column."""
    start = text.line_start(line - 1)
    if line == 1 and text.text[:1] == BOM:
        start += 1
    return (
        min(start + column - 1, text.line_start(line - 1) + len(text.lines[line - 1]))
        if line <= len(text.lines)
        else start
    )


def _tags(told: Diagnostic) -> list[t.DiagnosticTag] | None:
    """Unnecessary: shown faded. What has no effect, and what is not used, says so in its code's title."""
    if told.code in UNNECESSARY:
        return [t.DiagnosticTag.Unnecessary]
    return [t.DiagnosticTag.Deprecated] if told.code in DEPRECATED else None


UNNECESSARY = frozenset(("RUL14", "SUP01", "DUP01", "VAG02", "AID03", "COP13"))
DEPRECATED = frozenset(("ANT01", "COP06", "CLN08"))
