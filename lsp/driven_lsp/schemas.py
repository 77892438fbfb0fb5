"""JSON Schemas of `.driven/config.toml` and of a rule's front matter, made from the code that reads them.

    python -m driven_lsp.schemas [FOLDER]      writes config.schema.json and rule.schema.json; here, to editors/schemas

They are draft 7, which every editor knows. What driven accepts they accept; what they refuse, driven refuses too. Of
globs and conditions they see the common mistakes alone.
"""

from __future__ import annotations

import json
import os
import sys

from driven.format.fields import APPLY
from driven.format.fields import KEYS as RULE_NAMES
from driven.model.rule import CATEGORIES, DEFAULT_PRIORITY, KINDS
from driven.project.config import RANGES, SYNC_KEYS, TOP_KEYS, Config
from driven.project.validate_table import VALIDATE_KEYS
from driven_lsp.keys import RULE_KEYS, config_keys, editor_key, extra_keys, option_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from driven.model.target import Target
    from driven_lsp.keys import KeyDoc

    Schema = dict[str, Any]

FOLDER = "editors/schemas"
NAMES = ("config.schema.json", "rule.schema.json")
_DRAFT = "http://json-schema.org/draft-07/schema#"
_CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
# The mistakes in a glob that can be seen without reading its braces and classes.
_GLOB = (
    rf"^[ \t]*(?:\./+)*(?!\./|!|/|~(?:/|[ \t]*$)|[A-Za-z]:)(?!(?:.*/)?\.\.(?:/|[ \t]*$))(?!.*//)(?!.*/[ \t]*$)"
    rf"(?!(?:.*/)?\*\*[A-Za-z0-9._-])[ \t]*[^ \t\\{_CONTROL}][^\\\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]*$"
)
_GLOBS = (  # of a text with commas; one in braces may be a part of a glob
    r"^(?!(?:[^{}\[\]]*,)?\s*(?:/|!|[A-Za-z]:))(?!\s*\.\.(?:/|\s*,|\s*$))"
    r"(?![^{}\[\]]*(?:,\s*|/)\.\.(?:/|\s*,|\s*$))[\s\S]*[^\s,]"
)
_PATH = (  # inside the project, and neither git's nor driven's own
    r"^(?!\.[Gg][Ii][Tt](?:/|$))(?!\.[Dd][Rr][Ii][Vv][Ee][Nn](?:/|$))(?!(?:.*/)?\.\.?(?:/|$))(?![^/]*:)"
    rf"[^/\\{_CONTROL}]+(?:/[^/\\{_CONTROL}]+)*$"
)
# `patternErrorMessage`: what VS Code and yaml-language-server say instead of the expression.
_SAYS_GLOB = "globs are relative to the project root: `src/**/*.py`"
_SAYS_CODE = "a code is `CUR14`, or `CUR` for all that begin so"
_CODES = {
    "type": "array",
    "items": {"type": "string", "pattern": "^[A-Z]{3}[0-9]{0,3}$", "patternErrorMessage": _SAYS_CODE},
}


def config_schema(targets: Mapping[str, Target]) -> Schema:
    """Of `.driven/config.toml`, with the editors of these `targets`."""
    tables = {
        "version": {"type": "integer", "const": 1},
        "editors": _table({name: _editor(target) for name, target in sorted(targets.items())}),
        "sync": _table({name: _sync(name) for name in SYNC_KEYS}),
        "validate": _table({name: _validate(name) for name in VALIDATE_KEYS}),
    }
    return {
        "$schema": _DRAFT,
        "$comment": "Made from the code of driven by `python -m driven_lsp.schemas`; not to be edited.",
        "title": "driven: .driven/config.toml",
        "description": "Which editors driven writes rule files for, and how they are kept in step.",
        **_table({name: {**_told(config_keys(())[name]), **tables[name]} for name in TOP_KEYS}),
    }


def rule_schema(targets: Mapping[str, Target]) -> Schema:
    """Of the front matter of a rule in `.driven/rules`."""
    made = {
        "description": {"type": ["string", "null"]},
        "apply": _choice(RULE_KEYS["apply"], APPLY, may_be_empty=True),
        "paths": {
            "type": ["array", "string", "null"],
            "minItems": 1,
            "items": {"type": "string", "pattern": _GLOB, "patternErrorMessage": _SAYS_GLOB},
            "pattern": _GLOBS,
            "patternErrorMessage": _SAYS_GLOB,
        },
        "kind": {**_choice(RULE_KEYS["kind"], KINDS, may_be_empty=True), "default": "standard"},
        "category": {**_choice(RULE_KEYS["category"], CATEGORIES, may_be_empty=True), "default": "custom"},
        "priority": {"type": ["integer", "null"], "minimum": 0, "maximum": 255, "default": DEFAULT_PRIORITY},
        "targets": {"type": ["array", "null"], "items": _target(targets)},
        "tags": {
            "type": ["array", "null"],
            "items": {"type": "string", "pattern": rf"^[^ {_CONTROL}](?:[^{_CONTROL}]*[^ {_CONTROL}])?$"},
        },
        "when": {"type": ["string", "null"]},
        "extra": {
            "type": ["object", "null"],
            "propertyNames": {"pattern": "^[a-z0-9-]+$"},
            "properties": {name: _extra(name, target) for name, target in sorted(targets.items())},
            "additionalProperties": {"type": "object"},
        },
    }
    return {
        "$schema": _DRAFT,
        "$comment": "Made from the code of driven by `python -m driven_lsp.schemas`; not to be edited.",
        "title": "driven: the front matter of a rule in .driven/rules",
        "description": "When a rule holds, for which files and editors. Every key is optional.",
        "type": ["object", "null"],
        "properties": {name: {**_told(RULE_KEYS[name]), **made[name]} for name in RULE_NAMES},
        "additionalProperties": False,
        "if": {"properties": {"apply": {"const": "paths"}}, "required": ["apply"]},
        "then": {"properties": {"paths": {"type": ["array", "string"]}}, "required": ["paths"]},
    }


