"""What stands outside the sections of a shared file: found, changed and put back around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.errors import SourceError
from driven.format.parts import ownership_of, put_part, read_part, take_part
from driven.format.sections import find_outside, put_outside, put_section, take_outside
from driven.model.artefact import Outside

LINES = st.lists(st.sampled_from(["", "a", "b b", "# c", "- d", "é"]), max_size=6)
NEWLINES = st.sampled_from(["\n", "\r\n"])


@st.composite
def texts(draw):
    text = draw(NEWLINES).join(draw(LINES))
    return (text + draw(st.sampled_from(["", "\n", "\n\n"]))).encode()


@given(texts(), st.lists(st.sampled_from(["copilot", "agents", "x"]), unique=True, max_size=3), texts())
def test_putting_back_what_was_found_changes_nothing(above, markers, below):
    data = above
    for marker in markers:
        data = put_section(data or None, marker, b"ours\n")
    data += below if markers else b""
    assert put_outside(data, find_outside(data)) == data


@given(texts(), st.lists(st.sampled_from(["copilot", "agents"]), unique=True, max_size=2))
def test_sections_below_a_text_leave_it_as_it_is(text, markers):
    """A final newline above a section cannot be seen, so it is compared by what putting the text would change."""
    data = text
    for marker in markers:
        data = put_section(data or None, marker, b"ours\n")
    now = read_part(Outside(), data, text) if data else None
    assert now == text or not text.strip()


@given(texts(), texts(), st.lists(st.sampled_from(["copilot", "agents"]), unique=True, min_size=1, max_size=2))
def test_a_new_text_keeps_the_sections(text, new, markers):
    data = text
    for marker in markers:
        data = put_section(data or None, marker, b"ours\n")
    after = put_outside(data, new)
    if new.strip():
        assert find_outside(after).replace(b"\r\n", b"\n").rstrip(b"\n") == new.replace(b"\r\n", b"\n").rstrip(b"\n")
    assert after.count(b"ours") == len(markers)


def test_a_section_in_the_middle_stays_between_the_same_lines():
    data = put_section(b"one\ntwo\n", "x", b"ours\n") + b"\nthree\nfour\n"
    after = put_outside(data, find_outside(data).replace(b"four", b"five"))
    assert after == data.replace(b"four", b"five")
    after = put_outside(data, find_outside(data).replace(b"one", b"zero and one"))
    assert after == data.replace(b"one", b"zero and one")


def test_taking_the_text_leaves_the_sections():
    data = put_section(b"mine\n", "x", b"ours\n")
    assert take_outside(data) == put_section(None, "x", b"ours\n")
    assert take_outside(b"mine\n") is None
    assert read_part(Outside(), put_section(None, "x", b"ours\n"), b"mine\n") is None


def test_the_line_of_the_lock_names_it():
    ownership, value = ownership_of("outside")
    assert ownership == Outside() and value == b""
    assert put_part(ownership, None, b"text") == b"text"
    assert take_part(ownership, b"text", b"") is None


def test_damaged_markers_are_told():
    with pytest.raises(SourceError, match="damaged"):
        find_outside(b"text\n<!-- driven:begin x -->\nours\n")


def test_many_markers_are_looked_at_once():
    """Forty thousand begin lines were once a search of the whole file for each of them."""
    with pytest.raises(SourceError):
        find_outside(b"".join(b"<!-- driven:begin x%d -->\n" % number for number in range(40_000)))


@pytest.mark.parametrize(
    "text",
    [
        b"<!-- driven:end x -->\n",
        b"<!-- driven:begin x -->\n<!-- driven:begin y -->\n<!-- driven:end y -->\n<!-- driven:end x -->\n",
        b"<!-- driven:begin x -->\n<!-- driven:end x -->\n<!-- driven:begin x -->\n<!-- driven:end x -->\n",
    ],
)
def test_markers_that_do_not_pair_are_damaged(text):
    with pytest.raises(SourceError, match="damaged"):
        find_outside(text)
