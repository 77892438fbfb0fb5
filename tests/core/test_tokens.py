"""Block scan, first heading and the front-matter subset, compiled or pure."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.core.tokens import first_heading, parse_front, scan_steps, split_front
from driven.model.rule import STEP_KINDS

CORPUS = Path(os.environ.get("DRIVEN_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus")
CORPUS_FILES = sorted((CORPUS / "cursor").glob("*.mdc"))

FULL = """\
# Title

You are an expert in Go.
Second line.

- use tabs
  - nested, never loose

  more of it
+ run the linter
- Never log secrets
- **Don't** panic

1. read
2. write
```py
# not a heading
```
Use the helper.

    indented = code

Setext
===
See it.
Never do that.

@docs/style.md
[guide](docs/a.md), <https://example.com/x>
***
"""


def kinds(text: str) -> list[tuple[str, str]]:
    body = text.encode()
    return [(STEP_KINDS[kind], body[start:end].decode()) for kind, start, end in scan_steps(body)]


def test_blocks_of_every_kind() -> None:
    assert kinds(FULL) == [
        ("heading", "# Title\n\n"),
        ("prose", "You are an expert in Go.\nSecond line.\n\n"),
        ("instruction", "- use tabs\n  - nested, never loose\n\n  more of it\n+ run the linter\n"),
        ("prohibition", "- Never log secrets\n- **Don't** panic\n\n"),
        ("workflow", "1. read\n2. write\n"),
        ("example", "```py\n# not a heading\n```\n"),
        ("instruction", "Use the helper.\n\n"),
        ("example", "    indented = code\n\n"),
        ("heading", "Setext\n===\n"),
        ("prose", "See it.\nNever do that.\n\n"),
        ("reference", "@docs/style.md\n[guide](docs/a.md), <https://example.com/x>\n"),
        ("prose", "***\n"),
    ]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_endings_change_nothing(newline: str) -> None:
    expected = [(kind, text.replace("\n", newline)) for kind, text in kinds(FULL)]
    assert kinds(FULL.replace("\n", newline)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n \n", ["prose"]),
        ("\n\n# a", ["heading"]),
        ("#no heading", ["prose"]),
        ("####### seven", ["prose"]),
        ("#", ["heading"]),
        ("    # code", ["example"]),
        ("text\n    # still text", ["prose"]),
        ("~~~\n```\n~~~\nx", ["example", "prose"]),
        ("````\n```\nx\n````", ["example"]),
        ("```\nnever closed\n# a", ["example"]),
        ("```a`b", ["prose"]),
        ("- a\n\n- b\n\n\n- c", ["instruction"]),
        ("- a\nlazy\n\nafter", ["instruction", "prose"]),
        ("- a\n  ```\n  # x\n  ```\n# b", ["instruction", "heading"]),
        ("- ```\n  # x\n  ```\n- b\n# c", ["instruction", "heading"]),
        ("- ```\n  open\nout\n\n# c", ["instruction", "heading"]),
        ("- a\n- never b\n- c", ["instruction", "prohibition", "instruction"]),
        ("- a\n1. b", ["instruction", "workflow"]),
        ("In the year\n1986. it was", ["prose"]),
        ("Steps:\n1. it was", ["prose", "workflow"]),
        ("text\n-\n", ["heading"]),
        ("- a\n---\nb", ["instruction", "prose", "prose"]),
        ("- - -", ["prose"]),
        ("> quote\n---", ["prose", "prose"]),
        ("===", ["prose"]),
        ("<!-- a\n\n# b\n-->\n# c", ["prose", "heading"]),
        ("<!-- a -->\n# c", ["prose", "heading"]),
        ("Do not do it.", ["prohibition"]),
        ("You must not do it.", ["prohibition"]),
        ("Tests SHOULD NEVER sleep.", ["prohibition"]),
        ("You must do it, not that.", ["prose"]),
        ("Don’t.", ["prohibition"]),
        ("- [ ] avoid it", ["prohibition"]),
        ("- ❌ Never", ["prohibition"]),
        ("- @property", ["instruction"]),
        ("- @src/a.py", ["reference"]),
        ("[a]: https://x.y\n[b]: z", ["reference"]),
        ("[a](b) is good", ["prose"]),
        ("[a](b", ["prose"]),
        ("https://a.b, https://c.d", ["reference"]),
        ("Always test.", ["instruction"]),
    ],
)
def test_kinds(text: str, expected: list[str]) -> None:
    assert [kind for kind, _ in kinds(text)] == expected


MARKDOWN = st.lists(
    st.one_of(
        st.sampled_from(
            ["# a", "#", "text", "never x", "- a", "  - b", "-", "---", "===", "```", "~~~py", "1. a", "12) b", "> q",
             "    code", "\ttab", "", " ", "<!-- x", "-->", "[a](b)", "@a/b", "* * *", "_ _", "- ```", "é \u2028"]
        ),
        st.text(alphabet="#-*+_=`~>1.) \t[]()<!@ab\\é\0", max_size=12),
    ),
    max_size=14,
)  # fmt: skip


def check_tiling(body: bytes) -> None:
    steps = scan_steps(body)
    assert b"".join([body[start:end] for _, start, end in steps]) == body
    assert [start for _, start, _ in steps] == ([0] + [end for _, _, end in steps[:-1]] if body else [])
    assert all(start < end and 0 <= kind < len(STEP_KINDS) for kind, start, end in steps)


@given(MARKDOWN, st.sampled_from(["\n", "\r\n", "\r"]))
def test_steps_tile_any_markdown(lines: list[str], newline: str) -> None:
    check_tiling(newline.join(lines).encode())


@given(st.binary(max_size=60))
def test_steps_tile_any_bytes(body: bytes) -> None:
    check_tiling(body)
    split_front(body)
    parse_front(body, 0, len(body))


def markdown_it_headings(text: str) -> list[str]:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parse(text)
    return [
        tokens[at + 1].content
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0
    ]  # fmt: skip


@pytest.mark.skipif(not CORPUS_FILES, reason="the corpus is not there")
def test_corpus_headings_are_those_of_commonmark() -> None:
    assert len(CORPUS_FILES) == 43
    for file in CORPUS_FILES:
        data = file.read_bytes()
        body = data[split_front(data)[2] :]
        check_tiling(body)
        ours = [text.strip().lstrip("#").strip() for kind, text in kinds(body.decode()) if kind == "heading"]
        ours = [text.split("\n")[0].strip() for text in ours]
        assert [text for text in ours if text] == [
            text.split("\n")[0] for text in markdown_it_headings(body.decode()) if text
        ], file.name


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", ""),
        ("text only", ""),
        ("one\n\ntwo\n\n- three", ""),
        ("# A ##", "A"),
        ("# A#", "A#"),
        ("#\n## B", "B"),
        ("A title\nof two lines\n---\n", "A title of two lines"),
        ("```\n# no\n```\n# Yes", "Yes"),
        ("---\ntitle: x\n---\n# Body", "Body"),
        ("---\n\n# Not front matter\n\n---\n", "Not front matter"),
        ("<!-- # no -->\n# Yes", "Yes"),
        ("# **Bold** and `co*de` [link](https://x) \\*", "Bold and co*de link *"),
        ("# _it_ __init__ snake_case_name 2 * 3 *", "it init snake_case_name 2 * 3 *"),
        ("# ![logo](a.png) Name", "logo Name"),
        ("#  a \u2028 b\u00a0c", "a b c"),
        ("\r\n# CRLF\r\ntext", "CRLF"),
        ("\udce9 # x\n# y\udce9", "y\udce9"),
    ],
)
def test_first_heading(text: str, title: str) -> None:
    assert first_heading(text) == title


def test_a_huge_heading_is_cut() -> None:
    title = first_heading("# " + "é" * 100_000)
    assert title == "é" * 499
    began = time.perf_counter()
    for piece in ("*a ", "[a](", "`", "_a", "[", "\\"):
        first_heading("# " + piece * 30_000)
    assert time.perf_counter() - began < 10


@given(MARKDOWN)
def test_first_heading_is_one_line(lines: list[str]) -> None:
    title = first_heading("\n".join(lines))
    assert title == " ".join(title.split())


def split(text: str) -> tuple[str | None, str]:
    data = text.encode()
    start, end, body = split_front(data)
    if start == 0:
        return None, data[body:].decode()
    return ("unclosed" if end < 0 else data[start:end].decode()), data[body:].decode()


@pytest.mark.parametrize(
    ("text", "front", "body"),
    [
        ("", None, ""),
        ("a", None, "a"),
        ("\ufeffa", None, "a"),
        ("---\na: 1\n---\n\nbody", "a: 1\n", "body"),
        ("---\na: 1\n---\nbody", "a: 1\n", "body"),
        ("---\na: 1\n---\n\n\nbody", "a: 1\n", "\nbody"),
        ("---\na: 1\n---\n \t\nbody", "a: 1\n", "body"),
        ("---\na: 1\n---\n  body", "a: 1\n", "  body"),
        ("---\na: 1\n---\n  ", "a: 1\n", "  "),
        ("--- \t\r\na: 1\r\n--- \r\n\r\nbody", "a: 1\r\n", "body"),
        ("---\ra: 1\r---\r\rbody", "a: 1\r", "body"),
        ("\ufeff---\na: 1\n---", "a: 1\n", ""),
        ("---\n---", "", ""),
        ("---\na: 1\n ---\n----\n", "unclosed", "a: 1\n ---\n----\n"),
        ("---", "unclosed", ""),
        ("----\n---\n", None, "----\n---\n"),
        (" ---\n---\n", None, " ---\n---\n"),
    ],
)
def test_split_front(text: str, front: str | None, body: str) -> None:
    assert split(text) == (front, body)


def front(text: str) -> list[tuple[str, object, int]] | None:
    data = text.encode()
    return parse_front(data, 0, len(data))


def test_parse_front_reads_the_subset() -> None:
    text = (
        'description: Don\'t "do":it#1 [x] {y}   \r\n'
        "paths:\n  - 'src/**'\n\n  - \"a b, c\"\n  - lib/*.ts\n"
        "apply: yes\npriority: 017\n\nempty:\n"
        "tags: [ a, \"b,]\", 'c', 12, true, -claude ]\nnone: ~\nlist: []\nitems:\n- no\n- null\nlast: 2026-01-01/x"
    )
    assert front(text) == [
        ("description", 'Don\'t "do":it#1 [x] {y}', 2),
        ("paths", ["src/**", "a b, c", "lib/*.ts"], 3),
        ("apply", "yes", 8),
        ("priority", 17, 9),
        ("empty", None, 11),
        ("tags", ["a", "b,]", "c", 12, True, "-claude"], 12),
        ("none", None, 13),
        ("list", [], 14),
        ("items", ["no", None], 15),
        ("last", "2026-01-01/x", 18),
    ]
    assert front("") == []
    assert parse_front(b"xx\na: 1\nyy", 3, 8, 9) == [("a", 1, 9)]


@pytest.mark.parametrize(
    "text",
    [
        "a: b # c", "a: b: c", "a: b:", "a: *b", "a: &b c", "a: !b", "a: %b", "a: @b", "a: `b", "a: |\n b", "a: {b: c}",
        "a: [b", "a: [b]]", "a: [[b]]", "a: [b,]", "a: [,]", "a: [b: c]", 'a: "b', 'a: "b\\n"', "a: 'b''c'", "a: 'b' c",
        "a: ?b", "a: - b", "a: -", "a: --- b", "a:\tb", "\ta: b", " a: b", "a : b", "a:b", "a", "- a", "? a", "a: 1.5",
        "a: 0o17", "a: 0x1F", "a: 1e3", "a: -1", "a: +1", "a: .inf", "a: -.INF", "a: .nan", "a: 2026-01-01",
        "a: 1234567890123456789", "a: b\n c", "a:\n  b", "a:\n  - b\n c", "a:\n  - b\n   - c", "a:\n  - b\n - c",
        "a:\n  - b: c", "a:\n  -", "a:\n  - - b", "a: 1\na: 2", "true: 1", "null: 1", "~: 1", "1: 1", "<<: 1",
        "---\na: 1",
        "a: 1\n...", "a: b\rc: d", "a: \x07", "a: \x7f", "a: \x85", "a: \u2028", "a: \u2029", "a: \ufeff", "a: \uffff",
        "a: \x9f", "# a", "a: 1\n \nb: 2", "a: b #", "%YAML 1.2", "a: [b #c]", "a: [*b]", "a: ]", "a: ,", "a: =",
        "a: <<",
        "x" * 65 + ": 1", "a: " + "b" * 65_536, "a: [" + ", ".join(["b"] * 1_025) + "]",
        "\n".join(f"k{number}: 1" for number in range(65)),
    ],
)  # fmt: skip
def test_parse_front_leaves_what_is_unusual(text: str) -> None:
    assert front(text) is None


@pytest.mark.parametrize("data", [b"a: \xff", b"a: \xc3", b"a: [\xe2\x80]", b"a: \xed\xa0\x80", b"a: \x00", b"\x80: a"])
def test_parse_front_leaves_what_is_not_utf8(data: bytes) -> None:
    assert parse_front(data, 0, len(data)) is None


@pytest.mark.parametrize(
    "piece", ["# a\n", "- a\n", "```\n", "1. a\n", "a\n---\n", "[", "> ", "- ", "<!--", "\t", "*", "must "]
)
def test_time_is_linear(piece: str) -> None:
    def seconds(count: int) -> float:
        body = (piece * count).encode()
        began = time.perf_counter()
        scan_steps(body)
        return time.perf_counter() - began

    small = min(seconds(2_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(3)) < 8 * 6 * small + 0.01
