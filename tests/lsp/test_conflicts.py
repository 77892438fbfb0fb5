"""A rule and its file edited in the same place: where it is shown, both sides, and a decision for one file alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsp.living import PULL, RELATED, Editor, editing, small_project

RULES = ".driven/rules"
CONFIG = "version = 1\n\n[editors]\nclaude = true\ncursor = true\n"


def rule(name: str, words: str) -> str:
    return f"---\ndescription: About {name}\n---\n\n# {name}\n\n- {words}\n"


def both(root: Path, name: str, rule_words: str, file_words: str) -> Path:
    """Edit a rule and its file for Cursor in the same line, in no editor; the file."""
    path = root / f".cursor/rules/{name}.mdc"
    text = path.read_text()
    assert "As it was." in text
    path.write_text(text.replace("As it was.", file_words))
    (root / f"{RULES}/{name}.md").write_text(rule(name, rule_words))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project", {name: rule(name, "As it was.") for name in ("api", "web")}, CONFIG)


@pytest.mark.parametrize("take", ["rule", "edited"])
def test_one_conflict_is_decided_and_another_stays(project: Path, take: str) -> None:
    api = both(project, "api", "The rule's.", "The file's.")
    web = both(project, "web", "The rule's web.", "The file's web.")
    with editing(project, capabilities=RELATED, initializationOptions={"status": True}) as editor:
        editor.wait_for("both conflicts", lambda: "SYN02" in editor.codes(api) and "SYN02" in editor.codes(web))
        (told,) = [one for one in editor.told[api.as_uri()] if one["code"] == "SYN02"]
        assert told["severity"] == 1
        assert "The file's." in api.read_text().splitlines()[told["range"]["start"]["line"]]
        related = [one["location"]["uri"] for one in told["relatedInformation"]]
        assert related == [(project / f"{RULES}/api.md").as_uri()]
        editor.wait_for("the status", lambda: editor.status[-1]["roots"][0]["state"] == "conflict")
        sides = editor.run("driven.sides", uri=api.as_uri())
        assert "The rule's." in sides["rule"] and "The file's." not in sides["rule"]
        assert "The file's." in sides["edited"] and "As it was." in sides["base"]
        # A sync cannot decide; it says which ones, and writes neither side.
        answer = editor.run("driven.sync")
        assert answer["conflicts"] == [".cursor/rules/api.mdc", ".cursor/rules/web.mdc"] and not answer["written"]
        answer = editor.run("driven.resolveConflict", uri=api.as_uri(), take=take)
        assert answer["conflicts"] == [".cursor/rules/web.mdc"]
        wins = "The rule's." if take == "rule" else "The file's."
        for path in (f"{RULES}/api.md", ".cursor/rules/api.mdc", ".claude/rules/api.md"):
            assert wins in (project / path).read_text(), path
        assert "The file's web." in web.read_text()
        assert "As it was." in (project / ".claude/rules/web.md").read_text()
        editor.wait_for("one conflict", lambda: "SYN02" not in editor.codes(api) and "SYN02" in editor.codes(web))
        answer = editor.run("driven.adopt", uri=web.as_uri())
        assert not answer["conflicts"]
        assert "The file's web." in (project / f"{RULES}/web.md").read_text()
        editor.wait_for("none", lambda: not editor.codes(web) and not editor.codes(api))
        editor.wait_for("the status", lambda: editor.status[-1]["roots"][0]["state"] == "clean")
        assert editor.run("driven.sync")["written"] == []


@pytest.mark.parametrize("last", ["rule", "edited"])
def test_two_files_of_one_rule(project: Path, last: str) -> None:
    """A rule waits while one of its files is in conflict: what was decided first is carried out with the last one."""
    cursor = both(project, "api", "The rule's.", "Cursor's.")
    claude = project / ".claude/rules/api.md"
    claude.write_text(claude.read_text().replace("As it was.", "Claude's."))
    with editing(project) as editor:
        editor.wait_for("both", lambda: "SYN02" in editor.codes(cursor) and "SYN02" in editor.codes(claude))
        first = editor.run("driven.resolveConflict", uri=cursor.as_uri(), take="rule")
        assert first["conflicts"] == [".claude/rules/api.md"] and "waits for" in first["message"]
        assert not editor.run("driven.resolveConflict", uri=claude.as_uri(), take=last)["conflicts"]
        wins = "The rule's." if last == "rule" else "Claude's."
        for path in (project / f"{RULES}/api.md", cursor, claude):
            assert wins in path.read_text(), path
        editor.wait_for("none", lambda: not any(editor.told.values()))


@pytest.mark.parametrize("take", ["rule", "edited"])
def test_it_is_shown_and_decided_in_the_rule_too(project: Path, take: str) -> None:
    file, source = both(project, "api", "The rule's.\n- And more.", "The file's."), project / f"{RULES}/api.md"
    with editing(project, capabilities=RELATED) as editor:
        uris = (editor.open_file(source), editor.open_file(file))
        editor.wait_for("both", lambda: all("SYN02" in editor.codes(path) for path in (source, file)))
        for uri, other, lines in zip(uris, reversed(uris), (2, 1), strict=True):
            (told,) = [one for one in editor.told[uri] if one["code"] == "SYN02"]
            start, end = told["range"]["start"], told["range"]["end"]
            marked = editor.texts[uri][1].splitlines()[start["line"] : end["line"] + 1]
            assert len(marked) == lines and (start["character"], end["character"]) == (0, len(marked[-1]))
            first, *more = told["message"].split("\n")
            assert first.startswith("in conflict: it and `") and f"{Path(other).name}:7`" in first
            assert more[:2] == [
                "the rule says: - The rule's. … and 1 more line", "the file says: - The file's.",
            ]  # fmt: skip
            assert more[2].startswith("quick fixes: `Take the rule's side`, `Take the edited file's side`, `Compare")
            (related,) = told["relatedInformation"]
            assert related["location"]["uri"] == other and related["location"]["range"]["start"]["line"] == 6
            assert related["message"] in ("- The rule's.", "- The file's.") and related["message"] not in marked
            where = {"textDocument": {"uri": uri}, "range": told["range"], "context": {"diagnostics": [told]}}
            fixes = editor.call_through("textDocument/codeAction", where)["result"]
            lenses = editor.call_through("textDocument/codeLens", {"textDocument": {"uri": uri}})["result"]
            titles = ["Take the rule's side", "Take the edited file's side", "Compare both sides"]
            assert [one["title"] for one in fixes][:3] == titles
            assert all(one["diagnostics"] for one in fixes)
            at_line = [one["command"]["title"] for one in lenses if one["range"]["start"]["line"] == start["line"]]
            assert at_line == titles
            assert all(one["command"]["arguments"][0]["uri"] == uris[1] for one in fixes[:3])
        # A line above it is edited, and not saved: the mark goes with its line.
        editor.edit(uris[0], editor.texts[uris[0]][1].replace("# api\n", "# api\n\nMore.\n"))
        editor.wait_for("the mark", lambda: [one["range"]["start"]["line"] for one in editor.told[uris[0]]] == [8])
        editor.edit(uris[0], source.read_text())
        assert editor.run("driven.sides", uri=uris[0])["uri"] == uris[1]
        assert not editor.run("driven.resolveConflict", uri=uris[0], take=take)["conflicts"]
        wins = "The rule's." if take == "rule" else "The file's."
        assert wins in source.read_text() and wins in file.read_text()
        editor.wait_for("none", lambda: not editor.codes(source) and not editor.codes(file))


def test_what_was_pulled_of_a_text_between_two_looks_is_asked_for_again(project: Path) -> None:
    """A file is edited and edited back before anybody looked: both looks agree, and what was shown does not."""
    path = project / ".cursor/rules/api.mdc"
    text, asked = path.read_text(), "workspace/diagnostic/refresh"
    with editing(project, capabilities=PULL) as editor:
        uri = editor.open_file(path)
        editor.wait_for("the first look", lambda: asked in [one["method"] for one in editor.asked])
        assert not editor.pulled(uri)["items"]
        editor.asked.clear()
        editor.edit(uri, text.replace("alwaysApply:", "alwayApply:"))
        assert editor.pulled(uri)["items"]
        editor.edit(uri, text)
        editor.wait_for("to be asked again", lambda: asked in [one["method"] for one in editor.asked])
        assert not editor.pulled(uri)["items"]


def test_a_rule_with_several_conflicts_names_them(project: Path) -> None:
    cursor, claude = both(project, "api", "The rule's.", "Cursor's."), project / ".claude/rules/api.md"
    claude.write_text(claude.read_text().replace("As it was.", "Claude's."))
    source = project / f"{RULES}/api.md"
    with editing(project) as editor:
        uri = editor.open_file(source)
        editor.wait_for("both", lambda: editor.codes(source) == ["SYN02", "SYN02"])
        why = editor.refused("driven.resolveConflict", uri=uri, take="rule")
        assert "2 files" in why and "`.cursor/rules/api.mdc`" in why and "`.claude/rules/api.md`" in why
        lenses = editor.call_through("textDocument/codeLens", {"textDocument": {"uri": uri}})["result"]
        titles = [one["command"]["title"] for one in lenses]
        assert "Take the rule's side: .claude/rules/api.md" in titles
        for path in (cursor, claude):
            editor.run("driven.resolveConflict", uri=path.as_uri(), take="rule")
        assert "The rule's." in cursor.read_text() and "The rule's." in claude.read_text()


def test_two_editors_at_once(project: Path) -> None:
    """Neither side is the rule's: the files say so of one another, and the rule that it waits."""
    files = [project / ".cursor/rules/api.mdc", project / ".claude/rules/api.md"]
    for path, words in zip(files, ("Cursor's.", "Claude's."), strict=True):
        path.write_text(path.read_text().replace("As it was.", words))
    source = project / f"{RULES}/api.md"
    with editing(project) as editor:
        editor.wait_for("all", lambda: all("SYN02" in editor.codes(path) for path in (*files, source)))
        for path, other in zip(files, reversed(files), strict=True):
            (told,) = editor.told[path.as_uri()]
            assert path.read_text().splitlines()[told["range"]["start"]["line"]] in told["message"]
            assert f"/{other.name}:" in told["message"] and "the quick fix `Take the rule's side`" in told["message"]
        (told,) = editor.told[source.as_uri()]
        assert told["severity"] == 2 and told["message"].startswith("held back: `.c")


