"""Claude Code's files as people write them: CLAUDE.md and what it takes in, rules, skills."""

from __future__ import annotations

import time

import pytest

from driven.hookspecs import Imported, SourceFile
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.artefact import Outside, Settings
from driven.model.rule import Rule
from driven_emitters.claude import ClaudeEmitter, ClaudeImporter
from driven_emitters.claude_imports import imports_of

EMITTER = ClaudeEmitter()
IMPORTER = ClaudeImporter()
RULE = ".claude/rules/rule.md"
SKILL = ".claude/skills/a-skill/SKILL.md"


def read(**files: str) -> Imported:
    """The files, named `CLAUDE.md=…`."""
    return IMPORTER.read([SourceFile(path=path, data=text.encode()) for path, text in files.items()])


def one(path: str, text: str) -> tuple[Rule, list[str]]:
    """The rule in one file and the codes of what was found."""
    found = read(**{path: text})
    (rule,) = found.rules
    return rule, [item.code for item in found.diagnostics]


@pytest.mark.parametrize(
    ("front", "activation", "codes"),
    [
        ('paths:\n  - "**/*.ts"\n  - "src/**"', ForPaths(("**/*.ts", "src/**")), []),
        ('paths: ["**/*.ts", "src/**"]', ForPaths(("**/*.ts", "src/**")), []),
        ('paths: "**/*.ts, src/**"', ForPaths(("**/*.ts", "src/**")), []),
        ("paths: src/**,**/*.ts", ForPaths(("src/**", "**/*.ts")), []),
        ("paths: src/**/*.{a,b},x", ForPaths(("src/**/*.{a,b}", "x")), []),
        ('paths: ["*.md"]', ForPaths(("*.md",)), []),
        ('paths: ["app/\\\\[id\\\\]/**"]', ForPaths(("app/[[]id]/**",)), []),
        ("paths: **/*.ts", ALWAYS, ["CLA03"]),
        ('paths: ["**/*"]', ALWAYS, ["GEN06"]),
        ("paths: []", ALWAYS, []),
        ("paths:", ALWAYS, []),
        ('paths: ""', ALWAYS, []),
        ('paths: ["../x", "/src/**"]', ForPaths(("src/**",)), ["GEN04", "GEN04"]),
        ('paths: ["a[b"]', ON_REQUEST, ["CLA04"]),
        ('paths: ["{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"]', ON_REQUEST, ["GEN04", "CLA05"]),
        ("globs: src/**", ALWAYS, ["CLA01"]),
        ("applyTo: src/**\nalwaysApply: false", ALWAYS, ["CLA01", "CLA01"]),
        ("paths: src/**\nglobs: src/**", ForPaths(("src/**",)), []),
        ("path: src/**", ALWAYS, ["CLA02"]),
        ("description: Words", ALWAYS, []),
        ("a: [", ALWAYS, ["CLA03"]),
    ],
)
def test_what_the_keys_of_a_rule_mean(front: str, activation: Activation, codes: list[str]) -> None:
    text = f"---\n{front}\n---\n\nText.\n"
    rule, found = one(RULE, text)
    assert rule.activation == activation
    assert found == codes
    (artefact,) = EMITTER.emit([rule], Settings()).artefacts
    assert (artefact.path, artefact.text) == (RULE, text)


def test_a_description_is_kept_whatever_the_rule_says() -> None:
    text = "---\ndescription: Words\npaths: src/**\n---\nText.\n"
    rule, _ = one(RULE, text)
    assert rule.description == "Words"
    back = IMPORTER.read_back(rule, RULE, text.replace("Words", "Others")).rule
    assert back is not None
    assert back.description == "Others"
    plain, _ = one(RULE, "---\npaths: src/**\n---\nText.\n")
    described = Rule(id=plain.id, body=plain.body, activation=plain.activation, description="D", extra=plain.extra)
    (artefact,) = EMITTER.emit([described], Settings()).artefacts
    assert artefact.text == "---\npaths: src/**\n---\nText.\n"  # merging a description in costs no layout


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("---\npaths: [\n---\nText.\n", "never closed"),
        ("---\npaths:\n  - src/**\nText.\n", "never closed"),
        ('---\npaths:\n  - "src/**"\n---\n\n', "gone"),
    ],
)
def test_an_edit_that_cannot_be_meant(text: str, problem: str) -> None:
    rule, _ = one(RULE, '---\npaths:\n  - "src/**"\n---\n\nText.\n')
    found = IMPORTER.read_back(rule, RULE, text)
    assert found.rule is None
    assert found.hint
    assert (
        problem in found.problem or "YAML" in found.problem or "expected" in found.problem or "did not" in found.problem
    )


