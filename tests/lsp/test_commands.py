"""The commands of workspace/executeCommand: what they take, what they answer, and what is said when they cannot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from driven_lsp.features.matches import matches
from driven_lsp.features.rules_here import explain
from driven_lsp.taking import TAKES, id_of_name
from lsp.kit import snapshot_of
from lsp.living import Editor, driven, editing, small_project

STYLE = "---\ndescription: How code looks\n---\n\n# Style\n\nBe brief.\n"
API = "---\ndescription: The API\npaths: ['src/*.ts', 'lib/**']\n---\n\n# API\n\nBe kind.\n"
FILES = {
    ".driven/rules/style.md": STYLE, ".driven/rules/api.md": API,
    "src/a.ts": "", "src/b.ts": "", "lib/c.ts": "", "docs/x.md": "# X\n",
}  # fmt: skip
PAGE = Path(__file__).parents[2] / "docs" / "lsp.md"


def test_every_command_says_what_it_takes(tmp_path: Path) -> None:
    """Nothing, an empty object, empty texts, other kinds: each answer names the command and what it needs."""
    with editing(small_project(tmp_path)) as editor:
        assert set(TAKES) == set(editor.info["capabilities"]["executeCommandProvider"]["commands"])
        for name, takes in TAKES.items():
            needed = [one for one in takes if one[0] != "["]
            for given in ([], [None], [{}], [dict.fromkeys(("uri", "id", "code", "take", "rule"), "")], [{"uri": 5}]):
                if not needed:
                    continue
                answer = editor.call_through("workspace/executeCommand", {"command": name, "arguments": given})
                said = answer["error"]["message"]
                assert answer["error"]["code"] == -32803, (name, given, answer)
                assert said.startswith(f"`{name}` needs `{needed[0].split(' or ')[0]}`, "), said
                assert said.endswith("give it `{" + ", ".join(takes) + "}`"), said
            for odd, kind in ((["x"], "a text"), ([["x"]], "a list"), ([5], "a number"), ([True], "true or false")):
                answer = editor.call_through("workspace/executeCommand", {"command": name, "arguments": odd})
                assert f"`{name}` takes one object, not {kind}" in answer["error"]["message"], answer


def test_the_page_says_the_same() -> None:
    rows = re.findall(r"^\| `(driven\.\w+)` \| (.*?) ?\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    said = {name: tuple(one for one in re.split(r", ", words.replace("`", "")) if one) for name, words in rows}
    assert said == dict(TAKES)


def test_a_file_that_is_none_of_this_machine(tmp_path: Path) -> None:
    with editing(small_project(tmp_path)) as editor:
        assert "is no file of this machine" in editor.refused("driven.explain", uri="untitled:Untitled-1")
        assert "needs `take`, which side is right" in editor.refused("driven.resolveConflict", uri=tmp_path.as_uri())


@pytest.fixture
def editor(tmp_path: Path) -> object:
    root = small_project(tmp_path / "project", {"style": STYLE, "api": API})
    for path in ("src/a.ts", "src/b.ts", "lib/c.ts"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("")
    (root / "notes").mkdir()
    with editing(root, capabilities={"window": {"showDocument": {"support": True}}}) as one:
        yield one, root


def shown(editor: Editor) -> list[str]:
    """The names of the files that the server had opened."""
    return [one["params"]["uri"].rpartition("/")[2] for one in editor.asked if one["method"] == "window/showDocument"]


def test_the_files_that_globs_match(editor: tuple[Editor, Path]) -> None:
    client, root = editor
    answer = client.run("driven.matches", uri=(root / ".driven/rules/api.md").as_uri())
    assert [one["path"] for one in answer["files"]] == ["lib/c.ts", "src/a.ts", "src/b.ts"]
    assert answer["files"][0]["uri"] == (root / "lib/c.ts").as_uri()
    assert (answer["count"], answer["message"]) == (3, "3 files match: `lib/c.ts`, `src/a.ts`, `src/b.ts`")
    assert client.said[-1] == answer["message"] and shown(client) == []
    none = client.run("driven.matches", uri=(root / ".driven/rules/style.md").as_uri())
    assert (none["files"], none["message"]) == ([], "there are no globs in `.driven/rules/style.md`")
    (root / ".cursor/rules/own.mdc").write_text("---\nglobs: nope/**\n---\nText\n")
    none = client.run("driven.matches", uri=(root / ".cursor/rules/own.mdc").as_uri())
    assert none["message"] == "no file matches the globs of `.cursor/rules/own.mdc`"
    (root / ".cursor/rules/own.mdc").unlink()
    (root / "src/b.ts").unlink()
    (root / "lib/c.ts").unlink()
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": (root / "src/b.ts").as_uri(), "type": 3}]})
    one = client.wait_for(
        "one file",
        lambda: (a := client.run("driven.matches", uri=(root / ".driven/rules/api.md").as_uri()))["count"] == 1 and a,
    )
    assert one["message"] == "1 file matches: `src/a.ts`"
    assert shown(client)[-1] == "a.ts"


def test_the_globs_of_an_editors_file_count_from_its_folder(tmp_path: Path) -> None:
    text = "---\nglobs: src/*.ts,nope/**\n---\nText\n"
    snapshot = snapshot_of(tmp_path, {**FILES, "web/.cursor/rules/x.mdc": text, "web/src/z.ts": ""})
    assert matches(snapshot, "web/.cursor/rules/x.mdc") == ["web/src/z.ts"]
    assert matches(snapshot, "gone.md") == matches(snapshot, "docs/x.md") == []


def test_a_new_rule_takes_the_name_that_a_rename_takes(editor: tuple[Editor, Path]) -> None:
    client, root = editor
    answer = client.run("driven.newRule", id=" API/Error Handling.md ")
    assert answer["id"] == "api/error-handling"
    assert (root / ".driven/rules/api/error-handling.md").read_text().startswith("---\ndescription: Error handling\n")
    assert "there is a rule `api/error-handling`" in client.refused("driven.newRule", id="api/error handling")
    for name in ("...", "a/../b", "//", "日本"):
        assert "cannot be the id of a rule; an id is letters" in client.refused("driven.newRule", id=name), name
    assert id_of_name("Écrire_tests.v2") == "ecrire-tests-v2"


def test_an_import_says_what_to_do_next(editor: tuple[Editor, Path]) -> None:
    client, root = editor
    path = root / ".cursor/rules/mine.mdc"
    path.write_text("---\ndescription: Mine\nalwaysApply: false\n---\n\n# Mine\n\nText.\n")
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": path.as_uri(), "type": 1}]})
    answer = client.run("driven.import", uri=path.as_uri())
    rule = root / ".driven/rules/mine.md"
    assert (answer["rules"], answer["uris"]) == (["mine"], [rule.as_uri()])
    assert client.said[-1] == answer["message"]
    assert answer["message"] == (
        "imported as `.driven/rules/mine.md`; look at it, then save it or sync: every editor gets it"
    )
    assert shown(client) == ["mine.md"]
    client.run("driven.sync")
    assert (root / ".claude/rules/mine.md").exists() or (root / ".claude/skills/mine/SKILL.md").exists()
    again = client.run("driven.import", uri=path.as_uri())
    assert again["message"] == "`.cursor/rules/mine.mdc` is a rule already; `driven.openRule` opens it"
    (root / "notes/x.md").write_text("# Notes\n")
    assert "say whose it is" in client.refused("driven.import", uri=(root / "notes/x.md").as_uri())


# Explain


def test_a_rules_own_page_says_where_it_lands(tmp_path: Path) -> None:
    page = explain(snapshot_of(tmp_path, FILES), ".driven/rules/api.md").replace(f"file://{tmp_path}/", "")
    assert page.startswith("# Rule `api`\n\n**API**, rule [`api`](.driven/rules/api.md)")
    assert "| Cursor | [`.cursor/rules/api.mdc`](.cursor/rules/api.mdc) | native: " in page
    assert "## Its files\n\n`src/*.ts`: **2 files**" in page
    assert "rules that apply" not in page.lower()
    plain = explain(snapshot_of(tmp_path, FILES), ".driven/rules/style.md")
    assert "| Cursor |" in plain and "Its files" not in plain


def test_a_rule_as_it_is_edited_is_explained(tmp_path: Path) -> None:
    path = ".driven/rules/api.md"
    edited = API.replace("'src/*.ts'", "'docs/**'")
    assert "`docs/**`: **1 file**" in explain(snapshot_of(tmp_path, FILES, {path: edited}), path)


def test_a_rule_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    path = ".driven/rules/broken.md"
    page = explain(snapshot_of(tmp_path, {**FILES, path: "---\npaths: [\n---\n# A\n"}), path)
    assert page.startswith("# Rule `broken`\n\nIt is held back: a mistake in .driven/rules/broken.md:2 (the YAML")
    assert page.endswith("no editor's file has it yet.\n"), page


def test_what_an_editor_reads_of_anothers(tmp_path: Path) -> None:
    config = "[editors]\nagents = true\ncopilot = true\n"
    page = explain(snapshot_of(tmp_path, FILES, config=config), "src/a.ts")
    assert "loads `AGENTS.md` as well, which is written for `agents`: 2 rules stand there once more, 1" in page
    assert "characters that are not counted above." in page
    assert "It also reads" not in page


def test_explain_is_asked_for(editor: tuple[Editor, Path]) -> None:
    client, root = editor
    about = client.run("driven.explain", uri=(root / ".driven/rules/api.md").as_uri())
    assert about["title"] == "rule api" and about["markdown"].startswith("# Rule `api`")
    other = client.run("driven.explain", uri=(root / "src/a.ts").as_uri())
    assert other["title"] == "rules for src/a.ts"


def test_doctor_counts_rules(tmp_path: Path) -> None:
    assert ", 1 rule\n" in driven(small_project(tmp_path), "doctor", codes=(0, 1))
