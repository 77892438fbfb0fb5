"""Rule text to Rule and back: every key, every finding with its place, and the bytes that come back."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driven.core.tokens import split_front
from driven.format.text import CODES, MAX_RULE_BYTES, parse_rule, render_rule, rule_id_for
from driven.model.activation import ALWAYS, ON_REQUEST, ForPaths, WhenRelevant
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Rule, Source

CORPUS = Path(os.environ.get("DRIVEN_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus")
CORPUS_FILES = sorted((CORPUS / "cursor").glob("*.mdc"))


def parse(text: str | bytes) -> tuple[Rule | None, list[Diagnostic]]:
    return parse_rule(text.encode() if isinstance(text, str) else text, path="a.md", rule_id="a")


def load(text: str | bytes) -> Rule:
    rule, found = parse(text)
    assert rule is not None, found
    return rule


def findings(text: str | bytes) -> list[tuple[str, str]]:
    rule, found = parse(text)
    assert (rule is None) == any(item.severity == "error" for item in found)
    for item in found:
        assert item.code in CODES and item.hint and item.rule_id == "a"
        assert item.message.isprintable() and item.hint.isprintable()
        assert (item.severity == "warning") == ("(warning)" in CODES[item.code])
    return [(item.code, f"{item.span.line}:{item.span.column}") for item in found]


def test_every_key() -> None:
    text = """\
---
description: "Handlers: thin"
apply: paths
paths:
  - ./src/api/**/*.{ts,tsx}
  - lib/*
kind: persona
category: architecture
priority: 0
targets: [cursor, -aider, "!cline"]
tags: [api, "a b"]
when: files("**/*.tf") > 0
extra:
  cursor:
    model: {a: [1, 2.5, null, true]}
    $path: x.mdc
---

# Title

