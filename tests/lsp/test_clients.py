"""The server with the eight clients whose `initialize` was recorded (2026-11-21): what each one can do, and that it is
never sent what it cannot take. The client is pytest-lsp, which is a real one on pygls' own, with one session
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from clients import kit
from lsprotocol import converters
from lsprotocol import types as t
from pytest_lsp import ClientServerConfig, LanguageClient, make_test_lsp_client

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLDER = Path(__file__).parent / "clients"
PROFILES = sorted(path.stem for path in FOLDER.glob("*.json"))
ONE_EACH = [pytest.param(name, marks=pytest.mark.xdist_group(f"client {name}")) for name in PROFILES]
SERVER = kit.server_command()
PUSHED = {"ale", "eglot19", "kate", "lspmode8", "nvim07", "vimlsp"}
STYLE = ".driven/rules/style.md"
API = ".driven/rules/api.md"
BROKEN = ".driven/rules/broken.md"
LIMIT = 20.0


def recorded(profile: str, root: Path) -> t.InitializeParams:
    """What the real client sent, for another folder and this process."""
    raw = json.loads((FOLDER / f"{profile}.json").read_text(encoding="utf-8").replace("/workspace", str(root)))
    params = converters.get_converter().structure(raw, t.InitializeParams)
    params.process_id = os.getpid()
    if not params.root_uri and not params.workspace_folders:
        params.root_uri = root.as_uri()
    return params


class Session:
    """One client, one project."""

    def __init__(self, client: LanguageClient, root: Path, params: t.InitializeParams) -> None:
        self.client = client
        self.root = root
        self.caps = params.capabilities
        self.versions: dict[str, int] = {}

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str, text: str | None = None) -> str:
        uri = self.uri(path)
        said = (self.root / path).read_text(encoding="utf-8") if text is None else text
        self.versions[uri] = 1
        self.client.text_document_did_open(
            t.DidOpenTextDocumentParams(t.TextDocumentItem(uri, "markdown", 1, said))
        )  # fmt: skip
        return uri

    def edit(self, uri: str, text: str) -> None:
        self.versions[uri] += 1
        self.client.text_document_did_change(
            t.DidChangeTextDocumentParams(
                t.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [t.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def save(self, uri: str, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")
        self.client.text_document_did_save(t.DidSaveTextDocumentParams(t.TextDocumentIdentifier(uri)))

    async def found(self, uri: str) -> list[t.Diagnostic]:
        """The findings, as this client gets them."""
        document = self.caps.text_document
        if document is not None and document.diagnostic is not None:
            asked = t.DocumentDiagnosticParams(t.TextDocumentIdentifier(uri))
            report = await self.client.text_document_diagnostic_async(asked)
            assert isinstance(report, t.RelatedFullDocumentDiagnosticReport)
            return list(report.items)
        return list(self.client.diagnostics.get(uri, ()))

    async def broken(self, uri: str) -> t.Diagnostic:
        """The finding of the rule with a misspelt key, once it is the only one."""

        async def alone() -> list[t.Diagnostic]:
            found = await self.found(uri)
            return found if [one.code for one in found] == ["RUL06"] else []

        (found,) = await self.until("the finding", alone)
        return found

    def close(self) -> None:
        """Close all that is open."""
        for uri in self.versions:
            self.client.text_document_did_close(t.DidCloseTextDocumentParams(t.TextDocumentIdentifier(uri)))
        self.versions.clear()

    async def until(self, what: str, look: Callable[[], Any]) -> Any:
        end = asyncio.get_running_loop().time() + LIMIT
        while True:
            answer = look()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return answer
            assert asyncio.get_running_loop().time() < end, f"waited in vain for {what}"
            await asyncio.sleep(0.02)


def client_factory() -> LanguageClient:
    """pytest-lsp's client, which also keeps the edits that the server asks it to apply."""
    client = make_test_lsp_client()
    client.applied = []  # type: ignore[attr-defined]

    @client.feature(t.WORKSPACE_APPLY_EDIT)
    def apply(ls: Any, params: t.ApplyWorkspaceEditParams) -> t.ApplyWorkspaceEditResult:
        client.applied.append(params.edit)  # type: ignore[attr-defined]
        return t.ApplyWorkspaceEditResult(applied=True)

    for method in (t.WORKSPACE_CODE_LENS_REFRESH, t.WORKSPACE_INLAY_HINT_REFRESH, t.CLIENT_REGISTER_CAPABILITY):
        client.feature(method)(lambda params: None)
    return client


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=SERVER, client_factory=client_factory), params=ONE_EACH, scope="module"
)
async def client(
    request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[None]:
    root = kit.make_project(tmp_path_factory.mktemp(request.param))
    params = recorded(request.param, root)
    await lsp_client.initialize_session(params)
    lsp_client.session = Session(lsp_client, root, params)
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def session(client: Any) -> Iterator[Session]:
    """The fixture of pytest-lsp gives its client, whatever is yielded."""
    yield client.session
    client.session.close()


async def test_a_finding_comes_and_goes(session: Session) -> None:
    uri = session.open(BROKEN)
    found = await session.broken(uri)
    assert (found.code, found.source, found.severity) == ("RUL06", "driven", t.DiagnosticSeverity.Error)
    assert found.range == t.Range(t.Position(2, 0), t.Position(2, 9))
    session.edit(uri, kit.BROKEN.replace("prioritty", "priority"))

    async def is_clean() -> bool:
        return not await session.found(uri)

    await session.until("no finding", is_clean)


async def test_findings_are_pushed_or_pulled_and_never_both(session: Session, request: pytest.FixtureRequest) -> None:
    profile = request.node.callspec.params["client"]
    uri = session.open(BROKEN)
    await session.broken(uri)
    assert (uri in session.client.diagnostics) == (profile in PUSHED)


async def test_a_finding_stands_under_its_text_after_letters_of_any_width(session: Session) -> None:
    text = "# Tests\n\n- é😀 See [the page](nowhere.md).\n"
    uri = session.open(BROKEN, text)

    async def missing() -> list[t.Range]:
        return [one.range for one in await session.found(uri) if "nowhere" in one.message]

    (word,) = await session.until("the finding", missing)
    encodings = (session.caps.general.position_encodings if session.caps.general else None) or ["utf-16"]
    encoding = str(getattr(encodings[0], "value", encodings[0]))
    line = text.split("\n")[2]
    width = {"utf-8": lambda s: len(s.encode()), "utf-16": lambda s: len(s.encode("utf-16-le")) // 2, "utf-32": len}
    assert (word.start.line, word.start.character) == (2, width[encoding](line[: line.index("nowhere")]))


async def test_completion_and_hover(session: Session) -> None:
    text = kit.STYLE.replace("apply: always", "apply: always\n")
    uri = session.open(STYLE, text)
    where = t.TextDocumentIdentifier(uri)
    keys = await session.client.text_document_completion_async(t.CompletionParams(where, t.Position(3, 0)))
    assert isinstance(keys, t.CompletionList)
    labels = [item.label.rstrip(":") for item in keys.items]
    assert {"paths", "priority", "targets", "when"} <= set(labels) and "apply" not in labels[:3]
    snippets = any(item.insert_text_format == t.InsertTextFormat.Snippet for item in keys.items)
    document = session.caps.text_document
    item = document.completion.completion_item if document and document.completion else None
    assert not snippets or (item is not None and item.snippet_support)
    hover = await session.client.text_document_hover_async(t.HoverParams(where, t.Position(2, 2)))
    assert hover is not None and isinstance(hover.contents, t.MarkupContent) and "always" in hover.contents.value


async def test_a_repair_is_offered_as_this_client_takes_edits(session: Session) -> None:
    uri = session.open(BROKEN)
    found = await session.broken(uri)
    asked = t.CodeActionParams(t.TextDocumentIdentifier(uri), found.range, t.CodeActionContext([found]))
    offered = await session.client.text_document_code_action_async(asked)
    repair = next(one for one in offered or () if isinstance(one, t.CodeAction) and "priority" in one.title)
    assert repair.kind == t.CodeActionKind.QuickFix and repair.edit is not None
    (edit,) = edits_of(repair.edit)[uri]
    assert (edit.new_text, edit.range) == ("priority", found.range)
    fits(session, repair.edit)


async def test_renaming_a_rule(session: Session) -> None:
    uri = session.open(API)
    line = next(at for at, text in enumerate(kit.API.split("\n")) if "style.md" in text)
    at = t.Position(line, kit.API.split("\n")[line].index("style.md") + 1)
    made = await session.client.text_document_rename_async(t.RenameParams(t.TextDocumentIdentifier(uri), at, "house"))
    assert made is not None
    fits(session, made)
    assert [edit.new_text for edit in edits_of(made)[uri]] == ["house.md"]
    workspace = session.caps.workspace
    operations = (
        workspace.workspace_edit.resource_operations if workspace and workspace.workspace_edit else None
    ) or ()
    renames = [one for one in made.document_changes or () if isinstance(one, t.RenameFile)]
    if "rename" in operations:
        assert [(one.old_uri, one.new_uri) for one in renames] == [
            (session.uri(STYLE), session.uri(".driven/rules/house.md"))
        ]
    else:
        assert not renames
        (session.root / ".driven/rules/house.md").rename(session.root / STYLE)  # the server did it


async def test_a_save_writes_every_editors_files(session: Session) -> None:
    uri = session.open(STYLE)
    text = kit.STYLE + "- Prefer plain words.\n"
    session.edit(uri, text)
    session.save(uri, STYLE, text)
    await session.until("the files", lambda: all("plain words" in said for said in kit.emitted(session.root).values()))


async def test_a_document_that_is_no_rule_gets_nothing(session: Session) -> None:
    (session.root / "README.md").write_text("# prioritty: 1\n", encoding="utf-8")
    uri = session.open("README.md")
    where = t.TextDocumentIdentifier(uri)
    assert await session.client.text_document_hover_async(t.HoverParams(where, t.Position(0, 2))) is None
    assert not await session.found(uri)


def edits_of(edit: t.WorkspaceEdit) -> dict[str, list[t.TextEdit]]:
    """The edits of texts, however they are given."""
    found: dict[str, list[t.TextEdit]] = {uri: list(edits) for uri, edits in (edit.changes or {}).items()}
    for one in edit.document_changes or ():
        if isinstance(one, t.TextDocumentEdit):
            found.setdefault(one.text_document.uri, []).extend(e for e in one.edits if isinstance(e, t.TextEdit))
    return found


def fits(session: Session, edit: t.WorkspaceEdit) -> None:
    """The edit has the form that the client declared, and no other."""
    workspace = session.caps.workspace
    able = workspace.workspace_edit if workspace is not None else None
    if able is None or not able.document_changes:
        assert edit.document_changes is None or any(
            not isinstance(one, t.TextDocumentEdit) for one in edit.document_changes
        )
    else:
        assert edit.changes is None
