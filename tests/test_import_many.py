"""An import of several editors' files at once: joined, named, targeted; and a sync then changes no byte of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from driven import intake, pipeline
from driven.model.rule import Rule
from driven.project.ledger import Memory, read_lock
from driven.project.sources import load_sources

API = "# Handlers\n\nValidate input. Never log tokens.\n"
ALL = ("agents", "aider", "claude", "cline", "copilot", "cursor", "windsurf")
FILES = {
    ".cursor/rules/api.mdc": f"---\ndescription: HTTP\nglobs: src/api/**/*.ts\nalwaysApply: false\n---\n\n{API}",
    ".github/instructions/api.instructions.md": f"---\ndescription: 'HTTP'\napplyTo: 'src/api/**/*.ts'\n---\n{API}",
    ".windsurf/rules/api.md": f"---\ntrigger: glob\ndescription: HTTP\nglobs: src/api/**/*.ts\n---\n\n{API}",
    ".claude/rules/api.md": f"---\npaths:\n  - src/api/**/*.ts\n---\n\n{API}",
    ".clinerules/api.md": f'---\npaths:\n  - "src/api/**/*.ts"\n---\n\n{API}',
    ".cursor/rules/style.mdc": "---\nalwaysApply: true\n---\n\nShort lines, and names that say what a thing is for.\n",
    ".clinerules/style.md": "Short lines, and names that say what a thing is good for.\n",
    ".cursor/rules/tests.mdc": '---\nglobs: "tests/**/*.py"\nfoo: 1\n---\nOne fact each.\r\nNo mocks.',
    ".windsurf/rules/odd.md": "---\nx: y\ntrigger:   manual\n---\n\n\n\nOdd.\n\n\n",
    ".github/copilot-instructions.md": "# Copilot\r\n\r\nBe brief",
    "CLAUDE.md": "# Claude\n\nSee @docs/errors.md and @AGENTS.md.\n",
    "docs/errors.md": "# Errors\n\nName the thing.\n",
    "AGENTS.md": "# Agents\n\nRun the tests.\n",
    "src/AGENTS.md": "\ufeffOnly in src.",
    "CONVENTIONS.md": "# Conventions\n\nUse LF.\n",
    ".aider.conf.yml": "# mine\nread: [CONVENTIONS.md, docs/aider.md]\n",
    "docs/aider.md": "For Aider.\n",
}


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for path, data in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)


def project(root: Path, *editors: str, sync: str = "") -> str:
    lines = "".join(f"{name} = true\n" for name in editors or ALL)
    write(root, {".driven/config.toml": f"[editors]\n{lines}[sync]\n{sync}\n"})
    (root / ".driven/rules").mkdir(parents=True)
    return str(root)


def rules_of(root: str) -> dict[str, Rule]:
    return load_sources(root, Memory(), emitted=False).rules


def changed(root: Path, files: dict[str, str | bytes]) -> list[str]:
    """The files that are not what they were."""
    return [
        path
        for path, data in files.items()
        if not (root / path).is_file()
        or (root / path).read_bytes() != (data.encode() if isinstance(data, str) else data)
    ]


def test_seven_editors_at_once_and_no_byte_of_theirs_changes(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, FILES)
    report = intake.import_files(root, [])
    assert not report.plan.conflicts and set(report.files) == set(ALL)
    rules = rules_of(root)
    assert rules["api"].targets == ("claude", "cline", "copilot", "cursor", "windsurf")
    assert rules["api"].description == "HTTP" and len(report.rules) == len(rules)
    assert rules["style"].targets == ("cline",) and rules["style-cursor"].targets == ("cursor",)
    assert "-claude" in rules["docs/errors"].targets and "-agents" in rules["docs/errors"].targets
    synced = pipeline.sync(root)
    assert not synced.plan.conflicts and not synced.held
    assert changed(tmp_path, FILES) == []
    assert pipeline.sync(root).plan.is_clean
    again = intake.import_files(root, [])
    assert again.rules == () and not again.plan.writes and len(again.ours) >= len(FILES) - 3


def test_what_a_sync_would_write_there_is_entered(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, FILES)
    intake.import_files(root, [])
    parts = {(path, editor): part for path, editor, part in read_lock(root)}
    assert parts["CLAUDE.md", "claude"] == "outside" and parts["src/AGENTS.md", "agents"] == "outside"
    assert parts[".cursor/rules/tests.mdc", "cursor"] == "file"
    assert not any(path in ("docs/errors.md", ".aider.conf.yml", "docs/aider.md") for path, _ in parts)


def test_the_same_bytes_are_written_from_the_rules_alone(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, FILES)
    intake.import_files(root, [])
    pipeline.sync(root)
    for name in (".cursor", ".claude", ".clinerules", ".windsurf", ".github", "CLAUDE.md", "AGENTS.md", "src"):
        path = tmp_path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    pipeline.sync(root)
    assert changed(tmp_path, FILES) == []


def test_the_corpus_in_every_editor_at_once(tmp_path: Path, corpus: list[Path]) -> None:
    folders = {"cursor": ".cursor/rules", "claude": ".claude/rules", "cline": ".clinerules"}
    files: dict[str, str | bytes] = {}
    for at, file in enumerate(corpus):
        data = file.read_bytes()
        files[f".cursor/rules/{file.name}"] = data
        if at % 2:
            files[f".clinerules/{file.stem}.md"] = data
        if at % 3:
            files[f".claude/rules/{file.stem}.md"] = data.replace(b"\r\n", b"\n") if at % 4 else data
    root = project(tmp_path, *folders)
    write(tmp_path, files)
    assert not intake.import_files(root, []).plan.conflicts
    assert not pipeline.sync(root).plan.conflicts
    assert changed(tmp_path, files) == []


def test_one_editor_holds_for_all(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, {path: text for path, text in FILES.items() if path.startswith(".cursor")})
    intake.import_files(root, [])
    assert all(rule.targets == () for rule in rules_of(root).values())
    assert pipeline.sync(root).plan.writes


def test_near_duplicates_are_told_and_kept_apart(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(tmp_path, {path: FILES[path] for path in (".cursor/rules/style.mdc", ".clinerules/style.md")})
    report = intake.import_files(root, [])
    (finding,) = [finding for finding in report.diagnostics if finding.code == "IMP17"]
    assert finding.severity == "info" and "`style-cursor` and `style`" in finding.message
    assert ".driven/rules/style-cursor.md" in finding.hint and "nearly the same text" in finding.message
    assert {rule.id: rule.like for rule in report.rules} == {"style": "", "style-cursor": "style"}


def test_joining_by_hand_as_the_hint_says(tmp_path: Path) -> None:
    root = project(tmp_path, "cursor", "cline")
    write(tmp_path, {path: FILES[path] for path in (".cursor/rules/style.mdc", ".clinerules/style.md")})
    intake.import_files(root, [])
    pipeline.sync(root)
    (tmp_path / ".driven/rules/style-cursor.md").unlink()
    file = tmp_path / ".driven/rules/style.md"
    file.write_text(file.read_text().replace("targets: [cline]\n", ""))
    assert not pipeline.sync(root).plan.conflicts
    assert "good for" in (tmp_path / ".cursor/rules/style.mdc").read_text()


def test_a_rule_that_stands_already_under_another_name(tmp_path: Path) -> None:
    root = project(tmp_path, "cursor", "cline")
    write(tmp_path, {".driven/rules/lines.md": "Short lines.\n", ".clinerules/style.md": "Short lines.\r\n"})
    report = intake.import_files(root, [])
    assert report.same == ("lines",) and report.rules == ()
    assert [finding.code for finding in report.diagnostics if "`lines`" in finding.message] == ["IMP16"]
    assert list(rules_of(root)) == ["lines"]


def test_what_a_sync_wrote_is_not_read_and_an_edit_of_it_is_left_to_the_sync(tmp_path: Path) -> None:
    root = project(tmp_path, "cursor", "cline")
    write(tmp_path, {".driven/rules/lines.md": "Short lines.\n"})
    pipeline.sync(root)
    assert intake.import_files(root, []).ours == (".clinerules/lines.md", ".cursor/rules/lines.mdc")
    crlf = (tmp_path / ".clinerules/lines.md").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / ".clinerules/lines.md").write_bytes(crlf)
    assert len(intake.import_files(root, []).ours) == 2, "git's core.autocrlf is no edit"
    (tmp_path / ".clinerules/lines.md").write_text("Shorter lines.\n")
    report = intake.import_files(root, [])
    assert report.rules == () and [finding.code for finding in report.diagnostics] == ["IMP11"]
    named = intake.import_files(root, [str(tmp_path / ".clinerules/lines.md")])
    assert len(named.plan.conflicts) == 1, "named, it is read all the same"


@pytest.mark.parametrize("always", ["native", "agents"])
def test_header_and_agents_leave_what_people_wrote(tmp_path: Path, always: str) -> None:
    root = project(tmp_path, sync=f'always = "{always}"')
    write(tmp_path, FILES)
    intake.import_files(root, [])
    assert not pipeline.sync(root).plan.conflicts
    for path, text in FILES.items():
        assert str(text).strip("\ufeff \r\n") in (tmp_path / path).read_bytes().decode().strip("\ufeff"), path


# Links, and what files take in


def test_a_link_to_a_file_that_is_read_anyway(tmp_path: Path) -> None:
    root = project(tmp_path, "claude", "agents")
    write(tmp_path, {"AGENTS.md": "Run the tests.\n"})
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    report = intake.import_files(root, [])
    assert list(report.origins.values()) == ["AGENTS.md"]
    assert [(finding.code, finding.severity) for finding in report.diagnostics] == [("IMP10", "info")]
    assert rules_of(root)[report.rules[0].id].targets == ("-claude",), "Claude has it, through the link"
    synced = pipeline.sync(root)
    assert not synced.plan.conflicts and (tmp_path / "CLAUDE.md").is_symlink()
    assert not (tmp_path / ".claude").exists()


def test_a_link_out_of_the_project_is_told(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    write(tmp_path, {"out/secret.md": "Secret.\n", "out/rules/x.mdc": "---\nalwaysApply: true\n---\nX\n"})
    (tmp_path / "project/CLAUDE.md").symlink_to(tmp_path / "out/secret.md")
    (tmp_path / "project/.cursor").mkdir()
    (tmp_path / "project/.cursor/rules").symlink_to(tmp_path / "out/rules")
    report = intake.import_files(root, [])
    assert report.rules == () and {finding.code for finding in report.diagnostics} == {"IMP10"}
    assert {finding.span.path for finding in report.diagnostics} == {"CLAUDE.md", ".cursor/rules"}
    assert all("out of the project" in finding.message for finding in report.diagnostics)


def test_a_folder_that_a_link_in_the_project_leads_to(tmp_path: Path) -> None:
    root = project(tmp_path, "claude", "cursor")
    write(tmp_path, {"shared/lines.md": "Short lines.\n", ".claude/rules/own.md": "Own.\n"})
    (tmp_path / ".claude/rules/team").symlink_to("../../shared")
    report = intake.import_files(root, [])
    assert report.origins == {"own": ".claude/rules/own.md", "team/lines": ".claude/rules/team/lines.md"}
    pipeline.sync(root)
    assert (tmp_path / "shared/lines.md").read_text() == "Short lines.\n"
    assert pipeline.sync(root).plan.is_clean


def test_what_is_taken_in_four_deep_and_in_a_circle(tmp_path: Path) -> None:
    root = project(tmp_path, "claude")
    chain = {f"d{n}.md": f"Text {n}. @d{n + 1}.md\n" for n in range(1, 7)}
    write(tmp_path, {"CLAUDE.md": "@d1.md @CLAUDE.md @../out.md @/etc/hosts.md\n", **chain})
    write(tmp_path.parent, {"out.md": "Out.\n"})
    report = intake.import_files(root, [])
    assert set(report.origins.values()) == {"CLAUDE.md", "d1.md", "d2.md", "d3.md", "d4.md"}
    said = " ".join(finding.message for finding in report.diagnostics)
    assert "d5.md" in said and "out.md" in said


def test_a_link_that_is_taken_in_leads_out(tmp_path: Path) -> None:
    root = project(tmp_path / "project", "claude")
    write(tmp_path, {"out.md": "Secret.\n", "project/CLAUDE.md": "@in.md\n"})
    (tmp_path / "project/in.md").symlink_to(tmp_path / "out.md")
    report = intake.import_files(root, [])
    assert list(report.origins.values()) == ["CLAUDE.md"]
    assert "IMP12" in {finding.code for finding in report.diagnostics}


def test_a_file_of_another_project_and_what_it_takes_in(tmp_path: Path) -> None:
    root = project(tmp_path / "project", "cursor")
    write(tmp_path, {"other/CLAUDE.md": "Read @docs/x.md.\n", "other/docs/x.md": "X.\n", "other/src/a.md": "A.\n"})
    report = intake.import_files(root, [str(tmp_path / "other/CLAUDE.md")])
    assert sorted(report.origins.values()) == ["CLAUDE.md", "docs/x.md"]
    assert read_lock(root) == {}


def test_a_plain_markdown_file_may_be_of_several_editors(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    write(tmp_path, {"notes/style.md": "Short lines.\n", "old/.claude/rules/style.md": "Short lines.\n"})
    report = intake.import_files(root, [str(tmp_path / "notes/style.md")])
    (finding,) = report.diagnostics
    assert finding.code == "IMP14" and "--editor" in finding.hint and report.rules == ()
    assert intake.import_files(root, [str(tmp_path / "notes/style.md")], editor="cline", dry_run=True).origins == {
        "style": ".clinerules/style.md"
    }
    its_place = intake.import_files(root, [str(tmp_path / "old/.claude/rules")], dry_run=True)
    assert its_place.origins == {"style": ".claude/rules/style.md"}


# A stranger's importer


SOURCE = """\
from driven.hookspecs import Imported, ReadBack, hookimpl
from driven.model.activation import ForPaths
from driven.model.rule import Rule
from driven.model.target import Target
class Reader:
    target = Target(name='notes', title='Notes', docs='', verified='', files=(), ways={})
    patterns = ('*.note',)
    def follows(self, file):
        return [line[1:] for line in file.data.decode().split() if line.startswith('@')]
    def read(self, files):
        if BREAKS:
            raise RuntimeError('broken')
        made = [Rule(id=f.path[:-5], body=f.data.decode(), activation=ForPaths(('src/**/*.ts',))) for f in files]
        return Imported(rules=tuple(made), files={f.path[:-5]: f.path for f in files})
    def read_back(self, rule, path, text):
        return ReadBack(rule=rule)