Text.
"""
    rule = load(text)
    body = "# Title\n\nText.\n"
    assert rule == Rule(
        id="a", body=body, description="Handlers: thin", activation=ForPaths(("src/api/**/*.{ts,tsx}", "lib/*")),
        kind="persona", category="architecture", priority=0, targets=("cursor", "-aider", "!cline"),
        tags=("api", "a b"), when='files("**/*.tf") > 0',
        extra={"cursor": {"model": {"a": [1, 2.5, None, True]}, "$path": "x.mdc"}},
    )  # fmt: skip
    assert rule.source == Source(front=text.removesuffix(body)) and rule.span.path == "a.md"
    assert findings(text) == []


@pytest.mark.parametrize(
    ("front", "activation"),
    [
        ("", ALWAYS),
        ("apply: always", ALWAYS),
        ("apply: manual", ON_REQUEST),
        ("apply: model", WhenRelevant("The `title`".replace("`", ""))),
        ("apply: model\ndescription: d", WhenRelevant("d")),
        ("paths: src/{a,b}/*, lib", ForPaths(("src/{a,b}/*", "lib"))),
        ("paths: [src/*.py]", ForPaths(("src/*.py",))),
        ("apply: paths\npaths: ['*']", ForPaths(("*",))),
        ("paths: '**'", ALWAYS),
        ("apply: paths\npaths: ['src/*', './**/*']", ALWAYS),
        ("apply:\npaths: ~", ALWAYS),
    ],
)
def test_activation(front: str, activation: object) -> None:
    assert load(f"---\n{front}\n---\n# The `title`\n").activation == activation


def test_defaults_and_nulls_are_the_same() -> None:
    text = "---\ndescription:\nkind: null\ntags: ~\nextra:\n---\nx"
    assert load(text) == load("x") == Rule(id="a", body="x")


def test_description_is_one_line() -> None:
    assert load("---\ndescription: |\n  two\n\n  lines\n---\nx").description == "two lines"
    assert load('---\ndescription: "a\\tb\\u2028 c "\n---\nx').description == "a b c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\ndescription: a: b\n---\nx", [("RUL01", "2:15")]),
        ("---\npaths: **/*.py\n---\nx", [("RUL01", "2:8")]),
        ("---\nkind: &a x\n---\nx", [("RUL02", "2:7")]),
        ("---\nkind: *a\n---\nx", [("RUL02", "2:7")]),
        ("---\ntargets: [!cline]\n---\nx", [("RUL01", "2:11")]),
        ("---\ntags: !!set {}\n---\nx", [("RUL02", "2:7")]),
        ("---\ntags: [" + "a," * 2_000 + "]\n---\nx", [("RUL03", "2:4002")]),
        ("---\ntags: [a]\nkind: persona\ntags: [b]\n---\nx", [("RUL04", "4:1")]),
        ("---\n- a\n---\nx", [("RUL05", "2:1")]),
        ("---\npriorty: 1\nglobs: x\nzzz: 1\n---\nx", [("RUL06", "2:1"), ("RUL06", "3:1"), ("RUL06", "4:1")]),
        ("---\ndescription: 1\npaths: 1\n---\nx", [("RUL07", "2:14"), ("RUL07", "3:8")]),
        ("---\nkind: [a]\npriority: true\n---\nx", [("RUL07", "2:7"), ("RUL07", "3:11")]),
        ("---\npriority: '1'\n---\nx", [("RUL07", "2:11")]),
        ("---\ntargets: cursor\ntags: [é, 1, [b]]\n---\nx", [("RUL07", "2:10"), ("RUL07", "3:11"), ("RUL07", "3:14")]),
        ("---\nextra: [a]\nwhen: true\n---\nx", [("RUL07", "2:8"), ("RUL07", "3:7")]),
        ("---\nextra: {cursor: 1}\n---\nx", [("RUL07", "2:8")]),
        ("---\nextra: {cursor: {a: [.nan]}}\n---\nx", [("RUL07", "2:8")]),
        ("---\napply: alway\nkind: no\n---\nx", [("RUL08", "2:8"), ("RUL08", "3:7")]),
        ("---\npriority: 256\n---\nx", [("RUL09", "2:11")]),
        ("---\npriority: -1\n---\nx", [("RUL09", "2:11")]),
        ("---\npaths: ['/a', 'b/../c', 'é\\c']\n---\nx", [("RUL10", "2:10"), ("RUL10", "2:18"), ("RUL10", "2:27")]),
        ("---\npaths:\n  - a\n  - 'b/{c'\n---\nx", [("RUL10", "4:8")]),
        ("---\npaths: 'a, /b, c'\n---\nx", [("RUL10", "2:12")]),
        ("---\npaths: ['{1..9}{1..9}{1..9}{1..9}']\n---\nx", [("RUL10", "2:10")]),
        ("---\npaths: []\n---\nx", [("RUL10", "2:8")]),
        ("---\napply: paths\n---\nx", [("RUL11", "2:8")]),
        ("---\nwhen: lang('pyton')\n---\nx", [("RUL12", "2:12")]),
        ("---\ntargets: [Cursor, --x, '']\n---\nx", [("RUL13", "2:11"), ("RUL13", "2:19"), ("RUL13", "2:24")]),
        ("---\ntags: [\"a\\nb\", ' ']\n---\nx", [("RUL13", "2:8"), ("RUL13", "2:16")]),
        ("---\nextra: {Cursor: {}}\n---\nx", [("RUL13", "2:8")]),
        ("---\napply: manual\npaths: a\n---\nx", [("RUL14", "3:1")]),
        ("---\napply: manual\nx", [("RUL15", "1:1")]),
        ("\n \n---\napply: manual\n---\nx", [("RUL16", "3:1")]),
        ("\n---\n\nno front matter\n\n---\nx", []),
        ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> o\n", [("RUL17", "2:1")]),
        ("---\n<<<<<<< HEAD\npriority: 1\n=======\n>>>>>>> o\n---\nx", [("RUL17", "2:1")]),
        ("\ufeff<<<<<<< HEAD\r\nb\r\n||||||| base\r\n=======\r\n>>>>>>> o", [("RUL17", "1:1")]),
        ("~~~\n<<<<<<< a\n~~~\n\n<<<<<<< HEAD\n```\n=======\nc\n>>>>>>> o\n", [("RUL17", "5:1")]),
        ("```diff\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> o\n```\n", []),
        ("a\n=======\n\n>>>>>>> o\n\n<<<<<<< HEAD\n", []),  # another order
        (" <<<<<<< HEAD\n=======\n>>>>>>> o\n", []),
        ("<<<<<<< HEAD\n==========\n>>>>>>> o\n", []),
        (b"ok\r\n\xc3\xa9\xff", [("RUL20", "2:2")]),
        (b"\xef\xbb\xbf\xff", [("RUL20", "1:1")]),
        (b"a\nb\0\xff", [("RUL21", "2:2"), ("RUL20", "2:3")]),
        ("x" * (MAX_RULE_BYTES + 1), [("RUL22", "1:1")]),
        ("\ufeffx", [("RUL30", "1:1")]),
        ("a\nb\r\nc\r\n", [("RUL31", "2:2")]),
        ("---\r\nextra: {cursor: {k: 1}}\r\n---\r\nx", [("RUL31", "1:4")]),
        ("---\r\nextra: {cursor: {$front: ''}}\r\n---\r\nx", []),  # Cursor's file has those line ends
        ("---\r\nextra: {cursor: {k: 1}, claude: {$path: CLAUDE.md}}\r\n---\r\nx", []),
        ("a\r\nb\rc", [("RUL31", "1:2"), ("RUL32", "2:2")]),
        ("---\nkind: persona\n---\n\n \n", [("RUL33", "6:1")]),
        ("", [("RUL34", "1:1")]),
        ("\n", [("RUL33", "2:1")]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_findings(text: str | bytes, expected: list[tuple[str, str]]) -> None:
    assert findings(text) == expected


def test_every_code_has_a_case() -> None:
    cases = {code for mark in test_findings.pytestmark for _, found in mark.args[1] for code, _ in found}  # type: ignore[attr-defined]
    assert cases | {"RUL23", "RUL24", "RUL25", "RUL40"} == set(CODES)


@pytest.mark.parametrize("rule_id", ["", "-a", "A", "a b", "é"])
def test_a_file_without_an_id(rule_id: str) -> None:
    rule, found = parse_rule(b"x", path="a.md", rule_id=rule_id)
    assert rule is None and [item.code for item in found] == ["RUL23"]


def test_did_you_mean() -> None:
    _, found = parse("---\npriorty: 1\nglobs: x\nkind: standart\napply: sometimes\n---\nx")
    assert [item.hint for item in found] == [
        "did you mean `priority`?",
        "did you mean `paths`?",
        "did you mean `standard`?",
        "write one of always, paths, model, manual",
    ]
    assert found[0].fix is not None and found[2].fix is not None
    for item, word in ((found[0], "priority"), (found[2], "standard")):
        assert item.fix is not None
        [edit] = item.fix.edits
        assert edit.text == word and (edit.span.line, edit.span.column) == (item.span.line, item.span.column)
        assert edit.span.end_column - edit.span.column == {"priority": 7, "standard": 8}[word]


def test_hostile_front_matter_is_quick() -> None:
    began = time.perf_counter()
    keys = "".join(f"{'x' * 30}{number}: 1\n" for number in range(900))
    for text in (
        "---\n" + keys + "---\n",
        "---\npaths: [" + ", ".join(["'{a,b}/../{c,d}'"] * 900) + "]\n---\n",
        "---\npaths: '" + "{" * 60_000 + "'\n---\n",
        "---\npaths: '" + "a," * 30_000 + "'\n---\n",
        "---\nwhen: " + "(" * 60_000 + "\n---\n",
        "---\nwhen: " + "not " * 15_000 + "\n---\n",
        "---\n" * 200_000,
        "---" + "\n" * 1_000_000,
        "\n" * 1_000_000 + "---\na: 1\n---",
        "\r" * 1_000_000,
    ):
        parse(text)
    assert time.perf_counter() - began < 60


# Text -> Rule -> text

LINES = st.one_of(
    st.sampled_from(
        ["---", "--- ", "", " ", "# T", "description: a b", "apply: manual", "apply: model", "paths: [a/*, '**/*.ts']",
         "priority: 3", "tags: [x, y]", "kind: persona # note", "# comment", "description: >", "  folded", "extra:",
         "  cursor: {a: 1}", "targets:", "- cursor", "***", "\ufeff", "a\rb", "é🦀", "when: lang('python')"]
    ),
    st.text(max_size=10),
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(LINES, max_size=10), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@example(["---", "---", "", "---", "a: 1", "---"], "\n", False)
def test_text_comes_back_byte_for_byte(lines: list[str], newline: str, front: bool) -> None:
    text = newline.join(["---", "priority: 7", "---", *lines] if front else lines)
    data = text.encode()
    rule, _ = parse(data)
    if rule is not None:
        assert render_rule(rule) == data
        fresh = replace(rule, source=Source())
        assert parse(render_rule(fresh))[0] == rule


@pytest.mark.skipif(not CORPUS_FILES, reason="the corpus is not there")
def test_corpus_comes_back_byte_for_byte() -> None:
    assert len(CORPUS_FILES) == 43
    for file in CORPUS_FILES:
        data = file.read_bytes()
        body = data[split_front(data)[2] :]
        assert render_rule(load(body)) == body
        wrapped = b"---\r\npriority:   5  # kept\r\n---\r\n\r\n" + body
        assert render_rule(load(wrapped)) == wrapped
        assert findings(data) and {code for code, _ in findings(data)} <= {"RUL01", "RUL06", "RUL31", "RUL10", "RUL33"}


def test_what_was_read_is_kept_until_the_rule_says_something_else() -> None:
    text = "\ufeff---\r\n# why\r\npriority:  7\r\n---\r\nText\r\n"
    rule = load(text)
    assert render_rule(rule) == text.encode()
    assert render_rule(replace(rule, body="New\r\n")) == text.replace("Text", "New").encode()
    fresh = "\ufeff---\r\npriority: 8\r\n---\r\n\r\nText\r\n"
    assert render_rule(replace(rule, priority=8)) == fresh.encode()
    assert render_rule(replace(rule, priority=100)) == "\ufeffText\r\n".encode()


@pytest.mark.parametrize(
    ("path", "rule_id"),
    [
        ("backend/errors.md", "backend/errors"),
        ("API/Écrire_tests.v2.md", "api/ecrire-tests-v2"),
        ("API/E\u0301crire_tests.v2.md", "api/ecrire-tests-v2"),
        ("a  b--c.md", "a-b-c"),
        ("_x_.md", "x"),
        ("Straße/İx.md", "strasse/ix"),
        ("a.md.md", "a-md"),
        ("01.md", "01"),
        ("规则.md", ""),
        ("规则/a.md", ""),
        ("../a.md", ""),
        ("a//b.md", ""),
        (".md", ""),
        ("", ""),
    ],
)
def test_rule_id_for(path: str, rule_id: str) -> None:
    assert rule_id_for(path) == rule_id


@given(st.text(max_size=30))
def test_rule_ids_are_valid_and_stable(path: str) -> None:
    rule_id = rule_id_for(path)
    assert rule_id == "" or parse_rule(b"x", path=path, rule_id=rule_id)[0] is not None
    assert rule_id_for(rule_id) == rule_id
