"""Repairs of front matter: a misspelt key, another tool's key, a key without effect. Only a mistake loads this."""

from __future__ import annotations

from driven.format.fields import KEYS, NAME, Fields
from driven.format.words import is_typo, slip_of
from driven.model.diagnostic import Diagnostic, Fix, TextEdit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.format.fields import Places
    from driven.model.rule import Value

# Keys of other tools, and what a rule says instead.
FOREIGN = {
    "globs": "paths", "glob": "paths", "path": "paths", "applyTo": "paths", "fileMatchPattern": "paths",
    "alwaysApply": "apply", "trigger": "apply", "inclusion": "apply", "activation": "apply", "title": "description",
    "editors": "targets", "tools": "targets", "if": "when", "condition": "when",
}  # fmt: skip
# The values of Windsurf's `trigger` and Kiro's `inclusion`.
APPLY = {
    "always": "always", "always_on": "always", "glob": "paths", "fileMatch": "paths", "model_decision": "model",
    "auto": "model", "manual": "manual", "model": "model", "paths": "paths",
}  # fmt: skip


def repair(
    key: str, other: str, values: Mapping[str, Value], as_meant: Mapping[str, Value], places: Places
) -> Fix | None:
    """The rename of an unknown key to `other`, its value put right where another tool says it in other words.
    `as_meant`: the front matter as it is when all such keys are renamed.

    Safe for what is certainly a slip of the finger, where the value is one that the key takes. Never for another tool's
    key: `*.ts` means every folder to some tools and one to others. None where the key stands already, or where the
    value does not fit.
    """
    span = places.key(key)
    if not other or other in values or not span.end_line:
        return None
    edits = [TextEdit(span=span, text=other)]
    value = values[key]
    if key in FOREIGN:
        if other == "apply":
            word = _apply(value, values)
            if not word or (word == "paths") != _has_globs(values):
                return None
            edits.append(TextEdit(span=places.value(key), text=word))
        elif other == "when" or not _fits(other, value):
            return None  # a condition of another tool is hardly one of ours
    elif not is_typo(key, other):
        return None
    safe = key not in FOREIGN and slip_of(key, KEYS) == other and reads_well(other, value, as_meant, places)
    return Fix(title=f"Rename to `{other}`", edits=tuple(edits), safe=safe)


def reads_well(key: str, value: Value, values: Mapping[str, Value], places: Places) -> bool:
    """Whether the front matter with that value of a key says no new mistake."""
    if key == "targets" and isinstance(value, list) and any(str(item)[:1] in ("-", "!") for item in value):
        return False  # it leaves out an editor: were that name misspelt too, the rule would go where it must not
    known = {name: other for name, other in values.items() if name != key}
    return not _mistakes({**known, key: value}, places) - _mistakes(known, places)


def _mistakes(values: dict[str, Value], places: Places) -> set[tuple[str, str]]:
    found: list[Diagnostic] = []
    Fields(values, places, found, "").read(lambda description: description)
    return {(one.code, one.message) for one in found}


def without(key: str, places: Places) -> Fix | None:
    """The lines of a key deleted; None where more stands on them. Unsafe: it may be the one that was meant."""
    span = places.lines_of(key)
    return Fix(title=f"Delete `{key}`", edits=(TextEdit(span=span, text=""),), safe=False) if span else None


def _fits(key: str, value: Value) -> bool:
    """Whether `key` takes the value as it is; an empty one counts as not written."""
    if value is None:
        return True
    if isinstance(value, str):
        return key != "targets" and bool(value.strip())
    if not isinstance(value, list) or not value or key == "description":
        return False
    return all(isinstance(item, str) and item and (key == "paths" or NAME.issuperset(item)) for item in value)


def _apply(value: Value, values: Mapping[str, Value]) -> str:
    """What `apply` says instead, "" where that cannot be told. `alwaysApply: false` is Cursor's: its other keys say
    when the rule is loaded."""
    if value is True:
        return "always"
    if value is False:
        return "paths" if _has_globs(values) else "model" if values.get("description") else "manual"
    return APPLY.get(value, "") if isinstance(value, str) else ""


def _has_globs(values: Mapping[str, Value]) -> bool:
    """Whether the rule has `paths`, or a key that becomes `paths`."""
    return any(value for key, value in values.items() if FOREIGN.get(key, key) == "paths")
