"""Folders and documents of a session, held against a real server: where a file belongs, what comes and goes with a
folder, and what a client may say wrong."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from lsp.living import (
    CONFIG,
    EMITTED,
    PULL,
    RELATED,
    STYLE,
    Editor,
    driven,
    editing,
    server_command,
    small_project,
    until,
)

BROKEN = "---\nprioritty: 10\n---\n\n# Broken\n\n- A step.\n"
CLEAN = "---\ndescription: Of its own\n---\n\n# Clean\n\n- A step that no other rule has.\n"
HAND = "# Project\n\nSee @docs/missing.md\n"
STYLE_AT = ".driven/rules/style.md"
BROKEN_AT = ".driven/rules/broken.md"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project(tmp_path_factory.mktemp("template") / "project")


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A synced project with rule `style`, and `broken`, which has a misspelt key and is not synced."""
    return copied(template, tmp_path / "project")


def copied(template: Path, root: Path, *, broken: bool = True) -> Path:
    shutil.copytree(template, root)
    if broken:
        (root / BROKEN_AT).write_text(BROKEN)
    return root


def states(editor: Editor) -> dict[str, str]:
    """Each root's last status, by its name."""
    return {one["name"]: one["state"] for one in editor.status[-1]["roots"]} if editor.status else {}


# Where a file belongs


def test_two_folders_each_with_its_own_findings_sync_and_status(template: Path, tmp_path: Path) -> None:
    one, two = copied(template, tmp_path / "one"), copied(template, tmp_path / "two", broken=False)
    with editing(one, two, initializationOptions={"status": True}) as editor:
        editor.until_codes(one / BROKEN_AT, "RUL06")
        editor.wait_for("both", lambda: states(editor) == {"one": "held", "two": "clean"})
        assert (two / BROKEN_AT).as_uri() not in editor.told
        editor.open_file(two / STYLE_AT)
        before = (one / EMITTED[0]).read_text()
        editor.save(two / STYLE_AT, STYLE + "- Two alone.\n")
        editor.wait_for("the sync", lambda: all("Two alone" in (two / path).read_text() for path in EMITTED))
        assert (one / EMITTED[0]).read_text() == before
        roots = editor.call_through("driven/tree", {})["result"]["roots"]
        assert [root["name"] for root in roots] == ["one", "two"]
        # A sync of everything that is open: one project cannot keep the other from it.
        (one / ".driven/config.toml").write_text("version = [\n")
        (two / STYLE_AT).write_text(STYLE + "- Both.\n")
        answer = editor.run("driven.sync")
        assert "Both" in (two / EMITTED[0]).read_text()
        assert any("config.toml" in text for text in answer["problems"]), answer


def test_folders_come_and_go(template: Path, tmp_path: Path) -> None:
    one, two = copied(template, tmp_path / "one"), copied(template, tmp_path / "two")
    folders = [{"uri": path.as_uri(), "name": path.name} for path in (one, two)]
    with editing(one, initializationOptions={"status": True}) as editor:
        editor.until_codes(one / BROKEN_AT, "RUL06")
        event: dict[str, Any] = {"added": [folders[1]], "removed": []}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        editor.until_codes(two / BROKEN_AT, "RUL06")
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folders[0]]}})
        editor.until_codes(one / BROKEN_AT)
        editor.wait_for("one status", lambda: list(states(editor)) == ["two"])
        # Nobody looks at what is gone: a change of it is no news.
        (one / BROKEN_AT).write_text(BROKEN.replace("prioritty", "descripton"))
        (two / BROKEN_AT).write_text(CLEAN)
        editor.until_codes(two / BROKEN_AT)
        editor.until_codes(one / BROKEN_AT)
        # And back again.
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folders[0]], "removed": []}})
        editor.until_codes(one / BROKEN_AT, "RUL06")
        (one / BROKEN_AT).write_text(CLEAN)
        editor.until_codes(one / BROKEN_AT)