def write(folder: str, targets: Mapping[str, Target]) -> list[str]:
    """Write both; the paths of those that changed."""
    made = dict(zip(NAMES, (config_schema(targets), rule_schema(targets)), strict=True))
    changed = []
    os.makedirs(folder, exist_ok=True)
    for name, schema in made.items():
        path = os.path.join(folder, name)
        text = rendered(schema)
        try:
            with open(path, encoding="utf-8", newline="") as file:
                if file.read() == text:
                    continue
        except FileNotFoundError:
            pass
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        changed.append(path)
    return changed


def rendered(schema: Schema) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _table(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _told(key: KeyDoc) -> Schema:
    """What an editor shows of a key."""
    return {"description": f"{key.doc} Takes {key.takes}." + (f" Without it: {key.default}." if key.default else "")}


def _choice(key: KeyDoc, words: Sequence[str], *, may_be_empty: bool = False) -> Schema:
    """One of some words, with what each means. `may_be_empty`: a key without a value counts as not written."""
    made: Schema = {"enum": [*words, *([None] if may_be_empty else ())]}
    says = [key.values.get(word, "") for word in words]
    if any(says):
        made["enumDescriptions"] = [*says, *(["as without the key"] if may_be_empty else ())]  # VS Code's JSON service
        made["x-taplo"] = {"docs": {"enumValues": made["enumDescriptions"]}}
    return made


def _target(targets: Mapping[str, Target]) -> Schema:
    """An editor: one that is known is proposed, any that could be one is taken."""
    names = [sign + name for sign in ("", "-") for name in sorted(targets)]
    return {"anyOf": [{"enum": names}, {"type": "string", "pattern": "^[-!]?[a-z0-9][a-z0-9-]*$"}]}


def _extra(name: str, target: Target) -> Schema:
    keys: Schema = {}
    for key in extra_keys(name).values():
        keys[key.name] = _told(key)
        if key.values:
            keys[key.name]["examples"] = list(key.values)
    return {"description": f"Keys of {target.title} alone.", "type": "object", "properties": keys}


def _editor(target: Target) -> Schema:
    options: Schema = {}
    for name, choices in target.allowed.items():
        key = option_key(name, target.title, target.options[name], choices)
        takes: Schema = _choice(key, choices) if choices else {"type": "string", "pattern": _PATH}
        options[name] = {**_told(key), **takes, "default": target.options[name]}
    return {**_told(editor_key(target.name, target.title)), **_table(options), "type": ["boolean", "object"]}


def _sync(name: str) -> Schema:
    key = config_keys(("sync",))[name]
    wanted: Any = SYNC_KEYS[name]
    made: Schema
    if isinstance(wanted, tuple):
        made = _choice(key, wanted)
    elif wanted is bool:
        made = {"type": "boolean"}
    else:
        made = {"type": "integer"}
        if name in RANGES:
            made["minimum"], made["maximum"], _ = RANGES[name]
    return {**_told(key), **made, "default": getattr(Config(), name)}


def _validate(name: str) -> Schema:
    made: dict[str, Schema] = {
        "select": _CODES,
        "ignore": _CODES,
        "per_path_ignores": {"type": "object", "propertyNames": {"pattern": _GLOB}, "additionalProperties": _CODES},
        "baseline": {"type": "string"},
        "strict": {"type": "boolean", "default": False},
    }
    return {**_told(config_keys(("validate",))[name]), **made[name]}


def main(args: Sequence[str]) -> int:
    """Write the schemas, with the editors of all plugins that are installed."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    folder = args[0] if args else os.path.join(here, FOLDER)
    if len(args) > 1 or (not args and not os.path.isdir(os.path.join(here, "editors"))):
        sys.stderr.write("python -m driven_lsp.schemas FOLDER: say where to write the schemas\n")
        return 2
    from driven.registry import load

    targets = {name: emitter.target for name, emitter in load().emitters.items()}
    for path in write(folder, targets):
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
