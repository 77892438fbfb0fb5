"""lsprotocol imported quickly is lsprotocol: all classes, what they hold, and what becomes of messages."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SHOW = """
import json, re, sys
address = re.compile(" at 0x[0-9a-f]+")
if sys.argv[1] == "quick":
    from driven_lsp.quick import load_types
    assert load_types() and load_types()
    import attrs
    assert attrs.define.__module__ == "attr._next_gen"
import attrs
from lsprotocol import types, converters
made = converters.get_converter()
classes = {}
for name, kind in sorted(types.ALL_TYPES_MAP.items()):
    if isinstance(kind, type) and attrs.has(kind):
        classes[name] = [
            [field.name, repr(field.type), repr(field.default), address.sub("", repr(field.validator)), field.kw_only]
            for field in attrs.fields(kind)
        ]
said = []
for kind, value in json.loads(sys.stdin.read()):
    try:
        thing = made.structure(value, getattr(types, kind))
        said.append([repr(thing), made.unstructure(thing), thing == made.structure(value, getattr(types, kind))])
    except Exception as error:
        said.append(type(error).__name__)
place = types.Position(line=1, character=2)
said.append([place == types.Position(1, 2), place < types.Position(2, 0), repr(types.Range(place, place))])
for wrong in (lambda: types.Position(line="x", character=0), lambda: types.Position(1, 2, 3), lambda: types.Hover()):
    try:
        said.append(repr(wrong()))
    except Exception as error:
        said.append([type(error).__name__, str(error)])
print(json.dumps([classes, said]))
"""

PLACE = {"line": 1, "character": 2}
RANGE = {"start": PLACE, "end": PLACE}
MESSAGES: list[tuple[str, Any]] = [
    ("HoverParams", {"textDocument": {"uri": "a"}, "position": PLACE}),
    ("HoverParams", {"textDocument": {"uri": "a"}}),
    ("DidChangeTextDocumentParams", {"textDocument": {"uri": "a", "version": 1}, "contentChanges": [{"text": "x"}]}),
    (
        "DidChangeTextDocumentParams",
        {"textDocument": {"uri": "a", "version": 1}, "contentChanges": [{"range": RANGE, "text": "x"}, {"text": "y"}]},
    ),
    (
        "CodeActionParams",
        {
            "textDocument": {"uri": "a"}, "range": RANGE,
            "context": {
                "diagnostics": [{"range": RANGE, "message": "m", "code": 5, "data": {"a": [1]}, "tags": [1]}],
                "only": ["quickfix", "source.fixAll.driven"], "triggerKind": 1,
            },
        },
    ),
    ("InitializeParams", {"processId": None, "rootUri": None, "capabilities": {"textDocument": {"hover": {}}}}),
    ("InitializeParams", {"processId": 5, "rootUri": "a", "capabilities": {}, "initializationOptions": {"a": {}}}),
    ("CompletionItem", {"label": "a", "textEdit": {"range": RANGE, "newText": "b"}, "documentation": "c", "kind": 3}),
    ("CompletionItem", {"label": "a", "textEdit": {"insert": RANGE, "replace": RANGE, "newText": "b"}}),
    ("WorkspaceEdit", {"documentChanges": [{"kind": "rename", "oldUri": "a", "newUri": "b"}]}),
    ("ConfigurationResponse", {"jsonrpc": "2.0", "id": 1, "result": [{"a": 1}, None, 5]}),
    ("ExecuteCommandParams", {"command": "a", "arguments": [{"b": None}, 5]}),
    (
        "CallHierarchyIncomingCall",
        {"from": {"name": "a", "kind": 1, "uri": "u", "range": RANGE, "selectionRange": RANGE}, "fromRanges": []},
    ),
]  # fmt: skip


def _shown(how: str) -> Any:
    ran = subprocess.run(
        [sys.executable, "-c", SHOW, how], input=json.dumps(MESSAGES), capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def both() -> tuple[Any, Any]:
    return _shown("plain"), _shown("quick")


def test_all_classes_have_the_same_fields(both: tuple[Any, Any]) -> None:
    (plain, _), (quick, _) = both
    assert len(plain) > 500
    for name, fields in plain.items():
        assert quick[name] == fields, name
    assert quick.keys() == plain.keys()


def test_messages_become_the_same(both: tuple[Any, Any]) -> None:
    (_, plain), (_, quick) = both
    for message, ours, theirs in zip([*MESSAGES, "order", "wrong", "many", "missing"], quick, plain, strict=True):
        assert ours == theirs, message


def test_what_is_sent_is_what_cattrs_would_send() -> None:
    from lsprotocol import converters, types

    from driven_lsp.shapes import plain

    place = types.Position(1, 2)
    span = types.Range(place, place)
    things: list[Any] = [
        types.Hover(contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value="a"), range=span),
        types.Hover(contents="a"),
        types.CompletionList(
            is_incomplete=False,
            items=[types.CompletionItem("a", kind=types.CompletionItemKind.Enum, text_edit=types.TextEdit(span, ""))],
        ),
        types.PublishDiagnosticsParams(
            uri="a", version=None,
            diagnostics=[types.Diagnostic(span, "m", types.DiagnosticSeverity.Hint, code="X", data={"a": None})],
        ),
        types.WorkspaceEdit(
            document_changes=[
                types.CreateFile(uri="a"), types.RenameFile("a", "b"),
                types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier("a"), []),
            ]
        ),
        types.RelatedFullDocumentDiagnosticReport(items=[], result_id="1"),
        types.RelatedUnchangedDocumentDiagnosticReport(result_id="1"),
        types.WorkDoneProgressBegin(title="t"),
        types.ServerCapabilities(hover_provider=True, position_encoding=types.PositionEncodingKind.Utf8),
        types.TextDocumentRegistrationOptions(document_selector=None),
        types.CallHierarchyIncomingCall(
            from_=types.CallHierarchyItem("a", types.SymbolKind.File, "u", span, span), from_ranges=[span]
        ),
        types.SemanticTokens(data=[1, 2, 3]),
        types.ResponseErrorMessage(id=None, error=None),
    ]  # fmt: skip
    converter = converters.get_converter()
    for thing in things:
        assert json.loads(json.dumps(thing, default=plain)) == json.loads(json.dumps(converter.unstructure(thing)))
