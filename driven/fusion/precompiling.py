"""Templates compiled before they are asked for: the `.dtm` that goes beside a file, in a wheel or in a pack.

Its meta is JSON: `uses`, name -> digest of each text that it is made of ("" for its own), by which who opens it knows
whether it is that of the file beside it; and `parts`, the small texts of its variables -> each compiled, in Base64.
"""

from __future__ import annotations

import os

from driven.errors import TemplateError
from driven.fusion.compiling import compile_template
from driven.fusion.shelf import COMPILED, TemplateFolder
from driven.fusion.template import Template, is_jinja, parse_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

META = 1  # version of what the meta says


def compile_folder(folder: str, target: str = "") -> list[str]:
    """Write the `.dtm` of every template in `folder` beside it, or at the same place below `target`; their paths.

    What others include or extend is compiled into those, and by itself is nothing. TemplateError or SourceError names
    the first one that cannot be compiled.
    """
    shelf = TemplateFolder("folder", folder)
    templates = {}
    for name in shelf.names():
        made, found = parse_template(shelf.read(name), path=shelf.path(name), name=name)
        if made is None:
            wrong = next(one for one in found if one.severity == "error")
            raise TemplateError(f"the template `{name}`: {wrong.message}", hint=wrong.hint, span=wrong.span)
        templates[name] = made

    def load(name: str) -> Template:
        if name not in templates:
            raise TemplateError(f"there is no template `{name}` in `{folder}`", hint="`include` names one without .md")
        return templates[name]

    written = []
    for name, one in templates.items():
        if one.is_listed:
            path = os.path.join(target or folder, *name.split("/")) + COMPILED
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(compile_document(one, load))
            written.append(path)
    return written


def compile_document(template: Template, load: Callable[[str], Template]) -> bytes:
    """The `.dtm` of a template as it goes beside its file. `load` gives those that it includes or extends.

    TemplateError for what does not compile, DrivenError where Jinja2 is missing.
    """
    import json
    from base64 import b64encode

    uses = {"": digest_of(template)}

    def source(name: str) -> str:
        found = load(name)
        uses[name] = digest_of(found)
        return found.text

    parts = {}
    for text in small_texts(template):
        made = compile_template(text, name=template.name, load=source, delimiters=template.delimiters)
        parts[text] = b64encode(made).decode()
    compile_template(template.text, name=template.name, load=source, delimiters=template.delimiters)  # fills `uses`
    meta = json.dumps({"version": META, "uses": uses, "parts": parts}, sort_keys=True).encode()
    return compile_template(
        template.text, name=template.name, load=source, delimiters=template.delimiters, meta=meta
    )  # fmt: skip


def small_texts(template: Template) -> list[str]:
    """The texts of its variables that are rendered."""
    found: dict[str, None] = {}
    for one in template.variables:
        defaults = one.default if isinstance(one.default, list) else [one.default]
        for text in (*defaults, one.validator, one.when):
            if isinstance(text, str) and is_jinja(text, template.delimiters):
                found[text] = None
    return list(found)


def digest_of(template: Template) -> str:
    """Of all that its compiled form depends on."""
    from blake3 import blake3

    said = "\0".join((*template.delimiters.marks, template.text))
    return blake3(said.encode("utf-8", "surrogatepass")).hexdigest()