def test_a_folder_that_goes_while_its_file_is_open(template: Path, tmp_path: Path) -> None:
    one = copied(template, tmp_path / "one")
    with editing(one) as editor:
        uri = editor.open_file(one / BROKEN_AT)
        editor.until_codes(uri, "RUL06")
        event = {"added": [], "removed": [{"uri": one.as_uri(), "name": "one"}]}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        editor.edit(uri, BROKEN.replace("prioritty", "x"))
        editor.wait_for("new findings", lambda: "`x`" in str(editor.told[uri]))
        editor.close(uri)
        editor.until_codes(uri)
        editor.wait_for("no root", lambda: not editor.run("driven.debugInfo")["roots"])


def test_a_folder_that_goes_while_a_pull_waits(template: Path, tmp_path: Path) -> None:
    one, two = copied(template, tmp_path / "one"), copied(template, tmp_path / "two")
    with editing(one, two, capabilities=PULL) as editor:
        items = editor.call_through("workspace/diagnostic", {"previousResultIds": []})["result"]["items"]
        assert {item["uri"] for item in items} == {(one / BROKEN_AT).as_uri(), (two / BROKEN_AT).as_uri()}
        known = [{"uri": item["uri"], "value": item["resultId"]} for item in items]
        number = editor.ask("workspace/diagnostic", {"previousResultIds": known})
        editor.settle((one / STYLE_AT).as_uri())
        event = {"added": [], "removed": [{"uri": one.as_uri(), "name": "one"}]}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        editor.wait_for("the answer", lambda: number in editor.answers, 10)
        items = editor.answers[number]["result"]["items"]
        assert [(item["uri"], item["items"]) for item in items] == [((one / BROKEN_AT).as_uri(), [])]


def test_no_workspace(project: Path, tmp_path: Path) -> None:
    """A file alone: its project is found above it; a file in no project is nobody's."""
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "CLAUDE.md").write_text(HAND)
    with editing() as editor:
        uri = editor.open_file(project / BROKEN_AT)
        editor.until_codes(uri, "RUL06")
        other = editor.open_file(loose / "CLAUDE.md")
        assert editor.hover(other)["result"] is None
        assert editor.call_through("driven/rulesHere", {"uri": other})["result"] is None
        assert "open the project" in editor.refused("driven.sync", uri=other)
        assert other not in editor.told
        editor.open_file(project / STYLE_AT)
        editor.save(project / STYLE_AT, STYLE + "- Alone.\n")
        editor.wait_for("the sync", lambda: "Alone" in (project / EMITTED[0]).read_text())
        assert [Path(root["path"]) for root in editor.run("driven.debugInfo")["roots"]] == [project]


def test_nothing_is_open_at_all() -> None:
    with editing() as editor:
        assert "driven init" in editor.refused("driven.sync")
        assert "driven init" in editor.refused("driven.newRule", id="x")
        assert editor.run("driven.fixAll") == {"changed": [], "left": 0, "unsafe": 0}
        assert editor.refused("driven.explainCode", code="RUL06")
        assert editor.call_through("driven/tree", {})["result"] == {"roots": []}
        assert editor.call_through("workspace/symbol", {"query": ""})["result"] == []