@hookimpl
def driven_importers():
    return [Reader()]
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install(*, breaks: bool = False) -> None:
        site = tmp_path / "site"
        name = f"intake_notes_{tmp_path.name.replace('-', '_')}_{breaks}".lower()
        write(
            site,
            {
                "notes-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: notes\nVersion: 1.0\n",
                "notes-1.0.dist-info/entry_points.txt": f"[driven]\nnotes = {name}\n",
                f"{name}.py": SOURCE.replace("BREAKS", str(breaks)),
            },
        )
        monkeypatch.delenv("DRIVEN_DISABLE_PLUGINS", raising=False)
        monkeypatch.syspath_prepend(str(site))

    return install


RULE = "---\ndescription: Handlers\nglobs: src/**/*.ts\nalwaysApply: false\n---\n\n# Handlers\n\nKeep them small.\n"


@pytest.mark.parametrize("text", ["# Handlers\n\nKeep them small.\n", "# Handlers\n\nKeep them tiny.\n"])
def test_a_second_editors_file_of_one_rule(tmp_path: Path, stranger: Callable[..., None], text: str) -> None:
    stranger()
    root = project(tmp_path / "project", "cursor")
    write(tmp_path / "project", {".cursor/rules/handlers.mdc": RULE, "handlers.note": text})
    report = intake.import_files(root, [])
    assert not report.plan.conflicts and (".cursor/rules/handlers.mdc", "cursor", "file") in read_lock(root)
    if "small" in text:
        assert [rule.files for rule in report.rules] == [
            {"cursor": ".cursor/rules/handlers.mdc", "notes": "handlers.note"}
        ]
    else:
        assert list(report.origins) == ["handlers", "handlers-notes"]


