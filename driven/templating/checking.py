"""Every mistake of a project's own templates at once: of their front matter, their Jinja, the rules that they give."""

from __future__ import annotations

from driven.errors import DrivenError, UsageError
from driven.frozen import frozen, replace
from driven.fusion.compiling import JINJA, environment_of
from driven.fusion.template import Template, Variable, is_jinja
from driven.fusion.template_reader import Reader
from driven.model.diagnostic import Diagnostic, of_error
from driven.templating.answering import answers, preview
from driven.templating.applying import make
from driven.templating.finding import path_of
from driven.templating.kept import read_kept
from driven.templating.rendering import Renderer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from driven.model.rule import Value
    from driven.span import Span
    from driven.templating.finding import Library

MOST_TRIED = 60  # sets of answers that one template is rendered with


@frozen
class Checked:
    """What was looked at, and what is wrong with it."""

    names: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def check(library: Library, names: Sequence[str] = ()) -> Checked:
    """All that is wrong with these templates, by default with all of the project's own. Nothing is written.

    UsageError for a name that is none; TemplateError where Jinja2, which reads them, is not installed.
    """
    wanted = [library.locate(name, part=True) for name in names or library.own()]
    environment_of(JINJA, None)
    found = [] if names else [*library.diagnostics, *_of_answers(library.root)]
    renderer = Renderer(library)
    for shelf, name in wanted:
        try:
            data = shelf.read(name)
        except DrivenError as error:
            found += of_error(error)
            continue
        found += _Check(library, renderer, Reader(data, path_of(shelf, name), name, shelf.name)).look()
    unique = {(one.code, str(one.span), one.message): one for one in found}
    ordered = sorted(unique.values(), key=lambda one: (one.span.path, one.span.line, one.span.column))
    return Checked(names=tuple(name for _, name in wanted), diagnostics=tuple(ordered))


def _of_answers(root: str) -> list[Diagnostic]:
    """What is wrong with the file of answers: until it is put right nothing can be applied."""
    try:
        read_kept(root)
    except DrivenError as error:
        return of_error(error)
    return []


class _Check:
    """One template."""

    def __init__(self, library: Library, renderer: Renderer, reader: Reader) -> None:
        self.library = library
        self.renderer = renderer
        self.reader = reader

    def look(self) -> list[Diagnostic]:
        """All of it. What it gives is looked at where nothing else is wrong."""
        template = self.reader.read()
        found = self.reader.found
        if template is None:
            return found
        found += self._includes(template)
        known = {one.name for one in template.variables} if template.is_listed else None
        try:
            for wrong in self.renderer.mistakes(template, known):
                found += of_error(wrong)
        except DrivenError as error:  # of `envops`
            found += of_error(error)
        found += self._small(template)
        if template.is_listed and not any(one.severity == "error" for one in found):
            found += self._given(template)
        return found

    def _includes(self, template: Template) -> Iterator[Diagnostic]:
        for name in template.include:
            try:
                self.library.locate(name, template.origin)
            except UsageError as error:
                place = self.reader.place_of("include", name)
                yield Diagnostic(
                    code="TPL02", severity="error", message=f"`include`: {error.message}", span=place, hint=error.hint
                )

    def _small(self, template: Template) -> Iterator[Diagnostic]:
        """The texts of its variables: each knows the ones above it, a validator also the value."""
        above: set[str] = set()
        for variable in template.variables:
            own = above | {variable.name, "value"}
            defaults = variable.default if isinstance(variable.default, list) else [variable.default]
            parts = [("default", one, above) for one in defaults]
            parts += [("validator", variable.validator, own), ("when", variable.when, above)]
            for key, text, known in parts:
                if isinstance(text, str) and is_jinja(text, template.delimiters):
                    yield from self._text(template, variable, key, text, known)
            above.add(variable.name)

    def _text(
        self, template: Template, variable: Variable, key: str, text: str, known: set[str]
    ) -> Iterator[Diagnostic]:  # fmt: skip
        place = self.reader.place(variable.name, key)
        for error in self.renderer.mistakes(replace(template, text=text), known):
            message = f"`{key}` of `{variable.name}`: {error.message}"
            yield Diagnostic(code=error.code, severity="error", message=message, span=place, hint=error.hint)

    def _given(self, template: Template) -> Iterator[Diagnostic]:
        """What its rules are: with the defaults, and with each choice."""
        try:
            values = preview(self.renderer, [template])
            must = {one.name: values[one.name] for one in template.variables if one.default is None}
            if not any(one.validator for one in template.variables if one.name in must):
                values = answers(self.renderer, [template], must)
        except UsageError as error:
            yield replace(of_error(error)[0], code="TPL03", span=error.span or self._whose(template, error))
            return
        except DrivenError as error:
            yield from of_error(error)
            return
        if not template.text.strip():
            return
        for some in _tries(template, values):
            try:
                yield from self._placed(make(self.renderer, template, some).diagnostics)
            except DrivenError as error:
                yield from of_error(error)
                return

    def _placed(self, found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
        """What is wrong with a rule, in the file of the template: its lines are not those of the rule."""
        for one in found:
            line = one.span.line
            yield replace(
                one, span=self.reader.place_of("description"),
                message=one.message if line <= 1 else f"{one.message} (its line {line})", fix=None,
            )  # fmt: skip

    def _whose(self, template: Template, error: UsageError) -> Span:
        named = next((one.name for one in template.variables if f"`{one.name}`" in error.message), "")
        return self.reader.place(named, "default") if named else self.reader.place_of("variables")


def _tries(template: Template, values: Mapping[str, Value]) -> Iterator[Mapping[str, Value]]:
    """The defaults, then each choice, and yes and no, by itself."""
    yield values
    left = MOST_TRIED
    for one in template.variables:
        tried: list[Value] = [value for _, value in one.choices]
        if one.type == "bool" and not tried:
            tried = [True, False]
        for value in tried:
            if left and value != values[one.name]:
                left -= 1
                yield {**values, one.name: [value] if one.multiselect else value}
