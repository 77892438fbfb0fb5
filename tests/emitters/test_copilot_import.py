"""Copilot's files as people write them: read leniently, every oddity told, written back, and edits read back."""

from __future__ import annotations

import pytest
from emitters.mirror import Mirror

from driven.frozen import replace
from driven.hookspecs import Importer, SourceFile
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.artefact import Artefact, Outside, Section, Settings
from driven.model.rule import Rule
from driven_emitters.copilot import CopilotEmitter, CopilotImporter, driven_importers

EMITTER = CopilotEmitter()
IMPORTER = CopilotImporter()
PATH = ".github/instructions/rule.instructions.md"
MAIN = ".github/copilot-instructions.md"
TWO = ForPaths(("**/*.ts", "src/**"))
MIRROR = Mirror(EMITTER, IMPORTER, PATH)
imported, emitted, edited = MIRROR.imported, MIRROR.emitted, MIRROR.edited


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ('applyTo: "**/*.ts,src/**"', []),
        ("applyTo: '**/*.ts, src/**'", []),
        ("applyTo: **/*.ts,src/**", ["COP05"]),
        ('applyTo: ["**/*.ts", "src/**"]', ["COP01"]),
        ("applyTo: [**/*.ts, src/**]", ["COP05", "COP01"]),
        ('applyTo:\n  - "**/*.ts"\n  - src/**', ["COP01"]),
        ("applyTo: >-\n  **/*.ts,\n  src/**", []),
        ('applyTo: "**/*.ts,,src/**,"', []),
        ('applyTo: "**/*.ts,/src/**"', ["GEN04"]),
        ('applyTo: "**/*.ts,src/"', ["GEN04"]),
        ('applyTo: "**/*.ts,src/**,../x"', ["GEN04"]),
    ],
)
def test_every_way_to_write_two_globs(lines: str, codes: list[str]) -> None:
    text = f"---\n{lines}\n---\n\nText.\n"
    rule, found = imported(text)
    assert rule.activation == TWO
    assert found == codes
    assert emitted(rule) == Artefact(path=PATH, text=text, rule_ids=("rule",))


@pytest.mark.parametrize(
    ("front", "activation", "codes"),
    [
        ("applyTo:", ON_REQUEST, ["COP03"]),
        ('applyTo: ""', ON_REQUEST, ["COP03"]),
        ("applyTo: 5", ON_REQUEST, ["COP03"]),
        ('applyTo: "**"', ALWAYS, []),
        ('applyTo: "**/*"', ALWAYS, []),
        ("applyTo: '*'", ALWAYS, []),
        ('applyTo: "src/**,**"', ALWAYS, []),
        ('applyTo: "src/**/*.{a,b},x/**"', ForPaths(("src/**/*.{a,b}", "x/**")), []),
        ('applyTo: "*.py"', ForPaths(("*.py",)), ["COP09"]),
        ('applyTo: "**/*.py,src/*.py"', ForPaths(("**/*.py", "src/*.py")), ["COP09"]),
        ('description: "D"', WhenRelevant("D"), ["COP03"]),
        ("description: D\napplyTo: src/**", ForPaths(("src/**",)), []),
        ("name: N\nexcludeAgent: code-review\napplyTo: src/**", ForPaths(("src/**",)), []),
        ("excludeAgent: coding-agent\napplyTo: src/**", ForPaths(("src/**",)), ["COP06"]),
        ("excludeAgent: [cloud-agent, me]\napplyTo: src/**", ForPaths(("src/**",)), ["COP07"]),
        ("globs: src/**", ON_REQUEST, ["COP04", "COP03"]),
        ("paths: [src/**]\nalwaysApply: true", ON_REQUEST, ["COP04", "COP04", "COP03"]),
        ("tags: [a]\napplyTo: src/**", ForPaths(("src/**",)), ["COP04"]),
        ("", ON_REQUEST, ["COP03"]),
    ],
)
def test_what_the_keys_mean(front: str, activation: Activation, codes: list[str]) -> None:
    text = f"---\n{front}\n---\nText.\n"
    rule, found = imported(text)
    assert rule.activation == activation
    assert found == codes
    assert emitted(rule) == Artefact(path=PATH, text=text, rule_ids=("rule",))


