"""`[validate]` of the configuration: which findings are told."""

from __future__ import annotations

from driven.core._rt import FormatError
from driven.core.globs import check
from driven.errors import ConfigError
from driven.project.tables import joined, kind_of, known_keys, span_of, table_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VALIDATE_KEYS = ("select", "ignore", "per_path_ignores", "baseline", "strict")


def validate_table(whole: dict[str, Any], section: str, text: str, path: str) -> dict[str, Any]:
    """`[validate]`: which findings are told."""
    table = table_of(whole.get("validate", {}), section, text, path)
    known_keys(table, VALIDATE_KEYS, section, text, path)

    def codes(value: object, key: str, section: str) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(code, str) and is_code(code) for code in value):
            return tuple(value)
        raise ConfigError(
            f"`{key}` is not a list of codes", hint='write `["CUR14"]`, or `["CUR"]` for all of a kind',
            span=span_of(text, path, section, key),
        )  # fmt: skip

    made: dict[str, Any] = {key: codes(table[key], key, section) for key in ("select", "ignore") if key in table}
    inner = joined(section, "per_path_ignores")
    ignores = table_of(table.get("per_path_ignores", {}), inner, text, path)
    made["per_path_ignores"] = {glob: codes(value, glob, inner) for glob, value in ignores.items()}
    for glob in ignores:
        try:
            check(glob)
        except FormatError as error:
            raise ConfigError(
                f"`{glob}` is no glob: {error.message}", hint="write it as in the `paths` of a rule",
                span=span_of(text, path, inner, glob),
            ) from None  # fmt: skip
    for key, kind in (("baseline", str), ("strict", bool)):
        value = table.get(key, kind())
        if not isinstance(value, kind):
            hint = "write true or false" if kind is bool else "write the path of a file"
            raise ConfigError(f"`{key}` is {kind_of(value)}", hint=hint, span=span_of(text, path, section, key))
        made[key] = value
    return made


def is_code(text: str) -> bool:
    """Whether a text is a code or the beginning of one: `CUR`, `CUR03`."""
    return 3 <= len(text) <= 6 and text[:3].isalpha() and text.isascii() and text.isupper() and (
        text[3:].isdigit() or len(text) == 3
    )  # fmt: skip
