"""Did you mean …?"""

from __future__ import annotations

import time

import pytest

from driven.grammar.suggest import did_you_mean, nearest

WORDS = ("init", "import", "sync", "status", "explain", "show")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("snyc", "sync"), ("stat", "status"), ("SYNC", "sync"), ("i", ""), ("xyzzy", ""), ("", "")],
)  # fmt: skip
def test_nearest(typed: str, meant: str) -> None:
    assert nearest(typed, WORDS) == meant


def test_hint_carries_the_prefix_or_says_otherwise() -> None:
    assert did_you_mean("snyc", WORDS, prefix="driven ") == "did you mean `driven sync`?"
    assert did_you_mean("xyzzy", WORDS, otherwise="no idea") == "no idea"


def test_dashes_do_not_make_options_alike() -> None:
    options = ("--json", "--verbose", "--check", "--dry-run")
    assert [nearest(word, options) for word in ("--bogus", "--chekc", "--dryrun", "--")] == [
        "",
        "--check",
        "--dry-run",
        "",
    ]


def test_a_huge_word_costs_nothing() -> None:
    began = time.perf_counter()
    assert nearest("s" * 1_000_000, WORDS) == ""
    assert time.perf_counter() - began < 10