@pytest.mark.parametrize(
    ("text", "activation", "codes"),
    [
        ("---\nname: a-skill\ndescription: D\n---\n\nText.\n", WhenRelevant("D"), []),
        ("---\nname: a-skill\ndescription: D\ndisable-model-invocation: true\n---\n\nText.\n", ON_REQUEST, []),
        ("---\nname: other\ndescription: D\n---\n\nText.\n", WhenRelevant("D"), ["SKL01"]),
        ("---\ndescription: D\n---\n\nText.\n", WhenRelevant("D"), ["SKL01"]),
        ("---\nname: a-skill\n---\n\n# Title\n", WhenRelevant("Title"), ["SKL02"]),
        ("---\nname: a-skill\n---\n\nText.\n", WhenRelevant("A skill"), ["SKL02"]),
        (f"---\nname: a-skill\ndescription: {'x' * 1100}\n---\nT\n", WhenRelevant("x" * 1100), ["SKL02"]),
        ("Text.\n", WhenRelevant("A skill"), ["SKL02"]),
        ("---\nname: a-skill\ndescription: D\nallowed-tools: [Bash]\n---\nSee [r](references/a.md).\n",
         WhenRelevant("D"), ["SKL03"]),
    ],
)  # fmt: skip
def test_skills(text: str, activation: Activation, codes: list[str]) -> None:
    rule, found = one(SKILL, text)
    assert (rule.id, rule.activation) == ("a-skill", activation)
    assert found == codes
    emission = EMITTER.emit([rule], Settings())
    assert [(artefact.path, artefact.text) for artefact in emission.artefacts] == [(SKILL, text)]
    assert [loss.kind for loss in emission.losses] == ["approximated"] * len(emission.losses)
    assert emission.losses


def test_a_skill_stays_in_its_folder_whatever_its_name() -> None:
    path = ".claude/skills/Odd Name/SKILL.md"
    rule, codes = one(path, "---\nname: Odd Name\ndescription: D\n---\nText.\n")
    assert codes == ["SKL01"]
    changed = Rule(id=rule.id, body=rule.body, activation=WhenRelevant("Else"), description="Else", extra=rule.extra)
    (artefact,) = EMITTER.emit([changed], Settings()).artefacts
    assert (artefact.path, artefact.text) == (path, "---\nname: Odd Name\ndescription: Else\n---\n\nText.\n")


@pytest.mark.parametrize(
    ("path", "rule_id", "activation"),
    [
        ("CLAUDE.md", "claude", ALWAYS),
        (".claude/CLAUDE.md", "claude", ALWAYS),
        ("web/app/CLAUDE.md", "web/app/claude", ForPaths(("web/app/**",))),
        ("web/.claude/CLAUDE.md", "web/claude", ForPaths(("web/**",))),
        ("app/[id]/CLAUDE.md", "app/id/claude", ForPaths(("app/[[]id]/**",))),
        (".claude/rules/CLAUDE.md", "claude", ALWAYS),
        ("web/.claude/rules/x.md", "web/x", ForPaths(("web/**",))),
    ],
)
def test_where_a_file_stands_says_when_it_holds(path: str, rule_id: str, activation: Activation) -> None:
    rule, codes = one(path, "# House\n\nText.\n")
    assert (rule.id, rule.activation, codes) == (rule_id, activation, [])
    (artefact,) = EMITTER.emit([rule], Settings()).artefacts
    assert artefact.path == path
    assert isinstance(artefact.ownership, Outside) == ("rules" not in path)
    other = Rule(id=rule.id, body=rule.body, activation=ForPaths(("lib/**",)), extra=rule.extra)
    (artefact,) = EMITTER.emit([other], Settings()).artefacts
    assert artefact.path.startswith(".claude/rules/") or path.endswith("/rules/x.md")


