"""Status, explain and validate: exact, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from driven import pipeline, views
from driven.cli.data import explain as data_of
from driven.errors import UsageError
from driven.validation.validate import validate
from driven.workspace import Project, load


@pytest.fixture
def root(tmp_path: Path) -> str:
    rules = tmp_path / ".driven/rules"
    rules.mkdir(parents=True)
    (tmp_path / ".driven/config.toml").write_text("[editors]\ncursor = true\ncopilot = true\naider = true\n")
    (rules / "api.md").write_text('---\npaths: ["src/api/**/*.ts"]\n---\n\n# API\n\nValidate.\n')
    (rules / "style.md").write_text("---\npriority: 1\n---\n\n# Style\n\nTabs.\n")
    (rules / "only.md").write_text("---\ntargets: [cursor]\napply: manual\n---\n\n# Only\n\nHere.\n")
    (tmp_path / "src/api").mkdir(parents=True)
    (tmp_path / "src/api/a.ts").write_text("")
    return str(tmp_path)


def files(root: str) -> list[str]:
    return sorted(str(path) for path in Path(root).rglob("*"))


def test_status_before_and_after(root: str) -> None:
    before = files(root)
    report = views.status(root)
    assert files(root) == before
    assert [rule.id for rule in report.rules] == ["style", "api", "only"]
    enabled = {editor.target.name: editor for editor in report.editors if editor.enabled}
    assert set(enabled) == {"cursor", "copilot", "aider"}
    assert enabled["cursor"].files == 3 and enabled["cursor"].drift == 3
    assert {rule.id: rule.editors for rule in report.rules}["only"] == ("cursor",)
    pipeline.sync(root)
    after = views.status(root)
    assert all(editor.drift == 0 and editor.conflicts == 0 for editor in after.editors)
    assert after.digest == report.digest and len(after.digest) == 64
    assert [editor.files for editor in after.editors] == [editor.files for editor in report.editors]


def test_explain_says_which_rules_hold_and_why(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = views.explain(root, "src/api/a.ts")
    verdicts = {(reach.editor, reach.rule_id): reach.verdict for reach in report.reaches}
    assert verdicts["cursor", "api"] == "match" and verdicts["copilot", "api"] == "match"
    assert verdicts["aider", "api"] == "always", "Aider has no globs"
    assert verdicts["cursor", "only"] == "manual" and verdicts["copilot", "only"] == "off"
    assert report.exists
    other = views.explain(root, "web/b.ts", "cursor")
    assert {reach.rule_id: reach.verdict for reach in other.reaches} == {
        "style": "always",
        "api": "no",
        "only": "manual",
    }
    assert not other.exists
    assert other.tokens["cursor"] == -(-len("# Style\n\nTabs.\n") // 4)
    monkeypatch.chdir(Path(root) / "src")
    assert views.explain(root, "api/a.ts", "cursor").path == "src/api/a.ts"
    for path, editor, says in [("../../../x", None, "outside"), ("a", "cursr", "unknown"), ("a", "claude", "enabled")]:
        with pytest.raises(UsageError, match=says):
            views.explain(root, path, editor)


def write_config(root: str, text: str) -> None:
    (Path(root) / ".driven/config.toml").write_text(text)


def test_files_of_other_editors_are_counted_where_they_are_read(root: str) -> None:
    write_config(root, '[editors]\ncursor = true\ncopilot = true\n[sync]\nalways = "agents"\n')
    report = views.explain(root, "src/api/a.ts")
    style = {reach.editor: reach for reach in report.reaches if reach.rule_id == "style"}
    assert {name: one.file for name, one in style.items()} == dict.fromkeys(
        ("cursor", "copilot", "agents"), "AGENTS.md"
    )
    assert all(one.characters == len("# Style\n\nTabs.\n") for one in style.values())
    assert views.explain(root, "src/api/a.ts", "cursor").reaches == report.reaches[:3]
    assert report.also == {"cursor": (), "copilot": (), "agents": ()}
    editors = {rule.id: rule.editors for rule in views.status(root).rules}
    assert editors["style"] == ("cursor", "copilot", "agents")
    assert editors["only"] == ("cursor",)


def test_what_agents_md_says_again_is_told(root: str) -> None:
    write_config(root, "[editors]\ncursor = true\nagents = true\n")
    report = views.explain(root, "web/b.ts")
    text = "# Style\n\nTabs.\n\n# API\n\nApplies to files matching: `src/api/**/*.ts`\n\nValidate.\n"
    assert report.also["agents"] == ()
    data = data_of(report)["editors"][0]
    assert data["also_read"] == [{"path": "AGENTS.md", "rules": 2, "characters": len(text)}]


def test_a_long_rule_is_weighed_by_its_largest_file(root: str) -> None:
    write_config(root, "[editors]\nwindsurf = true\n")
    body = "".join(f"## Part {i}\n\n{'word ' * 1000}\n\n" for i in range(6))
    (Path(root) / ".driven/rules/long.md").write_text(body)
    data = data_of(views.explain(root, "web/b.ts"))["editors"][0]
    seen = next(editor for editor in views.status(root).editors if editor.enabled)
    assert data["largest"] == seen.largest <= seen.limit == 12_000
    assert data["characters"] > 29_000


class Words:
    """A token counter: a word is a token."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


def test_tokens_are_counted_in_what_is_sent(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_counter(root: str) -> Project:
        project = load(root)
        project.plugins.counters.append(Words())
        return project

    monkeypatch.setattr("driven.views.load", with_counter)
    report = views.explain(root, "src/api/a.ts")
    assert report.counter == "words"
    # In CONVENTIONS.md the rule for paths stands below a line that names them, `Only` is not written.
    assert report.tokens["aider"] == Words().count("# Style Tabs. # API Applies to files matching: `x` Validate.")
    assert report.tokens["cursor"] == Words().count("# Style Tabs. # API Validate.")


def test_validate_reports_everything_at_once(root: str) -> None:
    assert not [found for found in validate(root).diagnostics if found.severity == "error"]
    rules = Path(root) / ".driven/rules"
    (rules / "bad.md").write_text("---\ndescripton: x\n---\n\nText.\n")
    (rules / "worse.md").write_bytes(b"\xff")
    (rules / "a").mkdir()
    (rules / "a/b.md").write_text("One.\n")
    (rules / "a-b.md").write_text("Two.\n")
    before = files(root)
    report = validate(root)
    assert files(root) == before
    codes = {found.code for found in report.diagnostics}
    assert {"RUL06", "RUL20", "PLN01"} <= codes