def test_an_importer_that_breaks_leaves_the_others(tmp_path: Path, stranger: Callable[..., None]) -> None:
    stranger(breaks=True)
    root = project(tmp_path / "project", "cursor")
    write(tmp_path / "project", {".cursor/rules/handlers.mdc": RULE, "handlers.note": "X\n"})
    report = intake.import_files(root, [])
    assert list(report.origins) == ["handlers"]
    assert [finding.code for finding in report.diagnostics if finding.severity == "error"] == ["IMP13"]


def test_hostile_names_that_a_file_takes_in(tmp_path: Path, stranger: Callable[..., None]) -> None:
    stranger()
    root = project(tmp_path / "project", "cursor")
    names = [
        "@../../etc/passwd",
        "@/etc/passwd",
        "@.git/config",
        "@.driven/config.toml",
        "@a\0b.note",
        "@.",
        "@" + "x" * 5000,
    ]
    write(tmp_path / "project", {"a.note": "\n".join([*names, "@b.note", "@pipe"]), "b.note": "@a.note"})
    os.mkfifo(tmp_path / "project/pipe")
    report = intake.import_files(root, [])
    assert set(report.origins.values()) == {"a.note", "b.note"}
    assert sum(finding.code == "IMP12" for finding in report.diagnostics) >= 3


