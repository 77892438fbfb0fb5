"""YAML as YAML 1.2's core schema reads it, for front matter: plain values, where each stands, and exact errors.

PyYAML parses (libyaml's parser where it is there); the values are made here from its events, so that nothing is built
for a bomb, nothing recurses, and no YAML 1.1 type (`no`, `1:30`, `0777`, dates) gets in.
Schema: https://yaml.org/spec/1.2.2/#103-core-schema (verified 2026-11-21).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from driven.format.words import shown
from driven.frozen import field, record
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Value
from driven.span import Span

MAX_BYTES = 65_536
MAX_DEPTH = 16
MAX_NODES = 2_000
MAX_DIGITS = 100  # of one number

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# Line breaks to YAML 1.1, and so to PyYAML, but plain characters to YAML 1.2.
_BREAKS = "\x85\u2028\u2029"


@record
class Loaded:
    """A YAML mapping. With an error in `diagnostics` there are no values.

    `keys` and `at` say where each top-level key and its value stand, `items` the items of those that are lists.
    """

    values: dict[str, Value] = field(default_factory=dict)
    keys: dict[str, Span] = field(default_factory=dict)
    at: dict[str, Span] = field(default_factory=dict)
    items: dict[str, list[Span]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def load_yaml(text: str, *, path: str, line_offset: int = 0) -> Loaded:
    """Read `text` as one mapping with text keys; empty text is an empty mapping.

    `line_offset` is the number of lines of the file above `text`; spans are those of the file. Refused, as one
    diagnostic (RUL01-RUL05): what does not parse, anchors, aliases, tags, a second document, duplicate keys, keys that
    are not text, more than 64 KB, 16 levels or 2,000 values. Never raises.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        message = f"the front matter is longer than {MAX_BYTES:,} bytes"
        span = Span(path=path, line=line_offset + 1)
        return Loaded(diagnostics=[_error("RUL03", message, span, "move text into the body")])
    bad = _UNPRINTABLE.search(text)
    if bad:
        above = text[: bad.start()].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        span = Span(path=path, line=line_offset + len(above), column=len(above[-1]) + 1)
        message = f"the character U+{ord(bad.group()):04X} may not stand in YAML"
        return Loaded(
            diagnostics=[_error("RUL01", message, span, "delete it, or write it as an escape in double quotes")]
        )
    builder = _Builder(path, line_offset, _stand_ins(text))
    for real, stand_in in builder.stand_ins.items():
        text = text.replace(real, stand_in)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if not builder.take(event):
                break
    except yaml.MarkedYAMLError as error:
        builder.refuse_text(error, text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        span = Span(path=path, line=line_offset + 1)
        builder.loaded.diagnostics.append(_error("RUL01", f"the YAML does not parse: {error}", span, "correct it"))
    if builder.loaded.diagnostics:
        return Loaded(diagnostics=builder.loaded.diagnostics)
    return builder.loaded


def resolve(text: str) -> Value:
    """A plain scalar as the core schema types it. ValueError for a number of more than 100 digits."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    number = _INT.fullmatch(text)
    if not number and not _FLOAT.fullmatch(text):
        return text
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS} digits")
    if not number:
        return float(text)
    return int(text, 8 if text[:2] == "0o" else 16 if text[:2] == "0x" else 10)


def _error(code: str, message: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, span=span, hint=hint)


def _stand_ins(text: str) -> dict[str, str]:
    """For each of `_BREAKS` in `text` a private-use character that is not in it."""
    wanted = [char for char in _BREAKS if char in text]
    if not wanted:
        return {}
    used = set(text)
    free = (chr(code) for code in range(0xF0000, 0xFFFFD) if chr(code) not in used)
    return dict(zip(wanted, free, strict=False))


class _Builder:
    """Takes the parser's events one by one; `take` is False once something is refused."""

    def __init__(self, path: str, line_offset: int, stand_ins: dict[str, str]) -> None:
        self.loaded = Loaded()
        self.stand_ins = stand_ins
        self.path = path
        self.line_offset = line_offset
        self.stack: list[list[Value] | dict[str, Value]] = []
        self.pending: list[str | None] = []  # the key that waits for its value, per level
        self.nodes = 0
        self.documents = 0

    def span(self, start: Any, end: Any = None) -> Span:
        """A parser's mark, or two, as a place in the file."""
        if end is None:
            return Span(path=self.path, line=start.line + 1 + self.line_offset, column=start.column + 1)
        return Span(
            path=self.path, line=start.line + 1 + self.line_offset, column=start.column + 1,
            end_line=end.line + 1 + self.line_offset, end_column=end.column + 1,
        )  # fmt: skip

    def refuse(self, code: str, message: str, event: Any, hint: str) -> bool:
        self.loaded.diagnostics.append(_error(code, message, self.span(event.start_mark, event.end_mark), hint))
        return False

    def refuse_text(self, error: yaml.MarkedYAMLError, text: str) -> None:
        """The parser's error, at the place it means and in words that help."""
        context = error.context or ""
        alias = "alias" in context or "anchor" in context
        tag = "scanning a tag" in context
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        mark: Any = error.problem_mark or error.context_mark
        if mark and error.context_mark and (alias or tag or not "".join(lines[mark.line :])[mark.column :].strip()):
            mark = error.context_mark  # at the end of the text: what was left open
        last = max(number for number, line in enumerate(lines) if line.strip() or not number)
        row = min(mark.line, last) if mark else 0
        line = lines[row]
        problem = (error.problem or "it is not YAML").replace("\t", "tab")
        hint = "correct it, or put the value in quotes"
        if alias:
            problem, hint = "a value may not begin with `*` or `&` unless it is quoted", 'put it in quotes: "**/*.py"'
        elif tag:
            problem, hint = "a value may not begin with `!` unless it is quoted", 'put it in quotes: "!name"'
        elif "mapping values are not allowed" in problem:
            hint = "a value that holds `: ` must be in quotes"
        elif "\t" in line:
            hint = "indent with spaces, not with tabs"
        elif "cannot start any token" in problem:
            hint = "put the value in quotes"
        column = 0 if mark is None else mark.column if mark.line == row else len(line)
        span = Span(path=self.path, line=row + 1 + self.line_offset, column=column + 1)
        self.loaded.diagnostics.append(_error("RUL01", f"the YAML does not parse: {problem}", span, hint))

    def take(self, event: Any) -> bool:
        """Add what one event says."""
        if isinstance(event, yaml.NodeEvent):
            return self.take_node(event)
        if isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
            self.pending.pop()
            if self.pending:
                self.pending[-1] = None
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1 or event.explicit:
                return self.refuse("RUL01", "front matter is one YAML document", event, "delete the document marker")
        elif isinstance(event, yaml.DocumentEndEvent) and event.explicit:
            return self.refuse("RUL01", "front matter is one YAML document", event, "delete the document marker")
        return True

    def take_node(self, event: Any) -> bool:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            return self.refuse(
                "RUL02", "anchors and aliases are not allowed", event, 'write the value out, or quote it: "*name"'
            )
        if event.tag is not None:
            return self.refuse("RUL02", "tags are not allowed", event, 'delete it, or quote the value: "!name"')
        self.nodes += 1
        if self.nodes > MAX_NODES:
            return self.refuse("RUL03", f"more than {MAX_NODES:,} values", event, "write less into the front matter")
        value: Value
        if isinstance(event, yaml.ScalarEvent):
            try:
                value = self.scalar(event)
            except ValueError as error:
                return self.refuse("RUL01", str(error), event, "put it in quotes")
        else:
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
        if not self.stack:
            if isinstance(value, dict):
                self.loaded.values = value
            elif value is not None:
                return self.refuse("RUL05", "front matter must be `key: value` lines", event, "write `key: value`")
        elif not self.add(value, event):
            return False
        if isinstance(value, list | dict):
            if len(self.stack) == MAX_DEPTH:
                return self.refuse("RUL03", f"nested more than {MAX_DEPTH} levels deep", event, "flatten it")
            self.stack.append(value)
            self.pending.append(None)
        return True

    def add(self, value: Value, event: Any) -> bool:
        """Put a value into the innermost list or mapping, or keep it as the key of the next one."""
        top = self.stack[-1]
        key = self.pending[-1]
        if isinstance(top, list):
            if len(self.stack) == 2 and self.pending[0] is not None:
                self.loaded.items[self.pending[0]].append(self.span(event.start_mark, event.end_mark))
            top.append(value)
        elif key is None:
            if not isinstance(value, str):
                return self.refuse("RUL05", "a key must be text", event, "put the key in quotes")
            if value in top:
                return self.refuse("RUL04", f"the key `{shown(value)}` stands here twice", event, "delete one of them")
            self.pending[-1] = value
            if len(self.stack) == 1:
                self.loaded.keys[value] = self.span(event.start_mark, event.end_mark)
        else:
            top[key] = value
            if len(self.stack) == 1:
                self.loaded.at[key] = self.span(event.start_mark, event.end_mark)
                self.loaded.items[key] = []
            if not isinstance(value, list | dict):
                self.pending[-1] = None
        return True

    def scalar(self, event: Any) -> Value:
        text: str = event.value
        for real, stand_in in self.stand_ins.items():
            text = text.replace(stand_in, real)
        return resolve(text) if event.implicit[0] else text