def test_a_project_in_a_workspace_folder_and_a_folder_in_a_project(template: Path, tmp_path: Path) -> None:
    """Each file belongs to the nearest project, and only there."""
    outer = copied(template, tmp_path / "outer")
    inner = copied(template, outer / "packages" / "inner")
    with editing(outer) as editor:
        editor.until_codes(outer / BROKEN_AT, "RUL06")
        uri = editor.open_file(inner / STYLE_AT)
        editor.until_codes(inner / BROKEN_AT, "RUL06")
        editor.save(inner / STYLE_AT, STYLE + "- Inner.\n")
        editor.wait_for("the sync", lambda: "Inner" in (inner / EMITTED[0]).read_text())
        assert "Inner" not in (outer / EMITTED[0]).read_text()
        # What one of them finds does not go when the other one looks.
        outer_uri = editor.open_file(outer / STYLE_AT)
        editor.edit(outer_uri, STYLE + "\nSee [it](gone.md).\n")
        editor.wait_for("a finding", lambda: editor.codes(outer_uri))
        editor.edit(outer_uri, STYLE)
        editor.until_codes(outer_uri)
        (outer / BROKEN_AT).write_text(CLEAN)
        editor.until_codes(outer / BROKEN_AT)
        assert editor.codes(inner / BROKEN_AT) == ["RUL06"]
        cleared = [n for told, _, n in editor.pushes if told == (inner / BROKEN_AT).as_uri()]
        assert cleared == [1], editor.pushes
        assert editor.codes(uri) == []
    folder = outer / "src"
    folder.mkdir()
    with editing(folder) as editor:
        uri = editor.open_file(outer / BROKEN_AT, BROKEN)
        editor.until_codes(uri, "RUL06")
        assert [Path(root["path"]) for root in editor.run("driven.debugInfo")["roots"]] == [outer]
        assert editor.run("driven.sync", uri=folder.as_uri())["message"]


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    """Hand-written files get findings; nothing is written, whatever is asked."""
    root = tmp_path / "plain"
    (root / ".cursor/rules").mkdir(parents=True)
    (root / "CLAUDE.md").write_text(HAND)
    (root / ".cursor/rules/a.mdc").write_text("---\nalwaysAply: true\n---\n\n# A\n")
    with editing(root, initializationOptions={"status": True}) as editor:
        rules = (root / "CLAUDE.md", root / ".cursor/rules/a.mdc")
        editor.wait_for("findings", lambda: all(editor.codes(path) for path in rules))
        editor.wait_for("a status", lambda: states(editor) == {"plain": "none"})
        editor.open_file(root / "CLAUDE.md")
        editor.save(root / "CLAUDE.md", "# Project\n\n- Use four spaces.\n")
        editor.until_codes(root / "CLAUDE.md")
        for name, given in {
            "driven.sync": {}, "driven.newRule": {"id": "x"}, "driven.adopt": {"uri": (root / "CLAUDE.md").as_uri()},
            "driven.import": {"uri": (root / "CLAUDE.md").as_uri()}, "driven.explain": {"uri": root.as_uri()},
        }.items():  # fmt: skip
            assert "driven init" in editor.refused(name, **given), name
        assert sorted(path.name for path in root.iterdir()) == [".cursor", "CLAUDE.md"]
        # It becomes a project while it is open, and is none again.
        driven(root, "init", "--quiet")
        editor.wait_for("a project", lambda: states(editor)["plain"] in ("clean", "drift"))
        shutil.move(root / ".driven", tmp_path / "away")
        editor.wait_for("no project", lambda: states(editor)["plain"] == "none")


@pytest.mark.parametrize("watches", [False, True], ids=["we watch", "the client watches"])
def test_a_project_that_begins_below_an_open_one_and_ends(template: Path, tmp_path: Path, watches: bool) -> None:
    """What is open there belongs to the new one from then on, unsaved edits with it, and to the outer one after it."""
    outer = copied(template, tmp_path / "outer", broken=False)
    inner = outer / "packages" / "inner"
    inner.mkdir(parents=True)
    (inner / "CLAUDE.md").write_text(HAND)
    caps = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": watches}}}
    with editing(outer, capabilities=caps, initializationOptions={"status": True}) as editor:

        def tell(*paths: str) -> None:
            changes = [{"uri": (inner / path).as_uri(), "type": 3 - (inner / path).exists()} for path in paths]
            if watches:
                editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})

        by_hand = editor.open_file(inner / "CLAUDE.md")
        editor.wait_for("a finding", lambda: editor.codes(by_hand))
        rule = editor.open_file(inner / STYLE_AT, BROKEN)
        assert editor.codes(rule) == [] and list(states(editor)) == ["outer"]
        copied(template, tmp_path / "new", broken=False)
        shutil.copytree(tmp_path / "new/.driven", inner / ".driven", ignore=shutil.ignore_patterns("state"))
        tell(".driven/config.toml", STYLE_AT)
        editor.wait_for("two projects", lambda: set(states(editor)) == {"outer", "inner"})
        editor.until_codes(rule, "RUL06")
        roots = {Path(one["path"]): one for one in editor.run("driven.debugInfo")["roots"]}
        assert sorted(roots) == [outer, inner]
        editor.save(inner / STYLE_AT, STYLE + "- Inner.\n")
        editor.wait_for(
            "the sync", lambda: (inner / EMITTED[0]).exists() and "Inner" in (inner / EMITTED[0]).read_text()
        )
        assert "Inner" not in (outer / EMITTED[0]).read_text()
        editor.until_codes(rule)
        editor.edit(by_hand, HAND + "See @docs/other.md\n")
        editor.wait_for("both findings", lambda: len(editor.codes(by_hand)) == 2)
        shutil.move(inner / ".driven", tmp_path / "away")
        tell(".driven/config.toml", STYLE_AT)
        editor.wait_for("one project", lambda: list(states(editor)) == ["outer"])
        editor.wait_for("both findings", lambda: len(editor.codes(by_hand)) == 2)
        editor.edit(by_hand, HAND)
        editor.wait_for("one finding", lambda: len(editor.codes(by_hand)) == 1)
        assert [Path(one["path"]) for one in editor.run("driven.debugInfo")["roots"]] == [outer]


