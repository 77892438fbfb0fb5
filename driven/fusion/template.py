"""A template: one Markdown file with what it is and asks for above, and the Jinja text that becomes a rule below.

TPL01  the file does not begin with front matter, or does not close it
TPL02  a key of the front matter that is unknown, missing or of the wrong type
TPL03  a variable that cannot be one
TPL04  the file cannot be read, or its name is none
TPL05  a value that changes what the front matter of the rule says beside it
TPL06  the template has no text, or what it gives with these values is none that a rule may have
"""

from __future__ import annotations

from driven.frozen import field, frozen
from driven.fusion.compiling import JINJA, Delimiters
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Value

KINDS = ("persona", "project", "standard", "workflow")
TYPES = ("str", "int", "float", "bool")
MAX_VARIABLES = 100
MAX_CHOICES = 200
MAX_INCLUDES = 50
UNLISTED = ("base/", "partials/")  # what others extend and include, and nobody applies


@frozen
class Variable:
    """What a template asks for, in Copier's words. `default` None: it must be answered; a text may be Jinja.
    `choices` are (label, value); `validator` renders to what is wrong with `value`, "" when nothing is; `when` to
    whether it is asked. Without `multiline` its text is one line."""

    name: str
    type: str = "str"
    help: str = ""
    default: Value = None
    choices: tuple[tuple[str, Value], ...] = ()
    multiselect: bool = False
    validator: str = ""
    when: str = ""
    multiline: bool = False


@frozen
class Template:
    """A template as it was read. `text` is the Jinja text, from line `line` of the file on; `include` names templates
    that are applied with it; `origin` is where it comes from: `project`, or the name of a pack or of a library."""

    name: str
    title: str = ""
    description: str = ""
    kind: str = "standard"
    tags: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    include: tuple[str, ...] = ()
    delimiters: Delimiters = field(default=JINJA)
    text: str = ""
    origin: str = ""
    path: str = ""
    line: int = 1

    @property
    def rule_id(self) -> str:
        """The id of the rule that it becomes, unless somebody wants another."""
        return self.name.rpartition("/")[2]

    @property
    def is_listed(self) -> bool:
        """Whether it is offered: not a part of others."""
        return not self.name.startswith(UNLISTED)


def is_jinja(text: str, delimiters: Delimiters) -> bool:
    """Whether anything in `text` is to be rendered."""
    return any(start in text for start in delimiters.starts)


def parse_template(
    data: bytes, *, path: str, name: str, origin: str = ""
) -> tuple[Template | None, list[Diagnostic]]:  # fmt: skip
    """The template in a file and what there is to say about it; with an error, no template. Never raises.

    `path` is what the findings name. Nothing of Jinja is looked at.
    """
    from driven.fusion.template_reader import Reader

    reader = Reader(data, path, name, origin)
    template = reader.read()
    return (None if any(one.severity == "error" for one in reader.found) else template), reader.found