def test_what_is_personal_or_ignored_is_told() -> None:
    found = read(**{
        "CLAUDE.local.md": "Mine.\n", ".claude/rules/x.txt": "Text.\n", ".claude/skills/a/CLAUDE.md": "No.\n",
        "CLAUDE.md": "x\n" * 300,
    })  # fmt: skip
    assert [rule.id for rule in found.rules] == ["claude"]
    assert {(item.code, item.severity, item.span.path) for item in found.diagnostics} == {
        ("CLA17", "info", "CLAUDE.local.md"), ("CLA06", "warning", ".claude/rules/x.txt"),
        ("CLA13", "info", "CLAUDE.md"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("See @docs/a.md, and @./b.md.", ["docs/a.md", "./b.md"]),
        ("@README and @package.json", ["README", "package.json"]),
        ('(@no.md) a@b.c "@no.md" @"no.md" \'@no.md\' @ @@no', []),
        ("`@no.md` and ``a ` @no.md`` but @yes.md", ["yes.md"]),
        ("`a\n@no.md` @yes.md", ["yes.md"]),
        ("`open\n\n@yes.md`", ["yes.md`"]),
        ("```\n@no.md\n```\n@yes.md", ["yes.md"]),
        ("~~~ js\n@no.md\n```\n~~~~\n@yes.md", ["yes.md"]),
        ("- list\n  ```\n  @no.md\n  ```\n- @yes.md", ["yes.md"]),
        ("<!-- @no.md\n\n@no.md -->\n@yes.md", ["yes.md"]),
        ("@a\\ b.md @c.md#part", ["a b.md", "c.md"]),
        ("@~/me.md @/etc/x.md @../up.md", ["~/me.md", "/etc/x.md", "../up.md"]),
        ("@docs/über.md @a.md @a.md", ["docs/über.md", "a.md"]),
        ("```\n@no.md", []),
    ],
)
def test_where_an_import_counts(text: str, targets: list[str]) -> None:
    assert [item.target for item in imports_of(text, "CLAUDE.md")] == targets
    assert [item.target for item in imports_of(text.replace("\n", "\r\n"), "CLAUDE.md")] == targets


def test_what_an_import_names() -> None:
    text = b"@docs/a.md @../b.md\n@~/c.md @/d.md @../../e.md\n"
    assert IMPORTER.follows(SourceFile(path="web/CLAUDE.md", data=text)) == ("web/docs/a.md", "b.md")
    assert IMPORTER.follows(SourceFile(path=".claude/rules/x.md", data=b"@y.md")) == (".claude/rules/y.md",)
    assert IMPORTER.follows(SourceFile(path="docs/a.md", data=b"@b.md")) == ("docs/b.md",)
    for path in ("CLAUDE.local.md", SKILL, "logo.png"):
        assert IMPORTER.follows(SourceFile(path=path, data=b"@y.md")) == ()
    assert IMPORTER.follows(SourceFile(path="CLAUDE.md", data=b"@y.md\0")) == ()


