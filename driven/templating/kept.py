"""`.driven/templates.toml`: which template each rule was made of, what it was answered, and the text that it gave.

The answers are what the next `driven template apply` begins with. The text is what the edits of people are told from:
with it a template that was changed, or answered otherwise, is merged with them, on any machine that has the project.
"""

from __future__ import annotations

import os
import re

from driven.core._rt import FormatError
from driven.errors import ConfigError
from driven.format.snap import ANSWERS
from driven.format.text import MAX_RULE_BYTES
from driven.format.words import shown
from driven.frozen import field, frozen
from driven.fusion.shelf import is_name
from driven.fusion.template import MAX_VARIABLES
from driven.fusion.variables import MAX_ITEMS, MAX_TEXT
from driven.project.reading import read_file
from driven.project.sources import RULES
from driven.span import Span

__all__ = ["ANSWERS", "Kept", "kept_text", "read_kept"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from driven.model.rule import Value

MAX_BYTES = 1 << 26
MAX_ORIGIN = 200  # characters
_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")  # as tomllib ends what it says
_HEAD = """\
# What `driven template apply` was answered, and the texts that it wrote: an edit of a rule is told from them.
# Commit this file. To change an answer: `driven template apply NAME --set answer=value`.
"""


@frozen
class Kept:
    """A rule that a template gave. `template` is `ORIGIN:NAME`; `text` what it rendered to, without later edits."""

    template: str
    answers: Mapping[str, Value] = field(default_factory=dict)
    text: str = ""

    @property
    def name(self) -> str:
        """The template's name, whoever it came from."""
        return self.template.rpartition(":")[2]


def read_kept(root: str) -> dict[str, Kept]:
    """By id of the rule; empty without a file. ConfigError, with the place, for one that is none of ours."""
    try:
        data = read_file(os.path.join(root, ANSWERS), MAX_BYTES)[0]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _wrong(f"cannot be read: {(error.strerror or 'unknown').lower()}") from None
    return _read(data) | _left(root, data)


def _left(root: str, data: bytes) -> dict[str, Kept]:
    """What a killed run had no time to write: its rules stand there, and the answers are those from before it."""
    from driven.project.snapshots import LOOK_BACK, SOURCE, Store

    store = Store(root)
    found = store.last_row((ANSWERS, "", SOURCE), most=LOOK_BACK)
    try:
        if found is None or store.text(found[0], found[1].before) != data:
            return {}
        after = store.text(found[0], found[1].after)
    except FormatError:
        return {}
    old = _read(data)
    left: dict[str, Kept] = {}
    for rule_id, one in (_read(after) if after else {}).items():
        if one.text == getattr(old.get(rule_id), "text", None):
            continue
        try:
            stands = read_file(os.path.join(root, RULES, f"{rule_id}.md"), MAX_RULE_BYTES)[0]
        except OSError:
            continue
        if stands == one.text.encode("utf-8", "replace"):
            left[rule_id] = one
    return left


def _read(data: bytes) -> dict[str, Kept]:
    import tomllib

    try:
        table = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise _unread(data, str(error).splitlines()[0]) from None
    rules, texts = table.get("rules", {}), table.get("texts", {})
    if table.keys() - {"version", "rules", "texts"} or table.get("version") != 1:
        raise _wrong("is of a later version of driven, or none of its files")
    if not isinstance(rules, dict) or not isinstance(texts, dict):
        raise _wrong("is of a later version of driven, or none of its files")
    return {rule_id: _kept(rule_id, one, texts.get(rule_id, "")) for rule_id, one in rules.items()}


def kept_text(kept: Mapping[str, Kept]) -> bytes:
    """The text of the file: sorted, so that two branches that apply different templates merge."""
    import tomli_w

    found = sorted(kept.items())
    rules = {rule_id: {"template": one.template, "answers": dict(one.answers)} for rule_id, one in found}
    above = tomli_w.dumps({"version": 1, "rules": rules}, multiline_strings=False)
    texts = "\n".join([f'"{rule_id}" = {_text(one.text)}\n' for rule_id, one in found])
    return f"{_HEAD}{above}\n[texts]\n{texts}".encode("utf-8", "replace")


def _text(text: str) -> str:
    """A text as TOML has it: as it stands where it can, for a person to read."""
    if "'''" in text or text.endswith("'") or not all(char.isprintable() or char in "\n\t" for char in text):
        import tomli_w

        return tomli_w.dumps({"x": text}, multiline_strings=False).partition(" = ")[2].removesuffix("\n")
    return f"'''\n{text}'''"


def _kept(rule_id: str, value: Any, text: Any) -> Kept:
    if not is_name(rule_id):
        raise _wrong(f"names `{shown(rule_id)}`, which is no rule")
    if not isinstance(value, dict) or value.keys() - {"template", "answers"}:
        raise _wrong(f"says something unknown of `{rule_id}`")
    template, answers = value.get("template"), value.get("answers", {})
    origin, _, name = template.rpartition(":") if isinstance(template, str) else ("", "", "")
    if not isinstance(template, str) or not is_name(name) or len(origin) > MAX_ORIGIN or not origin.isprintable():
        raise _wrong(f"does not say what `{rule_id}` was made of")
    if not isinstance(text, str) or len(text) > MAX_RULE_BYTES:
        raise _wrong(f"has no text of `{rule_id}`")
    if not isinstance(answers, dict) or len(answers) > MAX_VARIABLES or not all(map(_is_answer, answers.values())):
        raise _wrong(f"has an answer of `{rule_id}` that is none")
    return Kept(template=template, answers=answers, text=text)


def _is_answer(value: object, *, nested: bool = False) -> bool:
    """Whether it can be a value at all; whether it fits its variable is asked when it is used."""
    if isinstance(value, list):
        return not nested and len(value) <= MAX_ITEMS and all(_is_answer(one, nested=True) for one in value)
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= MAX_TEXT)


def _unread(data: bytes, why: str) -> ConfigError:
    """What TOML says, with its place; of a merge that is not finished, what to do about that."""
    for number, line in enumerate(data.splitlines(), 1):
        if line.startswith((b"<<<<<<< ", b">>>>>>> ")):
            hint = "keep one side's lines, without the marker lines; then apply the templates again"
            return _wrong("holds both sides of a merge", hint, number)
    at = _PLACE.search(why)
    return _wrong(f"does not parse: {why[: at.start()] if at else why}", line=int(at[1]) if at else 1)


def _wrong(what: str, hint: str = "", line: int = 1) -> ConfigError:
    again = "restore it from version control; without it templates ask anew, and know no edit from their own text"
    return ConfigError(f"`{ANSWERS}` {what}", hint=hint or again, span=Span(path=ANSWERS, line=line))