def test_keys_of_its_own_are_kept() -> None:
    rule, _ = imported('---\nname: N\nexcludeAgent: "code-review"\napplyTo: "src/**"\n---\n\nText.\n')
    assert {key: value for key, value in rule.extra["copilot"].items() if key[0] != "$"} == {
        "name": "N", "excludeAgent": "code-review",
    }  # fmt: skip
    fidelity = IMPORTER.read([SourceFile(path=PATH, data=b'---\nname: N\napplyTo: "../x,src/**"\n---\nT\n')]).fidelity
    assert [(item.name, item.outcome) for item in fidelity] == [
        ("key `name`", "unsupported"), ("glob `../x`", "dropped"), ("`applyTo`", "mapped"), ("body", "mapped"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"No front matter.\n", ["COP03"]),
        (b"---\napplyTo: never closed\n", ["COP03"]),
        (b"\n---\napplyTo: src/**\n---\nText.\n", ["GEN02", "COP03"]),
        (b'\xef\xbb\xbf---\napplyTo: "src/**"\n---\nText.\n', ["GEN01"]),
        (b'---\r\napplyTo: "src/**"\r\n---\r\n\r\nText.\r\n', []),
        (b'---\napplyTo: "src/**"\n---\n', ["GEN03"]),
        (b"", ["GEN03", "COP03"]),
        (b'---\napplyTo: "src/**"\n---\n\n' + b"x" * 4000, ["COP08"]),
    ],
)
def test_odd_files_come_back_as_they_were(data: bytes, codes: list[str]) -> None:
    rule, found = imported(data)
    assert found == codes
    assert (emitted(rule).path, emitted(rule).text.encode()) == (PATH, data)


def test_an_instructions_file_that_is_always_on_stays_a_file() -> None:
    text = '---\napplyTo: "**"\n---\n\nText.\n'
    rule, _ = imported(text)
    assert rule.extra == {"copilot": {"$path": PATH}}
    assert EMITTER.group(rule, Settings()) == rule.id
    assert emitted(replace(rule, body="Other.\n")).text == text.replace("Text", "Other")
    assert edited(rule, '"**"', '"src/**"').activation == ForPaths(("src/**",))


def test_the_shared_file_is_a_rule_and_what_is_outside_of_the_section() -> None:
    rule, found = imported("# House\r\n\r\nText.", MAIN)
    assert (rule.id, rule.activation, rule.body, found) == ("copilot-instructions", ALWAYS, "# House\r\n\r\nText.", [])
    assert rule.extra == {"copilot": {"$path": MAIN}}
    assert emitted(rule) == Artefact(path=MAIN, text=rule.body, ownership=Outside(), rule_ids=(rule.id,))
    other = Rule(id="other", body="Other.\n")
    assert EMITTER.group(rule, Settings()) == EMITTER.group(other, Settings()) == MAIN
    both = EMITTER.emit([other, rule], Settings(header=True)).artefacts
    assert {type(artefact.ownership) for artefact in both} == {Outside, Section}
    assert edited(rule, "Text", "New") == replace(rule, body="# House\r\n\r\nNew.")


@pytest.mark.parametrize("front", ['---\napplyTo: "**"\n---\n\n', "\ufeff", "---\ndescription: D\nname: n\n---\n"])
def test_front_matter_of_the_shared_file_stays(front: str) -> None:
    rule, _ = imported(f"{front}Text.\n", MAIN)
    assert rule.body == "Text.\n"
    assert rule.extra["copilot"]["$front"] == front
    assert emitted(rule).text == f"{front}Text.\n"
    assert emitted(replace(rule, body="New.\n", description="Another")).text == f"{front}New.\n"


@pytest.mark.parametrize("text", ["---\nA line.\n---\nText.\n", "---\nx\n", "\n---\n\n# A\n"])
def test_a_line_across_the_page_of_the_shared_file_is_text(text: str) -> None:
    rule, _ = imported(text, MAIN)
    assert rule.body == text
    assert emitted(rule).text == text


def test_our_section_in_the_shared_file_is_no_rule_of_a_person() -> None:
    section = "<!-- driven:begin copilot -->\n## A\n<!-- driven:end copilot -->\n"
    rule, _ = imported(f"Mine.\n\n{section}", MAIN)
    assert rule.body == "Mine.\n"
    for text in (section, "", "\n\n", "\ufeff"):
        assert not IMPORTER.read([SourceFile(path=MAIN, data=text.encode())]).rules
    broken = IMPORTER.read([SourceFile(path=MAIN, data=b"<!-- driven:begin copilot -->\nMine.\n")])
    assert [(item.code, item.severity) for item in broken.diagnostics] == [("IMP05", "error")]
    assert not broken.rules


