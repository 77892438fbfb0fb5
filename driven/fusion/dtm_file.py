"""Compiled templates as files: opened when their digest holds, rendered with values by name. No Jinja2 is imported."""

from __future__ import annotations

from driven.core._rt import FormatError
from driven.core.dtm import Dtm
from driven.core.dtm_layout import DIGEST_AT, DIGEST_END, RenderError
from driven.core.dtm_values import MISSING
from driven.errors import SourceError, TemplateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def open_dtm(data: bytes, path: str = "") -> Dtm:
    """A compiled template, verified. `path` is for messages. SourceError for bytes that are none, or were changed."""
    from blake3 import blake3

    try:
        dtm = Dtm(data)
    except FormatError as error:
        raise SourceError(f"{_named(path)} cannot be read: {error}", hint="compile the template again") from None
    if blake3(memoryview(data)[DIGEST_END:]).digest() != data[DIGEST_AT:DIGEST_END]:
        raise SourceError(f"{_named(path)} was changed after it was compiled", hint="compile the template again")
    dtm.path = path
    return dtm


def sealed(data: bytes) -> bytes:
    """The bytes of a compiled template with their digest filled in."""
    from blake3 import blake3

    return data[:DIGEST_AT] + blake3(memoryview(data)[DIGEST_END:]).digest() + data[DIGEST_END:]


def render(dtm: Dtm, values: Mapping[str, object]) -> str:
    """The text of a template; values that it does not ask for are passed over.

    Values are str, int, float, bool, None and lists of them. TemplateError where a variable that is used has no value,
    or a value does not do; SourceError where the template's code is damaged, whatever its digest says.
    """
    try:
        return dtm.render([values.get(name, MISSING) for name in dtm.names()])
    except RenderError as error:
        if error.name and error.name not in values:
            hint = f"give `{error.name}` a value, or write `{error.name} | default(…)` in the template"
        elif "does too much" in error.message:
            hint = "make the loop or the text shorter: docs/dtm.md says how much a template may do"
        else:
            hint = "give another value, or change the template"
        raise TemplateError(f"{_named(dtm.path)} cannot be rendered: {error.message}", hint=hint) from None
    except FormatError as error:
        raise SourceError(f"{_named(dtm.path)} is damaged: {error}", hint="compile the template again") from None


def _named(path: str) -> str:
    return f"template `{path}`" if path else "the template"
