"""`[validate]` of the configuration: which findings are told."""

from __future__ import annotations

from driven.core._rt import FormatError
from driven.core.globs import check
from driven.format.words import shown
from driven.project.tables import kind_of, known_keys, table_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.project.mistakes import Notes

VALIDATE_KEYS = ("select", "ignore", "per_path_ignores", "baseline", "strict")
MOST_GLOBS = 1_000  # whose syntax is looked at


def validate_table(table: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """`[validate]`: which findings are told; what is wrong in it goes to `notes`."""
    from driven.project.mistakes import bool_of

    known_keys(table, VALIDATE_KEYS, notes, "validate")
    made: dict[str, Any] = {}
    for key in ("select", "ignore"):
        if key in table:
            made[key] = _codes(table[key], notes, "validate", key)
    name = "per_path_ignores"
    ignores = table_of(table, name, notes, "validate")
    made[name] = {glob: _codes(value, notes, "validate", name, glob) for glob, value in ignores.items()}
    for glob in list(ignores)[:MOST_GLOBS]:
        try:
            check(glob)
        except FormatError as error:
            message = f"`{shown(glob)}` is no glob: {error.message}"
            notes.key(message, "write it as in the `paths` of a rule", "validate", name, glob)
    value = table.get("baseline", "")
    if isinstance(value, str):
        made["baseline"] = value
    else:
        notes.value(f"`baseline` is {kind_of(value)}", "write the path of a file", "validate", "baseline")
    value = table.get("strict", False)
    if isinstance(value, bool):
        made["strict"] = value
    else:
        better = bool_of(value)
        hint = f"write {better or 'true or false'}"
        notes.value(f"`strict` is {kind_of(value)}", hint, "validate", "strict", better=better)
    return made


def _codes(value: object, notes: Notes, *keys: str) -> tuple[str, ...]:
    hint = 'write `["CUR14"]`, or `["CUR"]` for all of a kind'
    message = f"`{shown(keys[-1])}` is not a list of codes"
    if not isinstance(value, list):
        word = value.strip().upper() if isinstance(value, str) else ""
        notes.value(message, hint, *keys, better=f'["{word}"]' if is_code(word) else "")
        return ()
    good = []
    for at, code in enumerate(value):
        word = code.strip().upper() if isinstance(code, str) else ""
        if isinstance(code, str) and is_code(code):
            good.append(code)
        else:
            told = f"{message}: {kind_of(code)} is none"
            notes.value(told, hint, *keys, at, better=f'"{word}"' if is_code(word) else "")
    return tuple(good)


def is_code(text: str) -> bool:
    """Whether a text is a code or the beginning of one: `CUR`, `CUR03`."""
    return 3 <= len(text) <= 6 and text[:3].isalpha() and text.isascii() and text.isupper() and (
        text[3:].isdigit() or len(text) == 3
    )  # fmt: skip