def test_a_project_that_begins_around_an_open_folder_and_ends(tmp_path: Path) -> None:
    """`driven init` where the repository begins, while a folder of it is open."""
    outer = tmp_path / "outer"
    folder = outer / "docs"
    folder.mkdir(parents=True)
    (folder / "CLAUDE.md").write_text(HAND)
    with editing(folder, initializationOptions={"status": True}) as editor:
        uri = editor.open_file(folder / "CLAUDE.md")
        editor.wait_for("a status", lambda: states(editor) == {"docs": "none"})
        driven(outer, "init", "--quiet")
        editor.edit(uri, HAND + "- A step.\n")
        editor.wait_for("the project", lambda: set(states(editor)) == {"outer"} and states(editor)["outer"] != "none")
        shutil.move(outer / ".driven", tmp_path / "away")
        editor.edit(uri, HAND)
        editor.wait_for("the folder", lambda: states(editor) == {"docs": "none"})
        editor.wait_for("its finding", lambda: editor.codes(uri))


# Names of files


NAMES = ("a b", "über#x%20", "100%", "日本", "a:b", "q?a=b&c", "back\\slash", "it's (1) [x] {y}")


def test_folders_of_any_name(template: Path, tmp_path: Path) -> None:
    """URIs come back as the client knows them: those of open files as it wrote them, all others as it would."""
    roots = [copied(template, tmp_path / name) for name in NAMES]
    uris = [(root / BROKEN_AT).as_uri() for root in roots]
    odd = [uri.replace("/.driven/", "/%2Edriven/") for uri in uris]
    with editing(*roots) as editor:
        for root, uri in zip(roots, odd, strict=True):
            editor.until_codes(root / BROKEN_AT, "RUL06")
            editor.texts[uri] = (1, BROKEN)
            editor.open(uri, BROKEN)
        for uri in odd:
            editor.until_codes(uri, "RUL06")
            editor.edit(uri, CLEAN)
        for uri in odd:
            editor.until_codes(uri)
            editor.close(uri)
        for root, uri in zip(roots, odd, strict=True):
            editor.until_codes(root / BROKEN_AT, "RUL06")
            assert editor.codes(uri) == []
        assert {unquote(told) for told in editor.told} == {unquote(uri) for uri in uris}
    with editing(*roots, capabilities=PULL) as editor:
        items = editor.call_through("workspace/diagnostic", {"previousResultIds": []})["result"]["items"]
        assert sorted(unquote(item["uri"]) for item in items) == sorted(unquote(uri) for uri in uris)
        for root, uri in zip(roots, uris, strict=True):
            known = [{"uri": item["uri"], "value": item["resultId"]} for item in items]
            number = editor.ask("workspace/diagnostic", {"previousResultIds": known})
            editor.settle(uri)
            assert number not in editor.answers, "it was told again"
            (root / BROKEN_AT).write_text(CLEAN)
            editor.wait_for("the answer", lambda number=number: number in editor.answers)
            (item,) = editor.answers[number]["result"]["items"]
            assert (unquote(item["uri"]), item["items"]) == (unquote(uri), [])
            items = [one for one in items if one["uri"] != item["uri"]]


