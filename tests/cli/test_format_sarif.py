"""SARIF is what its schema says, names places as code scanning reads them, and knows a finding again that moved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft7Validator
from reports import NASTY, fix, report, schema, span, told

from driven.cli import format_sarif
from driven.cli.format_sarif import render, to_sarif
from driven.cli.report_places import prefix_of
from driven.cli.text import safe
from driven.model.diagnostic import Diagnostic
from driven.span import Span
from driven.validation.catalogue import Entry, catalogue

Drive = Callable[..., Any]


class Check:
    """A check, as far as the catalogue looks at one."""

    def __init__(self, about: Any) -> None:
        self.about = about

    def run(self, subject: Any) -> list[Any]:
        return []


@pytest.fixture
def entries() -> dict[str, Entry]:
    from driven.model.check import About

    def about(code: str, **more: Any) -> Check:
        given: dict[str, Any] = {
            "title": "a `key` that is none", "severity": "warning", "scope": "file", "places": ("cursor/rule",),
            "why": "It has no effect.", "url": "https://example.com/docs#keys", "verified": "2026-11-21", **more,
        }  # fmt: skip
        return Check(About(code=code, **given))

    return catalogue([
        about("CUR06", bad="```\nx: 1\n```", good="y: 1", fix="safe"), about("HID01", security=True), about("ZZZ01"),
    ])  # fmt: skip


def run_of(text: str) -> Any:
    """The run of a log that fits the schema."""
    log = json.loads(text)
    Draft7Validator(schema("sarif-2.1.0.json")).validate(log)
    assert text.isascii() and text.endswith("}\n") and text.count("\n") == 1
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def sarif(found: list[Diagnostic], entries: dict[str, Entry], prefix: str = "", line: str = "the line") -> Any:
    return run_of(to_sarif(found, entries, lambda _: line, prefix))


def test_a_finding_with_its_rule(entries: dict[str, Entry]) -> None:
    run = sarif([told(fix=fix("true"))], entries)
    (result,) = run["results"]
    location = result["locations"][0]["physicalLocation"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert location["region"] == {"startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 20}
    assert location["artifactLocation"] == {"uri": ".cursor/rules/a.mdc", "uriBaseId": "%SRCROOT%"}
    assert "%SRCROOT%" in run["originalUriBaseIds"]
    assert result["message"]["text"] == "It is `wrong`. Write it right." and result["level"] == "error"
    change = result["fixes"][0]["artifactChanges"][0]
    assert change["replacements"] == [{"deletedRegion": location["region"], "insertedContent": {"text": "true"}}]
    assert result["fixes"][0]["properties"] == {"safe": True}


def test_rules_are_all_checks_and_what_else_was_found(entries: dict[str, Entry]) -> None:
    run = sarif([told("RUL06"), told("QQQ07", "info")], entries)
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert set(rules) == {"CUR06", "HID01", "ZZZ01", "RUL06", "QQQ07"}
    rule = rules["CUR06"]
    assert rule["shortDescription"]["text"] == "A `key` that is none."
    assert rule["fullDescription"]["text"] == "It has no effect."
    assert rule["helpUri"] == "https://example.com/docs#keys"
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert rule["properties"] == {"tags": ["correctness"], "verified": "2026-11-21"}
    assert "````\n```\nx: 1\n```\n````" in rule["help"]["markdown"] and "y: 1" in rule["help"]["text"]
    assert rules["HID01"]["properties"]["tags"] == ["security"]
    assert "helpUri" not in rules["RUL06"] and rules["QQQ07"]["defaultConfiguration"] == {"level": "note"}


def test_notices_are_notes_and_no_finding_is_no_result(entries: dict[str, Entry]) -> None:
    assert sarif([], entries)["results"] == []
    levels = [r["level"] for r in sarif([told(severity=s) for s in ("error", "warning", "info")], entries)["results"]]
    assert levels == ["error", "warning", "note"]


def test_a_point_has_no_end(entries: dict[str, Entry]) -> None:
    (result,) = sarif([told(span=Span(path="a.md", line=3, column=5))], entries)["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 5}


def test_what_stands_in_no_file_is_a_notification(entries: dict[str, Entry]) -> None:
    """Code scanning refuses a whole log for one result without a place."""
    found = [
        told("PLN01", span=Span(path="")),
        told("PLG01", "warning", span=Span(path="acme.rules:plugin")),
        told("PLG11", "warning", span=Span(path="a.md")),
    ]
    run = sarif(found, entries)
    assert [result["ruleId"] for result in run["results"]] == ["PLG11"]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [(note["descriptor"]["id"], note["level"]) for note in notes] == [("PLN01", "error"), ("PLG01", "warning")]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_paths_are_uris_from_the_root_of_the_repository(entries: dict[str, Entry]) -> None:
    paths = ["a b/c#d?.md", "50%/ü.md", "x:y.md", os_name(b"caf\xe9.md"), "\u202e.md", "[a]/(b).md"]
    for path in paths:
        (result,) = sarif([told(span=span(path))], entries, prefix="web/")["results"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert unquote(uri, errors="surrogateescape") == "web/" + path and re.fullmatch(r"[\w%/.~-]+", uri, re.ASCII)


def os_name(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def test_hostile_text_is_escaped_and_makes_no_link(entries: dict[str, Entry]) -> None:
    (result,) = sarif([told(message=NASTY, hint=NASTY)], entries)["results"]
    text = result["message"]["text"]
    assert safe(text) == text and re.search(r"(?<!\\)\]\(", text) is None
    (result,) = sarif([told(message="globs `[a-z].py` and x")], entries)["results"]
    assert result["message"]["text"].startswith("Globs `[a-z].py` and x.")


def test_repairs_that_sarif_cannot_say_are_left_out(entries: dict[str, Entry]) -> None:
    mark = Span(path="a.md", line=1, column=1, end_line=1, end_column=1)
    renamed, bom, insert, delete = sarif(
        [
            told(fix=fix(rename=".cursor/rules/b.mdc", safe=False)),
            told(fix=fix("", where=mark)),
            told(fix=fix("---\n", where=mark)),
            told(fix=fix("")),
        ],
        entries, prefix="web/",
    )["results"]  # fmt: skip
    assert "fixes" not in renamed and renamed["properties"] == {"renameTo": "web/.cursor/rules/b.mdc"}
    assert "fixes" not in bom
    region = insert["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"]
    assert region == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    assert "insertedContent" not in delete["fixes"][0]["artifactChanges"][0]["replacements"][0]


def test_a_fingerprint_stays_when_the_finding_moves(entries: dict[str, Entry]) -> None:
    def print_of(found: Diagnostic, line: str) -> str:
        (result,) = sarif([found], entries, line=line)["results"]
        (value,) = result["partialFingerprints"].values()
        return str(value)

    here = print_of(told(), "globs: [a]\n")
    assert here == print_of(told(span=span(line=40)), "globs: [a]")
    assert here != print_of(told(), "globs: [b]")
    assert here != print_of(told("CUR03"), "globs: [a]") != print_of(told(span=span("b.mdc")), "globs: [a]")
    assert "primaryLocationLineHash" not in json.dumps(sarif([told()], entries)), "GitHub's own, and it warns of ours"


def test_two_alike_are_told_apart(entries: dict[str, Entry]) -> None:
    prints = [r["partialFingerprints"]["drivenFinding/v1"] for r in sarif([told(), told()], entries)["results"]]
    assert prints[0].removesuffix(":1") == prints[1].removesuffix(":2")


def test_the_worst_are_kept_when_there_are_too_many(entries: dict[str, Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format_sarif, "MOST_RESULTS", 3)
    found = [told(severity=s) for s in ("info", "error", "warning", "warning", "error")]
    run = sarif(found, entries)
    assert [r["level"] for r in run["results"]] == ["error", "warning", "error"]
    assert "2 more findings" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_the_fingerprint_is_of_the_line_on_disk(tmp_path: Path) -> None:
    def prints(text: str, line: int) -> Any:
        (tmp_path / "a.md").write_text(text, encoding="utf-8")
        run = run_of(render(report(told(span=span("a.md", line=line)), root=str(tmp_path))))
        return run["results"][0]["partialFingerprints"]

    first = prints("a\nwrong: yes\n", 2)
    assert first == prints("new\n\na\nwrong: yes\n", 4)
    assert first != prints("a\nwrong: no\n", 2)


def test_the_prefix_is_the_way_from_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "repo/packages/web"
    inner.mkdir(parents=True)
    assert prefix_of(str(inner)) == ""
    (tmp_path / "repo/.git").mkdir()
    assert prefix_of(str(inner)) == "packages/web/" and prefix_of(str(tmp_path / "repo")) == ""
    (inner / ".git").write_text("gitdir: elsewhere\n")  # a submodule is a repository of its own
    assert prefix_of(str(inner)) == ""
    assert prefix_of(str(inner), str(tmp_path)) == "repo/packages/web/"
    assert prefix_of(str(tmp_path), str(inner)) == "", "a workspace elsewhere says nothing"


def test_the_command(empty: Path, drive: Drive) -> None:
    rules = empty / ".cursor/rules"
    rules.mkdir(parents=True)
    (rules / "a.mdc").write_text('---\nalwaysApply: "true"\n---\nUse tabs.\n', encoding="utf-8")
    ran = drive("validate", "--format", "sarif", "--select", "CUR06")
    assert (ran.code, ran.err) == (1, "")
    run = run_of(ran.out)
    assert [r["ruleId"] for r in run["results"]] == ["CUR06"]
    assert len(run["tool"]["driver"]["rules"]) >= 9
    both = drive("validate", "--format", "sarif", "--json")
    assert both.code == 2 and "leave one out" in both.out
    assert drive("validate", "--format", "xml").code == 2
    envelopes = drive("validate", "--format", "json"), drive("validate", "--json")
    assert envelopes[0].out == envelopes[1].out and json.loads(envelopes[0].out)["ok"] is True
