"""The front matter of a rule file -> the fields of a Rule; every mistake with its place and its cure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from driven.format.words import is_typo, one_line, shown, similar, slip_of
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.diagnostic import Diagnostic, Fix, Severity, TextEdit
from driven.model.rule import CATEGORIES, KINDS, Value
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEYS = ("description", "apply", "paths", "kind", "category", "priority", "targets", "tags", "when", "extra")
APPLY = ("always", "paths", "model", "manual")
NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class Places:
    """Where keys, values and items of the front matter stand. Only a mistake asks, and pays for the full reader."""

    def __init__(self, yaml: str, path: str, line_offset: int, lines: dict[str, int]) -> None:
        self.yaml = yaml
        self.path = path
        self.line_offset = line_offset
        self.lines = lines
        self.loaded: Any = None

    def key(self, key: str) -> Span:
        return self._loaded().keys.get(key) or self._line(key)

    def value(self, key: str) -> Span:
        return self._loaded().at.get(key) or self._line(key)

    def item(self, key: str, index: int) -> Span:
        items = self._loaded().items.get(key, ())
        return items[index] if index < len(items) else self.value(key)

    def inside(self, span: Span, part: str, offset: int) -> Span:
        """The place `offset` code points into `part`, a piece of the value at `span`; `span` where it was escaped."""
        lines = self.yaml.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        row = span.line - 1 - self.line_offset
        if span.end_line != span.line or not part or row >= len(lines):
            return span
        at = lines[row].find(part, span.column - 1, span.end_column - 1)
        if at < 0:
            return span
        return Span(path=self.path, line=span.line, column=at + 1 + offset)

    def _loaded(self) -> Any:
        if self.loaded is None:
            from driven.format.yaml12 import load_yaml

            self.loaded = load_yaml(self.yaml, path=self.path, line_offset=self.line_offset)
        return self.loaded

    def lines_of(self, key: str) -> Span | None:
        """The lines of a key and its value, the last line end included; None where something else stands on them."""
        keys = self._loaded().keys
        span = keys.get(key)
        lines = self.yaml.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        first = next((line.lstrip()[0] for line in lines if line.strip()[:1] not in ("", "#")), "")
        if span is None or first == "{" or lines[span.line - 1 - self.line_offset][: span.column - 1].strip():
            return None
        last = len(lines) - 1 + self.line_offset  # behind the last line end of the YAML
        end = min((other.line for other in keys.values() if other.line > span.line), default=last + 1)
        if any(name != key and other.line == span.line for name, other in keys.items()):
            return None
        while end > span.line + 1 and lines[end - 2 - self.line_offset].strip()[:1] in ("", "#"):
            end -= 1
        return Span(path=self.path, line=span.line, column=1, end_line=end, end_column=1)

    def _line(self, key: str) -> Span:
        return Span(path=self.path, line=self.lines.get(key, self.line_offset + 1))


class Fields:
    """Reads one front matter. What is wrong is added to `found`; a key that is null counts as not written."""

    def __init__(self, values: dict[str, Value], places: Places, found: list[Diagnostic], rule_id: str) -> None:
        self.values = values
        self.places = places
        self.found = found
        self.rule_id = rule_id
        self.as_meant = values  # without unknown keys, but for those whose names can be put right

    def read(self, summary: Callable[[str], str]) -> dict[str, Any]:
        """The arguments of `Rule` that the front matter gives. `summary`: description -> the summary of the rule."""
        unknown = [key for key in self.values if key not in KEYS]
        if unknown:
            self._unknown_keys(unknown)
        given: dict[str, Any] = {}
        description = self._text("description")
        if description is not None:
            given["description"] = one_line(description)
        given["activation"] = self._activation(given.get("description", ""), summary)
        for key, allowed in (("kind", KINDS), ("category", CATEGORIES)):
            choice = self._choice(key, allowed)
            if choice is not None:
                given[key] = choice
        priority = self._typed("priority", int, "a number from 0 to 255", "0 comes first; without it, 100")
        if priority is not None:
            if not 0 <= priority <= 255:
                message = f"`priority` is a number from 0 to 255, not {shown(str(priority))}"
                self.error("RUL09", message, self.places.value("priority"), "0 comes first; without it, 100")
            given["priority"] = priority
        for key, valid, hint in (
            ("targets", _is_target, "write an editor's name, `cursor`, or `-cursor` to leave it out"),
            ("tags", _is_tag, "write one line of text"),
        ):
            items = self._list(key)
            for index, item in items:
                if not valid(item):
                    message = f"`{shown(item)}` is" if item else "an empty text is"
                    message += f" not one of what `{key}` takes"
                    self.error("RUL13", message, self.places.item(key, index), hint)
            if items:
                given[key] = tuple(item for _, item in items)
        when = self._text("when")
        if when is not None and when.strip():
            given["when"] = when.strip()
            self._check_condition(when.strip())
        extra = self._extra()
        if extra:
            given["extra"] = extra
        return given

    def error(self, code: str, message: str, span: Span, hint: str, fix: Fix | None = None) -> None:
        self._report("error", code, message, span, hint, fix)

    def _report(
        self, severity: Severity, code: str, message: str, span: Span, hint: str, fix: Fix | None = None
    ) -> None:
        self.found.append(
            Diagnostic(
                code=code, severity=severity, message=message, span=span, hint=hint, fix=fix, rule_id=self.rule_id
            )
        )

    def _unknown_keys(self, unknown: list[str]) -> None:
        from driven.format.foreign import FOREIGN, repair

        meant = {key: FOREIGN.get(key) or similar(key, KEYS) for key in unknown}
        wanted: dict[str, list[str]] = {}
        for key, other in meant.items():
            if key in FOREIGN or (other and is_typo(key, other)):
                wanted.setdefault(other, []).append(key)
        self.as_meant = {key: value for key, value in self.values.items() if key in KEYS}
        for other, keys in wanted.items():
            self.as_meant.setdefault(other, self.values[keys[0]])
        for key, other in meant.items():
            hint = f"a rule has {', '.join(KEYS)}; an editor's own go under `extra`"
            if other:
                hint = f"did you mean `{other}`?"
            fix = repair(key, other, self.values, self.as_meant, self.places) if wanted.get(other) == [key] else None
            self.error("RUL06", f"`{shown(key)}` is not a key of a rule", self.places.key(key), hint, fix)

    def _typed(self, key: str, kind: type, what: str, hint: str) -> Any:
        """The value of `key` if it is of `kind`; None when it is not written or of another type."""
        value = self.values.get(key)
        if value is None or (isinstance(value, kind) and not (kind is int and isinstance(value, bool))):
            return value
        self.error("RUL07", f"`{key}` is {what}, not {_type(value)}", self.places.value(key), hint)
        return None

    def _text(self, key: str) -> str | None:
        text: str | None = self._typed(key, str, "text", "put it in quotes")
        return text

    def _choice(self, key: str, allowed: Sequence[str]) -> str | None:
        value: str | None = self._typed(key, str, "one word", f"write one of {', '.join(allowed)}")
        if value is None or value in allowed:
            return value
        other = similar(value, allowed)
        span = self.places.value(key)
        hint = f"did you mean `{other}`?" if other else f"write one of {', '.join(allowed)}"
        fix = None
        if other and span.end_line and is_typo(value, other):
            from driven.format.foreign import reads_well

            safe = slip_of(value, allowed) == other and reads_well(key, other, self.as_meant, self.places)
            fix = Fix(title=f"Change to `{other}`", edits=(TextEdit(span=span, text=other),), safe=safe)
        self.error("RUL08", f"`{shown(value)}` is not a value of `{key}`", span, hint, fix)
        return None

    def _list(self, key: str) -> list[tuple[int, str]]:
        """The items of a list of text, each with its index in what was written."""
        items: list[Value] = self._typed(key, list, "a list", f"write `{key}: [one, two]`") or []
        good: list[tuple[int, str]] = []
        for index, item in enumerate(items):
            if isinstance(item, str):
                good.append((index, item))
            else:
                message = f"an item of `{key}` is text, not {_type(item)}"
                self.error("RUL07", message, self.places.item(key, index), "put it in quotes")
        return good

    def _activation(self, description: str, summary: Callable[[str], str]) -> Activation:
        apply = self._choice("apply", APPLY)
        globs = self._globs()
        if globs is None:
            if apply == "paths":
                hint = 'add `paths: ["src/**"]`, or write another value'
                self.error("RUL11", "`apply: paths` needs `paths`", self.places.value("apply"), hint)
        elif apply is not None and apply != "paths":
            from driven.format.foreign import without

            message = f"`paths` has no effect with `apply: {apply}`"
            fix = without("paths", self.places)
            self._report("warning", "RUL14", message, self.places.key("paths"), "delete one of the two", fix)
        if apply == "model":
            return WhenRelevant(summary(description))
        if apply == "manual":
            return ON_REQUEST
        if apply == "always" or not globs:
            return ALWAYS
        from driven.core.globs import is_universal

        return ALWAYS if any(is_universal(glob) for glob in globs) else ForPaths(tuple(globs))

    def _globs(self) -> list[str] | None:
        """The canonical globs of `paths`; None when it is not written."""
        from driven.core._rt import FormatError
        from driven.core.globs import check, split_list

        value = self.values.get("paths")
        if value is None:
            return None
        if isinstance(value, str):
            parts = list(enumerate(split_list(value)))
        elif isinstance(value, list):
            parts = self._list("paths")
        else:
            message = f"`paths` is a list of globs, not {_type(value)}"
            self.error("RUL07", message, self.places.value("paths"), 'write `paths: ["src/**/*.py"]`')
            return []
        if not parts and not (isinstance(value, list) and value):
            hint = "write a glob, or delete the key: the rule is then always on"
            self.error("RUL10", "`paths` names no glob", self.places.value("paths"), hint)
        globs: list[str] = []
        for index, part in parts:
            try:
                globs.append(check(part))
            except FormatError as problem:
                span = self.places.value("paths") if isinstance(value, str) else self.places.item("paths", index)
                span = self.places.inside(span, part, problem.offset)
                message = f"the glob `{shown(part)}` cannot be used: {problem.message}"
                self.error("RUL10", message, span, "globs are relative to the project root: `src/**/*.py`")
        return globs

    def _check_condition(self, text: str) -> None:
        from driven.errors import SourceError
        from driven.format.condition import compile_condition

        try:
            compile_condition(text)
        except SourceError as problem:
            span = self.places.value("when")
            if problem.span is not None and problem.span.line == 1:
                span = self.places.inside(span, text, problem.span.column - 1)
            self.error("RUL12", problem.message, span, problem.hint)

    def _extra(self) -> dict[str, dict[str, Value]]:
        what = "a map of editors, each with its keys"
        extra: dict[str, Value] = self._typed("extra", dict, what, "write `extra: {cursor: {key: value}}`") or {}
        good: dict[str, dict[str, Value]] = {}
        for editor, keys in extra.items():
            if not editor or not NAME.issuperset(editor):
                hint = "write an editor's name, `cursor`"
                self.error("RUL13", f"`{shown(editor)}` is not an editor's name", self.places.value("extra"), hint)
            elif not isinstance(keys, dict):
                message = f"`extra.{editor}` is a map of keys, not {_type(keys)}"
                self.error("RUL07", message, self.places.value("extra"), f"write `{editor}: {{key: value}}`")
            else:
                good[editor] = keys
        if not _all_finite(good):
            message = "`extra` holds `.inf` or `.nan`, which JSON cannot say"
            self.error("RUL07", message, self.places.value("extra"), "put it in quotes")
        return good


def _is_target(text: str) -> bool:
    name = text[1:] if text[:1] in ("-", "!") else text
    return name != "" and name[0] != "-" and NAME.issuperset(name)


def _is_tag(text: str) -> bool:
    return text != "" and one_line(text) == text


def _type(value: Value) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "`true`" if value else "`false`"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a map"


def _all_finite(value: Value | dict[str, dict[str, Value]]) -> bool:
    todo: list[Any] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
        elif isinstance(item, float) and item - item != 0:
            return False
    return True
