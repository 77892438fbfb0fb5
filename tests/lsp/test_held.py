"""A rule with a mistake is held back: what an editor shows of it is what the editors' files have, and it says so."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from driven.emission import emit_all, emit_changed, joined
from driven.model.rule import RuleSet
from driven.validation.live import Live
from driven.workspace import load
from driven_lsp.features.code_lens import lenses
from driven_lsp.features.rules_here import explain, rules_here
from driven_lsp.features.tree import tree
from driven_lsp.files import FileIndex
from driven_lsp.snapshot import Snapshot
from driven_lsp.values import Here
from lsp.kit import CONFIG as ALL
from lsp.living import Editor, driven, editing, small_project, validated

RULES = ".driven/rules"
API = f"{RULES}/api.md"
GOOD = "---\ndescription: About api\npaths: [src/**]\n---\n\n# Api\n\n- Answer.\n"
BAD = GOOD.replace("---\n", "---\nprioritty: 3\n", 1).replace("src/**", "lib/**")
WEB = "# Web\n\n- Be quick.\n"
SAYS = "held back: a mistake in .driven/rules/api.md:2 (`prioritty` is not a key of a rule)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project", {"api": GOOD, "web": WEB}, ALL)


def look(root: Path, edited: str = "") -> Snapshot:
    """The project as an editor sees it, with this text of the rule in an open buffer."""
    live = Live(str(root))
    view = live.refresh({})
    touched = {API: live.touch(view, API, edited.encode())} if edited else {}
    return Snapshot(view, FileIndex(str(root)), touched=touched)


@pytest.mark.parametrize("saved", [True, False])
def test_its_last_good_form_is_shown(project: Path, saved: bool) -> None:
    good = look(project)
    if saved:
        (project / API).write_text(BAD)
    snapshot = look(project, "" if saved else BAD)
    assert {path: output.text for path, output in snapshot.outputs.items()} == {
        path: output.text for path, output in good.outputs.items()
    }
    page = explain(snapshot, "src/a.py")
    assert page.count(SAYS) == 1 and f"{SAYS}; the editors' files keep its last good form" in page
    assert [line for line in page.splitlines() if line.startswith("| `")] == [
        line for line in explain(good, "src/a.py").splitlines() if line.startswith("| `")
    ]
    here = rules_here(snapshot, "src/a.py")
    assert here is not None
    for editor in here["editors"]:
        (api,) = [rule for rule in editor["rules"] if rule["id"] == "api"]
        assert api["held"].startswith(SAYS) and api["file"] and api["ruleUri"].endswith(API)
    held = {rule["id"]: rule["held"][:9] for rule in tree(snapshot, "p")["rules"]}
    assert held == {"api": "held back", "web": ""}
    titles = [lens.command.title for lens in lenses(Here(snapshot=snapshot, path=API))]
    assert titles == ["held back by a mistake in line 2", "its last good form → 7 editors"]
    titles = [lens.command.title for lens in lenses(Here(snapshot=snapshot, path=".cursor/rules/api.mdc"))]
    assert titles[0] == "from rule `api`, held back by a mistake: its last good form"
    assert not [
        one for one in lenses(Here(snapshot=snapshot, path=".cursor/rules/web.mdc")) if "held" in one.command.title
    ]
    # Put right, it is a rule like any other.
    right = look(project, GOOD)
    assert right.held("api") is None and "held" not in explain(right, "src/a.py")


def test_explain_says_what_the_command_line_says(project: Path) -> None:
    (project / API).write_text(BAD)
    said = json.loads(driven(project, "explain", "src/a.py", "--json", codes=(0, 1, 2)))["data"]
    here = rules_here(look(project), "src/a.py")
    assert here is not None
    mine = {(e["name"], r["id"], r["verdict"], r["file"]) for e in here["editors"] for r in e["rules"]}
    theirs = {(e["name"], r["id"], r["verdict"], r["file"]) for e in said["editors"] for r in e["rules"]}
    assert mine == theirs and len(theirs) == 14


def test_findings_are_those_of_the_text(project: Path) -> None:
    (project / API).write_text(BAD)
    view = Live(str(project)).refresh({})
    mine = {(path, one.code, one.span.line, one.message) for path, told in view.told.items() for one in told}
    assert mine == validated(project)
    assert list(view.held) == ["api"] and view.loaded.rules == 1 and len(view.rules) == 2


def test_a_rule_that_was_never_right(project: Path) -> None:
    path = f"{RULES}/new.md"
    (project / path).write_text(BAD)
    snapshot = look(project)
    assert "`new`" not in explain(snapshot, "lib/a.py") and snapshot.rule("new") is None
    (lens,) = lenses(Here(snapshot=snapshot, path=path))
    assert lens.command.title == "held back by a mistake in line 2: no editor's file has it yet"


def test_what_another_sync_has_forgotten_is_no_last_good_form(project: Path) -> None:
    """The folder of the last sync's memory went, or no rule was left to remember."""
    live = Live(str(project))
    (project / API).write_text(BAD)
    assert [rule.id for rule in live.refresh({}).rules] == ["api", "web"]
    shutil.rmtree(project / ".driven/state")
    assert [rule.id for rule in live.refresh({}).rules] == ["web"]


