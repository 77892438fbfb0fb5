"""Tables of a TOML file as a person wrote them: what may stand in them, and where in the text a key stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from driven.errors import ConfigError
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def table_of(value: object, name: str, text: str, path: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    parent, _, key = name.rpartition(".")
    span = span_of(text, path, parent, key)
    raise ConfigError(f"`{name}` is {kind_of(value)}", hint=f"write a table, [{name}]", span=span)


def known_keys(table: Mapping[str, object], keys: Iterable[str], section: str, text: str, path: str) -> None:
    for key in table:
        if key not in keys:
            where = f" in [{section}]" if section else ""
            raise ConfigError(
                f"unknown key `{key}`{where}", hint=meant(key, keys), span=span_of(text, path, section, key)
            )


def meant(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(word[:64], names, 1, 0.5)
    return f"did you mean `{close[0]}`?" if close else one_of(names)


def one_of(names: Iterable[str]) -> str:
    return "it can be " + ", ".join(f"`{name}`" for name in names)


def kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) < 40 else "a text"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "a date"


def joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def span_of(text: str, path: str, section: str, key: str) -> Span:
    """Where `key` of `section` stands, as near as a scan of lines can tell (tomllib keeps no places)."""
    import re

    here = ""
    dotted = f"{section}.{key}" if section else key
    fallback = Span(path=path)
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line)
        if head:
            here = re.sub(r"[\"'\s]", "", head[1])
            if here == dotted:
                return Span(path=path, line=number, column=line.index("[") + 1)
            if here.startswith(dotted + "."):
                fallback = Span(path=path, line=number, column=line.index("[") + 1)
            continue
        name = re.match(r"\s*([\w.\"'-]+)\s*=", line)
        full = joined(here, re.sub(r"[\"']", "", name[1])) if name else ""
        if name and (full == dotted or full.startswith(dotted + ".")):
            return Span(path=path, line=number, column=name.start(1) + 1)
        inline = re.search(rf"[{{,]\s*[\"']?({re.escape(key)})[\"']?\s*=", line)
        if inline and (here == section or section.startswith(full)):
            fallback = Span(path=path, line=number, column=inline.start(1) + 1)
    return fallback
