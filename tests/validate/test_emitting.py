"""What is emitted from look to look, held against an emission of everything."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from driven.emission import Emitted, emit_all
from driven.validation.emitting import Emitting
from driven.workspace import Kept, load

EDITORS = "agents aider claude cline copilot cursor windsurf".split()  # noqa: SIM905
FRONTS = (
    "apply: always", 'paths: ["src/**/*.ts"]', "apply: model", "apply: manual", "targets: [cursor]",
    "targets: [-claude]", 'when: lang("python")', "priority: 90", "priority: many",
)  # fmt: skip


def write(root: Path, pick: random.Random, number: int) -> None:
    """One rule is written, changed or removed; now and then the configuration is."""
    path = root / ".driven/rules" / f"rule-{pick.randrange(8)}.md"
    match pick.randrange(8):
        case 0:
            path.unlink(missing_ok=True)
        case 1 if number % 3 == 0:
            config(root, pick.sample(EDITORS, pick.randint(1, len(EDITORS))))
        case 2:
            (root / f"file{number}.py").touch()  # `when` becomes true
        case _:
            body = "".join(f"- Point {pick.randrange(100)}.\n" for _ in range(pick.randint(0, 3)))
            text = f"---\ndescription: Of {pick.randrange(5)}\n{pick.choice(FRONTS)}\n---\n\n# Rule\n\n{body}"
            path.write_text(text, encoding="utf-8")


def config(root: Path, editors: list[str]) -> None:
    lines = "".join(f"{name} = true\n" for name in editors)
    (root / ".driven/config.toml").write_text(f"[editors]\n{lines}", encoding="utf-8")


def told(emitted: Emitted) -> tuple[object, ...]:
    """What an emission says, whatever the order of its parts."""
    pieces = sorted(repr(piece) for piece in emitted.pieces)
    return pieces, sorted(map(repr, emitted.losses)), emitted.failed, emitted.diagnostics


@pytest.mark.parametrize("seed", range(6))
def test_a_day_of_edits_is_emitted_as_if_it_were_new(tmp_path: Path, seed: int) -> None:
    (tmp_path / ".driven/rules").mkdir(parents=True)
    config(tmp_path, EDITORS)
    pick = random.Random(seed)
    kept, emitting = Kept(), Emitting()
    for number in range(60):
        write(tmp_path, pick, number)
        project = load(str(tmp_path), fresh=True, kept=kept)
        new = load(str(tmp_path), fresh=True)
        assert project.rules == new.rules
        assert [one.message for one in project.diagnostics] == [one.message for one in new.diagnostics]
        whole = emit_all(new.emitters, new.settings, new.rules.rules, new.select)
        assert told(emitting.of(project)) == told(whole)


def test_a_rule_that_did_not_change_is_not_parsed_again(tmp_path: Path) -> None:
    (tmp_path / ".driven/rules").mkdir(parents=True)
    config(tmp_path, EDITORS)
    for name in "ab":
        (tmp_path / f".driven/rules/{name}.md").write_text(f"# {name}\n", encoding="utf-8")
    kept = Kept()
    load(str(tmp_path), fresh=True, kept=kept)
    first = load(str(tmp_path), fresh=True, kept=kept).rules
    (tmp_path / ".driven/rules/b.md").write_text("# B\n\n- More.\n", encoding="utf-8")
    second = load(str(tmp_path), fresh=True, kept=kept).rules
    assert first.get("a") is second.get("a")
    assert second.get("b") != first.get("b")


def test_editors_in_another_order(tmp_path: Path) -> None:
    """What is shown of them stands in the order of the configuration."""
    (tmp_path / ".driven/rules").mkdir(parents=True)
    (tmp_path / ".driven/rules/a.md").write_text("# A\n\n- Do.\n", encoding="utf-8")
    kept, emitting = Kept(), Emitting()
    for editors in (["cursor", "claude"], ["claude", "cursor"]):
        config(tmp_path, editors)
        emitted = emitting.of(load(str(tmp_path), fresh=True, kept=kept))
        assert list(dict.fromkeys(piece.editor for piece in emitted.pieces)) == editors
