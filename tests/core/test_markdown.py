"""The scan for checks: what it finds, in code points, and that no text breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from driven.core import markdown as core
from driven.document.body import Body

PIECES = [
    "`", "``", "```", "~~~", "\\", "[", "]", "(", ")", "<", ">", "!", "@", "#", "-", "*", "1.", "|", "<!--", "-->",
    "\n", "\n\n", "\r", "\r\n", " ", "    ", "\t", "a", "é", "𝄞", "\ud83d", "http://", "https://x.y", "=", "---", ":",
    '"', "'",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(TEXTS)
def test_no_text_breaks_it(text: str) -> None:
    last: dict[int, int] = {}
    for kind, start, end, a, b in core.scan(text):
        assert 0 <= start <= end <= len(text)
        assert 0 <= a <= len(text)
        assert 0 <= b <= len(text)
        if kind in (core.LINK, core.IMAGE, core.URL, core.CODE, core.IMPORT):
            assert start <= a <= b <= end
        if kind in (core.FENCE, core.COMMENT, core.CODE):  # they stand one after the other
            assert start >= last.get(kind, 0)
            last[kind] = end


@given(TEXTS)
def test_columns_count_code_points(text: str) -> None:
    """The same text in other letters has the same places."""
    wide = text.replace("a", "ä").replace("é", "a").replace("\ud83d", "x").replace("𝄞", "y")
    plain = text.replace("a", "q").replace("é", "q").replace("\ud83d", "q").replace("𝄞", "q")
    if "://" not in text:  # a URL ends before a letter that is none of ASCII
        assert core.scan(wide) == core.scan(plain)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[a](b.md)", [("link", "b.md")]),
        ('[a](b.md "title")', [("link", "b.md")]),
        ("[a](<b c.md>)", [("link", "b c.md")]),
        ("[a](b_(c).md)", [("link", "b_(c).md")]),
        ("![a](b.png)", [("image", "b.png")]),
        ("[![a](b.png)](c.md)", [("image", "b.png"), ("link", "c.md")]),
        ("[a]: b.md", [("definition", "b.md")]),
        ("[a]: b.md\n[c]: d.md", [("definition", "b.md"), ("definition", "d.md")]),
        ("[^1]: a note", []),
        ("see https://x.y/z.", [("url", "https://x.y/z")]),
        ("(https://x.y/(z))", [("url", "https://x.y/(z)")]),
        ("<https://x.y>", [("url", "https://x.y")]),
        ("`[a](b.md)`", []),
        ("```\n[a](b.md)\n```", []),
        ("    [a](b.md)", []),
        ("- x\n\n      [a](b.md)", [("link", "b.md")]),
        ("<!-- [a](b.md) -->", []),
        ("\\[a](b.md)", []),
        ("[a] (b.md)", []),
        ("`` ` [a](b.md) ``", []),
        ("`a\\```", []),
    ],
)
def test_links(text: str, wanted: list[tuple[str, str]]) -> None:
    assert sorted((link.kind, link.target) for link in Body(text).links) == sorted(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# a\n## b ##\n", [(1, "a"), (2, "b ##")]),
        ("a\n===\n\nb\n---\n", [(1, "a"), (2, "b")]),
        ("#a\n", []),
        ("####### a\n", []),
        ("```\n# a\n```\n", []),
        ("<!--\n# a\n-->\n# b\n", [(1, "b")]),
        ("> # a\n", [(1, "a")]),
    ],
)
def test_headings(text: str, wanted: list[tuple[int, str]]) -> None:
    body = Body(text)
    assert [(h.level, body.text[h.text_start : h.end]) for h in body.headings] == wanted


def test_statements_are_what_says_one_thing() -> None:
    body = Body("A paragraph\nof two lines.\n\n- one\n- two\n  goes on\n\n| a | b |\n|---|---|\n\n1. last\n")
    assert [(s.text, s.is_item) for s in body.statements] == [
        ("A paragraph of two lines.", False), ("one", True), ("two goes on", True), ("| a | b |", False),
        ("|---|---|", False), ("last", True),
    ]  # fmt: skip


def test_comments_imports_and_what_is_outside() -> None:
    text = "@a.md x <!-- @b.md --> `@c.md`\n```\n@d.md\n```\n(@e.md) f@g.md\n"
    body = Body(text)
    assert [text[a:b] for a, b in body.imports] == ["@a.md", "@e.md)"]
    assert [text[a:b] for a, b in body.comments] == ["<!-- @b.md -->"]
    assert "@d.md" not in "".join(text[a:b] for a, b in body.outside)


@given(st.lists(st.sampled_from(["# h", "text", "- i", "```", "~~~", "", "> q", "a `b` c", "***"]), max_size=12))
def test_fences_are_those_of_commonmark(lines: list[str]) -> None:
    """By markdown-it, which follows the specification; lists and quotes aside, where a fence may end early."""
    text = "\n".join(line for line in lines if line[:1] not in "->") + "\n"
    tokens = MarkdownIt("commonmark").parse(text)
    wanted = [token.map[0] for token in tokens if token.type == "fence" and token.map]
    assert [text.count("\n", 0, fence.start) for fence in Body(text).fences] == wanted
