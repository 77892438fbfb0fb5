"""docs/template-library.md is what the library holds, and its links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs/template_library.py"))


def test_the_page_is_current(script: dict[str, Any]) -> None:
    page = (ROOT / "docs/template-library.md").read_text(encoding="utf-8")
    assert page == script["document"](script["library"]()), "python docs/template_library.py writes it"


def test_every_template_is_on_it_and_every_link_leads_to_one(script: dict[str, Any]) -> None:
    found = script["library"]()
    page = script["document"](found)
    assert found.diagnostics == [] and len(found.names()) >= 40
    for name in found.names():
        assert page.count(f"\n### {name}\n") == 1
    anchors = {re.sub(r"[^\w\- ]", "", line.lower()) for line in re.findall(r"^#+ (.*)$", page, re.MULTILINE)}
    links = {link for link in re.findall(r"\]\(([^)]+)\)", page) if link != "templates.md"}
    assert links and {link.removeprefix("#") for link in links} <= anchors
