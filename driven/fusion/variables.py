"""The values of a template's variables: what was typed, or stands in a file, made what the variable says, or refused.

A text is one line without control characters unless its variable says `multiline`: a line break in a value would end
the line of YAML that it goes into.
"""

from __future__ import annotations

from driven.errors import UsageError
from driven.format.words import shown
from driven.fusion.template import Variable
from driven.model.rule import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_TEXT = 10_000  # characters of one value
MAX_ITEMS = 1_000
MAX_DIGITS = 18
_YES = frozenset(("yes", "y", "true", "on", "1"))
_NO = frozenset(("no", "n", "false", "off", "0", ""))
_KINDS = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "yes or no"}
# Without these a text means itself wherever YAML has one.
_WORDS = frozenset(("null", "true", "false"))
RISKY = frozenset("\"'\\#:[]{},&*!|>%@`-?=~\n\r\t")


class Misfit(ValueError):
    """A value that does not fit; `str()` says what would."""


def fits(variable: Variable) -> str:
    """What a variable may be, in words."""
    if variable.choices:
        listed = ", ".join(label for label, _ in variable.choices[:12])
        more = f" and {len(variable.choices) - 12} more" if len(variable.choices) > 12 else ""
        return f"{'some of' if variable.multiselect else 'one of'} {listed}{more}"
    kind = _KINDS[variable.type]
    return f"{kind}, or several with commas between" if variable.multiselect else kind


def typed(variable: Variable, text: str, *, numbered: bool = False) -> Value:
    """The value that somebody typed. `numbered`: the choices were shown with numbers, which may be typed instead.
    Misfit says why it is none."""
    if not variable.multiselect:
        return _one(variable, text, numbered)
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    if len(words) > MAX_ITEMS:
        raise Misfit(f"at most {MAX_ITEMS:,} of them")
    return list(dict.fromkeys(_one(variable, word, numbered) for word in words))


def fitted(variable: Variable, value: object) -> Value:
    """A value from a file, or a default, as the variable has it. Misfit says why it is none."""
    if variable.multiselect and isinstance(value, list | tuple):
        if len(value) > MAX_ITEMS:
            raise Misfit(f"at most {MAX_ITEMS:,} of them")
        return [_single(variable, one) for one in value]
    if variable.multiselect and isinstance(value, str):
        return typed(variable, value)
    found = _single(variable, value)
    return [found] if variable.multiselect else found


def refuse(variable: Variable, given: object, why: str) -> UsageError:
    """The error of a value that does not fit: which variable, what was given, what fits."""
    return UsageError(
        f"the variable `{variable.name}` cannot be `{shown(written(given))}`: {why}",
        hint=variable.help or f"it is {fits(variable)}: `--set {variable.name}=…`",
    )


def written(value: object) -> str:
    """A value as it is typed: `yes`, `8080`, `one, two`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(written, value))
    return "" if value is None else str(value)


def is_true(text: str) -> bool:
    """Whether what a condition rendered to holds, as Copier reads it."""
    return text.strip().lower() not in ("", "no", "n", "false", "off", "0", "none")


def stand_in(values: Mapping[str, Value]) -> dict[str, Value]:
    """The same values with a letter in the place of each character that YAML could take for its own."""
    return {name: plain(value) for name, value in values.items()}


def risky(values: Mapping[str, Value]) -> list[str]:
    """The variables whose value holds such a character."""
    return [name for name, value in values.items() if plain(value) != value]


def plain(value: Value) -> Value:
    """A value, of any depth, with `x` for each such character; a text that YAML takes for no text begins with it."""
    if isinstance(value, dict):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, str):
        if value.lower() in _WORDS:
            return "x" + value[1:]
        made = "".join(["x" if char in RISKY else char for char in value])
        return made if made == made.strip() else made.replace(" ", "x")
    return [plain(one) for one in value] if isinstance(value, list) else value


def _single(variable: Variable, value: object) -> Value:
    if isinstance(value, str):
        return _one(variable, value)
    right = isinstance(value, bool) == (variable.type == "bool") and isinstance(value, bool | int | float)
    if variable.type == "str" or not right or (variable.type == "int" and not isinstance(value, int)):
        raise Misfit(f"it is {fits(variable)}")
    return _chosen(variable, _number(variable, value))  # type: ignore[arg-type]


def _number(variable: Variable, value: float) -> Value:
    if isinstance(value, bool):
        return value
    if value != value or abs(value) >= 10**MAX_DIGITS:
        raise Misfit(f"a number of at most {MAX_DIGITS} digits")
    return float(value) if variable.type == "float" else value


def _chosen(variable: Variable, value: Value) -> Value:
    if variable.choices and value not in [one for _, one in variable.choices]:
        raise Misfit(f"it is {fits(variable)}")
    return value


def _one(variable: Variable, text: str, numbered: bool = False) -> Value:
    if len(text) > MAX_TEXT:
        raise Misfit(f"it has {len(text):,} characters; at most {MAX_TEXT:,}")
    for label, value in variable.choices:
        if text in (label, written(value)):
            return value
    if variable.choices:
        found = _numbered(variable.choices, text) if numbered else None
        if found is None:
            raise Misfit(f"it is {fits(variable)}")
        return found[1]
    if variable.type == "str":
        return _text(variable, text)
    word = text.strip().lower()
    if variable.type == "bool":
        if word not in _YES and word not in _NO:
            raise Misfit("it is yes or no")
        return word in _YES
    try:
        if len(word) > MAX_DIGITS + 8 or not word.isascii():
            raise ValueError
        return _number(variable, int(word.replace("_", "")) if variable.type == "int" else float(word))
    except ValueError as error:
        raise Misfit(str(error) if isinstance(error, Misfit) else f"it is {fits(variable)}") from None


def _numbered(choices: Sequence[tuple[str, Value]], text: str) -> tuple[str, Value] | None:
    word = text.strip()
    if not (word.isascii() and word.isdigit() and len(word) < 4) or not 0 < int(word) <= len(choices):
        return None
    return choices[int(word) - 1]


def _text(variable: Variable, text: str) -> str:
    text = text.replace("\r\n", "\n") if variable.multiline else text
    for char in text:
        if char.isprintable() or (variable.multiline and char in "\n\t"):
            continue
        if char in "\n\r\x85\u2028\u2029":
            raise Misfit("it is one line: no line breaks")
        raise Misfit(f"it holds the character U+{ord(char):04X}, which nobody sees")
    return text
