"""A folder whose findings are kept up to date while it is edited: one file at once, everything a little later."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from driven.validation.live import Live
from driven.validation.validate import validate

RULE = "---\ndescription: Style\n---\n\n# Style\n\n- Use four spaces.\n- See [the page](nowhere.md).\n"
PATH = ".driven/rules/style.md"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".driven/rules").mkdir(parents=True)
    (tmp_path / ".driven/config.toml").write_text("[editors]\ncursor = true\n", encoding="utf-8")
    (tmp_path / PATH).write_text(RULE, encoding="utf-8")
    (tmp_path / "main.py").write_text("", encoding="utf-8")
    (tmp_path / "CLAUDE.md").write_text("# Claude\n\n- Use two spaces. @nowhere.md\n", encoding="utf-8")
    return tmp_path


def rows(told: object) -> list[tuple[str, str, int, int, str]]:
    return [(d.span.path, d.code, d.span.line, d.span.column, d.message) for d in told]  # type: ignore[attr-defined]


def test_a_look_at_everything_finds_what_a_validation_finds(root: Path) -> None:
    view = Live(str(root)).refresh({})
    told = [one for path in sorted(view.told) for one in view.told[path]]
    assert rows(told) == rows(validate(str(root)).diagnostics)
    assert told, "there is something to find"


def test_what_is_open_counts_in_place_of_the_disk(root: Path) -> None:
    live = Live(str(root))
    edited = RULE.replace("description", "descripton")
    view = live.refresh({PATH: edited.encode()})
    assert "RUL06" in {one.code for one in view.told[PATH]}
    (root / PATH).write_text(edited, encoding="utf-8")
    assert rows(view.told[PATH]) == rows(one for one in validate(str(root)).diagnostics if one.span.path == PATH)


def test_one_file_alone_and_what_hangs_on_others_moves_with_its_lines(root: Path) -> None:
    live = Live(str(root))
    view = live.refresh({})
    (link,) = [one for one in view.told[PATH] if "nowhere.md" in one.message]
    edited = RULE.replace("# Style\n", "# Style\n\nA new paragraph.\n")
    touched = live.touch(view, PATH, edited.encode())
    (moved,) = [one for one in touched.told if "nowhere.md" in one.message]
    assert (moved.span.line, moved.span.column) == (link.span.line + 2, link.span.column)
    gone = live.touch(view, PATH, RULE.replace("- See [the page](nowhere.md).\n", "- Plain.\n").encode())
    assert not [one for one in gone.told if "nowhere.md" in one.message], "its line was edited"
    assert touched.rule is not None and "A new paragraph." in touched.rule.body


def test_the_configuration_is_read_as_it_is_typed(root: Path) -> None:
    live = Live(str(root))
    view = live.refresh({})
    (told,) = live.touch(view, ".driven/config.toml", b"[editors]\ncurzor = true\n").told
    assert (told.code, told.span.line) == ("CFG01", 2)
    (told,) = live.touch(view, ".driven/config.toml", b"[editors\n").told
    assert told.code == "DRV002" and told.span.path == ".driven/config.toml"
    assert live.touch(view, ".driven/config.toml", b"[editors]\ncursor = true\n").told == ()


def test_an_open_configuration_counts_in_place_of_the_disk(root: Path) -> None:
    live = Live(str(root))
    at = ".driven/config.toml"
    bad = b"[editors]\ncurzor = true\nclaude = 'yes'\n"
    view = live.refresh({at: bad})
    assert [(one.code, one.fix is not None) for one in view.told[at]] == [("CFG01", True), ("DRV002", True)]
    assert view.told[at] == live.touch(view, at, bad).told and view.problem is None
    (root / at).write_bytes(bad)
    view = live.refresh({at: b"[editors]\ncursor = true\n"}, before=view)
    assert at not in view.told and view.problem is not None, "nothing is written while the disk says so"
    assert [one.code for one in live.refresh({}, before=view).told[at]] == ["CFG01", "DRV002"]


def test_a_project_that_cannot_be_loaded_stays_as_it_was_and_says_why(root: Path) -> None:
    live = Live(str(root))
    before = live.refresh({})
    (root / ".driven/config.toml").write_text("[editors\n", encoding="utf-8")
    view = live.refresh({}, before=before)
    assert view.problem is not None and "DRV002" in {one.code for one in view.told[".driven/config.toml"]}
    assert [rule.id for rule in view.rules] == ["style"]
    (root / ".driven/config.toml").write_text("[editors]\ncursor = true\n", encoding="utf-8")
    cured = live.refresh({}, before=view)
    assert cured.problem is None and ".driven/config.toml" not in cured.told


def test_what_did_not_change_is_not_asked_again(root: Path) -> None:
    live = Live(str(root))
    live.refresh({})
    live.refresh({})
    assert live._recent.asked == 0
    live.refresh({PATH: (RULE + "- More.\n").encode()})
    assert 0 < live._recent.asked < len(live.refresh({}).plugins.checks)


def test_an_earlier_view_stays_as_it_was(root: Path) -> None:
    """Whoever answers from it while the next look is under way reads no half of either."""
    (root / ".cursor/rules").mkdir(parents=True)
    (root / ".cursor/rules/own.mdc").write_text("# Own\n", encoding="utf-8")
    (root / "AGENTS.md").symlink_to("CLAUDE.md")
    live = Live(str(root))
    live.refresh({})
    (root / ".cursor/rules/style.mdc").write_text(live.refresh({}).emitted.pieces[0].artefact.text, encoding="utf-8")  # type: ignore[union-attr]
    before = live.refresh({})
    ours, link = before.documents[".cursor/rules/style.mdc"], before.documents["AGENTS.md"]
    assert ours.ours and ours.origins == (PATH,) and link.linked == "CLAUDE.md"
    rule = before.documents[PATH].rule
    assert rule is not None
    own = before.documents[".cursor/rules/own.mdc"]
    (root / PATH).unlink()
    (root / "AGENTS.md").unlink()
    (root / "AGENTS.md").write_bytes((root / "CLAUDE.md").read_bytes())
    after = live.refresh({})
    assert after.documents[".cursor/rules/style.mdc"].ours == [] and after.documents["AGENTS.md"].linked == ""
    assert after.documents[".cursor/rules/own.mdc"] is own, "of what did not change there is one"
    assert ours.ours and ours.origins == (PATH,) and link.linked == "CLAUDE.md"
    assert before.documents[PATH].rule is rule