# The plan, and writing it


def test_a_rule_that_came_to_be_there_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    from driven.errors import DiskError

    root = project(tmp_path, "cursor")
    write(tmp_path, {".cursor/rules/handlers.mdc": RULE})
    prepared = intake.prepare(root, [])
    assert not prepared.report.applied and prepared.report.plan.writes
    write(tmp_path, {".driven/rules/handlers.md": "Mine.\n"})
    with pytest.raises(DiskError, match="meanwhile"):
        intake.carry_out(prepared)
    assert (tmp_path / ".driven/rules/handlers.md").read_text() == "Mine.\n"


def test_fidelity_both_ways(tmp_path: Path) -> None:
    root = project(tmp_path, "cursor", "cline")
    write(tmp_path, {path: FILES[path] for path in (".cursor/rules/tests.mdc", ".clinerules/api.md", "docs/errors.md")})
    fidelity = intake.import_files(root, [], dry_run=True).fidelity
    assert ("key `foo`", "unsupported") in {(one.name, one.outcome) for one in fidelity.read}
    assert {one.rule_id for one in fidelity.read} == {"api", "tests"}
    assert {(one.editor, one.rule_id, one.outcome) for one in fidelity.written} == {
        ("cursor", "tests", "mapped"), ("cline", "api", "approximated"),
    }  # fmt: skip


