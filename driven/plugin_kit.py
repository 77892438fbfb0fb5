"""For plugin authors: the names of the contract in one place, and helpers for front matter, Markdown bodies and globs.

A plugin imports from here and from `driven.hookspecs`, `driven.model`, `driven.errors` and `driven.span`; everything
else may change. Nothing here touches the disk.
"""

from __future__ import annotations

from collections.abc import Sequence

from driven.core._rt import FormatError as FormatError
from driven.core.globs import Glob as Glob
from driven.core.globs import check as check
from driven.core.globs import count as count
from driven.core.globs import expand as expand
from driven.core.globs import is_universal as is_universal
from driven.core.globs import literal_prefix as literal_prefix
from driven.core.globs import plain_first as plain_first
from driven.core.globs import split_list as split_list
from driven.core.globs import starts_plain as starts_plain
from driven.core.globs import under_directory as under_directory
from driven.core.tokens import first_heading as first_heading
from driven.core.tokens import parse_front as parse_front
from driven.core.tokens import split_front as split_front
from driven.hookspecs import Emitter as Emitter
from driven.hookspecs import Imported as Imported
from driven.hookspecs import Importer as Importer
from driven.hookspecs import ReadBack as ReadBack
from driven.hookspecs import SourceFile as SourceFile
from driven.hookspecs import TokenCounter as TokenCounter
from driven.hookspecs import hookimpl as hookimpl
from driven.model.rule import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any

    from driven.format.sections import outside_text as outside_text
    from driven.format.text import MAX_RULE_BYTES as MAX_RULE_BYTES
    from driven.format.text import parse_rule as parse_rule
    from driven.format.text import render_rule as render_rule
    from driven.format.text import rule_id_for as rule_id_for
    from driven.format.yaml12 import load_yaml as load_yaml

# Imported when first asked for: emitters need none of them, and YAML costs more than a whole sync.
_LATE = {
    "MAX_RULE_BYTES": "text", "parse_rule": "text", "render_rule": "text", "rule_id_for": "text",
    "load_yaml": "yaml12", "outside_text": "sections",
}  # fmt: skip

MAX_DEPTH = 16  # of lists and maps in one value of front matter, as for reading

# Not allowed in YAML as they are, or a line end to some reader; U+FEFF because readers disagree on it.
_BAD = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
_CONTROLS = f"[{_BAD}][{_BAD} ]*"
_ESCAPED = f'[{_BAD}"\\\\]'
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}

# Where PyYAML 6.0.3 (scanner.py, `check_plain` and `scan_plain`) does not read a plain scalar, or not to its end.
_NOT_PLAIN = rf"(?s)[,\[\]{{}}#&*!|>'\"%@`\s]|[-?:](?:\s|$)|.*(?::(?:\s|$)|\s#|\s$|[{_BAD}])"
# What YAML 1.1 (PyYAML, resolver.py) or the YAML 1.2 core schema reads as something else than a string.
_NOT_STRING = r"""(?x)~|=|<<|null|Null|NULL|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF
    |[-+]?0b[0-1_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?0o[0-7]+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?
    |[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)
    |[0-9]{4}-[0-9]{2}-[0-9]{2}
    |[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?
    (?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?"""
# Text of these alone, a letter first and none of the words above, is plain: most text, without compiling a pattern.
_COMMON = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_./()+&'!,*?{}[]@=$%|<>;^\"`~\\")
_NEVER_FIRST = frozenset([*",[]{}#&*!|>'\"%@` ", ""])
_WORDS = frozenset(["null", "yes", "no", "true", "false", "on", "off", "y", "n"])


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"driven.format.{_LATE[name]}"), name)


def one_line(text: str) -> str:
    """`text` as one line: line ends and control characters become a space, blanks at both ends go."""
    if text.isprintable():
        return text.strip(" ")
    import re

    return " ".join([part.rstrip(" ") for part in re.sub(_CONTROLS, "\n", text).split("\n")]).strip(" ")


def is_plain(text: str) -> bool:
    """Whether `key: text`, without quotes, is read as the string `text`: by YAML 1.1 as well as by YAML 1.2."""
    if text[:1].isalpha() and text[-1] != " " and _COMMON.issuperset(text) and text.lower() not in _WORDS:
        return True
    if text[:1] in _NEVER_FIRST:
        return False
    import re

    return re.match(_NOT_PLAIN, text) is None and re.fullmatch(_NOT_STRING, text) is None


def quoted(text: str) -> str:
    """`text` as a double-quoted YAML scalar on one line, whatever it holds."""
    if not text.isprintable() or '"' in text or "\\" in text or not text.isascii():
        import re

        text = re.sub(_ESCAPED, _escape, text)
    return f'"{text}"'


def scalar(text: str) -> str:
    """`text` as it is where YAML reads the same string back, else double-quoted."""
    return text if is_plain(text) else quoted(text)


def yaml_value(value: Value) -> str:
    """Any value of front matter on one line: a scalar, or a list or map in flow form, its strings quoted.

    ValueError when it is nested deeper than `MAX_DEPTH`.
    """
    return scalar(value) if isinstance(value, str) else _flow(value, MAX_DEPTH)


def front_matter(lines: Sequence[str]) -> str:
    """A block of front matter from its `key: value` lines; empty for none, because an empty block is no front matter
    to some readers."""
    return "---\n" + "\n".join(lines) + "\n---\n" if lines else ""


def body_text(body: str) -> str:
    """A rule's body as it is emitted: no BOM, LF line ends, one final newline; empty when there is only white space."""
    text = body.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.rstrip("\n") + "\n" if text.strip() else ""


def document(lines: Sequence[str], body: str, note: str = "") -> str:
    """A whole rule file: front matter (from `lines`), a blank line, `note` (an HTML comment) if any, the body.

    Without front matter a body that begins with `---`, blank lines aside, gets an empty comment above it: it would be
    read as one. Empty when there is nothing to say.
    """
    text = body_text(body)
    if note and (text or lines):
        text = f"{note}\n\n{text}" if text else f"{note}\n"
    front = front_matter(lines)
    if front:
        return f"{front}\n{text}" if text else front
    return f"<!-- -->\n{text}" if text.lstrip().startswith("---") else text


def code_span(text: str) -> str:
    """`text` as Markdown code, whatever backticks it holds."""
    longest = run = 0
    for char in text if "`" in text else "":
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    gap = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return _ESCAPES.get(char) or f"\\u{ord(char):04x}"  # which JSON has too


def _flow(value: Value, depth: int) -> str:
    if depth == 0:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case float():
            return _float(value)
        case int():
            return str(value)
        case list():
            return "[" + ", ".join([_flow(item, depth - 1) for item in value]) + "]"
        case dict():
            return "{" + ", ".join([f"{quoted(key)}: {_flow(item, depth - 1)}" for key, item in value.items()]) + "}"


def _float(value: float) -> str:
    """As YAML 1.1 reads it too, which wants a point in the mantissa."""
    if value != value:
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    mantissa, e, exponent = repr(value).partition("e")
    if e and exponent[0] not in "+-":
        exponent = "+" + exponent
    return (mantissa if "." in mantissa else mantissa + ".0") + e + exponent
