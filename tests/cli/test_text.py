"""Text made safe for a terminal, and numbers for people."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.cli.text import count, estimate, number, percent, safe, safe_line, seconds, shorten, size


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain é 漢字 🎉", "plain é 漢字 🎉"),
        ("\x1b[2J", "\\e[2J"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\x9b31m", "\\x9b31m"),
        ("\U000e0041", "\\U000e0041"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf\\xe9"),
        ("\ud800", "\\ud800"),
    ],
)
def test_safe(raw: str, shown: str) -> None:
    assert safe(raw) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_that_moves_the_cursor_or_hides_survives(text: str) -> None:
    for shown in (safe(text), safe_line(text).replace("\t", "")):
        shown.encode()  # no surrogate is left
        assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Zl", "Zp")]
        assert not [
            c for c in shown if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI")
        ]


def test_tabs_stay_in_lines_of_files() -> None:
    assert safe_line("\tx\x1b") == "\tx\\e"


def test_numbers() -> None:
    assert (number(1234567), count(1, "rule"), count(2, "loss", "losses")) == ("1,234,567", "1 rule", "2 losses")
    assert (percent(1, 3), percent(0, 0)) == ("33 %", "0 %")
    assert (size(999), size(12345), size(3_000_000)) == ("999 B", "12.3 KB", "3.0 MB")
    assert (seconds(0.0001), seconds(0.0301), seconds(1.25), seconds(61)) == ("1 ms", "30 ms", "1.2 s", "61 s")
    assert [estimate(n) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]
    assert (shorten("abcdef", 4), shorten("abc", 4)) == ("abc…", "abc")