def test_files_that_are_taken_in_become_rules_for_the_other_editors() -> None:
    found = read(**{
        "CLAUDE.md": "# House\n\n@docs/style.md\n@AGENTS.md @package.json\n", "docs/style.md": "# Style\n\n@deep.md\n",
        "docs/deep.md": "---\ntitle: Deep\n---\nDeep.\n", "web/CLAUDE.md": "@../docs/deep.md\n@only.txt\n",
        "web/only.txt": "Only.\n", "AGENTS.md": "@from/agents.md\n", "from/agents.md": "From.\n", "package.json": "{}",
        "docs/unasked.md": "Nobody names it.\n",
    })  # fmt: skip
    rules = {rule.id: rule for rule in found.rules}
    assert rules["claude"].body == "# House\n\n@docs/style.md\n@AGENTS.md @package.json\n"
    taken = {rule.id: (rule.activation, rule.body) for rule in found.rules if rule.targets == ("-claude",)}
    assert taken == {
        "docs/style": (ALWAYS, "# Style\n\n@deep.md\n"), "docs/deep": (ALWAYS, "Deep.\n"),
        "web/only": (ForPaths(("web/**",)), "Only.\n"), "from/agents": (ALWAYS, "From.\n"),
    }  # fmt: skip
    assert set(rules) - set(taken) == {"claude", "web/claude"}
    assert found.files["docs/deep"] == "docs/deep.md"
    assert not [item for item in found.diagnostics if item.code.startswith("CLA")]
    fates = {(item.path, item.line, item.outcome, item.note) for item in found.fidelity if item.name == "`@import`"}
    mine = "for other editors; Claude Code reads it itself"
    assert ("CLAUDE.md", 3, "approximated", f"`@docs/style.md` is the rule `docs/style` {mine}") in fates
    assert ("CLAUDE.md", 4, "mapped", "`@AGENTS.md` is read as AGENTS.md") in fates
    assert len([note for *_, outcome, note in fates if outcome == "dropped" and "@package.json" in note]) == 1


def test_four_hops_and_no_further() -> None:
    chain = {f"{n}.md": f"@{n + 1}.md\n" for n in range(1, 7)}
    found = read(**{"CLAUDE.md": "@1.md\n", "7.md": "End.\n"}, **chain)
    assert [rule.id for rule in found.rules] == ["claude", "1", "2", "3", "4"]
    (told,) = [item for item in found.diagnostics if item.code == "CLA08"]
    assert (told.span.path, told.span.line) == ("4.md", 1)
    assert "`@5.md`" in told.message


def test_a_file_that_was_withheld_is_too_far_away_and_not_missing() -> None:
    chain = {f"{n}.md": f"@{n + 1}.md\n" for n in range(1, 4)}
    found = read(**{"CLAUDE.md": "@1.md\n", "4.md": "@5.md @five @~/me.md @no/6.md\n"}, **chain)
    assert [(item.code, item.span.path) for item in found.diagnostics] == [("CLA08", "4.md")] * 2 + [("CLA16", "4.md")]
    found = read(**{"CLAUDE.md": "@1.md\n", "4.md": "@5.md\n", "web/CLAUDE.md": "@../4.md\n"}, **chain)
    assert [item.code for item in found.diagnostics] == ["CLA07"], "from there it is near enough"


def test_both_files_for_the_project_have_a_name() -> None:
    found = read(**{".claude/CLAUDE.md": "A.\n", "CLAUDE.md": "B.\n", "web/.claude/CLAUDE.md": "C.\n"})
    assert found.files == {
        "claude": "CLAUDE.md",
        "claude-2": ".claude/CLAUDE.md",
        "web/claude": "web/.claude/CLAUDE.md",
    }
    assert not found.diagnostics
    for rule in found.rules:
        (artefact,) = EMITTER.emit([rule], Settings()).artefacts
        assert artefact.path == found.files[rule.id]


def test_circles_are_named() -> None:
    found = read(**{"CLAUDE.md": "@a.md @b.md\n", "a.md": "@b.md\n", "b.md": "One.\n\n@a.md\n", "c.md": "@c.md"})
    (told,) = [item for item in found.diagnostics if item.code == "CLA09"]
    assert (told.span.path, told.span.line) == ("b.md", 3)
    assert told.message.endswith("a.md -> b.md -> a.md")
    found = read(**{"CLAUDE.md": "@CLAUDE.md\n"})
    assert [item.code for item in found.diagnostics] == ["CLA09"]