def test_uris_that_are_no_files(project: Path) -> None:
    """An unsaved buffer, a page of git's history, a machine elsewhere, bytes that are no name: nothing is looked at and
    nothing breaks."""
    odd = [
        "untitled:Untitled-1", "git:" + (project / STYLE_AT).as_posix() + "?x", "vscode-vfs://github/a/b/CLAUDE.md",
        "file://server/share/CLAUDE.md", "file:///%zz/CLAUDE.md", "file:///a%00b/CLAUDE.md", "file:CLAUDE.md", "",
        "file://", "file:///", "%", "file://[::1/CLAUDE.md", "http://example.com/CLAUDE.md", "file:///c%3A/x/CLAUDE.md",
        f"file://{project}/%ff%fe/CLAUDE.md", f"file://{project}/\ud800/CLAUDE.md",
        f"file://{project}/{'x' * 5000}/CLAUDE.md",
        f"file://{project}/.driven/rules/{'y' * 300}.md", f"file://{project}/.driven/rules/../../../CLAUDE.md",
    ]  # fmt: skip
    with editing(project) as editor:
        for uri in odd:
            editor.texts[uri] = (1, HAND)
            editor.open(uri, HAND)
            editor.edit(uri, HAND + "- x\n")
            for method in ("hover", "completion", "definition"):
                answer = editor.call_through(
                    f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 1}}
                )
                assert "result" in answer, (uri, answer)
            for method in ("driven/rulesHere", "driven/drv"):
                editor.call_through(method, {"uri": uri})
            editor.refused("driven.sides", uri=uri)
            editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
            changes = [{"uri": uri, "type": kind} for kind in (1, 2, 3)]
            editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
            editor.close(uri)
        event = {"added": [{"uri": uri, "name": ""} for uri in odd], "removed": []}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        editor.until_codes(project / BROKEN_AT, "RUL06")
        assert not [text for text in editor.said if "rror" in text], editor.said


def test_a_root_by_another_name(project: Path, tmp_path: Path) -> None:
    """A link to the project, a slash at its end, `rootPath` alone: one root, and files under the name they came by."""
    link = tmp_path / "link"
    link.symlink_to(project)
    with editing(workspaceFolders=[{"uri": link.as_uri() + "/", "name": "x"}]) as editor:
        editor.until_codes(link / BROKEN_AT, "RUL06")
        editor.open_file(link / STYLE_AT)
        editor.save(link / STYLE_AT, STYLE + "- Link.\n")
        editor.wait_for("the sync", lambda: "Link" in (project / EMITTED[0]).read_text())
        (project / BROKEN_AT).write_text(CLEAN)
        editor.until_codes(link / BROKEN_AT)
        assert len(editor.run("driven.debugInfo")["roots"]) == 1
    (project / BROKEN_AT).write_text(BROKEN)
    with editing(rootPath=f"{project}//") as editor:
        editor.until_codes(project / BROKEN_AT, "RUL06")
        editor.open_file(project / STYLE_AT)
        assert [Path(root["path"]) for root in editor.run("driven.debugInfo")["roots"]] == [project]
        assert editor.run("driven.debugInfo")["roots"][0]["path"] == str(project)


# What a client may say wrong


