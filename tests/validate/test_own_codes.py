"""Every code that stands in the sources has a check or an entry; what the entries show is true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from driven.format.text import CODES, parse_rule
from driven.project.validate_table import is_code
from driven.registry import load
from driven.validation.catalogue import FAMILIES, catalogue
from driven.validation.own_codes import OWN_CODES

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"[A-Z]{3}\d\d|DRV\d{3}")
# Where this is nowhere, there is nothing to parse for: these are hundreds of modules, in each worker.
QUOTED = re.compile(rf"""["'](?:{CODE.pattern})["']""")
CHECKS = load(editors=(), checks=True).checks
# Front matter alone cannot show these.
ELSEWHERE = {"RUL20", "RUL21", "RUL22", "RUL23", "RUL24", "RUL25", "RUL40"}


def literals(path: Path) -> set[str]:
    """The codes that stand in a module as a text of their own, docstrings aside."""
    text = path.read_text(encoding="utf-8")
    if not QUOTED.search(text):
        return set()
    tree = ast.parse(text)
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }


SOURCES = {
    path.relative_to(ROOT).as_posix(): found
    for folder in ("driven", "plugins", "lsp")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if (found := literals(path))
}


def test_the_search_finds_them() -> None:
    assert {"driven/gathering.py", "driven/errors.py", "driven/registry/__init__.py"} <= SOURCES.keys()
    assert "IMP10" in SOURCES["driven/gathering.py"] and "DRV004" in SOURCES["driven/errors.py"]


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_every_code_of_the_sources_can_be_explained(path: str) -> None:
    assert sorted(SOURCES[path] - OWN_CODES.keys() - CHECKS.keys()) == []


def test_no_entry_is_left_over_or_double() -> None:
    used = {code for path, found in SOURCES.items() if "own_codes" not in path for code in found}
    assert sorted(OWN_CODES.keys() - used) == []
    assert sorted(OWN_CODES.keys() & CHECKS.keys()) == []
    assert set(CODES) == {code for code in OWN_CODES if code.startswith("RUL")}


@pytest.mark.parametrize("code", sorted(OWN_CODES))
def test_an_entry_is_whole(code: str) -> None:
    own = OWN_CODES[code]
    assert own.code == code and is_code(code)
    assert own.why.endswith(".") and (own.why[0].isupper() or own.why[0] == "`")
    assert own.title and not own.title.endswith(".") and "\n" not in own.title
    assert bool(own.bad) or not own.good
    assert code[:3] in FAMILIES


def test_our_checks_have_a_family() -> None:
    assert sorted({code[:3] for code in CHECKS} - FAMILIES.keys()) == []


def test_the_catalogue_goes_by_family() -> None:
    codes = list(catalogue(CHECKS.values()))
    assert set(codes) == {*CHECKS, *OWN_CODES}
    families = [code[:3] for code in codes]
    assert list(dict.fromkeys(families)) == [family for family in FAMILIES if family in families]
    for family in set(families):
        group = [code for code in codes if code.startswith(family)]
        assert group == sorted(group)


@pytest.mark.parametrize("code", [c for c in sorted(OWN_CODES) if c.startswith("RUL") and c not in ELSEWHERE])
def test_the_examples_of_rules_are_true(code: str) -> None:
    own = OWN_CODES[code]
    for example, wrong in ((own.bad, True), (own.good, False)):
        if example:
            whole = example.startswith("---")
            data = example if whole else f"---\n{example}\n---\n\nUse tabs.\n"
            _, found = parse_rule(data.encode(), path="a.md", rule_id="a")
            assert (code in {d.code for d in found}) is wrong, found
            assert wrong or found == []


@pytest.mark.parametrize("code", sorted(CHECKS))
def test_a_check_says_how_to_silence_it(code: str) -> None:
    entry = catalogue(CHECKS.values())[code]
    assert all(code in way for way in entry.silence)
    assert len(entry.silence) == (3 if entry.security else 4)
