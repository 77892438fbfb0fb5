"""What hover tells, in rules, in the configuration and in the editors' own files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.core.globs import Glob
from driven.model.plan import Plan
from driven.model.target import Dialect
from driven_lsp.features.hover import hover
from driven_lsp.glob_text import in_dialect
from driven_lsp.snapshot import Snapshot
from driven_lsp.values import Here
from lsp.kit import here, snapshot_of
from lsp.mangled import PATHS, RULE, conflict, emitted, opened, texts

STYLE = "---\ndescription: How code looks\n---\n# Style\n\nBe brief.\n"
FILES = {
    ".driven/rules/style.md": STYLE, "src/a.ts": "", "src/b.ts": "", "src/c.ts": "", "src/d/e.ts": "", "src/d/f.ts": "",
    "src/d/g.ts": "", "lib/src/h.ts": "", "README.md": "# Read\n\nme\n",
}  # fmt: skip
API = ".driven/rules/api.md"


def told(tmp_path: Path, text: str, path: str = API, files: dict[str, str] = FILES) -> str:
    """What is told at the cursor, without the folder of the test; "" for nothing."""
    found = hover(here(tmp_path, files, path, text))
    return found.markdown.replace(f"file://{tmp_path}/", "") if found else ""


def at(snapshot: Snapshot, path: str, word: str, plus: int = 0) -> str:
    """What is told at a word of a file."""
    document = snapshot.document(path)
    assert document is not None
    found = hover(Here(snapshot=snapshot, path=path, offset=document.text.index(word) + plus))
    return found.markdown if found else ""


# Globs


def test_a_glob_says_how_many_files_and_the_first_five(tmp_path: Path) -> None:
    text = "---\npaths: ['src/▮**/*.ts']\ntargets: [cursor]\n---\n# A\n"
    asked = here(tmp_path, FILES, API, text)
    found = hover(asked)
    assert found is not None
    document = asked.snapshot.document(API)
    assert document is not None
    assert document.text[found.start : found.end] == "src/**/*.ts"
    assert found.markdown.replace(f"file://{tmp_path}/", "") == (
        "`src/**/*.ts`: **6 files**\n\n"
        "- [`src/a.ts`](src/a.ts)\n- [`src/b.ts`](src/b.ts)\n- [`src/c.ts`](src/c.ts)\n"
        "- [`src/d/e.ts`](src/d/e.ts)\n- [`src/d/f.ts`](src/d/f.ts)\n- … 1 more"
    )


def test_an_editor_that_reads_a_glob_in_another_way_is_named(tmp_path: Path) -> None:
    said = told(tmp_path, "---\npaths: ['src/▮**/*.ts']\n---\n# A\n")
    assert said.endswith(
        "VS Code reads it at any depth and in either case: **7 files**, also [`lib/src/h.ts`](lib/src/h.ts)"
    )


def test_editors_that_do_not_get_the_rule_are_not_named(tmp_path: Path) -> None:
    assert "VS Code" not in told(tmp_path, "---\npaths: ['src/▮**/*.ts']\ntargets: [-copilot]\n---\n# A\n")


def test_a_glob_that_matches_nothing_says_what_may_be_meant(tmp_path: Path) -> None:
    said = told(tmp_path, "---\npaths: ['▮*.ts']\ntargets: [cursor]\n---\n# A\n")
    assert said == "`*.ts` matches **no file**; `**/*.ts` would match 7 files"
    said = told(tmp_path, "---\npaths: ['▮src/d']\ntargets: [cursor]\n---\n# A\n")
    assert said == "`src/d` matches **no file**; `src/d/**` would match 3 files"


def test_what_is_no_glob(tmp_path: Path) -> None:
    assert told(tmp_path, "---\npaths: ['▮../x']\n---\n# A\n").startswith("`../x` is no glob: ")


def test_the_key_of_globs_counts_them_together(tmp_path: Path) -> None:
    said = told(tmp_path, "---\npa▮ths: ['src/*.ts', 'src/a*']\n---\n# A\n")
    assert said.endswith("In this project:\n- `src/*.ts`: 3 files\n- `src/a*`: 1 file\n- together 3 files")


def test_globs_joined_by_commas_in_an_editors_own_file(tmp_path: Path) -> None:
    text = "---\ndescription: x\nglobs: src/*.ts,li▮b/**\n---\nText\n"
    assert told(tmp_path, text, ".cursor/rules/own.mdc").startswith("`lib/**`: **1 file**")


def test_globs_of_a_nested_folder_count_from_there(tmp_path: Path) -> None:
    said = told(tmp_path, "---\nglobs: s▮rc/*.ts\n---\nText\n", "lib/.cursor/rules/own.mdc")
    assert said == "`src/*.ts`: **1 file** below `lib/`\n\n- [`lib/src/h.ts`](lib/src/h.ts)"


def test_a_glob_of_per_path_ignores(tmp_path: Path) -> None:
    config = '[editors]\ncursor = true\n[validate.per_path_ignores]\n"src/▮d/**" = ["GEN05"]\n'
    assert told(tmp_path, config, ".driven/config.toml").startswith("`src/d/**`: **3 files**")


def test_a_dialect_is_what_a_match_of_every_file_says() -> None:
    patterns = ("src/**/*.ts", "*.TS", "**/B/*", "{src,DOCS}/**", "b/[cd].py", "src", "*", "C.py", "**/*.md", "s?c/a*")
    flag = st.booleans()
    with opened() as project:
        snapshot = project.snapshot(API, RULE)
        files = snapshot.files.files()

        @given(st.sampled_from(patterns), flag, flag, flag, flag)
        def check(pattern: str, anywhere: bool, ignore_case: bool, dot: bool, braces: bool) -> None:
            dialect = Dialect(anywhere=anywhere, ignore_case=ignore_case, dot=dot, braces=braces)
            glob = Glob(pattern, ignore_case, dot, anywhere, braces)
            assert list(in_dialect(snapshot, pattern, dialect)) == [path for path in files if glob.match(path)]

        check()


# Where a rule lands


@pytest.mark.parametrize("text", ["---\npriority: 10\n---\n# ▮Api\n", "--▮-\npriority: 10\n---\n# Api\n"])
def test_the_first_heading_and_the_first_line_say_where_the_rule_lands(tmp_path: Path, text: str) -> None:
    said = told(tmp_path, text)
    assert said.startswith(f"**Api**, rule [`api`]({API})\n\nalways · ~2 tokens · priority 10\n\n| Editor |")
    assert "\n| Cursor | [`.cursor/rules/api.mdc`](.cursor/rules/api.mdc) | native: `alwaysApply: true` | " in said
    assert "\n| AGENTS.md | [`AGENTS.md`](AGENTS.md) | native: a section of the root AGENTS.md | " in said


def test_what_is_approximated_says_why(tmp_path: Path) -> None:
    said = told(tmp_path, "---\npaths: [src/*.ts]\n---\n# ▮Api\n")
    row = next(line for line in said.splitlines() if line.startswith("| Aider"))
    assert "| approximated: Aider has no globs: always on, under a heading that names them |" in row


def test_what_is_lost_is_told(tmp_path: Path) -> None:
    said = told(tmp_path, "---\ndescription: About ▮it\npaths: [src/*.ts]\n---\n# Api\n")
    row = next(line for line in said.splitlines() if line.startswith("| Claude Code"))
    assert "| native: `paths`; lost: the description: Claude Code's rules have none |" in row


def test_what_is_not_written_says_why(tmp_path: Path) -> None:
    said = told(tmp_path, "---\napply: manual\ntargets: [aider, cursor]\n---\n# ▮Api\n")
    assert f"Not written for Aider: Aider would always load it: `/read {API}` instead" in said
    assert "Not written for AGENTS.md, Claude Code, Cline, GitHub Copilot, Windsurf: its `targets` leave" in said


def test_an_editor_that_reads_anothers_file(tmp_path: Path) -> None:
    said = told(tmp_path, "---\napply: model\ndescription: On demand\n---\n# ▮Api\n")
    row = next(line for line in said.splitlines() if line.startswith("| Cline"))
    assert "reads [`.agents/skills/api/SKILL.md`]" in row
    assert "approximated" in row


def test_a_size_beside_its_limit(tmp_path: Path) -> None:
    body = "Use early returns. " * 500
    said = told(tmp_path, f"---\ntargets: [copilot]\n---\n# ▮Api\n\n{body}\n")
    assert "9,5" in said
    assert " of 4,000 characters **over** |" in said


def test_a_long_rule_lands_where_the_last_look_found_it(tmp_path: Path) -> None:
    body = "## Part\n\nUse early returns in every function.\n\n" * 800
    said = told(tmp_path, f"---\ntargets: [windsurf]\n---\n# ▮Api\n\n{body}")
    assert "[`.windsurf/rules/api.md`](.windsurf/rules/api.md), " in said
    assert "of 12,000 characters" in said


def test_a_condition_that_is_false(tmp_path: Path) -> None:
    text = '---\nwhen: la▮ng("cobol") and files("src/*.ts") > 1\n---\n# Api\n'
    assert told(tmp_path, text) == '`lang("cobol")`: false, no file is in it'
    assert "**not emitted**" in told(tmp_path, text.replace("▮", "").replace("# Api", "# ▮Api"))
    said = told(tmp_path, text.replace("▮", "").replace("when", "wh▮en"))
    assert "**False** in this project: the rule is not emitted." in said
    assert '- `files("src/*.ts")`: 3 files\n- `lang("cobol")`: false' in said
    assert "**3 files**" in told(tmp_path, text.replace("▮", "").replace("src/", "s▮rc/"))


# Keys, values, editors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ap▮ply: always", ["**apply**", "When the rule holds.", "- Cursor: `alwaysApply: true`"]),
        (
            "apply: man▮ual",
            ["`apply: manual`: only when a person asks for it by name", "- Windsurf: `trigger: manual`"],
        ),
        ("kind: per▮sona", ["`kind: persona`: who the assistant is to be"]),
        ("priority: 5▮0", ["Number 1 of 2 rules, before `style`."]),
        ("tags: [we▮b]", ["1 rule with this tag: `api`"]),
        ("targets: [-cur▮sor]", ["**Cursor** (`cursor`)", "its `targets` leave this editor out"]),
        ("targets: [curs▮er]", ["No editor is called `curser`; did you mean `cursor`?"]),
        ("extra:\n  cop▮ilot:\n    name: x", ["**GitHub Copilot**", "- writes"]),
        ("extra:\n  copilot:\n    na▮me: x", ["**name**", "The name that VS Code shows"]),
        ("extra:\n  cursor:\n    fo▮o: x", ["A key of Cursor alone"]),
    ],
)
def test_front_matter(tmp_path: Path, text: str, words: list[str]) -> None:
    said = told(tmp_path, f"---\n{text}\n---\n# Api\n")
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[edi▮tors]\ncursor = true", ["**editors**", "1 rule → 1 editor, 1 file"]),
        (
            "[editors]\ncur▮sor = true",
            ["**Cursor** (`cursor`)", "In this project: 1 rule · 1 file", "- limits: 500 lines"],
        ),
        ("[editors]\ncur▮sor = false", ["Not enabled: write `cursor = true` below `[editors]`"]),
        ("[editors.wind▮surf]\ndir = '.devin/rules'", ["**Windsurf**", "- option `dir`: `.windsurf/rules` or"]),
        ("[editors]\nwindsurf = { di▮r = '.devin/rules' }", ["**dir**", "Where the files of Windsurf stand."]),
        ("[editors]\ncurs▮r = true", ["No editor is called `cursr`"]),
        ("[sync]\nmo▮de = 'one-way'", ["**mode**", "hand edits"]),
        ("[sync]\nmode = 'one▮-way'", ["`mode: one-way`: they are conflicts and never flow back"]),
        ("[validate]\nignore = ['CU▮R03']", ["**CUR03** · error · ", "Right:"]),
        ("[validate]\nselect = ['CU▮R']", ["**CUR**: ", "`CUR03`"]),
    ],
)
def test_the_configuration(tmp_path: Path, text: str, words: list[str]) -> None:
    files = {".driven/rules/style.md": STYLE}
    plain = text.replace("▮", "")
    asked = Here(
        snapshot=snapshot_of(tmp_path, files, {".driven/config.toml": plain}, config=plain),
        path=".driven/config.toml", offset=text.index("▮"),
    )  # fmt: skip
    found = hover(asked)
    assert found is not None
    for word in words:
        assert word in found.markdown


def test_a_code_in_a_comment(tmp_path: Path) -> None:
    said = told(tmp_path, "# Api\n\nx <!-- driven-ignore GEN05, RUL▮01: why -->\n")
    assert said.startswith("**RUL01** · error · front matter that is not YAML")
    assert told(tmp_path, "# Api\n\nx <!-- driven-ignore ZZZ▮99 -->\n").startswith("`ZZZ99` is no code")


def test_a_key_of_an_editors_own_file(tmp_path: Path) -> None:
    said = told(tmp_path, "---\nalways▮Apply: true\n---\nText\n", ".cursor/rules/own.mdc")
    assert said.startswith("**alwaysApply**\n\n")
    assert "](https://cursor.com/docs/rules)" in said


# Rules that are named


@pytest.mark.parametrize("text", ["[it](sty▮le.md)", "the rule `sty▮le`", "![](./sty▮le.md#x)"])
def test_a_rule_that_is_named(tmp_path: Path, text: str) -> None:
    said = told(tmp_path, f"# Api\n\nSee {text}.\n")
    assert said.startswith("**Style**, rule [`style`](.driven/rules/style.md)\n\nHow code looks\n\nalways · ~5 tokens")
    assert "[`.cursor/rules/style.mdc`]" in said


def test_a_file_that_is_named(tmp_path: Path) -> None:
    assert told(tmp_path, "# Api\n\nSee [it](../../READ▮ME.md).\n") == (
        "[`README.md`](README.md)\n\n**Read**\n\n11 characters · ~3 tokens"
    )
    assert (
        told(tmp_path, "# Api\n\nSee [it](no▮ne.md).\n")
        == "No rule is called `none`: there is no `.driven/rules/none.md`."
    )


def test_a_description_is_shown_as_text(tmp_path: Path) -> None:
    said = told(tmp_path, "---\ndescription: '![x](http://x/y.png) <b>'\n---\n# ▮Api\n")
    assert "\\!\\[x\\](http://x/y.png) \\<b\\>" in said


def test_nothing_is_told_of_plain_text_and_strangers(tmp_path: Path) -> None:
    assert told(tmp_path, "# Api\n\nUse e▮arly returns.\n") == ""
    assert told(tmp_path, "# Api ▮\n", "docs/page.md") == ""


def test_a_heading_further_down_says_what_it_costs(tmp_path: Path) -> None:
    assert told(tmp_path, "# Api\n\nx\n\n## T▮wo\n\nSome text.\n\n## Three\n") == "~5 tokens in this section"


# Files that driven writes


def test_a_whole_file_says_where_it_comes_from(tmp_path: Path) -> None:
    emitted(snapshot_of(tmp_path, FILES), ".cursor/rules/style.mdc")
    snapshot = snapshot_of(tmp_path, FILES)
    for word in ("---", "# Style", "alwaysApply"):
        said = at(snapshot, ".cursor/rules/style.mdc", word)
        assert f"Written by driven:\n\n**Style**, rule [`style`](file://{tmp_path}/.driven/rules/style.md)" in said
        assert "An edit here is merged into the rule at the next sync" in said


def test_a_section_says_which_rule_each_heading_is_of(tmp_path: Path) -> None:
    files = {**FILES, API: "# Api\n\nx\n"}
    emitted(snapshot_of(tmp_path, files), "AGENTS.md", b"# Mine\n\nx\n")
    snapshot = snapshot_of(tmp_path, files)
    assert "Written by driven:\n\n**Api**, rule" in at(snapshot, "AGENTS.md", "# Api")
    assert "Written by driven:\n\n**Style**, rule" in at(snapshot, "AGENTS.md", "# Style")
    assert "Written by driven from 2 rules:" in at(snapshot, "AGENTS.md", "driven:begin")
    assert "Written by" not in at(snapshot, "AGENTS.md", "# Mine")


def test_one_way_and_conflicts_are_told(tmp_path: Path) -> None:
    config = "[editors]\ncursor = true\n[sync]\nmode = 'one-way'\n"
    emitted(snapshot_of(tmp_path, FILES, config=config), ".cursor/rules/style.mdc")
    snapshot = snapshot_of(tmp_path, FILES, config=config)
    assert "Edit the rule: `mode` is `one-way`" in at(snapshot, ".cursor/rules/style.mdc", "---")
    snapshot.plan = Plan(changes=(conflict(".cursor/rules/style.mdc"),))
    said = at(snapshot, ".cursor/rules/style.mdc", "---")
    assert "**In conflict**: both sides changed. Nothing is merged or written until that is decided." in said
    assert "next sync" not in said and "one-way" not in said
    assert "**1 conflict**" in at(snapshot, ".driven/config.toml", "cursor")


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    snapshot = snapshot_of(
        tmp_path, {".cursor/rules/x.mdc": "---\nglobs: src/*.ts\n---\n# X\n", "src/a.ts": ""}, config=""
    )
    assert at(snapshot, ".cursor/rules/x.mdc", "src").startswith("`src/*.ts`: **1 file**")
    assert at(snapshot, ".cursor/rules/x.mdc", "# X") == "~1 token in this section"


# Text while it is typed


@pytest.mark.parametrize("lead", ["\ufeff", "é😀 ", ""])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_offsets_are_right_in_any_text(tmp_path: Path, lead: str, newline: str) -> None:
    top = lead if lead == "\ufeff" else ""
    note = "" if top else lead
    text = f"{top}---\ndescription: {note}x\npaths: ['src/▮*.ts']\n---\n# A\n".replace("\n", newline)
    asked = here(tmp_path, FILES, API, text)
    found = hover(asked)
    document = asked.snapshot.document(API)
    assert found is not None
    assert document is not None
    assert document.text[found.start : found.end] == "src/*.ts"
    assert "**3 files**" in found.markdown


def test_front_matter_that_is_not_closed(tmp_path: Path) -> None:
    assert told(tmp_path, "---\npaths:\n  - src/▮*.ts\napply: [").startswith("`src/*.ts`: **3 files**")


def test_no_text_breaks_hover() -> None:
    with opened() as project:

        @settings(max_examples=80)
        @given(texts(), st.sampled_from(PATHS))
        def check(text: str, path: str) -> None:
            snapshot = project.snapshot(path, text)
            document = snapshot.document(path)
            assert document is not None
            for offset in range(0, len(document.text) + 2, 7):
                found = hover(Here(snapshot=snapshot, path=path, offset=offset))
                if found is not None:
                    assert 0 <= found.start <= min(offset, len(document.text)) <= found.end <= len(document.text)
                    assert found.markdown

        check()


def test_real_files_break_nothing(corpus: list[Path]) -> None:
    with opened() as project:
        for file in corpus[::40]:
            text = file.read_bytes().decode(errors="replace")
            for path in (".cursor/rules/x.mdc", API):
                snapshot = project.snapshot(path, text)
                for offset in range(0, min(len(text), 1_000), 29):
                    hover(Here(snapshot=snapshot, path=path, offset=offset))
