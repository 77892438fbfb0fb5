"""What counts as a reason: its length as it is read, and not what is only there to be counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.errors import DrivenError, PolicyError
from driven.trust.reasons import MAX, Justified, justify


@pytest.mark.parametrize("least", [20, 30, 50])
def test_the_length_is_counted_after_strip_and_collapse(least: int) -> None:
    word = "reads the index of all documents that were changed since noon"
    exact = word[:least].rstrip()
    exact += "x" * (least - len(exact))
    assert justify(exact, least).text == exact  # type: ignore[call-overload]
    padded = "  " + exact.replace(" ", " \t\n   ") + "   "
    assert justify(padded, least).text == exact  # type: ignore[call-overload]
    for text in (exact[:-1], exact[:-1] + "    ", " " * 80 + exact[:-1], exact[:-1].replace(" ", "  ")):
        with pytest.raises(PolicyError, match=f"and this step asks for {least}"):
            justify(text, least)  # type: ignore[call-overload]


REPEATED = ["a" * 60, "A a" * 30, "because " * 10, "no, " * 20, ". . " * 20, "é" * 60, "абв" * 20]
UNSEEN = ["\u200b", "\u2800", "\u3164", "\U000e0041", "\x00", "\x1b[8m", "\ud800"]


@pytest.mark.parametrize("text", REPEATED)
def test_a_reason_that_repeats_itself_is_none(text: str) -> None:
    with pytest.raises(PolicyError, match="repeats itself"):
        justify(text, 50)


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_nobody_sees_does_not_count(unseen: str) -> None:
    with pytest.raises(PolicyError):
        justify("it is needed" + unseen * 40, 20)


def test_it_is_text_of_a_length_that_people_read() -> None:
    for strange in (None, 7, b"bytes that are long enough to count", ["x"] * 60):
        with pytest.raises(PolicyError):
            justify(strange, 20)  # type: ignore[call-overload]
    text = "one sentence after another is said. "
    assert justify(text * 55, 50)
    with pytest.raises(PolicyError, match=f"at most {MAX:,}"):
        justify(text * 60, 50)
    with pytest.raises(PolicyError):
        Justified("made by hand, and not by the function", 50, object())


@given(st.text(max_size=200), st.sampled_from([20, 30, 50]))
def test_it_is_a_reason_or_an_error_of_ours(text: str, least: int) -> None:
    try:
        reason = justify(text, least)  # type: ignore[call-overload]
    except DrivenError:
        return
    assert len(reason.text) >= least and reason.text == " ".join(reason.text.split()) and reason.text.isprintable()
