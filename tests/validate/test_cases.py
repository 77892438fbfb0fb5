"""Every code has a positive, a negative and a near miss, and where it can be repaired, the repaired files."""

from __future__ import annotations

from pathlib import Path

import pytest

from driven.model.diagnostic import Diagnostic
from driven.registry import load
from driven.validation.engine import Choice
from driven.validation.own_codes import OWN_CODES
from driven.validation.validate import validate

from .cases import CASES, read_case
from .test_own_cases import WITHOUT_CASES

CHECKS = {code: check.about for code, check in load(editors=(), checks=True).checks.items()}
# What a project's rules, configuration and plan are told: no checks, and cases all the same.
OWN = {
    code: own
    for code, own in OWN_CODES.items()
    if code[:3] in ("RUL", "CFG", "PLN") and code not in WITHOUT_CASES
}  # fmt: skip
FIX = {code: known.fix for code, known in {**CHECKS, **OWN}.items()}
CODES = sorted({*CHECKS, *OWN, *(folder.name for folder in CASES.iterdir())})


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


@pytest.mark.parametrize("code", [code for code in CODES if FIX.get(code)])
def test_fixed(code: str, tmp_path: Path) -> None:
    from driven.validation.fixing import fix

    read_case(CASES / code / "bad.txtar").write(tmp_path)
    wanted = read_case(CASES / code / "fixed.txtar")
    fix(str(tmp_path), Choice(select=(code,)), unsafe=FIX[code] in ("unsafe", "both"))
    there = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and ".git/" not in path.relative_to(tmp_path).as_posix() and "/state/" not in path.as_posix()
    }
    assert there == wanted.files
    left = found(tmp_path)
    assert [f"{d.code} {d.span}" for d in left if d.code == code] == wanted.expected, "what no repair is for"
    assert [f"{d.code} {d.span}: {d.message}" for d in left if d.code != code and _is_odd(d, wanted.allowed)] == []


@pytest.mark.parametrize("code", sorted(FIX))
def test_a_check_is_whole(code: str) -> None:
    names = {path.stem for path in (CASES / code).glob("*.txtar")}
    wanted = {"bad", "good", "near"} | ({"fixed"} if FIX[code] else set())
    assert names == wanted
    if code in CHECKS:
        about = CHECKS[code]
        assert about.title and about.why.endswith(".") and about.url.startswith(("https://", "http://")), about
        assert about.bad and about.good


@pytest.mark.parametrize("code", sorted(OWN))
def test_a_repair_is_as_safe_as_its_entry_says(code: str, tmp_path: Path) -> None:
    read_case(CASES / code / "bad.txtar").write(tmp_path)
    fixes = [d.fix for d in found(tmp_path) if d.code == code and d.fix is not None]
    wanted = {"safe", "unsafe"} if OWN[code].fix == "both" else {OWN[code].fix} - {""}
    assert {"safe" if fix.safe else "unsafe" for fix in fixes} == wanted
