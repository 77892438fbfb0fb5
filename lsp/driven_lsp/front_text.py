"""What is told of a key, a value or an item of front matter, of config.toml and of an editor's own settings."""

from __future__ import annotations

from driven_lsp import origin_text
from driven_lsp.code_text import code_text
from driven_lsp.condition_text import call_text, calls_in, condition_text
from driven_lsp.editor_text import all_text, editor_text, unknown_editor, ways_text
from driven_lsp.front_place import FrontPlace, part_at, place_at
from driven_lsp.glob_text import glob_text, matching, problem_of, scope_of, targets_for
from driven_lsp.landing_text import code, counted, landings_table, plain
from driven_lsp.marks import GLOB_KEYS
from driven_lsp.values import Hover

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from driven.document.document import Document
    from driven.model.rule import Rule
    from driven_lsp.snapshot import Snapshot

MOST = 10  # globs and rules that are listed


def front_hover(snapshot: Snapshot, document: Document, offset: int) -> Hover | None:
    """What stands at a place of front matter or of a settings file."""
    place = place_at(document, offset)
    if place is None or place.kind == "blank" or not place.start <= offset <= place.end:
        return None
    start, end = place.start, place.end
    if document.place == "driven/rule":
        text = _of_rule(snapshot, document, place, offset)
        if place.top == "when" and place.kind != "key":
            call = _call_at(snapshot, place, offset)
            if call is not None:
                start, end, text = call
    elif document.place == "driven/config":
        text = _of_config(snapshot, place)
    else:
        text = _of_editor(snapshot, document, place)
        if place.kind != "key" and place.key in GLOB_KEYS:
            start, end, word = part_at(place, offset)
            text = glob_text(snapshot, word, targets_for(snapshot, document), scope_of(document)) if word else ""
    return Hover(markdown=text, start=start, end=end) if text and end > start and start <= offset <= end else None


def _of_rule(snapshot: Snapshot, document: Document, place: FrontPlace, offset: int) -> str:
    rule = snapshot.rule_at(document.path)
    if place.top == "extra":
        return _of_extra(snapshot, place)
    if place.kind == "key":
        return _joined(_about(document.place, (), place.key), _beside_key(snapshot, document, place, rule))
    match place.key:
        case "paths":
            _, _, word = part_at(place, offset)
            return glob_text(snapshot, word, targets_for(snapshot, document)) if word else ""
        case "targets":
            name = place.text.lstrip("-!")
            target = snapshot.targets.get(name)
            return editor_text(snapshot, target, rule) if target is not None else unknown_editor(snapshot, name)
        case "description":
            return landings_table(snapshot, rule) if rule is not None else ""
        case "apply":
            return _joined(_value(document.place, place.path, place.key, place.text), ways_text(snapshot, place.text))
        case "when":
            return condition_text(snapshot, rule.when, rule.id) if rule is not None else ""
        case "tags":
            return _tagged(snapshot, place.text)
        case "priority":
            return _order(snapshot, rule) or _value(document.place, place.path, place.key, place.text)
    return _value(document.place, place.path, place.key, place.text)


def _beside_key(snapshot: Snapshot, document: Document, place: FrontPlace, rule: Rule | None) -> str:
    """What is told of this very rule below the text about a key."""
    match place.key:
        case "paths":
            key = document.key("paths")
            globs = [key.value] if key and isinstance(key.value, str) else key.value if key else []
            return (
                _globs(snapshot, [glob for glob in globs if isinstance(glob, str)]) if isinstance(globs, list) else ""
            )
        case "description" | "targets":
            return landings_table(snapshot, rule) if rule is not None else ""
        case "apply":
            from driven.model.activation import activation_word

            return ways_text(snapshot, activation_word(rule.activation)) if rule is not None else ""
        case "when":
            return condition_text(snapshot, rule.when, rule.id) if rule is not None and rule.when else ""
        case "priority":
            return _order(snapshot, rule)
    return ""


def _globs(snapshot: Snapshot, globs: Iterable[str]) -> str:
    """How many files each glob matches, and all of them together."""
    lines: list[str] = []
    every: set[str] = set()
    for glob in globs:
        problem = problem_of(glob)
        found = () if problem else matching(snapshot, glob)
        every.update(found)
        if len(lines) < MOST:
            lines.append(f"- {code(glob)}: {f'no glob: {problem}' if problem else counted(len(found), 'file')}")
    if len(lines) > 1:
        lines.append(f"- together {counted(len(every), 'file')}")
    return "\n".join(["In this project:", *lines] if lines else [])


