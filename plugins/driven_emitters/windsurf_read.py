"""Reading the rules of Windsurf, now Devin Desktop, as people write them.

Diagnostics carry the numbers of the table of Windsurf's mistakes: WND01-WND09, and GEN01-GEN06.
"""

from __future__ import annotations

from collections.abc import Mapping

from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Value
from driven.plugin_kit import is_universal, one_line
from driven_emitters.reading import (
    Globs,
    Read,
    below,
    canonical_globs,
    fields,
    finding,
    glob_patterns,
    keep,
    lines_of,
    split,
)

LEGACY = ".windsurfrules"
LIMIT = 12_000  # characters of one file
LEGACY_LIMIT = 6_000
_TRIGGERS = ("always_on", "model_decision", "glob", "manual")
_FOREIGN = {"alwaysApply": "trigger: always_on", "applyTo": "trigger: glob", "paths": "trigger: glob"}


def read(text: str, path: str) -> Read:
    """One file. `path` matters where the file stands in a directory's own rules. Never fails."""
    if path == LEGACY:
        found = Read("", text.removeprefix("\ufeff"), ALWAYS)
        found.find("WND07", 1, "a legacy file", "delete it once it is imported: the rule moves to .windsurf/rules")
        if len(text) > LEGACY_LIMIT:
            found.find("WND06", 1, f"text after {LEGACY_LIMIT:,} characters is not seen", "make it shorter")
        if not found.body.strip():
            found.find("GEN03", 1, "there is no text in the file", "write the rule, or delete it")
        return found
    found, yaml = split(text)
    hint = "begin with `---`, `trigger: always_on`, `---`"
    if yaml is None:
        found.find("WND01", 1, "no `trigger`: what the editor makes of that is not documented", hint)
        found.activation = ALWAYS
        found.breaks(found.broken or "the front matter is missing", 1, found.broken_hint or hint)
    else:
        _keys(found, yaml, path)
    if len(text) > LIMIT:
        found.find("WND05", 1, f"{len(text):,} characters; the rest after {LIMIT:,} may be cut", "split it")
    folder, own = _parts(path)
    if "/" in own:
        place = path[: -len(own)]
        message = f"only files directly in {place} are read"
        found.find("WND09", 1, message, f"move it up, or to {_up(path, own)}")
    found.activation = below(folder, found.activation)
    return found


def name(path: str) -> str:
    """What the path proposes as the rule's id."""
    folder, own = _parts(path)
    own = own.removesuffix(".md")
    return f"{folder}/{own}" if folder else own


def doubled(places: Mapping[str, str]) -> list[Diagnostic]:
    """WND08: files of one name in .windsurf/rules and .devin/rules, both of which are read."""
    first: dict[tuple[str, str], str] = {}
    found: list[Diagnostic] = []
    for rule_id, path in places.items():
        other = first.setdefault(_parts(path), path)
        if other != path and path != LEGACY:
            message = f"`{other}` has the same name, and the editor reads both"
            found.append(finding("WND08", "warning", path, message, "delete one of the two", rule_id=rule_id))
    return found


def _parts(path: str) -> tuple[str, str]:
    """The directory whose rules these are (`""`: the project's own), and the path below `rules/`."""
    for tool in (".windsurf/rules/", ".devin/rules/"):
        top, found, own = f"/{path}".partition(f"/{tool}")
        if found:
            return top.lstrip("/"), own
    return "", path


def _up(path: str, own: str) -> str:
    tool = ".devin/rules/" if "/.devin/rules/" in f"/{path}" else ".windsurf/rules/"
    return f"{path[: -len(own) - len(tool)]}{own.rpartition('/')[0]}/{tool}"


def _keys(found: Read, front: str, path: str) -> None:
    """Fill in what the keys say."""
    lines = lines_of(front)
    stated = glob_patterns(lines, "globs")
    wrong = glob_patterns(lines, "glob")
    if wrong.line:
        found.find("WND03", wrong.line, "the key is `globs`: as `glob` it may never activate the rule", "write `globs`")
        if not stated.patterns:
            stated = wrong
    if "unclosed" in stated.forms:
        found.breaks("the front matter has a quote that is never closed", stated.line, "close it")
    others = fields(lines, path)
    if others.trouble:
        found.breaks("the front matter is not YAML", others.line, others.trouble)
    trigger: Value = None
    at = 1
    for key, value, line in others.items:
        if key == "trigger":
            trigger, at = value, line
            known = value in _TRIGGERS
            about = "" if known else f"`{one_line(str(value))[:40]}` is none of {', '.join(_TRIGGERS)}"
            found.tell("`trigger`", "mapped" if known else "approximated", about, line)
        elif key == "description":
            found.description = one_line(value if isinstance(value, str) else "" if value is None else str(value))
            found.tell("`description`", "mapped", "", line)
        else:
            if key in _FOREIGN:
                message = f"`{key}` is another editor's key; Windsurf uses `trigger`"
                found.find("WND02", line, message, f"write `{_FOREIGN[key]}`")
            keep(found, key, value, line)
    globs = canonical_globs(found, stated.patterns, stated.line)
    if stated.line:
        unused = trigger in _TRIGGERS and trigger != "glob"
        what = f"without effect beside `trigger: {trigger}`" if unused else ""
        found.tell("`globs`", "dropped" if what else "mapped", what, stated.line)
    found.activation = _activation(found, trigger, at, globs, stated)


def _activation(found: Read, trigger: Value, at: int, globs: tuple[str, ...], stated: Globs) -> Activation:
    match trigger:
        case "always_on":
            return ALWAYS
        case "manual":
            return ON_REQUEST
        case "model_decision":
            if found.description:
                return WhenRelevant(found.description)
            found.find("WND04", at, "without a description the model never loads the rule", "write `description`")
            return ON_REQUEST
        case "glob":
            if not globs:
                found.find("WND03", at, "without `globs` the rule never activates", "write `globs`")
                return ON_REQUEST
        case _:
            what = "no `trigger`" if trigger is None else f"`trigger: {one_line(str(trigger))[:40]}` is unknown"
            hint = "write `trigger:` with " + ", ".join(_TRIGGERS[:-1]) + f" or {_TRIGGERS[-1]}"
            found.find("WND01", at, f"{what}: what the editor makes of that is not documented", hint)
            if not globs:
                return ALWAYS
    if any(is_universal(glob) for glob in globs):
        found.find("GEN06", stated.line, "the globs match everything: the rule is always on", "use `always_on`")
        return ALWAYS
    return ForPaths(globs)
