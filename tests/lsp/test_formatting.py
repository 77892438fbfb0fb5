"""Formatting: one order and one quoting of front matter, comments kept, the body untouched, twice as once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.core.front import split_front
from driven.document.document import Document
from driven.format.canonical import front_lines
from driven.format.text import parse_rule
from driven_lsp.features import formatting
from driven_lsp.values import Edit
from lsp.kit import CURSOR, here

PATH = ".driven/rules/api.md"


class OneFile:
    """Of a snapshot only what formatting asks: quick enough for thousands of texts."""

    def __init__(self, text: str, path: str = PATH) -> None:
        self.document_ = Document(path, text.encode("utf-8", "surrogatepass"))

    def document(self, path: str) -> Document:
        return self.document_


def applied(text: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: -edit.place.start):
        text = text[: edit.place.start] + edit.text + text[edit.place.end :]
    return text


def formatted(text: str) -> str:
    from driven_lsp.values import Here

    text = Document(PATH, text.encode("utf-8", "surrogatepass")).text
    return applied(text, formatting.format(Here(snapshot=OneFile(text), path=PATH)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Use tabs.\n", "Use tabs.\n"),
        ("Use tabs.", "Use tabs.\n"),
        ("Use tabs.  \n\n \n\t\n", "Use tabs.  \n"),
        ("", ""),
        ("\n\n", "\n\n"),
        ("---\n---\n", "---\n---\n"),
        ("---  \n---\t\nHi.\n", "---\n---\n\nHi.\n"),
        ("---\napply: model\n---", "---\napply: model\n---\n"),
        ("---\n---\n\n\nHi.\n", "---\n---\n\n\nHi.\n"),
        ("---\npriority: 5\napply: 'model'\n---\n\nHi.\n", "---\napply: model\npriority: 5\n---\n\nHi.\n"),
        ("---\npaths: [a/**]\n---\n\nHi.\n", '---\npaths:\n  - "a/**"\n---\n\nHi.\n'),
        ("---\npaths:\n- a/**\n\n- 'b'\n---\n\nHi.\n", '---\npaths:\n  - "a/**"\n  - "b"\n---\n\nHi.\n'),
        ("---\npaths: [a, # c\n  b]\n---\n\nx\n", "---\npaths: [a, # c\n  b]\n---\n\nx\n"),
        ("---\npaths: [a,\n  b,\n]  # c\n---\n\nx\n", '---\npaths:  # c\n  - "a"\n  - "b"\n---\n\nx\n'),
        ("---\npaths: a, b\n---\n\nx\n", '---\npaths: "a, b"\n---\n\nx\n'),
        ("---\ntargets:\n  - cursor\n  - '!aider'\n---\n\nx\n", '---\ntargets: [cursor, "!aider"]\n---\n\nx\n'),
        ("---\ntags:\n  - a # one\n  # two\n  - b\n---\n\nx\n", "---\ntags:\n  - a  # one\n  # two\n  - b\n---\n\nx\n"),
        (
            '---\n# the file\n\nkind: persona # why\n# of it\ndescription: "It\'s"\n# end\n---\n\nx\n',
            "---\n# the file\n\n# of it\ndescription: It's\nkind: persona  # why\n# end\n---\n\nx\n",
        ),
        (
            "---\nextra:\n    cursor:\n        a: 'b'\ndescription: >\n  two\n  lines\n\nkind: context\n---\n\nx\n",
            "---\ndescription: >\n  two\n  lines\nkind: context\nextra:\n    cursor:\n        a: 'b'\n---\n\nx\n",
        ),
        (
            "---\r\nkind: 'context'\r\napply: model\r\n---\r\nx\r\n",
            "---\r\napply: model\r\nkind: context\r\n---\r\n\r\nx\r\n",
        ),
        ("\ufeff---\nkind: 'context'\n---\n\né𝄞\n\n", "\ufeff---\nkind: context\n---\n\né𝄞\n"),
        (
            "---\npriority: 0x10\nfoo: 1\napply: manual\n---\n\nx\n",
            "---\napply: manual\npriority: 16\nfoo: 1\n---\n\nx\n",
        ),
        ("---\ntags:\npaths: []\n---\n\nx\n", "---\npaths: []\ntags:\n---\n\nx\n"),
        ("---\n# a\n# b\ntags: [c]\n---\n\nx\n", "---\n# a\n# b\ntags: [c]\n---\n\nx\n"),
        ("```\na\n\n\n", "```\na\n\n\n"),
    ],
)
def test_form(text: str, wanted: str) -> None:
    assert formatted(text) == wanted
    assert formatted(wanted) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "---\nkind: 'context'\napply: model\nx\n\n\n",  # never closed
        "---\nkind: [\n---\nx\n",
        "---\nkind: a\nkind: b\n---\nx\n",
        "---\n{kind: context, apply: model}\n---\n\nx\n",
        "---\nkind: &a context\n---\nx\n",
        "---\n? kind\n: context\n---\n\nx\n",
    ],
)
def test_what_cannot_be_read_stays(text: str) -> None:
    assert formatted(text) == text


def test_only_rules_are_formatted(tmp_path: Path) -> None:
    text = f"---\nalwaysApply: true\ndescription: 'x'\n---\n{CURSOR}Hi.\n\n\n"
    assert formatting.format(here(tmp_path, {}, ".cursor/rules/a.mdc", text)) == []
    assert formatting.format(here(tmp_path, {}, ".driven/config.toml", f"[editors]\n{CURSOR}\n\n\n")) == []
    assert formatting.format(here(tmp_path, {}, "nowhere.md", f"{CURSOR}\n")) == []


def test_of_a_part_only_what_is_selected(tmp_path: Path) -> None:
    text = "---\nkind: 'context'\n---\n\nHi.\n\nYou{c}.{c}\n\n\n"
    asked = here(tmp_path, {}, PATH, text.replace("{c}", CURSOR))
    plain = text.replace("{c}", "")
    assert [edit.text for edit in formatting.format(asked)] == ["kind: context\n", "\n"]
    assert applied(plain, formatting.format_range(asked)) == "---\nkind: 'context'\n---\n\nHi.\n\nYou.\n"
    top = here(tmp_path, {}, PATH, text.replace("{c}", "").replace("kind", f"{CURSOR}kind{CURSOR}"))
    assert applied(plain, formatting.format_range(top)) == "---\nkind: context\n---\n\nHi.\n\nYou.\n\n\n"


def test_an_edit_holds_only_the_lines_that_change(tmp_path: Path) -> None:
    asked = here(tmp_path, {}, PATH, f"---\napply: model\nkind: 'context'\npriority: 3\n---\n\n{CURSOR}Hi.\n")
    (edit,) = formatting.format(asked)
    assert (edit.place.start, edit.place.end, edit.text) == (17, 33, "kind: context\n")


def test_an_imported_rule_keeps_its_end() -> None:
    text = "---\nextra:\n  cursor:\n    $path: .cursor/rules/a.mdc\n---\n\nHi."
    assert formatted(text) == text
    assert formatted(text + "\n\n\n") == text + "\n\n\n"


def test_what_driven_writes_is_in_form(corpus: list[Path]) -> None:
    text = "---\n{}\n---\n\nHi.\n"
    for path in corpus:
        rule, _ = parse_rule(path.read_bytes(), path=PATH, rule_id="api")
        if rule is not None and (lines := front_lines(rule)):
            made = text.format("\n".join(lines))
            assert formatted(made) == made


LINES = (
    "apply: 'always'", "apply: manual", "paths: [a/**]", "paths:\n  - a/**\n  # c\n  - \"b\" # d", "globs: a/**",
    "kind: \"context\"", "# c", "  # d", "", "\"title\": é𝄞", "text", "tags: [a,\n b]", "extra: {cursor: {globs: x}}",
    "extra:\n  cursor:\n    a: |\n      # no comment\n\n      x", "description: >-\n  a\n\n  b", "---", "? paths\n: x",
    "targets: [cursor, '-aider'] # e", "priority: 007", "when: 'lang(\"a\")'", "description: a # b", "\u2028",
    "tags: []",
)  # fmt: skip


def check(text: str) -> None:
    """Formatted twice as once, and the rule is the same but for blank lines at its end."""
    once = formatted(text)
    assert formatted(once) == once
    before, _ = parse_rule(text.encode("utf-8", "surrogatepass"), path=PATH, rule_id="api")
    after, _ = parse_rule(once.encode("utf-8", "surrogatepass"), path=PATH, rule_id="api")
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert before.body.rstrip() == after.body.rstrip()
        assert (before.activation, before.tags, before.extra, before.targets, before.when, before.priority) == (
            after.activation, after.tags, after.extra, after.targets, after.when, after.priority,
        )  # fmt: skip
        assert before.description == after.description


@pytest.mark.parametrize("seed", range(5))
def test_random_front_matter(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(150):
        end = dice.choice(("\n", "\n", "\r\n"))
        front = dice.sample(LINES, k=dice.randint(0, 7))
        check("\n".join(["---", *front, "---", *dice.sample(("", "", "Hi. "), k=3)]).replace("\n", end))


@given(st.data())
def test_mangled_text_never_raises(data: st.DataObject) -> None:
    text = (
        "\ufeff---\r\n# c\nkind: 'é'\npaths:\n  - \"a\" # x\n  - b\ntags: [a, b]\nextra: {a: {b: c}}\n---\n\n# 𝄞\n\n\n"
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.text(max_size=4)) + text[at + cut :]
    check(text)
    start, end, _ = split_front(text.encode("utf-8", "surrogatepass"))
    assert end >= 0 or not start or formatted(text) == Document(PATH, text.encode("utf-8", "surrogatepass")).text