def test_messages_out_of_order(project: Path) -> None:
    uri = (project / BROKEN_AT).as_uri()
    with editing(project) as editor:
        editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        editor.change(uri, [{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}},
                             "text": "x"}], 7)  # fmt: skip
        editor.until_codes(uri, "RUL06")
        editor.change(uri, [{"text": CLEAN}], 3)  # never opened, but this is all of it
        editor.until_codes(uri)
        editor.open(uri, BROKEN, 1)  # twice, and backwards
        editor.open(uri, CLEAN, 0)
        editor.change(uri, [{"text": BROKEN}], -5)
        editor.until_codes(uri, "RUL06")
        where = {"start": {"line": 900, "character": 7}, "end": {"line": 2, "character": 1 << 30}}
        editor.change(uri, [{"range": where, "text": "\n- more\n"}], 2)
        editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        editor.notify("driven/nothing", {"x": 1})
        assert editor.call_through("textDocument/nothing", {})["error"]["code"] == -32601
        assert editor.call_through("workspace/executeCommand", {"command": "driven.nothing"})["error"]["code"] == -32602
        for given in ([], [None], [[]], [{"uri": 3}], [{"uri": None, "take": {}}]):
            answer = editor.call_through("workspace/executeCommand", {"command": "driven.sides", "arguments": given})
            assert answer["error"]["code"] == -32803, (given, answer)
        editor.until_codes(uri, "RUL06")


def test_a_thousand_edits_that_nobody_waits_for(project: Path) -> None:
    """Written in one go, with questions between them that are taken back: each is answered once, and what is told in
    the end is about the last text."""
    with editing(project) as editor:
        uri = editor.open_file(project / BROKEN_AT)
        editor.until_codes(uri, "RUL06")
        asked = []
        for number in range(1000):
            text = BROKEN if number % 2 else CLEAN
            editor.edit(uri, f"{text}- {number}\n")
            if number % 20 == 0:
                where = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 2}}
                asked.append(editor.ask("textDocument/hover", where))
                if number % 40 == 0:
                    editor.notify("$/cancelRequest", {"id": asked[-1]})
        editor.edit(uri, BROKEN)
        editor.wait_for("all answers", lambda: all(number in editor.answers for number in asked))
        codes = {editor.answers[number].get("error", {}).get("code") for number in asked}
        assert codes <= {None, -32800, -32801}, codes
        last = editor.texts[uri][0]
        editor.wait_for("the last push", lambda: [one[1] for one in editor.pushes if one[0] == uri][-1] == last)
        editor.until_codes(uri, "RUL06")


def test_huge_documents(project: Path) -> None:
    """More than 2 MiB is told once and looked at no further; 100,000 lines are no trouble."""
    (project / STYLE_AT).write_text(STYLE + "- A line of it.\n" * 200_000)
    with editing(project) as editor:
        uri = editor.open_file(project / STYLE_AT)
        editor.until_codes(uri, "LSP01")
        began = cpu(editor)
        for number in range(5):
            at = {"line": number, "character": 0}
            editor.change(uri, [{"range": {"start": at, "end": at}, "text": "x"}], number + 2)
        methods = ("documentSymbol", "foldingRange", "documentLink", "codeLens", "semanticTokens/full", "formatting")
        for method in methods:
            params = {"textDocument": {"uri": uri}, "options": {"tabSize": 2, "insertSpaces": True}}
            assert not editor.call_through(f"textDocument/{method}", params)["result"], method
        assert editor.hover(uri, 3)["result"] is None
        assert {number for told, _, number in editor.pushes if told == uri} == {1}
        assert cpu(editor) - began < 2.0
        editor.close(uri)
        lines = STYLE + "- A.\n" * 100_000
        (project / STYLE_AT).write_text(lines)
        editor.open_file(project / STYLE_AT)
        assert editor.hover(uri, 2, 1)["result"]
        editor.change(uri, [{"range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 0}},
                             "text": "prioritty: 1\n"}], 2)  # fmt: skip
        editor.wait_for("a finding", lambda: "RUL06" in editor.codes(uri))


