"""The text of a document: lines, positions and edits, against an editor that counts code units."""

from __future__ import annotations

import random
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven_lsp.texts import Text, split_lines
from lsp.reference import CODECS, Editor, as_changes, sessions, texts

ENCODINGS = sorted(CODECS)


@given(texts)
def test_lines_end_where_lsp_says(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert lines == [line for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n|$)", text) if line]


@pytest.mark.parametrize("other", ["\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_nothing_else_ends_a_line(other: str) -> None:
    assert split_lines(f"a{other}b\nc{other}") == [f"a{other}b\n", f"c{other}"]
    assert Text(f"a{other}b\nc").offset(1, 0, "utf-16") == 4


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.data())
def test_an_edited_text_is_the_clients(encoding: str, data: st.DataObject) -> None:
    first, notifications = data.draw(sessions(encoding))
    text = Text(first, 1)
    for version, (changes, expected) in enumerate(notifications, 2):
        before = text.text
        following = text.apply(as_changes(changes), encoding, version)
        assert following.text == expected
        assert following.version == version
        assert text.text == before
        assert following.lines == Text(expected).lines
        text = following


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts)
def test_positions_and_offsets_are_one_another(encoding: str, text: str) -> None:
    ours = Text(text)
    seen = []
    for line, character, index in Editor(text, encoding).spots():
        offset = len(b"".join(Editor(text, encoding).units[:index]).decode(CODECS[encoding][0]))
        assert ours.offset(line, character, encoding) == offset
        assert ours.position(offset, encoding) == (line, character)
        seen.append(offset)
    for offset in set(range(len(text) + 1)) - set(seen):  # between \r and \n
        assert text[offset - 1 : offset + 1] == "\r\n"
        assert ours.offset(*ours.position(offset, encoding), encoding) == offset - 1


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts, line=st.integers(-2, 20), character=st.integers(-2, 60) | st.just(2**31))
def test_a_place_outside_is_moved_inside(encoding: str, text: str, line: int, character: int) -> None:
    ours = Text(text)
    offset = ours.offset(line, character, encoding)
    assert 0 <= offset <= len(text)
    assert text[max(offset - 1, 0) : offset + 1] != "\r\n"
    if 0 <= line < len(ours.lines):
        assert ours.line_start(line) <= offset <= ours.line_start(line) + len(ours.line_text(line))
    assert ours.position(character, encoding)[0] < len(ours.lines)
    ours.apply([((line, character, character, line), "x")], encoding)


def test_a_place_inside_of_a_character_is_before_it() -> None:
    text = Text("a😀b")
    assert [text.offset(0, at, "utf-16") for at in range(5)] == [0, 1, 1, 2, 3]
    assert [text.offset(0, at, "utf-8") for at in range(7)] == [0, 1, 1, 1, 1, 2, 3]


def test_a_range_may_be_said_backwards() -> None:
    assert Text("abc\ndef").apply([((1, 1, 0, 1), "-")], "utf-16").text == "a-ef"


def test_two_halves_of_a_pair_become_one_character() -> None:
    text = Text("").apply([((0, 0, 0, 0), "\ud83d")], "utf-16").apply([((0, 1, 0, 1), "\ude00")], "utf-16")
    assert text.text == "😀"


def test_a_half_of_a_pair_is_no_error() -> None:
    text = Text("a\ud83db\nc")
    for encoding in ENCODINGS:
        for offset in range(len(text) + 1):
            assert text.offset(*text.position(offset, encoding), encoding) == offset


@pytest.mark.parametrize(
    ("before", "at", "new", "lines"), [("a\rb", (1, 0), "\n", ["a\r\n", "b"]), ("", (0, 0), "\n", ["\n", ""])]
)
def test_line_ends_join(before: str, at: tuple[int, int], new: str, lines: list[str]) -> None:
    after = Text(before).apply([((*at, *at), new)], "utf-16")
    assert after.lines == lines == Text(after.text).lines


def test_a_text_knows_itself() -> None:
    text = Text("a\nb", 3)
    assert (text.version, len(text), text.lines, text.line_text(1), text.line_text(7)) == (3, 3, ["a\n", "b"], "b", "")
    assert repr(text) == "Text(3 characters, 2 lines, version 3)"
    same = text.apply([], "utf-16", 4)
    assert (same.text, same.version, text.version) == ("a\nb", 4, 3)


def _seconds(lines: int, edits: int) -> float:
    """Processor time of one notification of `edits` edits in a document of `lines` lines."""
    text = Text("".join(f"line {number} and something é more\n" for number in range(lines)))
    chance = random.Random(1)
    changes: list[Any] = [((at := chance.randrange(lines), 2, at, 4), "x\ny") for _ in range(edits)]
    started = time.process_time()
    assert text.apply(changes, "utf-16").text
    return time.process_time() - started


def test_many_edits_of_a_long_document_cost_little() -> None:
    """2.4 s in pygls 2.1.1 for 500 edits of 50,000 lines; some 10 ms here."""
    assert _seconds(50_000, 500) < 0.5


def test_an_edit_does_not_cost_the_document() -> None:
    one = min(_seconds(50_000, 1) for _ in range(3))
    many = min(_seconds(50_000, 200) for _ in range(3))
    assert many < 20 * one