def test_init_counts_what_it_imports_and_enables_the_editors_found(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, ".claude/settings.json": "{}", "CLAUDE.local.md": "Mine.\n"})
    found = intake.detect(str(tmp_path))
    report = intake.init(str(tmp_path))
    assert report.found == found and set(report.editors) == set(found)
    assert report.imported is not None
    assert sum(map(len, found.values())) == sum(len(rule.files) for rule in report.imported.rules)
    assert pipeline.sync(str(tmp_path)).plan.conflicts == () and changed(tmp_path, FILES) == []


def test_moving_from_one_editor_to_another(tmp_path: Path) -> None:
    write(tmp_path, {".cursor/rules/handlers.mdc": RULE, "CLAUDE.md": "# Claude\n"})
    intake.init(str(tmp_path), editors=["claude"])
    assert pipeline.sync(str(tmp_path)).plan.conflicts == ()
    assert "Keep them small" in (tmp_path / ".claude/rules/handlers.md").read_text()
    assert (tmp_path / "CLAUDE.md").read_text() == "# Claude\n"


# Names


def test_a_rule_is_not_written_where_another_ones_file_stands(tmp_path: Path) -> None:
    root = project(tmp_path)
    legacy = {".cursorrules": API, ".claude/rules/api.md": API, ".clinerules/api.md": API}
    write(tmp_path, {**legacy, ".cursor/rules/api.mdc": "---\nalwaysApply: true\n---\n\nAnother text.\n"})
    intake.import_files(root, [])
    assert not pipeline.sync(root).plan.conflicts
    assert "Another text." in (tmp_path / ".cursor/rules/api.mdc").read_text()


