"""Reading Cursor's .mdc files as people write them: lenient, every oddity a diagnostic, the layout remembered.

Diagnostics carry the numbers of the table of Cursor's mistakes: CUR02-CUR13, and GEN01-GEN04.
"""

from __future__ import annotations

import re

from driven.model.activation import ALWAYS, ForPaths, WhenRelevant
from driven.model.rule import Value
from driven.plugin_kit import is_universal, one_line
from driven_emitters.reading import Read, below, canonical_globs, fields, glob_patterns, keep, lines_of, split

LEGACY = ".cursorrules"
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?[ \t]*(?:#.*)?$")
_NAMES = {"path": "globs", "paths": "globs", "glob": "globs", "applyTo": "globs", "trigger": "alwaysApply"}
# What may be odd about the way in which globs stand there: code, message, hint.
_FORMS = {
    "list": ("CUR03", "Cursor reads `globs` as one comma-separated text; a list may match nothing",
             "join the globs with `,`"),
    "quoted": ("CUR02", "quotes can become part of the pattern in Cursor", "write globs without quotes"),
    "spaced": ("CUR04", "a blank after the comma is reported to stop matching", "join the globs with `,` alone"),
    "braces": ("CUR05", "some builds of Cursor split at the comma inside braces", "write the alternatives out"),
}  # fmt: skip


def read(text: str, path: str) -> Read:
    """One file. `path` matters where the file stands in a directory's own .cursor/rules. Never fails."""
    if path == LEGACY:
        found = Read("", text.removeprefix("\ufeff"), ALWAYS)
        found.find(
            "CUR13", 1, "a legacy file, which agents are reported not to load", "delete it once the rule is imported"
        )
        if not found.body.strip():
            found.find("GEN03", 1, "there is no text in the file", "write the rule, or delete it")
        return found
    found, yaml = split(text)
    if yaml is None:
        what = "is never closed" if found.broken else "is missing"
        hint = found.broken_hint or "begin with `---`, `alwaysApply: true`, `---`"
        message = f"the front matter {what}: Cursor loads this only when asked for"
        found.findings.insert(0, ("CUR10", 1, message, hint))
        found.breaks(f"the front matter {what}", 1, hint)
    else:
        _keys(found, yaml, path)
    return found


def name(path: str) -> str:
    """What the path proposes as the rule's id."""
    folder = _folder(path)
    own = path[len(folder) :].lstrip("/").removeprefix(".cursor/rules/").removesuffix(".mdc")
    return f"{folder}/{own}" if folder else own


def _folder(path: str) -> str:
    """The directory whose .cursor/rules the file stands in, `""` for the project's own."""
    return "" if path == LEGACY else path[: path.find(".cursor/rules/")].rstrip("/")


def _keys(found: Read, front: str, path: str) -> None:
    """Fill in what the keys say."""
    lines = lines_of(front)
    stated = glob_patterns(lines, "globs")
    for form, (code, message, hint) in _FORMS.items():
        if form in stated.forms:
            found.find(code, stated.line, message, hint)
    if "unclosed" in stated.forms:
        found.breaks("the front matter has a quote that is never closed", stated.line, "close it")
    always: Value = None
    others = fields(lines, path)
    if not others.plain:
        found.breaks("the front matter has a line that is no `key: value`", others.line, "correct it")
    for key, value, line in others.items:
        if key == "description":
            if line - 2 < len(lines) and _BLOCK.fullmatch(lines[line - 2].partition(":")[2].strip(" \t")):
                message = "a description of several lines is not read by Cursor's simple reader"
                found.find("CUR12", line, message, "write it on one line")
            found.description = one_line(value if isinstance(value, str) else "" if value is None else str(value))
            found.tell("`description`", "mapped", "", line)
        elif key == "alwaysApply":
            always = value
            if isinstance(value, bool) or value is None:
                found.tell("`alwaysApply`", "mapped", "", line)
            else:
                message = "`alwaysApply` is not true or false without quotes: the rule is not always applied"
                found.find("CUR06", line, message, "write `alwaysApply: true`")
                found.tell("`alwaysApply`", "dropped", "not true or false, so without effect", line)
        else:
            hint = f"write `{_NAMES[key]}`" if key in _NAMES else "delete it, or keep it: it is written back"
            found.find("CUR11", line, f"`{one_line(key)}` is not a Cursor key and has no effect", hint)
            keep(found, key, value, line)
    globs = canonical_globs(found, stated.patterns, stated.line)
    if stated.line:
        what = "without effect beside `alwaysApply: true`" if always is True and globs else ""
        found.tell("`globs`", "dropped" if what else "mapped", what, stated.line)
    if always is True:
        if globs:
            message = "`globs` are ignored when `alwaysApply` is true"
            found.find("CUR07", stated.line, message, "remove one of the two")
        found.activation = ALWAYS
    elif any(is_universal(glob) for glob in globs):
        found.activation = ALWAYS
    elif globs:
        found.activation = ForPaths(globs)
    elif found.description:
        found.activation = WhenRelevant(found.description)
    found.activation = below(_folder(path), found.activation)
