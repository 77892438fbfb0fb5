"""Cursor's files as people write them: read leniently, every oddity told, and written back byte for byte."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.frozen import replace
from driven.hookspecs import Importer, SourceFile
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.artefact import Settings
from driven.model.rule import Rule
from driven.plugin_kit import parse_rule, render_rule
from driven_emitters.cursor import CursorEmitter, CursorImporter, driven_importers

EMITTER = CursorEmitter()
IMPORTER = CursorImporter()
TWO = ForPaths(("**/*.ts", "src/**"))


def imported(text: str | bytes, path: str = ".cursor/rules/rule.mdc") -> tuple[Rule, list[str]]:
    """The rule in one file and the codes of what was found."""
    data = text.encode() if isinstance(text, str) else text
    found = IMPORTER.read([SourceFile(path=path, data=data)])
    return found.rules[0], [item.code for item in found.diagnostics]


def through_text(rule: Rule) -> Rule:
    """The rule after it was written to its own file and read again."""
    again, found = parse_rule(render_rule(rule), path=f"{rule.id}.md", rule_id=rule.id)
    assert again is not None, found
    return again


def written_back(rule: Rule) -> tuple[str, bytes]:
    """Where the emitter puts the rule, and its bytes."""
    (artefact,) = EMITTER.emit([rule], Settings()).artefacts
    return artefact.path, artefact.text.encode()


def test_real_files_come_back_byte_for_byte(corpus: list[Path]) -> None:
    files = [SourceFile(path=f".cursor/rules/{path.name}", data=path.read_bytes()) for path in corpus]
    found = IMPORTER.read(files)
    assert len(found.rules) == len(files) == 43
    assert not [item for item in found.diagnostics if item.severity == "error"]
    sources = {file.path: file.data for file in files}
    for rule in found.rules:
        again = through_text(rule)
        assert again == rule
        path, data = written_back(again)
        assert (path, data) == (found.files[rule.id], sources[found.files[rule.id]])
        (after,) = IMPORTER.read([SourceFile(path=path, data=data)]).rules
        assert (after.activation, after.id) == (rule.activation, rule.id)
    assert sum(rule.activation == ALWAYS for rule in found.rules) == 33  # `globs: **/*`


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ("globs: **/*.ts,src/**", []),
        ('globs: "**/*.ts, src/**"', ["CUR02", "CUR04"]),
        ("globs: '**/*.ts,src/**'", ["CUR02"]),
        ('globs: ["**/*.ts", "src/**"]', ["CUR03"]),
        ("globs: [**/*.ts, src/**]", ["CUR03"]),
        ('globs:\n  - "**/*.ts"\n  - src/**', ["CUR03"]),
        ("globs:\n- '**/*.ts'\n- src/**", ["CUR03"]),
        ('globs: [\n  "**/*.ts",\n  "src/**",\n]', ["CUR03"]),
        ("globs: |\n  **/*.ts\n  src/**", []),
        ("globs:\n  **/*.ts,\n  src/**", ["CUR04"]),
        ("globs: **/*.ts, ./src/**", ["CUR04"]),
        ("globs: **/*.ts,/src/**", ["GEN04"]),
        ("globs: **/*.ts,src\\**", ["GEN04"]),
        ("globs: **/*.ts,src/", ["GEN04"]),
        ("globs: **/*.ts,src/** # both", []),
        ("globs: **/*.ts,src/**,!x,../y", ["GEN04", "GEN04"]),
        ("globs: **/*.ts,src/**,**/*.ts", []),
        ("description:\nglobs: **/*.ts,src/**", []),
    ],
)
def test_every_way_to_write_two_globs(lines: str, codes: list[str]) -> None:
    text = f"---\n{lines}\nalwaysApply: false\n---\n\nText.\n"
    rule, found = imported(text)
    assert rule.activation == TWO
    assert found == codes
    assert written_back(through_text(rule)) == (".cursor/rules/rule.mdc", text.encode())


@pytest.mark.parametrize(
    ("front", "activation", "codes"),
    [
        ("globs:", ON_REQUEST, []),
        ('globs: ""', ON_REQUEST, ["CUR02"]),
        ("globs: []", ON_REQUEST, ["CUR03"]),
        ("globs: src/**/*.{a,b},x", ForPaths(("src/**/*.{a,b}", "x")), ["CUR05"]),
        ("globs: *", ForPaths(("*",)), []),
        ("globs: **", ALWAYS, []),
        ("globs: src/**,**/*", ALWAYS, []),
        ("globs: [a-z]*.[ch]", ForPaths(("[a-z]*.[ch]",)), []),
        ("globs: src/**.ts", ForPaths(("src/*.ts",)), ["GEN04"]),
        ("globs: {a,b}/**", ForPaths(("{a,b}/**",)), ["CUR05"]),
        ("alwaysApply: true", ALWAYS, []),
        ("alwaysApply: true\nglobs: src/**", ALWAYS, ["CUR07"]),
        ('alwaysApply: "true"', ON_REQUEST, ["CUR06"]),
        ("alwaysApply: yes", ON_REQUEST, ["CUR06"]),
        ("alwaysApply: false\ndescription: D", WhenRelevant("D"), []),
        ("description: API: handlers # all", WhenRelevant("API: handlers # all"), []),
        ('description: "a \\"b\\""', WhenRelevant('a "b"'), []),
        ("description: >-\n  one\n  two", WhenRelevant("one two"), ["CUR12"]),
        ("description: 5", WhenRelevant("5"), []),
        ("description: null", ON_REQUEST, []),
        ("tags: [a, b]", ON_REQUEST, ["CUR11"]),
        ("# only a comment", ON_REQUEST, []),
        ("", ON_REQUEST, []),
    ],
)
def test_what_the_keys_mean(front: str, activation: Activation, codes: list[str]) -> None:
    text = f"---\n{front}\n---\nText.\n"
    rule, found = imported(text)
    assert rule.activation == activation
    assert found == codes
    assert written_back(through_text(rule))[1] == text.encode()


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"No front matter.\n", ["CUR10"]),
        (b"---\ndescription: never closed\n", ["CUR10"]),
        (b"\n---\nalwaysApply: true\n---\nText.\n", ["CUR10", "GEN02"]),
        (b"\xef\xbb\xbf---\nalwaysApply: true\n---\nText.\n", ["GEN01"]),
        (b"---\r\nalwaysApply: true\r\n---\r\n\r\nText.\r\n", []),
        (b"---\nalwaysApply: true\n---   \n  \n\n\nText.", []),
        (b"---\nalwaysApply: true\n---\n", ["GEN03"]),
        (b"", ["CUR10", "GEN03"]),
        (b"---\n---\n", ["GEN03"]),
        (b"---\nglobs: src/**\nkey: &a x\nother: *a\n---\nText.\n", ["CUR11", "CUR11"]),
        (b"---\nb: 1\na: [x, {y: 2}]\nalwaysApply: true\n---\n\nText.\n", ["CUR11", "CUR11"]),
        (b"---\nalwaysApply: true\n---\n\n---\nname: body\n---\n", []),
    ],
)
def test_odd_files_come_back_as_they_were(data: bytes, codes: list[str]) -> None:
    rule, found = imported(data)
    assert found == codes
    assert written_back(rule) == (".cursor/rules/rule.mdc", data)
    assert written_back(through_text(rule)) == (".cursor/rules/rule.mdc", data)


def test_the_layout_is_remembered_only_where_it_differs() -> None:
    rule, _ = imported("---\nalwaysApply: true\n---\n\nText.\n")
    assert rule.extra == {}
    rule, _ = imported("---\nalwaysApply: true\ntags: x\n---\n\nText.\n", ".cursor/rules/Team/My Rule.mdc")
    assert rule.id == "team/my-rule"
    assert rule.extra == {"cursor": {"tags": "x", "$path": ".cursor/rules/Team/My Rule.mdc"}}
    assert written_back(rule)[0] == ".cursor/rules/Team/My Rule.mdc"


def test_the_generated_comment_does_not_come_in() -> None:
    rule = Rule(id="rule", body="Text.\n")
    (artefact,) = EMITTER.emit([rule], Settings(header=True)).artefacts
    assert "Generated by driven from .driven/rules/rule.md;" in artefact.text
    again, _ = imported(artefact.text)
    assert again.body == "Text.\n"
    again, _ = parse_rule(render_rule(again), path=".driven/rules/rule.md", rule_id="rule")  # type: ignore[assignment]
    assert EMITTER.emit([again], Settings(header=True)).artefacts[0].text == artefact.text


@pytest.mark.parametrize(
    "data",
    [
        b"---\r\nalwaysApply:  true\r\n---\r\n\r\nText.\r\n", b"---\nalwaysApply:  true\n---", b"Text.\r\n", b"",
        b"---\nalwaysApply:  true\n---\nText.",
    ],
)  # fmt: skip
def test_the_generated_comment_has_the_line_ends_of_the_imported_file(data: bytes) -> None:
    rule, _ = imported(data)
    (artefact,) = EMITTER.emit([rule], Settings(header=True)).artefacts
    assert ("\r\n" in artefact.text) == (b"\r\n" in data)
    assert "\n" not in artefact.text.replace("\r\n", "") or b"\r\n" not in data
    again, _ = imported(artefact.text)
    assert (again.body, again.activation) == (rule.body, rule.activation)


@pytest.mark.parametrize(
    ("front", "activation"),
    [
        ("alwaysApply: true", ForPaths(("apps/web/**",))),
        ("globs: src/**,apps/web/x/*", ForPaths(("apps/web/src/**", "apps/web/x/*"))),
        ("description: D", WhenRelevant("D")),
    ],
)
def test_a_directory_has_rules_of_its_own(front: str, activation: Activation) -> None:
    path = "apps/web/.cursor/rules/style.mdc"
    text = f"---\n{front}\n---\nText.\n"
    rule, _ = imported(text, path)
    assert (rule.id, rule.activation) == ("apps/web/style", activation)
    assert written_back(through_text(rule)) == (path, text.encode())


def test_two_files_that_propose_one_id() -> None:
    files = [SourceFile(path=f".cursor/rules/{name}.mdc", data=b"Text.\n") for name in ("A b", "a-b", "日本")]
    found = IMPORTER.read([*files, files[0]])
    assert found.files == {"a-b": ".cursor/rules/A b.mdc", "a-b-2": ".cursor/rules/a-b.mdc", "rule": files[2].path}
    assert [item.code for item in found.diagnostics].count("CUR16") == 2
    assert {written_back(rule)[0] for rule in found.rules} == set(found.files.values())


def edited(rule: Rule, old: str, new: str) -> Rule:
    """The rule after `old` became `new` in its file."""
    path, data = written_back(rule)
    assert old in data.decode()
    back = IMPORTER.read_back(rule, path, data.decode().replace(old, new, 1))
    assert back.rule is not None, back
    return back.rule


def test_edits_of_a_file_are_edits_of_the_rule() -> None:
    rule = Rule(
        id="api", body="[x](mdc:a.md)\nOld.\n", description="APIs", extra={"cursor": {"tags": "x"}},
        activation=ForPaths(("src/**/*.{ts,tsx}", "**/*.md")),
    )  # fmt: skip
    assert edited(rule, "Old.", "New.") == replace(rule, body="[x](mdc:a.md)\nNew.\n")
    assert edited(rule, "APIs", "All of it") == replace(rule, description="All of it")
    wider = edited(rule, ",**/*.md", ",**/*.md,lib/**")
    assert wider.activation == ForPaths(("src/**/*.{ts,tsx}", "**/*.md", "lib/**"))
    assert edited(rule, "alwaysApply: false", "alwaysApply: true").activation == ALWAYS
    assert edited(rule, "globs: src/**/*.ts,src/**/*.tsx,**/*.md\n", "").activation == WhenRelevant("APIs")
    assert edited(rule, "tags: x\n", "").extra == {"cursor": {}}
    colon = edited(rule, "description: APIs", "description: API: all # of it")
    assert colon.description == "API: all # of it"


def test_an_edit_of_an_imported_file_keeps_its_layout() -> None:
    text = '---\r\n# why\r\nglobs: "src/**"\r\ndescription:  D\r\n---\r\nOld.'
    rule, _ = imported(text)
    for old, new in (("Old", "New"), ("D", "E"), ("# why", "# because"), ("src", "lib")):
        after = edited(rule, old, new)
        assert written_back(through_text(after)) == (".cursor/rules/rule.mdc", text.replace(old, new).encode())
    assert edited(rule, "src", "lib").activation == ForPaths(("lib/**",))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("---\nglobs: src/**\nalwaysApply: false\n---\n\n", "", "is missing"),
        ("\n---\n", "\n", "never closed"),
        ("globs: src/**", 'globs: "src/**', "quote that is never closed"),
        ("alwaysApply: false", "alwaysApply false", "no `key: value`"),
        ("globs: src/**", "globs: src/**,!x", "cannot be used"),
        ("Text.\n", "\n", "text is gone"),
    ],
)
def test_what_cannot_be_meant(old: str, new: str, problem: str) -> None:
    rule = Rule(id="api", body="Text.\n", activation=ForPaths(("src/**",)))
    path, data = written_back(rule)
    assert old in data.decode()
    back = IMPORTER.read_back(rule, path, data.decode().replace(old, new))
    assert back.rule is None
    assert problem in back.problem
    assert back.hint


def test_what_became_of_each_construct() -> None:
    text = b"---\nalwaysApply: true\nglobs: src/**,../x\ntags: x\ndescription: d\n---\nT\n"
    found = IMPORTER.read([SourceFile(path=".cursor/rules/a.mdc", data=text)])
    assert [(item.name, item.outcome, item.line) for item in found.fidelity] == [
        ("`alwaysApply`", "mapped", 2), ("key `tags`", "unsupported", 4), ("`description`", "mapped", 5),
        ("glob `../x`", "dropped", 3), ("`globs`", "dropped", 3), ("body", "mapped", 0),
    ]  # fmt: skip


def test_what_is_no_rule_is_a_diagnostic() -> None:
    files = [
        SourceFile(path=".cursor/rules/latin.mdc", data=b"One\ncaf\xe9\n"),
        SourceFile(path=".cursor/rules/nul.mdc", data=b"One\nt\0o\n"),
        SourceFile(path=".cursor/rules/huge.mdc", data=b"x" * (2 << 20)),
    ]
    found = IMPORTER.read(files)
    assert not found.rules
    assert {(item.span.path[14:], item.severity, item.span.line) for item in found.diagnostics} == {
        ("latin.mdc", "error", 2), ("nul.mdc", "error", 2), ("huge.mdc", "error", 1),
    }  # fmt: skip
    assert all(item.hint for item in found.diagnostics)


def test_it_is_an_importer() -> None:
    (importer,) = driven_importers()
    assert isinstance(importer, Importer)
    assert importer.target.name == "cursor"
    assert ".cursor/rules/**/*.mdc" in importer.patterns


PIECES = [
    "---\n", "---\r\n", "\n", "\r", "\ufeff", "globs:", "globs: ", "  - ", "- x\n", "[", "]", '"', "'", "{a,", "}", "é",
    "description: ", "alwaysApply: ", "true", "|\n", "key: ", "#", "\\", "/", "**/*", "\x00", "&a", "*a", "\t",
]  # fmt: skip


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=20).map("".join))
def test_any_text_comes_back(text: str) -> None:
    data = text.encode("utf-8", "ignore")
    found = IMPORTER.read([SourceFile(path=".cursor/rules/x.mdc", data=data)])
    for rule in found.rules:
        assert written_back(rule) == (".cursor/rules/x.mdc", data)
    assert found.rules or b"\0" in data


def test_hostile_files_cost_no_time() -> None:
    start = time.process_time()
    fronts = [
        "globs: " + "{a,b}" * 60, "globs: " + "a," * 200_000, "x: " + "[" * 100_000, "globs: [" + "\n" * 300_000,
        "description: " + " " * 400_000 + "x", "globs: " + "**/" * 200_000, "a" * 500_000 + "\n" + ": " * 9000,
    ]  # fmt: skip
    for front in fronts:
        imported(f"---\n{front}\n---\nText.\n")
    assert time.process_time() - start < 60
