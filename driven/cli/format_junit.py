"""`driven validate --format junit`: JUnit XML, as Jenkins and GitLab read it.

https://docs.gitlab.com/ci/testing/unit_test_reports/ and https://github.com/jenkinsci/junit-plugin (verified
2026-11-21): both take one `failure` of a test case, so a file is a case and its failure holds all that fails there.
"""

from __future__ import annotations

from driven.cli.report_places import has_file
from driven.cli.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from driven.model.diagnostic import Diagnostic
    from driven.model.report import ValidateReport

SUITE = "driven validate"
WHOLE = "the project"  # the case of findings that stand in no file
# What XML cannot hold beside the characters that `safe` escapes.
_NO_XML = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}


def render(report: ValidateReport, failing: Collection[str] = ("error",), *, verbose: bool = False) -> str:
    """One case for each file with findings; those that do not fail are its output. Notices only with `verbose`."""
    return to_junit([d for d in report.diagnostics if verbose or d.severity != "info"], failing)


def to_junit(found: Sequence[Diagnostic], failing: Collection[str]) -> str:
    """The report as XML in ASCII; one case that passes when there is nothing, because Jenkins fails on none at all."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    from driven.cli.render_findings import tally

    by_file: dict[str, list[Diagnostic]] = {}
    for d in found:
        by_file.setdefault(d.span.path if has_file(d) else "", []).append(d)
    suites = Element("testsuites", name=SUITE)
    suite = SubElement(suites, "testsuite", name=SUITE)
    failed = 0
    for path, here in by_file.items():
        case = SubElement(suite, "testcase", name=_text(path) or WHOLE, classname=SUITE, time="0")
        if path:
            case.set("file", _text(path))
        bad = [d for d in here if d.severity in failing]
        good = [d for d in here if d.severity not in failing]
        if bad:
            failed += 1
            codes = ", ".join(dict.fromkeys(d.code for d in bad if d.code))
            failure = SubElement(case, "failure", type=_text(codes), message=_text(f"{tally(bad)}: {bad[0].message}"))
            failure.text = _lines(bad)
        if good:
            SubElement(case, "system-out").text = _lines(good)
    if not by_file:
        SubElement(suite, "testcase", name=WHOLE, classname=SUITE, time="0")
    for element in (suites, suite):
        for name, value in (("tests", max(1, len(by_file))), ("failures", failed), ("errors", 0), ("skipped", 0)):
            element.set(name, str(value))
        element.set("time", "0")
    indent(suites)
    written: bytes = tostring(suites, encoding="us-ascii")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + written.decode() + "\n"


def _lines(found: Sequence[Diagnostic]) -> str:
    lines = []
    for d in found:
        place = f"{d.span}: " if has_file(d) else ""
        lines.append(_text(f"{place}{d.severity} {d.code}: {d.message}"))
        if d.hint:
            lines.append("  hint: " + _text(d.hint))
    return "\n".join(lines)


def _text(text: str) -> str:
    return safe(text).translate(_NO_XML)