def test_a_rule_cannot_mark_a_section_in_the_shared_file() -> None:
    rule, _ = imported("Text with `<!-- driven:begin copilot -->` in it.\n", MAIN)
    assert emitted(rule).text == rule.body
    hostile = replace(rule, body="<!-- driven:begin copilot -->\nx\n<!-- driven:end copilot -->\n")
    (artefact,) = EMITTER.emit([hostile], Settings()).artefacts
    assert "<!-- driven:" not in artefact.text
    assert EMITTER.emit([hostile], Settings()).losses


def test_edits_of_a_file_are_edits_of_the_rule() -> None:
    rule = Rule(
        id="api", body="# API\r\n\r\n[x](mdc:a.md)\r\nOld.\r\n", description="API: all",
        extra={"copilot": {"name": "N"}}, activation=ForPaths(("src/**/*.{ts,tsx}", "**/*.md")),
    )  # fmt: skip
    assert edited(rule, "Old.", "New.") == replace(rule, body=rule.body.replace("Old", "New"))
    assert edited(rule, '"API: all"', '"APIs"') == replace(rule, description="APIs")
    assert edited(rule, 'description: "API: all"\n', "") == replace(rule, description="")
    wider = replace(rule, activation=ForPaths(("src/**/*.{ts,tsx}", "**/*.md", "lib/**")))
    assert edited(rule, ',**/*.md"', ',**/*.md,lib/**"') == wider
    less = edited(rule, "src/**/*.tsx,", "")
    assert less.activation == ForPaths(("**/*.md", "src/**/*.ts"))
    assert edited(rule, "name: N", "name: M").extra == {"copilot": {"name": "M"}}
    assert edited(rule, "name: N\n", "excludeAgent: code-review\n").extra == {
        "copilot": {"excludeAgent": "code-review"}
    }
    assert edited(rule, 'applyTo: "src/**/*.ts,src/**/*.tsx,**/*.md"', 'applyTo: "**"').activation == ALWAYS
    assert edited(rule, 'applyTo: "src/**/*.ts,src/**/*.tsx,**/*.md"\n', "").activation == WhenRelevant("API: all")


def test_the_layout_of_an_edit_is_kept() -> None:
    rule = Rule(id="api", body="Old.\n", activation=ForPaths(("src/**",)))
    after = edited(rule, 'applyTo: "src/**"\n', "# why\napplyTo: 'lib/**'\n")
    assert after.activation == ForPaths(("lib/**",))
    assert emitted(after).text == "---\n# why\napplyTo: 'lib/**'\n---\n\nOld.\n"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("\n---\n", "\n", "never closed"),
        ('applyTo: "src/**"', 'applyTo: "src/**', "quote that is never closed"),
        ('applyTo: "src/**"', "applyTo: [src/**", "cannot be used"),
        ('applyTo: "src/**"', 'applyTo: "src/**,../x"', "cannot be used"),
        ('applyTo: "src/**"', 'applyTo: "src/**"\nx: : y', "not YAML"),
        ("Text.\n", "", "text is gone"),
    ],
)
def test_what_cannot_be_meant(old: str, new: str, problem: str) -> None:
    rule = Rule(id="api", body="Text.\n", activation=ForPaths(("src/**",)))
    text = emitted(rule).text
    assert old in text
    back = IMPORTER.read_back(rule, emitted(rule).path, text.replace(old, new))
    assert back.rule is None
    assert problem in back.problem
    assert back.line >= 1
    assert back.hint


def test_a_part_of_the_section_is_read_back() -> None:
    rule = Rule(id="house", body="Text.\n", description="House")
    text = EMITTER.emit([rule], Settings()).artefacts[0].text
    back = IMPORTER.read_back(rule, MAIN, text.replace("Text", "New"))
    assert back.rule == replace(rule, body="New.\n")


def test_what_is_no_rule_is_a_diagnostic() -> None:
    files = [
        SourceFile(path=f".github/instructions/{name}.instructions.md", data=data)
        for name, data in (("latin", b"One\ncaf\xe9\n"), ("nul", b"t\0o\n"), ("huge", b"x" * (2 << 20)))
    ]
    found = IMPORTER.read([*files, SourceFile(path=MAIN, data=b"\xff")])
    assert not found.rules
    assert sorted(item.code for item in found.diagnostics) == ["IMP04", "TXT01", "TXT01", "TXT01"]
    assert all(item.severity == "error" and item.hint for item in found.diagnostics)


def test_it_is_an_importer() -> None:
    (importer,) = driven_importers()
    assert isinstance(importer, Importer)
    assert importer.target.name == "copilot"
    assert importer.follows(SourceFile(path=MAIN, data=b"@x.md")) == ()
