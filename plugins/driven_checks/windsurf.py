"""Windsurf's rules, now Devin Desktop's: what says when a rule is active.

Vendor facts, verified 2026-11-21: docs.devin.ai/desktop/cascade/memories and docs.devin.ai/cli/extensibility/rules (the
values of `trigger`). A rule without one is manual for Windsurf (intellectronica/ruler#178, github/spec-kit#1201); the
CLI infers glob or model_decision from the other keys (skillsaw's devin-rules-valid). How much of a file is read, and
from where: `windsurf_files.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Key, Repair, file_check
from driven.plugin_kit import is_universal, one_line
from driven_checks.globs import patterns
from driven_checks.keys import is_empty, is_shifted, line_end, removal, stands_alone, value_bounds, word

DOCS = "https://docs.devin.ai/desktop/cascade/memories"
CLI = "https://docs.devin.ai/cli/extensibility/rules"
VERIFIED = "2026-11-21"

TRIGGERS = ("always_on", "model_decision", "glob", "manual")
KNOWN = frozenset((*TRIGGERS, "agent"))  # the CLI has one more
MEANT = {
    "always": "always_on", "alwayson": "always_on", "always_apply": "always_on", "globs": "glob",
    "modeldecision": "model_decision", "model": "model_decision",
}  # fmt: skip
FOREIGN = ("alwaysApply", "applyTo", "paths")
NAMES = "`always_on`, `model_decision`, `glob` or `manual`"


def is_rule(document: Document) -> bool:
    """Whether the editor reads the file as a rule; a README beside the rules is for people."""
    return document.name[-3:] == ".md" and not document.name.lower().startswith("readme")


@file_check(
    "WND01", "a rule without a `trigger` that the editor knows", "windsurf/rule",
    why="`trigger` says when a rule is active. Without one the rule stays manual: it loads only when a person names it."
    " With another word in its place the editor has nothing to go by.",
    url="https://github.com/PIsberg/vibetags/issues/683", verified=VERIFIED,
    bad="trigger: always", good="trigger: always_on", fix="unsafe",
)  # fmt: skip
def known_trigger(document: Document) -> Iterator[Finding]:
    key = document.key("trigger")
    if key is not None and isinstance(key.value, str) and key.value in KNOWN:
        return
    if not is_rule(document) or not document.text.strip():
        return
    front = document.front
    if key is not None and not is_empty(key):
        yield from _unknown(document, key)
        return
    if front is not None and any(_foreign(each) for each in front.keys):
        return  # WND02: it says more
    start, end = (0, 0) if key is None else (key.start, key.end)
    if front is not None and front.end < 0:
        if "\ntrigger:" in document.text[:4_096]:
            yield Finding(
                message="the front matter is never closed: `trigger` is not read, and the rule never loads by itself",
                hint="put a line `---` below the keys",
            )  # fmt: skip
            return
        front = None
    if front is None and is_shifted(document):
        return
    meant, source = _inferred(document)
    message = "without `trigger` the rule is manual: it never loads by itself"
    if source:
        message = f"without `trigger` only the CLI goes by `{source}`; in the editor the rule may never load"
    yield Finding(
        message=message, start=start, end=end, hint=f"write `trigger: {meant}`, or another of {NAMES}",
        severity="warning" if source else None, repair=_with_trigger(document, key, meant),
    )  # fmt: skip


@file_check(
    "WND02", "another editor's key in place of `trigger`", "windsurf/rule",
    why="`alwaysApply` is Cursor's, `applyTo` Copilot's, `paths` Claude Code's. Windsurf reads `trigger` and `globs`,"
    " so the rule is not active when its author thinks it is.",
    url="https://github.com/PIsberg/vibetags/issues/683", verified=VERIFIED,
    bad="alwaysApply: true", good="trigger: always_on", fix="unsafe",
)  # fmt: skip
def foreign_keys(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None:
        return
    wrong = [key for key in front.keys if key.name in FOREIGN]
    if not wrong or not is_rule(document):
        return
    trigger = front.get("trigger")
    stated = "" if trigger is None else word(document, trigger)
    globs = front.get("globs")
    has_globs = globs is not None and not is_empty(globs)
    scoped = next((key for key in wrong if key.name != "alwaysApply" and not is_empty(key)), None)
    for key in wrong:
        owner = {"alwaysApply": "Cursor", "applyTo": "Copilot", "paths": "Claude Code"}[key.name]
        alone = stands_alone(document, key)
        repair = None
        if stated == "glob" and not has_globs and key is scoped:
            hint = "call it `globs`"
            if alone and globs is None and _is_texts(key):
                edit = Edit(start=key.start, end=key.end, text="globs")
                repair = Repair(title="Rename it to `globs`", edits=(edit,), safe=True)
        elif stated:
            hint = f"delete `{key.name}`: `trigger: {one_line(stated[:40])}` says when the rule is active"
            agrees = word(document, key) != "true" or stated == "always_on"
            if alone and agrees and (key.name == "alwaysApply" or is_empty(key)):
                repair = Repair(title=f"Delete `{key.name}`", edits=(removal(document, key),), safe=True)
        elif key.name == "alwaysApply":
            repair, hint = _always(document, key, has_globs, scoped)
        elif key is scoped and not has_globs:
            hint = "write `trigger: glob`, and call this key `globs`"
            always = front.get("alwaysApply")
            if alone and globs is None and _is_texts(key) and (always is None or word(document, always) != "true"):
                text = f"trigger: glob{line_end(document)}globs"
                edit = Edit(start=key.start, end=key.end, text=text)
                repair = Repair(title="Write `trigger: glob` with `globs`", edits=(edit,), safe=True)
        else:
            hint = f"delete `{key.name}`, and write `trigger: glob` with `globs`"
        if trigger is not None and not stated:
            repair = None  # a key of that name is there, and a second one would be worse
        if not stated:
            effect = "Windsurf uses `trigger`, and the rule is not active as meant"
        elif stated == "glob" and not has_globs and key is scoped:
            effect = "Windsurf reads `globs`, and the rule never activates"
        else:
            effect = "it has no effect beside `trigger`"
        yield Finding(
            message=f"`{key.name}` is a key of {owner}; {effect}", start=key.start, end=key.end, hint=hint,
            severity="warning" if effect[:2] == "it" else None, repair=repair,
        )  # fmt: skip


@file_check(
    "WND03", "`trigger: glob` without `globs`", "windsurf/rule",
    why="A rule with `trigger: glob` is active for files that its `globs` match. Without them, or with a key `glob`, it"
    " matches no file and never loads.",
    url=DOCS, verified=VERIFIED, bad="trigger: glob\nglob: src/**/*.ts", good="trigger: glob\nglobs: src/**/*.ts",
    fix="unsafe",
)  # fmt: skip
def globs_missing(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or not is_rule(document):
        return
    globs, single, trigger = front.get("globs"), front.get("glob"), front.get("trigger")
    stated = "" if trigger is None else word(document, trigger)
    missing = globs is None or is_empty(globs)
    if single is not None and not is_empty(single):
        repair = None
        if globs is None and stands_alone(document, single):
            edit = Edit(start=single.start, end=single.end, text="globs")
            repair = Repair(title="Rename it to `globs`", edits=(edit,), safe=True)
        yield Finding(
            message="the key is `globs`; as `glob` it never activates the rule" if missing and stated == "glob"
            else "`glob` is no key of Windsurf and has no effect; the key is `globs`",
            start=single.start, end=single.end, severity=None if missing and stated == "glob" else "warning",
            hint="rename it to `globs`" if missing else "delete `glob`: `globs` is there", repair=repair,
        )  # fmt: skip
    elif trigger is not None and stated == "glob" and missing:
        if any(key.name in ("applyTo", "paths") and not is_empty(key) for key in front.keys):
            return  # WND02
        at, until = value_bounds(trigger)
        start, end = (at, until) if globs is None else (globs.start, globs.end)
        described = front.get("description")
        other = "always_on" if described is None or is_empty(described) else "model_decision"
        yield Finding(
            message="`trigger: glob` without `globs`: the rule never activates", start=start, end=end,
            hint=f"write `globs:` with the files it is for, or `trigger: {other}`",
            repair=Repair(title=f"Write `trigger: {other}`", edits=(Edit(start=at, end=until, text=other),)),
        )  # fmt: skip


@file_check(
    "WND04", "`trigger: model_decision` without a description", "windsurf/rule",
    why="With `model_decision` the model sees only the description, and asks for the rule when it fits. Without one"
    " there is nothing to match, and the rule never loads.",
    url=DOCS, verified=VERIFIED, bad="trigger: model_decision",
    good="trigger: model_decision\ndescription: Use when writing SQL migrations",
)  # fmt: skip
def nothing_to_match(document: Document) -> Iterator[Finding]:
    trigger = document.key("trigger")
    if trigger is None or "model_decision" not in trigger.raw[:80]:
        return
    if word(document, trigger) != "model_decision" or not is_rule(document):
        return
    described = document.key("description")
    if described is not None and not is_empty(described):
        return
    start, end = value_bounds(trigger) if described is None else (described.start, described.end)
    yield Finding(
        message="`model_decision` without a `description`: the model has nothing to match, and the rule never loads",
        start=start, end=end, hint="write `description:` with when the rule is needed",
    )  # fmt: skip


def _foreign(key: Key) -> bool:
    return key.name in FOREIGN


def _is_texts(key: Key) -> bool:
    value = key.value
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _unknown(document: Document, key: Key) -> Iterator[Finding]:
    """A `trigger` that is none, or is written another way."""
    text = word(document, key)
    if text in KNOWN or "{{" in text or text[:1] == "<":
        return
    start, end = value_bounds(key)
    joined = text.lower().replace("-", "_").replace(" ", "_")
    meant = joined if joined in TRIGGERS else MEANT.get(joined, "")
    repair = None
    if meant and "\n" not in key.raw:
        repair = Repair(title=f"Write `{meant}`", edits=(Edit(start=start, end=end, text=meant),), safe=True)
    shown = (
        f"`trigger: {one_line(text[:40])}` is unknown" if text and "\n" not in text else "`trigger` must be one word"
    )
    yield Finding(
        message=f"{shown}: the editor cannot tell when the rule is active", start=start, end=end,
        hint=f"write `{meant}`" if meant else f"write {NAMES}", repair=repair,
    )  # fmt: skip


def _inferred(document: Document) -> tuple[str, str]:
    """What the other keys say of when the rule is active, and which of them says it."""
    found = patterns(document)
    if found:
        return "always_on" if any(is_universal(pattern.text) for pattern in found) else "glob", "globs"
    described = document.key("description")
    return ("always_on", "") if described is None or is_empty(described) else ("model_decision", "description")


def _with_trigger(document: Document, key: Key | None, meant: str) -> Repair | None:
    """`trigger` written where it is missing: behind its key, as the first key, or in new front matter."""
    end = line_end(document)
    front = document.front
    if key is not None:
        if key.raw or document.text[key.value_start - 1] not in ": \t":
            return None
        gap = "" if document.text[key.value_start - 1] != ":" else " "
        edit = Edit(start=key.value_start, end=key.value_start, text=f"{gap}{meant}")
    elif front is not None and front.end >= 0:
        edit = Edit(start=front.start, end=front.start, text=f"trigger: {meant}{end}")
    elif front is None:
        start = int(document.text[0] == "\ufeff")
        edit = Edit(start=start, end=start, text=end.join(("---", f"trigger: {meant}", "---", "", "")))
    else:
        return None
    return Repair(title=f"Add `trigger: {meant}`", edits=(edit,))


def _always(document: Document, key: Key, has_globs: bool, scoped: Key | None) -> tuple[Repair | None, str]:
    """What to make of `alwaysApply` where there is no `trigger`."""
    text = word(document, key)
    if text not in ("true", "false"):
        return None, f"write `trigger:` with {NAMES}"
    if text == "false" and scoped is not None and not has_globs:
        edit = removal(document, key)
        alone = stands_alone(document, key)
        return Repair(title="Delete `alwaysApply`", edits=(edit,), safe=True) if alone else None, "delete `alwaysApply`"
    described = document.key("description")
    if text == "true":
        meant = "always_on"
    elif has_globs:
        meant = "glob"
    else:
        meant = "manual" if described is None or is_empty(described) else "model_decision"
    hint = f"write `trigger: {meant}`"
    if not stands_alone(document, key):
        return None, hint
    edit = Edit(start=key.start, end=value_bounds(key)[1], text=f"trigger: {meant}")
    return Repair(title=f"Write `trigger: {meant}`", edits=(edit,), safe=True), hint
