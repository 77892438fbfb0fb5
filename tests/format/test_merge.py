"""The three-way merge of texts: what merges, what overlaps, and that no line of either edit is ever lost."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driven.format.merge import matches, merge_text
from driven.model.plan import Overlap

BASE = "# Errors\n\n- one\n- two\n- three\n\nThe end.\n"


def merged(base: str, ours: str, theirs: str) -> str:
    found = merge_text(base, ours, theirs)
    assert found.overlaps == ()
    return found.text


def edited(old: str, new: str, text: str = BASE) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_edits_of_two_places_are_both_there() -> None:
    assert merged(BASE, edited("# Errors", "# Mistakes"), edited("- three", "- 3\n- four")) == (
        "# Mistakes\n\n- one\n- two\n- 3\n- four\n\nThe end.\n"
    )
    assert merged(BASE, edited("- one\n", ""), edited("\nThe end.\n", "")) == "# Errors\n\n- two\n- three\n"


def test_a_line_between_them_is_enough() -> None:
    assert "- 1\n- two\n- 3\n" in merged(BASE, edited("- one", "- 1"), edited("- three", "- 3"))


def test_both_changed_a_line() -> None:
    found = merge_text(BASE, edited("- two", "- 2"), edited("- two", "- zwei"))
    assert found.overlaps == (
        Overlap(field="body", ours="- 2\n", theirs="- zwei\n", base="- two\n", line=4, their_line=4),
    )
    assert found.text == edited("- two", "- 2"), "ours, until somebody has decided"


def test_lines_that_touch_overlap_as_in_git() -> None:
    found = merge_text(BASE, edited("- one", "- 1"), edited("- two", "- 2"))
    (overlap,) = found.overlaps
    assert (overlap.ours, overlap.theirs, overlap.base) == ("- 1\n- two\n", "- one\n- 2\n", "- one\n- two\n")


def test_two_insertions_at_one_place_overlap() -> None:
    (overlap,) = merge_text("a\nb\n", "a\nx\nb\n", "a\ny\nb\n").overlaps
    assert (overlap.ours, overlap.theirs, overlap.base, overlap.line) == ("x\n", "y\n", "", 2)


def test_deleted_here_and_changed_there_overlaps() -> None:
    (overlap,) = merge_text(BASE, edited("- two\n", ""), edited("- two", "- 2")).overlaps
    assert (overlap.ours, overlap.theirs) == ("", "- 2\n")


@pytest.mark.parametrize(("take", "line"), [("ours", "- 2"), ("theirs", "- zwei")])
def test_a_side_can_be_taken(take: str, line: str) -> None:
    ours, theirs = edited("- two", "- 2"), edited("- two", "- zwei", edited("The end.", "Bye."))
    found = merge_text(BASE, ours, theirs, take=take)  # type: ignore[arg-type]
    assert found.overlaps == ()
    assert found.text == edited("- two", line, edited("The end.", "Bye.")), (
        "what does not overlap is merged all the same"
    )


def test_who_changed_the_same_and_more_wins() -> None:
    """One change, made in two editors, and gone on with in one of them."""
    ours, theirs = edited("- one", "- 1"), edited("- one\n- two", "- 1\n- 2")
    assert merged(BASE, ours, theirs) == merged(BASE, theirs, ours) == theirs
    ours, theirs = edited("- one\n", "- one\n- new\n"), edited("- one\n", "- one\n- new\n- newer\n")
    assert merged(BASE, ours, theirs) == merged(BASE, theirs, ours) == theirs
    ours, theirs = edited("- one\n- two\n", "- 1\n"), edited("- one", "- 1")
    assert merged(BASE, ours, theirs) == merged(BASE, theirs, ours) == ours


def test_lines_may_count_as_the_same() -> None:
    def same(line: str) -> str:
        return line.replace("](mdc:", "](")

    base, ours = "see [a](b.md)\n\nx\n", "see [a](mdc:b.md)\n\nx\n"
    assert merge_text(base, ours, "see [a](b.md)\n\ny\n", same=same).text == "see [a](mdc:b.md)\n\ny\n"
    assert merge_text(base, ours, "see [a](c.md)\n\nx\n", same=same).text == "see [a](c.md)\n\nx\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_are_ours(newline: str) -> None:
    ours = BASE.replace("\n", newline)
    want = edited("- two", "- 2\n- 2b").replace("\n", newline)
    assert merged(BASE, ours, edited("- two", "- 2\n- 2b")) == want
    assert merged(BASE, ours, BASE.replace("\n", "\r\n")) == ours, "other line ends alone are no edit"
    assert merged(BASE, BASE, edited("- two", "- 2").replace("\n", newline)) == edited("- two", "- 2")


def test_a_line_keeps_its_own_end() -> None:
    assert merged("a\nb\nc\nd\n", "a\r\nb\nc\rd\n", "a\nb\nc\nd\ne\n") == "a\r\nb\nc\rd\r\ne\n"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "want"),
    [
        ("a\n", "a", "b\n", "b"),  # ours never had a final newline
        ("a\n", "a\n", "b", "b"),  # they took it away
        ("a", "a", "a\n", "a\n"),  # their editor adds one
        ("a\n", "a\n\n\n", "b\n", "b\n\n\n"),  # what an emission evened out comes back
        ("a\n", "\n\na\n", "b\n", "\n\nb\n"),
        ("a\n", "\ufeffa\n", "b\n", "\ufeffb\n"),
        ("a\n", "a\n\n", "a", "a\n\n"),  # both: ours
        ("a\n", "a\n", "", ""),
        ("", "", "a\n", "a\n"),
        ("a\n", "b\n", "\ufeff\r\na\n", "\ufeff\nb\n"),
    ],
)
def test_blank_lines_at_the_ends_are_one_thing(base: str, ours: str, theirs: str, want: str) -> None:
    assert merged(base, ours, theirs) == want


def test_other_separators_are_no_line_ends() -> None:
    text = "a\x0bb\x0cc\x1c\x85\u2028d\n\ne\n"
    assert merged(text, edited("e", "f", text), edited("a", "A", text)) == text.replace("e", "f").replace("a", "A")
    (overlap,) = merge_text(text, edited("a", "x", text), edited("d", "y", text)).overlaps
    assert overlap.line == 1


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "# x", "- y"]), max_size=12)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n", "\n\n"]))


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str, str]:
    """A text and two edits of it, whose new lines stand in no other."""
    base = draw(st.lists(st.sampled_from(["a", "b", "c", "d", "e", ""]), max_size=14))

    def edit(mark: str) -> str:
        lines = list(base)
        for number in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(lines)))
            lines[at : at + draw(st.integers(0, 2))] = [f"{mark}{number}{i}" for i in range(draw(st.integers(0, 2)))]
        return "".join([line + "\n" for line in lines])

    return "".join([line + "\n" for line in base]), edit("ours"), edit("theirs")


@given(TEXTS, TEXTS)
def test_an_edit_of_one_side_is_taken_as_it_is(base: str, edit: str) -> None:
    assert merged(base, base, edit) == edit
    assert merged(base, edit, base) == edit
    assert merged(base, edit, edit) == edit


@settings(max_examples=400)
@given(edits())
@example(("a\nb\n", "ours00\nb\n", "a\ntheirs00\n"))
@example(("a\na\na\na\nb\na\n", "a\na\na\na\n", "a\na\ntheirs00\nb\na\n"))
def test_nothing_is_lost(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    found = merge_text(base, ours, theirs)
    said = "\n".join([found.text, *[f"{overlap.ours}\n{overlap.theirs}" for overlap in found.overlaps]])
    for line in (*ours.split(), *theirs.split()):
        if line.startswith(("ours", "theirs")):
            assert line in said.split()
    gone = set(base.split()) - set(ours.split())
    if not found.overlaps:
        assert not gone & set(found.text.split()), "what was deleted stays deleted"


@settings(max_examples=400)
@given(edits())
def test_who_is_who_decides_nothing_but_the_line_ends(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    one, two = merge_text(base, ours, theirs), merge_text(base, theirs, ours)
    assert [(o.ours, o.theirs, o.base) for o in one.overlaps] == [(o.theirs, o.ours, o.base) for o in two.overlaps]
    if not one.overlaps:
        assert one.text.strip("\n") == two.text.strip("\n")
    adopted = merge_text(base, ours, theirs, take="theirs").text
    assert adopted.strip("\n") == merge_text(base, theirs, ours, take="ours").text.strip("\n")


@given(LINES, LINES)
def test_matches_are_matches(a: list[str], b: list[str]) -> None:
    x = y = 0
    for i, j, length in matches(a, b):
        assert i >= x and j >= y and a[i : i + length] == b[j : j + length] and length > 0
        x, y = i + length, j + length


def test_any_line_may_be_hostile() -> None:
    for text in ("\0\n", "\ud800\n", "\r", "\n\r\n\r", "\ufeff", "<<<<<<< ours\n", "x" * 100_000):
        assert merge_text("a\n", text, "b\nc\n").text == text
        assert merge_text("a\n", "a\n", text + "a\n").overlaps == ()


def _in_turn(kinds: int, *, anew: bool = False) -> tuple[str, str, str]:
    """Lines of a few kinds at random, edited in many places; or `anew`, with nothing of it left on one side."""
    dice = random.Random(7)
    base = [f"{dice.randrange(kinds)}\n" for _ in range(180_000)]
    one, two = list(base), list(base)
    one[100::997] = [f"one {at}\n" for at in range(len(one[100::997]))]
    two[600::997] = [f"two {at}\n" for at in range(len(two[600::997]))]
    del two[170_000:170_003]
    if anew:
        one = [f"{dice.randrange(kinds)}\n" for _ in range(180_000)]
    return "".join(base), "".join(one), "".join(two)


def _equal() -> tuple[str, str, str]:
    equal = ["a\n"] * (1 << 19)
    return "".join(equal), "".join(["x\n", *equal[2:], "y\n"]), "".join([*equal[:9], "z\n", *equal[9:]])


def _hard_parts() -> tuple[str, str, str]:
    base = [line for at in range(2_500) for line in (f"only {at}\n", *["a\n", "b\n"] * 60)]
    turned = [line for at in range(2_500) for line in (f"only {at}\n", *["b\n", "c\n", "a\n"] * 40)]
    return "".join(base), "".join(turned), "".join(base[5:])


@pytest.mark.parametrize("kinds", [0, 1, 2, 100, 3_000, 100_000])
@pytest.mark.parametrize("anew", [False, True])
def test_a_large_text_of_any_shape_takes_about_a_second(kinds: int, anew: bool) -> None:
    texts = _hard_parts() if not kinds else _equal() if kinds == 1 else _in_turn(kinds, anew=anew)
    began = time.process_time()
    merge_text(*texts)
    assert time.process_time() - began < 60, "of 1 MiB; the bar is a second, on a machine that is not shared"
