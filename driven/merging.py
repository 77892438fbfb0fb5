"""A hand edit of an editor's file -> the same edit of its rule, field by field. Pure.

What an edit is, the editor's importer says: the rule as the file said it when it was written, and as it says it now.
Their difference is applied to the rule as its own file says it today. A field that both have changed since, and
differently, is an overlap; the rest is merged all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from driven.format.glob_lists import expanded
from driven.format.glob_lists import merge_globs as merge_globs
from driven.format.merge import Take, merge_text
from driven.frozen import field, frozen, record, replace
from driven.model.activation import Activation, Always, ForPaths, OnRequest, WhenRelevant, activation_word
from driven.model.plan import Overlap
from driven.model.rule import Rule, Value

# What an emission may say otherwise than the rule does, so that it is no edit: Cursor's links, for every other editor,
# and what would end the section of a shared file.
_MDC = "](mdc:"
_PLACES = 100  # where a text may stand in a file, before no more are looked for
_EMITTED = ((_MDC, "]("), ("<!-- driven:", "<!-- driven :"))


_T = TypeVar("_T")


@frozen
class MergedRule:
    """A rule with an edit in it. Where there are overlaps it has the rule's own side, and is not to be written."""

    rule: Rule
    overlaps: tuple[Overlap, ...] = ()


@frozen
class HandEdit:
    """One edited output: the rule as it said it when it was written, the rule as it says it now, and the `text` that
    stands there, for line numbers. `take`: the side that was chosen for this file alone."""

    path: str
    before: Rule
    after: Rule
    text: str = ""
    take: Take | None = None


def merge_edits(rule: Rule, edits: Sequence[HandEdit], *, take: Take = "none") -> MergedRule:
    """`rule` with several editors' edits. An overlap names the file of either side.

    `take` settles what the rule and an edit both changed. Where two editors' edits overlap there is no one edited side:
    with "theirs" that stays an overlap, with "ours" that place is left as the rule has it.
    """
    merged = rule
    overlaps: list[Overlap] = []
    done: list[tuple[HandEdit, Rule]] = []
    for edit in edits:
        chosen = edit.take or take
        alone = merge_rule(rule, edit.before, edit.after, take=chosen)
        overlaps += placed(alone.overlaps, edit.after, edit.path, edit.text)
        if not done:
            merged = alone.rule
        elif alone.rule != rule:
            found = merge_rule(merged, rule, alone.rule, take="base" if chosen == "ours" else "none")
            merged = found.rule
            if found.overlaps:
                pairs = [_between(rule, other, edit, alone.rule) for other in done]
                overlaps += [one for pair in pairs for one in pair] or placed(
                    found.overlaps, edit.after, edit.path, edit.text
                )
        done.append((edit, alone.rule))
    return MergedRule(rule=merged, overlaps=tuple(dict.fromkeys(overlaps)))


def _between(rule: Rule, done: tuple[HandEdit, Rule], edit: HandEdit, alone: Rule) -> list[Overlap]:
    """The overlaps of two edits, each of which is merged with the rule by itself."""
    other, there = done
    found: list[Overlap] = []
    for one in merge_rule(there, rule, alone).overlaps:
        turned = replace(one, theirs=one.ours, their_line=one.line)
        (mine,) = placed([turned], other.after, other.path, other.text)
        (yours,) = placed([one], edit.after, edit.path, edit.text)
        found.append(replace(yours, source=other.path, line=mine.their_line))
    return found


def merge_rule(now: Rule, before: Rule, after: Rule, *, take: Take = "none") -> MergedRule:
    """`now` with the difference between `before` and `after`. `take` says which side an overlap gives.

    Description, activation (of two lists of globs what was added and removed), body and the editors' own keys take
    part; all else (targets, tags, kind, priority …) no editor's file can say, and it stays.
    """
    merge = _Merge(now, before, after, take)
    description = merge.description()
    activation = merge.activation()
    body = merge.body()
    extra = merge.extra()
    rule = replace(now, description=description, activation=activation, body=body, extra=extra)
    if isinstance(activation, WhenRelevant) and activation.description != rule.summary:
        rule = replace(rule, activation=WhenRelevant(rule.summary))  # as reading the rule's file will give it
    rule = _without_dead_layouts(rule, now, before, after)
    return MergedRule(rule=rule, overlaps=tuple(merge.overlaps))


