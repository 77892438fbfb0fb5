"""What stands above the lines of rules, of the configuration and of files that driven writes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from driven.model.artefact import Loss
from driven.model.plan import Plan
from driven_lsp.features.code_lens import lenses
from driven_lsp.landing_text import loss_words
from driven_lsp.snapshot import Snapshot
from driven_lsp.values import Here
from lsp.kit import snapshot_of
from lsp.mangled import PATHS, conflict, emitted, opened, texts

STYLE = "---\ndescription: How code looks\n---\n# Style\n\nBe brief.\n"
FILES = {".driven/rules/style.md": STYLE, "src/a.ts": "", "src/b.ts": "", "lib/c.ts": ""}
API = ".driven/rules/api.md"
CONFIG = "[editors]\ncursor = true\nclaude = true\naider = true\n"


def shown(snapshot: Snapshot, path: str) -> list[tuple[int, str, str]]:
    """(line from 1, title, command) of each lens."""
    document = snapshot.document(path)
    assert document is not None
    return [
        (document.line_of(lens.start), lens.command.title, lens.command.name)
        for lens in lenses(Here(snapshot=snapshot, path=path))
    ]


def of_rule(tmp_path: Path, text: str, config: str = CONFIG) -> Snapshot:
    """A project with the open rule `api`."""
    return snapshot_of(tmp_path, {**FILES, API: text}, {API: text}, config=config)


def test_a_rule_for_paths(tmp_path: Path) -> None:
    snapshot = of_rule(tmp_path, "---\ndescription: Api\npaths: ['src/*.ts', 'src/a*']\n---\n# Api\n\nBe kind.\n")
    assert shown(snapshot, API) == [
        (1, "→ 3 editors", "driven.openEmitted"),
        (1, "approximated in 1 editor", "driven.explain"),
        (1, "~4 tokens", ""),
        (3, "2 files match", "driven.matches"),
    ]
    by_name = {lens.command.name: lens.command.argument for lens in lenses(Here(snapshot=snapshot, path=API))}
    assert by_name["driven.matches"] == by_name["driven.explain"] == {"path": API}
    assert by_name["driven.openEmitted"] == {"rule": "api", "path": API}


def test_what_is_lost_says_of_what(tmp_path: Path) -> None:
    """Each number counts editors."""
    config = "[editors]\nagents = true\naider = true\ncline = true\ncopilot = true\ncursor = true\n"
    found = shown(of_rule(tmp_path / "a", "---\napply: manual\n---\n# A\n", config), API)
    assert (1, "approximated in 2 editors, not written for 1", "driven.explain") in found
    losses = [Loss(rule_id="a", kind=kind, reason=str(at), editor=editor) for at, (kind, editor) in enumerate(LOST)]
    assert loss_words(losses, {"one", "two"}) == "approximated in 2 editors, in part left out of 1, not written for 1"
    assert loss_words(losses[:2], {"one"}) == "approximated in 1 editor"
    assert loss_words([], {"one"}) == ""


LOST: tuple[tuple[Literal["approximated", "dropped"], str], ...] = (
    ("approximated", "one"), ("approximated", "one"), ("approximated", "two"), ("dropped", "one"), ("dropped", "four"),
)  # fmt: skip


def test_one_file_matches(tmp_path: Path) -> None:
    assert (2, "1 file matches", "driven.matches") in shown(of_rule(tmp_path, "---\npaths: lib/**\n---\n# A\n"), API)


def test_no_file_matches(tmp_path: Path) -> None:
    assert (2, "0 files match", "") in shown(of_rule(tmp_path, "---\npaths: web/**\n---\n# A\n"), API)


def test_a_rule_that_goes_nowhere(tmp_path: Path) -> None:
    found = shown(of_rule(tmp_path, "---\ntargets: [windsurf]\n---\n# A\n"), API)
    assert found == [(1, "→ no editor", ""), (1, "~1 token", "")]
    found = shown(of_rule(tmp_path, "---\nwhen: lang('cobol')\n---\n# A\n"), API)
    assert (1, "not emitted: its `when` is false", "") in found


def test_an_editor_that_reads_anothers_file_counts(tmp_path: Path) -> None:
    text = "---\napply: model\ndescription: x\n---\n# A\n"
    snapshot = of_rule(tmp_path, text, "[editors]\nclaude = true\ncline = true\n")
    assert len(snapshot.outputs_of("api")) == 1
    assert (1, "→ 2 editors", "driven.openEmitted") in shown(snapshot, API)


def test_a_rule_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    held = (1, "held back by a mistake in line 2: no editor's file has it yet", "")
    assert shown(of_rule(tmp_path, "---\npaths: [\n---\n# A\n"), API) == [held]


def test_a_written_file_names_its_rule(tmp_path: Path) -> None:
    emitted(of_rule(tmp_path, "# Api\n"), ".cursor/rules/style.mdc")
    snapshot = of_rule(tmp_path, "# Api\n")
    found = lenses(Here(snapshot=snapshot, path=".cursor/rules/style.mdc"))
    assert [lens.command.title for lens in found] == ["from rule `style`", "~5 tokens"]
    assert found[0].command.name == "driven.openRule"
    assert found[0].command.argument == {"path": ".cursor/rules/style.mdc", "line": 0}


def test_a_section_names_the_rule_of_each_part(tmp_path: Path) -> None:
    text = "# Api\n\nx\n"
    emitted(of_rule(tmp_path, text), "CONVENTIONS.md", b"# Mine\n\nx\n")
    snapshot = of_rule(tmp_path, text)
    assert shown(snapshot, "CONVENTIONS.md") == [
        (5, "from rules `api`, `style`", "driven.openRule"),
        (6, "from rule `api`", "driven.openRule"),
        (10, "from rule `style`", "driven.openRule"),
        (1, "~40 tokens", ""),
    ]


def test_a_conflict_can_be_decided(tmp_path: Path) -> None:
    path = ".cursor/rules/style.mdc"
    emitted(of_rule(tmp_path, "# Api\n"), path)
    snapshot = of_rule(tmp_path, "# Api\n")
    snapshot.plan = Plan(changes=(conflict(path),))
    found = [lens.command for lens in lenses(Here(snapshot=snapshot, path=path))][:3]
    assert [(one.title, one.name, dict(one.argument)) for one in found] == [
        ("Take the rule's side", "driven.resolveConflict", {"path": path, "take": "rule"}),
        ("Take the edited file's side", "driven.resolveConflict", {"path": path, "take": "edited"}),
        ("Compare both sides", "driven.sides", {"path": path}),
    ]


def test_the_configuration(tmp_path: Path) -> None:
    snapshot = of_rule(tmp_path, "# Api\n")
    assert shown(snapshot, ".driven/config.toml") == [(1, "2 rules → 3 editors, 6 files", "")]
    snapshot.plan = Plan(changes=())
    assert shown(snapshot, ".driven/config.toml")[1] == (1, "Sync", "driven.sync")
    snapshot.trusted = False
    assert len(shown(snapshot, ".driven/config.toml")) == 1


def test_a_file_of_a_persons_says_what_it_costs(tmp_path: Path) -> None:
    path = ".windsurf/rules/own.md"
    text = "---\ntrigger: always_on\n---\n" + "Use early returns. " * 400
    assert shown(snapshot_of(tmp_path, {path: text}), path) == [(1, "~1,900 tokens · 7,627 of 12,000 characters", "")]
    assert shown(snapshot_of(tmp_path, {"AGENTS.md": "Be kind.\n"}, config=""), "AGENTS.md") == [(1, "~3 tokens", "")]


def test_no_text_breaks_lenses() -> None:
    with opened() as project:

        @settings(max_examples=150)
        @given(texts(), st.sampled_from(PATHS))
        def check(text: str, path: str) -> None:
            snapshot = project.snapshot(path, text)
            document = snapshot.document(path)
            assert document is not None
            for lens in lenses(Here(snapshot=snapshot, path=path)):
                assert 0 <= lens.start <= lens.end <= len(document.text)
                assert lens.command.title

        check()
