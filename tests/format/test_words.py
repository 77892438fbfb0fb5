"""What a misspelt word was meant to be, where that is certain."""

from __future__ import annotations

import random

import pytest

from driven.format.words import slip_of

KEYS = ("description", "apply", "paths", "kind", "category", "priority", "targets", "tags", "when", "extra")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("prioritty", "priority"), ("priorty", "priority"), ("pirority", "priority"), ("Priority", "priority"),
        ("prrioritty", "priority"), ("priorities", ""), ("prio", ""), ("aplly", "apply"), ("appyl", "apply"),
        ("applied", ""), ("tag", "tags"), ("ta", ""), ("", ""), ("desc", ""), ("descripton", "description"),
        ("x" * 10_000, ""), ("kindd", "kind"), ("wehn", "when"), ("if", ""),
    ],
)  # fmt: skip
def test_one_stroke_or_two(word: str, meant: str) -> None:
    assert slip_of(word, KEYS) == meant


def test_two_that_are_as_near_are_no_answer() -> None:
    assert slip_of("mode", ("node", "code")) == ""
    assert slip_of("to-way", ("two-way", "one-way", "to-day")) == ""
    assert slip_of("tow-way", ("two-way", "one-way")) == "two-way"
    assert slip_of("snapshot-days", ("snapshots", "snapshot_days")) == "snapshot_days"


def test_any_single_slip_in_a_long_word_is_found() -> None:
    dice = random.Random(1)
    for _ in range(300):
        word = dice.choice([key for key in KEYS if len(key) >= 8])
        at = dice.randrange(len(word) - 1)
        slip = dice.choice(
            (word[:at] + word[at + 1 :], word[:at] + "q" + word[at:], word[:at] + "q" + word[at + 1 :],
             word[:at] + word[at + 1] + word[at] + word[at + 2 :])
        )  # fmt: skip
        assert slip_of(slip, KEYS) == word, slip
