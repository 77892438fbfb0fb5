"""A template's file on its way to a `Template`: every mistake in it is a finding with its place."""

from __future__ import annotations

from driven.core.front import split_front
from driven.format.words import shown, similar
from driven.fusion.compiling import ENVOPS, JINJA, Delimiters
from driven.fusion.shelf import MAX_BYTES, MAX_NAME, NAMED, is_name
from driven.fusion.template import KINDS, MAX_CHOICES, MAX_INCLUDES, MAX_VARIABLES, TYPES, Template, Variable
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Value
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = ("title", "description", "kind", "tags", "variables", "include", "envops")
_OF_VARIABLE = ("type", "help", "default", "choices", "multiselect", "validator", "when", "multiline")
# Words that a Jinja expression reads as something else than a variable.
_TAKEN = frozenset((
    "and", "or", "not", "in", "is", "if", "else", "elif", "for", "true", "false", "none", "True", "False", "None",
    "loop", "self", "super", "caller", "varargs", "kwargs", "range", "recursive", "import", "include", "extends",
    "block", "macro", "set",
))  # fmt: skip


class Reader:
    """One file on its way to a Template."""

    def __init__(self, data: bytes, path: str, name: str, origin: str) -> None:
        self.data = data
        self.path = path
        self.name = name
        self.origin = origin
        self.found: list[Diagnostic] = []
        self.lines: list[str] = []

    def error(self, code: str, message: str, hint: str, span: Span | None = None) -> None:
        """Add a finding."""
        span = span or Span(path=self.path, line=1, column=1)
        self.found.append(Diagnostic(code=code, severity="error", message=message, span=span, hint=hint))

    def read(self) -> Template | None:
        """The template, as far as it can be read; what is wrong with it is in `found`, in the order of its lines."""
        made = self._read()
        self.found.sort(key=lambda one: (one.span.line, one.span.column))
        return made

    def _read(self) -> Template | None:
        from driven.format.yaml12 import load_yaml

        if not is_name(self.name):
            self.error("TPL04", f"`{shown(self.name)}` is no name of a template", NAMED)
            return None
        if len(self.data) > MAX_BYTES:
            message = f"the file has {len(self.data):,} bytes; a template has at most {MAX_BYTES:,}"
            self.error("TPL04", message, "split it into several")
            return None
        try:
            whole = self.data.decode("utf-8")
        except UnicodeDecodeError:
            self.error("TPL04", "the file is not UTF-8", "save it as UTF-8 text")
            return None
        if "\0" in whole:
            self.error("TPL04", "the file holds a NUL character", "save it as plain text")
            return None
        begin, end, _ = split_front(self.data)
        if end < 0 or not begin:
            what = "does not close its front matter" if end < 0 else "does not begin with front matter"
            hint = "line 1 is `---`, then `description:`, `kind:`, a line `---`; `driven template new` makes one"
            self.error("TPL01", f"the template {what}", hint)
            return None
        front = self.data[begin:end].decode("utf-8")
        self.lines = front.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        loaded = load_yaml(front, path=self.path, line_offset=1)
        if loaded.diagnostics:
            self.found += loaded.diagnostics
            return None
        values, at = loaded.values, {**loaded.keys, **loaded.at}
        for key in values:
            if key not in _KEYS:
                near = similar(key, _KEYS)
                hint = f"did you mean `{near}`?" if near else f"the keys are {', '.join(_KEYS)}"
                self.error("TPL02", f"the key `{shown(key)}` is unknown", hint, loaded.keys.get(key))
        description = self.line(values, at, "description")
        if not description and "description" not in values:
            self.error("TPL02", "the template has no `description`", "say in one sentence what agents are told by it")
        kind = self.line(values, at, "kind") or "standard"
        if kind not in KINDS:
            near = similar(kind, KINDS)
            hint = f"did you mean `{near}`?" if near else f"it is one of {', '.join(KINDS)}"
            self.error("TPL02", f"`kind` is `{shown(kind)}`", hint, at.get("kind"))
        title = self.line(values, at, "title") or self.name.rpartition("/")[2].replace("-", " ").capitalize()
        below = self.data[end:]
        text = below.partition(b"\n")[2].decode("utf-8")
        made = Template(
            name=self.name, title=title, description=description, kind=kind, tags=self.names(values, at, "tags"),
            variables=self.variables(values.get("variables"), at.get("variables")),
            include=self.includes(values, at), delimiters=self.delimiters(values.get("envops"), at.get("envops")),
            text=text.replace("\r\n", "\n"), origin=self.origin, path=self.path, line=len(self.lines) + 2,
        )  # fmt: skip
        if made.is_listed and not made.text.strip() and not made.include:
            self.error("TPL06", "the template has no text, and no `include`", "write the rule below the second `---`")
        return made

    def line(self, values: Mapping[str, Value], at: Mapping[str, Span], key: str) -> str:
        """A value of one line."""
        value = values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
            self.error("TPL02", f"`{key}` is not one line of text", "put it in quotes", at.get(key))
            return ""
        return value.strip()

    def names(self, values: Mapping[str, Value], at: Mapping[str, Span], key: str) -> tuple[str, ...]:
        """A list of short texts; one alone is accepted."""
        value = values.get(key)
        items = [value] if isinstance(value, str) else value
        if items is None:
            return ()
        if not isinstance(items, list) or not all(
            isinstance(one, str) and 0 < len(one) <= MAX_NAME and one.isprintable() for one in items
        ):
            self.error("TPL02", f"`{key}` is not a list of names", f"write `{key}: [one, two]`", at.get(key))
            return ()
        return tuple(dict.fromkeys(str(one) for one in items))

    def includes(self, values: Mapping[str, Value], at: Mapping[str, Span]) -> tuple[str, ...]:
        """The templates that are applied with it."""
        found = self.names(values, at, "include")
        strange = [one for one in found if not is_name(one)]
        if strange or len(found) > MAX_INCLUDES:
            said = f"`include` names `{shown(strange[0])}`" if strange else f"`include` names {len(found)} templates"
            hint = "names are as `standards/testing`" if strange else f"at most {MAX_INCLUDES}"
            self.error("TPL02", said, hint, at.get("include"))
        return found

    def delimiters(self, value: Value, span: Span | None) -> Delimiters:
        """What stands around Jinja's parts."""
        if value is None:
            return JINJA
        if not isinstance(value, dict) or not all(
            key in ENVOPS and isinstance(text, str) and 1 < len(text) <= 16 and text.isprintable()
            for key, text in value.items()
        ):
            hint = f"keys are {', '.join(ENVOPS)}; each is a text of at least two characters, as `[[`"
            self.error("TPL02", "`envops` is not a mapping of delimiters", hint, span)
            return JINJA
        made = Delimiters(**{key: str(text) for key, text in value.items()})
        starts = made.starts
        if any(one != other and one.startswith(other) for one in starts for other in starts) or len({*starts}) < 3:
            self.error("TPL02", "two delimiters of `envops` begin alike", "give each a beginning of its own", span)
            return JINJA
        return made

    def variables(self, value: Value, span: Span | None) -> tuple[Variable, ...]:
        """What is asked for."""
        if value is None:
            return ()
        if not isinstance(value, dict):
            self.error("TPL03", "`variables` is not a mapping", "write `name:` and below it `type:`, `default:`", span)
            return ()
        if len(value) > MAX_VARIABLES:
            self.error("TPL03", f"{len(value):,} variables: more than {MAX_VARIABLES}", "ask for less", span)
            return ()
        return tuple(self.variable(name, said) for name, said in value.items())

    def variable(self, name: str, said: Value) -> Variable:
        if not (name.isascii() and name.isidentifier() and len(name) <= 64) or name in _TAKEN or name[0] == "_":
            hint = "letters, digits and `_`; not a word of Jinja"
            self.error("TPL03", f"`{shown(name)}` is no name of a variable", hint, self.place(name))
        if not isinstance(said, dict):  # Copier's short form: the default alone
            said = {"default": said, "type": _type_of(said)}
        for key in said:
            if key not in _OF_VARIABLE:
                near = similar(key, _OF_VARIABLE)
                hint = f"did you mean `{near}`?" if near else f"the keys are {', '.join(_OF_VARIABLE)}"
                message = f"the variable `{shown(name)}` has an unknown key `{shown(key)}`"
                self.error("TPL03", message, hint, self.place(name, key))
        texts = {key: said.get(key) for key in ("type", "help", "validator")}
        for key, text in texts.items():
            if text is not None and not isinstance(text, str):
                self.error("TPL03", f"`{key}` of `{shown(name)}` is no text", "put it in quotes", self.place(name, key))
                texts[key] = None
        for key in ("multiselect", "multiline"):
            if not isinstance(said.get(key, False), bool):
                message = f"`{key}` of `{shown(name)}` is not true or false"
                self.error("TPL03", message, "write `true`", self.place(name, key))
        kind = str(texts["type"] or "str")
        if kind not in TYPES:
            message, hint = f"the type of `{shown(name)}` is `{shown(kind)}`", f"it is one of {', '.join(TYPES)}"
            self.error("TPL03", message, hint, self.place(name, "type"))
            kind = "str"
        when = said.get("when", True)
        if not isinstance(when, bool | str):
            message, hint = f"`when` of `{shown(name)}` is no condition", 'true, false or "{{ other }}"'
            self.error("TPL03", message, hint, self.place(name, "when"))
        made = Variable(
            name=name, type=kind, help=str(texts["help"] or ""), default=said.get("default"),
            choices=self.choices(name, kind, said.get("choices")), multiselect=said.get("multiselect") is True,
            validator=str(texts["validator"] or ""), multiline=said.get("multiline") is True,
            when="" if when is True else "false" if when is False else str(when),
        )  # fmt: skip
        self.default(made)
        return made

    def choices(self, name: str, kind: str, value: Value) -> tuple[tuple[str, Value], ...]:
        """(label, value) of each; in a mapping the labels are the keys."""
        if value is None:
            return ()
        pairs: list[tuple[str, Value]] = []
        if isinstance(value, dict):
            pairs = [(str(label), one) for label, one in value.items()]
        elif isinstance(value, list):
            pairs = [(_shown_value(one), one) for one in value]
        if not 0 < len(pairs) <= MAX_CHOICES or not all(_is_of(kind, one) for _, one in pairs):
            message = f"the choices of `{shown(name)}` are not a list of `{kind}`"
            self.error("TPL03", message, "write `choices: [one, two]`", self.place(name, "choices"))
            return ()
        return tuple(pairs)

    def default(self, variable: Variable) -> None:
        """Hold a default that is no Jinja against what the variable may be."""
        value = variable.default
        items = value if isinstance(value, list) and variable.multiselect else [value]
        if value is None or (isinstance(value, str) and any(mark in value for mark in "{[<(")):
            return
        allowed = [one for _, one in variable.choices]
        if not all(_is_of(variable.type, one) and (not allowed or one in allowed) for one in items):
            fits = (
                f"one of {', '.join(label for label, _ in variable.choices)}"
                if allowed
                else f"of the type `{variable.type}`"
            )
            message = f"the default of `{shown(variable.name)}` is not {fits}"
            self.error("TPL03", message, "correct it", self.place(variable.name, "default"))

    def place_of(self, key: str, word: str = "") -> Span:
        """Where a key of the front matter stands, or a word of its value."""
        inside = False
        for number, line in enumerate(self.lines, 2):
            if line[:1] not in ("", " ", "\t", "-", "#"):
                inside = line.startswith(f"{key}:")
            if inside and word in line:
                column = line.index(word) + 1 if word else 1
                end = column + len(word or key)
                return Span(path=self.path, line=number, column=column, end_line=number, end_column=end)
        return Span(path=self.path)

    def place(self, name: str, key: str = "") -> Span:
        """Where a variable, or a key of it, stands."""
        inside = found = False
        for number, line in enumerate(self.lines, 2):
            bare = line.lstrip()
            column = len(line) - len(bare) + 1
            if line.startswith("variables:"):
                inside = True
            if inside and not found and bare.startswith((f"{name}:", f'"{name}":', f"'{name}':")):
                found = True
                if not key:
                    return Span(path=self.path, line=number, column=column)
                first = number, column
                if f"{key}:" in bare[len(name) :]:
                    return Span(path=self.path, line=number, column=column + bare.index(f"{key}:"))
            elif found and bare.startswith(f"{key}:"):
                return Span(path=self.path, line=number, column=column)
        return Span(path=self.path, line=first[0], column=first[1]) if found else Span(path=self.path)


def _type_of(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    return "int" if isinstance(value, int) else "float" if isinstance(value, float) else "str"


def _is_of(kind: str, value: Value) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def _shown_value(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
