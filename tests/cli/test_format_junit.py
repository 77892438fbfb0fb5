"""JUnit XML: one case for each file, one failure in it, and text that any XML reader takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from reports import NASTY, report, span, told

from driven.cli.format_junit import render, to_junit
from driven.cli.text import safe
from driven.span import Span


def suite(text: str) -> ElementTree.Element:
    """The suite, whose figures are held against what is in it."""
    assert text.isascii() and text.startswith("<?xml")
    root = ElementTree.fromstring(text)
    (only,) = root
    cases = only.findall("testcase")
    assert cases and (root.tag, only.tag) == ("testsuites", "testsuite")
    for element in (root, only):
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(sum(case.find("failure") is not None for case in cases))
        assert element.get("errors") == element.get("skipped") == "0"
    assert all(len(case.findall("failure")) <= 1 for case in cases), "Jenkins and GitLab read the first alone"
    return only


def test_a_file_is_a_case() -> None:
    found = [told(), told("CUR07", "warning"), told("CUR03", message="two"), told(span=span("b.md"))]
    first, second = suite(to_junit(found, ["error"]))
    assert (first.get("name"), first.get("file"), first.get("classname")) == (
        ".cursor/rules/a.mdc", ".cursor/rules/a.mdc", "driven validate",
    )  # fmt: skip
    failure = first.find("failure")
    assert failure is not None and failure.get("type") == "CUR06, CUR03"
    assert failure.get("message") == "2 errors: it is `wrong`"
    assert failure.text is not None and failure.text.splitlines() == [
        ".cursor/rules/a.mdc:2:8: error CUR06: it is `wrong`", "  hint: write it right",
        ".cursor/rules/a.mdc:2:8: error CUR03: two", "  hint: write it right",
    ]  # fmt: skip
    out = first.find("system-out")
    assert out is not None and out.text is not None and "warning CUR07" in out.text
    assert second.get("name") == "b.md"


def test_what_does_not_fail_passes() -> None:
    (case,) = suite(to_junit([told(severity="warning")], ["error"]))
    assert case.find("failure") is None and case.find("system-out") is not None
    (case,) = suite(to_junit([told(severity="warning")], ["error", "warning"]))
    assert case.find("failure") is not None


def test_no_finding_is_a_case_that_passes() -> None:
    (case,) = suite(to_junit([], ["error"]))
    assert case.get("name") == "the project" and len(case) == 0


def test_what_stands_in_no_file_is_the_projects() -> None:
    (case,) = suite(to_junit([told("PLN01", span=Span(path="")), told("PLG06", span=Span(path="acme:x"))], ["error"]))
    assert case.get("name") == "the project" and case.get("file") is None
    failure = case.find("failure")
    assert failure is not None and failure.text is not None and failure.text.startswith("error PLN01: ")


def test_hostile_text_stays_text() -> None:
    (case,) = suite(to_junit([told(message=NASTY, hint=NASTY, span=span(NASTY))], ["error"]))
    shown = safe(NASTY).replace("\ufffe", "\\ufffe")
    failure = case.find("failure")
    assert case.get("file") == shown and failure is not None
    assert failure.text is not None and failure.text.split("\n")[1] == f"  hint: {shown}"


def test_notices_are_for_the_verbose() -> None:
    assert suite(render(report(told(severity="info"))))[0].get("name") == "the project"
    assert suite(render(report(told(severity="info")), verbose=True))[0].get("name") == ".cursor/rules/a.mdc"


def test_the_command(empty: Path, drive: Callable[..., Any]) -> None:
    (empty / ".cursor/rules").mkdir(parents=True)
    (empty / ".cursor/rules/a.mdc").write_text('---\nalwaysApply: "true"\n---\nUse tabs.\n', encoding="utf-8")
    ran = drive("validate", "--format", "junit", "--select", "CUR06")
    assert (ran.code, ran.err) == (1, "")
    assert suite(ran.out)[0].get("file") == ".cursor/rules/a.mdc"
    assert drive("validate", "--format", "junit", "--select", "CUR03").code == 0
