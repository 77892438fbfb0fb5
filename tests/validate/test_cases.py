"""Every code has a positive, a negative and a near miss, and where it can be repaired, the repaired files."""

from __future__ import annotations

from pathlib import Path

import pytest
from driven.model.diagnostic import Diagnostic
from driven.registry import load
from driven.validation.engine import Choice
from driven.validation.validate import validate

from .cases import CASES, read_case

CHECKS = {code: check.about for code, check in load(editors=(), checks=True).checks.items()}
CODES = sorted({*CHECKS, *(folder.name for folder in CASES.iterdir())})


def found(root: Path) -> list[Diagnostic]:
    return list(validate(str(root), Choice()).diagnostics)


@pytest.mark.parametrize("code", CODES)
def test_bad(code: str, tmp_path: Path) -> None:
    case = read_case(CASES / code / "bad.txtar")
    case.write(tmp_path)
    told = [f"{d.code} {d.span}" for d in found(tmp_path) if d.code == code]
    assert told == case.expected
    assert told, "a positive case finds something"


@pytest.mark.parametrize("name", ["good", "near"])
@pytest.mark.parametrize("code", CODES)
def test_clean(code: str, name: str, tmp_path: Path) -> None:
    case = read_case(CASES / code / f"{name}.txtar")
    case.write(tmp_path)
    told = [f"{d.code} {d.span}: {d.message}" for d in found(tmp_path) if d.code == code or _is_odd(d, case.allowed)]
    assert told == []


def _is_odd(d: Diagnostic, allowed: set[str]) -> bool:
    return d.severity == "error" and d.code not in allowed


@pytest.mark.parametrize("code", [code for code in CODES if code in CHECKS and CHECKS[code].fix])
def test_fixed(code: str, tmp_path: Path) -> None:
    from driven.validation.fixing import fix

    read_case(CASES / code / "bad.txtar").write(tmp_path)
    wanted = read_case(CASES / code / "fixed.txtar")
    fix(str(tmp_path), Choice(select=(code,)), unsafe=CHECKS[code].fix == "unsafe")
    there = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and ".git/" not in path.relative_to(tmp_path).as_posix() and "/state/" not in path.as_posix()
    }
    assert there == wanted.files
    left = found(tmp_path)
    assert [f"{d.code} {d.span}" for d in left if d.code == code] == wanted.expected, "what no repair is for"
    assert [f"{d.code} {d.span}: {d.message}" for d in left if d.code != code and _is_odd(d, wanted.allowed)] == []


@pytest.mark.parametrize("code", sorted(CHECKS))
def test_a_check_is_whole(code: str) -> None:
    about = CHECKS[code]
    names = {path.stem for path in (CASES / code).glob("*.txtar")}
    wanted = {"bad", "good", "near"} | ({"fixed"} if about.fix else set())
    assert names == wanted
    assert about.title and about.why.endswith(".") and about.url.startswith(("https://", "http://")), about
    assert about.bad and about.good
