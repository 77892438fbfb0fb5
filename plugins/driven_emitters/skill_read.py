"""Skills, <folder>/<name>/SKILL.md, read: the mirror of `shared.skill`.

https://agentskills.io/specification (verified 2026-11-21): `name` <= 64 of [a-z0-9-] and equal to the folder's name,
`description` <= 1,024 characters; other files may stand beside SKILL.md, which names them.
"""

from __future__ import annotations

import re

from driven.model.activation import ON_REQUEST, WhenRelevant
from driven.plugin_kit import first_heading, one_line
from driven_emitters.layout import Read
from driven_emitters.reading import fields, keep, lines_of, split
from driven_emitters.shared import SKILL_DESCRIPTION_MAX, SKILL_NAME, SKILL_NAME_MAX

_BESIDE = re.compile(r"(?:\]\(|`)((?:\./)?(?:scripts|references?|assets|templates|examples|resources)/[^\s)`#]+)")


def name(path: str) -> str:
    """What the path proposes as the rule's id: the name of the folder."""
    return path.split("/")[-2]


def read(text: str, path: str) -> Read:
    """One SKILL.md: for the model by its description, or with `disable-model-invocation: true` for people. Never
    fails. Findings SKL01-SKL03."""
    found, yaml = split(text)
    folder = name(path)
    named = ""
    manual = False
    if yaml is None:
        why = found.broken or "the front matter is missing"
        found.breaks(why, 1, found.broken_hint or "begin with `---`, `name: …`, `description: …`, `---`")
        found.find("SKL02", 1, f"{why}: the skill may be skipped", found.broken_hint)
    else:
        keys = fields(lines_of(yaml), path)
        if keys.trouble:
            found.find("SKL02", keys.line, f"{keys.trouble}: the skill may be skipped", "correct the front matter")
            found.breaks(keys.trouble, keys.line, "correct the front matter")
        for key, value, line in keys.items:
            if key == "name":
                named = value if isinstance(value, str) else str(value)
                found.tell("`name`", "mapped", "", line)
            elif key == "description":
                found.description = one_line(value if isinstance(value, str) else "" if value is None else str(value))
                found.tell("`description`", "mapped", "", line)
            elif key == "disable-model-invocation" and isinstance(value, bool):
                manual = value
                found.tell("`disable-model-invocation`", "mapped", "", line)
            else:
                keep(found, key, value, line)
        if named != folder or len(named) > SKILL_NAME_MAX or not re.fullmatch(SKILL_NAME, named):
            message = f"`name` is not `{folder}`" if named else "there is no `name`"
            if named == folder:
                message = f"`name` is not of at most {SKILL_NAME_MAX} characters a-z, 0-9 and single hyphens"
            found.find("SKL01", 2, f"{message}: the skill may be skipped", "call both the folder and the skill so")
        if not found.description:
            found.find("SKL02", 2, "there is no description: no model can choose the skill", "say when it is of use")
        elif len(found.description) > SKILL_DESCRIPTION_MAX:
            message = (
                f"the description has {len(found.description):,} characters, at most {SKILL_DESCRIPTION_MAX:,} are read"
            )
            found.find("SKL02", 2, message, "make it shorter")
    _beside(found, path)
    if not found.description:
        found.description = first_heading(found.body) or " ".join(folder.split("-")).capitalize()
        found.tell("`description`", "approximated", "there is none: the first heading, or the name")
    found.activation = ON_REQUEST if manual else WhenRelevant(found.description)
    return found


def _beside(found: Read, path: str) -> None:
    files = list(dict.fromkeys([match[1] for match in _BESIDE.finditer(found.body)]))
    if files:
        shown = ", ".join([f"`{one_line(file)[:60]}`" for file in files[:3]]) + (", …" if len(files) > 3 else "")
        message = f"{shown}: files beside the skill stay where they are, and only its text goes to other editors"
        found.find("SKL03", 1, message, "name them by their path from the project root")
        found.tell("files of the skill", "approximated", f"they stay in `{path.removesuffix('SKILL.md')}`")