def cpu(editor: Editor) -> float:
    """Seconds of processor time that the server has used."""
    fields = Path(f"/proc/{editor.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# Only what the client declared


def test_progress_and_documents_are_shown_where_they_can_be(project: Path) -> None:
    (project / BROKEN_AT).unlink()
    with editing(project) as editor:
        editor.run("driven.sync")
        editor.run("driven.openEmitted", rule="style", editor="cursor")
        editor.run("driven.newRule", id="one")
        assert {ask["method"] for ask in editor.asked} <= {"client/registerCapability"}
    able = {"window": {"workDoneProgress": True, "showDocument": {"support": True}}}
    with editing(project, capabilities=able) as editor:
        editor.run("driven.sync")
        editor.run("driven.openEmitted", rule="style", editor="cursor")
        editor.run("driven.newRule", id="two")
        methods = [ask["method"] for ask in editor.asked]
        assert methods.count("window/workDoneProgress/create") == 1
        shown = [ask["params"]["uri"] for ask in editor.asked if ask["method"] == "window/showDocument"]
        assert shown == [(project / ".cursor/rules/style.mdc").as_uri(), (project / ".driven/rules/two.md").as_uri()]
        begun = [one["params"]["value"]["kind"] for one in editor.seen if one.get("method") == "$/progress"]
        assert begun == ["begin", "end"]


def test_a_client_that_answers_nothing(project: Path) -> None:
    """It declares everything and answers no request: all the rest goes on."""
    able = {
        "window": {"workDoneProgress": True, "showDocument": {"support": True}},
        "workspace": {"configuration": True, "didChangeWatchedFiles": {"dynamicRegistration": True},
                      "codeLens": {"refreshSupport": True}, "inlayHint": {"refreshSupport": True}},
    }  # fmt: skip
    with editing(project, capabilities=able, deaf=True) as editor:
        editor.open_file(project / STYLE_AT)
        editor.until_codes(project / BROKEN_AT, "RUL06")
        editor.save(project / STYLE_AT, STYLE + "- Deaf.\n")
        editor.wait_for("the sync", lambda: "Deaf" in (project / EMITTED[0]).read_text())
        assert editor.hover((project / STYLE_AT).as_uri(), 1, 2)["result"]
        assert editor.run("driven.sync")["written"] == []


def test_settings(project: Path) -> None:
    """Pulled, pushed, and given with `initialize`: each switches what it says."""
    uri = (project / STYLE_AT).as_uri()
    lens = {"textDocument": {"uri": uri}}
    off = {"codeLens": {"enable": False}, "diagnostics.workspace": False, "sync": {"onSave": False}}
    with editing(project, initializationOptions={"settings": off}) as editor:
        editor.open_file(project / STYLE_AT)
        assert editor.call_through("textDocument/codeLens", lens)["result"] is None
        before = (project / EMITTED[0]).read_text()
        editor.save(project / STYLE_AT, STYLE + "- Off.\n")
        broken = editor.open_file(project / BROKEN_AT)
        editor.until_codes(broken, "RUL06")
        editor.close(broken)
        editor.until_codes(broken)
        editor.settle(uri)
        assert (project / EMITTED[0]).read_text() == before
        editor.notify("workspace/didChangeConfiguration", {"settings": {"driven": {"sync": {"onSave": True}}}})
        assert editor.call_through("textDocument/codeLens", lens)["result"]
        editor.save(project / STYLE_AT, STYLE + "- On.\n")
        editor.wait_for("the sync", lambda: "- On." in (project / EMITTED[0]).read_text())
    with Editor(project, capabilities={"workspace": {"configuration": True}}) as editor:
        editor.settings = {"codeLens": {"enable": False}}
        editor.open_file(project / STYLE_AT)
        editor.notify("workspace/didChangeConfiguration", {"settings": None})
        editor.wait_for("the settings", lambda: editor.call_through("textDocument/codeLens", lens)["result"] is None)
        editor.end()


# Pushed or pulled


def test_pulled(project: Path) -> None:
    broken = (project / BROKEN_AT).as_uri()
    with editing(project, capabilities=PULL) as editor:
        editor.open_file(project / BROKEN_AT)
        first = editor.pulled(broken)
        assert [one["code"] for one in first["items"]] == ["RUL06"] and first["kind"] == "full"
        assert editor.pulled(broken, first["resultId"]) == {"kind": "unchanged", "resultId": first["resultId"]}
        editor.edit(broken, CLEAN)
        second = editor.pulled(broken, first["resultId"])
        assert second["kind"] == "full" and second["items"] == []
        # The whole workspace: what is open is left to the other request; nothing new is waited for.
        number = editor.ask("workspace/diagnostic", {"previousResultIds": []})
        editor.settle(broken)
        assert number not in editor.answers
        editor.notify("$/cancelRequest", {"id": number})
        editor.wait_for("the end of it", lambda: number in editor.answers)
        assert editor.answers[number]["error"]["code"] == -32800
        assert editor.told == {}
        # Somebody else changes a file: the client is asked to ask again.
        editor.close(broken)
        asked = len(editor.asked)
        (project / BROKEN_AT).write_text(BROKEN.replace("prioritty", "descripton"))
        editor.wait_for("a refresh", lambda: "workspace/diagnostic/refresh" in [
            one["method"] for one in editor.asked[asked:]
        ])  # fmt: skip
    with editing(project, capabilities={"textDocument": {"diagnostic": {}}}) as editor:
        uri = editor.open_file(project / BROKEN_AT)
        assert editor.pulled(uri)["items"]
        assert not [one for one in editor.asked if "refresh" in one["method"]] and editor.told == {}


def test_pushed(project: Path) -> None:
    """A closed file of the project is as it stands on the disk; a file that is nowhere has nothing."""
    with editing(project, capabilities=RELATED) as editor:
        uri = editor.open_file(project / BROKEN_AT, BROKEN.replace("prioritty", "descripton"))
        editor.wait_for("the buffer's", lambda: "descripton" in str(editor.told.get(uri)))
        editor.close(uri)
        editor.wait_for("the disk's", lambda: "prioritty" in str(editor.told.get(uri)))
        new = editor.open_file(project / ".driven/rules/new.md", BROKEN)
        editor.until_codes(new, "RUL06")
        editor.close(new)
        editor.until_codes(new)
        (project / BROKEN_AT).unlink()
        editor.until_codes(uri)
        # Closed while its findings are being made: what was found then is not told any more.
        for _ in range(5):
            uri = editor.open_file(project / ".driven/rules/new.md", BROKEN)
            editor.close(uri)
        editor.settle(uri)
        uri = editor.open_file(project / STYLE_AT, BROKEN)
        editor.until_codes(uri, "RUL06")
        assert editor.codes(new) == []
        assert not [one for one in editor.asked if "refresh" in one["method"]]


def test_plain_python_starts_it_as_well(project: Path) -> None:
    command = [str(Path(server_command()[0]).with_name("python")), "-m", "driven", "lsp", "--stdio"]
    with editing(project, command=command, cwd=project) as editor:
        editor.until_codes(project / BROKEN_AT, "RUL06")


def test_a_project_that_cannot_be_written(template: Path, tmp_path: Path) -> None:
    """A file where a folder must be, twice: what cannot be written is said in a sentence, and the rest is written."""
    root = copied(template, tmp_path / "project", broken=False)
    shutil.rmtree(root / ".cursor")
    (root / ".cursor").write_text("a file\n")
    with editing(root) as editor:
        editor.open_file(root / STYLE_AT)
        editor.save(root / STYLE_AT, STYLE + "- Half.\n")
        editor.wait_for("the rest", lambda: "Half" in (root / EMITTED[1]).read_text())
        editor.wait_for("a word of it", lambda: any(".cursor" in text for text in editor.said))
        answer = editor.run("driven.sync")
        assert ".cursor" in str(answer["problems"] + answer["conflicts"])
        shutil.rmtree(root / ".driven/state")
        (root / ".driven/state").write_text("a file\n")
        editor.said.clear()
        editor.save(root / STYLE_AT, STYLE + "- None.\n")
        editor.wait_for("a word of it", lambda: any(".driven/state" in text for text in editor.said))
        assert ".driven/state" in editor.refused("driven.sync")
        editor.edit((root / STYLE_AT).as_uri(), BROKEN)
        editor.until_codes(root / STYLE_AT, "RUL06")
        (root / ".driven/state").unlink()
        editor.save(root / STYLE_AT, STYLE + "- All.\n")
        editor.wait_for("the sync", lambda: "- All." in (root / EMITTED[1]).read_text())
    until("nothing is left half", lambda: not list(root.glob("**/*.driven-tmp*")))
    assert CONFIG in (root / ".driven/config.toml").read_text()
