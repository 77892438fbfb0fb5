"""Reading Cline's rules, workflows and skills as people write them.

Diagnostics carry the numbers of the table of Cline's mistakes: CLN01-CLN05, CLN07, CLN08, and GEN01-GEN06.
"""

from __future__ import annotations

import re

from driven.model.activation import ALWAYS, ON_REQUEST, ForPaths
from driven.model.rule import Value
from driven.plugin_kit import is_universal, one_line
from driven_emitters import skill_read
from driven_emitters.reading import Read, canonical_globs, fields, keep, lines_of, split

FILE = ".clinerules"  # a file of that name is one rule; it and a folder cannot both be there
FOLDERS = (".clinerules/", ".cline/rules/", ".cline/")
_EXTENSION = re.compile(r"\.(?:md|markdown|txt)$")
# Front matter as Cline sees it: lines that are exactly `---`, with something between them.
_FRONT = re.compile(r"(?:\ufeff)?---\r?\n[\s\S]*?\r?\n---(?:\r?\n|$)")
_FOREIGN = ("globs", "applyTo", "alwaysApply")


def read(text: str, path: str) -> Read:
    """One file. What its path says it is counts: a rule, a workflow or a skill. Never fails."""
    if path == FILE:
        bom = "\ufeff" if text.startswith("\ufeff") else ""
        found = Read(bom, text[len(bom) :], ALWAYS)
        hint = "rename it to .clinerules/default-rules.md, as the editor does, when more rules are to come"
        found.find("CLN08", 1, "while this file is there, no folder `.clinerules` can be", hint)
        return found
    if is_skill(path):
        return skill_read.read(text, path)
    found, yaml = split(text)
    found.activation = ON_REQUEST if is_workflow(path) else ALWAYS
    if "/" in name(path) and not is_workflow(path):
        found.find("CLN07", 1, "Cline's command line does not read folders below its rules", "move it up")
    if yaml is None:
        return found
    if yaml.strip() and not _FRONT.match(text):
        message = "Cline sees front matter only between lines that are exactly `---`: this is sent as text"
        found.find("CLN04", 1, message, "delete the blanks behind `---`")
        found.tell("front matter", "dropped", "without effect in this form")
    _keys(found, yaml, path)
    return found


def is_rule(path: str) -> bool:
    """Whether a file that the patterns match is one: hooks are programs, and what stands beside a skill is its own."""
    if path.startswith((".clinerules/skills/", ".cline/skills/")):
        return is_skill(path)
    return not path.startswith(".clinerules/hooks/")


def is_skill(path: str) -> bool:
    """Whether a skill, in either of the two folders for them."""
    return path.startswith((".clinerules/skills/", ".cline/skills/")) and path.endswith("/SKILL.md")


def is_workflow(path: str) -> bool:
    """Whether it runs when a person asks for it."""
    return path.startswith((".clinerules/workflows/", ".cline/workflows/"))


def name(path: str) -> str:
    """What the path proposes as the rule's id."""
    if path == FILE:
        return path
    if is_skill(path):
        return skill_read.name(path)
    own = next((path[len(folder) :] for folder in FOLDERS if path.startswith(folder)), path)
    return _EXTENSION.sub("", own.removeprefix("workflows/"))


def _keys(found: Read, front: str, path: str) -> None:
    """Fill in what the keys say."""
    stated = fields(lines_of(front), path)
    seen = not any(code == "CLN04" for code, *_ in found.findings)
    if stated.trouble:
        message = f"{stated.trouble}: the editor sends all of it as text, the command line drops the file"
        found.find("CLN04", stated.line, message, "correct it, or put quotes around the value")
        found.breaks("the front matter is not YAML", stated.line, stated.trouble)
        seen = False
    for key, value, line in stated.items:
        if key == "paths":
            _paths(found, value, line, seen, path)
        elif key == "description":
            found.description = one_line(value if isinstance(value, str) else "" if value is None else str(value))
            found.tell("`description`", "mapped", "Cline does not read it", line)
        else:
            if key in _FOREIGN:
                message = f"`{key}` is another editor's key; Cline reads only `paths`"
                found.find("CLN03", line, message, "write the globs as a list under `paths`")
            if seen and ((key == "disabled" and value is True) or (key == "enabled" and value is False)):
                found.activation = ON_REQUEST
                found.tell(f"`{key}`", "approximated", "switched off: a rule that people ask for", line)
            keep(found, key, value, line)


def _paths(found: Read, value: Value, line: int, seen: bool, path: str) -> None:
    """When the rule holds by `paths`: a list of globs, or else Cline does not look at it."""
    if is_workflow(path) or not seen:
        found.tell("`paths`", "dropped", "without effect here", line)
        return
    if not isinstance(value, list):
        found.find("CLN01", line, "Cline ignores `paths` that is no list: the rule is always on", "make it a list")
        found.tell("`paths`", "dropped", "no list, so without effect", line)
        return
    texts = [item for item in value if isinstance(item, str)]
    globs = canonical_globs(found, texts, line)
    if not value:
        found.find("CLN02", line, "`paths` without a glob: the rule never activates", "fill or delete it")
        found.tell("`paths`", "approximated", "never on: a rule that people ask for", line)
        found.activation = ON_REQUEST
        return
    found.find("CLN05", line, "current builds of Cline may not look at `paths`: then the rule is always on", "")
    if any(is_universal(glob) for glob in globs):
        found.find("GEN06", line, "the globs match everything: the rule is always on", "delete `paths`")
    elif globs:
        found.activation = ForPaths(globs)
    else:
        found.activation = ON_REQUEST
    whole = len(globs) == len(value)
    about = "" if whole else "what is no glob, or stands there twice, is left out"
    found.tell("`paths`", "mapped" if whole else "approximated", about, line)