def test_a_file_that_says_nothing(project: Path) -> None:
    """There is no other line to show: where the mistake is, and what the quick fix does."""
    path = project / ".cursor/rules/api.mdc"
    path.write_text(path.read_text().removeprefix("---\n"))
    with editing(project) as editor:
        editor.wait_for("the finding", lambda: "SYN02" in editor.codes(path))
        (told,) = [one for one in editor.told[path.as_uri()] if one["code"] == "SYN02"]
        assert told["range"]["start"] == {"line": 0, "character": 0} and told["range"]["end"]["character"] > 5
        where = {
            "textDocument": {"uri": editor.open_file(path)},
            "range": told["range"],
            "context": {"diagnostics": []},
        }
        fixes = editor.call_through("textDocument/codeAction", where)["result"]
        titles = [one["title"] for one in fixes]
        assert "Take the rule's side" in titles and "Compare both sides" in titles
        assert "Take the edited file's side" not in titles, "it says nothing that could be taken"
        editor.run("driven.resolveConflict", uri=(project / f"{RULES}/api.md").as_uri(), take="rule")
        assert path.read_text().startswith("---\n")
        editor.wait_for("none", lambda: "SYN02" not in str(editor.told))


def test_a_save_that_meets_an_edit(project: Path) -> None:
    """Somebody edits the file, then the rule is saved in the editor: nothing is lost, and it is said."""
    path = project / ".cursor/rules/api.mdc"
    with editing(project, capabilities=PULL) as editor:
        uri = editor.open_file(project / f"{RULES}/api.md")
        editor.settle(uri)
        path.write_text(path.read_text().replace("As it was.", "The file's."))
        editor.save(project / f"{RULES}/api.md", rule("api", "The rule's."))
        editor.wait_for("a word", lambda: any("conflict" in text for text in editor.said))
        assert "The file's." in path.read_text()
        editor.open_file(path)
        editor.wait_for("the finding", lambda: "SYN02" in str(editor.pulled(path.as_uri())["items"]))
        # Decided by hand: the file is made to say what the rule says.
        editor.save(path, path.read_text().replace("The file's.", "The rule's."))
        editor.wait_for("no conflict", lambda: not editor.pulled(path.as_uri())["items"])
        editor.wait_for("the other editor's", lambda: "The rule's." in (project / ".claude/rules/api.md").read_text())