def _without_dead_layouts(rule: Rule, now: Rule, before: Rule, after: Rule) -> Rule:
    """`rule` without every front matter (`$front`) that said what a side said and the merged rule does not: no editor's
    file is written so any more."""
    extra = {editor: dict(keys) for editor, keys in rule.extra.items()}
    for editor, keys in extra.items():
        front = keys.get("$front")
        if not isinstance(front, str) or " #" in front.replace("\n#", "\n #"):
            continue  # a comment is a person's words: it stays here, and the emitter says that it is not written
        was, new = [one.extra.get(editor, {}).get("$front") for one in (before, after)]
        if not _still_says(front, "$path" in keys, rule, after if new == front != was else now):
            del keys["$front"]
    if all(len(keys) == len(rule.extra[editor]) for editor, keys in extra.items()):
        return rule
    return replace(rule, extra={editor: keys for editor, keys in extra.items() if keys or not rule.extra[editor]})


def _still_says(front: str, is_elsewhere: bool, rule: Rule, side: Rule) -> bool:
    """Whether `front` can say what `rule` says, given that it says what `side` does."""
    one, two = rule.activation, side.activation
    if isinstance(one, ForPaths) and isinstance(two, ForPaths):
        if expanded(one.globs).keys() != expanded(two.globs).keys():
            return False
    elif type(one) is not type(two):
        return False
    if is_elsewhere or _described(rule) == _described(side):
        return True  # at a path of its own it may be a document's, which states nothing of a rule
    return not any(line.startswith("description:") for line in _unix(front).split("\n"))


def placed(overlaps: Iterable[Overlap], after: Rule, path: str, text: str) -> tuple[Overlap, ...]:
    """The overlaps of an edit (`after`: the rule as it says it) with the file at `path`, and the line of its `text`,
    where their side stands."""
    text, body = _unix(text), _unix(after.body)
    at = text.find(body.strip("\n"))
    above = text.count("\n", 0, at) - (len(body) - len(body.lstrip("\n"))) if at >= 0 else 0
    return tuple([replace(one, file=path, their_line=_line_of(one, text, one.their_line + above)) for one in overlaps])


def _line_of(overlap: Overlap, text: str, near: int) -> int:
    """Where in `text` the edit's side of the overlap stands: nearest to a line, where it stands there twice."""
    block = overlap.theirs if overlap.field == "body" else overlap.theirs.partition("\n")[0].strip()
    found: list[int] = []
    at = text.find(block) if block else -1
    while at >= 0 and len(found) < _PLACES:
        found.append(text.count("\n", 0, at) + 1)
        at = text.find(block, at + 1)
    return min(found, key=lambda line: abs(line - near), default=near if overlap.field == "body" else 0)


