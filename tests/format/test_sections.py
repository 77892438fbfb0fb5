"""Marked sections: ours is found, put and taken; every other byte stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.errors import SourceError
from driven.format.sections import begin_line, end_line, find_section, put_section, take_section

TEXT = b"# Rules\n\nUse tabs.\n"


def test_a_new_file_is_the_section_alone() -> None:
    data = put_section(None, "copilot", TEXT)
    assert data == f"{begin_line('copilot')}\n# Rules\n\nUse tabs.\n{end_line('copilot')}\n".encode()
    assert find_section(data, "copilot") == TEXT
    assert take_section(data, "copilot") is None


def test_it_goes_below_what_stands_there_and_leaves_as_it_came() -> None:
    own = b"# Mine\n\nKeep this.\n"
    data = put_section(own, "copilot", TEXT)
    assert data.startswith(own + b"\n<!-- driven:begin copilot")
    assert take_section(data, "copilot") == own


def test_crlf_files_stay_crlf_and_compare_as_lf() -> None:
    own = b"# Mine\r\n"
    data = put_section(own, "claude", TEXT)
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert find_section(data, "claude") == TEXT
    assert take_section(data, "claude") == own


def test_a_name_that_begins_like_another_is_another() -> None:
    data = put_section(put_section(None, "agents-more", b"one\n"), "agents", b"two\n")
    assert find_section(data, "agents-more") == b"one\n"
    assert find_section(data, "agents") == b"two\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(end_line("x").encode(), b""),
        lambda data: data.replace(begin_line("x").encode(), b""),
        lambda data: data + data,
        lambda data: b"\n".join(reversed(data.splitlines())),
    ],
)
def test_damaged_markers_are_said_and_not_guessed_at(damage) -> None:
    with pytest.raises(SourceError, match="damaged"):
        find_section(damage(put_section(None, "x", TEXT)), "x")


@pytest.mark.parametrize("data", ["hi\n".encode("utf-16"), b"caf\xe9\n", b"a\0b\n"])
def test_a_file_that_is_no_utf_8_text_is_left_alone(data: bytes) -> None:
    with pytest.raises(SourceError):
        put_section(data, "x", TEXT)


def test_a_bom_before_the_marker_is_no_damage() -> None:
    assert find_section(b"\xef\xbb\xbf" + put_section(None, "x", TEXT), "x") == TEXT


lines = st.lists(st.text(st.characters(blacklist_characters="\r\n<\0", blacklist_categories=("Cs",))), max_size=6)


@given(before=lines, after=lines, one=lines, two=lines, newline=st.sampled_from(["\n", "\r\n"]))
def test_every_byte_around_a_section_survives_its_changes(before, after, one, two, newline) -> None:
    head = newline.join([*before, ""]).encode()
    tail = newline.join([*after, ""]).encode() if after else b""
    first, second = ("".join(f"{line}\n" for line in text).encode() for text in (one, two))
    data = put_section(head or None, "m", first) + tail
    changed = put_section(data, "m", second)
    start = data.index(b"<!-- driven:begin")
    assert changed[:start] == data[:start]
    assert changed.endswith(tail)
    assert find_section(changed, "m") == second
    assert put_section(changed, "m", first) == data