def test_a_condition_of_a_rule_that_is_held_back(tmp_path: Path) -> None:
    root = small_project(tmp_path / "p", {"api": GOOD.replace("---\n", "---\nwhen: files('x')\n", 1), "web": WEB}, ALL)
    (root / API).write_text(BAD)
    assert Live(str(root)).refresh({}).active == {"api": False}
    (root / "x").write_text("")
    assert Live(str(root)).refresh({}).active == {"api": True}


@pytest.mark.parametrize("seed", range(12))
def test_a_part_that_is_emitted_again_joins_the_whole(tmp_path: Path, seed: int) -> None:
    """What is shown of rules that are held back is what all of them together give."""
    pick = random.Random(seed)
    kinds = ("---\npaths: [src/**]\n---\n", "---\ndescription: x\napply: model\n---\n", "---\napply: manual\n---\n", "")
    rules = {f"r{at}": f"{pick.choice(kinds)}# Rule {at}\n\n- Do {at}.\n" for at in range(pick.randint(1, 7))}
    project = load(str(small_project(tmp_path / "p", rules, ALL, sync=False)), fresh=True)
    every = project.rules.rules
    held = {rule.id for rule in every if pick.random() < 0.4}
    rest = RuleSet.of([rule for rule in every if rule.id not in held]).rules
    emitters, settings, select = project.emitters, project.settings, project.select
    again = emit_changed(emitters, settings, every, rest, dict.fromkeys(emitters, frozenset(held)), select)
    made, whole = joined(emit_all(emitters, settings, rest, select), again), emit_all(emitters, settings, every, select)
    assert sorted(map(repr, made.pieces)) == sorted(map(repr, whole.pieces))
    assert sorted(map(repr, made.losses)) == sorted(map(repr, whole.losses))
    assert list(dict.fromkeys(one.editor for one in made.pieces)) == list(
        dict.fromkeys(name for name in emitters if any(one.editor == name for one in made.pieces))
    )


def state(editor: Editor) -> tuple[str, int]:
    root = editor.status[-1]["roots"][0] if editor.status else {}
    return root.get("state", ""), root.get("held", -1)


def test_the_status_says_it(project: Path) -> None:
    with editing(project, initializationOptions={"status": True}) as editor:
        uri = editor.open_file(project / API)
        editor.wait_for("the look", lambda: state(editor) == ("clean", 0))
        states = [one["roots"][0]["state"] for one in editor.status]
        assert states[0] == "looking" and set(states) <= {"looking", "clean"}
        editor.save(project / API, BAD)
        editor.wait_for("the word", lambda: state(editor) == ("held", 1))
        assert editor.status[-1]["roots"][0]["message"].startswith("1 rule held back by a mistake")
        editor.until_codes(project / API, "RUL06")
        (told,) = editor.told[uri]
        assert told["message"].splitlines()[1:] == [
            "did you mean `priority`?", "held back meanwhile: the editors' files keep its last good form",
        ]  # fmt: skip
        editor.save(project / API, BAD.replace("paths", "pathes"))
        editor.until_codes(project / API, "RUL06", "RUL06")
        assert [one["message"].count("held back") for one in editor.told[uri]] == [1, 0], "it is said once"
        said = editor.hover(editor.open_file(project / ".cursor/rules/api.mdc"))["result"]["contents"]["value"]
        assert "held back" in said
        editor.save(project / API, GOOD)
        editor.wait_for("clean", lambda: state(editor) == ("clean", 0) and not editor.codes(project / API))


def test_an_edit_of_its_file_waits(project: Path) -> None:
    """The file of a rule that is held back is driven's still: an edit of it is kept, and said."""
    (project / API).write_text(BAD)
    path = project / ".cursor/rules/api.mdc"
    with editing(project, initializationOptions={"status": True}) as editor:
        uri = editor.open_file(path)
        editor.wait_for("the look", lambda: state(editor) == ("held", 1))
        assert "An edit here waits until the mistake is put right" in editor.hover(uri)["result"]["contents"]["value"]
        editor.save(path, path.read_text() + "- Mine.\n")
        editor.wait_for("the finding", lambda: "SYN02" in editor.codes(path))
        assert "cannot be read" in editor.told[uri][0]["message"]
        editor.wait_for("the status", lambda: state(editor) == ("conflict", 1))
        root = editor.status[-1]["roots"][0]
        assert root["conflicts"] == 1 and "1 rule held back" in root["message"]
        assert path.read_text().endswith("- Mine.\n")