def test_two_ids_that_would_give_one_file(tmp_path: Path) -> None:
    root = project(tmp_path)
    write(
        tmp_path,
        {
            ".driven/rules/docs-errors.md": "Mine.\n",
            ".cursor/rules/web/style.mdc": "---\nalwaysApply: true\n---\n\nOne.\n",
            ".cursor/rules/web-style.mdc": "---\nalwaysApply: true\n---\n\nTwo.\n",
            ".cursor/rules/docs/errors.mdc": "---\nalwaysApply: true\n---\n\nThree.\n",
        },
    )
    report = intake.import_files(root, [])
    assert len(report.rules) == 3 and not report.plan.conflicts
    assert not pipeline.sync(root).plan.conflicts
    assert len(list((tmp_path / ".claude/rules").iterdir())) == 4


def test_a_file_that_fits_no_other_keeps_only_itself_apart(tmp_path: Path) -> None:
    """Four editors with four rules each are no sixteen rules because the layout of one is its own."""
    root = project(tmp_path, "claude", "cline", "copilot", "cursor")
    files: dict[str, str | bytes] = {}
    for n in range(1, 5):
        globs, text = f"src/{n}/**/*.ts,src/{n}/**/*.tsx", f"# R{n}\n\nText of rule number {n}.\n"
        front = f"---\ndescription: R{n}\nglobs: {globs}\nalwaysApply: false\n---\n\n"
        files |= {
            f".cursor/rules/r{n}.mdc": (front + text).replace("\n", "\r\n").rstrip(),
            f".github/instructions/r{n}.instructions.md": f"---\ndescription: 'R{n}'\napplyTo: '{globs}'\n---\n{text}",
            f".claude/rules/r{n}.md": f"---\npaths:\n  - src/{n}/**/*.ts\n  - src/{n}/**/*.tsx\n---\n\n{text}",
            f".clinerules/0{n}-r{n}.md": f'---\npaths:\n  - "src/{n}/**/*.{{ts,tsx}}"\n---\n\n{text}',
        }
    write(tmp_path, files)
    assert len(intake.import_files(root, []).rules) <= 8
    assert not pipeline.sync(root).plan.conflicts and changed(tmp_path, files) == []