def test_what_is_no_decision(project: Path) -> None:
    api = both(project, "api", "The rule's.", "The file's.")
    before = {path: (project / path).read_bytes() for path in (f"{RULES}/api.md", ".cursor/rules/api.mdc")}
    with editing(project) as editor:
        editor.wait_for("the conflict", lambda: "SYN02" in editor.codes(api))
        wrong: list[dict[str, Any]] = [
            {"uri": api.as_uri()}, {"uri": api.as_uri(), "take": "both"},
            {"take": "rule"}, {"uri": "x", "take": "rule"}, {"uri": project.as_uri(), "take": "rule"},
            {"uri": (project / "README.md").as_uri(), "take": "edited"},
            {"uri": (project / f"{RULES}/web.md").as_uri(), "take": "rule"},
        ]  # fmt: skip
        for given in wrong:
            assert len(editor.refused("driven.resolveConflict", **given)) > 20, given
        assert "in no conflict" in editor.refused("driven.sides", uri=(project / f"{RULES}/web.md").as_uri())
        assert "not written by driven" in editor.refused("driven.sides", uri=(project / "README.md").as_uri())
        # A buffer with edits that are not saved is no side of it yet.
        uri = editor.open_file(api)
        editor.edit(uri, editor.texts[uri][1] + "- More.\n")
        assert "not saved" in editor.refused("driven.resolveConflict", uri=uri, take="rule")
        assert {path: (project / path).read_bytes() for path in before} == before


