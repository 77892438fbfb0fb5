"""A template and values -> text, by its compiled form: that which came with it, that of the cache, or made now.

What comes compiled says in its meta which texts it was made of; it is used while they are those that stand here. The
small texts of the variables (defaults, validators, conditions) stand in the meta too, compiled.
"""

from __future__ import annotations

from contextlib import suppress

from driven.errors import DrivenError
from driven.frozen import replace
from driven.fusion.dtm_file import open_dtm, render
from driven.fusion.loading import TemplateLoader
from driven.fusion.precompiling import META, digest_of, small_texts
from driven.fusion.template import Template, is_jinja
from driven.model.rule import Value
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from driven.core.dtm import Dtm
    from driven.templating.finding import Library


__all__ = ["Renderer", "small_texts"]


class Renderer:
    """Renders the templates of one library; what was opened once is kept."""

    def __init__(self, library: Library, loader: TemplateLoader | None = None) -> None:
        self.library = library
        self._loader = loader
        self._opened: dict[tuple[str, str], tuple[Dtm | None, dict[str, str]]] = {}
        self._small: dict[tuple[str, str, str], Dtm] = {}

    def text(self, template: Template, values: Mapping[str, Value]) -> str:
        """The file of the rule. DrivenError names the template."""
        dtm, _ = self._open(template)
        try:
            if dtm is None:
                dtm = self._made(template)
                self._opened[template.origin, template.name] = (dtm, {})
            return render(dtm, values)
        except DrivenError as error:
            raise self._told(template, error) from error

    def small(self, template: Template, text: str, values: Mapping[str, Value]) -> str:
        """What a text of one of its variables renders to; a text without Jinja is itself."""
        if not is_jinja(text, template.delimiters):
            return text
        key = (template.origin, template.name, text)
        try:
            dtm = self._small.get(key)
            if dtm is None:
                ready = self._open(template)[1].get(text)
                dtm = (_decoded(ready) if ready else None) or self._made(replace(template, text=text))
                self._small[key] = dtm
            return render(dtm, values)
        except DrivenError as error:
            raise self._told(template, error, small=True) from error

    def is_shipped(self, template: Template) -> bool:
        """Whether what came compiled with it is whole, and made of the texts that stand here."""
        return self._open(template)[0] is not None

    def prepare(self, template: Template) -> None:
        """Compile all of it, where it is not in the cache. DrivenError names the template."""
        for text, small in ((template.text, False), *((text, True) for text in small_texts(template))):
            try:
                self._made(replace(template, text=text))
            except DrivenError as error:
                raise self._told(template, error, small=small) from error

    def _made(self, template: Template) -> Dtm:
        if self._loader is None:
            self._loader = TemplateLoader()
        return self._loader.dtm(template, self._sources(template))

    def _told(self, template: Template, error: DrivenError, *, small: bool = False) -> DrivenError:
        """The same error, saying of which template, at its place in the file. `small`: it is in a text of a variable,
        of which only the file is known."""
        span, said = error.span, error.message
        if span is not None:
            one = template
            if span.path != template.name:  # one that it includes or extends
                with suppress(DrivenError):
                    one = self.library.find(span.path, template.origin)
            inside = small and one is template
            span = Span(path=one.path) if inside else Span(path=one.path, line=span.line + one.line - 1)
        named = said if f"`{template.name}`" in said else f"the template `{template.name}`: {said}"
        return type(error)(named, hint=error.hint, span=span)

    def _sources(self, template: Template) -> Callable[[str], str]:
        return lambda name: self.library.find(name, template.origin).text

    def _open(self, template: Template) -> tuple[Dtm | None, dict[str, str]]:
        """What came compiled with it, and the small texts in there; (None, {}) where that is not to be used."""
        key = (template.origin, template.name)
        if key not in self._opened:
            self._opened[key] = self._shipped(template)
        return self._opened[key]

    def _shipped(self, template: Template) -> tuple[Dtm | None, dict[str, str]]:
        import json

        data = self.library.compiled(template)
        if data is None:
            return None, {}
        try:
            dtm = open_dtm(data, template.name)
            meta: Any = json.loads(dtm.meta())
            if not isinstance(meta, dict) or meta.get("version") != META:
                return None, {}
            uses, parts = meta["uses"], meta["parts"]
            if uses.get("") != digest_of(template) or not all(
                digest_of(self.library.find(name, template.origin)) == digest for name, digest in uses.items() if name
            ):
                return None, {}
            return dtm, {str(text): str(part) for text, part in parts.items()}
        except (DrivenError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None, {}  # it is made of the text instead


def _decoded(text: str) -> Dtm | None:
    """A small text as the meta has it; None where it is damaged."""
    from base64 import b64decode

    try:
        return open_dtm(b64decode(text))
    except (DrivenError, ValueError):
        return None
