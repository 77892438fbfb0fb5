"""The fields of a Rule -> fresh front matter: minimal, of one form; no value can break out of its place."""

from __future__ import annotations

import re

from driven.core.front import parse_front
from driven.format.words import one_line
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven.model.rule import DEFAULT_PRIORITY, Rule, Value

# Everything that YAML 1.2 does not allow as it is, that some reader takes for a line end, or that a quote must hide.
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\x9f\xad\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def front_lines(rule: Rule) -> list[str]:
    """The lines between the two `---`, without line ends; none for a rule that has only default values."""
    lines: list[str] = []
    description = one_line(rule.description)
    match rule.activation:
        case Always():
            activation: list[str] = []
        case ForPaths(globs):
            activation = ["paths:", *[f"  - {quoted(glob)}" for glob in globs]]
        case WhenRelevant(text):
            activation = ["apply: model"]
            if not description and text != rule.title:
                description = one_line(text)
        case OnRequest():
            activation = ["apply: manual"]
    if description:
        lines.append(f"description: {scalar(description)}")
    lines += activation
    if rule.kind != "standard":
        lines.append(f"kind: {rule.kind}")
    if rule.category != "custom":
        lines.append(f"category: {rule.category}")
    if rule.priority != DEFAULT_PRIORITY:
        lines.append(f"priority: {rule.priority}")
    if rule.targets:
        lines.append(f"targets: [{', '.join([scalar(name, True) for name in rule.targets])}]")
    if rule.tags:
        lines.append(f"tags: [{', '.join([scalar(tag, True) for tag in rule.tags])}]")
    if rule.when:
        lines.append(f"when: {scalar(rule.when)}")
    if rule.extra:
        lines.append("extra:")
        for editor, keys in rule.extra.items():
            lines.append(f"  {scalar(editor)}:" if keys else f"  {scalar(editor)}: {{}}")
            lines += [f"    {_key(key)}: {flow(value)}" for key, value in keys.items()]
    return lines


def scalar(text: str, in_list: bool = False) -> str:
    """`text` bare where the strict subset reads exactly it back, else in double quotes."""
    line = f"k: [{text}]\n" if in_list else f"k: {text}\n"
    if text[:1].isalnum() or text[:1] in ("-", "_", "/", "."):
        data = line.encode("utf-8", "replace")
        if parse_front(data, 0, len(data)) == [("k", [text] if in_list else text, 2)]:
            return text
    return quoted(text)


def quoted(text: str) -> str:
    """`text` as a double-quoted YAML scalar on one line, whatever it holds."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def flow(value: Value) -> str:
    """Any value on one line: a scalar, or lists and maps in flow form."""
    if isinstance(value, str):
        return scalar(value)
    return _flow(value)


def _flow(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case float() if value - value != 0:  # Python's `nan` and `inf` would be read as texts
            return ".nan" if value != value else ".inf" if value > 0 else "-.inf"
        case int() | float():
            return repr(value)
        case list():
            return f"[{', '.join([_flow(item) for item in value])}]"
        case dict():
            return f"{{{', '.join([f'{quoted(key)}: {_flow(item)}' for key, item in value.items()])}}}"


def _key(key: str) -> str:
    """A key of an editor: bare where it is a plain name."""
    data = f"{key}: x\n".encode("utf-8", "replace")
    return key if parse_front(data, 0, len(data)) == [(key, "x", 2)] else quoted(key)


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    return _SHORT.get(char) or (f"\\x{ord(char):02x}" if char <= "\xff" else f"\\u{ord(char):04x}")