def _of_extra(snapshot: Snapshot, place: FrontPlace) -> str:
    """`extra:` keeps what only one editor understands."""
    if place.kind == "key" and not place.path:
        return _about("driven/rule", (), "extra")
    if place.kind == "key" and len(place.path) == 1:
        target = snapshot.targets.get(place.key)
        return editor_text(snapshot, target) if target is not None else unknown_editor(snapshot, place.key)
    name = place.path[1] if len(place.path) > 1 else ""
    if place.kind == "key":
        told = _about("driven/rule", place.path, place.key)
    else:
        told = _value("driven/rule", place.path, place.key, place.text)
    if told or not name:
        return told
    if place.key == "$front":
        return "The front matter of the file that the rule was imported from, word for word."
    target = snapshot.targets.get(name)
    title = plain(target.title) if target is not None else code(name)
    return _joined(_about(f"{name}/rule", (), place.key), f"A key of {title} alone: it is written as it stands here.")


def _of_config(snapshot: Snapshot, place: FrontPlace) -> str:
    names = (*place.path, place.key) if place.key else place.path
    if names[:2] == ("tool", "driven"):
        names = names[2:]
    match names:
        case ("editors", name, *rest):
            target = snapshot.targets.get(name)
            if target is None:
                return unknown_editor(snapshot, name)
            if not rest:
                return editor_text(snapshot, target)
            option = str(rest[0])
            if option not in target.options:
                named = ", ".join(code(one) for one in target.options)
                return f"{plain(target.title)} has no option {code(option)}{f': it has {named}' if named else ''}."
            from driven_lsp import keys

            known = keys.option_key(option, target.title, target.options[option], tuple(target.choices.get(option, ())))
            return f"**{option}**\n\n{keys.markdown(known)}"
        case ("validate", "per_path_ignores", glob) if place.kind == "key":
            return glob_text(snapshot, glob)
        case ("validate", "select" | "ignore") | ("validate", "per_path_ignores", _) if place.kind != "key":
            return code_text(snapshot, place.text.strip())
    if not names:
        return ""
    if place.kind == "key":
        told = _about("driven/config", names[:-1], names[-1])
        return _joined(told, all_text(snapshot)) if names == ("editors",) and snapshot.is_managed else told
    return _value("driven/config", names[:-1], names[-1], place.text)


def _of_editor(snapshot: Snapshot, document: Document, place: FrontPlace) -> str:
    """Front matter and settings of an editor's own file; of one that driven writes also where it comes from."""
    told = (
        _about(document.place, place.path, place.key)
        if place.kind == "key"
        else _value(document.place, place.path, place.key, place.text)
    )
    part = origin_text.part_at(origin_text.parts_of(snapshot, document), place.start)
    if part is None:
        return told
    return _joined(told, origin_text.origin_text(snapshot, document.path, part, part.rule_at(place.start)))


def _call_at(snapshot: Snapshot, place: FrontPlace, offset: int) -> tuple[int, int, str] | None:
    """The function of a condition that the cursor is in, or its argument."""
    for name, argument, start, end, inner, after in calls_in(place.text):
        here = offset - place.start
        if start <= here <= max(end, after):
            if here > end:
                start, end = (inner, after) if inner <= here and after > inner else (start, after)
            return place.start + start, place.start + end, call_text(snapshot, name, argument)
    return None


def _tagged(snapshot: Snapshot, tag: str) -> str:
    rules = [rule for rule in snapshot.rules if tag in rule.tags]
    if not rules:
        return ""
    named = ", ".join(code(rule.id) for rule in rules[:MOST])
    return f"{counted(len(rules), 'rule')} with this tag: {named}{' …' if len(rules) > MOST else ''}"


def _order(snapshot: Snapshot, rule: Rule | None) -> str:
    """Which rules stand before and behind this one."""
    if rule is None:
        return ""
    ids = [one.id for one in snapshot.rules]
    if rule.id not in ids:
        return ""
    at = ids.index(rule.id)
    before, after = (code(ids[at - 1]) if at else ""), (code(ids[at + 1]) if at + 1 < len(ids) else "")
    words = [f"behind {before}" if before else "", f"before {after}" if after else ""]
    return f"Number {at + 1:,} of {counted(len(ids), 'rule')}{''.join(f', {word}' for word in words if word)}."


def _about(place: str, path: tuple[str, ...], name: str) -> str:
    """Markdown about a key."""
    from driven_lsp import keys

    known = keys.key_doc(place, path, name)
    return f"**{name}**\n\n{keys.markdown(known)}" if known is not None else ""


def _value(place: str, path: tuple[str, ...], name: str, value: str) -> str:
    """Markdown about a value; about its key where the value has none of its own."""
    from driven_lsp import keys

    known = keys.key_doc(place, path, name)
    if known is None:
        return ""
    said = known.values.get(value, "")
    return f"`{name}: {value}`: {said}\n\n{known.doc}" if said else _about(place, path, name)


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)
