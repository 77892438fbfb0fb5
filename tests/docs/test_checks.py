"""docs/checks.md is what the checks say, and its index leads to every code."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs/checks.py"))


def test_the_page_is_current(script: dict[str, Any]) -> None:
    page = (ROOT / "docs/checks.md").read_text(encoding="utf-8")
    assert page == script["document"](script["entries"]()), "python docs/checks.py writes it"


def test_every_code_has_its_place_and_a_link(script: dict[str, Any]) -> None:
    entries = script["entries"]()
    page = script["document"](entries)
    assert {entry.code for entry in entries} >= {"CUR06", "RUL06", "IMP16", "SUP01"}
    for entry in entries:
        assert page.count(f"\n### {entry.code}\n") == 1
        assert page.count(f"](#{entry.code.lower()})") == 1
        assert not entry.is_check or f"Source: <{entry.url}>, verified {entry.verified}." in page
    prose = re.sub(r"^(`{3,})\n.*?^\1$", "", page, flags=re.M | re.S)
    links = set(re.findall(r"\]\(([^)]+)\)", prose))
    headings = {
        re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)$", prose, re.M)
    }
    assert {link[1:] for link in links if link[0] == "#"} <= headings
    assert {link for link in links if link[0] != "#"} == {"validate.md"}


def test_nothing_on_the_page_is_hidden(script: dict[str, Any]) -> None:
    from driven.cli.text import safe

    page = script["document"](script["entries"]())
    assert [line for line in page.split("\n") if safe(line.replace("\t", "")) != line.replace("\t", "")] == []


def test_a_fence_in_an_example_does_not_end_it(script: dict[str, Any]) -> None:
    from driven.frozen import replace

    entry = replace(script["entries"]()[0], bad="```sh\nls", good="```sh\nls\n```")
    page = script["document"]([entry])
    assert "````\n```sh\nls\n````" in page and "````\n```sh\nls\n```\n````" in page
