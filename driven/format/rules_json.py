"""RuleSet <-> readable JSON: `{"driven": 1, "rules": [...]}`, keys named and ordered as in a rule's front matter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from driven.errors import SourceError
from driven.format.drv import extra_json, fault
from driven.format.words import similar
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, OnRequest, WhenRelevant
from driven.model.rule import CATEGORIES, DEFAULT_PRIORITY, KINDS, Rule, RuleSet, Source
from driven.span import Span

VERSION = 1
# Key -> the type of its value. Keys whose value is the default are not written.
#   relevance  what the model decides from (`apply: model`), where it is not the rule's summary
#   path line  where the rule was read from;  source  how that file was written
KEYS: dict[str, type] = {
    "id": str, "description": str, "apply": str, "paths": list, "relevance": str, "kind": str, "category": str,
    "priority": int, "targets": list, "tags": list, "when": str, "extra": dict, "body": str, "path": str, "line": int,
    "source": dict,
}  # fmt: skip
TOP: dict[str, type] = {"driven": int, "rules": list}
SOURCE: dict[str, type] = {"front": str, "newline": str, "bom": bool}
# A word of what `fault` says -> the key it speaks of.
FAULTS = {"glob": "paths", "editor": "targets", "priority": "priority", "NUL": "body"}
APPLY = ("always", "paths", "model", "manual")
_TYPES = {str: "text", int: "a whole number", list: "a list", dict: "a map", bool: "true or false"}
_BLANKS = " \t\n\r"


def to_json(rules: RuleSet, *, source: bool = True, indent: int | None = None) -> str:
    """The rules as JSON text, minified without `indent`. `source=False` leaves out how the rule files were written.

    SourceError for a rule whose `extra` JSON cannot say.
    """
    document = {"driven": VERSION, "rules": [_to_plain(rule, source) for rule in rules]}
    text = json.dumps(
        document, ensure_ascii=False, indent=indent, separators=(",", ":") if indent is None else (",", ": ")
    )
    return text if indent is None else text + "\n"


def from_json(text: str, *, path: str = "") -> RuleSet:
    """The rules in JSON text; SourceError with line and column (in `path`) of the first thing that is wrong."""
    return _Document(text.removeprefix("\ufeff"), path).rules()


def _to_plain(rule: Rule, source: bool) -> dict[str, Any]:
    problem = fault(rule)
    try:
        extra = json.loads(extra_json(rule)) if rule.extra else {}
    except ValueError as error:
        problem = problem or str(error)
    if problem:
        raise SourceError(f"rule `{rule.id}`: {problem}", hint="correct the rule", span=_span(rule))
    plain: dict[str, Any] = {"id": rule.id}
    if rule.description:
        plain["description"] = rule.description
    match rule.activation:
        case ForPaths(globs):
            plain["paths"] = list(globs)
        case WhenRelevant(description):
            plain["apply"] = "model"
            if description != rule.summary:
                plain["relevance"] = description
        case OnRequest():
            plain["apply"] = "manual"
    for key, value, default in (
        ("kind", rule.kind, "standard"),
        ("category", rule.category, "custom"),
        ("priority", rule.priority, DEFAULT_PRIORITY),
        ("targets", list(rule.targets), []),
        ("tags", list(rule.tags), []),
        ("when", rule.when, ""),
        ("extra", extra, {}),
    ):
        if value != default:
            plain[key] = value
    plain["body"] = rule.body
    if rule.span.path:
        plain["path"] = rule.span.path
    if rule.span.line != 1:
        plain["line"] = rule.span.line
    if source and rule.source != Source():
        plain["source"] = {"front": rule.source.front, "newline": rule.source.newline, "bom": rule.source.bom}
    return plain


def _span(rule: Rule) -> Span | None:
    return rule.span if rule.span.path else None


class _Document:
    """JSON text and the place of every key in it: the members of the objects that we know are read one by one."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.decoder = json.JSONDecoder(parse_constant=self._constant)
        self.escaped = "\\u" in text
        self.end = 0  # where the value that was read last ends

    def rules(self) -> RuleSet:
        try:
            return self._rules()
        except json.JSONDecodeError as error:
            self._fail(error.pos, f"not JSON: {error.msg.lower()}", "write it with `driven convert`")
        except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
            self._fail(self.end, "JSON that is nested too deep, or too long a number", "write it with `driven convert`")

    def _rules(self) -> RuleSet:
        rules: dict[str, Rule] = {}
        version = None
        at, found = self._blank(0), False
        for key, key_at, value_at in self._members(at, TOP, "the document"):
            if key == "driven":
                version, self.end = self._value(value_at, int, key)
                if version != VERSION:
                    hint = "update driven: the file was written by a later one"
                    self._fail(value_at, f"version {version}; this driven reads version {VERSION}", hint)
                continue
            if version is None:
                self._fail(key_at, "`driven`, the version, comes first", f'begin with {{"driven": {VERSION}, ')
            found = True
            for rule_at in self._items(value_at):
                rule = self._rule(rule_at)
                if rule.id in rules:
                    self._fail(rule_at, f"a second rule `{rule.id}`", "ids are unique: rename one of the two")
                rules[rule.id] = rule
        if not found:
            self._fail(at, "no `rules`", f'write {{"driven": {VERSION}, "rules": [...]}}')
        if self._blank(self.end) != len(self.text):
            self._fail(self._blank(self.end), "something stands behind the end", "delete it")
        return RuleSet.of(rules.values())

    def _rule(self, at: int) -> Rule:
        given: dict[str, Any] = {}
        places: dict[str, int] = {}
        for key, _, value_at in self._members(at, KEYS, "a rule"):
            if key == "source":
                source: dict[str, Any] = {}
                for part, _, part_at in self._members(value_at, SOURCE, "`source`"):
                    source[part], self.end = self._value(part_at, SOURCE[part], part)
                if source.get("newline", "\n") not in ("\n", "\r\n", "\r"):
                    self._fail(value_at, "`newline` is no line ending", r'write "\n", "\r\n" or "\r"')
                given[key] = Source(**source)
            else:
                given[key], self.end = self._value(value_at, KEYS[key], key)
            places[key] = value_at
        end = self.end
        for key in ("id", "body"):
            if key not in given:
                self._fail(at, f"a rule without `{key}`", f'add "{key}"')
        for key in ("paths", "targets", "tags"):
            if not all(isinstance(item, str) for item in given.get(key, ())):
                self._fail(places[key], f"`{key}` is a list of text", 'write ["one", "two"]')
            given[key] = tuple(given.get(key, ()))
        for key, allowed in (("apply", APPLY), ("kind", KINDS), ("category", CATEGORIES)):
            if key in given and given[key] not in allowed:
                self._fail(places[key], f"`{key}` has no value `{given[key]}`", _instead(given[key], allowed))
        if not all(isinstance(keys, dict) for keys in given.get("extra", {}).values()):
            self._fail(places["extra"], "`extra` is a map of editors, each with its keys", "write {}")
        if not 1 <= given.get("line", 1) <= 0xFFFFFFFF:
            self._fail(places["line"], "`line` counts from 1", "correct the value")
        rule = self._built(given, places, at)
        problem = fault(rule)
        if problem:
            key = next((key for word, key in FAULTS.items() if word in problem and key in places), "id")
            self._fail(places[key], f"rule `{rule.id}`: {problem}", "correct the rule")
        self.end = end
        return rule

    def _built(self, given: dict[str, Any], places: dict[str, int], at: int) -> Rule:
        paths: tuple[str, ...] = given.pop("paths")
        apply = given.pop("apply", "paths" if paths else "always")
        relevance = given.pop("relevance", None)
        span = Span(path=given.pop("path", ""), line=given.pop("line", 1))
        if bool(paths) != (apply == "paths"):
            place = places.get("apply", places.get("paths", at))
            self._fail(place, f"`apply: {apply}` does not go with the globs", "`paths` has globs, the others none")
        if relevance is not None and apply != "model":
            self._fail(places["relevance"], f"`relevance` does not go with `apply: {apply}`", "delete one of the two")
        rule = Rule(**given, span=span)
        activation: Activation = ALWAYS
        if apply == "paths":
            activation = ForPaths(paths)
        elif apply == "model":
            activation = WhenRelevant(rule.summary if relevance is None else relevance)
        elif apply == "manual":
            activation = ON_REQUEST
        from driven.frozen import replace

        return replace(rule, activation=activation)

    # -- JSON, with places ----------------------------------------------------------------------------------------

    def _blank(self, at: int) -> int:
        while at < len(self.text) and self.text[at] in _BLANKS:
            at += 1
        return at

    def _starts(self, at: int, char: str) -> bool:
        return self.text[at : at + 1] == char

    def _value(self, at: int, kind: type, key: str) -> tuple[Any, int]:
        """The value at `at`, which must be of `kind`, and where it ends."""
        value, end = self.decoder.raw_decode(self.text, at)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self._fail(at, f"`{key}` is {_TYPES[kind]}", "correct the value")
        if self.escaped:
            try:
                json.dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                self._fail(at, f"`{key}` holds half of a surrogate pair, which is no character", "write both halves")
        return value, end

    def _members(self, at: int, known: dict[str, type], what: str) -> Iterator[tuple[str, int, int]]:
        """Key, its place and its value's place, of the object at `at`; the caller leaves the value's end in `end`."""
        if not self._starts(at, "{"):
            self._fail(at, f"{what} is a map", 'write {"key": value}')
        seen: set[str] = set()
        at = self._blank(at + 1)
        while not (self._starts(at, "}") and not seen):
            if not self._starts(at, '"'):
                raise json.JSONDecodeError("a key in double quotes is expected", self.text, at)
            key, end = self.decoder.raw_decode(self.text, at)
            if key not in known:
                self._fail(at, f"`{key}` is not a key of {what}", _instead(key, known))
            if key in seen:
                self._fail(at, f"`{key}` stands here twice", "delete one of the two")
            seen.add(key)
            end = self._blank(end)
            if not self._starts(end, ":"):
                raise json.JSONDecodeError("a colon is expected", self.text, end)
            yield key, at, self._blank(end + 1)
            at = self._blank(self.end)
            if self._starts(at, "}"):
                break
            at = self._comma(at)
        self.end = at + 1

    def _items(self, at: int) -> Iterator[int]:
        """The place of each item of the list at `at`; the caller leaves the item's end in `end`."""
        if not self._starts(at, "["):
            self._fail(at, "`rules` is a list", 'write "rules": [...]')
        at = self._blank(at + 1)
        more = not self._starts(at, "]")
        while more:
            yield at
            at = self._blank(self.end)
            more = not self._starts(at, "]")
            if more:
                at = self._comma(at)
        self.end = at + 1

    def _comma(self, at: int) -> int:
        if not self._starts(at, ","):
            raise json.JSONDecodeError("a comma is expected", self.text, at)
        return self._blank(at + 1)

    def _constant(self, word: str) -> NoReturn:
        self._fail(max(self.text.find(word), 0), f"`{word}` is not JSON", "put it in quotes")

    def _fail(self, at: int, message: str, hint: str) -> NoReturn:
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        raise SourceError(message, hint=hint, span=Span(path=self.path or "<json>", line=line, column=column)) from None


def _instead(word: str, known: Any) -> str:
    other = similar(word, known)
    return f"did you mean `{other}`?" if other else f"known are {', '.join(known)}"
