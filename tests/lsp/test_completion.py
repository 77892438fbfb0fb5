"""What is proposed, where, and how it is written there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.document.places import KNOWN
from driven.format import fields
from driven.format.text import parse_rule
from driven.model.rule import CATEGORIES, KINDS
from driven.project.config import CONFIG as CONFIG_PATH
from driven.project.config import RANGES, SYNC_KEYS, TOP_KEYS, parse_config
from driven.project.validate_table import VALIDATE_KEYS
from driven_lsp import keys
from driven_lsp.features.completion import complete, resolve
from driven_lsp.snapshot import Snapshot
from driven_lsp.values import Completion, Completions, Here
from lsp.kit import CONFIG, CURSOR, here, snapshot_of

RULE = ".driven/rules/new.md"
STYLE = "---\ntags: [lint, base]\ndescription: How code looks\n---\n\n# Style\n\nUse tabs.\n"
ERRORS = '---\npaths: ["src/api/**"]\ntags: [lint]\n---\n\n# Errors\n\nRaise.\n'
FILES = {
    "src/api/a.py": "x", "src/api/b.py": "x", "src/web/app.ts": "x", "src/web/app.tsx": "x", "docs/guide.md": "# G",
    "docs/a b (c).md": "# B", "infra/main.tf": "x", "README.md": "# R", "app/[id]/page.tsx": "x", "web/x.vue": "x",
    ".driven/rules/style.md": STYLE, ".driven/rules/backend/errors.md": ERRORS,
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    snapshot_of(root, FILES)
    return root


def asked(root: Path, text: str, path: str = RULE) -> Here:
    if path == CONFIG_PATH:
        plain = text.replace(CURSOR, "")
        snapshot = snapshot_of(root, {}, {path: plain})
        return Here(snapshot=snapshot, path=path, offset=text.index(CURSOR))
    return here(root, {}, path, text)


def proposals(root: Path, text: str, path: str = RULE) -> Completions:
    found = complete(asked(root, text, path))
    plain = text.replace(CURSOR, "")
    offset = text.index(CURSOR)
    for item in found.items:
        assert item.start <= offset <= item.end
        assert "\n" not in plain[item.start : item.end]  # the protocol wants one line
    assert [item.sort for item in found.items] == sorted(item.sort for item in found.items)
    assert len({item.label for item in found.items}) == len(found.items)
    return found


def labels(root: Path, text: str, path: str = RULE) -> list[str]:
    return [item.label for item in proposals(root, text, path).items]


def after(text: str, item: Completion) -> str:
    """The text with a proposal accepted."""
    plain = text.replace(CURSOR, "")
    return plain[: item.start] + item.insert + plain[item.end :]


def accepted(root: Path, text: str, label: str, path: str = RULE) -> str:
    found = {item.label: item for item in proposals(root, text, path).items}
    assert label in found, list(found)
    return after(text, found[label])


def errors(text: str) -> list[str]:
    """What makes a rule of this text unreadable."""
    return [told.message for told in parse_rule(text.encode(), path=RULE, rule_id="new")[1] if told.severity == "error"]


def test_keys_unused_first(project: Path) -> None:
    assert labels(project, "---\n▮\n---\n") == list(fields.KEYS)
    assert labels(project, "---\nkind: persona\n▮\n---\n")[-1] == "kind"
    assert accepted(project, "---\nap▮\n---\n", "apply") == "---\napply: \n---\n"
    assert accepted(project, "---\nap▮: always\n---\n", "apply") == "---\napply: always\n---\n"
    assert accepted(project, "---\nkind: x\nta▮", "tags") == "---\nkind: x\ntags: "


def test_values(project: Path) -> None:
    assert labels(project, "---\napply: ▮\n---\n") == list(fields.APPLY)
    assert labels(project, "---\nkind: ▮\n---\n") == list(KINDS)
    assert labels(project, "---\ncategory: st▮\n---\n") == list(CATEGORIES)
    assert "0" in labels(project, "---\npriority: ▮\n---\n")
    assert accepted(project, "---\napply:▮\n---\n", "model") == "---\napply: model\n---\n"
    assert accepted(project, '---\napply: "m▮"\n---\n', "model") == '---\napply: "model"\n---\n'
    assert accepted(project, "---\napply: 'm▮\n---\n", "model") == "---\napply: 'model'\n---\n"
    assert labels(project, "---\ndescription: ▮\n---\n") == []


def test_every_value_is_accepted_by_the_reader(project: Path) -> None:
    for text in (
        "---\napply: ▮\npaths: [a/**]\n---\n# T\n", "---\nkind: ▮\n---\n# T\n", "---\ncategory: ▮\n---\n# T\n",
        "---\npriority: ▮\n---\n# T\n", "---\ntargets: ▮\n---\n# T\n", "---\ntargets: [▮]\n---\n# T\n",
        "---\ntargets:\n  ▮\n---\n# T\n", "---\ntargets:\n  - ▮\n---\n# T\n", "---\ntargets:\n  -▮\n---\n# T\n",
        "---\npaths: ▮\n---\n# T\n",
        '---\npaths: ["▮"]\n---\n# T\n', "---\npaths: [▮]\n---\n# T\n", "---\npaths:\n  - ▮\n---\n# T\n",
        "---\npaths: 'src/▮\n---\n# T\n", '---\npaths: ["**/▮"]\n---\n# T\n',
        '---\npaths: ["src/**/*.{ts,▮}"]\n---\n# T\n',
        '---\npaths: ["src/a▮/**/*.py"]\n---\n# T\n', "---\npaths: src/**, ▮\n---\n# T\n",
        "---\ntags: [▮]\n---\n# T\n", "---\ntags: ▮\n---\n# T\n", '---\nwhen: lang("▮")\n---\n# T\n',
        "---\nwhen: lang(▮)\n---\n# T\n", '---\nwhen: \'files("src/▮") > 0\'\n---\n# T\n',
        '---\nwhen: "files(▮) > 0"\n---\n# T\n', "---\nextra:\n  copilot:\n    excludeAgent: ▮\n---\n# T\n",
        "▮", "---▮",
    ):  # fmt: skip
        found = proposals(project, text).items
        assert found, text
        for item in found:
            if item.kind == "folder":
                continue  # more is going to be typed behind it
            made = after(text, item)
            told = errors(made)
            assert not told, (text, item.label, made, told)


def test_editors(project: Path) -> None:
    found = labels(project, "---\ntargets: [cursor, ▮]\n---\n")
    assert found[:2] == ["agents", "aider"]
    assert "cursor" not in found and "-cursor" not in found and "-claude" in found
    assert labels(project, "---\ntargets: [-cu▮]\n---\n")[0] == "-agents"
    assert accepted(project, "---\ntargets: ▮\n---\n", "cursor") == "---\ntargets: [cursor]\n---\n"
    assert accepted(project, "---\ntargets:\n  ▮\n---\n", "cursor") == "---\ntargets:\n  - cursor\n---\n"
    assert accepted(project, "---\ntargets: [!cu▮]\n---\n", "!cursor") == '---\ntargets: ["!cursor"]\n---\n'


def test_globs_with_the_files_that_there_are(project: Path) -> None:
    found = proposals(project, '---\npaths: ["src/▮"]\n---\n')
    assert found.incomplete
    assert [(item.label, item.kind, item.detail) for item in found.items] == [
        ("src/api/", "folder", "2 files"), ("src/web/", "folder", "2 files"), ("src/**", "glob", "4 files"),
        ("src/**/*.py", "glob", "2 files"), ("src/**/*.ts", "glob", "1 file"), ("src/**/*.tsx", "glob", "1 file"),
    ]  # fmt: skip
    assert labels(project, '---\npaths: ["src/api/▮"]\n---\n') == [
        "src/api/**", "src/api/**/*.py", "src/api/a.py", "src/api/b.py",
    ]  # fmt: skip
    assert labels(project, '---\npaths: ["nothing/▮"]\n---\n') == []
    assert (
        accepted(project, '---\npaths: ["src/a▮/**/*.py"]\n---\n', "src/api")
        == '---\npaths: ["src/api/**/*.py"]\n---\n'
    )


def test_the_counts_of_globs_are_right(project: Path) -> None:
    for text in (
        '["▮"]',
        '["*▮"]',
        '["**/▮"]',
        '["src/▮"]',
        '["app/▮"]',
        '["src/api/*▮"]',
        '["src/**/▮"]',
        '["docs/▮"]',
    ):
        question = asked(project, f"---\npaths: {text}\n---\n")
        items = [item for item in complete(question).items if item.kind in ("glob", "file")]
        assert items, text
        for item in items:
            count = len(question.snapshot.files.matching(item.label))
            assert item.detail == (f"{count} file" if count == 1 else f"{count} files"), item.label
        for item in complete(question).items:
            if item.kind == "folder" and item.detail.endswith(("file", "files")):
                assert int(item.detail.split()[0]) == len(question.snapshot.files.matching(f"{item.label}**"))


def test_globs_are_quoted_where_they_must_be(project: Path) -> None:
    assert accepted(project, "---\npaths: [▮]\n---\n", "**/*.py") == '---\npaths: ["**/*.py"]\n---\n'
    assert accepted(project, "---\npaths: [s▮]\n---\n", "src/") == "---\npaths: [src/]\n---\n"
    assert accepted(project, "---\npaths: ▮\n---\n", "**/*.py") == '---\npaths: ["**/*.py"]\n---\n'
    assert accepted(project, '---\npaths: ["app/▮', "app/[[]id]/") == '---\npaths: ["app/[[]id]/'
    assert (
        accepted(project, '---\npaths: ["app/[[]id]/▮', "app/[[]id]/page.tsx") == '---\npaths: ["app/[[]id]/page.tsx"'
    )
    mdc = ".cursor/rules/x.mdc"  # Cursor wants them bare
    assert accepted(project, "---\nglobs: ▮\n---\n", "**/*.py", mdc) == "---\nglobs: **/*.py\n---\n"
    assert accepted(project, "---\nglobs: src/**,*▮\n---\n", "**/*.py", mdc) == "---\nglobs: src/**,**/*.py\n---\n"
    assert accepted(project, "---\nglobs:▮\n---\n", "src/", mdc) == "---\nglobs: src/\n---\n"
    copilot = ".github/instructions/x.instructions.md"
    assert accepted(project, "---\napplyTo: ▮\n---\n", "**/*.py", copilot) == '---\napplyTo: "**/*.py"\n---\n'


def test_globs_of_a_folder_of_its_own(project: Path) -> None:
    assert labels(project, "---\nglobs: ▮\n---\n", "src/.cursor/rules/x.mdc")[-2:] == ["api/", "web/"]


def test_tags_of_other_rules(project: Path) -> None:
    found = proposals(project, "---\ntags: [▮]\n---\n").items
    assert [(item.label, item.detail) for item in found] == [("lint", "2 rules"), ("base", "1 rule")]
    assert labels(project, "---\ntags: [lint, ▮]\n---\n") == ["base"]


def test_conditions(project: Path) -> None:
    assert labels(project, "---\nwhen: ▮\n---\n")[:2] == ["lang(…)", "files(…)"]
    assert accepted(project, "---\nwhen: ▮\n---\n", "files(…)") == '---\nwhen: files("")\n---\n'
    assert accepted(project, '---\nwhen: "▮"\n---\n', "lang(…)") == "---\nwhen: \"lang('')\"\n---\n"
    assert accepted(project, '---\nwhen: lang("x") an▮\n---\n', "and") == '---\nwhen: lang("x") and\n---\n'
    found = proposals(project, '---\nwhen: not lang("p▮")\n---\n').items
    assert (found[0].label, found[0].detail) == ("markdown", "3 files")
    assert accepted(project, "---\nwhen: lang(▮\n---\n", "python") == '---\nwhen: lang("python"\n---\n'
    assert "src/api/" in labels(project, '---\nwhen: files("src/▮") > 1\n---\n')


def test_extra(project: Path) -> None:
    assert labels(project, "---\nextra:\n  ▮\n---\n")[:2] == ["agents", "aider"]
    assert accepted(project, "---\nextra:\n  cop▮\n---\n", "copilot") == "---\nextra:\n  copilot:\n---\n"
    assert labels(project, "---\nextra:\n  copilot:\n    ▮\n---\n") == ["excludeAgent", "name", "$path"]
    assert labels(project, "---\nextra: {copilot: {excludeAgent: ▮}}\n---\n") == ["code-review", "cloud-agent"]


def test_links(project: Path) -> None:
    found = labels(project, "# T\n\nSee [x](▮)\n")
    assert found[:2] == ["backend/errors.md", "style.md"]
    assert "src/" in found and "new.md" not in found
    assert accepted(project, "[x](st▮yle.md)", "style.md") == "[x](style.md)"
    assert (
        accepted(project, "[x](../../docs/▮)", "../../docs/a%20b%20%28c%29.md") == "[x](../../docs/a%20b%20%28c%29.md)"
    )
    assert accepted(project, "[x](/docs/▮)", "/docs/guide.md") == "[x](/docs/guide.md)"
    assert labels(project, "# T\n\n```\n[x](▮)\n```\n") == []
    assert labels(project, "[x](https://▮)") == []
    assert labels(project, "[x](docs/▮)", "CLAUDE.md") == ["docs/a%20b%20%28c%29.md", "docs/guide.md"]


def test_imports(project: Path) -> None:
    assert labels(project, "Read @docs/▮\n", "CLAUDE.md") == ["docs/a\\ b\\ (c).md", "docs/guide.md"]
    assert labels(project, "@▮\n")[:2] == ["backend/errors.md", "style.md"]
    assert labels(project, "mail me@▮\n", "CLAUDE.md") == []
    assert labels(project, "```\n@▮\n```\n", "CLAUDE.md") == []


def test_ids_of_rules(project: Path) -> None:
    assert labels(project, "follow `▮`\n") == ["backend/errors", "style"]
    assert accepted(project, "follow `st▮\n", "style") == "follow `style`\n"
    assert accepted(project, "follow `st▮yle`\n", "style") == "follow `style`\n"
    assert "src/api/a.py" in labels(project, "see `src/api/▮`\n")
    assert labels(project, "```\n`▮\n```\n") == [] == labels(project, "```▮\n")


def test_codes_in_comments(project: Path) -> None:
    found = proposals(project, "# T\n\n<!-- driven-ignore GEN▮ -->\n").items
    assert {"GEN01", "CUR03", "RUL06"} <= {item.label for item in found}
    text = "---\nkind: wrong\n# driven-ignore ▮\n---\n\n# T\n"
    found = proposals(project, text).items
    assert found[0].label == "RUL08" and found[0].detail.endswith("found here")
    assert after(text, found[0]) == "---\nkind: wrong\n# driven-ignore RUL08\n---\n\n# T\n"
    assert "CUR03" not in labels(project, "<!-- driven-ignore CUR03, ▮ -->\n")
    assert accepted(project, "# T\n<!--▮\n", "driven-ignore") == "# T\n<!-- driven-ignore  -->\n"


def test_an_empty_file(project: Path) -> None:
    for text in ("▮", "---▮", "--▮", "\ufeff▮", "▮\n"):
        found = proposals(project, text).items
        assert [item.kind for item in found] == ["snippet"] * 4
        for item in found:
            assert not errors(after(text, item))
            assert "${1:" in item.snippet and "$0" in item.snippet
    assert labels(project, "▮", ".cursor/rules/x.mdc")[0] == "rule for some files"
    assert "name: pdf" in accepted(project, "▮", "skill", ".claude/skills/pdf/SKILL.md")
    assert labels(project, "# T\n\n▮\n") == []


def test_the_configuration(project: Path) -> None:
    def configured(text: str) -> list[str]:
        return labels(project, text, CONFIG_PATH)

    assert configured("▮")[:3] == ["[editors]", "[sync]", "[validate]"]
    assert configured("[▮]\n[sync]\n") == ["editors", "validate"]
    assert configured("[editors]\ncursor = true\n▮")[-1] == "cursor"
    assert configured("[editors]\ncursor = ▮") == ["true", "false"]
    assert configured("[editors]\nwindsurf = { ▮ }") == ["dir"]
    assert configured('[editors]\nwindsurf = { dir = "▮" }') == [".windsurf/rules", ".devin/rules"]
    assert configured("[editors.windsurf]\n▮") == ["dir"]
    assert configured("[sync]\n▮") == list(SYNC_KEYS)
    assert configured("[sync]\nmode = ▮") == ["two-way", "one-way"]
    assert configured("[sync]\nheader = ▮") == ["true", "false"]
    assert {"CUR14", "CUR", "GEN"} <= set(configured('[validate]\nignore = ["▮"]'))
    assert "**/*.py" in configured("[validate.per_path_ignores]\n▮")
    assert configured("[nothing]\n▮") == []


def test_what_is_proposed_for_the_configuration_can_be_read(project: Path) -> None:
    for text in (
        "▮", "[▮]\n", "[editors]\n▮", "[editors]\ncursor = ▮", "[editors]\nwindsurf = { dir = ▮ }",
        "[editors]\nwindsurf = { dir = '▮' }", '[sync]\nmode = "▮', "[sync]\nalways =▮\n", "[sync]\ndebounce_ms = ▮",
        "[validate]\nignore = ▮", "[validate]\nignore = [▮]", '[validate]\nselect = [\n  "▮"\n]',
        "[validate]\nstrict = ▮",
    ):  # fmt: skip
        found = proposals(project, text, CONFIG_PATH).items
        assert found, text
        for item in found:
            made = after(text, item)
            if made.rstrip().endswith("="):
                made = made.rstrip() + " 1"  # a key alone
                tomllib.loads(made)
            else:
                parse_config(made.encode(), CONFIG_PATH)


@pytest.mark.parametrize(
    ("path", "text", "due"),
    [
        (".cursor/rules/x.mdc", "---\n▮\n---\n", ["description", "globs", "alwaysApply"]),
        (".cursor/rules/x.mdc", "---\nalwaysApply: ▮\n---\n", ["true", "false"]),
        (
            ".github/instructions/x.instructions.md", "---\nex▮\n---\n",
            ["applyTo", "description", "excludeAgent", "name"],
        ),
        (".windsurf/rules/x.md", "---\ntrigger: ▮\n---\n", ["always_on", "model_decision", "glob", "manual"]),
        (".claude/rules/x.md", "---\n▮\n---\n", ["paths"]),
        (".kiro/steering/x.md", "---\ninclusion: ▮\n---\n", ["always", "fileMatch", "auto", "manual"]),
        (".aider.conf.yml", "read:\n  - docs/▮\n", ["docs/a b (c).md", "docs/guide.md"]),
        ("AGENTS.md", "---\n▮\n---\n", []),
    ],
)  # fmt: skip
def test_files_of_the_editors(project: Path, path: str, text: str, due: list[str]) -> None:
    assert labels(project, text, path) == due


def test_docs(project: Path) -> None:
    snapshot = snapshot_of(project, FILES)

    def doc(text: str, label: str, path: str = RULE) -> str:
        found = {item.label: item for item in complete(asked(project, text, path)).items}
        assert found[label].data is not None
        return resolve(snapshot, found[label].data)  # type: ignore[arg-type]

    assert "in every conversation" in doc("---\n▮\n---\n", "apply")
    assert "https://cursor.com/docs/rules" in doc("---\n▮\n---\n", "globs", ".cursor/rules/x.mdc")
    assert "2 files" in doc('---\npaths: ["src/▮"]\n---\n', "src/**/*.py")
    assert "Errors" in doc("see `▮`", "backend/errors")
    assert "CUR03" in doc("<!-- driven-ignore ▮ -->", "CUR03")
    assert "Cursor" in doc("---\ntargets: [▮]\n---\n", "cursor")
    assert "# G" in doc("[x](../../docs/▮)", "../../docs/guide.md")
    assert "two-way" in doc("[sync]\n▮", "mode", CONFIG_PATH)
    assert "Windsurf" in doc("[editors.windsurf]\n▮", "dir", CONFIG_PATH)
    for data in (
        {},
        {"kind": "glob"},
        {"kind": "rule", "id": 3},
        {"kind": "file", "path": "../../etc/passwd"},
        {"kind": 1},
    ):
        assert resolve(snapshot, data) == ""


def test_the_table_of_keys_is_that_of_the_code() -> None:
    assert tuple(keys.RULE_KEYS) == fields.KEYS
    assert tuple(keys.RULE_KEYS["apply"].values) == fields.APPLY
    assert tuple(keys.RULE_KEYS["kind"].values) == KINDS
    assert tuple(keys.RULE_KEYS["category"].values) == CATEGORIES
    assert tuple(keys.CONFIG_KEYS[""]) == ("version", "editors", "sync", "validate") == TOP_KEYS
    assert tuple(keys.CONFIG_KEYS["sync"]) == tuple(SYNC_KEYS)
    assert tuple(keys.CONFIG_KEYS["validate"]) == VALIDATE_KEYS
    for name, wanted in SYNC_KEYS.items():
        if isinstance(wanted, tuple):
            assert tuple(keys.CONFIG_KEYS["sync"][name].values) == wanted
    for name, (least, most, _) in RANGES.items():
        assert f"{least} to {most}" in keys.CONFIG_KEYS["sync"][name].takes
    assert set(keys.EDITOR_KEYS) <= KNOWN
    for table in (keys.RULE_KEYS, *keys.CONFIG_KEYS.values(), *keys.EDITOR_KEYS.values(), *keys.EXTRA_KEYS.values()):
        for name, key in table.items():
            assert key.name == name and key.doc and key.takes and keys.markdown(key)
            assert not key.url or (key.url.startswith("https://") and key.verified)


PIECES = st.sampled_from(
    ["---\n", "apply: ", "paths: ", "paths:\n  - ", "targets: ", "extra:\n  ", "when: files(", "lang('", "[x](", "@",
     "`", "[", "]", "{", "}", '"', "'", ",", "  ", "\n", "\r\n", "# driven-ignore ", "<!-- ", "*", "**/", "src/", "é😀",
     "\ufeff", "/", "-", "[editors]\n", "cursor = ", "../", "[sync]\nmode = ", "[validate.per_path_ignores]\n",
     "ignore = ", "\\", "```\n"]
)  # fmt: skip
PATHS = (
    RULE,
    CONFIG_PATH,
    ".aider.conf.yml",
    ".cursor/rules/x.mdc",
    ".github/instructions/x.instructions.md",
    "CLAUDE.md",
)
_SNAPSHOTS: dict[Path, Snapshot] = {}


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=14), st.sampled_from(PATHS), st.integers(0, 60))
def test_any_text(project: Path, pieces: list[str], path: str, offset: int) -> None:
    text = "".join(pieces)
    if project not in _SNAPSHOTS:
        _SNAPSHOTS[project] = snapshot_of(project, FILES, config=CONFIG)
    base = _SNAPSHOTS[project]
    offset = min(offset, len(text))
    snapshot = Snapshot(base.view, base.files, touched={path: _touched(path, text)})
    for item in complete(Here(snapshot=snapshot, path=path, offset=offset)).items:
        assert item.start <= offset <= item.end <= len(text)
        assert not set(text[item.start : item.end]) & {"\n", "\r"}
        if item.data is not None and item.sort < "0003":
            resolve(snapshot, item.data)


def test_mangled_rules(project: Path, corpus: list[Path]) -> None:
    """Files as people wrote them, cut and broken at random places."""
    from random import Random

    random = Random(5)
    base = snapshot_of(project, FILES, config=CONFIG)
    for source in corpus[::4]:
        text = source.read_bytes().decode("utf-8", "replace")[:3_000]
        for path in (RULE, ".cursor/rules/x.mdc", "CLAUDE.md"):
            for _ in range(12):
                at = random.randrange(min(len(text), 400) + 1)
                cut = text[:at] + random.choice(["", '"', "[", "- ", "`", "](", "@", "\n---\n"])
                mangled = cut + text[at + random.randrange(30) :]
                snapshot = Snapshot(base.view, base.files, touched={path: _touched(path, mangled)})
                for item in complete(Here(snapshot=snapshot, path=path, offset=len(cut))).items:
                    assert item.start <= len(cut) <= item.end


def _touched(path: str, text: str):  # type: ignore[no-untyped-def]
    from driven.document.document import Document
    from driven.validation.live import Touched

    return Touched(document=Document(path, text.encode()), rule=None, told=())
