"""A template and values -> text, by its compiled form: that which came with it, that of the cache, or made now.

What comes compiled says in its meta which texts it was made of; it is used while they are those that stand here. The
small texts of the variables (defaults, validators, conditions) stand in the meta too, compiled.
"""

from __future__ import annotations

import re
from contextlib import suppress

from driven.core.clock import HotCache
from driven.core.dtm import Dtm
from driven.errors import DrivenError
from driven.frozen import frozen, replace
from driven.fusion.compiling import environment_of
from driven.fusion.dtm_file import open_dtm, render
from driven.fusion.loading import TemplateLoader
from driven.fusion.precompiling import META, digest_of, small_texts
from driven.fusion.template import Template, is_jinja
from driven.model.rule import Value
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from driven.templating.finding import Library


@frozen(kw_only=False)
class _Shipped:
    """What came compiled with a template, and the small texts in there; nothing where that is not to be used."""

    dtm: Dtm | None
    parts: Mapping[str, str]


_NOTHING = _Shipped(None, {})


class Renderer:
    """Renders the templates of one library; what was opened of late is in memory."""

    def __init__(self, library: Library, loader: TemplateLoader | None = None) -> None:
        self.library = library
        self._loader = loader
        self._opened = HotCache()  # what came compiled; what is made here, the loader has in memory
        self._small = HotCache()

    def text(self, template: Template, values: Mapping[str, Value]) -> str:
        """The file of the rule. DrivenError names the template."""
        dtm = self._open(template).dtm
        try:
            if dtm is None:
                dtm = self._made(template)
        except DrivenError as error:
            raise self._all(template, error) from error
        try:
            return render(dtm, values)
        except DrivenError as error:
            if error.span is None:
                error.span = self._stopped(template, values)
            raise self.told(template, error) from error

    def small(self, template: Template, text: str, values: Mapping[str, Value]) -> str:
        """What a text of one of its variables renders to; a text without Jinja is itself."""
        if not is_jinja(text, template.delimiters):
            return text
        key = f"{template.origin}\0{template.name}\0{text}"
        try:
            dtm = self._small.get(key)
            if not isinstance(dtm, Dtm):
                ready = self._open(template).parts.get(text)
                dtm = (_decoded(ready) if ready else None) or self._made(replace(template, text=text))
                self._small.put(key, dtm)
            return render(dtm, values)
        except DrivenError as error:
            raise self.told(template, error, small=True) from error

    def is_shipped(self, template: Template) -> bool:
        """Whether what came compiled with it is whole, and made of the texts that stand here."""
        return self._open(template).dtm is not None

    def prepare(self, template: Template) -> None:
        """Compile all of it, where it is not in the cache. DrivenError names the template."""
        for text, small in ((template.text, False), *((text, True) for text in small_texts(template))):
            try:
                self._made(replace(template, text=text))
            except DrivenError as error:
                raise (self.told(template, error, small=True) if small else self._all(template, error)) from error

    def mistakes(
        self, template: Template, known: Collection[str] | None = None, *, named: bool = False
    ) -> list[DrivenError]:  # fmt: skip
        """All that is wrong with its text, at its places in the files. `known`: the variables that it asks for, None
        not to ask for that; `named`: each names the template. TemplateError where Jinja2 is not installed."""
        environment_of(template.delimiters, None)
        from driven.fusion.compiling_whole import mistakes

        found = mistakes(
            template.text, name=template.name, load=self._sources(template), delimiters=template.delimiters, known=known
        )
        return [self.told(template, one, named=named) for one in found]

    def _all(self, template: Template, error: DrivenError) -> DrivenError:
        """What is told of a text that does not compile: all its mistakes."""
        first = self.told(template, error)
        with suppress(DrivenError):
            found = self.mistakes(template, named=True)
            if found:
                first, *more = found
                first.more = tuple(more)
        return first

    def _stopped(self, template: Template, values: Mapping[str, Value]) -> Span | None:
        """Where its rendering stopped; None where that cannot be told, as without Jinja2."""
        with suppress(DrivenError, ImportError):
            from driven.fusion.compiling_whole import failing_line

            return failing_line(
                template.text, values, name=template.name, load=self._sources(template), delimiters=template.delimiters
            )
        return None

    def _made(self, template: Template) -> Dtm:
        if self._loader is None:
            self._loader = TemplateLoader()
        return self._loader.dtm(template, self._sources(template))

    def told(self, template: Template, error: DrivenError, *, small: bool = False, named: bool = True) -> DrivenError:
        """The same error, saying of which template, at its place in the file. `small`: it is in a text of a variable,
        of which only the file is known."""
        span, said = error.span, error.message
        if span is not None:
            one = template
            if span.path != template.name:  # one that it includes or extends
                with suppress(DrivenError):
                    one = self.library.find(span.path, template.origin)
            span = (
                Span(path=one.path)
                if small and one is template
                else _placed(one, span, said.removeprefix(f"template `{template.name}`"))
            )
        if named and f"`{template.name}`" not in said:
            said = f"the template `{template.name}`: {said}"
        return type(error)(said, hint=error.hint, span=span)

    def _sources(self, template: Template) -> Callable[[str], str]:
        return lambda name: self.library.find(name, template.origin, part=True).text

    def _open(self, template: Template) -> _Shipped:
        key = f"{template.origin}\0{template.name}"
        found = self._opened.get(key)
        if not isinstance(found, _Shipped):
            found = self._shipped(template)
            self._opened.put(key, found)
        return found

    def _shipped(self, template: Template) -> _Shipped:
        import json

        data = self.library.compiled(template)
        if data is None:
            return _NOTHING
        try:
            dtm = open_dtm(data, template.name)
            meta: Any = json.loads(dtm.meta())
            if not isinstance(meta, dict) or meta.get("version") != META:
                return _NOTHING
            uses, parts = meta["uses"], meta["parts"]
            if uses.get("") != digest_of(template) or not all(
                digest_of(self.library.find(name, template.origin)) == digest for name, digest in uses.items() if name
            ):
                return _NOTHING
            return _Shipped(dtm, {str(text): str(part) for text, part in parts.items()})
        except (DrivenError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return _NOTHING  # it is made of the text instead


def _placed(template: Template, span: Span, said: str) -> Span:
    """A place in the text of a template, as one of its file. Where only the line is known, the word in backquotes that
    the message begins with says the columns."""
    above = template.line - 1
    if span.end_line:
        return replace(span, path=template.path, line=span.line + above, end_line=span.end_line + above)
    lines = template.text.split("\n")
    text = lines[span.line - 1] if span.line <= len(lines) else ""
    word = said.split("`")[1] if said.count("`") > 1 else ""
    at = re.search(rf"(?<!\w){re.escape(word.strip('.'))}(?!\w)", text) if word.strip(".") else None
    line = span.line + above
    if at is None:
        first = len(text) - len(text.lstrip()) + 1
        return Span(path=template.path, line=line, column=first, end_line=line, end_column=max(len(text) + 1, first))
    return Span(path=template.path, line=line, column=at.start() + 1, end_line=line, end_column=at.end() + 1)


def _decoded(text: str) -> Dtm | None:
    """A small text as the meta has it; None where it is damaged."""
    from base64 import b64decode

    try:
        return open_dtm(b64decode(text))
    except (DrivenError, ValueError):
        return None