def test_what_looks_like_rules_and_is_none_is_told(tmp_path: Path) -> None:
    root = project(tmp_path)
    strange = (
        ".cursor/rules/old.md", ".cursor/rules/more/old.txt", ".cursor/rules/README.md", "sub/AGENT.md",
        ".github/instructions/no.md", ".github/prompts/a.prompt.md", ".claude/commands/b.md",
        ".windsurf/workflows/c.md",
    )  # fmt: skip
    write(tmp_path, dict.fromkeys(strange, "Text.\n"))
    report = intake.import_files(root, [])
    assert report.rules == () and changed(tmp_path, dict.fromkeys(strange, "Text.\n")) == []
    told = {d.code: d for d in report.diagnostics}
    assert len(told) == len(report.diagnostics) == 4, "one line of a kind"
    assert "`.cursor/rules/more/old.txt` and 1 more" in told["CUR01"].message and ".mdc" in told["CUR01"].hint
    assert told["COP02"].span.path == ".github/instructions/no.md" and told["AGM03"].span.path == "sub/AGENT.md"
    assert [told[code].severity for code in ("CUR01", "COP02", "AGM03", "IMP18")] == ["warning"] * 3 + ["info"]
    assert all(folder in told["IMP18"].message for folder in ("`.claude/commands/`", "`.windsurf/workflows/`"))
    assert intake.import_files(root, [], editor="aider").diagnostics == (), "of editors that nobody asked for, nothing"
    write(tmp_path, {".cursor/rules/one.mdc": "---\nalwaysApply: true\n---\n\nOne.\n"})
    assert "CUR01" not in {
        d.code for d in intake.import_files(root, [str(tmp_path / ".cursor/rules/one.mdc")]).diagnostics
    }


def test_what_was_written_is_no_stranger(tmp_path: Path) -> None:
    root = project(tmp_path)
    for word in ("manual", "model", "always"):
        write(tmp_path, {f".driven/rules/{word}.md": f"---\ndescription: D\napply: {word}\n---\n\nText {word}.\n"})
    pipeline.sync(root)
    assert intake.import_files(root, []).diagnostics == ()


def test_a_file_that_stands_twice_and_always_is_a_warning(tmp_path: Path) -> None:
    root = project(tmp_path, "copilot", "cursor")
    write(tmp_path, {".github/copilot-instructions.md": "# Copilot\n\nBe brief.\n"})
    write(
        tmp_path, {".driven/rules/brief.md": "---\nextra:\n  copilot:\n    owner: me\n---\n\n# Copilot\n\nBe brief.\n"}
    )
    assert [(d.code, d.severity) for d in intake.import_files(root, []).diagnostics] == [("IMP16", "warning")]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            ".claude/rules/commits.md",
            ("`.claude/rules/commits.md` (say `.claude/rules/commits-2.md`)", "rules/commits.md"),
        ),
        ("CLAUDE.md", ("rename `.driven/rules/claude.md`",)),
    ],
)
def test_what_to_do_where_another_rule_has_the_name(tmp_path: Path, path: str, words: tuple[str, ...]) -> None:
    root = project(tmp_path, "claude")
    write(tmp_path, {path: "Mine.\n", ".driven/rules/commits.md": "Why.\n", ".driven/rules/claude.md": "Other.\n"})
    (conflict,) = intake.import_files(root, [str(tmp_path / path)]).plan.conflicts
    assert all(word in conflict.hint for word in words)
    if "(say" in conflict.hint:
        (tmp_path / path).rename(tmp_path / ".claude/rules/commits-2.md")
        path = ".claude/rules/commits-2.md"
    else:
        (tmp_path / ".driven/rules/claude.md").rename(tmp_path / ".driven/rules/claude-2.md")
    report = intake.import_files(root, [str(tmp_path / path)])
    assert not report.plan.conflicts and len(report.rules) == 1


def test_a_rule_that_is_there_takes_in_another_editors_file(tmp_path: Path) -> None:
    """One editor's files first, the others' later: what says the same becomes the rule's, at its own name."""
    root = project(tmp_path, "cursor", "claude")
    typed = '---\npaths: ["src/**/*.ts"]  # all\n---\n\nStrict.\n'
    files: dict[str, str | bytes] = {
        ".cursor/rules/ts.mdc": "---\ndescription: TS\nglobs: src/**/*.ts\nalwaysApply: false\n---\n\nStrict.\n",
        ".claude/rules/typescript.md": typed,
    }
    write(tmp_path, files)
    intake.import_files(root, [os.path.join(root, ".cursor/rules")])
    report = intake.import_files(root, [])
    assert not report.plan.conflicts and not report.rules
    assert pipeline.sync(root).plan.is_clean and not changed(tmp_path, files)
    assert os.listdir(os.path.join(root, ".claude/rules")) == ["typescript.md"]
