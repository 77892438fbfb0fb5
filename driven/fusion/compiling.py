"""Compiles a template, written in Jinja, to the bytes of a `.dtm`; and renders it by Jinja2 itself, for comparison.

Jinja2 parses; `compiling_units` and what stands beside it turn its tree into code. docs/dtm.md says which part of the
language compiles. Jinja2 is imported when a template is compiled, never when one is rendered.
"""

from __future__ import annotations

from driven.errors import DrivenError, TemplateError
from driven.frozen import frozen
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment

INSTALL = 'install it: `pip install "driven[templates]"`'
COMPILER = 1  # counts up whenever the same source compiles to other bytes: a part of the key of every cached one


@frozen
class Delimiters:
    """What marks the parts of a template; the names are those of Copier's `_envops`."""

    block_start_string: str = "{%"
    block_end_string: str = "%}"
    variable_start_string: str = "{{"
    variable_end_string: str = "}}"
    comment_start_string: str = "{#"
    comment_end_string: str = "#}"

    @property
    def marks(self) -> tuple[str, ...]:
        """All six, in the order of `ENVOPS`."""
        return tuple(getattr(self, name) for name in ENVOPS)

    @property
    def starts(self) -> tuple[str, str, str]:
        """What a statement, an expression and a comment begin with."""
        return self.block_start_string, self.variable_start_string, self.comment_start_string


ENVOPS = tuple(Delimiters.__annotations__)  # their names, in this order
JINJA = Delimiters()


def compile_template(
    source: str,
    *,
    name: str,
    load: Callable[[str], str] | None = None,
    delimiters: Delimiters = JINJA,
    meta: bytes = b"",
) -> bytes:
    """The `.dtm` of a template. The same source (and what it includes) gives the same bytes.

    `name` is for messages. `load(name)` gives the source of an included or extended template, and raises KeyError or a
    DrivenError for one that is not there; it is inlined. TemplateError for what does not compile, with its line.
    """
    environment = environment_of(delimiters, None)
    from driven.core._rt import FormatError
    from driven.core.dtm_layout import MAX_FILE
    from driven.fusion.compiling_units import Compiler
    from driven.fusion.dtm_file import sealed

    try:
        return sealed(Compiler(environment, load).compile(source, name, meta))
    except RecursionError:
        raise TemplateError(
            f"template `{name}` is nested too deeply", hint="take a part of it into a variable by `set`"
        ) from None
    except UnicodeEncodeError:
        raise TemplateError(
            f"template `{name}` is not text: it holds half of a character", hint="save it as UTF-8"
        ) from None
    except FormatError as error:
        raise TemplateError(
            f"template `{name}` is too large: {error.message}",
            hint=f"a compiled template has {MAX_FILE:,} bytes at most: divide it",
        ) from None


def reference_render(
    source: str,
    values: Mapping[str, object],
    *,
    name: str = "template",
    load: Callable[[str], str] | None = None,
    delimiters: Delimiters = JINJA,
) -> str:
    """The text of a template by Jinja2 itself, with the same settings. TemplateError for whatever goes wrong."""
    environment = environment_of(delimiters, load)
    from jinja2 import TemplateError as JinjaError

    try:
        return environment.from_string(source).render(values)
    except JinjaError as error:
        raise TemplateError(
            f"Jinja2: {error.message}", span=Span(path=name, line=getattr(error, "lineno", 1))
        ) from None
    except DrivenError:
        raise
    except Exception as error:  # a filter raises whatever Python does
        raise TemplateError(f"Jinja2: {error}", span=Span(path=name)) from None


def has_jinja() -> bool:
    """Whether Jinja2 is installed. It is not imported for that."""
    from importlib.util import find_spec

    try:
        return find_spec("jinja2") is not None
    except ValueError:  # what stands in its place is no module
        return False


def environment_of(delimiters: Delimiters, load: Callable[[str], str] | None) -> Environment:
    """Jinja2 as templates are read with it. TemplateError where it is not installed."""
    try:
        from jinja2 import FunctionLoader, StrictUndefined, TemplateNotFound
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        raise TemplateError("templates are compiled by Jinja2, which is not installed", hint=INSTALL) from None

    def found(name: str) -> str:
        if load is None:
            raise TemplateNotFound(name)
        try:
            return load(name)
        except KeyError:
            raise TemplateNotFound(name) from None

    try:
        environment = ImmutableSandboxedEnvironment(
            block_start_string=delimiters.block_start_string,
            block_end_string=delimiters.block_end_string,
            variable_start_string=delimiters.variable_start_string,
            variable_end_string=delimiters.variable_end_string,
            comment_start_string=delimiters.comment_start_string,
            comment_end_string=delimiters.comment_end_string,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=StrictUndefined,
            autoescape=False,
            loader=FunctionLoader(found),
            cache_size=0,
        )
    except AssertionError as error:
        raise TemplateError(
            f"delimiters that cannot be told apart: {error}", hint="block, variable and comment start differently"
        ) from None
    numbers = environment.globals["range"]
    environment.globals.clear()
    environment.globals["range"] = numbers
    return environment
