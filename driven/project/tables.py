"""Tables of a TOML file as a person wrote them: what may stand in them, and what was meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from driven.format.words import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.project.mistakes import Notes


def table_of(within: Mapping[str, object], key: str, notes: Notes, *above: str) -> dict[str, Any]:
    """A table in a table, empty where it is not there; a mistake where it is something else."""
    value = within.get(key, {})
    if isinstance(value, dict):
        return value
    name = ".".join((*notes.prefix, *above, key))
    notes.value(f"`{name}` is {kind_of(value)}", f"write a table, [{name}]", *above, key)
    return {}


def known_keys(table: Mapping[str, object], keys: Collection[str], notes: Notes, *section: str) -> None:
    """A mistake for each key of a table that is none of `keys`."""
    name = ".".join((*notes.prefix, *section))
    where = f" in [{name}]" if name else ""
    for key in table:
        if key not in keys:
            notes.key(f"unknown key `{shown(key)}`{where}", meant(key, keys), *section, key, known=keys, there=table)


def meant(word: str, known: Iterable[str]) -> str:
    """What to write instead of a word that is none of `known`."""
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(word[:64], names, 1, 0.5)
    return f"did you mean `{close[0]}`?" if close else one_of(names)


def one_of(names: Iterable[str]) -> str:
    """All that may stand there."""
    return "it can be " + ", ".join(f"`{name}`" for name in names)


def kind_of(value: object) -> str:
    """What a value is, in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) < 40 and value.isprintable() else "a text"
    if isinstance(value, int | float):
        return f"the number {shown(str(value))}"
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "a date"
