"""`driven explain-code`: one code, those of a kind, all kinds, and the facts that are old."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driven.registry import load
from driven.validation.catalogue import FAMILIES, catalogue

Drive = Callable[..., Any]
Answer = Callable[..., Any]
CODES = list(catalogue(load(editors=(), checks=True).checks.values()))


def test_one_code(empty: Path, drive: Drive, expect: Callable[[str, str], None]) -> None:
    ran = drive("explain-code", "CUR06")
    assert (ran.code, ran.err) == (0, "")
    expect("explain-code", ran.out)
    assert drive("explain-code", "cur06").out == ran.out


def test_its_data(empty: Path, answer: Answer) -> None:
    data = answer("explain-code", "CUR06", "IMP16")
    first, second = data["codes"]
    assert (first["code"], first["family"], first["severity"], first["fix"]) == ("CUR06", "CUR", "error", "safe")
    assert first["check"] and first["url"].startswith("https://") and first["verified"] >= "2026-11-21"
    assert any("driven-ignore CUR06" in way for way in first["silence"])
    assert not second["check"] and second["url"] == second["fix"] == "" and second["silence"] == []
    assert data["families"][0] == {"prefix": "CUR", "title": "Cursor", "codes": ["CUR06"]}


def test_a_beginning_lists_those_that_begin_so(empty: Path, drive: Drive, answer: Answer) -> None:
    data = answer("explain-code", "RUL")
    assert {c["code"] for c in data["codes"]} == {code for code in CODES if code.startswith("RUL")}
    ran = drive("explain-code", "RUL3")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["Code", "RUL30", "RUL31", "RUL32", "RUL33", "RUL34"]


def test_several_at_once(empty: Path, drive: Drive, answer: Answer) -> None:
    ran = drive("explain-code", "RUL06", "SUP", "RUL06")
    assert ran.out.count("an unknown key") == 1 and "SUP02" in ran.out
    assert [c["code"] for c in answer("explain-code", "RUL06", "RUL0")["codes"]].count("RUL06") == 1


def test_without_a_code_all_kinds(empty: Path, drive: Drive, answer: Answer) -> None:
    data = answer("explain-code")
    assert data["codes"] == data["stale"] == []
    assert [code for family in data["families"] for code in family["codes"]] == CODES
    ran = drive("explain-code")
    assert all(re.search(rf"^{code[:3]}\b", ran.out, re.MULTILINE) for code in CODES)
    assert FAMILIES["RUL"] in ran.out


@pytest.mark.parametrize("code", CODES)
def test_every_code_can_be_shown(code: str, empty: Path, drive: Drive) -> None:
    ran = drive("explain-code", code)
    assert ran.code == 0 and ran.err == ""
    assert ran.out.startswith(f"{code}  ")
    assert ("verified 2" in ran.out) or ("silence" in ran.out) or ("told by" in ran.out)
    assert not any(char in ran.out for char in "\x1b\u202e\u200b\u00a0\x00")


@pytest.mark.parametrize(
    ("word", "meant"), [("CUR66", "CUR"), ("cux", "CUR"), ("RUL99", "RUL"), ("", ""), ("%$", ""), ("x" * 9999, "")]
)
def test_a_code_that_is_none(word: str, meant: str, empty: Path, drive: Drive) -> None:
    ran = drive("explain-code", word)
    assert ran.code == 2 and ran.out == "" and "there is no code" in ran.err
    assert f"did you mean `driven explain-code {meant}" in ran.err if meant else "lists all kinds" in ran.err


def test_facts_that_are_old(empty: Path, drive: Drive, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    from driven.validation import catalogue as module

    monkeypatch.setattr(module, "STALE_DAYS", 100_000)
    assert answer("explain-code", "--stale")["stale"] == []
    assert "0 of " in drive("explain-code", "--stale").out
    monkeypatch.setattr(module, "STALE_DAYS", -100_000)
    rows = answer("explain-code", "--stale", code=1)["stale"]
    names = {row["name"] for row in rows}
    assert {"CUR06", "cursor", "windsurf"} <= names and not any(name.startswith("RUL") for name in names)
    assert [row["days"] for row in rows] == sorted((row["days"] for row in rows), reverse=True)
    ran = drive("explain-code", "--stale")
    assert ran.code == 1 and f"{len(rows)} of {len(rows)} facts" in ran.out
    assert drive("explain-code", "--stale", "CUR06").code == 2


def test_shells_offer_codes(empty: Path, drive: Drive) -> None:
    assert drive("--complete", "code", "").out.split() == CODES