def test_imports_of_nothing_and_of_what_is_outside() -> None:
    found = read(**{"CLAUDE.md": "One.\n@docs/no.md @param @scope/pkg @~/me.md\n@../up.md\n" + "@a1 @a2 @a3 " * 9})
    told = {(item.code, item.severity, item.span.line, item.message.split("`")[1]) for item in found.diagnostics}
    assert {
        ("CLA07", "warning", 2, "@docs/no.md"), ("CLA10", "warning", 2, "@param"),
        ("CLA10", "warning", 2, "@scope/pkg"),
        ("CLA16", "info", 2, "@~/me.md"), ("CLA16", "info", 3, "@../up.md"),
    } <= told  # fmt: skip
    many = read(**{"CLAUDE.md": "".join([f"@name{number}\n" for number in range(2000)])})
    assert len(many.diagnostics) <= 11


def test_a_fence_that_is_never_closed() -> None:
    _, codes = one("CLAUDE.md", "# House\n\n```sh\n@no.md\n")
    assert codes == ["GEN09"]


def test_our_section_of_claude_md_says_nothing_about_a_rule() -> None:
    rule = Rule(id="a", body="Text.\n")
    assert IMPORTER.read_back(rule, "CLAUDE.md", "@AGENTS.md\n").rule == rule
    found = IMPORTER.read_back(rule, "CLAUDE.md", "@AGENTS.md\nMore.\n")
    assert found.rule is None
    assert found.problem


def test_agents_md_carries_an_imported_rule_where_it_is_asked_to() -> None:
    rule, _ = one("CLAUDE.md", "# House\n\nText.\n")
    settings = Settings(always="agents", editors=frozenset(("claude",)))
    assert EMITTER.group(rule, settings) == "CLAUDE.md"
    (artefact,) = EMITTER.emit([rule], settings).artefacts
    assert (artefact.path, artefact.text) == ("CLAUDE.md", "@AGENTS.md\n")
    assert EMITTER.group(rule, Settings()) == rule.id


@pytest.mark.parametrize("path", ["../CLAUDE.md", "/CLAUDE.md", ".git/CLAUDE.md", "a/../CLAUDE.md", "CLAUDE.md\n"])
def test_a_path_of_somebody_elses_is_not_followed(path: str) -> None:
    rule = Rule(id="a", body="Text.\n", extra={"claude": {"$path": path}})
    (artefact,) = EMITTER.emit([rule], Settings()).artefacts
    assert artefact.path == ".claude/rules/a.md"


def test_a_body_with_our_marker_lines_does_not_go_outside_of_them() -> None:
    for body in (
        "<!-- driven:begin claude -->\nx\n<!-- driven:end claude -->\n",
        "Text.\n\n<!-- driven:begin claude -->\n",
    ):
        rule = Rule(id="a", body=body, extra={"claude": {"$path": "CLAUDE.md"}})
        (artefact,) = EMITTER.emit([rule], Settings()).artefacts
        assert artefact.path == ".claude/rules/a.md"


def test_hostile_files_cost_no_time() -> None:
    start = time.process_time()
    for text in (
        "@a " * 100_000, "`" * 900_000, "` " * 150_000, "<!--" * 100_000, "```\n" * 100_000, "@" * 400_000,
        "@a\\ " * 80_000, "> " * 150_000, "\n" * 300_000, "".join([f"@{number}.md\n" for number in range(30_000)]),
        "<!-- driven:begin a\n" * 40_000,
    ):  # fmt: skip
        read(**{"CLAUDE.md": text, "docs/a.md": text})
        IMPORTER.follows(SourceFile(path="CLAUDE.md", data=text.encode()))
    everyone = {f"{number}.md": "".join([f"@{other}.md " for other in range(120)]) for number in range(120)}
    read(**{"CLAUDE.md": "@0.md\n"}, **everyone)
    for front in ("paths: " + "[" * 100_000, "paths: [" + "a," * 100_000, "paths: '" + "{a,b}" * 10_000 + "'"):
        read(**{RULE: f"---\n{front}\n---\nText.\n"})
    assert time.process_time() - start < 60