def test_a_file_that_driven_did_not_write(tmp_path: Path) -> None:
    """A file of a person's own stands where driven would write: kept, shown, and taken only when it is said."""
    root = small_project(tmp_path / "project", {"api": rule("api", "The rule's.")}, CONFIG, sync=False)
    path = root / ".cursor/rules/api.mdc"
    path.parent.mkdir(parents=True)
    path.write_text("---\nalwaysApply: true\n---\n\n# Mine\n\n- Mine.\n")
    with Editor(root) as editor:
        editor.wait_for("the conflict", lambda: "SYN02" in editor.codes(path))
        sides = editor.run("driven.sides", uri=path.as_uri())
        assert "Mine." in sides["edited"] and "The rule's." in sides["rule"] and sides["base"] is None
        editor.run("driven.sync")
        assert "Mine." in path.read_text()
        editor.run("driven.resolveConflict", uri=path.as_uri(), take="rule")
        assert "The rule's." in path.read_text()
        editor.wait_for("no conflict", lambda: "SYN02" not in editor.codes(path))
        editor.end()


def test_a_rule_with_unsaved_edits_is_not_written_under_its_editor(project: Path) -> None:
    path, file = project / f"{RULES}/api.md", project / ".cursor/rules/api.mdc"
    typed = path.read_text().replace("About api", "Typed, not saved")
    with editing(project) as editor:
        editor.edit(editor.open_file(path), typed)
        editor.open_file(file)
        editor.save(file, file.read_text().replace("As it was.", "By hand."))
        editor.wait_for("a word", lambda: any("api.md" in text and "not saved" in text for text in editor.said))
        assert "By hand." not in path.read_text(), "the rule is not written under its editor"
        editor.save(path, typed)
        claude = project / ".claude/rules/api.md"
        editor.wait_for("both edits", lambda: "By hand." in path.read_text() and "By hand." in claude.read_text())
        assert "Typed" in path.read_text() and "By hand." in file.read_text()