@record
class _Merge:
    """One merge on its way."""

    now: Rule
    before: Rule
    after: Rule
    take: Take
    overlaps: list[Overlap] = field(default_factory=list)

    def description(self) -> str:
        """What a model reads is the description too: `WhenRelevant` says it once more."""
        now, base, theirs = self.now, _described(self.before), _described(self.after)
        if base == theirs or (_by_title(self.before) and _by_title(self.after)):
            return now.description
        ours = _described(now)
        if ours in (base, theirs) or (not now.description and now.summary == base):
            return theirs
        return self.picked(self.overlap("description", ours, theirs, base), now.description, theirs, base)

    def activation(self) -> Activation:
        now, base, theirs = self.now.activation, self.before.activation, self.after.activation
        if isinstance(base, ForPaths) and isinstance(theirs, ForPaths) and isinstance(now, ForPaths):
            globs = merge_globs(now.globs, base.globs, theirs.globs)
            if globs:
                return now if globs == now.globs else ForPaths(globs)
            shown = ["".join([glob + "\n" for glob in one.globs]) for one in (now, theirs, base)]
            return self.picked(self.overlap("paths", *shown), now, theirs, base)
        if _same_activation(base, theirs) or _same_activation(now, theirs):
            return now
        if _same_activation(now, base):
            return theirs
        shown = [_activation(one) for one in (now, theirs, base)]
        return self.picked(self.overlap("activation", *shown), now, theirs, base)

    def body(self) -> str:
        now, base, theirs = self.now.body, self.before.body, self.after.body
        if base == theirs:
            return now
        said = [pair for pair in _EMITTED if pair[0] in now and pair[0] not in base]
        merged = merge_text(base, now, theirs, same=_emitted(said) if said else None, take=self.take)
        above = _unix(self.now.source.front).count("\n")
        for overlap in merged.overlaps:
            self.overlaps.append(replace(overlap, line=overlap.line + above, source=self.now.span.path))
        return _with_mdc(merged.text, now) if _MDC in now and _MDC not in base else merged.text

    def extra(self) -> Mapping[str, Mapping[str, Value]]:
        """Key by key. What remembers a file's layout (`$…`) is the edited file's: an emitter checks that it still says
        what the rule says."""
        extra = self.now.extra
        for editor in dict.fromkeys((*self.before.extra, *self.after.extra)):
            base, theirs = self.before.extra.get(editor, {}), self.after.extra.get(editor, {})
            if _same(base, theirs) and (editor in self.before.extra) == (editor in self.after.extra):
                continue
            ours = extra.get(editor, {})
            merged = dict(ours)
            for key in dict.fromkeys((*base, *theirs)):
                self.key(key, merged, base, theirs)
            if list(ours) == list(base):
                merged = {key: merged[key] for key in dict.fromkeys((*theirs, *merged)) if key in merged}
            extra = {name: keys for name, keys in extra.items() if name != editor} if not merged else extra
            if merged or editor in self.after.extra:
                extra = {**extra, editor: merged}
        return extra

    def key(self, key: str, merged: dict[str, Value], base: Mapping[str, Value], theirs: Mapping[str, Value]) -> None:
        was, wanted, now = (_held(keys, key) for keys in (base, theirs, merged))
        if was == wanted or now == wanted or (key == "$front" and key not in theirs and now != was):
            return  # the last: an edit of another file left this layout dead, and here it is a new one
        side: Take = "theirs"
        if now != was and not key.startswith("$"):
            side = self.overlap(f"key `{key}`", now, wanted, was)
        keys = self.picked(side, merged, theirs, base)
        if key in keys:
            merged[key] = keys[key]
        else:
            merged.pop(key, None)

    @staticmethod
    def picked(take: Take, ours: _T, theirs: _T, base: _T) -> _T:
        """What one side has."""
        return theirs if take == "theirs" else base if take == "base" else ours

    def overlap(self, field: str, ours: str, theirs: str, base: str) -> Take:
        """Note an overlap of front matter; the answer says which side it gives all the same."""
        if self.take == "none":
            line = _key_line(self.now.source.front, field)
            self.overlaps.append(
                Overlap(field=field, ours=ours, theirs=theirs, base=base, line=line, source=self.now.span.path)
            )
        return self.take


def _described(rule: Rule) -> str:
    return rule.description or (rule.activation.description if isinstance(rule.activation, WhenRelevant) else "")


def _by_title(rule: Rule) -> bool:
    """Whether the model finds the rule by its title, for want of a description."""
    return not rule.description and _described(rule) == rule.title


def _same_activation(one: Activation, two: Activation) -> bool:
    """Whether they say the same, the description aside."""
    if isinstance(one, ForPaths) and isinstance(two, ForPaths):
        return one.globs == two.globs
    return type(one) is type(two)


def _activation(activation: Activation) -> str:
    match activation:
        case ForPaths(globs):
            return "".join([f"{line}\n" for line in ("paths:", *[f"  - {glob}" for glob in globs])])
        case Always() | OnRequest() | WhenRelevant():
            return f"apply: {activation_word(activation)}\n"


def _emitted(said: Sequence[tuple[str, str]]) -> Callable[[str], str]:
    def same(line: str) -> str:
        for ours, emitted in said:
            line = line.replace(ours, emitted)
        return line

    return same


def _with_mdc(text: str, now: str) -> str:
    """`text` with Cursor's links as `now` has them: the editor that the edit was made in never saw them so."""
    for part in now.split(_MDC)[1:]:
        place = part.partition(")")[0]
        plain = f"]({place})"
        if plain in text and plain not in now and "\n" not in place:
            text = text.replace(plain, f"{_MDC}{place})")
    return text


def _held(keys: Mapping[str, Value], key: str) -> str:
    """The value of a key as text, by which values are compared too (1 is not `true`); "" when there is none."""
    if key not in keys:
        return ""
    from driven.format.canonical import flow

    return flow(keys[key])


def _same(one: Mapping[str, Value], two: Mapping[str, Value]) -> bool:
    return list(one) == list(two) and all(_held(one, key) == _held(two, key) for key in one)


def _key_line(front: str, field: str) -> int:
    """The line of the rule's file on which a field is written, else its first."""
    keys = {"activation": ("apply:", "paths:"), "paths": ("paths:",), "description": ("description:",)}
    for number, line in enumerate(_unix(front).split("\n"), 1):
        if line.startswith(keys.get(field, ("extra:",))):
            return number
    return 1


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
